//! Signing in: password, then a second factor if there is one, then a login.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::accounts::{self, Account};
use super::{SIGN_INS, backup_codes, guess, limit_address, passkeys, password, totp};
use crate::platform::crypto::Token;
use crate::platform::ctx::Client;
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event, Who};
use crate::platform::login::{self, Level};
use crate::platform::mail::Letter;
use crate::platform::state::AppState;

/// How long the second factor may take.
const PENDING: Duration = Duration::minutes(10);

/// What a right password leads to.
pub enum Step {
    SignedIn(Token),
    /// The token stands for the sign-in until the second factor is shown.
    SecondFactor(Token),
}

/// What is shown as second factor.
pub enum Factor<'a> {
    Code(&'a str),
    Backup(&'a str),
    /// The credential as the browser gave it.
    Passkey(&'a str),
}

impl Factor<'_> {
    fn name(&self) -> &'static str {
        match self {
            Self::Code(_) => "code",
            Self::Backup(_) => "backup_code",
            Self::Passkey(_) => "passkey",
        }
    }
}

/// A sign-in that waits for its second factor.
pub struct Pending {
    pub id: Uuid,
    pub account: Account,
    pub challenge: Option<Value>,
}

/// The same words for a wrong password and an unknown address.
fn not_right() -> Error {
    Error::invalid("", "the mail address or the password is not right")
}

pub async fn with_password(
    state: &AppState,
    client: &Client,
    email: &str,
    typed: &str,
) -> Result<Step> {
    let anonymous = Who::anonymous(client.clone());
    let email = email.trim().to_lowercase();
    let throttled = match limit_address(state, "sign_in", client, SIGN_INS).await {
        Ok(()) => guess::take(state, &format!("password:{email}"), guess::PASSWORD).await,
        refused => refused,
    };
    let mut tx = state.db.system(anonymous).await?;
    let account = accounts::by_email(&mut tx, &email).await?;
    if let Err(err) = throttled {
        refuse(&mut tx, account.as_ref(), &email, "throttled", true).await?;
        tx.commit().await?;
        return Err(err);
    }
    // No transaction is held while the hash is computed.
    tx.commit().await?;
    let kept = account.as_ref().and_then(|it| it.hash.as_deref());
    let right = password::verify(typed, kept).await?;

    let Some(account) = account.filter(|_| right) else {
        let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
        let known = accounts::by_email(&mut tx, &email).await?;
        refuse(&mut tx, known.as_ref(), &email, "password", false).await?;
        tx.commit().await?;
        return Err(not_right());
    };
    guess::forget(state, &format!("password:{email}")).await?;
    let who = Who::person(account.id, &account.email, client.clone());
    let mut tx = state.db.system(who).await?;
    let step = if account.two_factor_at.is_some() {
        Step::SecondFactor(insert_pending(&mut tx, account.id).await?)
    } else {
        Step::SignedIn(finish(&mut tx, &account, Level::Password, "password").await?)
    };
    tx.commit().await?;
    Ok(step)
}

/// Records a sign-in that did not happen, where the account's administrators
/// see it, or among what concerns no organisation.
async fn refuse(
    tx: &mut SystemTx,
    account: Option<&Account>,
    email: &str,
    reason: &str,
    refused: bool,
) -> Result<()> {
    let shown: String = email.chars().take(254).collect();
    let mut event = Event::new("login.created").after(json!({ "email": shown, "reason": reason }));
    event = if refused { event.refused() } else { event.failed() };
    if let Some(account) = account {
        event = event.on("account", account.id);
    }
    events::emit_in(tx, account.and_then(|it| it.org_id).unwrap_or(Uuid::nil()), event);
    Ok(())
}

/// Makes the login, and says so in the organisation it leads to.
pub async fn finish(
    tx: &mut SystemTx,
    account: &Account,
    level: Level,
    factor: &str,
) -> Result<Token> {
    let token = login::create(tx, account.id, account.org_id, level).await?;
    let event = Event::new("login.created")
        .on("account", account.id)
        .after(json!({ "email": account.email, "factor": factor }));
    events::emit_in(tx, account.org_id.unwrap_or(Uuid::nil()), event);
    Ok(token)
}

async fn insert_pending(tx: &mut SystemTx, account_id: Uuid) -> Result<Token> {
    let token = Token::random();
    sqlx::query(
        "insert into sign_in (id, token_hash, account_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5)",
    )
    .bind(tx.new_id())
    .bind(token.hash())
    .bind(account_id)
    .bind(tx.now())
    .bind(tx.now() + PENDING)
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// The sign-in that a cookie stands for.
pub async fn pending(tx: &mut SystemTx, token: &Token) -> Result<Option<Pending>> {
    let row: Option<(Uuid, Uuid, Option<Value>, DateTime<Utc>)> = sqlx::query_as(
        "select id, account_id, challenge, expires_at from sign_in
          where token_hash = $1 and expires_at > $2",
    )
    .bind(token.hash())
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?;
    let Some((id, account_id, challenge, _)) = row else { return Ok(None) };
    let account = accounts::by_id(tx, account_id).await?;
    Ok(Some(Pending { id, account, challenge }))
}

/// Remembers what a passkey is to answer.
pub async fn set_challenge(tx: &mut SystemTx, id: Uuid, challenge: &Value) -> Result<()> {
    sqlx::query("update sign_in set challenge = $2 where id = $1")
        .bind(id)
        .bind(challenge)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Shows the second factor of a sign-in. `None` if there is no such sign-in
/// any more.
pub async fn with_factor(
    state: &AppState,
    client: &Client,
    token: &Token,
    factor: Factor<'_>,
) -> Result<Option<Token>> {
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let Some(Pending { id, account, challenge }) = pending(&mut tx, token).await? else {
        return Ok(None);
    };
    tx.commit().await?;
    let key = format!("code:{}", account.id);
    let throttled = guess::take(state, &key, guess::CODE).await;
    let who = Who::person(account.id, &account.email, client.clone());
    let mut tx = state.db.system(who).await?;
    if let Err(err) = throttled {
        refuse(&mut tx, Some(&account), &account.email, "throttled", true).await?;
        tx.commit().await?;
        return Err(err);
    }
    let accepted = match factor {
        Factor::Code(code) => totp::accept(&mut tx, &state.keys, account.id, code, true).await?,
        Factor::Backup(code) => use_backup_code(state, &mut tx, &account, code).await?,
        Factor::Passkey(credential) => {
            passkeys::accept(state, &mut tx, account.id, challenge, credential).await?
        }
    };
    if !accepted {
        refuse(&mut tx, Some(&account), &account.email, factor.name(), false).await?;
        tx.commit().await?;
        return Err(match factor {
            Factor::Passkey(_) => Error::invalid("", "this passkey does not belong here"),
            _ => Error::invalid("code", "is not right, or was used before"),
        });
    }
    let done = sqlx::query("delete from sign_in where id = $1").bind(id).execute(&mut *tx).await?;
    if done.rows_affected() == 0 {
        // The same sign-in went through at the same time.
        return Ok(None);
    }
    let login = finish(&mut tx, &account, Level::TwoFactor, factor.name()).await?;
    tx.commit().await?;
    guess::forget(state, &key).await?;
    Ok(Some(login))
}

/// Uses a backup code up and tells the person so.
pub async fn use_backup_code(
    state: &AppState,
    tx: &mut SystemTx,
    account: &Account,
    code: &str,
) -> Result<bool> {
    let Some(left) = backup_codes::accept(tx, account.id, code).await? else { return Ok(false) };
    let used = Event::new("backup_code.used").on("account", account.id);
    super::record(tx, account.id, used.after(json!({ "left": left }))).await?;
    let values = json!({ "name": account.name, "left": left });
    state.mail.send(tx, &Letter::new("backup_code_used", &account.email, values)).await?;
    Ok(true)
}

/// Ends the login whose token is shown, if there is one.
pub async fn sign_out(state: &AppState, who: Who, token: &Token) -> Result<()> {
    let mut tx = state.db.system(who).await?;
    let ended: Option<(Uuid, Option<Uuid>)> = sqlx::query_as(
        "delete from login where token_hash = $1 returning account_id, current_org_id",
    )
    .bind(token.hash())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some((account_id, org_id)) = ended {
        let event = Event::new("login.ended").on("account", account_id);
        events::emit_in(&mut tx, org_id.unwrap_or(Uuid::nil()), event);
    }
    tx.commit().await
}
