//! The rows of public links.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::NewShare;
use crate::platform::crypto::Token;
use crate::platform::db::{SystemTx, TenantTx, Tx};
use crate::platform::error::Result;

/// A link as its owners see it; its address is not kept.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Share {
    pub id: Uuid,
    pub session_id: Uuid,
    /// The number of the analysis that it shows.
    pub analysis: i32,
    /// Shown instead of the session's title, unless empty.
    pub title: String,
    /// `diagram`, `costs`, `code`, `why`.
    pub shown: Vec<String>,
    /// `organisation`, `people`, `workspace`, `naming`.
    pub hidden: Vec<String>,
    /// More names that it does not show.
    pub words: Vec<String>,
    /// `active`, `expired` or `revoked`.
    pub state: String,
    /// Who made it; `null` once their account is gone.
    pub created_by: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// When somebody last looked, to the minute.
    pub last_viewed_at: Option<DateTime<Utc>>,
    pub views: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select l.id, l.session_id, l.number as analysis, l.title, l.shown, l.hidden, l.words,
                    case when l.revoked_at is not null then 'revoked'
                         when l.expires_at <= $1 then 'expired' else 'active' end as state,
                    a.name as created_by, l.created_at, l.expires_at, l.revoked_at,
                    l.last_used_at as last_viewed_at, l.views
               from share_link l left join account a on a.id = l.created_by ",
            $rest
        )
    };
}

/// Those that work first, then the newest.
pub async fn list(tx: &mut TenantTx, session_id: Uuid) -> Result<Vec<Share>> {
    let now = tx.now();
    Ok(sqlx::query_as(select!(
        "where l.session_id = $2
         order by (l.revoked_at is null and l.expires_at > $1) desc, l.created_at desc, l.id
         limit 200"
    ))
    .bind(now)
    .bind(session_id)
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<Option<Share>> {
    let now = tx.now();
    Ok(sqlx::query_as(select!("where l.session_id = $2 and l.id = $3"))
        .bind(now)
        .bind(session_id)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?)
}

/// How many of a session work.
pub async fn count(tx: &mut TenantTx, session_id: Uuid) -> Result<i64> {
    let now = tx.now();
    Ok(sqlx::query_scalar(
        "select count(*) from share_link
          where session_id = $1 and revoked_at is null and expires_at > $2",
    )
    .bind(session_id)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}

pub async fn insert(
    tx: &mut TenantTx,
    (session_id, number): (Uuid, i32),
    new: &NewShare,
    token: &Token,
    expires_at: DateTime<Utc>,
    created_by: Uuid,
) -> Result<Share> {
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    sqlx::query(
        "insert into share_link (id, org_id, session_id, number, token_hash, title, shown, hidden,
                                 words, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(id)
    .bind(org_id)
    .bind(session_id)
    .bind(number)
    .bind(token.hash().as_slice())
    .bind(&new.title)
    .bind(new.shown.iter().cloned().collect::<Vec<_>>())
    .bind(new.hidden.iter().cloned().collect::<Vec<_>>())
    .bind(&new.words)
    .bind(created_by)
    .bind(now)
    .bind(expires_at)
    .execute(&mut **tx)
    .await?;
    let made = find(tx, session_id, id).await?;
    made.ok_or_else(|| anyhow::anyhow!("a link that was just made is not there").into())
}

/// Returns whether there was one that was not revoked.
pub async fn revoke(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "update share_link set revoked_at = $3
          where session_id = $1 and id = $2 and revoked_at is null",
    )
    .bind(session_id)
    .bind(id)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the organisation has public links at all.
pub async fn allowed(tx: &mut TenantTx) -> Result<bool> {
    Ok(sqlx::query_scalar("select public_links from org").fetch_one(&mut **tx).await?)
}

/// How the organisation is called.
pub async fn names_of_org(tx: &mut TenantTx) -> Result<Vec<String>> {
    let (name, slug): (String, String) =
        sqlx::query_as("select name, slug from org").fetch_one(&mut **tx).await?;
    Ok(vec![name, slug])
}

/// How its people are called, and their addresses.
pub async fn names_of_people(tx: &mut TenantTx) -> Result<Vec<String>> {
    let people: Vec<(String, String)> = sqlx::query_as(
        "select a.name, a.email from member m join account a on a.id = m.account_id
          order by m.created_at limit 2000",
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(people.into_iter().flat_map(|it| [it.0, it.1]).collect())
}

/// What a token leads to.
#[derive(Clone, Debug, FromRow)]
pub struct Found {
    pub id: Uuid,
    pub org_id: Uuid,
    pub session_id: Uuid,
    pub number: i32,
    pub title: String,
    pub shown: Vec<String>,
    pub hidden: Vec<String>,
    pub words: Vec<String>,
    pub expires_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
    pub created_by: Option<String>,
    pub session: String,
    pub org: String,
    pub workspace: String,
    /// The organisation allows links, and the session is there.
    pub open: bool,
}

/// Looks a token up, whoever's it is: nobody is signed in.
pub async fn by_token(tx: &mut SystemTx, token: &Token) -> Result<Option<Found>> {
    Ok(sqlx::query_as(
        "select l.id, l.org_id, l.session_id, l.number, l.title, l.shown, l.hidden, l.words,
                l.expires_at, l.revoked_at, l.last_used_at, a.name as created_by,
                s.title as session, o.name as org, w.name as workspace,
                o.public_links and s.deleted_at is null as open
           from share_link l
           join org o on o.id = l.org_id
           join session s on s.org_id = l.org_id and s.id = l.session_id
           join workspace w on w.org_id = s.org_id and w.id = s.workspace_id
           left join account a on a.id = l.created_by
          where l.token_hash = $1",
    )
    .bind(token.hash().as_slice())
    .fetch_optional(&mut **tx)
    .await?)
}

/// Counts a look at the link.
pub async fn viewed(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let now = tx.now();
    sqlx::query("update share_link set views = views + 1, last_used_at = $2 where id = $1")
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
