use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Group, again, groups};
use crate::features::webhooks::endpoints::{
    self, NewWebhook, Rotation, Status, Webhook, WebhookPatch, WebhookWithSecret,
};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, Path};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/webhooks/new", get(new).post(create))
        .route("/settings/webhooks/{id}/edit", get(edit).post(update))
        .route("/settings/webhooks/{id}/rotate", get(show_rotate).post(rotate))
        .route("/settings/webhooks/{id}/status", post(set_status))
        .route("/settings/webhooks/{id}/delete", post(delete))
}

/// The form as it is shown: `everything`, or the types that are ticked.
#[derive(Clone, Debug, Serialize)]
struct Fields {
    url: String,
    description: String,
    everything: bool,
    events: Vec<String>,
}

impl Fields {
    fn of(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            everything: webhook.events.is_empty(),
            events: webhook.events.clone(),
        }
    }

    /// A field that may be there several times needs reading by hand.
    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut fields = Self {
            url: String::new(),
            description: String::new(),
            everything: true,
            events: Vec::new(),
        };
        for (name, value) in pairs {
            match name.as_str() {
                "url" => value.trim().clone_into(&mut fields.url),
                "description" => value.trim().clone_into(&mut fields.description),
                "which" => fields.everything = value != "some",
                "events" => fields.events.push(value),
                _ => {}
            }
        }
        fields
    }

    fn chosen(&self) -> Result<Vec<String>> {
        if self.everything {
            return Ok(Vec::new());
        }
        if self.events.is_empty() {
            let message = "choose at least one type of event";
            return Err(Error::invalid("events", message));
        }
        Ok(self.events.clone())
    }
}

#[derive(Serialize)]
struct Edit {
    /// None for a new one.
    webhook: Option<Webhook>,
    form: Fields,
    groups: Vec<Group>,
    problem: Option<ErrorBody>,
}

impl View for Edit {
    const TEMPLATE: &'static str = "webhooks/form.html";
}

impl Edit {
    fn with(webhook: Option<Webhook>, form: Fields, problem: Option<ErrorBody>) -> Self {
        Self { webhook, form, groups: groups(), problem }
    }
}

/// The secret, which is shown this once.
#[derive(Serialize)]
struct Secret {
    webhook: Webhook,
    secret: String,
    rotated: bool,
}

impl View for Secret {
    const TEMPLATE: &'static str = "webhooks/secret.html";
}

impl Secret {
    fn page(it: WebhookWithSecret, rotated: bool) -> Response {
        Page(Self { webhook: it.webhook, secret: it.secret, rotated }).into_response()
    }
}

async fn new(ctx: Ctx) -> Result<Page<Edit>> {
    ctx.begin(Action::ManageWebhooks).await?.commit().await?;
    Ok(Page(Edit::with(None, Fields::read(Vec::new()), None)))
}

async fn create(
    State(state): State<AppState>,
    ctx: Ctx,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let form = Fields::read(pairs);
    let created = async {
        let mut tx = ctx.begin(Action::ManageWebhooks).await?;
        let (url, description) = (form.url.clone(), form.description.clone());
        let new = NewWebhook { url, description, events: form.chosen()? };
        let created = endpoints::create(&state, &ctx, &mut tx, new).await?;
        tx.commit().await?;
        Ok(created)
    };
    match created.await {
        Ok(created) => Ok(Secret::page(created, false)),
        Err(err) => again(err, |problem| Edit::with(None, form, Some(problem))),
    }
}

async fn find(ctx: &Ctx, id: Uuid) -> Result<Webhook> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let webhook = endpoints::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(webhook)
}

async fn edit(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Edit>> {
    let webhook = find(&ctx, id).await?;
    let form = Fields::of(&webhook);
    Ok(Page(Edit::with(Some(webhook), form, None)))
}

async fn update(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response> {
    let form = Fields::read(pairs);
    let updated = async {
        let mut tx = ctx.begin(Action::ManageWebhooks).await?;
        let patch = WebhookPatch {
            url: Some(form.url.clone()),
            description: Some(form.description.clone()),
            events: Some(form.chosen()?),
            status: None,
        };
        endpoints::update(&state, &mut tx, id, patch).await?;
        tx.commit().await
    };
    match updated.await {
        Ok(()) => {
            let to = format!("/settings/webhooks/{id}");
            Ok(Flash::success("The webhook is saved.").redirect(&to))
        }
        Err(err) => {
            let webhook = find(&ctx, id).await?;
            again(err, |problem| Edit::with(Some(webhook), form, Some(problem)))
        }
    }
}

#[derive(Serialize)]
struct Rotate {
    webhook: Webhook,
    form: Overlap,
    problem: Option<ErrorBody>,
}

#[derive(Clone, Deserialize, Serialize)]
struct Overlap {
    hours: u16,
}

impl View for Rotate {
    const TEMPLATE: &'static str = "webhooks/rotate.html";
}

async fn show_rotate(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Rotate>> {
    let webhook = find(&ctx, id).await?;
    Ok(Page(Rotate { webhook, form: Overlap { hours: 24 }, problem: None }))
}

async fn rotate(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(form): Form<Overlap>,
) -> Result<Response> {
    let rotated = async {
        let mut tx = ctx.begin(Action::ManageWebhooks).await?;
        let rotation = Rotation { overlap_hours: Some(form.hours) };
        let rotated = endpoints::rotate(&state, &mut tx, id, &rotation).await?;
        tx.commit().await?;
        Ok(rotated)
    };
    match rotated.await {
        Ok(rotated) => Ok(Secret::page(rotated, true)),
        Err(err) => {
            let webhook = find(&ctx, id).await?;
            again(err, |problem| Rotate { webhook, form, problem: Some(problem) })
        }
    }
}

#[derive(Deserialize)]
struct NewStatus {
    status: Status,
}

async fn set_status(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(form): Form<NewStatus>,
) -> Result<Response> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    let patch = WebhookPatch { status: Some(form.status), ..WebhookPatch::default() };
    endpoints::update(&state, &mut tx, id, patch).await?;
    tx.commit().await?;
    let words = if form.status == Status::Active {
        "The webhook is active."
    } else {
        "The webhook is paused. What happens meanwhile is sent when it is active again."
    };
    Ok(Flash::success(words).redirect(&format!("/settings/webhooks/{id}")))
}

async fn delete(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::ManageWebhooks).await?;
    endpoints::delete(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Flash::success("The webhook is deleted.").redirect("/settings/webhooks"))
}
