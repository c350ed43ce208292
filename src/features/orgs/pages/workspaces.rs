use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::again;
use crate::features::orgs::plans;
use crate::features::orgs::workspaces::{self, NewWorkspace, Workspace};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{ErrorBody, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/workspaces", get(index).post(create))
        .route("/settings/workspaces/{id}", get(show).post(rename))
        .route("/settings/workspaces/{id}/delete", post(delete))
}

/// As many as a page can show; no plan with a limit has room for more.
const MOST: usize = 1000;

#[derive(Default, Deserialize, Serialize)]
struct Name {
    name: String,
}

#[derive(Serialize)]
struct Index {
    workspaces: Vec<Workspace>,
    can_manage: bool,
    limit: Option<i64>,
    form: Name,
    problem: Option<ErrorBody>,
}

impl View for Index {
    const TEMPLATE: &'static str = "orgs/workspaces.html";
}

async fn index_page(ctx: &Ctx) -> Result<Index> {
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let workspaces = workspaces::list(&mut tx, None, MOST).await?;
    tx.commit().await?;
    let limit = plans::limits(&ctx.org.plan).workspaces;
    let can_manage = ctx.may(Action::ManageWorkspaces);
    Ok(Index { workspaces, can_manage, limit, form: Name::default(), problem: None })
}

async fn index(ctx: Ctx) -> Result<Page<Index>> {
    Ok(Page(index_page(&ctx).await?))
}

async fn create(ctx: Ctx, Form(form): Form<Name>) -> Result<Response> {
    let created = async {
        let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
        let new = NewWorkspace { name: form.name.clone() };
        workspaces::create(&ctx, &mut tx, &new).await?;
        tx.commit().await
    };
    match created.await {
        Ok(()) => Ok(Flash::success("The workspace is created.").redirect("/settings/workspaces")),
        Err(err) => {
            let page = index_page(&ctx).await?;
            again(err, |problem| Index { form, problem: Some(problem), ..page })
        }
    }
}

#[derive(Serialize)]
struct Show {
    workspace: Workspace,
    form: Name,
    last: bool,
    problem: Option<ErrorBody>,
}

impl View for Show {
    const TEMPLATE: &'static str = "orgs/workspace.html";
}

async fn workspace_page(ctx: &Ctx, id: Uuid) -> Result<Show> {
    let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
    let workspace = workspaces::find(&mut tx, id).await?;
    let last = workspaces::count(&mut tx).await? == 1;
    tx.commit().await?;
    Ok(Show { form: Name { name: workspace.name.clone() }, workspace, last, problem: None })
}

async fn show(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    Ok(Page(workspace_page(&ctx, id).await?).into_response())
}

async fn rename(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Name>) -> Result<Response> {
    let renamed = async {
        let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
        workspaces::rename(&mut tx, id, &form.name).await?;
        tx.commit().await
    };
    match renamed.await {
        Ok(()) => Ok(Flash::success("The workspace is renamed.").redirect("/settings/workspaces")),
        Err(err) => {
            let page = workspace_page(&ctx, id).await?;
            again(err, |problem| Show { form, problem: Some(problem), ..page })
        }
    }
}

async fn delete(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let deleted = async {
        let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
        workspaces::delete(&mut tx, id).await?;
        tx.commit().await
    };
    match deleted.await {
        Ok(()) => Ok(Flash::success("The workspace is deleted.").redirect("/settings/workspaces")),
        Err(err) => {
            let page = workspace_page(&ctx, id).await?;
            again(err, |problem| Show { problem: Some(problem), ..page })
        }
    }
}
