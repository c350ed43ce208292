use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::features::api_keys::meter::COSTS;
use crate::features::api_keys::usage::{self, Measure, UsageReport};
use crate::features::api_keys::{ApiKey, seen_by, store};
use crate::features::orgs::plans::{self, Limits};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/keys/usage", get(overview))
        .route("/settings/keys/{id}/usage", get(of_key))
}

/// Which days to show; what cannot be understood is 30.
#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    days: String,
}

const RANGES: [i64; 3] = [7, 30, 90];

/// Bars of a chart, in a box of 1000 by 100 that is stretched to fit.
#[derive(Serialize)]
struct Chart {
    title: &'static str,
    /// What the bars show, in words.
    summary: String,
    bars: Vec<Bar>,
    /// The value of the box's upper edge.
    top: i64,
    middle: i64,
    first: String,
    last: String,
}

#[derive(Serialize)]
struct Bar {
    x: f64,
    width: f64,
    /// What went well or was counted at all, upwards from the bottom.
    y: f64,
    height: f64,
    /// What went wrong, on top of it.
    wrong_y: f64,
    wrong_height: f64,
    label: String,
}

/// The first even number of at most two digits, or such a number with noughts
/// behind it, that is not below.
fn round_up(value: i64) -> i64 {
    let mut step = 1;
    loop {
        for times in [2, 4, 6, 8, 10, 12, 14, 16, 18] {
            if step * times >= value {
                return step * times;
            }
        }
        step *= 10;
    }
}

fn plural(count: i64, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

fn chart(
    title: &'static str,
    unit: &str,
    report: &UsageReport,
    value: impl Fn(&Measure) -> (i64, i64),
) -> Chart {
    let days = &report.days;
    let highest = days.iter().map(|it| value(&it.measure)).map(|(all, _)| all).max().unwrap_or(0);
    let top = round_up(highest.max(1));
    let slot = 1000.0 / days.len().max(1) as f64;
    let hundredths = |it: f64| (it * 100.0).round() / 100.0;
    let bars = days
        .iter()
        .enumerate()
        .map(|(i, day)| {
            let (all, wrong) = value(&day.measure);
            let share = |it: i64| hundredths(it as f64 / top as f64 * 100.0);
            let date = day.day.format("%-d %B");
            let mut label = format!("{date}: {}", plural(all, unit));
            if wrong > 0 {
                label += &format!(", {}", plural(wrong, "error"));
            }
            Bar {
                x: hundredths(i as f64 * slot + slot * 0.12),
                width: hundredths(slot * 0.76),
                y: hundredths(100.0 - share(all - wrong)),
                height: share(all - wrong),
                wrong_y: hundredths(100.0 - share(all)),
                wrong_height: share(wrong),
                label,
            }
        })
        .collect();
    let sum: i64 = days.iter().map(|it| value(&it.measure).0).sum();
    let summary = format!(
        "{title} by day: {} from {} to {}, {} at most on one day",
        plural(sum, unit),
        report.from.format("%-d %B"),
        report.until.format("%-d %B"),
        highest,
    );
    let (first, last) = (report.from.format("%-d %b"), report.until.format("%-d %b"));
    let (first, last) = (first.to_string(), last.to_string());
    Chart { title, summary, bars, top, middle: top / 2, first, last }
}

fn wrong(it: &Measure) -> i64 {
    it.client_errors + it.server_errors + it.limited
}

#[derive(Serialize)]
struct Show {
    /// Absent in the overview of all keys.
    key: Option<ApiKey>,
    report: UsageReport,
    charts: Vec<Chart>,
    errors: i64,
    /// Percent, with one digit behind the point.
    error_rate: Option<String>,
    days: i64,
    ranges: [i64; 3],
    limits: Limits,
    /// Units a minute that the key has, or any key.
    per_minute: i64,
    costs: &'static [(&'static str, i64)],
    everybody: bool,
    /// The address of this page; the layout has its own `path`.
    here: String,
}

impl View for Show {
    const TEMPLATE: &'static str = "keys/usage.html";
}

async fn page(state: &AppState, ctx: &Ctx, id: Option<Uuid>, asked: &Asked) -> Result<Show> {
    let days = asked.days.parse().ok().filter(|it| RANGES.contains(it)).unwrap_or(30);
    let today = state.clock.now().date_naive();
    let mut tx = ctx.begin(Action::ViewUsage).await?;
    let key = match id {
        Some(id) => Some(store::find(&mut tx, id, seen_by(ctx)).await?),
        None => None,
    };
    let range = usage::days(ctx, &tx, Some(today - Duration::days(days - 1)), None)?;
    let report = usage::report(ctx, &mut tx, id, range).await?;
    tx.commit().await?;
    let limits = plans::limits(&ctx.org.plan);
    let total = &report.total;
    let errors = wrong(total);
    let test = key.as_ref().is_some_and(|it| it.mode == crate::platform::api_key::Mode::Test);
    Ok(Show {
        charts: vec![
            chart("Calls", "call", &report, |it| (it.calls, wrong(it))),
            chart("Units", "unit", &report, |it| (it.units, 0)),
        ],
        errors,
        error_rate: (total.calls > 0)
            .then(|| format!("{:.1} %", errors as f64 * 100.0 / total.calls as f64)),
        days,
        ranges: RANGES,
        limits,
        per_minute: if test { limits.test_units_per_minute } else { limits.api_units_per_minute },
        costs: COSTS,
        everybody: ctx.may(Action::ManageKeys),
        here: match id {
            Some(id) => format!("/settings/keys/{id}/usage"),
            None => "/settings/keys/usage".to_owned(),
        },
        key,
        report,
    })
}

async fn overview(
    State(state): State<AppState>,
    ctx: Ctx,
    Query(asked): Query<Asked>,
) -> Result<Page<Show>> {
    Ok(Page(page(&state, &ctx, None, &asked).await?))
}

async fn of_key(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Query(asked): Query<Asked>,
) -> Result<Page<Show>> {
    Ok(Page(page(&state, &ctx, Some(id), &asked).await?))
}

#[cfg(test)]
mod tests {
    use super::round_up;

    #[test]
    fn axes_end_at_round_numbers_that_can_be_halved() {
        for (value, top) in [(1, 2), (3, 4), (5, 6), (11, 12), (41, 60), (101, 120), (999, 1000)] {
            assert_eq!(round_up(value), top, "{value}");
        }
    }
}
