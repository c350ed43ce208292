//! The pages of signing in and of the account. They work without script;
//! passkeys alone need it.

mod account;
mod passkeys;
mod recovery;
mod security;
mod sign_in;
mod sign_up;
mod two_factor;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::CookieJar;
use serde::Serialize;

use crate::platform::crypto::Token;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::login;
use crate::platform::page::{Page, View, complaint};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .merge(sign_up::routes())
        .merge(sign_in::routes())
        .merge(recovery::routes())
        .merge(account::routes())
        .merge(security::routes())
        .merge(two_factor::routes())
        .merge(passkeys::routes())
}

/// A refused form, shown again as it was typed.
fn again<V: View>(err: Error, view: impl FnOnce(ErrorBody) -> V) -> Result<Response> {
    let problem = complaint(err)?;
    let (status, wait) = (problem.status, problem.retry_after);
    let mut response = (status, Page(view(problem))).into_response();
    if let Some(wait) = wait {
        response.headers_mut().insert("retry-after", wait.as_secs().max(1).into());
    }
    Ok(response)
}

/// A cookie jar with the cookie of a login.
fn signed_in(state: &AppState, token: &Token) -> CookieJar {
    CookieJar::new().add(login::cookie(&state.config, token))
}

/// A link from a mail that was used, replaced or is too old.
#[derive(Serialize)]
struct LinkExpired {
    again: Way,
}

#[derive(Serialize)]
struct Way {
    href: &'static str,
    label: &'static str,
}

impl View for LinkExpired {
    const TEMPLATE: &'static str = "auth/link_expired.html";
}

fn link_expired(href: &'static str, label: &'static str) -> Response {
    (StatusCode::NOT_FOUND, Page(LinkExpired { again: Way { href, label } })).into_response()
}

/// A mail is on its way.
#[derive(Serialize)]
struct CheckMail {
    email: String,
    purpose: &'static str,
    /// Where mails are written instead of being sent, while developing.
    mail_directory: Option<String>,
}

impl View for CheckMail {
    const TEMPLATE: &'static str = "auth/check_mail.html";
}

fn check_mail(state: &AppState, email: String, purpose: &'static str) -> Page<CheckMail> {
    Page(CheckMail { email, purpose, mail_directory: state.mail.directory() })
}
