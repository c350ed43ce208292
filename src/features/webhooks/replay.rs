//! Sending again: one delivery, all of a span of time, what was held back, and
//! the messages that somebody sends to try a webhook.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::deliver::{Deliver, SLOW_LANE};
use super::deliveries::{self, Delivery, DeliveryStatus};
use super::endpoints::{self, Status, Webhook};
use super::event_types;
use super::hear::{self, Listener, Message};
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event};

/// Which deliveries to send again.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Deliveries that were created from this moment on …
    pub from: DateTime<Utc>,
    /// … and before this one; now when absent.
    pub until: Option<DateTime<Utc>>,
    /// `failed` when absent, or `delivered`.
    pub status: Option<DeliveryStatus>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many are sent again.
    pub queued: i64,
    /// Whether there are more, for another call.
    pub more: bool,
}

/// The message to try a webhook with.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Test {
    /// The type whose example is sent; `artifacts.ready` when absent.
    #[serde(rename = "type")]
    #[schema(max_length = 100)]
    pub kind: Option<String>,
}

/// At most so many with one call.
const AT_ONCE: i64 = 10_000;

/// Makes deliveries due now, in the slow lane: what is sent again must not hold
/// up what is new.
macro_rules! resend {
    ($which:literal) => {
        concat!(
            "with chosen as (
                 select d.id from webhook_delivery d
                  where d.org_id = $1 and d.endpoint_id = $2 and ",
            $which,
            " order by d.id limit $3 for update
             ), again as (
                 update webhook_delivery d
                    set status = 'pending', tries = 0, next_at = $4, lane = $5
                   from chosen where d.id = chosen.id returning d.id
             )
             select count(*) from again"
        )
    };
}

/// Sends one delivery again, under its old `webhook-id`.
pub async fn one(tx: &mut TenantTx, webhook_id: Uuid, id: Uuid) -> Result<Delivery> {
    accepts(&endpoints::find(tx, webhook_id).await?)?;
    deliveries::find(tx, webhook_id, id).await?;
    let (org_id, now) = (tx.org_id(), tx.now());
    let _: i64 = sqlx::query_scalar(resend!("d.id = $6"))
        .bind(org_id)
        .bind(webhook_id)
        .bind(1_i64)
        .bind(now)
        .bind(SLOW_LANE)
        .bind(id)
        .fetch_one(&mut **tx)
        .await?;
    let replayed = Event::new("webhook.replayed").on("webhook", webhook_id);
    events::emit(tx, replayed.after(json!({ "delivery": id })));
    send_again(tx, webhook_id).await?;
    deliveries::find(tx, webhook_id, id).await
}

/// Sends again what failed, or what arrived and was lost there.
pub async fn span(tx: &mut TenantTx, webhook_id: Uuid, replay: &Replay) -> Result<Replayed> {
    accepts(&endpoints::find(tx, webhook_id).await?)?;
    let (org_id, now) = (tx.org_id(), tx.now());
    let until = replay.until.unwrap_or(now);
    let status = replay.status.unwrap_or(DeliveryStatus::Failed);
    let mut complaints = Vec::new();
    if replay.from >= until {
        complaints.push(FieldError::new("from", "must be before the end"));
    }
    if !matches!(status, DeliveryStatus::Failed | DeliveryStatus::Delivered) {
        complaints.push(FieldError::new("status", "must be failed or delivered"));
    }
    if !complaints.is_empty() {
        return Err(Error::Invalid(complaints));
    }
    let queued: i64 =
        sqlx::query_scalar(resend!("d.status = $6 and d.created_at >= $7 and d.created_at < $8"))
            .bind(org_id)
            .bind(webhook_id)
            .bind(AT_ONCE)
            .bind(now)
            .bind(SLOW_LANE)
            .bind(status)
            .bind(replay.from)
            .bind(until)
            .fetch_one(&mut **tx)
            .await?;
    let replayed = Event::new("webhook.replayed").on("webhook", webhook_id);
    let values = json!({ "from": replay.from, "until": until, "status": status, "queued": queued });
    events::emit(tx, replayed.after(values));
    send_again(tx, webhook_id).await?;
    Ok(Replayed { queued, more: queued == AT_ONCE })
}

/// Sends what was held back while the webhook was paused.
pub async fn release(tx: &mut TenantTx, webhook_id: Uuid) -> Result<()> {
    let (org_id, now) = (tx.org_id(), tx.now());
    let _: i64 = sqlx::query_scalar(resend!("d.status = 'held'"))
        .bind(org_id)
        .bind(webhook_id)
        .bind(i64::MAX)
        .bind(now)
        .bind(SLOW_LANE)
        .fetch_one(&mut **tx)
        .await?;
    send_again(tx, webhook_id).await
}

/// Sends the example of a type, signed like any message, once.
pub async fn test(tx: &mut TenantTx, webhook_id: Uuid, test: &Test) -> Result<Delivery> {
    let webhook = endpoints::find(tx, webhook_id).await?;
    accepts(&webhook)?;
    let name = test.kind.as_deref().unwrap_or("artifacts.ready");
    let kind = event_types::find(name).ok_or_else(|| Error::invalid("type", "is not known"))?;
    let (id, org_id, now) = (tx.new_id(), tx.org_id(), tx.now());
    let mut body = kind.example(org_id);
    body["timestamp"] = Value::String(now.to_rfc3339_opts(chrono::SecondsFormat::Micros, true));
    let message = Message { org_id, id, kind: kind.name, body: body.to_string(), test: true };
    message.insert(tx).await?;
    let listener = Listener { id: webhook_id, paused: false, failing: false };
    let tested = Event::new("webhook.tested").on("webhook", webhook_id);
    events::emit(tx, tested.after(json!({ "type": kind.name })));
    let delivery = hear::deliver_to(tx, &message, &listener).await?;
    deliveries::find(tx, webhook_id, delivery).await
}

async fn send_again(tx: &mut TenantTx, webhook_id: Uuid) -> Result<()> {
    Ok(Deliver { endpoint_id: webhook_id, lane: SLOW_LANE }.enqueue(tx).await?)
}

fn accepts(webhook: &Webhook) -> Result<()> {
    if webhook.status == Status::Disabled {
        let message = "this webhook is disabled; make it active first";
        return Err(Error::conflict("webhook_disabled", message));
    }
    Ok(())
}
