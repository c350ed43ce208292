//! The conversation: a tree of messages, of which one path is shown.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};

/// One turn of a conversation.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Message {
    pub id: Uuid,
    #[serde(skip)]
    pub session_id: Uuid,
    /// The message it answers or follows; `null` for the first.
    pub parent_id: Option<Uuid>,
    /// `person` or `cloudgen`.
    pub author: String,
    /// The person's account.
    pub account_id: Option<Uuid>,
    /// How the person was called at the time.
    pub author_name: Option<String>,
    /// What was said, as plain text.
    pub body: String,
    /// A person's: `{"setting": {"kind", "value"}}` when a setting was changed by hand.
    /// CloudGen's: the parts of the answer, see the guide.
    #[schema(value_type = Option<Object>)]
    pub content: Option<Value>,
    /// `running`, `done`, `stopped` or `failed`.
    pub state: String,
    /// The number of the analysis that this message made.
    pub analysis: Option<i32>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// A message about to be written.
pub struct New<'a> {
    pub parent_id: Option<Uuid>,
    pub author: &'static str,
    pub account_id: Option<Uuid>,
    pub author_name: Option<&'a str>,
    pub body: &'a str,
    pub content: Option<&'a Value>,
    pub state: &'static str,
    pub analysis: Option<i32>,
}

pub async fn insert(tx: &mut TenantTx, session_id: Uuid, new: New<'_>) -> Result<Message> {
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    Ok(sqlx::query_as(
        "insert into message (id, org_id, session_id, parent_id, author, account_id, author_name,
                              body, content, state, analysis, created_at, finished_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                 case when $10 = 'running' then null else $12::timestamptz end)
         returning *",
    )
    .bind(id)
    .bind(org_id)
    .bind(session_id)
    .bind(new.parent_id)
    .bind(new.author)
    .bind(new.account_id)
    .bind(new.author_name)
    .bind(new.body)
    .bind(new.content)
    .bind(new.state)
    .bind(new.analysis)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<Message> {
    sqlx::query_as("select * from message where session_id = $1 and id = $2")
        .bind(session_id)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("message"))
}

/// The same, held until the transaction ends.
pub async fn lock(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<Message> {
    sqlx::query_as("select * from message where session_id = $1 and id = $2 for no key update")
        .bind(session_id)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("message"))
}

/// An answer of any session that is not deleted.
pub async fn find_answer(tx: &mut TenantTx, id: Uuid) -> Result<Option<Message>> {
    Ok(sqlx::query_as(
        "select m.* from message m join session s on s.org_id = m.org_id and s.id = m.session_id
          where m.id = $1 and m.author = 'cloudgen' and s.deleted_at is null",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

/// The path from the first message to `head`, oldest first.
pub async fn path(tx: &mut TenantTx, session_id: Uuid, head: Option<Uuid>) -> Result<Vec<Message>> {
    Ok(sqlx::query_as(
        "with recursive path as (
             select m.* from message m where m.session_id = $1 and m.id = $2
             union all
             select m.* from message m join path p on m.org_id = p.org_id and m.id = p.parent_id)
         select * from path order by id",
    )
    .bind(session_id)
    .bind(head)
    .fetch_all(&mut **tx)
    .await?)
}

/// All messages of all branches, oldest first.
pub async fn list(
    tx: &mut TenantTx,
    session_id: Uuid,
    after: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Message>> {
    Ok(sqlx::query_as(
        "select * from message where session_id = $1 and ($2::uuid is null or id > $2)
          order by id limit $3",
    )
    .bind(session_id)
    .bind(after)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

/// A person's message and the others that start a branch at the same place, in
/// the order they were written.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct Fork {
    pub parent_id: Option<Uuid>,
    pub ids: Vec<Uuid>,
}

pub async fn forks(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Fork>> {
    Ok(sqlx::query_as(
        "select parent_id, array_agg(id order by id) as ids from message
          where session_id = $1 and author = 'person' group by parent_id having count(*) > 1",
    )
    .bind(session_id)
    .fetch_all(&mut **tx)
    .await?)
}

/// The end of the newest branch that passes through a message.
pub async fn tip(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<Uuid> {
    let tip: Option<Uuid> = sqlx::query_scalar(
        "with recursive below as (
             select m.org_id, m.id from message m where m.session_id = $1 and m.id = $2
             union all
             select m.org_id, m.id from message m join below b on m.org_id = b.org_id and m.parent_id = b.id)
         select b.id from below b
          where not exists (select from message m where m.org_id = b.org_id and m.parent_id = b.id)
          order by b.id desc limit 1",
    )
    .bind(session_id)
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    tip.ok_or(Error::NotFound("message"))
}

/// How an answer ends.
pub struct End<'a> {
    pub state: &'static str,
    pub body: &'a str,
    pub content: &'a Value,
    pub analysis: Option<i32>,
}

pub async fn finish(tx: &mut TenantTx, id: Uuid, end: End<'_>) -> Result<()> {
    sqlx::query(
        "update message set state = $2, body = $3, content = $4, analysis = $5, finished_at = $6
          where id = $1",
    )
    .bind(id)
    .bind(end.state)
    .bind(end.body)
    .bind(end.content)
    .bind(end.analysis)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The newest analysis made on the way to a message.
pub async fn analysis_before(
    tx: &mut TenantTx,
    session_id: Uuid,
    id: Option<Uuid>,
) -> Result<Option<i32>> {
    Ok(sqlx::query_scalar(
        "with recursive path as (
             select m.org_id, m.id, m.parent_id, m.analysis from message m
              where m.session_id = $1 and m.id = $2
             union all
             select m.org_id, m.id, m.parent_id, m.analysis
               from message m join path p on m.org_id = p.org_id and m.id = p.parent_id
              where p.analysis is null)
         select analysis from path where analysis is not null limit 1",
    )
    .bind(session_id)
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

/// Says which analysis a message made.
pub async fn set_analysis(tx: &mut TenantTx, id: Uuid, analysis: i32) -> Result<()> {
    sqlx::query("update message set analysis = $2 where id = $1")
        .bind(id)
        .bind(analysis)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
