use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::features::artifacts::{self, Set};
use crate::features::sessions::{self, Message};
use crate::platform::access::Action;
use crate::platform::api_key::Mode;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Json, Path};
use crate::platform::problem::Errors;
use crate::platform::state::AppState;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(find_operation)).routes(routes!(cancel_operation))
}

/// Work that was accepted with 202.
#[derive(Debug, Serialize, ToSchema)]
struct Operation {
    id: Uuid,
    /// `answer` (an analysis or another answer in a session) or `artifacts` (a set of files).
    kind: &'static str,
    /// `running`, `succeeded`, `failed` or `cancelled`.
    state: &'static str,
    session_id: Uuid,
    /// `test` in a session that a key in test mode started.
    mode: Mode,
    /// Where the result is, once it has succeeded.
    result: Option<String>,
    /// Why it failed.
    error: Option<String>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl Operation {
    fn of_answer(it: Message, mode: Mode) -> Self {
        let state = match it.state.as_str() {
            "done" => "succeeded",
            "stopped" => "cancelled",
            "failed" => "failed",
            _ => "running",
        };
        let session = format!("/api/v1/sessions/{}", it.session_id);
        let result = match (state, it.analysis) {
            ("succeeded", Some(number)) => Some(format!("{session}/analyses/{number}")),
            ("succeeded", None) => Some(format!("{session}/messages")),
            _ => None,
        };
        Self {
            id: it.id,
            kind: "answer",
            state,
            session_id: it.session_id,
            mode,
            result,
            error: (state == "failed").then_some(it.body),
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }

    fn of_set(it: Set) -> Self {
        let state = match it.state.as_str() {
            "ready" => "succeeded",
            "failed" => "failed",
            "cancelled" => "cancelled",
            _ => "running",
        };
        let result = (state == "succeeded").then(|| {
            format!(
                "/api/v1/artifacts/{}/archive?analysis={}&option={}&format={}",
                it.session_id, it.analysis, it.tier, it.format
            )
        });
        Self {
            id: it.id,
            kind: "artifacts",
            state,
            session_id: it.session_id,
            mode: it.mode,
            result,
            error: it.error,
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }
}

async fn find(tx: &mut TenantTx, id: Uuid) -> Result<Operation> {
    match artifacts::find(tx, id).await {
        Ok(set) => return Ok(Operation::of_set(set)),
        Err(Error::NotFound(_)) => {}
        Err(err) => return Err(err),
    }
    match sessions::find_answer(tx, id).await? {
        Some(answer) => {
            let mode = sessions::find(tx, answer.session_id).await?.mode;
            Ok(Operation::of_answer(answer, mode))
        }
        None => Err(Error::NotFound("operation")),
    }
}

/// Find out how far accepted work is.
#[utoipa::path(get, path = "/operations/{id}", tag = "operations", params(("id" = Uuid, Path)), responses((status = 200, body = Operation), Errors))]
async fn find_operation(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Operation>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let operation = find(&mut tx, id).await?;
    Ok(Json(operation))
}

/// Cancel accepted work that is not done yet.
#[utoipa::path(post, path = "/operations/{id}/cancel", tag = "operations", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn cancel_operation(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let operation = find(&mut tx, id).await?;
    match operation.kind {
        "answer" => sessions::stop(&mut tx, operation.session_id, id).await?,
        _ => artifacts::cancel(&mut tx, id).await?,
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
