//! One option in depth: its diagram, costs, code and reasons, each a tab with an
//! address of its own.

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::shell::{self, Loaded, Part, Shell, Wish};
use super::show::{self, Code, TIERS};
use crate::engine::diagram::{Style, Theme, architecture};
use crate::features::analyses;
use crate::features::artifacts::{self, Set};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}/analyses/{number}/{tier}", get(first))
        .route("/sessions/{id}/analyses/{number}/{tier}/{tab}", get(tab))
        .route("/sessions/{id}/analyses/{number}/{tier}/diagram.svg", get(picture))
}

/// The tabs of an option: the last part of the address, and the name. The first
/// is shown when the address names none.
pub const TABS: [(&str, &str); 4] =
    [("diagram", "Diagram"), ("costs", "Costs"), ("code", "Code"), ("why", "Why")];

/// What stands above every tab.
#[derive(Serialize)]
pub struct Header {
    #[serde(flatten)]
    pub shell: Shell,
    pub tier: String,
    pub tab: &'static str,
    /// The address of the tab without its name.
    pub here: String,
    pub tiers: Vec<Choice>,
    pub tabs: Vec<Link>,
    pub recommended: bool,
    pub code: Option<Code>,
    /// The option as in the report.
    pub option: Value,
}

/// An option to switch to.
#[derive(Serialize)]
pub struct Choice {
    pub tier: &'static str,
    pub monthly: f64,
    pub href: String,
    pub current: bool,
}

#[derive(Serialize)]
pub struct Link {
    pub name: &'static str,
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

#[derive(Serialize)]
struct Diagram {
    #[serde(flatten)]
    header: Header,
}

impl View for Diagram {
    const TEMPLATE: &'static str = "workbench/option/diagram.html";
}

#[derive(Serialize)]
struct Costs {
    #[serde(flatten)]
    header: Header,
}

impl View for Costs {
    const TEMPLATE: &'static str = "workbench/option/costs.html";
}

#[derive(Serialize)]
struct Files {
    #[serde(flatten)]
    header: Header,
    sets: Vec<Set>,
}

impl View for Files {
    const TEMPLATE: &'static str = "workbench/option/code.html";
}

#[derive(Serialize)]
struct Why {
    #[serde(flatten)]
    header: Header,
    decisions: Value,
    diagnostics: Value,
}

impl View for Why {
    const TEMPLATE: &'static str = "workbench/option/why.html";
}

async fn first(
    ctx: Ctx,
    part: Part,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    wish: Query<Wish>,
) -> Result<Response> {
    let path = Path((id, number, tier, TABS[0].0.to_owned()));
    tab(ctx, part, path, wish).await
}

async fn tab(
    ctx: Ctx,
    part: Part,
    Path((id, number, tier, tab)): Path<(Uuid, i32, String, String)>,
    Query(wish): Query<Wish>,
) -> Result<Response> {
    let tab = TABS.iter().find(|it| it.0 == tab).ok_or(Error::NotFound("page"))?.0;
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let loaded = shell::load(&ctx, &mut tx, part, (id, Some(number)), &wish).await?;
    let mut sets = artifacts::list(&mut tx, id, Some(number)).await?;
    tx.commit().await?;
    let Loaded { shell, report } = loaded;
    let mut report = report.ok_or(Error::NotFound("analysis"))?;
    let header = header(shell, &report, &tier, tab, &sets)?;
    Ok(match tab {
        "costs" => Page(Costs { header }).into_response(),
        "code" => {
            sets.retain(|it| it.tier == tier);
            Page(Files { header, sets }).into_response()
        }
        "why" => {
            let (decisions, diagnostics) =
                (report["decisions"].take(), report["diagnostics"].take());
            Page(Why { header, decisions, diagnostics }).into_response()
        }
        _ => Page(Diagram { header }).into_response(),
    })
}

#[derive(Deserialize)]
struct Look {
    theme: Option<String>,
}

/// The drawing of an option, for the page to show. It never changes.
async fn picture(
    ctx: Ctx,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    Query(look): Query<Look>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    analyses::exists(&mut tx, id).await?;
    let brief = analyses::brief(&mut tx, id, number).await?;
    tx.commit().await?;
    let theme = if look.theme.as_deref() == Some("dark") { Theme::Dark } else { Theme::Light };
    let style = Style { theme, ..Style::default() };
    let draw = move || {
        let analysis = brief.analyze();
        let design = analysis.options.iter().find(|it| it.graph.tier.name() == tier)?;
        Some(architecture::svg(design, &style))
    };
    let drawn = tokio::task::spawn_blocking(draw).await.map_err(anyhow::Error::from)?;
    let svg = drawn.ok_or(Error::NotFound("option"))?;
    let headers =
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, max-age=3600")];
    Ok((headers, svg).into_response())
}

fn header(
    shell: Shell,
    report: &Value,
    tier: &str,
    tab: &'static str,
    sets: &[Set],
) -> Result<Header> {
    let options = report["options"].as_array();
    let find = |tier: &str| options.and_then(|all| all.iter().find(|it| it["tier"] == tier));
    let option = find(tier).ok_or(Error::NotFound("option"))?.clone();
    let base = format!("{}/analyses/{}", shell.base, shell.number.unwrap_or_default());
    let here = format!("{base}/{tier}");
    let tiers = TIERS
        .into_iter()
        .filter_map(|it| {
            let monthly = find(it)?["cost"]["monthly"].as_f64().unwrap_or_default();
            let href = format!("{base}/{it}/{tab}");
            Some(Choice { tier: it, monthly, href, current: it == tier })
        })
        .collect();
    let tabs = TABS
        .into_iter()
        .map(|(name, label)| Link {
            name,
            label,
            href: format!("{here}/{name}"),
            current: name == tab,
        })
        .collect();
    Ok(Header {
        recommended: report["recommended"]["tier"] == tier,
        code: show::code(sets, tier),
        tier: tier.to_owned(),
        tab,
        here,
        tiers,
        tabs,
        option,
        shell,
    })
}
