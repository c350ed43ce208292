//! The log: what was sent to an endpoint, and what it answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use sqlx::types::Json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::signing;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};

/// A message on its way to one webhook.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Delivery {
    pub id: Uuid,
    pub webhook_id: Uuid,
    /// The `webhook-id` header, the same for every attempt.
    #[serde(serialize_with = "as_message_id")]
    #[schema(value_type = String)]
    pub message_id: Uuid,
    #[serde(rename = "type")]
    #[sqlx(rename = "type")]
    pub kind: String,
    pub status: DeliveryStatus,
    pub attempts: i32,
    /// When it is tried next.
    #[schema(required)]
    pub next_at: Option<DateTime<Utc>>,
    /// The status that the last attempt was answered with.
    #[schema(required)]
    pub response: Option<i16>,
    /// Why the last attempt had no answer.
    #[schema(required)]
    pub error: Option<String>,
    /// Somebody sent it to try the webhook.
    pub test: bool,
    pub created_at: DateTime<Utc>,
    #[schema(required)]
    pub delivered_at: Option<DateTime<Utc>>,
}

fn as_message_id<S: serde::Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&signing::message_id(*id))
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum DeliveryStatus {
    Pending,
    /// Kept until the webhook is no longer paused.
    Held,
    Delivered,
    Failed,
}

/// A delivery with what was sent and answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryDetail {
    #[serde(flatten)]
    pub delivery: Delivery,
    /// The message, byte by byte as it is signed.
    pub body: String,
    /// The newest first.
    pub log: Vec<Attempt>,
}

/// One attempt at a delivery.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Attempt {
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub url: String,
    /// Names and values of the headers that were sent.
    #[schema(value_type = Vec<Vec<String>>)]
    pub request_headers: Json<Vec<(String, String)>>,
    /// The status answered.
    #[schema(required)]
    pub response: Option<i16>,
    /// Why there is no answer.
    #[schema(required)]
    pub error: Option<String>,
    #[schema(value_type = Option<Vec<Vec<String>>>, required)]
    pub response_headers: Option<Json<Vec<(String, String)>>>,
    /// The beginning of the answer.
    #[schema(required)]
    pub response_body: Option<String>,
    /// There was more of the answer than is kept here.
    pub cut: bool,
    /// How long it took, in milliseconds.
    pub millis: i32,
}

/// Which deliveries to show; what is absent does not restrict.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct DeliveryFilter {
    pub status: Option<DeliveryStatus>,
    /// The type of event.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select d.id, d.endpoint_id as webhook_id, d.message_id, d.type, d.status, d.attempts,
                    d.next_at, d.response, d.error, m.test, d.created_at, d.delivered_at
               from webhook_delivery d join webhook_message m on m.id = d.message_id
              where d.org_id = $1 and ",
            $rest
        )
    };
}

/// The newest first, from `before` (exclusive) on.
///
/// Each filter has an index of its own. Rows are compared whole, and ordered by
/// all that is compared: with `endpoint_id = $2 … order by id` the planner may
/// as well walk through the deliveries of everybody in the order of their ids.
pub async fn list(
    tx: &mut TenantTx,
    webhook_id: Uuid,
    filter: &DeliveryFilter,
    before: Option<Uuid>,
    limit: usize,
) -> Result<Vec<Delivery>> {
    let kind = filter.kind.as_deref().filter(|it| !it.is_empty());
    let statement = match (filter.status, kind) {
        (None, None) => select!(
            "(d.endpoint_id, d.id) < ($2, $3) and d.endpoint_id >= $2
              order by d.endpoint_id desc, d.id desc limit $4"
        ),
        (Some(_), None) => select!(
            "(d.endpoint_id, d.status, d.id) < ($2, $5, $3) and (d.endpoint_id, d.status) >= ($2, $5)
              order by d.endpoint_id desc, d.status desc, d.id desc limit $4"
        ),
        (None, Some(_)) => select!(
            "(d.endpoint_id, d.type, d.id) < ($2, $5, $3) and (d.endpoint_id, d.type) >= ($2, $5)
              order by d.endpoint_id desc, d.type desc, d.id desc limit $4"
        ),
        // Most are delivered, so then the type is what tells them apart.
        (Some(DeliveryStatus::Delivered), Some(_)) => select!(
            "(d.endpoint_id, d.type, d.id) < ($2, $6, $3) and (d.endpoint_id, d.type) >= ($2, $6)
                and d.status = $5
              order by d.endpoint_id desc, d.type desc, d.id desc limit $4"
        ),
        (Some(_), Some(_)) => select!(
            "(d.endpoint_id, d.status, d.id) < ($2, $5, $3) and (d.endpoint_id, d.status) >= ($2, $5)
                and d.type = $6
              order by d.endpoint_id desc, d.status desc, d.id desc limit $4"
        ),
    };
    let mut query = sqlx::query_as(statement)
        .bind(tx.org_id())
        .bind(webhook_id)
        .bind(before.unwrap_or(Uuid::max()))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX));
    if let Some(status) = filter.status {
        query = query.bind(status);
    }
    if let Some(kind) = kind {
        query = query.bind(kind);
    }
    Ok(query.fetch_all(&mut **tx).await?)
}

pub async fn find(tx: &mut TenantTx, webhook_id: Uuid, id: Uuid) -> Result<Delivery> {
    sqlx::query_as(select!("d.endpoint_id = $2 and d.id = $3"))
        .bind(tx.org_id())
        .bind(webhook_id)
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(Error::NotFound("delivery"))
}

/// Of a delivery that was replayed often, so many attempts are shown.
const SHOWN: i64 = 50;

pub async fn detail(tx: &mut TenantTx, webhook_id: Uuid, id: Uuid) -> Result<DeliveryDetail> {
    let delivery = find(tx, webhook_id, id).await?;
    let body = sqlx::query_scalar("select body from webhook_message where id = $1")
        .bind(delivery.message_id)
        .fetch_one(&mut **tx)
        .await?;
    let log = sqlx::query_as(
        "select id, at, url, request_headers, response, error, response_headers, response_body,
                cut, millis
           from webhook_attempt where org_id = $1 and delivery_id = $2 order by id desc limit $3",
    )
    .bind(tx.org_id())
    .bind(id)
    .bind(SHOWN)
    .fetch_all(&mut **tx)
    .await?;
    Ok(DeliveryDetail { delivery, body, log })
}
