//! Workspaces: a team's shelf for its sessions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{checked_name, lock, plans, slug};
use crate::platform::crypto;
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};

/// A team's shelf.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Workspace {
    pub id: Uuid,
    pub name: String,
    /// Its part in addresses; stays when it is renamed.
    pub slug: String,
    pub created_at: DateTime<Utc>,
}

/// The name of a workspace: 1 to 100 characters.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
}

/// By name; a position in the list is a name and a workspace.
pub async fn list(
    tx: &mut TenantTx,
    after: Option<(String, Uuid)>,
    limit: usize,
) -> Result<Vec<Workspace>> {
    Ok(sqlx::query_as(
        "select id, name, slug, created_at from workspace
          where $1::text is null or (lower(name), id) > ($1, $2)
          order by lower(name), id limit $3",
    )
    .bind(after.as_ref().map(|it| it.0.as_str()))
    .bind(after.as_ref().map(|it| it.1))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Workspace> {
    sqlx::query_as("select id, name, slug, created_at from workspace where id = $1")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("workspace"))
}

/// The oldest, where things go that name none.
pub async fn first(tx: &mut TenantTx) -> Result<Workspace> {
    let query = "select id, name, slug, created_at from workspace order by created_at, id limit 1";
    sqlx::query_as(query).fetch_optional(&mut **tx).await?.ok_or(Error::NotFound("workspace"))
}

pub async fn count(tx: &mut TenantTx) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from workspace").fetch_one(&mut **tx).await?)
}

pub async fn create(ctx: &Ctx, tx: &mut TenantTx, new: &NewWorkspace) -> Result<Workspace> {
    let name = checked_name(&new.name)?;
    lock(tx).await?;
    plans::room_for(&ctx.org.plan, plans::Resource::Workspaces, count(tx).await?)?;
    let mut slug = slug(&name);
    let taken: bool = sqlx::query_scalar("select exists (select from workspace where slug = $1)")
        .bind(&slug)
        .fetch_one(&mut **tx)
        .await?;
    if taken {
        slug = format!("{slug}-{}", crypto::hex(&crypto::random::<3>()));
    }
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    let workspace: Workspace = sqlx::query_as(
        "insert into workspace (id, org_id, name, slug, created_at) values ($1, $2, $3, $4, $5)
         returning id, name, slug, created_at",
    )
    .bind(id)
    .bind(org_id)
    .bind(&name)
    .bind(&slug)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?;
    let created = Event::new("workspace.created").on("workspace", id);
    events::emit(tx, created.after(json!({ "name": name })));
    Ok(workspace)
}

pub async fn rename(tx: &mut TenantTx, id: Uuid, name: &str) -> Result<Workspace> {
    let name = checked_name(name)?;
    let before = find(tx, id).await?;
    sqlx::query("update workspace set name = $2 where id = $1")
        .bind(id)
        .bind(&name)
        .execute(&mut **tx)
        .await?;
    let renamed = Event::new("workspace.renamed").on("workspace", id);
    let renamed = renamed.before(json!({ "name": before.name })).after(json!({ "name": name }));
    events::emit(tx, renamed);
    Ok(Workspace { name, ..before })
}

/// Deletes a workspace with everything in it. The last one stays.
pub async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    lock(tx).await?;
    let workspace = find(tx, id).await?;
    if count(tx).await? == 1 {
        let message = "an organisation keeps at least one workspace";
        return Err(Error::conflict("last_workspace", message));
    }
    sqlx::query("delete from workspace where id = $1").bind(id).execute(&mut **tx).await?;
    let deleted = Event::new("workspace.deleted").on("workspace", id);
    events::emit(tx, deleted.before(json!({ "name": workspace.name })));
    Ok(())
}
