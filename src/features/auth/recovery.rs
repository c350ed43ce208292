//! A forgotten password: a link by mail to choose a new one. It does not stand
//! in for the second factor, and it ends every login.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::mail_links::{self, Link, Purpose};
use super::{MAILS, SIGN_UPS, accounts, limit_address, password, record};
use crate::platform::crypto::Token;
use crate::platform::ctx::Client;
use crate::platform::error::Result;
use crate::platform::events::{self, Event, Who};
use crate::platform::jobs::{self, Job};
use crate::platform::login;
use crate::platform::mail::Letter;
use crate::platform::rate_limit;
use crate::platform::state::AppState;

/// Asks for a link. Whether there is such an account is found out by a job.
pub async fn begin(state: &AppState, client: &Client, email: &str) -> Result<()> {
    limit_address(state, "reset", client, SIGN_UPS).await?;
    rate_limit::take(state, &format!("mail:{email}"), MAILS).await?;
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let event = Event::new("password.reset_requested").after(json!({ "email": email }));
    events::emit(&mut tx, event);
    jobs::enqueue(&mut tx, &Write { email: email.to_owned() }).await?;
    tx.commit().await
}

/// Writes the mail, if there is somebody to write to.
#[derive(Serialize, Deserialize)]
pub struct Write {
    email: String,
}

impl Job for Write {
    const NAME: &'static str = "auth.write_reset";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let mut tx = state.db.system(Who::system()).await?;
        let Some(account) = accounts::by_email(&mut tx, &self.email).await? else {
            return Ok(());
        };
        let token = mail_links::insert(&mut tx, account.id, Purpose::Reset, &account.email).await?;
        let values = json!({ "name": account.name, "token": token.reveal() });
        state.mail.send(&mut tx, &Letter::new("reset_password", &account.email, values)).await?;
        Ok(tx.commit().await?)
    }
}

/// Whose password a link changes.
pub async fn find(state: &AppState, token: &Token) -> Result<Option<Link>> {
    let mut tx = state.db.system(Who::system()).await?;
    mail_links::find(&mut tx, Purpose::Reset, token).await
}

/// Sets the new password. `None` if the link no longer works.
pub async fn finish(
    state: &AppState,
    client: &Client,
    token: &Token,
    typed: &str,
) -> Result<Option<()>> {
    let Some(link) = find(state, token).await? else { return Ok(None) };
    let mut tx = state.db.system(Who::system()).await?;
    let account = accounts::by_id(&mut tx, link.account_id).await?;
    tx.commit().await?;
    password::check("password", typed, &[&account.email, &account.name])?;
    let hash = password::hash(typed).await?;

    let who = Who::person(account.id, &account.email, client.clone());
    let mut tx = state.db.system(who).await?;
    if mail_links::take(&mut tx, Purpose::Reset, token).await?.is_none() {
        return Ok(None);
    }
    accounts::set_password(&mut tx, account.id, &hash).await?;
    accounts::set_verified(&mut tx, account.id).await?;
    login::revoke_others(&mut tx, account.id, None).await?;
    sqlx::query("delete from sign_in where account_id = $1")
        .bind(account.id)
        .execute(&mut *tx)
        .await?;
    record(&mut tx, account.id, Event::new("password.reset").on("account", account.id)).await?;
    let letter = Letter::new("password_changed", &account.email, json!({ "name": account.name }));
    state.mail.send(&mut tx, &letter).await?;
    tx.commit().await?;
    Ok(Some(()))
}
