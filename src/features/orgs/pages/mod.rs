//! The pages of organisations: choosing one, its settings, its people.

mod invitation;
mod members;
mod settings;
mod switch;
mod workspaces;

use axum::Router;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::platform::access::Role;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::page::{Page, View, complaint};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .merge(switch::routes())
        .merge(settings::routes())
        .merge(members::routes())
        .merge(workspaces::routes())
        .merge(invitation::routes())
}

/// A refused form, shown again as it was typed.
fn again<V: View>(err: Error, view: impl FnOnce(ErrorBody) -> V) -> Result<Response> {
    let problem = complaint(err)?;
    Ok((problem.status, Page(view(problem))).into_response())
}

/// One choice of a select or of radio buttons.
#[derive(Clone, Debug, Serialize)]
struct Choice {
    value: String,
    label: String,
    hint: &'static str,
}

/// The roles that somebody with `own` may give.
fn roles_up_to(own: Role) -> Vec<Choice> {
    let hint = |role| match role {
        Role::Viewer => "Sees everything, changes nothing.",
        Role::Member => "Designs, comments and shares.",
        Role::Admin => "Also manages people, workspaces and settings.",
        Role::Owner => "Can do everything, including deleting the organisation.",
    };
    Role::ALL
        .into_iter()
        .filter(|it| *it <= own)
        .map(|it| Choice {
            value: it.as_str().to_owned(),
            label: capitalized(it.as_str()),
            hint: hint(it),
        })
        .collect()
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}
