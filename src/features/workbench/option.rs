//! An option in depth: its tabs.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::session::{Look, Shell, option_of, shell};
use crate::engine::analysis::Format;
use crate::engine::graph::Tier;
use crate::features::artifacts::{self, Of, Set};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Form, Path, Query};
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

const TABS: &[&str] = &["diagram", "costs", "code", "why"];

/// What every tab shows around itself.
#[derive(Serialize)]
struct Around {
    #[serde(flatten)]
    shell: Shell,
    tier: String,
    tab: &'static str,
    option: Value,
}

#[derive(Serialize)]
struct Diagram {
    #[serde(flatten)]
    around: Around,
}

impl View for Diagram {
    const TEMPLATE: &'static str = "workbench/option/diagram.html";
}

#[derive(Serialize)]
struct Costs {
    #[serde(flatten)]
    around: Around,
}

impl View for Costs {
    const TEMPLATE: &'static str = "workbench/option/costs.html";
}

#[derive(Serialize)]
struct Code {
    #[serde(flatten)]
    around: Around,
    format: &'static str,
    formats: Vec<&'static str>,
    set: Option<Set>,
    file: Option<Shown>,
}

#[derive(Serialize)]
struct Shown {
    path: String,
    lines: Vec<String>,
}

impl View for Code {
    const TEMPLATE: &'static str = "workbench/option/code.html";
}

#[derive(Serialize)]
struct Why {
    #[serde(flatten)]
    around: Around,
    decisions: Vec<Value>,
    diagnostics: Value,
    assumptions: Value,
}

impl View for Why {
    const TEMPLATE: &'static str = "workbench/option/why.html";
}

pub async fn first(Path((id, number, tier)): Path<(Uuid, i32, String)>) -> Result<Redirect> {
    let tier = Tier::parse(&tier).ok_or(Error::NotFound("option"))?.name();
    Ok(Redirect::to(&format!("/sessions/{id}/analyses/{number}/{tier}/diagram")))
}

#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    format: Option<String>,
    #[serde(default)]
    file: Option<String>,
}

pub async fn tab(
    ctx: Ctx,
    Path((id, number, tier, tab)): Path<(Uuid, i32, String, String)>,
    Query(look): Query<Look>,
    Query(asked): Query<Asked>,
) -> Result<Response> {
    let tab = TABS.iter().find(|it| **it == tab).ok_or(Error::NotFound("page"))?;
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let (shell, report) = shell(&ctx, &mut tx, id, Some(number), &look).await?;
    let option = option_of(&report, &tier)?;
    let around = Around { shell, tier: tier.clone(), tab, option };
    let response = match *tab {
        "diagram" => Page(Diagram { around }).into_response(),
        "costs" => Page(Costs { around }).into_response(),
        "why" => {
            let concerns = |it: &&Value| {
                it["tiers"].as_array().is_none_or(|tiers| {
                    tiers.is_empty() || tiers.iter().any(|it| *it == tier.as_str())
                })
            };
            let decisions = report["decisions"].as_array().into_iter().flatten();
            Page(Why {
                decisions: decisions.filter(concerns).cloned().collect(),
                diagnostics: report["diagnostics"].clone(),
                assumptions: report["requirements"]["assumptions"].clone(),
                around,
            })
            .into_response()
        }
        _ => {
            let default = crate::features::analyses::brief(&mut tx, id, number).await?.format();
            let format = match asked.format.as_deref() {
                Some(name) => Format::parse(name).ok_or(Error::NotFound("format"))?,
                None => default,
            };
            let set = artifacts::of_option(&mut tx, id, number, &tier, format.name()).await?;
            let file = match &set {
                Some(set) if set.state == "ready" => {
                    let files: Vec<_> = set.manifest.iter().flat_map(|it| &it.0).collect();
                    let first = ["main.tf", "template.yaml"];
                    let named = asked.file.as_deref();
                    let path = named
                        .or_else(|| {
                            first.into_iter().find(|it| files.iter().any(|file| file.path == *it))
                        })
                        .or_else(|| files.first().map(|it| it.path.as_str()));
                    match path {
                        Some(path) => {
                            let bytes = artifacts::file(&mut tx, set.id, path).await?;
                            let text = String::from_utf8_lossy(&bytes);
                            let lines = text.lines().map(str::to_owned).collect();
                            Some(Shown { path: path.to_owned(), lines })
                        }
                        None => None,
                    }
                }
                _ => None,
            };
            let formats = Format::ALL.map(Format::name).to_vec();
            Page(Code { around, format: format.name(), formats, set, file }).into_response()
        }
    };
    tx.commit().await?;
    Ok(response)
}

#[derive(Debug, Deserialize)]
pub struct Wanted {
    format: String,
}

/// Asks for the files of an option in a format.
pub async fn generate(
    ctx: Ctx,
    Path((id, number, tier)): Path<(Uuid, i32, String)>,
    Form(wanted): Form<Wanted>,
) -> Result<Redirect> {
    let of = Of {
        session_id: id,
        analysis: number,
        tier: Tier::parse(&tier).ok_or(Error::NotFound("option"))?,
        format: Format::parse(&wanted.format).ok_or(Error::NotFound("format"))?,
    };
    let mut tx = ctx.begin(Action::EditSessions).await?;
    crate::features::analyses::exists(&mut tx, id).await?;
    crate::features::analyses::find(&mut tx, id, number).await?;
    artifacts::now(&mut tx, of, Some(ctx.person.id)).await?;
    tx.commit().await?;
    let path = format!(
        "/sessions/{id}/analyses/{number}/{}/code?format={}",
        of.tier.name(),
        of.format.name()
    );
    Ok(Redirect::to(&path))
}

/// The archive of an option in a format.
pub async fn download(
    State(_): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Path((id, number, tier, format)): Path<(Uuid, i32, String, String)>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    crate::features::analyses::exists(&mut tx, id).await?;
    let set = artifacts::of_option(&mut tx, id, number, &tier, &format).await?;
    let set = set.ok_or(Error::NotFound("artifact set"))?;
    let archive = artifacts::archive(&mut tx, set.id).await?;
    tx.commit().await?;
    let name = format!("{number}-{tier}-{format}.zip");
    Ok(artifacts::api::download(&headers, archive, "application/zip", &name))
}
