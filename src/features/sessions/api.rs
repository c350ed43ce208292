use std::convert::Infallible;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::defaults::{self, Defaults};
use super::lifecycle::{self, SessionPatch};
use super::messages::{self, Message};
use super::store::{self, Filter, Session};
use super::turns::{self, Input};
use crate::engine::diff;
use crate::engine::requirements::{Cloud, Compliance, Hints};
use crate::features::analyses::{self, Summary};
use crate::platform::access::Action;
use crate::platform::api_key::Mode;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Json, List, Paging, Path, Query, accepted, wants_async};
use crate::platform::live;
use crate::platform::problem::Errors;
use crate::platform::state::AppState;
use crate::platform::work;

pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(analyze))
        .routes(routes!(list_sessions, create_session))
        .routes(routes!(find_session, update_session, delete_session))
        .routes(routes!(restore_session))
        .routes(routes!(duplicate_session))
        .routes(routes!(list_messages, create_message))
        .routes(routes!(stop_message))
        .routes(routes!(retry_message))
        .routes(routes!(watch_session))
        .routes(routes!(list_analyses))
        .routes(routes!(find_analysis))
        .routes(routes!(find_option))
        .routes(routes!(compare_analyses))
        .routes(routes!(find_defaults, replace_defaults))
        .merge(super::figures::routes())
}

/// What to design.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AnalyzeRequest {
    /// What is needed, in plain words; or, within a session, what to change.
    #[schema(min_length = 1, max_length = 100_000)]
    text: String,
    /// Goes on with this session; a new one is made when absent.
    session_id: Option<Uuid>,
    /// The workspace of a new session; the first one when absent.
    workspace_id: Option<Uuid>,
    /// The title of a new session; taken from the text when absent.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// `aws`, where the text names no cloud.
    #[schema(value_type = Option<String>, max_length = 10)]
    cloud: Option<Cloud>,
    /// Region such as `eu-central-1`, where the text names none.
    #[schema(max_length = 30)]
    region: Option<String>,
    /// US dollars a month, where the text names none.
    #[schema(exclusive_minimum = 0)]
    budget: Option<f64>,
    /// Frameworks to comply with besides those of the text: `HIPAA`, `PCI DSS`, `SOC 2`, `GDPR`,
    /// `FedRAMP`, `ISO 27001`.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 20)]
    compliance: Vec<Compliance>,
}

/// What came of a text.
#[derive(Debug, Serialize, ToSchema)]
struct Answered {
    session_id: Uuid,
    /// `test` in a session that a key in test mode started.
    mode: Mode,
    /// The person's message.
    message: Message,
    /// CloudGen's answer.
    answer: Message,
    /// The number of the analysis that was made; `null` when the text was a question.
    number: Option<i32>,
    /// The analysis; see `docs/analysis.schema.json`.
    #[schema(value_type = Option<Object>)]
    analysis: Option<Box<RawValue>>,
}

/// Analyse a text: understand it, design three options, price and explain them.
#[utoipa::path(post, path = "/analyze", tag = "sessions",
    params(("Prefer" = Option<String>, Header, description = "`respond-async` to be answered at once with 202")),
    responses((status = 200, body = Answered), (status = 202, body = Answered), Errors))]
async fn analyze(
    State(state): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Json(request): Json<AnalyzeRequest>,
) -> Result<Response> {
    let text = turns::checked_text(&ctx, &request.text)?;
    let hints = hints(&request)?;
    let later = wants_async(&headers);
    let _place = if later { None } else { Some(state.db.place().await) };
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let place = match request.session_id {
        Some(id) => {
            let session = store::lock(&mut tx, id).await?;
            Place::After { parent: session.head_id, session }
        }
        None => Place::New { workspace_id: request.workspace_id, title: request.title },
    };
    let input = Input::Text { text, hints: place.is_first().then_some(hints) };
    if later {
        turn_later(&ctx, tx, place, input).await
    } else {
        turn_now(&ctx, tx, place, input).await
    }
}

fn hints(request: &AnalyzeRequest) -> Result<Hints> {
    if let Some(budget) = request.budget
        && !(budget.is_finite() && budget > 0.0)
    {
        return Err(Error::invalid("budget", "must be more than 0 US dollars a month"));
    }
    if request.compliance.len() > 20 {
        return Err(Error::invalid("compliance", "at most 20"));
    }
    if let Some(region) = &request.region
        && crate::engine::cost::catalogue::region("aws", region).is_none()
    {
        let message = format!("{region} is no region of AWS; one looks like eu-central-1");
        return Err(Error::invalid("region", message));
    }
    Ok(Hints {
        cloud: request.cloud,
        region: request.region.clone(),
        budget: request.budget,
        compliance: request.compliance.iter().copied().collect(),
    })
}

/// Where a turn goes.
enum Place {
    After { session: Session, parent: Option<Uuid> },
    New { workspace_id: Option<Uuid>, title: Option<String> },
}

impl Place {
    /// Whether nothing was designed yet.
    fn is_first(&self) -> bool {
        match self {
            Self::After { session, .. } => session.analyses == 0,
            Self::New { .. } => true,
        }
    }

    /// The session and the message before the turn.
    async fn open(self, ctx: &Ctx, tx: &mut TenantTx) -> Result<(Session, Option<Uuid>)> {
        match self {
            Self::After { session, parent } => Ok((session, parent)),
            Self::New { workspace_id, title } => {
                let title = title.as_deref();
                Ok((lifecycle::create(ctx, tx, workspace_id, title).await?, None))
            }
        }
    }
}

/// A turn from beginning to end in the transaction of the request. Thinking
/// comes first: what is locked is locked for as short as it can be.
async fn turn_now(ctx: &Ctx, mut tx: TenantTx, place: Place, input: Input) -> Result<Response> {
    let after = match &place {
        Place::After { session, parent } => Some((session.id, *parent)),
        Place::New { .. } => None,
    };
    if let Some((session_id, parent)) = after {
        turns::refuse_while_answering(&mut tx, session_id, parent).await?;
    }
    let work = turns::prepare(&mut tx, after, input.clone()).await?;
    let thought = turns::think(work, None).await?;
    if place.is_first() && !thought.makes_analysis() {
        // Nothing is kept of a text that describes nothing.
        return Err(Error::invalid("text", thought.text().to_owned()));
    }
    let (session, parent) = place.open(ctx, &mut tx).await?;
    let turn = turns::whole(ctx, &mut tx, &session, parent, (&input, &thought)).await?;
    tx.commit().await?;
    let body = Answered {
        session_id: session.id,
        mode: session.mode,
        message: turn.said,
        number: turn.answer.analysis,
        answer: turn.answer,
        analysis: thought.into_report(),
    };
    Ok((StatusCode::OK, Json(body)).into_response())
}

/// A turn of which the second half is a job's.
async fn turn_later(ctx: &Ctx, mut tx: TenantTx, place: Place, input: Input) -> Result<Response> {
    let (session, parent) = place.open(ctx, &mut tx).await?;
    let turn = turns::begin(ctx, &mut tx, &session, parent, &input).await?;
    turns::later(ctx, &mut tx, session.id, turn.answer.id).await?;
    tx.commit().await?;
    let operation = turn.answer.id;
    let body = Answered {
        session_id: session.id,
        mode: session.mode,
        message: turn.said,
        answer: turn.answer,
        number: None,
        analysis: None,
    };
    Ok(accepted(operation, body))
}

/// List sessions, the last changed first.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(Paging, Filter), responses((status = 200, body = List<Session>), Errors))]
async fn list_sessions(
    ctx: Ctx,
    Query(paging): Query<Paging>,
    Query(filter): Query<Filter>,
) -> Result<List<Session>> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let rows = store::list(&mut tx, &filter, before, limit + 1).await?;
    Ok(List::of(rows, limit, |it| (it.updated_at, it.id)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSession {
    /// 1 to 200 characters; taken from the first text when absent.
    #[schema(min_length = 1, max_length = 200)]
    title: Option<String>,
    /// The first workspace when absent.
    workspace_id: Option<Uuid>,
}

/// Create an empty session.
#[utoipa::path(post, path = "/sessions", tag = "sessions", responses((status = 201, body = Session), Errors))]
async fn create_session(
    ctx: Ctx,
    Json(new): Json<NewSession>,
) -> Result<(StatusCode, Json<Session>)> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let title = new.title.as_deref();
    let session = lifecycle::create(&ctx, &mut tx, new.workspace_id, title).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(session)))
}

/// Find a session.
#[utoipa::path(get, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = Session), Errors))]
async fn find_session(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Session>> {
    let found = ctx.read::<Session>(Action::ViewSessions, id).await?;
    Ok(Json(found.ok_or(Error::NotFound("session"))?))
}

/// Rename a session, move it, put it away or take it out again.
#[utoipa::path(patch, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = Session), Errors))]
async fn update_session(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Json(patch): Json<SessionPatch>,
) -> Result<Json<Session>> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = lifecycle::update(&mut tx, id, &patch).await?;
    tx.commit().await?;
    Ok(Json(session))
}

/// Delete a session; for 30 days that can be taken back.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 204), Errors))]
async fn delete_session(ctx: Ctx, Path(id): Path<Uuid>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    lifecycle::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take back the deletion of a session.
#[utoipa::path(post, path = "/sessions/{id}/restore", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 200, body = Session), Errors))]
async fn restore_session(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Json<Session>> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = lifecycle::restore(&ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(Json(session))
}

/// Start a session where the shown branch of another one stands.
#[utoipa::path(post, path = "/sessions/{id}/duplicate", tag = "sessions", params(("id" = Uuid, Path)), responses((status = 201, body = Session), Errors))]
async fn duplicate_session(ctx: Ctx, Path(id): Path<Uuid>) -> Result<(StatusCode, Json<Session>)> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = lifecycle::duplicate(&ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(session)))
}

/// List the messages of all branches, oldest first.
#[utoipa::path(get, path = "/sessions/{id}/messages", tag = "sessions", params(("id" = Uuid, Path), Paging), responses((status = 200, body = List<Message>), Errors))]
async fn list_messages(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<List<Message>> {
    let (limit, after) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    let rows = messages::list(&mut tx, id, after, limit + 1).await?;
    Ok(List::of(rows, limit, |it| it.id))
}

/// A text, or a setting chosen by hand: exactly one of the two.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    /// A change, a question or an answer, in plain words.
    #[schema(min_length = 1, max_length = 100_000)]
    text: Option<String>,
    /// A value for something that was assumed or asked.
    setting: Option<Setting>,
    /// The message to follow; the last one when absent. Following an earlier
    /// one starts a branch.
    parent_id: Option<Uuid>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Setting {
    /// The kind of an assumption or question, such as `region` or `load.users`.
    #[schema(min_length = 1, max_length = 100)]
    kind: String,
    #[schema(value_type = Object)]
    value: Value,
}

/// Say something in a session: it is answered, and may make a new analysis.
#[utoipa::path(post, path = "/sessions/{id}/messages", tag = "sessions",
    params(("id" = Uuid, Path), ("Prefer" = Option<String>, Header, description = "`respond-async` to be answered at once with 202")),
    responses((status = 200, body = Answered), (status = 202, body = Answered), Errors))]
async fn create_message(
    State(state): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Json(new): Json<NewMessage>,
) -> Result<Response> {
    let input = match (new.text, new.setting) {
        (Some(text), None) => Input::text(turns::checked_text(&ctx, &text)?),
        (None, Some(it)) => turns::checked_setting(it.kind, it.value)?,
        _ => return Err(Error::invalid("", "give either text or setting")),
    };
    let later = wants_async(&headers);
    let _place = if later { None } else { Some(state.db.place().await) };
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = store::lock(&mut tx, id).await?;
    let place = Place::After { parent: new.parent_id.or(session.head_id), session };
    if later {
        turn_later(&ctx, tx, place, input).await
    } else {
        turn_now(&ctx, tx, place, input).await
    }
}

/// Stop an answer that is still running.
#[utoipa::path(post, path = "/sessions/{id}/messages/{message_id}/stop", tag = "sessions", params(("id" = Uuid, Path), ("message_id" = Uuid, Path)), responses((status = 204), Errors))]
async fn stop_message(ctx: Ctx, Path((id, message_id)): Path<(Uuid, Uuid)>) -> Result<StatusCode> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    store::lock(&mut tx, id).await?;
    turns::stop(&mut tx, id, message_id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Answer the same message again.
#[utoipa::path(post, path = "/sessions/{id}/messages/{message_id}/retry", tag = "sessions", params(("id" = Uuid, Path), ("message_id" = Uuid, Path)), responses((status = 202, body = Message), Errors))]
async fn retry_message(ctx: Ctx, Path((id, message_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let answer = turns::retry(&ctx, &mut tx, id, message_id).await?;
    tx.commit().await?;
    Ok(accepted(answer.id, answer))
}

/// Watch a session: server-sent events, from `Last-Event-ID` on.
///
/// Events: `message` (somebody said something), `step` (the engine got something
/// done), `answer` (an answer ended), `artifacts` (a set of files changed its
/// state), `session` (it was renamed, moved or put away).
#[utoipa::path(get, path = "/sessions/{id}/events", tag = "sessions",
    params(("id" = Uuid, Path), ("Last-Event-ID" = Option<String>, Header, description = "the number of the last event that was seen")),
    responses((status = 200, content_type = "text/event-stream", body = String), Errors))]
async fn watch_session(
    State(state): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    tx.commit().await?;
    let after = live::last_seen(&headers);
    live::stream(state, ctx, Action::ViewSessions, id, after).await
}

/// List the analyses of a session, the newest first.
#[utoipa::path(get, path = "/sessions/{id}/analyses", tag = "sessions", params(("id" = Uuid, Path), Paging), responses((status = 200, body = List<Summary>), Errors))]
async fn list_analyses(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> Result<List<Summary>> {
    let (limit, before) = (paging.limit()?, paging.after()?);
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    let rows = analyses::list(&mut tx, id, before, limit + 1).await?;
    Ok(List::of(rows, limit, |it| it.number))
}

/// An analysis with its contents.
#[derive(Debug, Serialize, ToSchema)]
struct Whole {
    #[serde(flatten)]
    summary: Summary,
    session_id: Uuid,
    /// See `docs/analysis.schema.json`.
    #[schema(value_type = Object)]
    analysis: Box<RawValue>,
}

/// Find an analysis: what was understood, and the three options.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}", tag = "sessions", params(("id" = Uuid, Path), ("number" = i32, Path)), responses((status = 200, body = Whole), Errors))]
async fn find_analysis(ctx: Ctx, Path((id, number)): Path<(Uuid, i32)>) -> Result<Json<Whole>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    let summary = analyses::find(&mut tx, id, number).await?;
    let analysis = analyses::report_text(&mut tx, id, number).await?;
    drop(tx);
    Ok(Json(Whole { summary, session_id: id, analysis }))
}

/// Find one option of an analysis.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/options/{option}", tag = "sessions",
    params(("id" = Uuid, Path), ("number" = i32, Path), ("option" = String, Path, description = "`good`, `better` or `best`")),
    responses((status = 200, body = Object), Errors))]
async fn find_option(
    ctx: Ctx,
    Path((id, number, option)): Path<(Uuid, i32, String)>,
) -> Result<Json<Value>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    let mut report = analyses::report(&mut tx, id, number).await?;
    drop(tx);
    let options = report["options"].as_array_mut().map(std::mem::take).unwrap_or_default();
    let found = options.into_iter().find(|it| it["tier"] == option.as_str());
    Ok(Json(found.ok_or(Error::NotFound("option"))?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Against {
    /// The number of the analysis to compare with; the one before when absent.
    against: Option<i32>,
}

/// Compare an analysis with an earlier one, option by option.
#[utoipa::path(get, path = "/sessions/{id}/analyses/{number}/diff", tag = "sessions", params(("id" = Uuid, Path), ("number" = i32, Path), Against), responses((status = 200, body = Object), Errors))]
async fn compare_analyses(
    State(state): State<AppState>,
    ctx: Ctx,
    Path((id, number)): Path<(Uuid, i32)>,
    Query(query): Query<Against>,
) -> Result<Json<Value>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    store::find(&mut tx, id).await?;
    let summary = analyses::find(&mut tx, id, number).await?;
    let against = query.against.or(summary.previous).ok_or_else(|| {
        Error::invalid("against", "this is the first analysis; name another one to compare with")
    })?;
    let now = analyses::replay(&state, &mut tx, id, number).await?;
    let then = analyses::replay(&state, &mut tx, id, against).await?;
    drop(tx);
    let (then, now) = (then.make(&state).await?, now.make(&state).await?);
    let compare = move || diff::json(&diff::options(&then.options, &now.options));
    let changes = work::run(compare).await?;
    Ok(Json(serde_json::json!({ "number": number, "against": against, "options": changes })))
}

/// What the organisation wants of every design.
#[utoipa::path(get, path = "/org/defaults", tag = "organisations", responses((status = 200, body = Defaults), Errors))]
async fn find_defaults(ctx: Ctx) -> Result<Json<Value>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let policy = defaults::policy(&mut tx).await?;
    Ok(Json(serde_json::to_value(policy).map_err(anyhow::Error::from)?))
}

/// Change what the organisation wants of every design, from the next analysis on.
#[utoipa::path(put, path = "/org/defaults", tag = "organisations", request_body = Defaults, responses((status = 200, body = Defaults), Errors))]
async fn replace_defaults(
    ctx: Ctx,
    Json(policy): Json<crate::engine::policy::Policy>,
) -> Result<Json<Value>> {
    let mut tx = ctx.begin(Action::ManageDefaults).await?;
    defaults::set(&mut tx, &policy).await?;
    tx.commit().await?;
    Ok(Json(serde_json::to_value(policy).map_err(anyhow::Error::from)?))
}
