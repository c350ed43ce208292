//! Endpoints: where an organisation wants to be told what happens.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::signing::Secret;
use super::{event_types, replay};
use crate::features::orgs::plans::{self, Resource};
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event};
use crate::platform::state::AppState;

/// Where an organisation is told what happens.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Webhook {
    pub id: Uuid,
    pub url: String,
    pub description: String,
    /// The types of event that it hears of; all when empty.
    pub events: Vec<String>,
    pub status: Status,
    /// Why it was disabled: `gone` when it answered 410, `failing` when it
    /// failed for five days.
    #[schema(required)]
    pub disabled_reason: Option<String>,
    /// The first failure since the last success.
    #[schema(required)]
    pub failing_since: Option<DateTime<Utc>>,
    /// Until then deliveries are also signed with the secret before this one.
    #[schema(required)]
    pub old_secret_until: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Whether a webhook is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Status {
    Active,
    /// What happens is kept, and sent when the webhook is active again.
    Paused,
    /// Nothing is kept or sent.
    Disabled,
}

/// A webhook with its secret, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    #[serde(flatten)]
    pub webhook: Webhook,
    /// What deliveries are signed with; begins with `whsec_`.
    pub secret: String,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Begins with `https://` and leads to a public address.
    #[schema(format = "uri", max_length = 2_000)]
    pub url: String,
    /// At most 200 characters.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub description: String,
    /// Types of event, as `GET /api/v1/event-types` lists them; all when empty.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub events: Vec<String>,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WebhookPatch {
    #[schema(format = "uri", max_length = 2_000)]
    pub url: Option<String>,
    #[schema(max_length = 200)]
    pub description: Option<String>,
    #[schema(max_items = 100)]
    pub events: Option<Vec<String>>,
    /// `active` or `paused`.
    pub status: Option<Status>,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = WebhookRotation)]
pub struct Rotation {
    /// How long deliveries are signed with both secrets; 24 when absent, at
    /// most 168.
    #[schema(maximum = 168)]
    pub overlap_hours: Option<u16>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, url, description, events, status, disabled_reason, failing_since,
                    case when old_secret_until > $1 then old_secret_until end as old_secret_until,
                    created_at
               from webhook_endpoint ",
            $rest
        )
    };
}

/// In the order in which they were created.
pub async fn list(tx: &mut TenantTx, after: Option<Uuid>, limit: usize) -> Result<Vec<Webhook>> {
    let now = tx.now();
    Ok(sqlx::query_as(select!("where $2::uuid is null or id > $2 order by id limit $3"))
        .bind(now)
        .bind(after)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(&mut **tx)
        .await?)
}

pub async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Webhook> {
    let now = tx.now();
    sqlx::query_as(select!("where id = $2"))
        .bind(now)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("webhook"))
}

/// For changes that depend on what is there.
async fn lock(tx: &mut TenantTx, id: Uuid) -> Result<Webhook> {
    let now = tx.now();
    sqlx::query_as(select!("where id = $2 for no key update"))
        .bind(now)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("webhook"))
}

pub async fn count(tx: &mut TenantTx) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from webhook_endpoint").fetch_one(&mut **tx).await?)
}

/// What is wrong with the values of a webhook.
fn complaints(state: &AppState, new: &NewWebhook) -> Vec<FieldError> {
    let mut complaints = Vec::new();
    if let Err(what) = state.outbound.rules().check(&new.url) {
        complaints.push(FieldError::new("url", what));
    }
    let plain = !new.description.chars().any(char::is_control);
    if !plain || new.description.chars().count() > 200 {
        complaints.push(FieldError::new("description", "must have at most 200 characters"));
    }
    if new.events.len() > 100 {
        complaints.push(FieldError::new("events", "at most 100"));
    }
    if let Some(unknown) = new.events.iter().find(|it| event_types::find(it).is_none()) {
        let shown: String = unknown.chars().take(60).collect();
        complaints.push(FieldError::new("events", format!("has no type called {shown}")));
    }
    complaints
}

/// In one form: no type twice, and in the order of our list.
fn checked(state: &AppState, new: NewWebhook) -> Result<NewWebhook> {
    let complaints = complaints(state, &new);
    if !complaints.is_empty() {
        return Err(Error::Invalid(complaints));
    }
    let named = |name: &&str| new.events.iter().any(|it| it == name);
    let events = event_types::KINDS.iter().map(|it| it.name).filter(named).map(str::to_owned);
    Ok(NewWebhook { events: events.collect(), ..new })
}

pub async fn create(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    new: NewWebhook,
) -> Result<WebhookWithSecret> {
    let new = checked(state, new)?;
    // Whoever counts before they write holds the organisation's row.
    let org_id = tx.org_id();
    sqlx::query("select from org where id = $1 for no key update")
        .bind(org_id)
        .execute(&mut **tx)
        .await?;
    plans::room_for(&ctx.org.plan, Resource::Webhooks, count(tx).await?)?;
    let (id, now) = (tx.new_id(), tx.now());
    let secret = Secret::random();
    sqlx::query(
        "insert into webhook_endpoint
                (id, org_id, url, description, events, secret, status, created_at)
         values ($1, $2, $3, $4, $5, $6, 'active', $7)",
    )
    .bind(id)
    .bind(org_id)
    .bind(&new.url)
    .bind(&new.description)
    .bind(&new.events)
    .bind(secret.seal(&state.keys, id))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    let created = Event::new("webhook.created").on("webhook", id);
    events::emit(tx, created.after(json!({ "url": new.url, "events": new.events })));
    Ok(WebhookWithSecret { webhook: find(tx, id).await?, secret: secret.reveal() })
}

/// Changes a webhook. One that becomes active starts afresh, and is sent what
/// was held back while it was paused.
pub async fn update(
    state: &AppState,
    tx: &mut TenantTx,
    id: Uuid,
    patch: WebhookPatch,
) -> Result<Webhook> {
    let before = lock(tx, id).await?;
    let after = checked(
        state,
        NewWebhook {
            url: patch.url.unwrap_or_else(|| before.url.clone()),
            description: patch.description.unwrap_or_else(|| before.description.clone()),
            events: patch.events.unwrap_or_else(|| before.events.clone()),
        },
    )?;
    let status = patch.status.unwrap_or(before.status);
    if status == Status::Disabled && before.status != Status::Disabled {
        return Err(Error::invalid("status", "must be active or paused"));
    }
    let activated = status == Status::Active && before.status != Status::Active;
    sqlx::query(
        "update webhook_endpoint
            set url = $2, description = $3, events = $4, status = $5,
                disabled_reason = case when $5 = 'disabled' then disabled_reason end,
                failing_since = case when $6 then null else failing_since end
          where id = $1",
    )
    .bind(id)
    .bind(&after.url)
    .bind(&after.description)
    .bind(&after.events)
    .bind(status)
    .bind(activated)
    .execute(&mut **tx)
    .await?;
    let webhook = find(tx, id).await?;
    if let Some((old, new)) = difference(&before, &webhook) {
        let changed = Event::new("webhook.updated").on("webhook", id).before(old).after(new);
        events::emit(tx, changed);
    }
    if activated {
        replay::release(tx, id).await?;
    }
    Ok(webhook)
}

/// The values that a person chose, as they were and as they are, where they
/// differ.
fn difference(before: &Webhook, after: &Webhook) -> Option<(Value, Value)> {
    let (mut old, mut new) = (Map::new(), Map::new());
    for (name, was, is) in [
        ("url", json!(before.url), json!(after.url)),
        ("description", json!(before.description), json!(after.description)),
        ("events", json!(before.events), json!(after.events)),
        ("status", json!(before.status), json!(after.status)),
    ] {
        if was != is {
            old.insert(name.to_owned(), was);
            new.insert(name.to_owned(), is);
        }
    }
    (!new.is_empty()).then(|| (old.into(), new.into()))
}

/// Deletes a webhook with its log. What waits to be sent is not sent.
pub async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let webhook = find(tx, id).await?;
    // In this order: whoever tells of an event holds the chain and then looks for
    // webhooks that want to hear of it.
    let deleted = Event::new("webhook.deleted").on("webhook", id);
    events::emit(tx, deleted.before(json!({ "url": webhook.url })));
    let query = "delete from webhook_endpoint where id = $1";
    let done = sqlx::query(query).bind(id).execute(&mut **tx).await?;
    if done.rows_affected() == 0 {
        return Err(Error::NotFound("webhook"));
    }
    Ok(())
}

const LONGEST_OVERLAP: u16 = 168;

/// Gives a webhook a new secret. For a while deliveries carry signatures with
/// both, so that the receiver can be changed without losing any.
pub async fn rotate(
    state: &AppState,
    tx: &mut TenantTx,
    id: Uuid,
    rotation: &Rotation,
) -> Result<WebhookWithSecret> {
    let hours = rotation.overlap_hours.unwrap_or(24);
    if hours > LONGEST_OVERLAP {
        return Err(Error::invalid("overlap_hours", "must be at most 168"));
    }
    let webhook = lock(tx, id).await?;
    let until = tx.now() + Duration::hours(hours.into());
    let secret = Secret::random();
    sqlx::query(
        "update webhook_endpoint
            set old_secret = secret, old_secret_until = $2, secret = $3 where id = $1",
    )
    .bind(id)
    .bind(until)
    .bind(secret.seal(&state.keys, id))
    .execute(&mut **tx)
    .await?;
    let rotated = Event::new("webhook.secret_rotated").on("webhook", id);
    let values = json!({ "url": webhook.url, "old_until": until });
    events::emit(tx, rotated.after(values));
    Ok(WebhookWithSecret { webhook: find(tx, id).await?, secret: secret.reveal() })
}
