use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::deliveries::{self, Delivery, DeliveryDetail, DeliveryFilter};
use super::endpoints::{self, NewWebhook, Rotation, Webhook, WebhookPatch, WebhookWithSecret};
use super::event_types::{self, EventType};
use super::replay::{self, Replay, Replayed, Test};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Json, List, Paging, Path, Query};
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_event_types))
        .routes(routes!(list_webhooks, create_webhook))
        .routes(routes!(find_webhook, update_webhook, delete_webhook))
        .routes(routes!(rotate_webhook))
        .routes(routes!(test_webhook))
        .routes(routes!(replay_webhook))
        .routes(routes!(list_deliveries))
        .routes(routes!(find_delivery))
        .routes(routes!(replay_delivery))
}

/// List the types of event that webhooks can hear of.
#[utoipa::path(get, path = "/event-types", tag = "webhooks", responses((status = 200, body = List<EventType>), Errors))]
async fn list_event_types(ctx: Ctx) -> Result<List<EventType>> {
    ctx.begin(Action::ViewWebhooks).await?;
    Ok(List { items: event_types::all(), next: None })
}

/// List the organisation's webhooks, the oldest first.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks", params(Paging), responses((status = 200, body = List<Webhook>), Errors))]
async fn list_webhooks(ctx: Ctx, Query(paging): Query<Paging>) -> Result<List<Webhook>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    let rows = endpoints::list(&mut tx, after, limit + 1).await?;
    Ok(List::of(rows, limit, |it| it.id))
}

/// Create a webhook.
///
/// The answer holds the secret that deliveries are signed with. It is not shown
/// again.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", responses((status = 201, body = WebhookWithSecret), Errors))]
async fn create_webhook(
    State(state): State<AppState>,
    ctx: Ctx,
    Json(new): Json<NewWebhook>,
) -> Result<(StatusCode, Json<WebhookWithSecret>)> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let created = endpoints::create(&state, &ctx, &mut tx, new).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Show a webhook.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = Webhook), Errors))]
async fn find_webhook(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Webhook>> {
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    let webhook = endpoints::find(&mut tx, id).await?;
    Ok(Json(webhook))
}

/// Change a webhook, pause it or make it active.
#[utoipa::path(patch, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = Webhook), Errors))]
async fn update_webhook(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(patch): Json<WebhookPatch>,
) -> Result<Json<Webhook>> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let webhook = endpoints::update(&state, &mut tx, id, patch).await?;
    tx.commit().await?;
    Ok(Json(webhook))
}

/// Delete a webhook with its log.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_webhook(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    endpoints::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Give a webhook a new secret, which is shown this once.
///
/// For a while deliveries carry two signatures, one with each secret.
#[utoipa::path(post, path = "/webhooks/{id}/rotate", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 200, body = WebhookWithSecret), Errors))]
async fn rotate_webhook(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<WebhookWithSecret>> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let rotated = endpoints::rotate(&state, &mut tx, id, &rotation).await?;
    tx.commit().await?;
    Ok(Json(rotated))
}

/// Send a webhook an example, to try it.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 202, body = Delivery), Errors))]
async fn test_webhook(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(test): Json<Test>,
) -> Result<(StatusCode, Json<Delivery>)> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let delivery = replay::test(&mut tx, id, &test).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}

/// Send deliveries of a span of time again, at most 10,000 with one call.
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", params(("id" = Uuid, Path)), responses((status = 202, body = Replayed), Errors))]
async fn replay_webhook(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(span): Json<Replay>,
) -> Result<(StatusCode, Json<Replayed>)> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let replayed = replay::span(&mut tx, id, &span).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(replayed)))
}

/// List the deliveries of a webhook, the newest first.
///
/// They are kept for 30 days.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks", params(("id" = Uuid, Path), Paging, DeliveryFilter), responses((status = 200, body = List<Delivery>), Errors))]
async fn list_deliveries(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
    Query(filter): Query<DeliveryFilter>,
) -> Result<List<Delivery>> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    if filter.kind.as_deref().is_some_and(|it| it.chars().count() > 100) {
        return Err(Error::invalid("type", "must have at most 100 characters"));
    }
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    endpoints::find(&mut tx, id).await?;
    let rows = deliveries::list(&mut tx, id, &filter, before, limit + 1).await?;
    Ok(List::of(rows, limit, |it| it.id))
}

/// Show a delivery with what was sent and answered.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries/{delivery_id}", tag = "webhooks", params(("id" = Uuid, Path), ("delivery_id" = Uuid, Path)), responses((status = 200, body = DeliveryDetail), Errors))]
async fn find_delivery(
    ctx: Ctx,
    Path((id, delivery_id)): Path<(Uuid, Uuid)>,
) -> Result<Json<DeliveryDetail>> {
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    let detail = deliveries::detail(&mut tx, id, delivery_id).await?;
    Ok(Json(detail))
}

/// Send a delivery again, under the same `webhook-id`.
#[utoipa::path(post, path = "/webhooks/{id}/deliveries/{delivery_id}/replay", tag = "webhooks", params(("id" = Uuid, Path), ("delivery_id" = Uuid, Path)), responses((status = 202, body = Delivery), Errors))]
async fn replay_delivery(
    ctx: Ctx,
    Path((id, delivery_id)): Path<(Uuid, Uuid)>,
) -> Result<(StatusCode, Json<Delivery>)> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let delivery = replay::one(&mut tx, id, delivery_id).await?;
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(delivery)))
}
