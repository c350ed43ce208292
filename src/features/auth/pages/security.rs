use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use crate::features::auth::logins::{self, Place};
use crate::features::auth::second_factor::{self, RequiredBy};
use crate::features::auth::{accounts, backup_codes, passkeys};
use crate::platform::ctx::Person;
use crate::platform::error::Result;
use crate::platform::extract::Path;
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/account/security", get(show))
        .route("/account/logins/{id}/revoke", post(revoke))
        .route("/account/logins/revoke-others", post(revoke_others))
}

#[derive(Serialize)]
struct Security {
    two_factor: TwoFactor,
    required_by: Vec<RequiredBy>,
    /// Absent where passkeys cannot work.
    passkeys: Option<Vec<passkeys::Shown>>,
    password_set_at: Option<DateTime<Utc>>,
    logins: Vec<Place>,
}

#[derive(Serialize)]
struct TwoFactor {
    enabled: bool,
    since: Option<DateTime<Utc>>,
    backup_codes_left: i64,
}

impl View for Security {
    const TEMPLATE: &'static str = "account/security.html";
}

async fn show(State(state): State<AppState>, person: Person) -> Result<Page<Security>> {
    let mut tx = person.begin().await?;
    let account = accounts::by_id(&mut tx, person.id).await?;
    let passkeys = match passkeys::are_possible(&state.config) {
        true => Some(passkeys::list(&mut tx, person.id).await?),
        false => None,
    };
    let page = Security {
        two_factor: TwoFactor {
            enabled: account.two_factor_at.is_some(),
            since: account.two_factor_at,
            backup_codes_left: backup_codes::left(&mut tx, person.id).await?,
        },
        required_by: second_factor::required_by(&mut tx, person.id).await?,
        passkeys,
        password_set_at: account.set_at,
        logins: logins::list(&mut tx, &person).await?,
    };
    tx.commit().await?;
    Ok(Page(page))
}

async fn revoke(person: Person, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = person.begin().await?;
    logins::revoke(&mut tx, &person, id).await?;
    tx.commit().await?;
    Ok(Flash::success("That login is ended.").redirect("/account/security"))
}

async fn revoke_others(person: Person) -> Result<Response> {
    let mut tx = person.begin().await?;
    logins::revoke_others(&mut tx, &person).await?;
    tx.commit().await?;
    Ok(Flash::success("You are signed out everywhere else.").redirect("/account/security"))
}
