//! Tells pages that watch something what happens to it, while it happens.
//!
//! Whoever changes something that is watched calls [`tell`] in the transaction
//! that changes it. A notice is a numbered row of its topic; a stream reads
//! from the number on that the browser saw last, and so survives a dropped
//! line, a reload and a restart. Postgres wakes the streams of every server
//! process once the transaction has committed; a lost call costs time, never a
//! notice.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use serde_json::Value;
use sqlx::postgres::PgListener;
use sqlx::{FromRow, PgPool};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

use super::access::Action;
use super::ctx::Ctx;
use super::db::{TenantTx, Tx};
use super::error::Result;
use super::state::AppState;

const CHANNEL: &str = "cloudgen_live";

/// A stream looks for itself after this long without a call.
const LOOK: Duration = Duration::from_secs(10);

/// After this long a stream ends and the browser opens the next one, which is
/// asked again whether it may.
const LENGTH: chrono::Duration = chrono::Duration::minutes(5);

/// How many notices are read at once.
const BATCH: i64 = 500;

/// How long notices are kept for those who lost the line.
pub(super) const KEPT: chrono::Duration = chrono::Duration::days(1);

/// The streams of this process, and who wakes them.
#[derive(Clone, Debug)]
pub struct Live(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    pool: PgPool,
    calls: broadcast::Sender<Uuid>,
    /// Whether somebody listens to Postgres; changed only while held.
    listening: Mutex<bool>,
    closing: watch::Sender<bool>,
}

/// What is to be told of a topic.
#[derive(Debug)]
pub(super) struct Told {
    topic: Uuid,
    name: &'static str,
    data: Value,
}

/// Tells whoever watches the topic, once the transaction has committed. It is
/// written down when it commits.
pub fn tell(tx: &mut TenantTx, topic: Uuid, name: &'static str, data: Value) {
    tx.told().push(Told { topic, name, data });
}

/// Writes what was told. Topics are taken in one order by all, so that none waits
/// for another in a ring.
pub(super) async fn write(tx: &mut TenantTx) -> Result<()> {
    let told = std::mem::take(tx.told());
    if told.is_empty() {
        return Ok(());
    }
    let (org_id, now) = (tx.org_id(), tx.now());
    let topics: Vec<Uuid> = told.iter().map(|it| it.topic).collect();
    let names: Vec<&str> = told.iter().map(|it| it.name).collect();
    let data: Vec<Value> = told.into_iter().map(|it| it.data).collect();
    sqlx::query(
        "with told as (
             select topic, name, data, row_number() over (partition by topic order by nth) as nth
               from unnest($2::uuid[], $3::text[], $4::jsonb[])
                    with ordinality as told (topic, name, data, nth)),
         counted as (select topic, count(*) as notices from told group by topic),
         next as (
             insert into live_topic as t (org_id, id, seq, at)
             select $1, topic, notices, $5 from counted order by topic
             on conflict (org_id, id) do update set seq = t.seq + excluded.seq, at = $5
             returning id, seq),
         notice as (
             insert into live_notice (org_id, topic, seq, name, data, at)
             select $1, topic, next.seq - counted.notices + told.nth, told.name, told.data, $5
               from told join counted using (topic) join next on next.id = topic)
         select pg_notify($6, id::text) from next",
    )
    .bind(org_id)
    .bind(topics)
    .bind(names)
    .bind(data)
    .bind(now)
    .bind(CHANNEL)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The number of the topic's newest notice. A page that was rendered in the
/// same transaction streams from there on.
pub async fn position(tx: &mut TenantTx, topic: Uuid) -> Result<i64> {
    write(tx).await?;
    let seq: Option<i64> = sqlx::query_scalar("select seq from live_topic where id = $1")
        .bind(topic)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(seq.unwrap_or(0))
}

/// What was told of one thing on a topic, oldest first: the data of the notices
/// of this name whose `id` is the given one.
pub async fn told(tx: &mut TenantTx, topic: Uuid, name: &str, id: Uuid) -> Result<Vec<Value>> {
    write(tx).await?;
    let query = "select data from live_notice
                  where topic = $1 and name = $2 and data ->> 'id' = $3 order by seq";
    Ok(sqlx::query_scalar(query)
        .bind(topic)
        .bind(name)
        .bind(id.to_string())
        .fetch_all(&mut **tx)
        .await?)
}

#[derive(Debug, FromRow)]
struct Notice {
    seq: i64,
    name: String,
    data: Value,
}

async fn since(tx: &mut TenantTx, topic: Uuid, seq: i64) -> Result<Vec<Notice>> {
    Ok(sqlx::query_as(
        "select seq, name, data from live_notice where topic = $1 and seq > $2
          order by seq limit $3",
    )
    .bind(topic)
    .bind(seq)
    .bind(BATCH)
    .fetch_all(&mut **tx)
    .await?)
}

/// The number after which the browser wants to go on.
pub fn last_seen(headers: &HeaderMap) -> Option<i64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

struct Reading {
    state: AppState,
    ctx: Ctx,
    action: Action,
    topic: Uuid,
    watch: Watch,
    seq: i64,
    pending: std::vec::IntoIter<Notice>,
    until: DateTime<Utc>,
}

/// The notices of a topic after number `after`, or from now on. The caller has
/// made sure that the topic is there for `ctx` to see; that `ctx` may do
/// `action` is asked on every read.
pub async fn stream(
    state: AppState,
    ctx: Ctx,
    action: Action,
    topic: Uuid,
    after: Option<i64>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    // Before reading, so that nothing falls between the two.
    let watch = state.live.watch(topic);
    let mut tx = ctx.begin(action).await?;
    let newest = position(&mut tx, topic).await?;
    tx.commit().await?;
    // A number that was never given is that of another database.
    let seq = after.filter(|it| (0..=newest).contains(it)).unwrap_or(newest);
    let until = state.clock.now() + LENGTH;
    let pending = Vec::new().into_iter();
    let reading = Reading { state, ctx, action, topic, watch, seq, pending, until };
    let opened = Event::default().event("open").data("{}").retry(Duration::from_secs(1));
    let notices = stream::unfold(reading, |mut reading| async move {
        let event = reading.next().await?;
        Some((Ok(event), reading))
    });
    let all = stream::iter([Ok(opened)]).chain(notices);
    Ok(Sse::new(all).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

impl Reading {
    /// The next notice; `None` ends the stream.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(notice) = self.pending.next() {
                self.seq = notice.seq;
                let event = Event::default().id(notice.seq.to_string()).event(notice.name);
                return Some(event.data(notice.data.to_string()));
            }
            if self.state.clock.now() >= self.until {
                return None;
            }
            match self.read().await {
                Ok(found) if !found.is_empty() => self.pending = found.into_iter(),
                Ok(_) => {
                    if self.watch.next().await == Call::Close {
                        return None;
                    }
                }
                // The browser comes back, and is told then.
                Err(err) => {
                    tracing::warn!(error = %err, "a stream ends");
                    return None;
                }
            }
        }
    }

    async fn read(&self) -> Result<Vec<Notice>> {
        let mut tx = self.ctx.begin(self.action).await?;
        let found = since(&mut tx, self.topic, self.seq).await?;
        tx.commit().await?;
        Ok(found)
    }
}

/// What [`Watch::next`] waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Look,
    /// The server is about to stop.
    Close,
}

/// Hears of one topic.
struct Watch {
    topic: Uuid,
    calls: broadcast::Receiver<Uuid>,
    closing: watch::Receiver<bool>,
}

impl Live {
    pub fn new(pool: PgPool) -> Self {
        let (calls, _) = broadcast::channel(1024);
        let (closing, _) = watch::channel(false);
        Self(Arc::new(Shared { pool, calls, listening: Mutex::new(false), closing }))
    }

    fn watch(&self, topic: Uuid) -> Watch {
        let calls = self.0.calls.subscribe();
        let mut listening = self.0.listening.lock().unwrap_or_else(|it| it.into_inner());
        if !*listening {
            *listening = true;
            tokio::spawn(listen(self.0.clone()));
        }
        Watch { topic, calls, closing: self.0.closing.subscribe() }
    }

    /// Ends every stream, so that the server can stop.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }
}

impl Watch {
    /// Waits until there may be something new.
    async fn next(&mut self) -> Call {
        let look = tokio::time::sleep(LOOK);
        tokio::pin!(look);
        loop {
            tokio::select! {
                call = self.calls.recv() => match call {
                    Ok(topic) if topic != self.topic => {}
                    // Also when calls were missed: then look.
                    _ => return Call::Look,
                },
                _ = self.closing.wait_for(|it| *it) => return Call::Close,
                () = &mut look => return Call::Look,
            }
        }
    }
}

/// Passes calls on for as long as anybody watches.
async fn listen(shared: Arc<Shared>) {
    loop {
        tokio::select! {
            () = shared.calls.closed() => {}
            result = pass_on(&shared) => {
                if let Err(err) = result {
                    tracing::warn!(error = %err, "cannot listen for changes; trying again");
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        let mut listening = shared.listening.lock().unwrap_or_else(|it| it.into_inner());
        if shared.calls.receiver_count() == 0 || shared.pool.is_closed() {
            *listening = false;
            return;
        }
    }
}

async fn pass_on(shared: &Shared) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(&shared.pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        if let Ok(topic) = listener.recv().await?.payload().parse() {
            // Nobody there to hear it is fine.
            let _ = shared.calls.send(topic);
        }
    }
}
