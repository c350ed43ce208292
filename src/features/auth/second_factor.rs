//! Turning two-factor authentication on and off, and new backup codes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::accounts::Account;
use super::{accounts, backup_codes, guess, passkeys, proof, record, totp};
use crate::platform::crypto::Token;
use crate::platform::ctx::Person;
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::Event;
use crate::platform::login::{self, Level};
use crate::platform::mail::Letter;
use crate::platform::state::AppState;

/// An organisation that asks its members for a second factor.
#[derive(Debug, Serialize, sqlx::FromRow)]
pub struct RequiredBy {
    pub org: String,
    pub from: DateTime<Utc>,
}

pub async fn required_by(tx: &mut SystemTx, account_id: Uuid) -> Result<Vec<RequiredBy>> {
    Ok(sqlx::query_as(
        r#"select o.name as org, o.two_factor_required_from as "from"
             from member m join org o on o.id = m.org_id
            where m.account_id = $1 and o.two_factor_required_from is not null
            order by lower(o.name)"#,
    )
    .bind(account_id)
    .fetch_all(&mut **tx)
    .await?)
}

fn is_on() -> Error {
    Error::conflict("two_factor_on", "two-factor authentication is already turned on")
}

/// What to scan or type. The same until a code was shown.
pub async fn begin(state: &AppState, person: &Person) -> Result<totp::Setup> {
    person.require_recent()?;
    let mut tx = person.begin().await?;
    let setup = totp::set_up(&mut tx, &state.keys, person.id, &person.email).await?;
    tx.commit().await?;
    setup.ok_or_else(is_on)
}

/// Turns it on with a first code. Returns the backup codes and the new token of
/// this login, which counts as two-factor from now on.
pub async fn turn_on(
    state: &AppState,
    person: &Person,
    code: &str,
) -> Result<(Vec<String>, Token)> {
    person.require_recent()?;
    let key = format!("code:{}", person.id);
    guess::take(state, &key, guess::CODE).await?;
    let mut tx = person.begin().await?;
    let account = accounts::by_id(&mut tx, person.id).await?;
    if account.two_factor_at.is_some() {
        return Err(is_on());
    }
    if !totp::accept(&mut tx, &state.keys, person.id, code, false).await? {
        let failed = Event::new("two_factor.enabled").on("account", person.id).failed();
        record(&mut tx, person.id, failed).await?;
        tx.commit().await?;
        return Err(Error::invalid("code", "is not the one your app shows now"));
    }
    accounts::set_two_factor(&mut tx, person.id, true).await?;
    let codes = backup_codes::renew(&mut tx, person.id).await?;
    // The others showed one factor only.
    login::revoke_others(&mut tx, person.id, Some(person.login()?.id)).await?;
    let token = login::rotate(&mut tx, person.login()?.id, Level::TwoFactor).await?;
    let enabled = Event::new("two_factor.enabled").on("account", person.id);
    record(&mut tx, person.id, enabled).await?;
    tell(state, &mut tx, &account, "two_factor_on").await?;
    tx.commit().await?;
    guess::forget(state, &key).await?;
    Ok((codes, token))
}

/// Turns it off, with password and code. Returns the new token of this login.
pub async fn turn_off(
    state: &AppState,
    person: &Person,
    password: &str,
    code: &str,
) -> Result<Token> {
    let account = proof::by_password(state, person, "password", password).await?;
    if account.two_factor_at.is_none() {
        return Err(Error::conflict(
            "two_factor_off",
            "two-factor authentication is not turned on",
        ));
    }
    proof::by_code(state, person, &account, code).await?;
    let mut tx = person.begin().await?;
    accounts::set_two_factor(&mut tx, person.id, false).await?;
    totp::delete(&mut tx, person.id).await?;
    backup_codes::delete(&mut tx, person.id).await?;
    passkeys::delete_all(&mut tx, person.id).await?;
    login::revoke_others(&mut tx, person.id, Some(person.login()?.id)).await?;
    let token = login::rotate(&mut tx, person.login()?.id, Level::Password).await?;
    let disabled = Event::new("two_factor.disabled").on("account", person.id);
    record(&mut tx, person.id, disabled).await?;
    tell(state, &mut tx, &account, "two_factor_off").await?;
    tx.commit().await?;
    Ok(token)
}

/// Makes new backup codes; the old ones no longer work.
pub async fn renew_codes(state: &AppState, person: &Person) -> Result<Vec<String>> {
    person.require_recent()?;
    let mut tx = person.begin().await?;
    let account = accounts::by_id(&mut tx, person.id).await?;
    if account.two_factor_at.is_none() {
        return Err(Error::conflict(
            "two_factor_off",
            "two-factor authentication is not turned on",
        ));
    }
    let codes = backup_codes::renew(&mut tx, person.id).await?;
    let renewed = Event::new("backup_code.renewed").on("account", person.id);
    record(&mut tx, person.id, renewed.after(json!({ "count": codes.len() }))).await?;
    tell(state, &mut tx, &account, "backup_codes_renewed").await?;
    tx.commit().await?;
    Ok(codes)
}

async fn tell(
    state: &AppState,
    tx: &mut SystemTx,
    account: &Account,
    kind: &'static str,
) -> Result<()> {
    let letter = Letter::new(kind, &account.email, json!({ "name": account.name }));
    Ok(state.mail.send(tx, &letter).await?)
}
