use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{again, signed_in};
use crate::features::auth::second_factor::{self, RequiredBy};
use crate::platform::ctx::Person;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::Form;
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/account/two-factor", get(show).post(turn_on))
        .route("/account/two-factor/off", get(show_off).post(turn_off))
        .route("/account/backup-codes", post(renew_codes))
}

#[derive(Serialize)]
struct SetUp {
    qr: String,
    secret: String,
    uri: String,
    problem: Option<ErrorBody>,
}

impl View for SetUp {
    const TEMPLATE: &'static str = "account/two_factor_setup.html";
}

async fn set_up(state: &AppState, person: &Person, problem: Option<ErrorBody>) -> Result<SetUp> {
    let setup = second_factor::begin(state, person).await?;
    Ok(SetUp { qr: setup.qr, secret: setup.secret, uri: setup.uri, problem })
}

async fn show(State(state): State<AppState>, person: Person) -> Result<Response> {
    match set_up(&state, &person, None).await {
        Ok(page) => Ok(Page(page).into_response()),
        Err(Error::Conflict { .. }) => Ok(Redirect::to("/account/security").into_response()),
        Err(err) => Err(err),
    }
}

#[derive(Deserialize)]
struct Code {
    code: String,
}

#[derive(Serialize)]
struct BackupCodes {
    codes: Vec<String>,
    first: bool,
    download: String,
}

impl View for BackupCodes {
    const TEMPLATE: &'static str = "account/backup_codes.html";
}

fn backup_codes(codes: Vec<String>, first: bool, email: &str) -> Page<BackupCodes> {
    let text =
        format!("CloudGen backup codes of {email}; each works once.\n\n{}\n", codes.join("\n"));
    let download = format!("data:text/plain;charset=utf-8;base64,{}", STANDARD.encode(text));
    Page(BackupCodes { codes, first, download })
}

/// Answers with the codes themselves: they are shown this once only, so there
/// is no page to redirect to.
async fn turn_on(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Code>,
) -> Result<Response> {
    match second_factor::turn_on(&state, &person, &form.code).await {
        Ok((codes, token)) => {
            let page = backup_codes(codes, true, &person.email);
            Ok((signed_in(&state, &token), page).into_response())
        }
        Err(Error::Conflict { .. }) => Ok(Redirect::to("/account/security").into_response()),
        Err(err) => {
            let page = set_up(&state, &person, None).await?;
            again(err, |problem| SetUp { problem: Some(problem), ..page })
        }
    }
}

#[derive(Serialize)]
struct TurnOff {
    required_by: Vec<RequiredBy>,
    problem: Option<ErrorBody>,
}

impl View for TurnOff {
    const TEMPLATE: &'static str = "account/two_factor_off.html";
}

async fn off_page(person: &Person) -> Result<TurnOff> {
    let mut tx = person.begin().await?;
    let required_by = second_factor::required_by(&mut tx, person.id).await?;
    tx.commit().await?;
    Ok(TurnOff { required_by, problem: None })
}

async fn show_off(person: Person) -> Result<Page<TurnOff>> {
    Ok(Page(off_page(&person).await?))
}

#[derive(Deserialize)]
struct Both {
    password: String,
    code: String,
}

async fn turn_off(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Both>,
) -> Result<Response> {
    match second_factor::turn_off(&state, &person, &form.password, &form.code).await {
        Ok(token) => {
            let flash = Flash::warning("Two-factor authentication is turned off.");
            Ok((signed_in(&state, &token), flash.redirect("/account/security")).into_response())
        }
        Err(err) => {
            let page = off_page(&person).await?;
            again(err, |problem| TurnOff { problem: Some(problem), ..page })
        }
    }
}

async fn renew_codes(State(state): State<AppState>, person: Person) -> Result<Response> {
    let codes = second_factor::renew_codes(&state, &person).await?;
    Ok(backup_codes(codes, false, &person.email).into_response())
}
