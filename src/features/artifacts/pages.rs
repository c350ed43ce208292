use axum::Router;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::api::download;
use super::browse::{self, Difference, Entry, Hit, Part, Source};
use super::generate::{self, Of};
use super::store::{self, File, Set};
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
    href: String,
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

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Asked {
    file: Option<String>,
    /// Words to search for.
    q: Option<String>,
    component: Option<String>,
    /// The set to compare with.
    against: Option<String>,
    /// `split` for side by side.
    layout: Option<String>,
}

#[derive(Serialize)]
struct Show {
    session: String,
    set: Set,
    base: String,
    can_edit: bool,
    tree: Vec<Entry>,
    parts: Vec<Part>,
    file: Option<File>,
    source: Option<Source>,
    asked: Asked,
    hits: Vec<Hit>,
    more: bool,
    /// Sets in the same format that this one can be compared with.
    others: Vec<Listed>,
    /// The set of the same option in each other format of this analysis.
    formats: Vec<(&'static str, Option<String>)>,
    differences: Option<Vec<Difference>>,
    against: Option<Set>,
}

impl View for Show {
    const TEMPLATE: &'static str = "artifacts/show.html";
}

async fn show(
    ctx: Ctx,
    Path((id, set_id)): Path<(Uuid, Uuid)>,
    Query(asked): Query<Asked>,
) -> Result<Page<Show>> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let session = store::session_title(&mut tx, id).await?;
    let set = found(&mut tx, id, set_id).await?;
    let all = store::list(&mut tx, id, None).await?;
    let formats = Format::ALL.map(|format| {
        let other = all.iter().find(|it| {
            (it.analysis, &it.tier) == (set.analysis, &set.tier)
                && it.format == format.name()
                && !matches!(it.state.as_str(), "failed" | "cancelled")
        });
        (format.name(), other.map(|it| format!("/sessions/{id}/artifacts/{}", it.id)))
    });
    let comparable = |it: &Set| it.id != set.id && it.format == set.format && it.state == "ready";
    let others = listed(all.into_iter().filter(comparable).collect());

    let ready = set.state == "ready";
    let texts = if ready { store::files(&mut tx, set.id).await? } else { Vec::new() };
    let against = match asked.against.as_deref().filter(|it| !it.is_empty()) {
        Some(other) if ready => {
            let other = other.parse().map_err(|_| Error::NotFound("artifact set"))?;
            Some(found(&mut tx, id, other).await?)
        }
        _ => None,
    };
    let other_texts = match &against {
        Some(other) => Some(store::files(&mut tx, other.id).await?),
        None => None,
    };
    tx.commit().await?;

    let files: &[File] = set.manifest.as_ref().map_or(&[], |it| &it.0);
    let of_component = asked.component.as_deref().and_then(|component| {
        files.iter().find(|it| it.blocks.iter().any(|block| block.component == component))
    });
    let file = match asked.file.as_deref() {
        Some(path) if ready => {
            Some(files.iter().find(|it| it.path == path).ok_or(Error::NotFound("file"))?)
        }
        _ => of_component.or_else(|| browse::first(files)),
    };
    let file = file.cloned();
    let text = file.as_ref().and_then(|it| texts.iter().find(|text| text.0 == it.path));
    let current = file.as_ref().map(|it| it.path.as_str());
    let (hits, more) = browse::search(&texts, asked.q.as_deref().unwrap_or_default());
    let differences = match other_texts {
        // Comparing long files is work for a thread that nobody else waits for.
        Some(before) => {
            let after = texts.clone();
            let compared =
                tokio::task::spawn_blocking(move || browse::differences(&before, &after));
            Some(compared.await.map_err(anyhow::Error::from)?)
        }
        None => None,
    };
    Ok(Page(Show {
        session,
        base: format!("/sessions/{id}/artifacts/{}", set.id),
        can_edit: ctx.may(Action::EditSessions),
        tree: browse::tree(files, current),
        parts: browse::parts(files, current),
        source: text.map(|(path, text)| browse::source(path, text)),
        file,
        hits,
        more,
        others,
        formats: formats.to_vec(),
        differences,
        against,
        asked,
        set,
    }))
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
    let path = format!("/sessions/{id}/artifacts/{}", set.id);
    Ok(Flash::info("The files are being generated.").redirect(&path))
}

async fn cancel(ctx: Ctx, Path((id, set_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let set = found(&mut tx, id, set_id).await?;
    let path = format!("/sessions/{id}/artifacts/{}", set.id);
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
    let path = format!("/sessions/{id}/artifacts/{}", next.id);
    Ok(Flash::info("The files are being generated again.").redirect(&path))
}
