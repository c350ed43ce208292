//! The rows of accounts and their passwords.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::{Error, Result, constraint};

#[derive(Clone, Debug, FromRow)]
pub struct Account {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub two_factor_at: Option<DateTime<Utc>>,
    pub hash: Option<String>,
    pub set_at: Option<DateTime<Utc>>,
    /// The organisation joined first, which a sign-in leads to.
    pub org_id: Option<Uuid>,
}

/// One query whether the account exists or not, by what `column` says.
macro_rules! select {
    ($condition:literal) => {
        concat!(
            "select a.id, a.email, a.name, a.two_factor_at, p.hash, p.set_at,
                    (select m.org_id from member m where m.account_id = a.id
                      order by m.created_at, m.org_id limit 1) as org_id
               from account a left join password p on p.account_id = a.id
              where a.disabled_at is null and ",
            $condition
        )
    };
}

pub async fn by_email(tx: &mut SystemTx, email: &str) -> Result<Option<Account>> {
    Ok(sqlx::query_as(select!("a.email = $1")).bind(email).fetch_optional(&mut **tx).await?)
}

pub async fn by_id(tx: &mut SystemTx, id: Uuid) -> Result<Account> {
    sqlx::query_as(select!("a.id = $1"))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::Unauthenticated)
}

/// Whether this installation has no account yet. Holds off other first sign-ups
/// until the transaction ends.
pub async fn is_first(tx: &mut SystemTx) -> Result<bool> {
    let any: bool =
        sqlx::query_scalar("select exists (select from account)").fetch_one(&mut **tx).await?;
    if any {
        return Ok(false);
    }
    sqlx::query("lock table account in share row exclusive mode").execute(&mut **tx).await?;
    let any: bool =
        sqlx::query_scalar("select exists (select from account)").fetch_one(&mut **tx).await?;
    Ok(!any)
}

/// `None` if the address is taken.
pub async fn insert(
    tx: &mut SystemTx,
    email: &str,
    name: &str,
    hash: &str,
    verified: bool,
) -> Result<Option<Uuid>> {
    let id: Option<Uuid> = sqlx::query_scalar(
        "insert into account (id, email, name, email_verified_at, created_at)
         values ($1, $2, $3, $4, $5) on conflict (email) do nothing returning id",
    )
    .bind(tx.new_id())
    .bind(email)
    .bind(name)
    .bind(verified.then_some(tx.now()))
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(id) = id {
        set_password(tx, id, hash).await?;
    }
    Ok(id)
}

pub async fn set_password(tx: &mut SystemTx, id: Uuid, hash: &str) -> Result<()> {
    sqlx::query(
        "insert into password (account_id, hash, set_at) values ($1, $2, $3)
         on conflict (account_id) do update set hash = excluded.hash, set_at = excluded.set_at",
    )
    .bind(id)
    .bind(hash)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn set_name(tx: &mut SystemTx, id: Uuid, name: &str) -> Result<()> {
    sqlx::query("update account set name = $2 where id = $1")
        .bind(id)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn set_email(tx: &mut SystemTx, id: Uuid, email: &str) -> Result<()> {
    sqlx::query("update account set email = $2, email_verified_at = $3 where id = $1")
        .bind(id)
        .bind(email)
        .bind(tx.now())
        .execute(&mut **tx)
        .await
        .map_err(|err| match constraint(&err) {
            Some("account_email_key") => {
                Error::conflict("email_taken", "this address cannot be used")
            }
            _ => err.into(),
        })?;
    Ok(())
}

pub async fn set_two_factor(tx: &mut SystemTx, id: Uuid, on: bool) -> Result<()> {
    sqlx::query("update account set two_factor_at = $2 where id = $1")
        .bind(id)
        .bind(on.then_some(tx.now()))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whoever opens a link that was mailed there has the address.
pub async fn set_verified(tx: &mut SystemTx, id: Uuid) -> Result<()> {
    sqlx::query(
        "update account set email_verified_at = coalesce(email_verified_at, $2) where id = $1",
    )
    .bind(id)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
