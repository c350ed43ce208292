use axum::Router;
use axum::http::HeaderMap;
use axum::response::{Redirect, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::api::download;
use super::generate::{self, Of};
use super::store::{self, Set};
use crate::engine::analysis::Format;
use crate::engine::graph::Tier;
use crate::features::analyses;
use crate::features::orgs::plans;
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Form, Path, Query};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}/artifacts", get(list).post(ask))
        .route("/sessions/{id}/artifacts/{set}", get(show))
        .route("/sessions/{id}/artifacts/{set}/file", get(file))
        .route("/sessions/{id}/artifacts/{set}/archive", get(archive))
        .route("/sessions/{id}/artifacts/{set}/cancel", post(cancel))
        .route("/sessions/{id}/artifacts/{set}/retry", post(retry))
}

/// A set in a list or a choice.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    set: Set,
    bytes: usize,
    /// What is done with it is below this address.
    href: String,
    /// Where its files are looked at.
    page: String,
    /// The set before it in time of the same option and format.
    previous: Option<Uuid>,
}

#[derive(Serialize)]
struct Index {
    session_id: Uuid,
    session: String,
    sets: Vec<Listed>,
    newest: Option<i32>,
    can_edit: bool,
    /// Days that files of superseded analyses are kept; none means for ever.
    days: Option<i64>,
    formats: [&'static str; 2],
    tiers: [&'static str; 3],
}

impl View for Index {
    const TEMPLATE: &'static str = "artifacts/index.html";
}

fn listed(sets: Vec<Set>) -> Vec<Listed> {
    let before = |set: &Set| {
        let same = |it: &&Set| {
            it.tier == set.tier
                && it.format == set.format
                && it.analysis < set.analysis
                && it.state == "ready"
        };
        sets.iter().filter(same).max_by_key(|it| it.analysis).map(|it| it.id)
    };
    let previous: Vec<Option<Uuid>> = sets.iter().map(before).collect();
    sets.into_iter()
        .zip(previous)
        .map(|(set, previous)| Listed {
            bytes: set.manifest.iter().flat_map(|it| &it.0).map(|it| it.bytes).sum(),
            href: format!("/sessions/{}/artifacts/{}", set.session_id, set.id),
            page: set.page(),
            previous,
            set,
        })
        .collect()
}

async fn list(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Index>> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let session = store::session_title(&mut tx, id).await?;
    let sets = store::list(&mut tx, id, None).await?;
    let newest = analyses::list(&mut tx, id, None, 1).await?.first().map(|it| it.number);
    tx.commit().await?;
    Ok(Page(Index {
        session_id: id,
        session,
        sets: listed(sets),
        newest,
        can_edit: ctx.may(Action::EditSessions),
        days: plans::limits(&ctx.org.plan).artifact_days,
        formats: Format::ALL.map(Format::name),
        tiers: ["good", "better", "best"],
    }))
}

/// The set of an address: of this session, and one that may be seen.
async fn found(tx: &mut TenantTx, session_id: Uuid, id: Uuid) -> Result<Set> {
    analyses::exists(tx, session_id).await?;
    let set = store::find(tx, id).await?;
    if set.session_id == session_id { Ok(set) } else { Err(Error::NotFound("artifact set")) }
}

/// The page of a set is the code of its option; one that is not in use any more
/// is in the list.
async fn show(ctx: Ctx, Path((id, set_id)): Path<(Uuid, Uuid)>) -> Result<Redirect> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let set = found(&mut tx, id, set_id).await?;
    tx.commit().await?;
    Ok(Redirect::to(&set.page()))
}

#[derive(Debug, Deserialize)]
struct OfFile {
    file: String,
}

/// One file as it is. It is never shown by the browser: what it holds is not ours.
async fn file(
    ctx: Ctx,
    headers: HeaderMap,
    Path((id, set_id)): Path<(Uuid, Uuid)>,
    Query(of): Query<OfFile>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let set = found(&mut tx, id, set_id).await?;
    let content = store::file(&mut tx, set.id, &of.file).await?;
    tx.commit().await?;
    let name = of.file.rsplit('/').next().unwrap_or(&of.file);
    Ok(download(&headers, content, "application/octet-stream", name))
}

async fn archive(
    ctx: Ctx,
    headers: HeaderMap,
    Path((id, set_id)): Path<(Uuid, Uuid)>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let set = found(&mut tx, id, set_id).await?;
    let content = store::archive(&mut tx, set.id).await?;
    tx.commit().await?;
    let name = format!("{}-{}-{}.zip", set.analysis, set.tier, set.format);
    Ok(download(&headers, content, "application/zip", &name))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    analysis: i32,
    option: Tier,
    format: Format,
}

async fn ask(ctx: Ctx, Path(id): Path<Uuid>, Form(wanted): Form<Wanted>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    analyses::exists(&mut tx, id).await?;
    analyses::find(&mut tx, id, wanted.analysis).await?;
    let of = Of {
        session_id: id,
        analysis: wanted.analysis,
        tier: wanted.option,
        format: wanted.format,
    };
    let set = generate::ask(&mut tx, of, Some(ctx.person.id)).await?;
    tx.commit().await?;
    let told = if set.state == "ready" {
        "These files are there already."
    } else {
        "The files are being generated."
    };
    Ok(Flash::info(told).redirect(&set.page()))
}

async fn cancel(ctx: Ctx, Path((id, set_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let set = found(&mut tx, id, set_id).await?;
    let path = set.page();
    match generate::cancel(&mut tx, set.id).await {
        Ok(()) => {
            tx.commit().await?;
            Ok(Flash::info("The generation was cancelled.").redirect(&path))
        }
        // It was ready before the click arrived: show what there is.
        Err(Error::Conflict { .. }) => Ok(Flash::info("It had ended already.").redirect(&path)),
        Err(err) => Err(err),
    }
}

async fn retry(ctx: Ctx, Path((id, set_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let set = found(&mut tx, id, set_id).await?;
    let of = Of {
        session_id: id,
        analysis: set.analysis,
        tier: Tier::parse(&set.tier).ok_or(Error::NotFound("option"))?,
        format: Format::parse(&set.format).ok_or(Error::NotFound("format"))?,
    };
    let next = generate::ask(&mut tx, of, Some(ctx.person.id)).await?;
    tx.commit().await?;
    Ok(Flash::info("The files are being generated again.").redirect(&next.page()))
}
