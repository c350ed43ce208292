//! The pages that a link leads to. Nobody is signed in here.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::PARTS;
use super::view::{self, Open, Over};
use crate::engine::analysis::Format;
use crate::engine::detail;
use crate::engine::diagram::{Style, Theme, architecture};
use crate::features::artifacts::{self, Asked, Browser};
use crate::features::workbench::{Card, CostWish, FIGURES_WEIGHT, Figures, Record, Remarks, Row};
use crate::features::workbench::{TIERS, cards, figures, records, remarks, rows};
use crate::platform::ctx::Client;
use crate::platform::error::{Error, Result};
use crate::platform::events::Who;
use crate::platform::extract::{Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::rate_limit::{self, Limit};
use crate::platform::state::AppState;
use crate::platform::work;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/s/{token}", get(overview))
        .route("/s/{token}/{tier}/{tab}", get(tab))
        .route("/s/{token}/{tier}/diagram.svg", get(picture))
        .route("/s/{token}/{tier}/figures", get(at_load))
        .route("/s/{token}/{tier}/costs.csv", get(table))
        .route("/s/{token}/{tier}/file", get(file))
        .route("/s/{token}/{tier}/code.zip", get(archive))
        .layer(from_fn(discreet))
}

/// Looks from one address: enough for a room full of people behind one.
const LOOKS: Limit = Limit::new(300, Duration::minutes(1));
/// Links that do not exist: enough for typing errors.
const MISSES: Limit = Limit::new(20, Duration::minutes(10));

/// The address is the secret: it is told to nobody else, and kept by no search
/// engine.
async fn discreet(request: axum::extract::Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let robots = HeaderName::from_static("x-robots-tag");
    headers.insert(robots, HeaderValue::from_static("noindex, nofollow, noarchive"));
    response
}

/// A link that leads nowhere, and why.
#[derive(Serialize)]
struct Nowhere {
    why: &'static str,
}

impl View for Nowhere {
    const TEMPLATE: &'static str = "shares/over.html";
}

fn nowhere(over: Over) -> Response {
    let (status, why) = match over {
        Over::Unknown => (StatusCode::NOT_FOUND, "unknown"),
        Over::Expired => (StatusCode::GONE, "expired"),
        Over::Revoked => (StatusCode::GONE, "revoked"),
    };
    (status, Page(Nowhere { why })).into_response()
}

/// Follows the link, or answers why not.
async fn enter(
    state: &AppState,
    client: Client,
    token: &str,
    counts: bool,
) -> Result<Open, Response> {
    let refuse = |err: Error| err.into_response();
    let from = client.ip.map_or_else(|| "nowhere".to_owned(), network);
    rate_limit::take(state, &format!("share:{from}"), LOOKS).await.map_err(refuse)?;
    let found = view::open(state, Who::anonymous(client), token, counts).await.map_err(refuse)?;
    match found {
        Ok(open) => Ok(open),
        Err(over) => {
            rate_limit::take(state, &format!("share miss:{from}"), MISSES).await.map_err(refuse)?;
            Err(nowhere(over))
        }
    }
}

/// Who has one address of the sixth version has as many as they like.
fn network(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

#[derive(Serialize)]
struct Link {
    label: String,
    href: String,
    current: bool,
}

/// What stands above every page.
#[derive(Serialize)]
struct Head {
    called: String,
    org_name: Option<String>,
    by: Option<String>,
    workspace: Option<String>,
    expires_at: DateTime<Utc>,
    hides: bool,
    base: String,
    tier: String,
    tab: &'static str,
    /// The address of the option.
    here: String,
    tiers: Vec<Link>,
    tabs: Vec<Link>,
    costs_shown: bool,
    code_shown: bool,
    why_shown: bool,
}

#[derive(Serialize)]
struct Show {
    #[serde(flatten)]
    head: Head,
    cards: Vec<Card>,
    rows: Vec<Row>,
    recommended: String,
    reason: String,
    /// Where looking closer leads.
    first: Option<&'static str>,
    option: Value,
    figures: Option<Figures>,
    records: Vec<Record>,
    remarks: Vec<Remarks>,
    format: &'static str,
    formats: [&'static str; 2],
    others: [(); 0],
    browser: Option<Browser>,
    checksum: String,
}

impl View for Show {
    const TEMPLATE: &'static str = "shares/show.html";
}

/// The parts that are shown as tabs, in their order.
fn tabs(open: &Open) -> impl Iterator<Item = (&'static str, &'static str)> {
    let labels = [("diagram", "Diagram"), ("costs", "Costs"), ("code", "Code"), ("why", "Why")];
    debug_assert!(labels.iter().zip(PARTS).all(|(a, b)| a.0 == b.0));
    labels.into_iter().filter(|it| open.shows(it.0))
}

fn show(open: &Open, token: &str, tier: &str, tab: &'static str) -> Show {
    let (link, report) = (&open.link, &open.outside.report);
    let base = format!("/s/{token}");
    let veiled = |text: &str| open.outside.veil.text(text);
    let called = if link.title.is_empty() { veiled(&link.session) } else { veiled(&link.title) };
    let shown = |name: &str, text: &str| (!open.hides(name)).then(|| veiled(text));
    let tab_of_tiers = if tab.is_empty() { tabs(open).next().map_or("", |it| it.0) } else { tab };
    let mut tiers = vec![Link {
        label: "All options".to_owned(),
        href: base.clone(),
        current: tier.is_empty(),
    }];
    if !tab_of_tiers.is_empty() {
        tiers.extend(TIERS.map(|it| Link {
            label: format!("{}{}", it[..1].to_uppercase(), &it[1..]),
            href: format!("{base}/{it}/{tab_of_tiers}"),
            current: it == tier,
        }));
    }
    let here = format!("{base}/{tier}");
    let head = Head {
        called,
        org_name: shown("organisation", &link.org),
        by: link.created_by.as_deref().and_then(|it| shown("people", it)),
        workspace: shown("workspace", &link.workspace),
        expires_at: link.expires_at,
        hides: !link.hidden.is_empty() || !link.words.is_empty(),
        tabs: tabs(open)
            .map(|(name, label)| Link {
                label: label.to_owned(),
                href: format!("{here}/{name}"),
                current: name == tab,
            })
            .collect(),
        base,
        tier: tier.to_owned(),
        tab,
        here,
        tiers,
        costs_shown: open.shows("costs"),
        code_shown: open.shows("code"),
        why_shown: open.shows("why"),
    };
    let find = |tier: &str| {
        let all = report["options"].as_array();
        all.and_then(|all| all.iter().find(|it| it["tier"] == tier)).cloned().unwrap_or_default()
    };
    let mut rows = rows(report);
    rows.retain(|it| it.key != "cost");
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    Show {
        cards: cards(report, &[]),
        rows,
        recommended: text(&report["recommended"]["tier"]),
        reason: text(&report["recommended"]["reason"]),
        first: tabs(open).next().map(|it| it.0),
        option: find(tier),
        figures: None,
        records: Vec::new(),
        remarks: Vec::new(),
        format: open.outside.format.name(),
        formats: Format::ALL.map(Format::name),
        others: [],
        browser: None,
        checksum: String::new(),
        head,
    }
}

async fn overview(
    State(state): State<AppState>,
    client: Client,
    Path(token): Path<String>,
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, true).await?;
    Ok(Page(show(&open, &token, "", "")).into_response())
}

async fn tab(
    State(state): State<AppState>,
    client: Client,
    Path((token, tier, tab)): Path<(String, String, String)>,
    (Query(load), Query(asked)): (Query<CostWish>, Query<Asked>),
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, true).await?;
    looked(&state, &open, (&token, &tier, &tab), load, asked).await.map_err(Error::into_response)
}

async fn looked(
    state: &AppState,
    open: &Open,
    (token, tier, tab): (&str, &str, &str),
    load: CostWish,
    asked: Asked,
) -> Result<Response> {
    let tab = tabs(open).find(|it| it.0 == tab).ok_or(Error::NotFound("page"))?.0;
    open.design(tier)?;
    let mut page = show(open, token, tier, tab);
    match tab {
        "costs" => page.figures = Some(figures_of(state, open, tier, load).await?),
        "code" => {
            let asked = Asked { against: None, ..asked };
            let format = wanted(open, asked.format.as_deref())?;
            let package = open.package(state, tier, format).await?;
            let (files, texts) = (package.manifest.clone(), package.texts.clone());
            page.browser = Some(artifacts::look(files, texts, None, asked).await?);
            page.format = format.name();
            page.checksum = package.checksum_hex();
        }
        "why" => {
            page.records = records(&open.outside.report, &page.option);
            page.remarks = remarks(&open.outside.report, &page.option);
        }
        _ => {}
    }
    Ok(Page(page).into_response())
}

fn wanted(open: &Open, format: Option<&str>) -> Result<Format> {
    match format.filter(|it| !it.is_empty()) {
        Some(name) => Format::parse(name).ok_or(Error::NotFound("format")),
        None => Ok(open.outside.format),
    }
}

#[derive(Deserialize)]
struct Look {
    theme: Option<String>,
}

async fn picture(
    State(state): State<AppState>,
    client: Client,
    Path((token, tier)): Path<(String, String)>,
    Query(look): Query<Look>,
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, false).await?;
    let drawn = async {
        open.require("diagram")?;
        open.design(&tier)?;
        let theme = if look.theme.as_deref() == Some("dark") { Theme::Dark } else { Theme::Light };
        let style = Style { theme, icons: state.icons.clone(), ..Style::default() };
        open.kept(&state, "shared picture", &format!("{tier} {theme:?}"), move |open| {
            let svg = architecture::svg(open.design(&tier)?, &style);
            let svg = if open.shows("costs") { svg } else { view::without_money(&svg) };
            let weight = svg.len();
            Ok((svg, weight))
        })
        .await
    };
    let svg: Arc<String> = drawn.await.map_err(Error::into_response)?;
    let media = HeaderValue::from_static("image/svg+xml");
    Ok(([(header::CONTENT_TYPE, media)], svg.to_string()).into_response())
}

/// The figures at another load, for script.
#[derive(Serialize)]
struct AtLoad {
    here: String,
    figures: Figures,
}

impl View for AtLoad {
    const TEMPLATE: &'static str = "workbench/option/figures.html";
}

async fn at_load(
    State(state): State<AppState>,
    client: Client,
    Path((token, tier)): Path<(String, String)>,
    Query(load): Query<CostWish>,
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, false).await?;
    let page = async {
        open.require("costs")?;
        let figures = figures_of(&state, &open, &tier, load).await?;
        Ok(Page(AtLoad { here: format!("/s/{token}/{tier}"), figures }).into_response())
    };
    page.await.map_err(Error::into_response)
}

async fn figures_of(state: &AppState, open: &Open, tier: &str, load: CostWish) -> Result<Figures> {
    let (tier, scenario) = (tier.to_owned(), load.scenario());
    let asked = format!("{tier} {} {}", scenario.load, scenario.growth);
    let work = move |open: &Open| {
        let made = figures(&open.outside.analysis, open.design(&tier)?, &load);
        Ok((made, FIGURES_WEIGHT))
    };
    let figures: Arc<Figures> = open.kept(state, "shared figures", &asked, work).await?;
    Ok((*figures).clone())
}

async fn table(
    State(state): State<AppState>,
    client: Client,
    Path((token, tier)): Path<(String, String)>,
    Query(load): Query<CostWish>,
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, false).await?;
    let table = async {
        open.require("costs")?;
        let load = load.scenario().load;
        let write =
            move || -> Result<String> { Ok(detail::costs_csv(&open.design(&tier)?.graph, load)) };
        let table = work::run(write).await??;
        let name = HeaderValue::from_static("attachment; filename=\"costs.csv\"");
        let media = HeaderValue::from_static("text/csv; charset=utf-8");
        Ok(([(header::CONTENT_TYPE, media), (header::CONTENT_DISPOSITION, name)], table)
            .into_response())
    };
    table.await.map_err(Error::into_response)
}

async fn file(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path((token, tier)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, false).await?;
    let file = async {
        open.require("code")?;
        let format = wanted(&open, asked.format.as_deref())?;
        let package = open.package(&state, &tier, format).await?;
        let path = asked.file.unwrap_or_default();
        let text = package.texts.iter().find(|it| it.0 == path).ok_or(Error::NotFound("file"))?;
        let name = path.rsplit('/').next().unwrap_or(&path);
        let content = text.1.clone().into_bytes();
        Ok(artifacts::api::download(&headers, content, "application/octet-stream", name))
    };
    file.await.map_err(Error::into_response)
}

async fn archive(
    State(state): State<AppState>,
    client: Client,
    headers: HeaderMap,
    Path((token, tier)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Response> {
    let open = enter(&state, client, &token, false).await?;
    let archive = async {
        open.require("code")?;
        let format = wanted(&open, asked.format.as_deref())?;
        let package = open.package(&state, &tier, format).await?;
        let name = format!("{tier}-{}.zip", format.name());
        Ok(artifacts::api::download(&headers, package.archive.clone(), "application/zip", &name))
    };
    archive.await.map_err(Error::into_response)
}
