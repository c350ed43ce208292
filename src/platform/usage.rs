//! Counts what is called with keys, out of the way of the calls.
//!
//! Calls are added up in memory, per key, day and operation, and written every
//! few seconds and when the server stops; once more per key and day, and per
//! operation and day, which is what reports read. A server that is killed loses what it
//! counted since: these are figures to look at, nothing is decided by them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use super::state::AppState;

/// Upper bounds of the classes of durations, in milliseconds; what is slower
/// than the last falls into one more.
pub const BOUNDS_MS: [u32; 10] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000];

/// Calls by duration, one more than there are bounds.
pub type Buckets = [i64; BOUNDS_MS.len() + 1];

/// How long counts stay in memory.
const EVERY: Duration = Duration::from_secs(10);

/// Held by the server that writes, so that two do not wait for each other's
/// rows in different orders.
const WRITING: i64 = 0x636c_6f75_6475_7361;

/// A call that was answered.
#[derive(Clone, Debug)]
pub struct Call {
    pub org_id: Uuid,
    pub key_id: Uuid,
    /// Like `POST /api/v1/analyze`: the pattern of the path, not the path.
    pub operation: String,
    pub status: u16,
    pub took: Duration,
    pub units: i64,
    pub ip: Option<IpAddr>,
    pub at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Place {
    org_id: Uuid,
    key_id: Uuid,
    day: NaiveDate,
    operation: String,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Tally {
    calls: i64,
    client_errors: i64,
    server_errors: i64,
    limited: i64,
    units: i64,
    buckets: Buckets,
}

impl Tally {
    fn add(&mut self, more: &Self) {
        self.calls += more.calls;
        self.client_errors += more.client_errors;
        self.server_errors += more.server_errors;
        self.limited += more.limited;
        self.units += more.units;
        for (sum, more) in self.buckets.iter_mut().zip(more.buckets) {
            *sum += more;
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Waiting {
    tallies: BTreeMap<Place, Tally>,
    /// When and from where each key was last used.
    last: BTreeMap<(Uuid, Uuid), (DateTime<Utc>, Option<IpAddr>)>,
}

impl Waiting {
    fn add(&mut self, place: Place, tally: &Tally) {
        self.tallies.entry(place).or_default().add(tally);
    }

    fn seen(&mut self, key: (Uuid, Uuid), at: DateTime<Utc>, ip: Option<IpAddr>) {
        let last = self.last.entry(key).or_insert((at, ip));
        if last.0 <= at {
            *last = (at, ip);
        }
    }
}

/// What this server has counted and not yet written.
#[derive(Clone, Default)]
pub struct Usage(Arc<Mutex<Waiting>>);

impl fmt::Debug for Usage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Usage")
    }
}

impl Usage {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(|it| it.into_inner())
    }

    pub fn record(&self, call: Call) {
        let one = |it: bool| i64::from(it);
        let mut tally = Tally {
            calls: 1,
            client_errors: one((400..500).contains(&call.status) && call.status != 429),
            server_errors: one(call.status >= 500),
            limited: one(call.status == 429),
            units: call.units,
            buckets: Buckets::default(),
        };
        tally.buckets[class(call.took)] = 1;
        let day = call.at.date_naive();
        let (org_id, key_id) = (call.org_id, call.key_id);
        let mut waiting = self.waiting();
        waiting.seen((org_id, key_id), call.at, call.ip);
        waiting.add(Place { org_id, key_id, day, operation: call.operation }, &tally);
    }

    /// Writes what was counted. What cannot be written is kept for next time.
    pub async fn flush(&self, state: &AppState) -> anyhow::Result<()> {
        let taken = std::mem::take(&mut *self.waiting());
        if taken.tallies.is_empty() {
            return Ok(());
        }
        let written = write(state, &taken).await;
        if written.is_err() {
            let mut waiting = self.waiting();
            for (place, tally) in taken.tallies {
                waiting.add(place, &tally);
            }
            for (key, (at, ip)) in taken.last {
                waiting.seen(key, at, ip);
            }
        }
        written
    }
}

fn class(took: Duration) -> usize {
    BOUNDS_MS
        .iter()
        .position(|it| took <= Duration::from_millis((*it).into()))
        .unwrap_or(BOUNDS_MS.len())
}

async fn write(state: &AppState, taken: &Waiting) -> anyhow::Result<()> {
    let mut tx = state.db.pool().begin().await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(WRITING).execute(&mut *tx).await?;
    // A key may have gone with its organisation since.
    let keys: BTreeSet<Uuid> =
        sqlx::query_scalar("select id from api_key where id = any ($1) for key share")
            .bind(taken.last.keys().map(|it| it.1).collect::<Vec<_>>())
            .fetch_all(&mut *tx)
            .await?
            .into_iter()
            .collect();
    add_to_all(&mut tx, taken.tallies.iter().filter(|it| keys.contains(&it.0.key_id))).await?;
    let last: Value = taken
        .last
        .iter()
        .map(|((org_id, key_id), (at, ip))| {
            json!({ "org_id": org_id, "key_id": key_id, "at": at, "ip": ip })
        })
        .collect();
    sqlx::query(
        "update api_key k set last_used_at = t.at, last_used_ip = t.ip
           from jsonb_to_recordset($1) as t (org_id uuid, key_id uuid, at timestamptz, ip text)
          where k.org_id = t.org_id and k.id = t.key_id
            and (k.last_used_at is null or k.last_used_at < t.at)",
    )
    .bind(last)
    .execute(&mut *tx)
    .await?;
    Ok(tx.commit().await?)
}

/// What was counted is added to each of the tables that hold it.
async fn add_to_all(
    conn: &mut PgConnection,
    tallies: impl Iterator<Item = (&Place, &Tally)>,
) -> sqlx::Result<()> {
    let (mut all, mut of_keys, mut of_operations) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    for (place, tally) in tallies {
        all.push(Counted { place, tally });
        let key = Place { operation: String::new(), ..place.clone() };
        of_keys.entry(key).or_insert_with(Tally::default).add(tally);
        let operation = Place { key_id: Uuid::nil(), ..place.clone() };
        of_operations.entry(operation).or_insert_with(Tally::default).add(tally);
    }
    let statements = [
        (
            "insert into api_usage as u (org_id, key_id, day, operation, calls, client_errors,
                                         server_errors, limited, units, buckets)
             select *
               from jsonb_to_recordset($1) as t (org_id uuid, key_id uuid, day date, operation text,
                    calls bigint, client_errors bigint, server_errors bigint, limited bigint,
                    units bigint, buckets bigint[])
             on conflict (org_id, key_id, day, operation) do update
                set calls = u.calls + excluded.calls,
                    client_errors = u.client_errors + excluded.client_errors,
                    server_errors = u.server_errors + excluded.server_errors,
                    limited = u.limited + excluded.limited,
                    units = u.units + excluded.units,
                    buckets = app.add_up(u.buckets, excluded.buckets)",
            json!(all),
        ),
        (
            "insert into api_usage_of_key as u (org_id, key_id, day, calls, client_errors,
                                                server_errors, limited, units, buckets)
             select *
               from jsonb_to_recordset($1) as t (org_id uuid, key_id uuid, day date,
                    calls bigint, client_errors bigint, server_errors bigint, limited bigint,
                    units bigint, buckets bigint[])
             on conflict (org_id, day, key_id) do update
                set calls = u.calls + excluded.calls,
                    client_errors = u.client_errors + excluded.client_errors,
                    server_errors = u.server_errors + excluded.server_errors,
                    limited = u.limited + excluded.limited,
                    units = u.units + excluded.units,
                    buckets = app.add_up(u.buckets, excluded.buckets)",
            counted(&of_keys),
        ),
        (
            "insert into api_usage_of_operation as u (org_id, day, operation, calls, client_errors,
                                                      server_errors, limited, units, buckets)
             select *
               from jsonb_to_recordset($1) as t (org_id uuid, day date, operation text,
                    calls bigint, client_errors bigint, server_errors bigint, limited bigint,
                    units bigint, buckets bigint[])
             on conflict (org_id, day, operation) do update
                set calls = u.calls + excluded.calls,
                    client_errors = u.client_errors + excluded.client_errors,
                    server_errors = u.server_errors + excluded.server_errors,
                    limited = u.limited + excluded.limited,
                    units = u.units + excluded.units,
                    buckets = app.add_up(u.buckets, excluded.buckets)",
            counted(&of_operations),
        ),
    ];
    for (statement, counted) in statements {
        sqlx::query(statement).bind(counted).execute(&mut *conn).await?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Counted<'a> {
    #[serde(flatten)]
    place: &'a Place,
    #[serde(flatten)]
    tally: &'a Tally,
}

fn counted(tallies: &BTreeMap<Place, Tally>) -> Value {
    json!(tallies.iter().map(|(place, tally)| Counted { place, tally }).collect::<Vec<_>>())
}

/// Writes every few seconds, for as long as it is let run.
pub async fn run(state: AppState) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(err) = state.usage.flush(&state).await {
            tracing::warn!(error = format!("{err:#}"), "cannot write how much keys are used");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_the_first_class_that_holds_them() {
        for (ms, expected) in [(0, 0), (5, 0), (6, 1), (100, 4), (5_000, 9), (5_001, 10)] {
            assert_eq!(class(Duration::from_millis(ms)), expected, "{ms}");
        }
    }
}
