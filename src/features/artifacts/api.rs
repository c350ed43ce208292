use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::generate::{self, Of};
use super::store::{self, Set};
use crate::engine::analysis::Format;
use crate::engine::graph::Tier;
use crate::features::analyses;
use crate::platform::access::Action;
use crate::platform::crypto::{hex, sha256};
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Json, List, Path, Query, accepted, wants_async};
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(implement))
        .routes(routes!(list_artifacts))
        .routes(routes!(find_artifact))
        .routes(routes!(download_artifacts))
}

/// What to generate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ImplementRequest {
    session_id: Uuid,
    /// The number of the analysis; the newest when absent.
    #[schema(minimum = 1)]
    analysis: Option<i32>,
    /// `good`, `better` or `best`; the recommended one when absent.
    #[schema(value_type = Option<String>, max_length = 10)]
    option: Option<Tier>,
    /// `terraform` or `cloudformation`; the organisation's default when absent.
    #[schema(value_type = Option<String>, max_length = 20)]
    format: Option<Format>,
}

/// Turn an option into code. The same option and format give the same files:
/// a set that is there already is answered as it is.
#[utoipa::path(post, path = "/implement", tag = "artifacts",
    params(("Prefer" = Option<String>, Header, description = "`respond-async` to be answered at once with 202")),
    responses((status = 200, body = Set), (status = 202, body = Set), Errors))]
async fn implement(
    ctx: Ctx,
    headers: HeaderMap,
    Json(request): Json<ImplementRequest>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let of = resolve(
        &mut tx,
        request.session_id,
        Which { analysis: request.analysis, option: request.option, format: request.format },
    )
    .await?;
    let account_id = Some(ctx.person.id);
    if wants_async(&headers) {
        let set = generate::ask(&mut tx, of, account_id).await?;
        tx.commit().await?;
        if set.state == "ready" {
            return Ok((StatusCode::OK, Json(set)).into_response());
        }
        return Ok(accepted(set.id, set));
    }
    let set = generate::now(&mut tx, of, account_id).await?;
    tx.commit().await?;
    Ok((StatusCode::OK, Json(set)).into_response())
}

/// Which set of a session is meant; what is absent is the newest analysis, its
/// recommended option, and the organisation's format.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Which {
    /// The number of the analysis.
    analysis: Option<i32>,
    /// `good`, `better` or `best`.
    #[param(value_type = Option<String>)]
    option: Option<Tier>,
    /// `terraform` or `cloudformation`.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

async fn resolve(tx: &mut TenantTx, session_id: Uuid, which: Which) -> Result<Of> {
    let analysis = match which.analysis {
        Some(number) => analyses::find(tx, session_id, number).await?,
        None => analyses::newest(tx, session_id).await?,
    };
    let recommended = analysis.headline["recommended"].as_str().and_then(Tier::parse);
    let format = match which.format {
        Some(format) => format,
        None => analyses::brief(tx, session_id, analysis.number).await?.format(),
    };
    Ok(Of {
        session_id,
        analysis: analysis.number,
        tier: which.option.or(recommended).unwrap_or(Tier::Better),
        format,
    })
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct OfAnalysis {
    /// Only those of this analysis.
    analysis: Option<i32>,
}

/// List the sets of generated files of a session, the newest first, each with its manifest.
#[utoipa::path(get, path = "/artifacts/{session_id}", tag = "artifacts", params(("session_id" = Uuid, Path), OfAnalysis), responses((status = 200, body = List<Set>), Errors))]
async fn list_artifacts(
    ctx: Ctx,
    Path(session_id): Path<Uuid>,
    Query(query): Query<OfAnalysis>,
) -> Result<List<Set>> {
    if query.analysis.is_some_and(|it| it < 1) {
        return Err(Error::invalid("analysis", "must be 1 or more"));
    }
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    analyses::exists(&mut tx, session_id).await?;
    let items = store::list(&mut tx, session_id, query.analysis).await?;
    Ok(List { items, next: None })
}

async fn ready(tx: &mut TenantTx, of: Of) -> Result<Set> {
    let (tier, format) = (of.tier.name(), of.format.name());
    let set = store::of_option(tx, of.session_id, of.analysis, tier, format).await?;
    match set {
        Some(set) if set.state == "ready" => Ok(set),
        Some(set) => Err(Error::conflict(
            "artifacts_not_ready",
            format!("the {format} files of the {tier} option are {}", set.state),
        )),
        None => Err(Error::conflict(
            "artifacts_not_ready",
            format!(
                "the {format} files of the {tier} option were not generated: POST /api/v1/implement does it"
            ),
        )),
    }
}

/// Download one file of a set.
#[utoipa::path(get, path = "/artifacts/{session_id}/files/{path}", tag = "artifacts", params(("session_id" = Uuid, Path), ("path" = String, Path, description = "as in the manifest, with `/` written `%2F`"), Which), responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>), Errors))]
async fn find_artifact(
    ctx: Ctx,
    headers: HeaderMap,
    Path((session_id, path)): Path<(Uuid, String)>,
    Query(which): Query<Which>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let of = resolve(&mut tx, session_id, which).await?;
    let set = ready(&mut tx, of).await?;
    let content = store::file(&mut tx, set.id, &path).await?;
    drop(tx);
    let name = path.rsplit('/').next().unwrap_or(&path);
    Ok(download(&headers, content, "application/octet-stream", name))
}

/// Download a set as a zip archive; the same set always has the same bytes.
#[utoipa::path(get, path = "/artifacts/{session_id}/archive", tag = "artifacts", params(("session_id" = Uuid, Path), Which), responses((status = 200, content_type = "application/zip", body = Vec<u8>), (status = 206, content_type = "application/zip", body = Vec<u8>), Errors))]
async fn download_artifacts(
    ctx: Ctx,
    headers: HeaderMap,
    Path(session_id): Path<Uuid>,
    Query(which): Query<Which>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewArtifacts).await?;
    let of = resolve(&mut tx, session_id, which).await?;
    let set = ready(&mut tx, of).await?;
    let content = store::archive(&mut tx, set.id).await?;
    tx.commit().await?;
    let name = format!("{}-{}-{}.zip", set.analysis, set.tier, set.format);
    Ok(download(&headers, content, "application/zip", &name))
}

/// Bytes with their ETag, whole or in part: an interrupted download goes on
/// where it broke off.
pub fn download(
    headers: &HeaderMap,
    content: Vec<u8>,
    media: &'static str,
    name: &str,
) -> Response {
    let etag = format!("\"{}\"", hex(&sha256(&content)));
    let text = |name: header::HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    let tag = HeaderValue::try_from(etag.as_str()).expect("hexadecimal is plain");
    let same = |given: &str| given.split(',').any(|it| it.trim() == etag || it.trim() == "*");
    if text(header::IF_NONE_MATCH).is_some_and(same) {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response();
    }
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
        .collect();
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{plain}\""));
    let disposition = disposition.expect("the name is plain");
    let common = [
        (header::ETAG, tag),
        (header::ACCEPT_RANGES, HeaderValue::from_static("bytes")),
        (header::CONTENT_TYPE, HeaderValue::from_static(media)),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
    ];
    let unchanged = text(header::IF_RANGE).is_none_or(|it| it == etag);
    match text(header::RANGE).filter(|_| unchanged).map(|it| range(it, content.len())) {
        Some(Range::Part(from, to)) => {
            let total = content.len();
            let place = HeaderValue::try_from(format!("bytes {from}-{to}/{total}"));
            let place = [(header::CONTENT_RANGE, place.expect("numbers are plain"))];
            let part = content[from..=to].to_vec();
            (StatusCode::PARTIAL_CONTENT, common, place, part).into_response()
        }
        Some(Range::Outside) => {
            let place = HeaderValue::try_from(format!("bytes */{}", content.len()));
            let place = [(header::CONTENT_RANGE, place.expect("numbers are plain"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, place).into_response()
        }
        Some(Range::Whole) | None => (common, content).into_response(),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Range {
    /// First and last byte, both included.
    Part(usize, usize),
    Outside,
    /// Several ranges, or what is none: everything is a good answer.
    Whole,
}

fn range(header: &str, total: usize) -> Range {
    let Some((first, last)) = header.strip_prefix("bytes=").and_then(|it| it.split_once('-'))
    else {
        return Range::Whole;
    };
    let (from, to) = match (first.trim().parse::<usize>(), last.trim().parse::<usize>()) {
        (Ok(from), Ok(to)) if from > to => return Range::Whole,
        (Ok(from), Ok(to)) => (from, to),
        (Ok(from), Err(_)) if last.trim().is_empty() => (from, usize::MAX),
        (Err(_), Ok(0)) if first.trim().is_empty() => return Range::Outside,
        (Err(_), Ok(tail)) if first.trim().is_empty() => (total.saturating_sub(tail), usize::MAX),
        _ => return Range::Whole,
    };
    if from >= total { Range::Outside } else { Range::Part(from, to.min(total - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_a_part_or_the_whole() {
        assert_eq!(range("bytes=0-9", 100), Range::Part(0, 9));
        assert_eq!(range("bytes=90-", 100), Range::Part(90, 99));
        assert_eq!(range("bytes=-10", 100), Range::Part(90, 99));
        assert_eq!(range("bytes=-1000", 100), Range::Part(0, 99));
        assert_eq!(range("bytes=100-", 100), Range::Outside);
        assert_eq!(range("bytes=-0", 100), Range::Outside);
        assert_eq!(range("bytes=0-", 0), Range::Outside);
        for other in ["bytes=0-1,4-5", "bytes=9-3", "items=0-1", "bytes=a-b", "bytes"] {
            assert_eq!(range(other, 100), Range::Whole, "{other}");
        }
    }
}
