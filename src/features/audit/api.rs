use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Filter, store};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::events::Recorded;
use crate::platform::extract::{List, Paging, Query};
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_events))
}

/// List what happened, the newest first.
#[utoipa::path(get, path = "/events", tag = "audit", params(Paging, Filter), responses((status = 200, body = List<Recorded>), Errors))]
async fn list_events(
    ctx: Ctx,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Result<List<Recorded>> {
    let limit = paging.limit()?;
    let before = paging.after()?;
    if filter.name.as_deref().is_some_and(|it| it.chars().count() > 100) {
        return Err(Error::invalid("name", "must have at most 100 characters"));
    }
    if filter.outcome.as_deref().is_some_and(|it| !["success", "refused", "failed"].contains(&it)) {
        return Err(Error::invalid("outcome", "must be success, refused or failed"));
    }
    let mut tx = ctx.begin(Action::ViewEvents).await?;
    let rows = store::list(&mut tx, &filter, before, limit + 1).await?;
    Ok(List::of(rows, limit, |it| it.seq))
}
