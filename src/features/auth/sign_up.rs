//! Getting an account.
//!
//! The account is made when the link in the mail is opened, not before: an
//! address belongs to whoever reads its mail. If the link is opened in another
//! browser than the one that asked, the password has to be shown as well, so
//! that nobody confirms an account that a stranger prepared for them.
//!
//! Two people need no mail: the first of an installation, who has just set it
//! up, and someone invited, whose invitation was in the mail.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    MAILS, SIGN_UPS, accounts, guess, limit_address, password, person_name, record, sign_in,
};
use crate::features::orgs;
use crate::platform::crypto::{self, Token};
use crate::platform::ctx::Client;
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{Event, Who};
use crate::platform::jobs::{self, Job};
use crate::platform::login::Level;
use crate::platform::mail::{self, Letter};
use crate::platform::rate_limit;
use crate::platform::state::AppState;

const LIFETIME: Duration = Duration::hours(24);

/// What somebody asks for an account with.
pub struct Asked<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub password: &'a str,
    /// A path of ours to go on to.
    pub next: &'a str,
}

pub enum Step {
    /// The account exists; this is its login.
    SignedIn(Token),
    /// A mail is on its way; this is for a cookie.
    CheckMail { email: String, browser: Token },
}

pub async fn begin(state: &AppState, client: &Client, asked: Asked<'_>) -> Result<Step> {
    let name = person_name(asked.name);
    let email = mail::address("email", asked.email);
    let about = [asked.email, asked.name];
    let acceptable = password::check("password", asked.password, &about);
    let (name, email) = all_of(name, email, acceptable)?;
    limit_address(state, "sign_up", client, SIGN_UPS).await?;
    let hash = password::hash(asked.password).await?;

    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let first = accounts::is_first(&mut tx).await?;
    let invited = orgs::invited_by_path(&mut tx, asked.next).await?;
    let invited = invited.is_some_and(|it| it.email == email);
    if (first || invited)
        && let Some(id) = accounts::insert(&mut tx, &email, &name, &hash, invited).await?
    {
        let login = welcome(&mut tx, id).await?;
        tx.commit().await?;
        return Ok(Step::SignedIn(login));
    }
    drop(tx);

    rate_limit::take(state, &format!("mail:{email}"), MAILS).await?;
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let browser = Token::random();
    let id: Uuid = sqlx::query_scalar(
        "insert into sign_up (id, email, name, password_hash, next, browser_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) returning id",
    )
    .bind(tx.new_id())
    .bind(&email)
    .bind(&name)
    .bind(&hash)
    .bind(asked.next)
    .bind(browser.hash())
    .bind(tx.now())
    .bind(tx.now() + LIFETIME)
    .fetch_one(&mut *tx)
    .await?;
    jobs::enqueue(&mut tx, &Write { id }).await?;
    tx.commit().await?;
    Ok(Step::CheckMail { email, browser })
}

/// All complaints at once, in the order of the form.
fn all_of(
    name: Result<String>,
    email: Result<String>,
    acceptable: Result<()>,
) -> Result<(String, String)> {
    match (name, email, acceptable) {
        (Ok(name), Ok(email), Ok(())) => Ok((name, email)),
        (name, email, acceptable) => {
            let mut complaints = Vec::new();
            for err in [name.err(), email.err(), acceptable.err()].into_iter().flatten() {
                match err {
                    Error::Invalid(errors) => complaints.extend(errors),
                    other => return Err(other),
                }
            }
            Err(Error::Invalid(complaints))
        }
    }
}

/// The first login of a new account.
async fn welcome(tx: &mut SystemTx, id: Uuid) -> Result<Token> {
    let account = accounts::by_id(tx, id).await?;
    let created = Event::new("account.created").on("account", id);
    let values = json!({ "email": account.email, "name": account.name });
    record(tx, id, created.after(values)).await?;
    sign_in::finish(tx, &account, Level::Password, "sign_up").await
}

/// Sends the mail of the newest sign-up of an address once more.
pub async fn again(state: &AppState, client: &Client, email: &str) -> Result<()> {
    limit_address(state, "sign_up", client, SIGN_UPS).await?;
    rate_limit::take(state, &format!("mail:{email}"), MAILS).await?;
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let id: Option<Uuid> = sqlx::query_scalar(
        "select id from sign_up where email = $1 and expires_at > $2
          order by created_at desc limit 1",
    )
    .bind(email)
    .bind(tx.now())
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(id) = id {
        jobs::enqueue(&mut tx, &Write { id }).await?;
    }
    tx.commit().await
}

#[derive(Clone, Debug, FromRow)]
pub struct SignUp {
    pub email: String,
    name: String,
    password_hash: String,
    pub next: String,
    browser_hash: Vec<u8>,
}

impl SignUp {
    /// Whether this is the browser that asked for the account.
    pub fn began_in(&self, browser: Option<&Token>) -> bool {
        browser.is_some_and(|it| crypto::same(&it.hash(), &self.browser_hash))
    }
}

/// Writes the mail: the link, or that there is an account already.
#[derive(Serialize, Deserialize)]
pub struct Write {
    id: Uuid,
}

impl Job for Write {
    const NAME: &'static str = "auth.write_sign_up";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let mut tx = state.db.system(Who::system()).await?;
        let row: Option<(String, String)> =
            sqlx::query_as("select email, name from sign_up where id = $1")
                .bind(self.id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some((email, name)) = row else { return Ok(()) };
        let letter = match accounts::by_email(&mut tx, &email).await? {
            // The name is the owner's, not what the stranger typed.
            Some(account) => {
                Letter::new("account_exists", &account.email, json!({ "name": account.name }))
            }
            None => {
                let token = Token::random();
                sqlx::query("update sign_up set token_hash = $2 where id = $1")
                    .bind(self.id)
                    .bind(token.hash())
                    .execute(&mut *tx)
                    .await?;
                let values = json!({ "name": name, "token": token.reveal() });
                Letter::new("verify", &email, values)
            }
        };
        state.mail.send(&mut tx, &letter).await?;
        Ok(tx.commit().await?)
    }
}

/// The sign-up that a link belongs to, while it works.
pub async fn find(state: &AppState, token: &Token) -> Result<Option<SignUp>> {
    let mut tx = state.db.system(Who::system()).await?;
    Ok(sqlx::query_as(
        "select email, name, password_hash, next, browser_hash from sign_up
          where token_hash = $1 and expires_at > $2",
    )
    .bind(token.hash())
    .bind(tx.now())
    .fetch_optional(&mut *tx)
    .await?)
}

/// Makes the account. `None` if the link no longer works.
pub async fn finish(
    state: &AppState,
    client: &Client,
    token: &Token,
    browser: Option<&Token>,
    typed: &str,
) -> Result<Option<(Token, String)>> {
    let Some(sign_up) = find(state, token).await? else { return Ok(None) };
    if !sign_up.began_in(browser) {
        let key = format!("password:{}", sign_up.email);
        guess::take(state, &key, guess::PASSWORD).await?;
        if !password::verify(typed, Some(&sign_up.password_hash)).await? {
            return Err(Error::invalid("password", "is not the one chosen for this account"));
        }
        guess::forget(state, &key).await?;
    }
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    let SignUp { email, name, password_hash, next, .. } = sign_up;
    // Other sign-ups of this address, by whomever, are over.
    let taken = sqlx::query("delete from sign_up where email = $1").bind(&email);
    if taken.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(None);
    }
    let Some(id) = accounts::insert(&mut tx, &email, &name, &password_hash, true).await? else {
        tx.commit().await?;
        return Ok(None);
    };
    let login = welcome(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Some((login, next)))
}
