//! Proving once more that it is you: before sensitive changes, of which the
//! password and the second factor themselves are the most sensitive.

use serde_json::json;
use uuid::Uuid;

use super::accounts::{self, Account};
use super::{guess, password, sign_in, totp};
use crate::platform::crypto::Token;
use crate::platform::ctx::Person;
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};
use crate::platform::login;
use crate::platform::state::AppState;

/// Compares the password of someone who is signed in. `field` is where a form
/// shows that it was wrong.
pub async fn by_password(
    state: &AppState,
    person: &Person,
    field: &'static str,
    typed: &str,
) -> Result<Account> {
    let key = format!("password:{}", person.email);
    let throttled = guess::take(state, &key, guess::PASSWORD).await;
    let mut tx = state.db.system(person.who()).await?;
    let account = accounts::by_id(&mut tx, person.id).await?;
    if let Err(err) = throttled {
        fail(&mut tx, &account, "throttled", true).await?;
        tx.commit().await?;
        return Err(err);
    }
    tx.commit().await?;
    if !password::verify(typed, account.hash.as_deref()).await? {
        let mut tx = state.db.system(person.who()).await?;
        fail(&mut tx, &account, "password", false).await?;
        tx.commit().await?;
        return Err(Error::invalid(field, "is not right"));
    }
    guess::forget(state, &key).await?;
    Ok(account)
}

/// Compares a code from the app, or a backup code, of someone who is signed in.
pub async fn by_code(
    state: &AppState,
    person: &Person,
    account: &Account,
    code: &str,
) -> Result<()> {
    let key = format!("code:{}", account.id);
    let throttled = guess::take(state, &key, guess::CODE).await;
    let mut tx = state.db.system(person.who()).await?;
    if let Err(err) = throttled {
        fail(&mut tx, account, "throttled", true).await?;
        tx.commit().await?;
        return Err(err);
    }
    let accepted = totp::accept(&mut tx, &state.keys, account.id, code, true).await?
        || sign_in::use_backup_code(state, &mut tx, account, code).await?;
    if !accepted {
        fail(&mut tx, account, "code", false).await?;
    }
    tx.commit().await?;
    if !accepted {
        return Err(Error::invalid("code", "is not right, or was used before"));
    }
    guess::forget(state, &key).await
}

async fn fail(tx: &mut SystemTx, account: &Account, reason: &str, refused: bool) -> Result<()> {
    let event = Event::new("login.confirmed").on("account", account.id);
    let event = event.after(json!({ "reason": reason }));
    let event = if refused { event.refused() } else { event.failed() };
    events::emit_in(tx, account.org_id.unwrap_or(Uuid::nil()), event);
    Ok(())
}

/// Password and, if the account has one, second factor: the login counts as
/// fresh from now on, under a new token.
pub async fn confirm(state: &AppState, person: &Person, typed: &str, code: &str) -> Result<Token> {
    let account = by_password(state, person, "password", typed).await?;
    if account.two_factor_at.is_some() {
        by_code(state, person, &account, code).await?;
    }
    let mut tx = person.begin().await?;
    let token = login::rotate(&mut tx, person.login()?.id, person.login()?.level).await?;
    let event = Event::new("login.confirmed").on("account", account.id);
    events::emit_in(&mut tx, account.org_id.unwrap_or(Uuid::nil()), event);
    tx.commit().await?;
    Ok(token)
}
