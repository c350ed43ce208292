//! The page of a session: the conversation beside the three options.

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::shell::{self, Loaded, Part, Shell, Wish};
use crate::features::artifacts::{self, Set};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{ErrorBody, Result};
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}", get(newest))
        .route("/sessions/{id}/analyses", get(to_newest))
        .route("/sessions/{id}/analyses/{number}", get(numbered))
}

/// One of the three options at a glance.
#[derive(Serialize)]
pub struct Card {
    pub tier: String,
    pub title: String,
    pub summary: String,
    pub monthly: f64,
    pub low: f64,
    pub high: f64,
    pub components: usize,
    pub recommended: bool,
    pub trade_offs: Vec<String>,
    pub unpriced: usize,
    pub code: Option<Code>,
}

/// The files of an option.
#[derive(Serialize)]
pub struct Code {
    pub format: String,
    /// `queued`, `running`, `ready`, `failed` or `cancelled`.
    pub state: String,
    pub files: usize,
    pub error: Option<String>,
    /// Where the archive is, once it is ready.
    pub href: String,
}

/// A line that all options are compared by.
#[derive(Serialize)]
pub struct Row {
    pub key: String,
    pub label: String,
    pub cells: Vec<Cell>,
}

#[derive(Serialize)]
pub struct Cell {
    pub tier: String,
    pub value: String,
    pub note: String,
    /// Whether it is another value than that of the option before.
    pub differs: bool,
}

#[derive(Serialize)]
struct Overview {
    #[serde(flatten)]
    shell: Shell,
    cards: Vec<Card>,
    rows: Vec<Row>,
    recommended: String,
    reason: String,
    warnings: Vec<Warning>,
}

/// What the engine has to say about the whole analysis.
#[derive(Serialize)]
struct Warning {
    severity: String,
    message: String,
    help: String,
}

impl View for Overview {
    const TEMPLATE: &'static str = "workbench/overview.html";
}

pub const TIERS: [&str; 3] = ["good", "better", "best"];

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    let one = |it: &Value| match it {
        Value::String(it) => it.clone(),
        it => text(&it["text"]),
    };
    value.as_array().map(|all| all.iter().map(one).collect()).unwrap_or_default()
}

fn list(report: &Value, key: &str) -> Vec<Value> {
    report[key].as_array().cloned().unwrap_or_default()
}

/// The three options of a report.
pub fn cards(report: &Value, sets: &[Set]) -> Vec<Card> {
    let recommended = text(&report["recommended"]["tier"]);
    list(report, "options")
        .iter()
        .map(|it| {
            let tier = text(&it["tier"]);
            let amount = |key: &str| it["cost"][key].as_f64().unwrap_or_default();
            Card {
                title: text(&it["title"]),
                summary: text(&it["summary"]),
                monthly: amount("monthly"),
                low: amount("low"),
                high: amount("high"),
                components: it["components"].as_array().map_or(0, Vec::len),
                recommended: tier == recommended,
                trade_offs: texts(&it["trade_offs"]),
                unpriced: it["cost"]["unpriced"].as_array().map_or(0, Vec::len),
                code: code(sets, &tier),
                tier,
            }
        })
        .collect()
}

/// The lines by which the options of a report are compared.
pub fn rows(report: &Value) -> Vec<Row> {
    list(report, "comparison")
        .iter()
        .map(|it| {
            let cell = |nth: usize| Cell {
                tier: TIERS[nth].to_owned(),
                value: text(&it["values"][nth]),
                note: text(&it["notes"][nth]),
                differs: it["differs"][nth].as_bool().unwrap_or(false),
            };
            Row {
                key: text(&it["key"]),
                label: text(&it["label"]),
                cells: (0..3).map(cell).collect(),
            }
        })
        .collect()
}

fn overview(shell: Shell, report: Option<Value>, sets: &[Set]) -> Overview {
    let report = report.unwrap_or_default();
    let recommended = text(&report["recommended"]["tier"]);
    let (cards, rows) = (cards(&report, sets), rows(&report));
    let warnings = list(&report, "diagnostics")
        .iter()
        .filter(|it| matches!(it["severity"].as_str(), Some("error" | "warning")))
        .map(|it| Warning {
            severity: text(&it["severity"]),
            message: text(&it["message"]),
            help: text(&it["help"]),
        })
        .collect();
    let reason = text(&report["recommended"]["reason"]);
    Overview { shell, cards, rows, recommended, reason, warnings }
}

/// The files of an option: those that are ready, else the newest attempt.
pub fn code(sets: &[Set], tier: &str) -> Option<Code> {
    let mut of_tier = sets.iter().filter(|it| it.tier == tier);
    let set = of_tier.clone().find(|it| it.state == "ready").or_else(|| of_tier.next())?;
    Some(Code {
        format: set.format.clone(),
        state: set.state.clone(),
        files: set.manifest.as_ref().map_or(0, |it| it.len()),
        error: set.error.clone(),
        href: format!(
            "/api/v1/artifacts/{}/archive?analysis={}&option={}&format={}",
            set.session_id, set.analysis, set.tier, set.format
        ),
    })
}

async fn sets(tx: &mut TenantTx, id: Uuid, number: Option<i32>) -> Result<Vec<Set>> {
    match number {
        Some(number) => artifacts::list(tx, id, Some(number)).await,
        None => Ok(Vec::new()),
    }
}

async fn page(
    ctx: &Ctx,
    part: Part,
    at: (Uuid, Option<i32>),
    wish: &Wish,
    change: impl FnOnce(&mut Shell),
) -> Result<Page<Overview>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let Loaded { mut shell, report } = shell::load(ctx, &mut tx, part, at, wish).await?;
    let sets = sets(&mut tx, at.0, shell.number).await?;
    tx.commit().await?;
    change(&mut shell);
    Ok(Page(overview(shell, report, &sets)))
}

/// The page again, with what could not be sent.
pub async fn refused(
    ctx: &Ctx,
    part: Part,
    id: Uuid,
    text: String,
    problem: ErrorBody,
) -> Result<Response> {
    let status = problem.status;
    let keep = |shell: &mut Shell| {
        shell.draft = text;
        shell.problem = Some(problem);
    };
    let page = page(ctx, part, (id, None), &Wish::default(), keep).await?;
    Ok((status, page).into_response())
}

async fn newest(
    ctx: Ctx,
    part: Part,
    Path(id): Path<Uuid>,
    Query(wish): Query<Wish>,
) -> Result<Response> {
    Ok(page(&ctx, part, (id, None), &wish, |_| ()).await?.into_response())
}

async fn numbered(
    ctx: Ctx,
    part: Part,
    Path((id, number)): Path<(Uuid, i32)>,
    Query(wish): Query<Wish>,
) -> Result<Response> {
    Ok(page(&ctx, part, (id, Some(number)), &wish, |_| ()).await?.into_response())
}

async fn to_newest(Path(id): Path<Uuid>) -> Redirect {
    Redirect::to(&format!("/sessions/{id}"))
}
