//! Linking events, and checking the links.

use std::fmt;

use chrono::SecondsFormat;
use futures_util::TryStreamExt;
use serde_json::{Value, json};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Recorded, canonical};
use crate::platform::crypto::{hex, sha256};
use crate::platform::db::Tx;
use crate::platform::error::Result;

const VERSION: &str = "cloudgen-event/1";

/// What the first link of a chain continues.
fn genesis(org_id: Uuid) -> [u8; 32] {
    sha256(format!("{VERSION}\n{org_id}"))
}

/// As precise as Postgres keeps it.
fn time(row: &Recorded) -> String {
    row.at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The hash that a row must carry: over all its other columns.
fn hash(row: &Recorded) -> [u8; 32] {
    let body = json!({
        "version": VERSION,
        "org_id": row.org_id,
        // As text: canonical JSON holds only integers below 2^53.
        "seq": row.seq.to_string(),
        "id": row.id,
        "at": time(row),
        "name": row.name,
        "outcome": row.outcome,
        "actor_kind": row.actor_kind,
        "actor_id": row.actor_id,
        "actor_label": row.actor_label,
        "subject": row.subject,
        "subject_id": row.subject_id,
        "before": row.before,
        "after": row.after,
        "ip": row.ip,
        "user_agent": row.user_agent,
        "request_id": row.request_id,
        "prev": hex(&row.prev),
    });
    sha256(canonical(&body))
}

/// Adds events of one organisation to its chain, which stays locked until the
/// transaction ends.
pub(super) async fn append(tx: &mut dyn Tx, events: &mut [Recorded]) -> Result<()> {
    let Some(org_id) = events.first().map(|it| it.org_id) else { return Ok(()) };
    let (mut seq, mut prev): (i64, Vec<u8>) =
        sqlx::query_as("select seq, hash from app.event_lock($1, $2)")
            .bind(org_id)
            .bind(genesis(org_id).as_slice())
            .fetch_one(tx.conn())
            .await?;
    for event in events.iter_mut() {
        seq += 1;
        (event.seq, event.prev) = (seq, prev);
        event.hash = hash(event).to_vec();
        prev = event.hash.clone();
    }
    let rows: Value = events.iter().map(row).collect();
    sqlx::query(
        "select app.event_append(link) from jsonb_populate_recordset(null::event, $1) as link",
    )
    .bind(rows)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The columns of an event, for Postgres to read.
fn row(event: &Recorded) -> Value {
    let mut row = serde_json::to_value(event).expect("events are plain data");
    row["org_id"] = json!(event.org_id);
    row["at"] = time(event).into();
    for (column, bytes) in [("prev", &event.prev), ("hash", &event.hash)] {
        row[column] = format!("\\x{}", hex(bytes)).into();
    }
    row
}

/// The first link of a chain that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    pub org_id: Uuid,
    pub seq: i64,
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "organisation {}, event {}: {}", self.org_id, self.seq, self.what)
    }
}

/// Walks the chain of one organisation; returns how many links hold, or the
/// first that does not.
pub async fn verify(conn: &mut PgConnection, org_id: Uuid) -> sqlx::Result<Result<i64, Broken>> {
    let head: Option<(i64, Vec<u8>)> =
        sqlx::query_as("select seq, hash from event_head where org_id = $1")
            .bind(org_id)
            .fetch_optional(&mut *conn)
            .await?;
    let (mut seq, mut prev) = (0, genesis(org_id).to_vec());
    let broken = |seq, what: String| Ok(Err(Broken { org_id, seq, what }));
    let mut rows =
        sqlx::query_as::<_, Recorded>("select * from event where org_id = $1 order by seq")
            .bind(org_id)
            .fetch(&mut *conn);
    while let Some(row) = rows.try_next().await? {
        if row.seq != seq + 1 {
            let what = format!("is missing; the next one there is {}", row.seq);
            return broken(seq + 1, what);
        }
        if row.prev != prev {
            let what = format!("does not continue event {seq}, which hashes to {}", hex(&prev));
            return broken(row.seq, what);
        }
        let expected = hash(&row);
        if row.hash != expected {
            let what = format!(
                "was altered: its contents hash to {}, it was written with {}",
                hex(&expected),
                hex(&row.hash)
            );
            return broken(row.seq, what);
        }
        (seq, prev) = (row.seq, row.hash);
    }
    match head {
        Some((head, _)) if head > seq => {
            broken(seq + 1, format!("is missing; the chain once reached event {head}"))
        }
        Some((head, hash)) if head < seq || hash != prev => {
            broken(head.max(1), "differs from the recorded head of the chain".to_owned())
        }
        None if seq > 0 => broken(1, "the recorded head of the chain is missing".to_owned()),
        _ => Ok(Ok(seq)),
    }
}

/// Verifies every chain. Each is read in one snapshot, so that events written
/// meanwhile do not look like damage.
pub async fn verify_all(pool: &PgPool) -> sqlx::Result<Vec<(Uuid, Result<i64, Broken>)>> {
    let mut tx = pool.begin().await?;
    sqlx::query("set transaction isolation level repeatable read, read only")
        .execute(&mut *tx)
        .await?;
    let orgs: Vec<Uuid> = sqlx::query_scalar(
        "select org_id from event union select org_id from event_head order by 1",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut results = Vec::with_capacity(orgs.len());
    for org_id in orgs {
        results.push((org_id, verify(&mut tx, org_id).await?));
    }
    Ok(results)
}
