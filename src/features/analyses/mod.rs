//! Analyses as they are kept: what went into the engine, and what came out.
//! They are never changed.

use std::io::{Read, Write};
use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::engine::analysis::Analysis;
use crate::engine::brief::Brief;
use crate::platform::api_key::Mode;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::state::AppState;
use crate::platform::work;

/// An analysis without its contents.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Summary {
    pub number: i32,
    /// `test` in a session that a key in test mode started.
    pub mode: Mode,
    /// The analysis that it changes.
    pub previous: Option<i32>,
    /// The answer in the conversation that made it.
    pub message_id: Uuid,
    /// Region, recommended option, and monthly cost and availability of each option.
    #[schema(value_type = Object)]
    pub headline: Value,
    /// The version of the engine that made it.
    pub engine: String,
    pub created_at: DateTime<Utc>,
}

/// An analysis about to be kept.
pub struct New<'a> {
    pub previous: Option<i32>,
    pub message_id: Uuid,
    pub brief: &'a Brief,
    pub report: &'a [u8],
    pub headline: &'a Value,
}

pub async fn insert(tx: &mut TenantTx, session_id: Uuid, number: i32, new: &New<'_>) -> Result<()> {
    let (org_id, now) = (tx.org_id(), tx.now());
    sqlx::query(
        "insert into analysis (org_id, session_id, number, previous, message_id, brief, report,
                               headline, engine, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(org_id)
    .bind(session_id)
    .bind(number)
    .bind(new.previous)
    .bind(new.message_id)
    .bind(Json(new.brief))
    .bind(new.report)
    .bind(new.headline)
    .bind(env!("CARGO_PKG_VERSION"))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Copies an analysis into another session.
pub async fn copy(
    tx: &mut TenantTx,
    (from, number): (Uuid, i32),
    (to, next): (Uuid, i32),
    previous: Option<i32>,
    message_id: Uuid,
) -> Result<()> {
    sqlx::query(
        "insert into analysis (org_id, session_id, number, previous, message_id, brief, report,
                               headline, engine, created_at)
         select org_id, $3, $4, $5, $6, brief, report, headline, engine, $7 from analysis
          where session_id = $1 and number = $2",
    )
    .bind(from)
    .bind(number)
    .bind(to)
    .bind(next)
    .bind(previous)
    .bind(message_id)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The newest first.
pub async fn list(
    tx: &mut TenantTx,
    session_id: Uuid,
    before: Option<i32>,
    limit: usize,
) -> Result<Vec<Summary>> {
    Ok(sqlx::query_as(
        "select a.number, s.mode, a.previous, a.message_id, a.headline, a.engine, a.created_at
           from analysis a join session s on s.org_id = a.org_id and s.id = a.session_id
          where a.session_id = $1 and ($2::integer is null or a.number < $2)
          order by a.number desc limit $3",
    )
    .bind(session_id)
    .bind(before)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?)
}

pub async fn find(tx: &mut TenantTx, session_id: Uuid, number: i32) -> Result<Summary> {
    sqlx::query_as(
        "select a.number, s.mode, a.previous, a.message_id, a.headline, a.engine, a.created_at
           from analysis a join session s on s.org_id = a.org_id and s.id = a.session_id
          where a.session_id = $1 and a.number = $2",
    )
    .bind(session_id)
    .bind(number)
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(Error::NotFound("analysis"))
}

/// What went in.
pub async fn brief(tx: &mut TenantTx, session_id: Uuid, number: i32) -> Result<Brief> {
    let brief: Option<Json<Brief>> =
        sqlx::query_scalar("select brief from analysis where session_id = $1 and number = $2")
            .bind(session_id)
            .bind(number)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(brief.ok_or(Error::NotFound("analysis"))?.0)
}

/// What came out, as it was then.
pub async fn report(tx: &mut TenantTx, session_id: Uuid, number: i32) -> Result<Value> {
    let report = report_text(tx, session_id, number).await?;
    Ok(serde_json::from_str(report.get()).context("a kept report is damaged")?)
}

/// The same, to be handed on as it is.
pub async fn report_text(
    tx: &mut TenantTx,
    session_id: Uuid,
    number: i32,
) -> Result<Box<RawValue>> {
    let report: Option<Vec<u8>> =
        sqlx::query_scalar("select report from analysis where session_id = $1 and number = $2")
            .bind(session_id)
            .bind(number)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(unpack(&report.ok_or(Error::NotFound("analysis"))?)?)
}

/// An analysis that the engine makes again, or made not long ago.
pub struct Replay {
    at: (Uuid, i32),
    from: From,
}

enum From {
    Memory(Arc<Analysis>),
    Brief(Arc<Brief>),
}

/// About what the three options of an analysis take up in memory.
const WEIGHT: usize = 512 << 10;

/// Finds what is needed to look at an analysis as the engine sees it. The work
/// itself is [`Replay::make`]'s, once the transaction is over.
pub async fn replay(
    state: &AppState,
    tx: &mut TenantTx,
    session_id: Uuid,
    number: i32,
) -> Result<Replay> {
    find(tx, session_id, number).await?;
    let at = (session_id, number);
    let from = match state.cache.get("analysis", session_id, number.into()) {
        Some(made) => From::Memory(made),
        None => From::Brief(Arc::new(brief(tx, session_id, number).await?)),
    };
    Ok(Replay { at, from })
}

impl Replay {
    /// The session, and the number within it.
    pub fn at(&self) -> (Uuid, i32) {
        self.at
    }

    pub async fn make(&self, state: &AppState) -> Result<Arc<Analysis>> {
        let brief = match &self.from {
            From::Memory(made) => return Ok(made.clone()),
            From::Brief(brief) => brief.clone(),
        };
        // Made since, perhaps for another picture of the same page.
        if let Some(made) = state.cache.get("analysis", self.at.0, self.at.1.into()) {
            return Ok(made);
        }
        let made = work::run(move || Arc::new(brief.analyze())).await?;
        remember(state, self.at.0, self.at.1, &made);
        Ok(made)
    }
}

/// Keeps what the engine made for who looks at it next.
pub fn remember(state: &AppState, session_id: Uuid, number: i32, made: &Arc<Analysis>) {
    state.cache.put("analysis", session_id, number.into(), made, WEIGHT);
}

/// A report as it is kept.
pub fn pack(report: &RawValue) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(report.get().as_bytes()).expect("memory can be written to");
    encoder.finish().expect("memory can be written to")
}

fn unpack(bytes: &[u8]) -> anyhow::Result<Box<RawValue>> {
    let mut text = String::new();
    DeflateDecoder::new(bytes).read_to_string(&mut text).context("a kept report is damaged")?;
    RawValue::from_string(text).context("a kept report is damaged")
}

/// The newest analysis of a session.
pub async fn newest(tx: &mut TenantTx, session_id: Uuid) -> Result<Summary> {
    exists(tx, session_id).await?;
    let newest = list(tx, session_id, None, 1).await?.pop();
    newest.ok_or_else(|| {
        Error::conflict("no_analysis", "this session has no analysis yet; describe what you need")
    })
}

/// Refuses when there is no such session to have analyses.
pub async fn exists(tx: &mut TenantTx, session_id: Uuid) -> Result<()> {
    let exists: bool = sqlx::query_scalar(
        "select exists (select from session where id = $1 and deleted_at is null)",
    )
    .bind(session_id)
    .fetch_one(&mut **tx)
    .await?;
    if exists { Ok(()) } else { Err(Error::NotFound("session")) }
}
