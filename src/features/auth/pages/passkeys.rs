use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::again;
use crate::features::auth::accounts::{self, Account};
use crate::features::auth::passkeys;
use crate::platform::ctx::Person;
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, Json, Path};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/account/passkeys/new", get(show))
        .route("/account/passkeys/options", post(options))
        .route("/account/passkeys", post(create))
        .route("/account/passkeys/{id}/rename", get(show_rename).post(rename))
        .route("/account/passkeys/{id}/remove", post(remove))
}

#[derive(Deserialize, Serialize)]
struct Name {
    name: String,
}

#[derive(Serialize)]
struct New {
    form: Name,
    problem: Option<ErrorBody>,
}

impl View for New {
    const TEMPLATE: &'static str = "account/passkey_new.html";
}

/// Passkeys are for accounts with an authenticator app, which is what remains
/// when the device is lost.
async fn account(tx: &mut SystemTx, person: &Person) -> Result<Account> {
    let account = accounts::by_id(tx, person.id).await?;
    if account.two_factor_at.is_none() {
        return Err(Error::conflict("two_factor_off", "turn on two-factor authentication first"));
    }
    Ok(account)
}

async fn show(State(state): State<AppState>, person: Person) -> Result<Response> {
    person.require_recent()?;
    let mut tx = person.begin().await?;
    let allowed = account(&mut tx, &person).await;
    tx.commit().await?;
    if !passkeys::are_possible(&state.config) {
        return Err(Error::NotFound("page"));
    }
    if allowed.is_err() {
        let flash = Flash::info("Turn on two-factor authentication first.");
        return Ok(flash.redirect("/account/security"));
    }
    Ok(Page(New { form: Name { name: String::new() }, problem: None }).into_response())
}

async fn options(State(state): State<AppState>, person: Person) -> Result<Json<Value>> {
    person.require_recent()?;
    let mut tx = person.begin().await?;
    let account = account(&mut tx, &person).await?;
    let options = passkeys::begin(&state, &mut tx, &account).await?;
    tx.commit().await?;
    Ok(Json(options))
}

#[derive(Deserialize)]
struct Created {
    name: String,
    credential: String,
}

async fn create(
    State(state): State<AppState>,
    person: Person,
    Form(form): Form<Created>,
) -> Result<Response> {
    let made = async {
        person.require_recent()?;
        let mut tx = person.begin().await?;
        let account = account(&mut tx, &person).await?;
        passkeys::finish(&state, &mut tx, &account, &form.name, &form.credential).await?;
        tx.commit().await
    };
    match made.await {
        Ok(()) => Ok(Flash::success("The passkey is added.").redirect("/account/security")),
        Err(err) => {
            again(err, |problem| New { form: Name { name: form.name }, problem: Some(problem) })
        }
    }
}

#[derive(Serialize)]
struct Rename {
    id: Uuid,
    form: Name,
    problem: Option<ErrorBody>,
}

impl View for Rename {
    const TEMPLATE: &'static str = "account/passkey.html";
}

async fn show_rename(person: Person, Path(id): Path<Uuid>) -> Result<Page<Rename>> {
    let mut tx = person.begin().await?;
    let all = passkeys::list(&mut tx, person.id).await?;
    tx.commit().await?;
    let found = all.into_iter().find(|it| it.id == id).ok_or(Error::NotFound("passkey"))?;
    Ok(Page(Rename { id, form: Name { name: found.name }, problem: None }))
}

async fn rename(person: Person, Path(id): Path<Uuid>, Form(form): Form<Name>) -> Result<Response> {
    let renamed = async {
        let mut tx = person.begin().await?;
        passkeys::rename(&mut tx, person.id, id, &form.name).await?;
        tx.commit().await
    };
    match renamed.await {
        Ok(()) => Ok(Flash::success("The passkey is renamed.").redirect("/account/security")),
        Err(err) => again(err, |problem| Rename { id, form, problem: Some(problem) }),
    }
}

async fn remove(
    State(state): State<AppState>,
    person: Person,
    Path(id): Path<Uuid>,
) -> Result<Response> {
    person.require_recent()?;
    let mut tx = person.begin().await?;
    let account = accounts::by_id(&mut tx, person.id).await?;
    passkeys::remove(&state, &mut tx, &account, id).await?;
    tx.commit().await?;
    Ok(Flash::success("The passkey is removed.").redirect("/account/security"))
}
