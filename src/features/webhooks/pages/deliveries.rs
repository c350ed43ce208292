use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Group, again, groups};
use crate::features::webhooks::deliveries::{self, DeliveryDetail, DeliveryStatus};
use crate::features::webhooks::endpoints::{self, Webhook};
use crate::features::webhooks::replay::{self, Replay, Test};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::db::Tx as _;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/webhooks/{id}/deliveries/{delivery_id}", get(show))
        .route("/settings/webhooks/{id}/deliveries/{delivery_id}/replay", post(replay_one))
        .route("/settings/webhooks/{id}/test", get(show_test).post(test))
        .route("/settings/webhooks/{id}/replay", get(show_replay).post(replay_span))
}

#[derive(Serialize)]
struct Show {
    webhook: Webhook,
    #[serde(flatten)]
    detail: DeliveryDetail,
    /// The message, laid out to be read.
    pretty: String,
    /// An attempt is made about now: the page looks again by itself.
    soon: bool,
}

impl View for Show {
    const TEMPLATE: &'static str = "webhooks/delivery.html";
}

async fn show(ctx: Ctx, Path((id, delivery_id)): Path<(Uuid, Uuid)>) -> Result<Page<Show>> {
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    let webhook = endpoints::find(&mut tx, id).await?;
    let detail = deliveries::detail(&mut tx, id, delivery_id).await?;
    let soon = detail.delivery.next_at.is_some_and(|it| it < tx.now() + Duration::seconds(10));
    tx.commit().await?;
    let value = serde_json::from_str::<serde_json::Value>(&detail.body);
    let pretty = value.ok().and_then(|it| serde_json::to_string_pretty(&it).ok());
    let pretty = pretty.unwrap_or_else(|| detail.body.clone());
    Ok(Page(Show { webhook, detail, pretty, soon }))
}

async fn replay_one(ctx: Ctx, Path((id, delivery_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let to = format!("/settings/webhooks/{id}/deliveries/{delivery_id}");
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    match replay::one(&mut tx, id, delivery_id).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Flash::success("It is sent again.").redirect(&to))
        }
        Err(Error::Conflict { message, .. }) => Ok(sentence(&message).redirect(&to)),
        Err(err) => Err(err),
    }
}

/// A refusal that is not about a field, as a message on the page before.
fn sentence(message: &str) -> Flash {
    let mut letters = message.chars();
    let first = letters.next().map(|it| it.to_uppercase().collect::<String>());
    Flash::danger(format!("{}{}.", first.unwrap_or_default(), letters.as_str()))
}

#[derive(Serialize)]
struct Try {
    webhook: Webhook,
    groups: Vec<Group>,
    form: Kind,
    problem: Option<ErrorBody>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Kind {
    #[serde(rename = "type")]
    kind: String,
}

impl View for Try {
    const TEMPLATE: &'static str = "webhooks/test.html";
}

async fn find(ctx: &Ctx, id: Uuid) -> Result<Webhook> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let webhook = endpoints::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(webhook)
}

async fn show_test(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Try>> {
    let webhook = find(&ctx, id).await?;
    // One that it listens to says most.
    let kind = webhook.events.first().cloned().unwrap_or_else(|| "artifacts.ready".to_owned());
    Ok(Page(Try { webhook, groups: groups(), form: Kind { kind }, problem: None }))
}

async fn test(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Kind>) -> Result<Response> {
    let sent = async {
        let mut tx = ctx.begin(Action::ManageWebhooks).await?;
        let sent = replay::test(&mut tx, id, &Test { kind: Some(form.kind.clone()) }).await?;
        tx.commit().await?;
        Ok(sent)
    };
    match sent.await {
        Ok(sent) => {
            let to = format!("/settings/webhooks/{id}/deliveries/{}", sent.id);
            Ok(Flash::success("The test is sent.").redirect(&to))
        }
        Err(err) => {
            let webhook = find(&ctx, id).await?;
            again(err, |problem| Try { webhook, groups: groups(), form, problem: Some(problem) })
        }
    }
}

/// A span of time as browsers send it, in UTC.
#[derive(Clone, Deserialize, Serialize)]
struct Span {
    from: String,
    until: String,
    status: String,
}

#[derive(Serialize)]
struct ReplaySpan {
    webhook: Webhook,
    form: Span,
    problem: Option<ErrorBody>,
}

impl View for ReplaySpan {
    const TEMPLATE: &'static str = "webhooks/replay.html";
}

const FORMAT: &str = "%Y-%m-%dT%H:%M";

async fn show_replay(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<ReplaySpan>> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let webhook = endpoints::find(&mut tx, id).await?;
    let now = tx.now();
    tx.commit().await?;
    // What failed since it began to fail is what most people come for.
    let from = webhook.failing_since.unwrap_or(now - Duration::days(1));
    let text = |at: DateTime<Utc>| at.format(FORMAT).to_string();
    let until = text(now + Duration::minutes(1));
    let form = Span { from: text(from), until, status: "failed".to_owned() };
    Ok(Page(ReplaySpan { webhook, form, problem: None }))
}

fn moment(field: &'static str, typed: &str) -> Result<DateTime<Utc>> {
    let read = NaiveDateTime::parse_from_str(typed.trim(), FORMAT);
    read.map(|it| it.and_utc()).map_err(|_| Error::invalid(field, "is not a day and a time"))
}

async fn replay_span(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Span>) -> Result<Response> {
    let replayed = async {
        let status = match form.status.as_str() {
            "delivered" => DeliveryStatus::Delivered,
            _ => DeliveryStatus::Failed,
        };
        let span = Replay {
            from: moment("from", &form.from)?,
            until: Some(moment("until", &form.until)?),
            status: Some(status),
        };
        let mut tx = ctx.begin(Action::ManageWebhooks).await?;
        let replayed = replay::span(&mut tx, id, &span).await?;
        tx.commit().await?;
        Ok(replayed)
    };
    match replayed.await {
        Ok(replayed) => {
            let words = match replayed.queued {
                0 => "There was nothing to send again.".to_owned(),
                1 => "One delivery is sent again.".to_owned(),
                many => format!("{many} deliveries are sent again."),
            };
            let more = if replayed.more { " There are more; ask once again." } else { "" };
            let to = format!("/settings/webhooks/{id}");
            Ok(Flash::success(words + more).redirect(&to))
        }
        Err(err) => {
            let webhook = find(&ctx, id).await?;
            again(err, |problem| ReplaySpan { webhook, form, problem: Some(problem) })
        }
    }
}
