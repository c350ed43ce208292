use axum::Router;
use axum::routing::get;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Filter, store};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::events::Recorded;
use crate::platform::extract::{List, Paging, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new().route("/settings/audit", get(index))
}

/// The filter as the form sends it: empty fields, and whole days.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    name: String,
    outcome: String,
    actor_id: String,
    subject_id: String,
    from: String,
    until: String,
    cursor: String,
}

#[derive(Serialize)]
struct Index {
    events: Vec<Shown>,
    next: Option<String>,
    names: Vec<String>,
    form: Asked,
    filtered: bool,
}

/// An event with its values as text to read.
#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    event: Recorded,
    changes: Vec<Change>,
}

#[derive(Serialize)]
struct Change {
    field: String,
    before: Option<String>,
    after: Option<String>,
}

impl View for Index {
    const TEMPLATE: &'static str = "audit/index.html";
    const TITLE: &'static str = "Audit trail";
}

const PAGE: usize = 50;

async fn index(ctx: Ctx, Query(form): Query<Asked>) -> Result<Page<Index>> {
    let filter = filter(&form);
    let paging = Paging { cursor: Some(form.cursor.clone()), limit: None };
    let before = paging.after()?;
    let mut tx = ctx.begin(Action::ViewEvents).await?;
    let rows = store::list(&mut tx, &filter, before, PAGE + 1).await?;
    let names = store::names(&mut tx).await?;
    tx.commit().await?;
    let list = List::of(rows, PAGE, |it| it.seq);
    let filtered =
        [&form.name, &form.outcome, &form.actor_id, &form.subject_id, &form.from, &form.until]
            .iter()
            .any(|it| !it.is_empty());
    let events = list.items.into_iter().map(shown).collect();
    Ok(Page(Index { events, next: list.next, names, form, filtered }))
}

/// What cannot be understood does not restrict; the form shows what was asked.
fn filter(form: &Asked) -> Filter {
    let day = |text: &str| -> Option<DateTime<Utc>> {
        let date: NaiveDate = text.parse().ok()?;
        Some(date.and_hms_opt(0, 0, 0)?.and_utc())
    };
    let text = |text: &str| Some(text.trim().to_owned()).filter(|it| !it.is_empty());
    Filter {
        name: text(&form.name),
        outcome: text(&form.outcome),
        actor_id: form.actor_id.trim().parse().ok(),
        subject_id: form.subject_id.trim().parse().ok(),
        from: day(&form.from),
        until: day(&form.until).map(|it| it + chrono::Duration::days(1)),
    }
}

fn shown(event: Recorded) -> Shown {
    let fields = |value: &Option<serde_json::Value>| match value {
        Some(serde_json::Value::Object(map)) => map.clone(),
        Some(other) => [("value".to_owned(), other.clone())].into_iter().collect(),
        None => serde_json::Map::new(),
    };
    let (before, after) = (fields(&event.before), fields(&event.after));
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let text = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let changes = names
        .into_iter()
        .map(|name| Change {
            field: name.clone(),
            before: before.get(name).map(text),
            after: after.get(name).map(text),
        })
        .collect();
    Shown { event, changes }
}
