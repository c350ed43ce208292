//! What the buttons and the composer of a session do.

use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::engine::brief;
use crate::features::sessions::{self, Input, SessionPatch};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::page::{Flash, complaint, local_path};

#[derive(Debug, Deserialize)]
pub struct Said {
    text: String,
    /// The message to follow, when an earlier one is edited; empty for the first.
    parent_id: Option<String>,
}

/// Back to the session, with what went wrong as a message.
fn back(id: Uuid, done: Result<()>) -> Result<Response> {
    let path = format!("/sessions/{id}");
    match done {
        Ok(()) => Ok(Redirect::to(&path).into_response()),
        Err(err) => {
            let problem = complaint(err)?;
            let mut letters = problem.message.chars();
            let words = match letters.next() {
                Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
                None => "That did not work.".to_owned(),
            };
            Ok(Flash::danger(words).redirect(&path))
        }
    }
}

async fn turn(ctx: &Ctx, id: Uuid, parent: Option<Option<Uuid>>, input: Input) -> Result<()> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = sessions::lock(&mut tx, id).await?;
    let parent = parent.unwrap_or(session.head_id);
    let turn = sessions::begin(ctx, &mut tx, &session, parent, &input).await?;
    sessions::later(ctx, &mut tx, id, turn.answer.id).await?;
    Ok(tx.commit().await?)
}

pub async fn say(ctx: Ctx, Path(id): Path<Uuid>, Form(said): Form<Said>) -> Result<Response> {
    let parent = match said.parent_id.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(parent) => Some(Some(parent.parse().map_err(|_| Error::NotFound("message"))?)),
    };
    let done = match sessions::checked_text(&ctx, &said.text) {
        Ok(text) => turn(&ctx, id, parent, Input::text(text)).await,
        Err(err) => Err(err),
    };
    back(id, done)
}

#[derive(Debug, Deserialize)]
pub struct Set {
    kind: String,
    value: String,
}

pub async fn set(ctx: Ctx, Path(id): Path<Uuid>, Form(set): Form<Set>) -> Result<Response> {
    // A choice sends its value as JSON, a field what was typed.
    let exact = serde_json::from_str::<Value>(&set.value)
        .ok()
        .filter(|it| brief::check_setting(&set.kind, it).is_ok());
    let value = match exact {
        Some(value) => Ok(value),
        None => brief::parse_setting(&set.kind, &set.value),
    };
    let input = value
        .map_err(|text| Error::invalid("value", text))
        .and_then(|value| sessions::checked_setting(set.kind, value));
    let done = match input {
        Ok(input) => turn(&ctx, id, None, input).await,
        Err(err) => Err(err),
    };
    back(id, done)
}

pub async fn stop(ctx: Ctx, Path((id, message)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    sessions::lock(&mut tx, id).await?;
    let done = sessions::stop(&mut tx, id, message).await;
    tx.commit().await?;
    back(id, done)
}

pub async fn retry(ctx: Ctx, Path((id, message)): Path<(Uuid, Uuid)>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let done = sessions::retry(&ctx, &mut tx, id, message).await.map(drop);
    tx.commit().await?;
    back(id, done)
}

#[derive(Debug, Deserialize)]
pub struct Branch {
    message_id: Uuid,
}

/// Shows the branch that a message is on.
pub async fn branch(ctx: Ctx, Path(id): Path<Uuid>, Form(to): Form<Branch>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    sessions::lock(&mut tx, id).await?;
    let tip = sessions::tip(&mut tx, id, to.message_id).await?;
    sessions::set_head(&mut tx, id, tip).await?;
    tx.commit().await?;
    back(id, Ok(()))
}

#[derive(Debug, Deserialize)]
pub struct Rename {
    title: String,
}

async fn patch(ctx: &Ctx, id: Uuid, patch: SessionPatch) -> Result<()> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    sessions::update(&mut tx, id, &patch).await?;
    Ok(tx.commit().await?)
}

pub async fn rename(ctx: Ctx, Path(id): Path<Uuid>, Form(to): Form<Rename>) -> Result<Response> {
    let change = SessionPatch { title: Some(to.title), ..SessionPatch::default() };
    back(id, patch(&ctx, id, change).await)
}

#[derive(Debug, Deserialize)]
pub struct Archive {
    archived: bool,
    return_to: Option<String>,
}

pub async fn archive(ctx: Ctx, Path(id): Path<Uuid>, Form(to): Form<Archive>) -> Result<Response> {
    let change = SessionPatch { archived: Some(to.archived), ..SessionPatch::default() };
    patch(&ctx, id, change).await?;
    let words =
        if to.archived { "The session is archived." } else { "The session is active again." };
    let path = local_path(to.return_to.as_deref().or(Some("/sessions")));
    Ok(Flash::success(words).redirect(path))
}

pub async fn duplicate(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    match sessions::duplicate(&ctx, &mut tx, id).await {
        Ok(copy) => {
            tx.commit().await?;
            let path = format!("/sessions/{}", copy.id);
            Ok(Flash::success("This is a copy; the original stays as it was.").redirect(&path))
        }
        Err(err) => back(id, Err(err)),
    }
}

pub async fn delete(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    sessions::delete(&mut tx, id).await?;
    tx.commit().await?;
    let words = "The session is deleted. For 30 days it can be taken back here.";
    Ok(Flash::success(words).redirect("/sessions?state=deleted"))
}

pub async fn restore(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    match sessions::restore(&ctx, &mut tx, id).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(Flash::success("The session is back.").redirect(&format!("/sessions/{id}")))
        }
        Err(err) => {
            let problem = complaint(err)?;
            Ok(Flash::danger(problem.message).redirect("/sessions?state=deleted"))
        }
    }
}
