//! One option in depth: its diagram, costs, code and reasons, each a tab with an
//! address of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::settings::{self, Field};
use super::shell::{self, Loaded, Part, Shell, Wish};
use super::show::{self, Code, TIERS};
use super::{costs, why};
use crate::engine::diagram::{Form, Kind, Style, Theme};
use crate::engine::graph::Tier as Known;
use crate::features::analyses::{self, Replay};
use crate::features::artifacts::{self, Asked, Browser, Choice, Set};
use crate::features::diagrams;
use crate::features::orgs::plans;
use crate::features::sessions::{self, Assumed};
use crate::platform::access::Action;
use crate::platform::crypto::sha256;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;
use crate::platform::work;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}/analyses/{number}/{tier}/{tab}", get(tab))
        .route("/sessions/{id}/analyses/{number}/{tier}/diagram.svg", get(picture))
        .route("/sessions/{id}/analyses/{number}/{tier}/figures", get(at_load))
        .route("/sessions/{id}/analyses/{number}/{tier}/costs.csv", get(table))
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
    pub tiers: Vec<Tier>,
    pub tabs: Vec<Link>,
    pub recommended: bool,
    pub code: Option<Code>,
    /// The option as in the report.
    pub option: Value,
}

/// An option to switch to.
#[derive(Serialize)]
pub struct Tier {
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
struct Costs {
    #[serde(flatten)]
    header: Header,
    figures: costs::Figures,
}

impl View for Costs {
    const TEMPLATE: &'static str = "workbench/option/costs.html";
}

/// The part of the costs that changes with load, by itself.
#[derive(Serialize)]
struct Figures {
    here: String,
    figures: costs::Figures,
}

impl View for Figures {
    const TEMPLATE: &'static str = "workbench/option/figures.html";
}

#[derive(Serialize)]
struct Files {
    #[serde(flatten)]
    header: Header,
    /// Downloads, and what is done with the set, are below this address.
    files: String,
    #[serde(flatten)]
    choice: Choice,
    browser: Option<Browser>,
    kept: Option<i64>,
}

impl View for Files {
    const TEMPLATE: &'static str = "workbench/option/code.html";
}

#[derive(Serialize)]
struct Why {
    #[serde(flatten)]
    header: Header,
    records: Vec<why::Record>,
    remarks: Vec<why::Remarks>,
    organisation: Vec<(&'static str, String)>,
    /// What the shown analysis assumes.
    assumed: Vec<Field>,
}

impl View for Why {
    const TEMPLATE: &'static str = "workbench/option/why.html";
}

async fn tab(
    State(state): State<AppState>,
    ctx: Ctx,
    part: Part,
    Path((id, number, tier, tab)): Path<(Uuid, i32, String, String)>,
    (Query(wish), Query(load), Query(asked)): (Query<Wish>, Query<costs::Wish>, Query<Asked>),
) -> Result<Response> {
    let tab = TABS.iter().find(|it| it.0 == tab).ok_or(Error::NotFound("page"))?.0;
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let loaded = shell::load(&ctx, &mut tx, part, (id, Some(number)), &wish).await?;
    let sets = artifacts::list(&mut tx, id, Some(number)).await?;
    let Loaded { shell, report } = loaded;
    let report = report.ok_or(Error::NotFound("analysis"))?;
    let header = header(shell, &report, &tier, tab, &sets)?;
    match tab {
        "costs" => {
            let replay = analyses::replay(&state, &mut tx, id, number).await?;
            tx.commit().await?;
            let figures = figures(&state, replay, &tier, load).await?;
            Ok(Page(Costs { header, figures }).into_response())
        }
        "code" => {
            let (choice, texts) =
                artifacts::browser(&state, &mut tx, (id, number), &tier, &asked).await?;
            tx.commit().await?;
            let browser = match (texts, &choice.set) {
                (Some((texts, against)), Some(set)) => {
                    let files = set.manifest.as_ref().map_or_else(Vec::new, |it| it.0.clone());
                    let other = choice.others.iter().find(|it| it.chosen);
                    let against = other.map(|it| it.label.clone()).zip(against);
                    Some(artifacts::look(files, texts, against, asked).await?)
                }
                _ => None,
            };
            let files = format!("{}/artifacts", header.shell.base);
            let kept = plans::limits(&ctx.org.plan).artifact_days;
            Ok(Page(Files { header, files, choice, browser, kept }).into_response())
        }
        "why" => {
            let brief = analyses::brief(&mut tx, id, number).await?;
            tx.commit().await?;
            let view = Why {
                records: why::records(&report, &header.option),
                remarks: why::remarks(&report, &header.option),
                organisation: why::from_organisation(&brief.policy),
                assumed: settings::assumptions(&brief, &report),
                header,
            };
            Ok(Page(view).into_response())
        }
        // The diagram has a handler of its own.
        _ => Err(Error::NotFound("page")),
    }
}

/// The figures at a load, for script to put in place of the ones before.
async fn at_load(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    Query(load): Query<costs::Wish>,
) -> Result<Page<Figures>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    analyses::exists(&mut tx, id).await?;
    let replay = analyses::replay(&state, &mut tx, id, number).await?;
    tx.commit().await?;
    let figures = figures(&state, replay, &tier, load).await?;
    Ok(Page(Figures { here: format!("/sessions/{id}/analyses/{number}/{tier}"), figures }))
}

async fn figures(
    state: &AppState,
    replay: Replay,
    tier: &str,
    load: costs::Wish,
) -> Result<costs::Figures> {
    let made = replay.make(state).await?;
    let (session, number) = replay.at();
    let (tier, scenario) = (tier.to_owned(), load.scenario());
    // Typed by people, so there are as many as they like; equal ones meet again.
    let asked = format!("{number} {tier} {} {}", scenario.load, scenario.growth);
    let key = i64::from_be_bytes(*sha256(asked).first_chunk().expect("a digest is longer"));
    if let Some(figures) = state.cache.get::<costs::Figures>("figures", session, key) {
        return Ok((*figures).clone());
    }
    let make = move || {
        let design = made.options.iter().find(|it| it.graph.tier.name() == tier)?;
        Some(Arc::new(costs::figures(&made, design, &load)))
    };
    let figures = work::run(make).await?;
    let figures = figures.ok_or(Error::NotFound("option"))?;
    state.cache.put("figures", session, key, &figures, costs::WEIGHT);
    Ok((*figures).clone())
}

/// The table of costs, for the button of the page.
async fn table(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    Query(assumed): Query<Assumed>,
) -> Result<Response> {
    sessions::costs_table(&state, &ctx, id, number, &tier, assumed).await
}

#[derive(Deserialize)]
struct Look {
    theme: Option<String>,
}

/// The drawing of an option, for the page to show. It never changes.
async fn picture(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    Query(look): Query<Look>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    analyses::exists(&mut tx, id).await?;
    let replay = analyses::replay(&state, &mut tx, id, number).await?;
    tx.commit().await?;
    let theme = if look.theme.as_deref() == Some("dark") { Theme::Dark } else { Theme::Light };
    let style = Style { theme, icons: state.icons.clone(), ..Style::default() };
    let tier = Known::parse(&tier).ok_or(Error::NotFound("option"))?;
    let wish = diagrams::Wish { tier, kind: Kind::Architecture, form: Form::Svg, style };
    let svg = diagrams::draw(&state, &replay, None, wish).await?;
    let headers =
        [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "private, max-age=3600")];
    Ok((headers, svg.to_vec()).into_response())
}

pub(super) fn header(
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
            Some(Tier { tier: it, monthly, href, current: it == tier })
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
