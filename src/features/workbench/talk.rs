//! What a person does in a conversation: say, choose, stop, try again, switch
//! branches; and the stream that tells the page what comes of it.

use std::convert::Infallible;

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use futures_util::stream::Stream;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::shell::Part;
use super::{settings, show};
use crate::features::sessions::{self, Input};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Form, Path, Query};
use crate::platform::live;
use crate::platform::page::Flash;
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions/{id}/messages", post(say))
        .route("/sessions/{id}/settings", post(choose))
        .route("/sessions/{id}/messages/{message_id}/stop", post(stop))
        .route("/sessions/{id}/messages/{message_id}/retry", post(retry))
        .route("/sessions/{id}/branch", post(switch))
        .route("/sessions/{id}/events", get(events))
}

fn page_of(id: Uuid) -> Response {
    Redirect::to(&format!("/sessions/{id}")).into_response()
}

/// A complaint that belongs to no field, on the page that it came from.
fn complain(err: Error, id: Uuid) -> Result<Response> {
    if !err.is_about_input() {
        return Err(err);
    }
    Ok(Flash::warning(sentence(&err.body().message)).redirect(&format!("/sessions/{id}")))
}

/// Messages of errors begin in lower case; alone they are a sentence.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase).into_iter().flatten();
    let mut out: String = first.chain(letters).collect();
    if !out.ends_with(['.', '!', '?']) {
        out.push('.');
    }
    out
}

#[derive(Deserialize)]
struct Words {
    text: String,
    /// The message that these words replace, on a branch of their own.
    #[serde(default)]
    edits: String,
}

async fn say(
    ctx: Ctx,
    part: Part,
    Path(id): Path<Uuid>,
    Form(words): Form<Words>,
) -> Result<Response> {
    let said = async {
        let text = sessions::checked_text(&ctx, &words.text)?;
        let mut tx = ctx.begin(Action::EditSessions).await?;
        let session = sessions::lock(&mut tx, id).await?;
        let parent = match Uuid::parse_str(&words.edits) {
            Ok(edited) => sessions::find_message(&mut tx, id, edited).await?.parent_id,
            Err(_) => session.head_id,
        };
        let turn = sessions::begin(&ctx, &mut tx, &session, parent, &Input::text(text)).await?;
        sessions::later(&ctx, &mut tx, id, turn.answer.id).await?;
        tx.commit().await
    };
    match said.await {
        Ok(()) => Ok(page_of(id)),
        Err(err) if err.is_about_input() => {
            show::refused(&ctx, part, id, words.text, err.body()).await
        }
        Err(err) => Err(err),
    }
}

/// A kind, and one value or several of it.
async fn choose(
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let of = |name: &str| -> Vec<String> {
        fields.iter().filter(|it| it.0 == name).map(|it| it.1.clone()).collect()
    };
    let chosen = async {
        let kind = of("kind").pop().ok_or_else(|| Error::invalid("kind", "say what to change"))?;
        let value = settings::value(&kind, &of("value"))?;
        let input = sessions::checked_setting(kind, value)?;
        let mut tx = ctx.begin(Action::EditSessions).await?;
        let session = sessions::lock(&mut tx, id).await?;
        let turn = sessions::begin(&ctx, &mut tx, &session, session.head_id, &input).await?;
        sessions::later(&ctx, &mut tx, id, turn.answer.id).await?;
        tx.commit().await
    };
    match chosen.await {
        Ok(()) => Ok(page_of(id)),
        Err(err) => complain(err, id),
    }
}

async fn stop(ctx: Ctx, Path((id, message_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let stopped = async {
        let mut tx = ctx.begin(Action::EditSessions).await?;
        sessions::lock(&mut tx, id).await?;
        sessions::stop(&mut tx, id, message_id).await?;
        tx.commit().await
    };
    match stopped.await {
        Ok(()) => Ok(page_of(id)),
        // It ended a moment before: what was wanted holds.
        Err(Error::Conflict { .. }) => Ok(page_of(id)),
        Err(err) => Err(err),
    }
}

async fn retry(ctx: Ctx, Path((id, message_id)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let retried = async {
        let mut tx = ctx.begin(Action::EditSessions).await?;
        sessions::retry(&ctx, &mut tx, id, message_id).await?;
        tx.commit().await
    };
    match retried.await {
        Ok(()) => Ok(page_of(id)),
        Err(err) => complain(err, id),
    }
}

#[derive(Deserialize)]
struct Branch {
    message: Uuid,
}

async fn switch(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Branch>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    sessions::lock(&mut tx, id).await?;
    let tip = sessions::tip(&mut tx, id, form.message).await?;
    sessions::set_head(&mut tx, id, tip).await?;
    live::tell(&mut tx, id, "branch", json!({ "head": tip }));
    tx.commit().await?;
    Ok(page_of(id))
}

#[derive(Deserialize)]
struct After {
    /// The number that the page was rendered at; a reconnecting browser says a
    /// later one in `Last-Event-ID`.
    after: Option<i64>,
}

async fn events(
    State(state): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Query(query): Query<After>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    sessions::find(&mut tx, id).await?;
    tx.commit().await?;
    let after = live::last_seen(&headers).or(query.after);
    live::stream(state, ctx, Action::ViewSessions, id, after).await
}
