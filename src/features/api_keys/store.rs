use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{ApiKey, Plan};
use crate::platform::api_key::Secret;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result, constraint};

/// `$1` is the time, `$2` whose keys are meant, if not everybody's.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select k.id, k.name, k.account_id, a.name as owner, k.mode, k.origin, k.scopes,
                    k.workspace_id, w.name as workspace, k.networks, k.last4,
                    case when k.revoked_at is not null or k.account_id is null then 'revoked'
                         when k.expires_at <= $1 then 'expired'
                         else 'active' end as status,
                    k.created_at, k.expires_at, k.rotated_at, k.revoked_at,
                    k.last_used_at, k.last_used_ip,
                    (select max(s.expires_at) from api_key_secret s
                      where s.key_id = k.id and s.expires_at > $1) as overlap_until
               from api_key k
               left join account a on a.id = k.account_id
               left join workspace w on w.id = k.workspace_id
              where ($2::uuid is null or k.account_id = $2) ",
            $rest
        )
    };
}

/// The newest first; a position in the list is a time and a key.
pub async fn list(
    tx: &mut TenantTx,
    whose: Option<Uuid>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: usize,
) -> Result<Vec<ApiKey>> {
    let now = tx.now();
    Ok(sqlx::query_as(select!(
        "and ($3::timestamptz is null or (k.created_at, k.id) < ($3, $4))
         order by k.created_at desc, k.id desc limit $5"
    ))
    .bind(now)
    .bind(whose)
    .bind(after.map(|it| it.0))
    .bind(after.map(|it| it.1))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, id: Uuid, whose: Option<Uuid>) -> Result<ApiKey> {
    let now = tx.now();
    sqlx::query_as(select!("and k.id = $3"))
        .bind(now)
        .bind(whose)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("key"))
}

pub async fn count_active(tx: &mut TenantTx) -> Result<i64> {
    let now = tx.now();
    Ok(sqlx::query_scalar(
        "select count(*) from api_key
          where revoked_at is null and account_id is not null
            and (expires_at is null or expires_at > $1)",
    )
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn insert(tx: &mut TenantTx, plan: &Plan<'_>, secret: &Secret) -> Result<Uuid> {
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    let scopes: Vec<&str> = plan.scopes.iter().map(|it| it.as_str()).collect();
    sqlx::query(
        "insert into api_key (id, org_id, workspace_id, account_id, name, mode, origin, scopes,
                              networks, last4, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id)
    .bind(org_id)
    .bind(plan.workspace_id)
    .bind(plan.account_id)
    .bind(plan.name)
    .bind(plan.mode)
    .bind(plan.origin)
    .bind(scopes)
    .bind(plan.networks)
    .bind(secret.last4())
    .bind(now)
    .bind(plan.expires_at)
    .execute(&mut **tx)
    .await
    .map_err(|err| match constraint(&err) {
        Some("api_key_workspace_fkey") => {
            Error::invalid("workspace_id", "is not a workspace of this organisation")
        }
        _ => err.into(),
    })?;
    insert_secret(tx, id, secret).await?;
    Ok(id)
}

async fn insert_secret(tx: &mut TenantTx, id: Uuid, secret: &Secret) -> Result<()> {
    let (org_id, now) = (tx.org_id(), tx.now());
    sqlx::query(
        "insert into api_key_secret (hash, org_id, key_id, created_at) values ($1, $2, $3, $4)",
    )
    .bind(secret.hash())
    .bind(org_id)
    .bind(id)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn update(tx: &mut TenantTx, key: &ApiKey) -> Result<()> {
    sqlx::query(
        "update api_key set name = $2, scopes = $3, networks = $4, expires_at = $5 where id = $1",
    )
    .bind(key.id)
    .bind(&key.name)
    .bind(&key.scopes)
    .bind(&key.networks)
    .bind(key.expires_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The secret so far works until then, those before it no more.
pub async fn rotate(
    tx: &mut TenantTx,
    id: Uuid,
    secret: &Secret,
    until: DateTime<Utc>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query("delete from api_key_secret where key_id = $1 and expires_at is not null")
        .bind(id)
        .execute(&mut **tx)
        .await?;
    sqlx::query("update api_key_secret set expires_at = $2 where key_id = $1")
        .bind(id)
        .bind(until)
        .execute(&mut **tx)
        .await?;
    sqlx::query("update api_key set rotated_at = $2, last4 = $3 where id = $1")
        .bind(id)
        .bind(now)
        .bind(secret.last4())
        .execute(&mut **tx)
        .await?;
    insert_secret(tx, id, secret).await
}

pub async fn revoke(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let now = tx.now();
    sqlx::query("update api_key set revoked_at = $2 where id = $1")
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    sqlx::query("delete from api_key_secret where key_id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}
