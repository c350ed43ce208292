use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::{again, check_mail, link_expired, signed_in};
use crate::features::auth::{mail_links, profile};
use crate::platform::crypto::Token;
use crate::platform::ctx::{Client, Person};
use crate::platform::error::{ErrorBody, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/account", get(show).post(rename))
        .route("/account/email", get(show_email).post(change_email))
        .route("/account/email/cancel", post(keep_email))
        .route("/account/email/confirm/{token}", get(show_confirm_email).post(confirm_email))
        .route("/account/password", get(show_password).post(change_password))
}

#[derive(Deserialize, Serialize)]
struct Name {
    name: String,
}

#[derive(Serialize)]
struct Profile {
    form: Name,
    email: String,
    pending_email: Option<String>,
    problem: Option<ErrorBody>,
}

impl View for Profile {
    const TEMPLATE: &'static str = "account/index.html";
}

async fn profile_page(
    person: &Person,
    name: String,
    problem: Option<ErrorBody>,
) -> Result<Profile> {
    let mut tx = person.begin().await?;
    let pending_email = mail_links::pending(&mut tx, person.id).await?;
    tx.commit().await?;
    Ok(Profile { form: Name { name }, email: person.email.clone(), pending_email, problem })
}

async fn show(person: Person) -> Result<Page<Profile>> {
    Ok(Page(profile_page(&person, person.name.clone(), None).await?))
}

async fn rename(person: Person, Form(form): Form<Name>) -> Result<Response> {
    match profile::rename(&person, &form.name).await {
        Ok(_) => Ok(Flash::success("Your name is saved.").redirect("/account")),
        Err(err) => {
            let page = profile_page(&person, form.name, None).await?;
            again(err, |problem| Profile { problem: Some(problem), ..page })
        }
    }
}

#[derive(Default, Serialize)]
struct Email {
    email: String,
}

#[derive(Serialize)]
struct ChangeEmail {
    email: String,
    form: Email,
    problem: Option<ErrorBody>,
}

impl View for ChangeEmail {
    const TEMPLATE: &'static str = "account/email.html";
}

async fn show_email(person: Person) -> Page<ChangeEmail> {
    Page(ChangeEmail { email: person.email, form: Email::default(), problem: None })
}

#[derive(Deserialize)]
struct Wanted {
    email: String,
    password: String,
}

async fn change_email(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Wanted>,
) -> Result<Response> {
    match profile::ask_for_email(&state, &person, &form.email, &form.password).await {
        Ok(email) => Ok(check_mail(&state, email, "change").into_response()),
        Err(err) => again(err, |problem| ChangeEmail {
            email: person.email,
            form: Email { email: form.email },
            problem: Some(problem),
        }),
    }
}

async fn keep_email(person: Person) -> Result<Response> {
    profile::keep_email(&person).await?;
    Ok(Flash::success("Your address stays as it is.").redirect("/account"))
}

#[derive(Serialize)]
struct ConfirmEmail {
    token: String,
    email: String,
}

impl View for ConfirmEmail {
    const TEMPLATE: &'static str = "auth/confirm_email.html";
}

fn expired() -> Response {
    link_expired("/account/email", "Ask for a new link")
}

async fn show_confirm_email(
    State(state): State<AppState>,
    Path(token): Path<String>,
) -> Result<Response> {
    match profile::confirmed_by(&state, &Token::shown(&token)).await? {
        Some(email) => Ok(Page(ConfirmEmail { token, email }).into_response()),
        None => Ok(expired()),
    }
}

async fn confirm_email(
    State(state): State<AppState>,
    client: Client,
    Path(token): Path<String>,
) -> Result<Response> {
    match profile::confirm_email(&state, &client, &Token::shown(&token)).await? {
        Some(_) => Ok(Flash::success("Your mail address is changed.").redirect("/account")),
        None => Ok(expired()),
    }
}

#[derive(Serialize)]
struct ChangePassword {
    email: String,
    problem: Option<ErrorBody>,
}

impl View for ChangePassword {
    const TEMPLATE: &'static str = "account/password.html";
}

async fn show_password(person: Person) -> Page<ChangePassword> {
    Page(ChangePassword { email: person.email, problem: None })
}

#[derive(Deserialize)]
struct Passwords {
    current: String,
    password: String,
}

async fn change_password(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Passwords>,
) -> Result<Response> {
    match profile::change_password(&state, &person, &form.current, &form.password).await {
        Ok(token) => {
            let flash =
                Flash::success("Your password is changed. You are signed out everywhere else.");
            Ok((signed_in(&state, &token), flash.redirect("/account/security")).into_response())
        }
        Err(err) => {
            again(err, |problem| ChangePassword { email: person.email, problem: Some(problem) })
        }
    }
}
