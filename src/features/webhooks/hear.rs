//! From an event to messages: for each endpoint that wants to hear of it a
//! delivery and its job, in the transaction of the event.

use chrono::{DateTime, SecondsFormat, Utc};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use super::deliver::{Deliver, lane_of};
use super::event_types::is_told;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::events::Recorded;

/// Tells the endpoints of the events' organisation. Without endpoints this is
/// one look at an index.
pub fn hear<'a>(tx: &'a mut dyn Tx, events: &'a [Recorded]) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let told: Vec<&Recorded> = events.iter().filter(|it: &&Recorded| is_told(it)).collect();
        let Some(first) = told.first() else { return Ok(()) };
        let endpoints: Vec<Subscription> = sqlx::query_as(
            "select id, status = 'paused' as paused, failing_since is not null as failing, events
               from webhook_endpoint where org_id = $1 and status <> 'disabled'",
        )
        .bind(first.org_id)
        .fetch_all(tx.conn())
        .await?;
        for event in told {
            tell(tx, event, &endpoints).await?;
        }
        Ok(())
    })
}

async fn tell(tx: &mut dyn Tx, event: &Recorded, endpoints: &[Subscription]) -> Result<()> {
    let wants = |it: &&Subscription| it.wants(&event.name);
    let listeners: Vec<&Subscription> = endpoints.iter().filter(wants).collect();
    if listeners.is_empty() {
        return Ok(());
    }
    let message = Message {
        org_id: event.org_id,
        id: event.id,
        kind: &event.name,
        body: body(event),
        test: false,
    };
    message.insert(tx).await?;
    for subscription in listeners {
        deliver_to(tx, &message, &subscription.listener).await?;
    }
    Ok(())
}

/// An endpoint, and the types of event that it wants to hear of.
#[derive(FromRow)]
struct Subscription {
    #[sqlx(flatten)]
    listener: Listener,
    events: Vec<String>,
}

impl Subscription {
    /// One that names no type wants all.
    fn wants(&self, name: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|it| it == name)
    }
}

/// An endpoint that a message is for.
#[derive(FromRow)]
pub struct Listener {
    pub id: Uuid,
    pub paused: bool,
    pub failing: bool,
}

/// What is said to all who listen.
pub struct Message<'a> {
    pub org_id: Uuid,
    pub id: Uuid,
    pub kind: &'a str,
    pub body: String,
    pub test: bool,
}

impl Message<'_> {
    pub async fn insert(&self, tx: &mut dyn Tx) -> Result<()> {
        let now = tx.now();
        sqlx::query(
            "insert into webhook_message (id, org_id, type, body, test, created_at)
             values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.id)
        .bind(self.org_id)
        .bind(self.kind)
        .bind(&self.body)
        .bind(self.test)
        .bind(now)
        .execute(tx.conn())
        .await?;
        Ok(())
    }
}

/// Writes the delivery of a message to one endpoint, and its job unless it is
/// held back.
pub async fn deliver_to(tx: &mut dyn Tx, message: &Message<'_>, to: &Listener) -> Result<Uuid> {
    let (id, now) = (tx.new_id(), tx.now());
    let (status, next_at) = if to.paused { ("held", None) } else { ("pending", Some(now)) };
    let lane = lane_of(id, to.failing);
    sqlx::query(
        "insert into webhook_delivery
                (id, org_id, endpoint_id, message_id, type, status, next_at, created_at, lane)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(id)
    .bind(message.org_id)
    .bind(to.id)
    .bind(message.id)
    .bind(message.kind)
    .bind(status)
    .bind(next_at)
    .bind(now)
    .bind(lane)
    .execute(tx.conn())
    .await?;
    if !to.paused {
        Deliver { endpoint_id: to.id, lane }.enqueue(tx).await?;
    }
    Ok(id)
}

fn body(event: &Recorded) -> String {
    let subject =
        event.subject.as_deref().map(|kind| json!({ "kind": kind, "id": event.subject_id }));
    let actor = json!({
        "kind": event.actor_kind, "id": event.actor_id, "label": event.actor_label,
    });
    let change = (event.before.clone(), event.after.clone());
    payload(&event.name, event.at, event.org_id, subject, actor, change).to_string()
}

/// The shape that all messages have.
pub fn payload(
    kind: &str,
    at: DateTime<Utc>,
    org_id: Uuid,
    subject: Option<Value>,
    actor: Value,
    (before, after): (Option<Value>, Option<Value>),
) -> Value {
    json!({
        "type": kind,
        "timestamp": at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "data": {
            "org_id": org_id, "subject": subject, "actor": actor, "before": before, "after": after,
        },
    })
}
