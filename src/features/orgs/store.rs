use uuid::Uuid;

use crate::platform::access::Role;
use crate::platform::crypto;
use crate::platform::db::{SystemTx, TenantTx, Tx};
use crate::platform::error::{Error, Result, constraint};

/// `wanted`, or with something behind it when another has it.
pub async fn free_slug(tx: &mut SystemTx, wanted: &str) -> Result<String> {
    let taken: bool = sqlx::query_scalar("select exists (select from org where slug = $1)")
        .bind(wanted)
        .fetch_one(&mut **tx)
        .await?;
    let suffix = crypto::hex(&crypto::random::<3>());
    Ok(if taken { format!("{wanted}-{suffix}") } else { wanted.to_owned() })
}

pub async fn insert(tx: &mut SystemTx, name: &str, slug: &str) -> Result<Uuid> {
    sqlx::query_scalar(
        "insert into org (id, name, slug, created_at) values ($1, $2, $3, $4) returning id",
    )
    .bind(tx.new_id())
    .bind(name)
    .bind(slug)
    .bind(tx.now())
    .fetch_one(&mut **tx)
    .await
    .map_err(slug_taken)
}

pub fn slug_taken(err: sqlx::Error) -> Error {
    match constraint(&err) {
        Some("org_slug_key") => Error::conflict("slug_taken", "this short name is already in use"),
        _ => err.into(),
    }
}

/// Makes an account a member. Returns whether it was none before.
pub async fn join(tx: &mut SystemTx, org_id: Uuid, account_id: Uuid, role: Role) -> Result<bool> {
    let done = sqlx::query(
        "insert into member (org_id, account_id, role, created_at) values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(org_id)
    .bind(account_id)
    .bind(role)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn insert_first_workspace(tx: &mut SystemTx, org_id: Uuid) -> Result<Uuid> {
    let id = sqlx::query_scalar(
        "insert into workspace (id, org_id, name, slug, created_at)
         values ($1, $2, 'General', 'general', $3) returning id",
    )
    .bind(tx.new_id())
    .bind(org_id)
    .bind(tx.now())
    .fetch_one(&mut **tx)
    .await?;
    Ok(id)
}

pub async fn count_members(tx: &mut TenantTx) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from member").fetch_one(&mut **tx).await?)
}

pub async fn count_owners(tx: &mut TenantTx) -> Result<i64> {
    let query = "select count(*) from member where role = 'owner'";
    Ok(sqlx::query_scalar(query).fetch_one(&mut **tx).await?)
}

pub async fn is_member_email(tx: &mut TenantTx, email: &str) -> Result<bool> {
    // Of accounts a request sees only those of its organisation's members.
    Ok(sqlx::query_scalar("select exists (select from account where email = $1)")
        .bind(email)
        .fetch_one(&mut **tx)
        .await?)
}

/// How many sessions, API keys that work, and webhooks there are.
pub async fn count_others(tx: &mut TenantTx) -> Result<(i64, i64, i64)> {
    let now = tx.now();
    Ok(sqlx::query_as(
        "select app.count_sessions('live'),
                (select count(*) from api_key
                  where revoked_at is null and account_id is not null
                    and (expires_at is null or expires_at > $1)),
                (select count(*) from webhook_endpoint)",
    )
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}
