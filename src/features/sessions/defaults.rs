//! What an organisation wants of every design: the policy that each new
//! analysis is made under.

use serde_json::json;
use sqlx::types::Json;

use crate::engine::policy::Policy;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event};

/// The policy in force; an organisation that set none has the empty one.
pub async fn policy(tx: &mut TenantTx) -> Result<Policy> {
    let org_id = tx.org_id();
    let policy: Option<Json<Policy>> =
        sqlx::query_scalar("select policy from org_default where org_id = $1")
            .bind(org_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(policy.map(|it| it.0).unwrap_or_default())
}

pub async fn set(tx: &mut TenantTx, policy: &Policy) -> Result<()> {
    let problems = policy.problems();
    if !problems.is_empty() {
        let errors = problems.into_iter().map(|(field, text)| FieldError::new(field, text));
        return Err(Error::Invalid(errors.collect()));
    }
    let before = self::policy(tx).await?;
    let (org_id, now) = (tx.org_id(), tx.now());
    sqlx::query(
        "insert into org_default (org_id, policy, updated_at) values ($1, $2, $3)
         on conflict (org_id) do update set policy = $2, updated_at = $3",
    )
    .bind(org_id)
    .bind(Json(policy))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    let changed = Event::new("org.defaults_changed").on("org", org_id);
    events::emit(tx, changed.before(json!(before)).after(json!(policy))).await
}
