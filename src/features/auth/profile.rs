//! What people change about their account: name, address, password.

use serde_json::json;
use uuid::Uuid;

use super::mail_links::{self, Purpose};
use super::{MAILS, accounts, password, person_name, proof, record};
use crate::platform::crypto::Token;
use crate::platform::ctx::{Client, Person};
use crate::platform::error::{Error, Result};
use crate::platform::events::{Event, Who};
use crate::platform::login;
use crate::platform::mail::{self, Letter};
use crate::platform::rate_limit;
use crate::platform::state::AppState;

pub async fn rename(person: &Person, typed: &str) -> Result<String> {
    let name = person_name(typed)?;
    let mut tx = person.begin().await?;
    accounts::set_name(&mut tx, person.id, &name).await?;
    let renamed = Event::new("account.renamed").on("account", person.id);
    let renamed = renamed.before(json!({ "name": person.name })).after(json!({ "name": name }));
    record(&mut tx, person.id, renamed).await?;
    tx.commit().await?;
    Ok(name)
}

/// Asks for another address. It takes effect when the link mailed there is
/// opened; the present address is told. Somebody else's address gets a mail
/// that says so instead of a link, and the answer is the same.
pub async fn ask_for_email(
    state: &AppState,
    person: &Person,
    typed: &str,
    password: &str,
) -> Result<String> {
    let email = mail::address("email", typed)?;
    if email == person.email {
        return Err(Error::invalid("email", "is the one you have"));
    }
    let account = proof::by_password(state, person, "password", password).await?;
    rate_limit::take(state, &format!("mail:{email}"), MAILS).await?;
    let mut tx = person.begin().await?;
    let token = mail_links::insert(&mut tx, person.id, Purpose::Change, &email).await?;
    let letter = match accounts::by_email(&mut tx, &email).await? {
        Some(other) => Letter::new("account_exists", &other.email, json!({ "name": other.name })),
        None => {
            let values = json!({ "name": account.name, "token": token.reveal() });
            Letter::new("change_email", &email, values)
        }
    };
    state.mail.send(&mut tx, &letter).await?;
    let values = json!({ "name": account.name, "email": email });
    state.mail.send(&mut tx, &Letter::new("email_changing", &account.email, values)).await?;
    let asked = Event::new("account.email_change_requested").on("account", person.id);
    let asked = asked.before(json!({ "email": account.email })).after(json!({ "email": email }));
    record(&mut tx, person.id, asked).await?;
    tx.commit().await?;
    Ok(email)
}

pub async fn keep_email(person: &Person) -> Result<()> {
    let mut tx = person.begin().await?;
    if mail_links::cancel(&mut tx, person.id, Purpose::Change).await? {
        let kept = Event::new("account.email_change_cancelled").on("account", person.id);
        record(&mut tx, person.id, kept).await?;
    }
    tx.commit().await
}

/// The address that a link confirms, while it works.
pub async fn confirmed_by(state: &AppState, token: &Token) -> Result<Option<String>> {
    let mut tx = state.db.system(Who::system()).await?;
    let link = mail_links::find(&mut tx, Purpose::Change, token).await?;
    Ok(link.map(|it| it.email))
}

/// Makes the new address the account's. `None` if the link no longer works.
pub async fn confirm_email(
    state: &AppState,
    client: &Client,
    token: &Token,
) -> Result<Option<String>> {
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let Some(link) = mail_links::take(&mut tx, Purpose::Change, token).await? else {
        return Ok(None);
    };
    let account = accounts::by_id(&mut tx, link.account_id).await?;
    accounts::set_email(&mut tx, account.id, &link.email).await?;
    // A link to choose a new password went to the address that is given up.
    mail_links::cancel(&mut tx, account.id, Purpose::Reset).await?;
    let changed = Event::new("account.email_changed").on("account", account.id);
    let changed = changed.before(json!({ "email": account.email }));
    record(&mut tx, account.id, changed.after(json!({ "email": link.email }))).await?;
    let values = json!({ "name": account.name, "email": link.email });
    state.mail.send(&mut tx, &Letter::new("email_changed", &account.email, values)).await?;
    tx.commit().await?;
    Ok(Some(link.email))
}

/// Changes the password and ends every other login. Returns the new token of
/// this one.
pub async fn change_password(
    state: &AppState,
    person: &Person,
    current: &str,
    new: &str,
) -> Result<Token> {
    password::check("password", new, &[&person.email, &person.name])?;
    let account = proof::by_password(state, person, "current", current).await?;
    if new == current {
        return Err(Error::invalid("password", "is the one you have"));
    }
    let hash = password::hash(new).await?;
    let mut tx = person.begin().await?;
    accounts::set_password(&mut tx, person.id, &hash).await?;
    login::revoke_others(&mut tx, person.id, Some(person.login()?.id)).await?;
    end_pending(&mut tx, person.id).await?;
    let token = login::rotate(&mut tx, person.login()?.id, person.login()?.level).await?;
    let changed = Event::new("password.changed").on("account", person.id);
    record(&mut tx, person.id, changed).await?;
    let letter = Letter::new("password_changed", &account.email, json!({ "name": account.name }));
    state.mail.send(&mut tx, &letter).await?;
    tx.commit().await?;
    Ok(token)
}

/// Sign-ins that wait for their second factor showed the old password.
async fn end_pending(tx: &mut crate::platform::db::SystemTx, account_id: Uuid) -> Result<()> {
    sqlx::query("delete from sign_in where account_id = $1")
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
