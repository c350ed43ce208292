//! The rows of sessions.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::platform::api_key::Mode;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::reading::Shared;

/// A session's name before anything was said in it.
pub const UNTITLED: &str = "Untitled";

/// One design: its conversation, its analyses and their files.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Session {
    pub id: Uuid,
    pub workspace_id: Uuid,
    /// `test` when a key in test mode started it.
    pub mode: Mode,
    pub title: String,
    /// Who started it; `null` once their account is gone.
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Set while it is put away.
    pub archived_at: Option<DateTime<Utc>>,
    /// How many analyses there are; they are numbered from 1.
    pub analyses: i32,
    /// The newest analysis in short: region, recommended option, monthly cost of each option.
    #[schema(value_type = Option<Object>)]
    pub headline: Option<Json<Box<RawValue>>>,
    /// The last message of the branch that is shown.
    #[serde(skip)]
    pub head_id: Option<Uuid>,
    #[serde(skip)]
    pub title_chosen: bool,
}

/// Which sessions to list; what is absent does not restrict.
#[derive(Clone, Debug, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Filter {
    /// Words of the title or of a message.
    pub q: Option<String>,
    pub workspace_id: Option<Uuid>,
    /// `active` (the default), `archived` or `deleted`.
    pub state: Option<String>,
    /// Only those that live keys and people started, or those of test keys; both when absent.
    #[param(inline)]
    pub mode: Option<Mode>,
}

/// The last changed first.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<(DateTime<Utc>, Uuid)>,
    limit: usize,
) -> Result<Vec<Session>> {
    let state = filter.state.as_deref().filter(|it| !it.is_empty()).unwrap_or("active");
    if !["active", "archived", "deleted"].contains(&state) {
        return Err(Error::invalid("state", "must be active, archived or deleted"));
    }
    if filter.q.as_deref().is_some_and(|it| it.chars().count() > 1_000) {
        return Err(Error::invalid("q", "must have at most 1,000 characters"));
    }
    let words = filter.q.as_deref().map(str::trim).filter(|it| !it.is_empty());
    Ok(sqlx::query_as(
        "select * from session s
          where ($1::uuid is null or workspace_id = $1)
            and case $2 when 'deleted' then deleted_at is not null
                        when 'archived' then deleted_at is null and archived_at is not null
                        else deleted_at is null and archived_at is null end
            and ($3::text is null or position(lower($3) in lower(title)) > 0
                 or exists (select from message m
                             where m.org_id = s.org_id and m.session_id = s.id
                               and m.author = 'person' and position(lower($3) in lower(m.body)) > 0))
            and ($4::timestamptz is null or (updated_at, id) < ($4, $5))
            and ($6::text is null or mode = $6)
          order by updated_at desc, id desc limit $7",
    )
    .bind(filter.workspace_id)
    .bind(state)
    .bind(words)
    .bind(before.map(|it| it.0))
    .bind(before.map(|it| it.1))
    .bind(filter.mode)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

/// Those of a mode that count against the plan, whether the caller sees them or not.
pub async fn count(tx: &mut TenantTx, mode: Mode) -> Result<i64> {
    let query = "select app.count_sessions($1)";
    Ok(sqlx::query_scalar(query).bind(mode).fetch_one(&mut **tx).await?)
}

pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Session> {
    sqlx::query_as("select * from session where id = $1 and deleted_at is null")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("session"))
}

impl Shared for Session {
    const SELECT: &'static str = "select * from session where id = any($1) and deleted_at is null";

    fn id(&self) -> Uuid {
        self.id
    }
}

/// Finds a session and holds it until the transaction ends.
pub async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Session> {
    sqlx::query_as("select * from session where id = $1 and deleted_at is null for no key update")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("session"))
}

pub async fn insert(
    tx: &mut TenantTx,
    workspace_id: Uuid,
    mode: Mode,
    (title, title_chosen): (&str, bool),
    created_by: Option<Uuid>,
) -> Result<Session> {
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    Ok(sqlx::query_as(
        "insert into session (id, org_id, workspace_id, title, title_chosen, created_by, created_at, updated_at, mode)
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8) returning *",
    )
    .bind(id)
    .bind(org_id)
    .bind(workspace_id)
    .bind(title)
    .bind(title_chosen)
    .bind(created_by)
    .bind(now)
    .bind(mode)
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn rename(tx: &mut TenantTx, id: Uuid, title: &str, chosen: bool) -> Result<()> {
    sqlx::query("update session set title = $2, title_chosen = $3 where id = $1")
        .bind(id)
        .bind(title)
        .bind(chosen)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn move_to(tx: &mut TenantTx, id: Uuid, workspace_id: Uuid) -> Result<()> {
    sqlx::query("update session set workspace_id = $2 where id = $1")
        .bind(id)
        .bind(workspace_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub async fn archive(tx: &mut TenantTx, id: Uuid, at: Option<DateTime<Utc>>) -> Result<()> {
    sqlx::query("update session set archived_at = $2 where id = $1")
        .bind(id)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The mode of a session that was deleted.
pub async fn deleted_mode(tx: &mut TenantTx, id: Uuid) -> Result<Mode> {
    sqlx::query_scalar("select mode from session where id = $1 and deleted_at is not null")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("session"))
}

/// Marks as deleted, or takes that back. Returns the title, if there was one to mark.
pub async fn delete(
    tx: &mut TenantTx,
    id: Uuid,
    at: Option<DateTime<Utc>>,
) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(
        "update session set deleted_at = $2
          where id = $1 and (deleted_at is null) = ($2 is not null) returning title",
    )
    .bind(id)
    .bind(at)
    .fetch_optional(&mut **tx)
    .await?)
}

/// The message that the conversation ends with from now on.
pub async fn set_head(tx: &mut TenantTx, id: Uuid, head: Uuid) -> Result<()> {
    sqlx::query("update session set head_id = $2, updated_at = $3 where id = $1")
        .bind(id)
        .bind(head)
        .bind(tx.now())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What a turn changes of its session; what is absent stays.
#[derive(Default)]
pub struct Advance<'a> {
    /// Of a session whose title nobody chose.
    pub title: Option<&'a str>,
    /// The message that the conversation ends with from now on.
    pub head: Option<Uuid>,
    /// What lists show of the next analysis, which takes its number.
    pub headline: Option<&'a Value>,
}

/// Goes on with a session. The number of its newest analysis.
pub async fn advance(tx: &mut TenantTx, id: Uuid, to: Advance<'_>) -> Result<i32> {
    Ok(sqlx::query_scalar(
        "update session
            set title = coalesce($2, title), head_id = coalesce($3, head_id),
                analyses = analyses + case when $4::jsonb is null then 0 else 1 end,
                headline = coalesce($4, headline), updated_at = $5
          where id = $1 returning analyses",
    )
    .bind(id)
    .bind(to.title)
    .bind(to.head)
    .bind(to.headline)
    .bind(tx.now())
    .fetch_one(&mut **tx)
    .await?)
}
