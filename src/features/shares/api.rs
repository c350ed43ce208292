use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::store::{self, Share};
use super::{NewShare, Shared};
use crate::features::analyses;
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::Result;
use crate::platform::extract::{Json, List, Path};
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_shares, create_share)).routes(routes!(revoke_share))
}

/// List the public links of a session, those that work first.
#[utoipa::path(get, path = "/sessions/{id}/shares", tag = "shares", params(("id" = Uuid, Path)), responses((status = 200, body = List<Share>), Errors))]
async fn list_shares(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<List<Share>>> {
    let mut tx = ctx.begin(Action::ShareSessions).await?;
    analyses::exists(&mut tx, id).await?;
    let items = store::list(&mut tx, id).await?;
    Ok(Json(List { items, next: None }))
}

/// Make a public link to an analysis. Its address is told once.
#[utoipa::path(post, path = "/sessions/{id}/shares", tag = "shares", params(("id" = Uuid, Path)), responses((status = 201, body = Shared), Errors))]
async fn create_share(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(new): Json<NewShare>,
) -> Result<(StatusCode, Json<Shared>)> {
    let shared = super::create(&state, &ctx, id, new).await?;
    Ok((StatusCode::CREATED, Json(shared)))
}

/// Revoke a public link: it stops working at once.
#[utoipa::path(delete, path = "/sessions/{id}/shares/{share_id}", tag = "shares", params(("id" = Uuid, Path), ("share_id" = Uuid, Path)), responses((status = 204), Errors))]
async fn revoke_share(ctx: Ctx, Path((id, share_id)): Path<(Uuid, Uuid)>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::ShareSessions).await?;
    super::revoke(&mut tx, id, share_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
