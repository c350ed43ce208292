use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::{again, check_mail, link_expired};
use crate::features::auth::recovery;
use crate::platform::crypto::Token;
use crate::platform::ctx::Client;
use crate::platform::error::{ErrorBody, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::mail;
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/forgot-password", get(show).post(submit))
        .route("/reset-password/{token}", get(show_reset))
        .route("/reset-password", post(reset))
}

#[derive(Default, Deserialize, Serialize)]
struct Typed {
    email: String,
}

#[derive(Serialize)]
struct Forgot {
    form: Typed,
    problem: Option<ErrorBody>,
}

impl View for Forgot {
    const TEMPLATE: &'static str = "auth/forgot_password.html";
}

async fn show() -> Page<Forgot> {
    Page(Forgot { form: Typed::default(), problem: None })
}

async fn submit(
    State(state): State<AppState>,
    client: Client,
    Form(form): Form<Typed>,
) -> Result<Response> {
    let asked = async {
        let email = mail::address("email", &form.email)?;
        recovery::begin(&state, &client, &email).await?;
        Ok(email)
    };
    match asked.await {
        Ok(email) => Ok(check_mail(&state, email, "reset").into_response()),
        Err(err) => again(err, |problem| Forgot { form, problem: Some(problem) }),
    }
}

#[derive(Serialize)]
struct Reset {
    token: String,
    email: String,
    problem: Option<ErrorBody>,
}

impl View for Reset {
    const TEMPLATE: &'static str = "auth/reset_password.html";
}

fn expired() -> Response {
    link_expired("/forgot-password", "Send a new link")
}

async fn show_reset(State(state): State<AppState>, Path(token): Path<String>) -> Result<Response> {
    match recovery::find(&state, &Token::shown(&token)).await? {
        Some(link) => Ok(Page(Reset { token, email: link.email, problem: None }).into_response()),
        None => Ok(expired()),
    }
}

#[derive(Deserialize)]
struct Chosen {
    token: String,
    password: String,
}

async fn reset(
    State(state): State<AppState>,
    client: Client,
    Form(form): Form<Chosen>,
) -> Result<Response> {
    let token = Token::shown(&form.token);
    match recovery::finish(&state, &client, &token, &form.password).await {
        Ok(Some(())) => Ok(Flash::success("Your password is changed. Sign in with the new one.")
            .redirect("/sign-in")),
        Ok(None) => Ok(expired()),
        Err(err) => {
            let Some(link) = recovery::find(&state, &token).await? else { return Ok(expired()) };
            again(err, |problem| Reset {
                token: form.token,
                email: link.email,
                problem: Some(problem),
            })
        }
    }
}
