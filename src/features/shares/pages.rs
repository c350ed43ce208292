//! The page where links are made, listed and revoked.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Serialize;
use uuid::Uuid;

use super::store::{self, Share};
use super::{HIDEABLE, NewShare, PARTS};
use crate::features::sessions::{self, Session};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{ErrorBody, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::page::{Flash, Page, View, complaint};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}/share", get(index).post(create))
        .route("/sessions/{id}/share/{share}/revoke", post(revoke))
}

#[derive(Clone, Debug, Serialize)]
struct Fields {
    title: String,
    words: String,
    days: String,
    shown: BTreeSet<String>,
    hidden: BTreeSet<String>,
}

#[derive(Serialize)]
struct Index {
    session: Session,
    shares: Vec<Share>,
    allowed: bool,
    can_manage: bool,
    form: Fields,
    parts: [(&'static str, &'static str); 4],
    hideable: [(&'static str, &'static str, &'static str); 4],
    /// The address of the link that was just made.
    url: Option<String>,
    problem: Option<ErrorBody>,
}

impl View for Index {
    const TEMPLATE: &'static str = "shares/index.html";
    const TITLE: &'static str = "Share";
}

async fn view(ctx: &Ctx, id: Uuid) -> Result<Index> {
    let mut tx = ctx.begin(Action::ShareSessions).await?;
    let session = sessions::find(&mut tx, id).await?;
    let shares = store::list(&mut tx, id).await?;
    let allowed = store::allowed(&mut tx).await?;
    tx.commit().await?;
    let form = Fields {
        title: String::new(),
        words: String::new(),
        days: "30".to_owned(),
        shown: super::all_parts(),
        hidden: super::all_names(),
    };
    Ok(Index {
        session,
        shares,
        allowed,
        can_manage: ctx.may(Action::ManageOrg),
        form,
        parts: PARTS,
        hideable: HIDEABLE,
        url: None,
        problem: None,
    })
}

async fn index(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Index>> {
    Ok(Page(view(&ctx, id).await?))
}

async fn create(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let all = |name: &str| -> BTreeSet<String> {
        pairs.iter().filter(|it| it.0 == name).map(|it| it.1.clone()).collect()
    };
    let one = |name: &str| all(name).pop_last().unwrap_or_default();
    let form = Fields {
        title: one("title"),
        words: one("words"),
        days: one("days"),
        shown: all("shown"),
        hidden: all("hidden"),
    };
    let new = NewShare {
        analysis: None,
        title: form.title.clone(),
        shown: form.shown.clone(),
        hidden: form.hidden.clone(),
        words: form.words.lines().filter(|it| !it.trim().is_empty()).map(str::to_owned).collect(),
        days: form.days.trim().parse().unwrap_or(0),
    };
    match super::create(&state, &ctx, id, new).await {
        // Shown at once and not after a redirect: the address is kept nowhere.
        Ok(shared) => {
            let page = Index { url: Some(shared.url), ..view(&ctx, id).await? };
            Ok((StatusCode::CREATED, Page(page)).into_response())
        }
        Err(err) => {
            let problem = complaint(err)?;
            let status = problem.status;
            let page = Index { form, problem: Some(problem), ..view(&ctx, id).await? };
            Ok((status, Page(page)).into_response())
        }
    }
}

async fn revoke(ctx: Ctx, Path((id, share)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::ShareSessions).await?;
    super::revoke(&mut tx, id, share).await?;
    tx.commit().await?;
    let told = Flash::success("The link is revoked: it leads nowhere from now on.");
    Ok(told.redirect(&format!("/sessions/{id}/share")))
}
