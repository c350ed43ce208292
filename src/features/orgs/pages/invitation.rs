use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;

use crate::features::orgs::invitations;
use crate::platform::access::Role;
use crate::platform::crypto::Token;
use crate::platform::ctx::Person;
use crate::platform::error::Result;
use crate::platform::events::Who;
use crate::platform::extract::Path;
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/invitations/{token}", get(show).post(accept))
}

#[derive(Serialize)]
struct Invitation {
    org: String,
    role: Role,
    invited_by: Option<String>,
    email: String,
}

#[derive(Serialize)]
struct Show {
    invitation: Invitation,
    token: String,
    signed_in_as: Option<String>,
    matches: bool,
    two_factor_required: bool,
}

impl View for Show {
    const TEMPLATE: &'static str = "orgs/invitation.html";
}

/// An invitation that was used, withdrawn, replaced or is too old.
#[derive(Serialize)]
struct Over {}

impl View for Over {
    const TEMPLATE: &'static str = "orgs/invitation_over.html";
}

fn over() -> Response {
    (StatusCode::NOT_FOUND, Page(Over {})).into_response()
}

async fn show(
    State(state): State<AppState>,
    person: Option<Person>,
    Path(token): Path<String>,
) -> Result<Response> {
    let mut tx = state.db.system(Who::system()).await?;
    let found = invitations::by_token(&mut tx, &Token::shown(&token)).await?;
    tx.commit().await?;
    let Some(invited) = found else { return Ok(over()) };
    Ok(page(invited, token, person.as_ref()).into_response())
}

fn page(invited: invitations::Invited, token: String, person: Option<&Person>) -> Page<Show> {
    let signed_in_as = person.map(|it| it.email.clone());
    let matches = signed_in_as.as_deref() == Some(invited.email.as_str());
    Page(Show {
        two_factor_required: invited.two_factor_required,
        invitation: Invitation {
            org: invited.org,
            role: invited.role,
            invited_by: invited.invited_by,
            email: invited.email,
        },
        token,
        signed_in_as,
        matches,
    })
}

async fn accept(person: Person, Path(token): Path<String>) -> Result<Response> {
    match invitations::accept(&person, &Token::shown(&token)).await? {
        Some(invited) => Ok(Flash::success(format!("Welcome to {}.", invited.org)).redirect("/")),
        None => Ok(over()),
    }
}
