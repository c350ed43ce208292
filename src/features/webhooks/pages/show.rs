use axum::Router;
use axum::routing::get;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::groups;
use crate::features::orgs::plans;
use crate::features::webhooks::deliveries::{self, Delivery, DeliveryFilter, DeliveryStatus};
use crate::features::webhooks::endpoints::{self, Webhook};
use crate::features::webhooks::event_types::{self, EventType};
use crate::features::webhooks::statistics::{self, DAYS, Day};
use crate::features::webhooks::tidy;
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::extract::{List, Paging, Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/webhooks", get(index))
        .route("/settings/webhooks/events", get(events))
        .route("/settings/webhooks/{id}", get(show))
}

#[derive(Serialize)]
struct Index {
    webhooks: Vec<Listed>,
    limit: Option<i64>,
    days: i64,
}

#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    webhook: Webhook,
    succeeded: i64,
    failed: i64,
    /// Of the attempts of the last days, in percent.
    rate: Option<i64>,
}

impl View for Index {
    const TEMPLATE: &'static str = "webhooks/index.html";
}

/// No plan has room for more.
const MOST: usize = 500;

async fn index(ctx: Ctx) -> Result<Page<Index>> {
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    let all = endpoints::list(&mut tx, None, MOST).await?;
    let sums = statistics::sums(&mut tx).await?;
    tx.commit().await?;
    let webhooks = all
        .into_iter()
        .map(|webhook| {
            let sum = sums.iter().find(|it| it.endpoint_id == webhook.id);
            let (succeeded, failed) = sum.map_or((0, 0), |it| (it.succeeded, it.failed));
            Listed { webhook, succeeded, failed, rate: rate(succeeded, failed) }
        })
        .collect();
    let limit = plans::limits(&ctx.org.plan).webhooks;
    Ok(Page(Index { webhooks, limit, days: DAYS }))
}

/// How many succeeded, in percent; 100 only when all did.
fn rate(succeeded: i64, failed: i64) -> Option<i64> {
    let all = succeeded + failed;
    (all > 0).then(|| succeeded * 100 / all)
}

#[derive(Serialize)]
struct Events {
    types: Vec<Documented>,
}

#[derive(Serialize)]
struct Documented {
    #[serde(flatten)]
    kind: EventType,
    example_text: String,
    schema_text: String,
}

impl View for Events {
    const TEMPLATE: &'static str = "webhooks/events.html";
}

async fn events(ctx: Ctx) -> Result<Page<Events>> {
    ctx.begin(Action::ViewWebhooks).await?.commit().await?;
    let text = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default();
    let types = event_types::all()
        .into_iter()
        .map(|it| Documented {
            example_text: text(&it.example),
            schema_text: text(&it.schema),
            kind: it,
        })
        .collect();
    Ok(Page(Events { types }))
}

/// The filter as the form sends it: what is empty does not restrict.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    status: String,
    #[serde(rename = "type")]
    kind: String,
    cursor: String,
}

#[derive(Serialize)]
struct Show {
    webhook: Webhook,
    deliveries: Vec<Delivery>,
    next: Option<String>,
    form: Asked,
    filtered: bool,
    types: Vec<&'static str>,
    succeeded: i64,
    failed: i64,
    rate: Option<i64>,
    /// The mean of all attempts, in milliseconds.
    millis: Option<i64>,
    bars: Vec<Bar>,
    days: i64,
    kept_days: i64,
}

impl View for Show {
    const TEMPLATE: &'static str = "webhooks/show.html";
}

/// A day of the chart, in units of its drawing.
#[derive(Serialize)]
struct Bar {
    day: NaiveDate,
    succeeded: i32,
    failed: i32,
    x: i64,
    /// Where the successes begin, seen from above, and the failures on them.
    top: i64,
    height: i64,
    failed_top: i64,
    failed_height: i64,
}

const STEP: i64 = 24;
const HEIGHT: i64 = 64;

fn bars(days: &[Day]) -> Vec<Bar> {
    let most = days.iter().map(|it| i64::from(it.succeeded) + i64::from(it.failed)).max();
    let most = most.unwrap_or_default().max(1);
    // What happened at all can be seen.
    let scaled = |count: i32| match i64::from(count) {
        0 => 0,
        count => (count * HEIGHT / most).max(2),
    };
    days.iter()
        .zip(0..)
        .map(|(day, i)| {
            let (height, failed_height) = (scaled(day.succeeded), scaled(day.failed));
            Bar {
                day: day.day,
                succeeded: day.succeeded,
                failed: day.failed,
                x: i * STEP,
                top: HEIGHT + 4 - height,
                height,
                failed_top: HEIGHT + 4 - height - failed_height,
                failed_height,
            }
        })
        .collect()
}

const PAGE: usize = 25;

async fn show(ctx: Ctx, Path(id): Path<Uuid>, Query(form): Query<Asked>) -> Result<Page<Show>> {
    let paging = Paging { cursor: Some(form.cursor.clone()), limit: None };
    let before = paging.after()?;
    let status = match form.status.as_str() {
        "pending" => Some(DeliveryStatus::Pending),
        "held" => Some(DeliveryStatus::Held),
        "delivered" => Some(DeliveryStatus::Delivered),
        "failed" => Some(DeliveryStatus::Failed),
        _ => None,
    };
    let kind = Some(form.kind.clone()).filter(|it| !it.is_empty());
    let filter = DeliveryFilter { status, kind };
    let mut tx = ctx.begin(Action::ViewWebhooks).await?;
    let webhook = endpoints::find(&mut tx, id).await?;
    let rows = deliveries::list(&mut tx, id, &filter, before, PAGE + 1).await?;
    let days = statistics::of(&mut tx, id).await?;
    tx.commit().await?;
    let list = List::of(rows, PAGE, |it| it.id);
    let sum = |of: fn(&Day) -> i64| days.iter().map(of).sum::<i64>();
    let (succeeded, failed) = (sum(|it| it.succeeded.into()), sum(|it| it.failed.into()));
    let attempts = succeeded + failed;
    let millis = (attempts > 0).then(|| sum(|it| it.millis) / attempts);
    let types = groups().iter().flat_map(|it| it.kinds.iter().map(|it| it.name)).collect();
    Ok(Page(Show {
        webhook,
        deliveries: list.items,
        next: list.next,
        filtered: !form.status.is_empty() || !form.kind.is_empty(),
        form,
        types,
        succeeded,
        failed,
        rate: rate(succeeded, failed),
        millis,
        bars: bars(&days),
        days: DAYS,
        kept_days: tidy::KEPT.num_days(),
    }))
}
