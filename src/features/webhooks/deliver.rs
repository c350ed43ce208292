//! Deliveries: signed, sent, and what came of each attempt written down.
//!
//! The deliveries of an endpoint wait in a few lanes, and a job empties one.
//! The attempt is made outside of any transaction. Should the server die before
//! the outcome is written, the queue runs the job again and the receiver sees
//! the same `webhook-id` twice.

use std::time::Instant;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::schedule;
use super::signing::{self, Secret};
use crate::features::orgs;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::events::{self, Event, Who};
use crate::platform::jobs::{self, Job, When};
use crate::platform::mail::Letter;
use crate::platform::outbound::{Failure, Reply};
use crate::platform::state::AppState;

/// So many deliveries to one endpoint at a time, and one while it fails: an
/// endpoint that hangs must not take the room of all others.
const LANES: u128 = 4;

/// What failed and what is sent again waits here, and so does all that is for
/// an endpoint that fails.
pub const SLOW_LANE: i16 = 0;

/// A lane is left after so long, for the lanes of others.
const TURN: std::time::Duration = std::time::Duration::from_secs(10);

/// Empties a lane of an endpoint of all that is due.
#[derive(Serialize, Deserialize)]
pub struct Deliver {
    pub endpoint_id: Uuid,
    pub lane: i16,
}

pub fn lane_of(delivery_id: Uuid, failing: bool) -> i16 {
    if failing {
        SLOW_LANE
    } else {
        i16::try_from(delivery_id.as_u128() % LANES).unwrap_or(SLOW_LANE)
    }
}

impl Deliver {
    /// One waiting job per lane is enough, since it empties it. Transactions
    /// that enqueue it wait for each other; they write their events first, so
    /// that all wait in the same order.
    pub async fn enqueue(self, tx: &mut dyn Tx) -> anyhow::Result<()> {
        let (queue, at) = (self.queue(), tx.now());
        let when = When { at: Some(at), key: Some(queue.clone()) };
        jobs::enqueue_in(tx, &queue, &self, when).await
    }

    /// Looks into the slow lane when `delivery_id` is due again. The job has a
    /// key of its own: it must not put off one that is to run now.
    async fn enqueue_again(
        tx: &mut dyn Tx,
        endpoint_id: Uuid,
        delivery_id: Uuid,
        at: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let job = Self { endpoint_id, lane: SLOW_LANE };
        let when = When { at: Some(at), key: Some(format!("webhooks:{delivery_id}")) };
        jobs::enqueue_in(tx, &job.queue(), &job, when).await
    }

    fn queue(&self) -> String {
        format!("webhooks:{}:{}", self.endpoint_id, self.lane)
    }
}

/// A delivery that is to be made, with all that is needed for it.
#[derive(FromRow)]
struct Due {
    id: Uuid,
    org_id: Uuid,
    endpoint_id: Uuid,
    message_id: Uuid,
    tries: i32,
    body: String,
    test: bool,
    url: String,
    secret: Vec<u8>,
    old_secret: Option<Vec<u8>>,
    endpoint_status: String,
}

impl Job for Deliver {
    const NAME: &'static str = "webhooks.deliver";
    /// The log of attempts tells more.
    const HISTORY: bool = false;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let begun = Instant::now();
        while let Some(due) = self.next(&state).await? {
            let delivered = match due.endpoint_status.as_str() {
                "paused" if !due.test => set_aside(&state, &due, "held").await?,
                "disabled" => set_aside(&state, &due, "failed").await?,
                _ => attempt(&state, due).await?,
            };
            if !delivered && self.lane != SLOW_LANE {
                return self.slow_down(&state).await;
            }
            if begun.elapsed() > TURN {
                let mut tx = state.db.system(Who::system()).await?;
                self.enqueue(&mut tx).await?;
                return Ok(tx.commit().await?);
            }
        }
        Ok(())
    }
}

impl Deliver {
    /// What has been due for longest. The job has the lane for itself.
    async fn next(&self, state: &AppState) -> anyhow::Result<Option<Due>> {
        let due = sqlx::query_as(
            "select d.id, d.org_id, d.endpoint_id, d.message_id, d.tries, m.body, m.test,
                    e.url, e.secret, e.status as endpoint_status,
                    case when e.old_secret_until > $3 then e.old_secret end as old_secret
               from webhook_delivery d
               join webhook_message m on m.id = d.message_id
               join webhook_endpoint e on e.id = d.endpoint_id
              where d.endpoint_id = $1 and d.lane = $2 and d.status = 'pending' and d.next_at <= $3
              order by d.next_at, d.id limit 1",
        )
        .bind(self.endpoint_id)
        .bind(self.lane)
        .bind(state.clock.now())
        .fetch_optional(state.db.pool())
        .await?;
        Ok(due)
    }

    /// The endpoint fails: the rest goes where there is one attempt at a time.
    async fn slow_down(&self, state: &AppState) -> anyhow::Result<()> {
        let mut tx = state.db.system(Who::system()).await?;
        sqlx::query(
            "update webhook_delivery set lane = $3
              where endpoint_id = $1 and lane = $2 and status = 'pending'",
        )
        .bind(self.endpoint_id)
        .bind(self.lane)
        .bind(SLOW_LANE)
        .execute(&mut *tx)
        .await?;
        Self { lane: SLOW_LANE, ..*self }.enqueue(&mut tx).await?;
        Ok(tx.commit().await?)
    }
}

/// Sends it, and returns whether it arrived.
async fn attempt(state: &AppState, due: Due) -> anyhow::Result<bool> {
    let outcome = match due.headers(state) {
        Ok(headers) => {
            let sent = state.outbound.post(&due.url, &headers, due.body.clone()).await;
            Outcome::new(sent, headers)
        }
        Err(err) => {
            let error = format!("{err:#}");
            tracing::error!(error, webhook = %due.endpoint_id, "cannot sign a message");
            Outcome::unsent("cannot open the secret that messages are signed with")
        }
    };
    let succeeded = outcome.succeeded();
    outcome.settle(state, due).await?;
    Ok(succeeded)
}

/// Does not send it, for now or for ever; that is no failure of the endpoint.
async fn set_aside(state: &AppState, due: &Due, status: &str) -> anyhow::Result<bool> {
    sqlx::query(
        "update webhook_delivery set status = $2, next_at = null where id = $1 and status = 'pending'",
    )
    .bind(due.id)
    .bind(status)
    .execute(state.db.pool())
    .await?;
    Ok(true)
}

impl Due {
    fn headers(&self, state: &AppState) -> anyhow::Result<Vec<(&'static str, String)>> {
        let (id, now) = (signing::message_id(self.message_id), state.clock.now());
        let mut signatures = Vec::new();
        for sealed in [Some(&self.secret), self.old_secret.as_ref()].into_iter().flatten() {
            let secret = Secret::open(&state.keys, self.endpoint_id, sealed)?;
            signatures.push(secret.sign(&id, now, &self.body));
        }
        Ok(vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", now.timestamp().to_string()),
            ("webhook-signature", signatures.join(" ")),
        ])
    }
}

/// What came of an attempt, in the form in which it is kept.
struct Outcome {
    response: Option<i16>,
    error: Option<String>,
    headers: Option<Vec<(String, String)>>,
    body: Option<String>,
    cut: bool,
    millis: i32,
    retry_after: Option<String>,
    request: Vec<(&'static str, String)>,
}

impl Outcome {
    fn new(sent: Result<Reply, Failure>, request: Vec<(&'static str, String)>) -> Self {
        match sent {
            Ok(reply) => Self {
                response: i16::try_from(reply.status).ok(),
                error: None,
                body: Some(String::from_utf8_lossy(&reply.body).replace('\0', "\u{fffd}")),
                cut: reply.cut,
                millis: i32::try_from(reply.took.as_millis()).unwrap_or(i32::MAX),
                retry_after: reply.header("retry-after").map(str::to_owned),
                headers: Some(reply.headers),
                request,
            },
            Err(failure) => Self { request, ..Self::unsent(failure) },
        }
    }

    fn unsent(error: impl ToString) -> Self {
        Self {
            response: None,
            error: Some(error.to_string()),
            headers: None,
            body: None,
            cut: false,
            millis: 0,
            retry_after: None,
            request: Vec::new(),
        }
    }

    fn succeeded(&self) -> bool {
        self.response.is_some_and(|it| (200..300).contains(&it))
    }

    async fn settle(self, state: &AppState, due: Due) -> anyhow::Result<()> {
        let mut tx = state.db.tenant(due.org_id, Who::system()).await?;
        let now = tx.now();
        let succeeded = self.succeeded();
        let asked = self.retry_after.as_deref().and_then(|it| schedule::retry_after(it, now));
        let gone = self.response == Some(410);
        let next_at = if succeeded || gone || due.test {
            None
        } else {
            schedule::next(due.tries + 1, asked, now)
        };
        let status = match (succeeded, next_at) {
            (true, _) => "delivered",
            (false, Some(_)) => "pending",
            (false, None) => "failed",
        };
        if !self.write(&mut tx, &due, status, next_at).await? {
            // Deleted meanwhile, and its log with it.
            return Ok(());
        }
        let outcome = if succeeded { "delivered" } else { "failed" };
        metrics::counter!("cloudgen_webhook_attempts_total", "outcome" => outcome).increment(1);
        if let Some(at) = next_at {
            Deliver::enqueue_again(&mut tx, due.endpoint_id, due.id, at).await?;
        }
        if succeeded {
            sqlx::query(
                "update webhook_endpoint set failing_since = null
                  where id = $1 and failing_since is not null",
            )
            .bind(due.endpoint_id)
            .execute(&mut *tx)
            .await?;
        } else if !due.test {
            failed(state, &mut tx, &due, gone).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Writes the attempt down and returns whether the delivery still exists.
    async fn write(
        &self,
        tx: &mut TenantTx,
        due: &Due,
        status: &str,
        next_at: Option<DateTime<Utc>>,
    ) -> anyhow::Result<bool> {
        let (id, now) = (tx.new_id(), tx.now());
        let done = sqlx::query(
            "with delivery as (
                 update webhook_delivery
                    set status = $4, next_at = $5, tries = tries + 1, attempts = attempts + 1,
                        lane = $14, response = $6, error = $7,
                        delivered_at = case when $4 = 'delivered' then $3 else delivered_at end
                  where id = $2
                 returning org_id, id, endpoint_id
             ), day as (
                 insert into webhook_day as d (org_id, endpoint_id, day, succeeded, failed, millis)
                 select org_id, endpoint_id, ($3 at time zone 'utc')::date,
                        ($4 = 'delivered')::int, ($4 <> 'delivered')::int, $12
                   from delivery
                 on conflict (org_id, endpoint_id, day) do update
                    set succeeded = d.succeeded + excluded.succeeded,
                        failed = d.failed + excluded.failed,
                        millis = d.millis + excluded.millis
             )
             insert into webhook_attempt
                    (id, org_id, delivery_id, at, url, request_headers, response, error,
                     response_headers, response_body, cut, millis)
             select $1, org_id, id, $3, $8, $9, $6, $7, $10, $11, $13, $12 from delivery",
        )
        .bind(id)
        .bind(due.id)
        .bind(now)
        .bind(status)
        .bind(next_at)
        .bind(self.response)
        .bind(&self.error)
        .bind(&due.url)
        .bind(json!(self.request))
        .bind(self.headers.as_ref().map(|it| json!(it)))
        .bind(&self.body)
        .bind(self.millis)
        .bind(self.cut)
        .bind(SLOW_LANE)
        .execute(&mut **tx)
        .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Notes that the endpoint fails. One that is gone, or has failed for days, is
/// disabled and its owners are told.
async fn failed(state: &AppState, tx: &mut TenantTx, due: &Due, gone: bool) -> anyhow::Result<()> {
    let now = tx.now();
    let since: Option<DateTime<Utc>> = sqlx::query_scalar(
        "update webhook_endpoint set failing_since = coalesce(failing_since, $2)
          where id = $1 and status <> 'disabled' returning failing_since",
    )
    .bind(due.endpoint_id)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(since) = since else { return Ok(()) };
    if !gone && now - since < schedule::PATIENCE {
        return Ok(());
    }
    let reason = if gone { "gone" } else { "failing" };
    sqlx::query(
        "update webhook_endpoint set status = 'disabled', disabled_reason = $2 where id = $1",
    )
    .bind(due.endpoint_id)
    .bind(reason)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "update webhook_delivery set status = 'failed', next_at = null
          where org_id = $1 and endpoint_id = $2 and status in ('pending', 'held')",
    )
    .bind(due.org_id)
    .bind(due.endpoint_id)
    .execute(&mut **tx)
    .await?;
    let disabled = Event::new("webhook.disabled").on("webhook", due.endpoint_id);
    let disabled = disabled.after(json!({ "url": due.url, "reason": reason }));
    events::emit(tx, disabled);
    tell_owners(state, tx, due, gone, now - since).await
}

async fn tell_owners(
    state: &AppState,
    tx: &mut TenantTx,
    due: &Due,
    gone: bool,
    failing_for: Duration,
) -> anyhow::Result<()> {
    let org: String = sqlx::query_scalar("select name from org").fetch_one(&mut **tx).await?;
    for owner in orgs::owners(tx).await? {
        let values = json!({
            "name": owner.name, "org": org, "url": due.url, "gone": gone,
            "days": failing_for.num_days(),
            "path": format!("/settings/webhooks/{}", due.endpoint_id),
        });
        state.mail.send(tx, &Letter::new("webhook_disabled", &owner.email, values)).await?;
    }
    Ok(())
}
