//! Passkeys: a device or security key that stands in for the code.
//!
//! They are bound to the name under which people reach us, so there are none
//! where that is an address of numbers. What the browser is asked to sign is
//! kept here, not in the browser.

use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;
use webauthn_rs::prelude::{
    Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder,
};

use super::accounts::Account;
use super::record;
use crate::platform::config::Config;
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::{Error, Result, constraint};
use crate::platform::events::Event;
use crate::platform::mail::Letter;
use crate::platform::state::AppState;

const MOST: usize = 10;
const LIFETIME: Duration = Duration::minutes(10);

/// A passkey as its owner sees it.
#[derive(Debug, Serialize, FromRow)]
pub struct Shown {
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// `None` where passkeys cannot work.
fn webauthn(config: &Config) -> Option<Webauthn> {
    let origin = Url::parse(&config.public_url).ok()?;
    let name = origin.domain()?.to_owned();
    WebauthnBuilder::new(&name, &origin).ok()?.rp_name("CloudGen").build().ok()
}

pub fn are_possible(config: &Config) -> bool {
    webauthn(config).is_some()
}

fn required(config: &Config) -> Result<Webauthn> {
    webauthn(config).ok_or(Error::NotFound("page"))
}

pub async fn list(tx: &mut SystemTx, account_id: Uuid) -> Result<Vec<Shown>> {
    Ok(sqlx::query_as(
        "select id, name, created_at, last_used_at from passkey
          where account_id = $1 order by created_at, id",
    )
    .bind(account_id)
    .fetch_all(&mut **tx)
    .await?)
}

async fn credentials(tx: &mut SystemTx, account_id: Uuid) -> Result<Vec<Passkey>> {
    let rows: Vec<Value> =
        sqlx::query_scalar("select credential from passkey where account_id = $1 order by id")
            .bind(account_id)
            .fetch_all(&mut **tx)
            .await?;
    let parsed: Result<Vec<Passkey>, _> = rows.into_iter().map(serde_json::from_value).collect();
    Ok(parsed.map_err(anyhow::Error::from)?)
}

/// What the browser is asked in order to make a passkey.
pub async fn begin(state: &AppState, tx: &mut SystemTx, account: &Account) -> Result<Value> {
    let webauthn = required(&state.config)?;
    let known = credentials(tx, account.id).await?;
    if known.len() >= MOST {
        let full = format!("there is room for {MOST} passkeys; remove one first");
        return Err(Error::conflict("too_many_passkeys", full));
    }
    let known = known.iter().map(|it| it.cred_id().clone()).collect();
    let (options, registration) = webauthn
        .start_passkey_registration(account.id, &account.email, &account.name, Some(known))
        .map_err(anyhow::Error::from)?;
    sqlx::query(
        "insert into passkey_registration (account_id, state, expires_at) values ($1, $2, $3)
         on conflict (account_id) do update
            set state = excluded.state, expires_at = excluded.expires_at",
    )
    .bind(account.id)
    .bind(serde_json::to_value(registration).map_err(anyhow::Error::from)?)
    .bind(tx.now() + LIFETIME)
    .execute(&mut **tx)
    .await?;
    Ok(serde_json::to_value(options).map_err(anyhow::Error::from)?)
}

/// Keeps the passkey that the browser made.
pub async fn finish(
    state: &AppState,
    tx: &mut SystemTx,
    account: &Account,
    name: &str,
    credential: &str,
) -> Result<()> {
    let webauthn = required(&state.config)?;
    let name = passkey_name(name)?;
    let begun: Option<Value> = sqlx::query_scalar(
        "delete from passkey_registration where account_id = $1 and expires_at > $2
         returning state",
    )
    .bind(account.id)
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?;
    let not_confirmed = || Error::invalid("", "the device did not confirm; try again");
    let registration: PasskeyRegistration =
        serde_json::from_value(begun.ok_or_else(not_confirmed)?).map_err(anyhow::Error::from)?;
    let credential: RegisterPublicKeyCredential =
        serde_json::from_str(credential).map_err(|_| not_confirmed())?;
    let passkey = webauthn
        .finish_passkey_registration(&credential, &registration)
        .map_err(|_| not_confirmed())?;
    let id = tx.new_id();
    sqlx::query(
        "insert into passkey (id, account_id, name, credential_id, credential, created_at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(id)
    .bind(account.id)
    .bind(&name)
    .bind(passkey.cred_id().to_vec())
    .bind(serde_json::to_value(&passkey).map_err(anyhow::Error::from)?)
    .bind(tx.now())
    .execute(&mut **tx)
    .await
    .map_err(|err| match constraint(&err) {
        Some("passkey_credential_id_key") => {
            Error::conflict("passkey_known", "this passkey is already known here")
        }
        _ => err.into(),
    })?;
    let added = Event::new("passkey.added").on("passkey", id).after(json!({ "name": name }));
    record(tx, account.id, added).await?;
    let values = json!({ "name": account.name, "passkey": name });
    state.mail.send(tx, &Letter::new("passkey_added", &account.email, values)).await?;
    Ok(())
}

fn passkey_name(typed: &str) -> Result<String> {
    let name = typed.trim();
    if (1..=60).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name.to_owned())
    } else {
        Err(Error::invalid("name", "must have 1 to 60 characters"))
    }
}

pub async fn rename(tx: &mut SystemTx, account_id: Uuid, id: Uuid, name: &str) -> Result<()> {
    let name = passkey_name(name)?;
    let before: Option<String> = sqlx::query_scalar(
        "update passkey p set name = $3 from passkey old
          where p.id = $1 and p.account_id = $2 and old.id = p.id returning old.name",
    )
    .bind(id)
    .bind(account_id)
    .bind(&name)
    .fetch_optional(&mut **tx)
    .await?;
    let before = before.ok_or(Error::NotFound("passkey"))?;
    let renamed = Event::new("passkey.renamed").on("passkey", id);
    let renamed = renamed.before(json!({ "name": before })).after(json!({ "name": name }));
    record(tx, account_id, renamed).await
}

pub async fn remove(
    state: &AppState,
    tx: &mut SystemTx,
    account: &Account,
    id: Uuid,
) -> Result<()> {
    let name: Option<String> =
        sqlx::query_scalar("delete from passkey where id = $1 and account_id = $2 returning name")
            .bind(id)
            .bind(account.id)
            .fetch_optional(&mut **tx)
            .await?;
    let name = name.ok_or(Error::NotFound("passkey"))?;
    let removed = Event::new("passkey.removed").on("passkey", id).before(json!({ "name": name }));
    record(tx, account.id, removed).await?;
    let values = json!({ "name": account.name, "passkey": name });
    state.mail.send(tx, &Letter::new("passkey_removed", &account.email, values)).await?;
    Ok(())
}

pub async fn delete_all(tx: &mut SystemTx, account_id: Uuid) -> Result<()> {
    sqlx::query("delete from passkey where account_id = $1")
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What the browser is asked in order to show a passkey, and what its answer is
/// to be compared with.
pub async fn challenge(
    state: &AppState,
    tx: &mut SystemTx,
    account_id: Uuid,
) -> Result<(Value, Value)> {
    let webauthn = required(&state.config)?;
    let known = credentials(tx, account_id).await?;
    if known.is_empty() {
        return Err(Error::NotFound("passkey"));
    }
    let (options, expected) =
        webauthn.start_passkey_authentication(&known).map_err(anyhow::Error::from)?;
    Ok((
        serde_json::to_value(options).map_err(anyhow::Error::from)?,
        serde_json::to_value(expected).map_err(anyhow::Error::from)?,
    ))
}

/// Whether the browser's answer is the one to the challenge.
pub async fn accept(
    state: &AppState,
    tx: &mut SystemTx,
    account_id: Uuid,
    expected: Option<Value>,
    credential: &str,
) -> Result<bool> {
    let (Some(webauthn), Some(expected)) = (webauthn(&state.config), expected) else {
        return Ok(false);
    };
    // A challenge is answered once: what was signed cannot be shown again.
    sqlx::query("update sign_in set challenge = null where account_id = $1 and challenge = $2")
        .bind(account_id)
        .bind(&expected)
        .execute(&mut **tx)
        .await?;
    let expected: PasskeyAuthentication =
        serde_json::from_value(expected).map_err(anyhow::Error::from)?;
    let Ok(credential) = serde_json::from_str::<PublicKeyCredential>(credential) else {
        return Ok(false);
    };
    let Ok(result) = webauthn.finish_passkey_authentication(&credential, &expected) else {
        return Ok(false);
    };
    let known: Option<(Uuid, Value)> = sqlx::query_as(
        "select id, credential from passkey
          where account_id = $1 and credential_id = $2 for update",
    )
    .bind(account_id)
    .bind(result.cred_id().to_vec())
    .fetch_optional(&mut **tx)
    .await?;
    let Some((id, kept)) = known else { return Ok(false) };
    let mut passkey: Passkey = serde_json::from_value(kept).map_err(anyhow::Error::from)?;
    // Keeps the counter, which tells a copied key from the real one.
    passkey.update_credential(&result);
    sqlx::query("update passkey set credential = $2, last_used_at = $3 where id = $1")
        .bind(id)
        .bind(serde_json::to_value(&passkey).map_err(anyhow::Error::from)?)
        .bind(tx.now())
        .execute(&mut **tx)
        .await?;
    Ok(true)
}
