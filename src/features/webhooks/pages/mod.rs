//! The pages of webhooks: the list, one with its log, and what can be done.

mod change;
mod deliveries;
mod show;

use axum::Router;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::event_types::{KINDS, Kind};
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::page::{Page, View, complaint};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().merge(show::routes()).merge(change::routes()).merge(deliveries::routes())
}

/// A refused form, shown again as it was typed.
fn again<V: View>(err: Error, view: impl FnOnce(ErrorBody) -> V) -> Result<Response> {
    let problem = complaint(err)?;
    Ok((problem.status, Page(view(problem))).into_response())
}

/// Types of event that concern the same kind of thing.
#[derive(Serialize)]
struct Group {
    name: &'static str,
    kinds: Vec<Type>,
}

#[derive(Serialize)]
struct Type {
    name: &'static str,
    about: &'static str,
}

impl Type {
    fn of(kind: &Kind) -> Self {
        Self { name: kind.name, about: kind.about }
    }
}

fn groups() -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for kind in KINDS {
        match groups.iter_mut().find(|it| it.name == kind.group()) {
            Some(group) => group.kinds.push(Type::of(kind)),
            None => groups.push(Group { name: kind.group(), kinds: vec![Type::of(kind)] }),
        }
    }
    groups
}
