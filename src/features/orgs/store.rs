use uuid::Uuid;

use crate::platform::access::Role;
use crate::platform::crypto;
use crate::platform::db::{SystemTx, Tx};
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
    .map_err(|err| match constraint(&err) {
        Some("org_slug_key") => Error::conflict("slug_taken", "this address is already in use"),
        _ => err.into(),
    })
}

pub async fn insert_member(
    tx: &mut SystemTx,
    org_id: Uuid,
    account_id: Uuid,
    role: Role,
) -> Result<()> {
    sqlx::query(
        "insert into member (org_id, account_id, role, created_at) values ($1, $2, $3, $4)",
    )
    .bind(org_id)
    .bind(account_id)
    .bind(role)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn insert_workspace(
    tx: &mut SystemTx,
    org_id: Uuid,
    name: &str,
    slug: &str,
) -> Result<Uuid> {
    let id = sqlx::query_scalar(
        "insert into workspace (id, org_id, name, slug, created_at)
         values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(tx.new_id())
    .bind(org_id)
    .bind(name)
    .bind(slug)
    .bind(tx.now())
    .fetch_one(&mut **tx)
    .await?;
    Ok(id)
}
