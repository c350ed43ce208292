//! The rows of artifact sets, and what is in their archives.

use std::io::{Cursor, Read};

use anyhow::Context;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::generate::{Packed, Written};
use crate::platform::api_key::Mode;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};

/// The files of one option in one format.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Set {
    pub id: Uuid,
    pub session_id: Uuid,
    /// `test` in a session that a key in test mode started.
    pub mode: Mode,
    /// The number of the analysis.
    pub analysis: i32,
    /// `good`, `better` or `best`.
    #[serde(rename = "option")]
    pub tier: String,
    /// `terraform` or `cloudformation`.
    pub format: String,
    /// `queued`, `running`, `ready`, `failed` or `cancelled`.
    pub state: String,
    /// Why it failed.
    pub error: Option<String>,
    /// The files, once it is ready.
    #[schema(value_type = Option<Vec<File>>)]
    #[serde(rename = "files")]
    pub manifest: Option<Json<Vec<File>>>,
    /// SHA-256 of the archive, in hexadecimal.
    #[serde(serialize_with = "as_hex")]
    #[schema(value_type = Option<String>)]
    pub checksum: Option<Vec<u8>>,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

impl Set {
    /// Where its files are looked at: the code of its option.
    pub fn page(&self) -> String {
        let Self { session_id, analysis, tier, format, .. } = self;
        format!("/sessions/{session_id}/analyses/{analysis}/{tier}/code?format={format}")
    }
}

/// One generated file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct File {
    pub path: String,
    pub bytes: usize,
    pub lines: usize,
    /// In hexadecimal.
    pub sha256: String,
    /// Which lines belong to which component.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
}

/// The lines of one resource of a component.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Block {
    pub component: String,
    pub resource: String,
    pub first: usize,
    pub last: usize,
}

fn as_hex<S: serde::Serializer>(
    bytes: &Option<Vec<u8>>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    bytes.as_deref().map(crate::platform::crypto::hex).serialize(serializer)
}

macro_rules! select {
    ($rest:literal) => {
        select!("", "artifact_set", $rest)
    };
    ($with:literal, $sets:literal, $rest:literal) => {
        concat!(
            $with,
            "select a.id, a.session_id, s.mode, a.analysis, a.tier, a.format, a.state, a.error,
                    a.manifest, a.checksum, a.created_at, a.finished_at
               from ",
            $sets,
            " a join session s on s.org_id = a.org_id and s.id = a.session_id ",
            $rest
        )
    };
}

/// The newest first.
pub async fn list(tx: &mut TenantTx, session_id: Uuid, analysis: Option<i32>) -> Result<Vec<Set>> {
    Ok(sqlx::query_as(select!(
        "where a.session_id = $1 and ($2::integer is null or a.analysis = $2)
         order by a.created_at desc, a.id desc limit 500"
    ))
    .bind(session_id)
    .bind(analysis)
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Set> {
    sqlx::query_as(select!("where a.id = $1"))
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("artifact set"))
}

/// The newest set of an option in a format, in whatever state.
pub async fn of_option(
    tx: &mut TenantTx,
    session_id: Uuid,
    analysis: i32,
    tier: &str,
    format: &str,
) -> Result<Option<Set>> {
    Ok(sqlx::query_as(select!(
        "where a.session_id = $1 and a.analysis = $2 and a.tier = $3 and a.format = $4
         order by a.state in ('queued', 'running', 'ready') desc, a.created_at desc, a.id desc
         limit 1"
    ))
    .bind(session_id)
    .bind(analysis)
    .bind(tier)
    .bind(format)
    .fetch_optional(&mut **tx)
    .await?)
}

/// Writes a set that is to be generated; the one there is, if it is alive.
pub async fn insert(
    tx: &mut TenantTx,
    (session_id, analysis): (Uuid, i32),
    tier: &str,
    format: &str,
    created_by: Option<Uuid>,
) -> Result<(Set, bool)> {
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    let new = sqlx::query_as(select!(
        "with new as (
             insert into artifact_set (id, org_id, session_id, analysis, tier, format, state,
                                       created_by, created_at)
             values ($1, $2, $3, $4, $5, $6, 'queued', $7, $8)
             on conflict do nothing returning *) ",
        "new",
        ""
    ))
    .bind(id)
    .bind(org_id)
    .bind(session_id)
    .bind(analysis)
    .bind(tier)
    .bind(format)
    .bind(created_by)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(set) = new {
        return Ok((set, true));
    }
    let set = of_option(tx, session_id, analysis, tier, format).await?;
    Ok((set.ok_or(Error::NotFound("artifact set"))?, false))
}

/// Writes sets of a new analysis that are made already, or cannot be made; their ids.
pub async fn insert_made(
    tx: &mut TenantTx,
    (session_id, analysis): (Uuid, i32),
    format: &str,
    written: &[Written],
    error: &str,
    created_by: Option<Uuid>,
) -> Result<Vec<Uuid>> {
    let ids: Vec<Uuid> = written.iter().map(|_| tx.new_id()).collect();
    let packed = || written.iter().map(|it| it.packed.as_ref());
    let now = tx.now();
    sqlx::query(
        "insert into artifact_set (id, org_id, session_id, analysis, tier, format, state, error,
                                   manifest, archive, checksum, created_by, created_at, finished_at)
         select made.id, $1, $2, $3, made.tier, $4,
                case when made.archive is null then 'failed' else 'ready' end,
                case when made.archive is null then $5 end,
                made.manifest::json, made.archive, made.checksum, $6, $7, $7
           from unnest($8::uuid[], $9::text[], $10::text[], $11::bytea[], $12::bytea[])
                as made (id, tier, manifest, archive, checksum)",
    )
    .bind(tx.org_id())
    .bind(session_id)
    .bind(analysis)
    .bind(format)
    .bind(error)
    .bind(created_by)
    .bind(now)
    .bind(&ids)
    .bind(written.iter().map(|it| it.tier.name()).collect::<Vec<_>>())
    .bind(packed().map(|it| Some(&*it?.manifest)).collect::<Vec<Option<&str>>>())
    .bind(packed().map(|it| Some(&*it?.archive)).collect::<Vec<Option<&[u8]>>>())
    .bind(packed().map(|it| Some(&it?.checksum[..])).collect::<Vec<Option<&[u8]>>>())
    .execute(&mut **tx)
    .await?;
    Ok(ids)
}

/// Marks a set that is still to be made as being made.
pub async fn start(tx: &mut TenantTx, id: Uuid) -> Result<Option<Set>> {
    Ok(sqlx::query_as(select!(
        "with begun as (
             update artifact_set set state = 'running', error = null
              where id = $1 and state in ('queued', 'running') returning *) ",
        "begun",
        ""
    ))
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

/// Moves a set on, if it is in one of the states that it may come from.
pub async fn set_state(
    tx: &mut TenantTx,
    id: Uuid,
    from: &[&str],
    to: &str,
    error: Option<&str>,
) -> Result<bool> {
    let done = sqlx::query(
        "update artifact_set set state = $3, error = $4,
                finished_at = case when $3 in ('failed', 'cancelled') then $5::timestamptz end
          where id = $1 and state = any ($2)",
    )
    .bind(id)
    .bind(from)
    .bind(to)
    .bind(error)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps what a set was made into, unless it is not to be made any more.
pub async fn complete(tx: &mut TenantTx, id: Uuid, packed: &Packed) -> Result<bool> {
    let done = sqlx::query(
        "update artifact_set
            set state = 'ready', manifest = $2::text::json, archive = $3, checksum = $4, finished_at = $5
          where id = $1 and state in ('queued', 'running')",
    )
    .bind(id)
    .bind(&packed.manifest)
    .bind(&packed.archive)
    .bind(&packed.checksum[..])
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The archive of a set that is ready.
pub async fn archive(tx: &mut TenantTx, id: Uuid) -> Result<Vec<u8>> {
    let archive: Option<Option<Vec<u8>>> =
        sqlx::query_scalar("select archive from artifact_set where id = $1")
            .bind(id)
            .fetch_optional(&mut **tx)
            .await?;
    archive.ok_or(Error::NotFound("artifact set"))?.ok_or_else(|| {
        Error::conflict("artifacts_not_ready", "these files are not ready; look at the set's state")
    })
}

/// One file of a set.
pub async fn file(tx: &mut TenantTx, id: Uuid, path: &str) -> Result<Vec<u8>> {
    let archive = archive(tx, id).await?;
    let mut zip =
        zip::ZipArchive::new(Cursor::new(archive)).context("a kept archive is damaged")?;
    let mut entry = zip.by_name(path).map_err(|_| Error::NotFound("file"))?;
    let mut content = Vec::new();
    entry.read_to_end(&mut content).context("a kept archive is damaged")?;
    Ok(content)
}

/// Every file of an archive with its text; what is not text is left out.
pub fn unpack(archive: Vec<u8>) -> Result<Vec<(String, String)>> {
    let mut zip =
        zip::ZipArchive::new(Cursor::new(archive)).context("a kept archive is damaged")?;
    let mut files = Vec::new();
    for n in 0..zip.len() {
        let mut entry = zip.by_index(n).context("a kept archive is damaged")?;
        let mut text = String::new();
        if entry.read_to_string(&mut text).is_ok() {
            files.push((entry.name().map_err(anyhow::Error::from)?.into_owned(), text));
        }
    }
    Ok(files)
}

/// The title of a session that is there.
pub async fn session_title(tx: &mut TenantTx, session_id: Uuid) -> Result<String> {
    sqlx::query_scalar("select title from session where id = $1 and deleted_at is null")
        .bind(session_id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("session"))
}
