use axum::Router;
use axum::extract::State;
use axum::routing::get;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::features::api_keys::meter::COSTS;
use crate::features::api_keys::usage::{self, Measure, UsageOfDay, UsageReport};
use crate::features::api_keys::{ApiKey, seen_by, store};
use crate::features::orgs::plans::{self, Limits};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View, grouped};
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
    /// The class and the name of each part of a bar, where there are several.
    legend: &'static [(&'static str, &'static str)],
    /// The class of what stands on top.
    rest: &'static str,
    bars: Vec<Bar>,
    /// The value at the box's upper edge, and that half as high.
    top: String,
    middle: String,
    first: String,
    last: String,
}

#[derive(Serialize)]
struct Bar {
    x: f64,
    width: f64,
    /// The lower part, upwards from the bottom.
    y: f64,
    height: f64,
    /// What stands on top of it.
    rest_y: f64,
    rest_height: f64,
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

/// Draws for each day the whole, and the part of it that stands on top.
fn bars(report: &UsageReport, top: i64, said: impl Fn(&Measure) -> (i64, i64, String)) -> Vec<Bar> {
    let slot = 1000.0 / report.days.len().max(1) as f64;
    let hundredths = |it: f64| (it * 100.0).round() / 100.0;
    let share = |it: i64| hundredths(it as f64 / top as f64 * 100.0);
    let bar = |(i, day): (usize, &UsageOfDay)| {
        let (whole, rest, words) = said(&day.measure);
        Bar {
            x: hundredths(i as f64 * slot + slot * 0.12),
            width: hundredths(slot * 0.76),
            y: hundredths(100.0 - share(whole - rest)),
            height: share(whole - rest),
            rest_y: hundredths(100.0 - share(whole)),
            rest_height: share(rest),
            label: format!("{}: {words}", day.day.format("%-d %B")),
        }
    };
    report.days.iter().enumerate().map(bar).collect()
}

fn highest(report: &UsageReport, value: impl Fn(&Measure) -> i64) -> i64 {
    report.days.iter().map(|it| value(&it.measure)).max().unwrap_or(0)
}

fn span(report: &UsageReport) -> String {
    format!("from {} to {}", report.from.format("%-d %B"), report.until.format("%-d %B"))
}

fn ends(report: &UsageReport) -> (String, String) {
    (report.from.format("%-d %b").to_string(), report.until.format("%-d %b").to_string())
}

/// What was counted, and how much of it went wrong.
fn counted(
    title: &'static str,
    unit: &str,
    report: &UsageReport,
    value: impl Fn(&Measure) -> (i64, i64),
) -> Chart {
    let most = highest(report, |it| value(it).0);
    let top = round_up(most.max(1));
    let bars = bars(report, top, |it| {
        let (all, wrong) = value(it);
        let errors =
            if wrong > 0 { format!(", {}", plural(wrong, "error")) } else { String::new() };
        (all, wrong, format!("{}{errors}", plural(all, unit)))
    });
    let total = value(&report.total);
    let summary = format!(
        "{title} by day: {} {}, {most} at most on one day",
        plural(total.0, unit),
        span(report),
    );
    let legend: &[_] = if total.1 > 0 { &[("ok", "Answered"), ("bad", "Errors")] } else { &[] };
    let (first, last) = ends(report);
    let (top, middle) = (grouped(top), grouped(top / 2));
    Chart { title, summary, legend, rest: "bad", bars, top, middle, first, last }
}

/// How long the calls of each day took.
fn duration(report: &UsageReport) -> Chart {
    let longest = highest(report, |it| it.p95_ms.unwrap_or(0));
    let top = round_up(longest.max(1));
    let bars = bars(report, top, |it| match (it.p50_ms, it.p95_ms) {
        (Some(half), Some(most)) => {
            (most, most - half, format!("half within {}, 95 % within {}", ms(half), ms(most)))
        }
        _ => (0, 0, "no calls".to_owned()),
    });
    let of_all = match (report.total.p50_ms, report.total.p95_ms) {
        (Some(half), Some(most)) => {
            format!("half within {}, 95 % within {}", ms(half), ms(most))
        }
        _ => "no calls".to_owned(),
    };
    let summary = format!(
        "Duration by day: {of_all} {}, 95 % within {} at most on one day",
        span(report),
        ms(longest),
    );
    let (first, last) = ends(report);
    Chart {
        title: "Duration",
        summary,
        legend: &[("ok", "Half within"), ("more", "95 % within")],
        rest: "more",
        bars,
        top: ms(top),
        middle: ms(top / 2),
        first,
        last,
    }
}

/// A time as people read it.
fn ms(value: i64) -> String {
    if value >= 1000 { format!("{:.1} s", value as f64 / 1000.0) } else { format!("{value} ms") }
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
            counted("Calls", "call", &report, |it| (it.calls, wrong(it))),
            duration(&report),
            counted("Units", "unit", &report, |it| (it.units, 0)),
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
