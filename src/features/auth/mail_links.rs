//! Links in mails: random, hashed, for a limited time, once.

use chrono::Duration;
use sqlx::FromRow;
use uuid::Uuid;

use crate::platform::crypto::Token;
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::Result;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To choose a new password.
    Reset,
    /// To confirm a new address.
    Change,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Change => "change",
        }
    }

    pub fn lifetime(self) -> Duration {
        match self {
            Self::Reset => Duration::hours(1),
            Self::Change => Duration::hours(24),
        }
    }
}

#[derive(Clone, Debug, FromRow)]
pub struct Link {
    pub account_id: Uuid,
    /// Where it was sent.
    pub email: String,
}

/// A new link; an older one for the same purpose no longer works.
pub async fn insert(
    tx: &mut SystemTx,
    account_id: Uuid,
    purpose: Purpose,
    email: &str,
) -> Result<Token> {
    let token = Token::random();
    sqlx::query(
        "insert into mail_link (id, account_id, purpose, email, token_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (account_id, purpose) do update
            set email = excluded.email, token_hash = excluded.token_hash,
                created_at = excluded.created_at, expires_at = excluded.expires_at",
    )
    .bind(tx.new_id())
    .bind(account_id)
    .bind(purpose.as_str())
    .bind(email)
    .bind(token.hash())
    .bind(tx.now())
    .bind(tx.now() + purpose.lifetime())
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// The link that a token belongs to, while it works.
pub async fn find(tx: &mut SystemTx, purpose: Purpose, token: &Token) -> Result<Option<Link>> {
    Ok(sqlx::query_as(
        "select account_id, email from mail_link
          where token_hash = $1 and purpose = $2 and expires_at > $3",
    )
    .bind(token.hash())
    .bind(purpose.as_str())
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?)
}

/// Uses the link up.
pub async fn take(tx: &mut SystemTx, purpose: Purpose, token: &Token) -> Result<Option<Link>> {
    Ok(sqlx::query_as(
        "delete from mail_link where token_hash = $1 and purpose = $2 and expires_at > $3
         returning account_id, email",
    )
    .bind(token.hash())
    .bind(purpose.as_str())
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?)
}

/// The address that waits to be confirmed.
pub async fn pending(tx: &mut SystemTx, account_id: Uuid) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(
        "select email from mail_link
          where account_id = $1 and purpose = 'change' and expires_at > $2",
    )
    .bind(account_id)
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?)
}

pub async fn cancel(tx: &mut SystemTx, account_id: Uuid, purpose: Purpose) -> Result<bool> {
    let done = sqlx::query("delete from mail_link where account_id = $1 and purpose = $2")
        .bind(account_id)
        .bind(purpose.as_str())
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}
