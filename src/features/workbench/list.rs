//! All sessions, a new one, and what can be done with one as a whole.

use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::fields::{Choices, Fields};
use super::talk::sentence;
use crate::features::orgs::plans::{self, Resource, Room};
use crate::features::orgs::{self, Workspace};
use crate::features::sessions::{self, Filter, Input, Session, SessionPatch};
use crate::platform::access::Action;
use crate::platform::api_key::Mode;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, List, Paging, Path, Query};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/sessions", get(index).post(create))
        .route("/sessions/new", get(new))
        .route("/sessions/jump", get(jump))
        .route("/sessions/{id}/rename", get(ask_name).post(rename))
        .route("/sessions/{id}/duplicate", post(duplicate))
        .route("/sessions/{id}/archive", post(archive))
        .route("/sessions/{id}/delete", post(delete))
        .route("/sessions/{id}/restore", post(restore))
}

const PAGE: usize = 30;

/// As many as a page can show.
const WORKSPACES: usize = 1000;

/// A session in a list.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub id: Uuid,
    pub title: String,
    /// Whether a key in test mode started it.
    pub test: bool,
    pub workspace: String,
    pub updated_at: DateTime<Utc>,
    pub archived: bool,
    pub analyses: i32,
    pub region: Option<String>,
    pub recommended: Option<String>,
    /// The three options: name and monthly cost.
    pub options: Vec<Cost>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Cost {
    pub tier: String,
    pub monthly: f64,
    pub recommended: bool,
}

fn item(session: Session, workspaces: &[Workspace]) -> Item {
    let headline = session.headline.map(|it| serde_json::from_str::<Value>(it.get()));
    let headline = headline.and_then(Result::ok).unwrap_or_default();
    let text = |key: &str| headline[key].as_str().map(str::to_owned);
    let recommended = text("recommended");
    let options = headline["options"].as_array().into_iter().flatten().filter_map(|it| {
        let tier = it["tier"].as_str()?.to_owned();
        let is_it = recommended.as_ref() == Some(&tier);
        Some(Cost { tier, monthly: it["monthly"].as_f64()?, recommended: is_it })
    });
    Item {
        id: session.id,
        title: session.title,
        test: session.mode == Mode::Test,
        workspace: workspaces
            .iter()
            .find(|it| it.id == session.workspace_id)
            .map_or_else(String::new, |it| it.name.clone()),
        updated_at: session.updated_at,
        archived: session.archived_at.is_some(),
        analyses: session.analyses,
        region: text("region"),
        options: options.collect(),
        recommended,
    }
}

/// The sessions that changed last, for other pages.
pub async fn recent(tx: &mut TenantTx, limit: usize) -> Result<Vec<Item>> {
    let workspaces = orgs::list_workspaces(tx, None, WORKSPACES).await?;
    let rows = sessions::list(tx, &Filter::default(), None, limit).await?;
    Ok(rows.into_iter().map(|it| item(it, &workspaces)).collect())
}

/// How much room the plan has left for sessions.
fn room(ctx: &Ctx, count: i64) -> Room {
    plans::room(&ctx.org.plan, Resource::Sessions, count)
}

#[derive(Serialize)]
struct Index {
    sessions: Vec<Item>,
    workspaces: Vec<Workspace>,
    filter: Shown,
    filtered: bool,
    next: Option<String>,
    after: Option<String>,
    can_edit: bool,
    room: Room,
    /// How many are there of keys in test mode.
    test_sessions: i64,
}

/// The filter as the form shows it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct Shown {
    q: String,
    workspace: String,
    state: String,
    /// `live`, `test`, or empty for both.
    mode: String,
}

impl View for Index {
    const TEMPLATE: &'static str = "workbench/list.html";
    const TITLE: &'static str = "Sessions";
}

#[derive(Deserialize)]
struct Cursor {
    cursor: Option<String>,
}

async fn index(
    ctx: Ctx,
    Query(mut shown): Query<Shown>,
    Query(cursor): Query<Cursor>,
) -> Result<Page<Index>> {
    let after = cursor.cursor.filter(|it| !it.is_empty());
    let before = Paging { cursor: after.clone(), limit: None }.after()?;
    if !["archived", "deleted"].contains(&shown.state.as_str()) {
        shown.state = "active".to_owned();
    }
    let filter = Filter {
        q: Some(shown.q.clone()),
        workspace_id: Uuid::parse_str(&shown.workspace).ok(),
        state: Some(shown.state.clone()),
        mode: match shown.mode.as_str() {
            "live" => Some(Mode::Live),
            "test" => Some(Mode::Test),
            _ => None,
        },
    };
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let workspaces = orgs::list_workspaces(&mut tx, None, WORKSPACES).await?;
    let rows = sessions::list(&mut tx, &filter, before, PAGE + 1).await?;
    let count = sessions::count(&mut tx, Mode::Live).await?;
    let test_sessions = sessions::count(&mut tx, Mode::Test).await?;
    tx.commit().await?;
    let list = List::of(rows, PAGE, |it| (it.updated_at, it.id));
    let filtered =
        !shown.q.trim().is_empty() || filter.workspace_id.is_some() || filter.mode.is_some();
    Ok(Page(Index {
        sessions: list.items.into_iter().map(|it| item(it, &workspaces)).collect(),
        workspaces,
        filter: shown,
        filtered,
        next: list.next,
        after,
        can_edit: ctx.may(Action::EditSessions),
        room: room(&ctx, count),
        test_sessions,
    }))
}

#[derive(Serialize)]
struct Jump {
    sessions: Vec<Item>,
    can_edit: bool,
}

impl View for Jump {
    const TEMPLATE: &'static str = "workbench/jump.html";
}

/// What the palette offers besides the navigation.
async fn jump(ctx: Ctx) -> Result<Page<Jump>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let sessions = recent(&mut tx, 30).await?;
    tx.commit().await?;
    Ok(Page(Jump { sessions, can_edit: ctx.may(Action::EditSessions) }))
}

#[derive(Serialize)]
struct New {
    text: String,
    /// Whether the fields were sent, rather than the text.
    by_fields: bool,
    fields: Fields,
    choices: Choices,
    workspaces: Vec<Workspace>,
    workspace_id: String,
    room: Room,
    message_limit: i64,
    examples: &'static [Example],
    problem: Option<ErrorBody>,
}

impl View for New {
    const TEMPLATE: &'static str = "workbench/new.html";
    const TITLE: &'static str = "New session";
}

/// A description to begin with.
#[derive(Serialize)]
struct Example {
    title: &'static str,
    text: &'static str,
}

const EXAMPLES: &[Example] = &[
    Example {
        title: "Online shop",
        text: "A web shop for 20,000 visitors a day with card payments and PostgreSQL in Frankfurt. Orders must never be lost. Under $900 a month.",
    },
    Example {
        title: "Patient portal",
        text: "A patient portal for 50,000 users under HIPAA: web application, documents of up to 20 MB, audit trail for six years, 99.95 % availability, recovery within an hour.",
    },
    Example {
        title: "Sensors in the field",
        text: "40,000 sensors report once a minute over MQTT. Alert within ten seconds, keep raw data for two years, dashboards for 200 people in Frankfurt.",
    },
    Example {
        title: "Assistant over documents",
        text: "A chatbot that answers questions over 200,000 PDF documents for 3,000 employees with single sign-on, in Frankfurt. No data leaves the EU.",
    },
    Example {
        title: "Clicks by the thousand",
        text: "A data pipeline that ingests 2,500 click events per second, removes duplicates, and has them in a data warehouse for analysts within five minutes.",
    },
    Example {
        title: "Nightly batch",
        text: "Every night we render 6,000 reports from a MySQL database of 800 GB into PDF. It has to be done by 5 am and cost as little as possible.",
    },
];

async fn new_page(ctx: &Ctx) -> Result<New> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let workspaces = orgs::list_workspaces(&mut tx, None, WORKSPACES).await?;
    let count = sessions::count(&mut tx, Mode::Live).await?;
    tx.commit().await?;
    Ok(New {
        text: String::new(),
        by_fields: false,
        fields: Fields::default(),
        choices: Choices::all(),
        workspaces,
        workspace_id: String::new(),
        room: room(ctx, count),
        message_limit: plans::limits(&ctx.org.plan).message_bytes.unwrap_or(100_000),
        examples: EXAMPLES,
        problem: None,
    })
}

#[derive(Deserialize)]
struct Prefill {
    text: Option<String>,
}

async fn new(ctx: Ctx, Query(prefill): Query<Prefill>) -> Result<Page<New>> {
    let mut page = new_page(&ctx).await?;
    page.text = prefill.text.unwrap_or_default();
    Ok(Page(page))
}

async fn create(ctx: Ctx, Form(pairs): Form<Vec<(String, String)>>) -> Result<Response> {
    let one = |name: &str| pairs.iter().find(|it| it.0 == name).map(|it| it.1.clone());
    let by_fields = one("by").as_deref() == Some("fields");
    let fields = Fields::of(&pairs);
    let typed = one("text").unwrap_or_default();
    let workspace_id = one("workspace_id").unwrap_or_default();
    let started = async {
        let text = if by_fields { fields.text()? } else { typed.clone() };
        let text = sessions::checked_text(&ctx, &text)?;
        let mut tx = ctx.begin(Action::EditSessions).await?;
        let workspace = Uuid::parse_str(&workspace_id).ok();
        let session = sessions::create(&ctx, &mut tx, workspace, None).await?;
        let turn = sessions::begin(&ctx, &mut tx, &session, None, &Input::text(text)).await?;
        sessions::later(&ctx, &mut tx, session.id, turn.answer.id).await?;
        tx.commit().await?;
        Ok::<_, Error>(session.id)
    };
    match started.await {
        Ok(id) => Ok(Redirect::to(&format!("/sessions/{id}")).into_response()),
        Err(err) if err.is_about_input() => {
            let problem = err.body();
            let page = new_page(&ctx).await?;
            let status = problem.status;
            let problem = Some(problem);
            let page = New { text: typed, by_fields, fields, workspace_id, problem, ..page };
            Ok((status, Page(page)).into_response())
        }
        Err(err) => Err(err),
    }
}

#[derive(Serialize)]
struct Rename {
    session: Session,
    name: String,
    problem: Option<ErrorBody>,
}

impl View for Rename {
    const TEMPLATE: &'static str = "workbench/rename.html";
    const TITLE: &'static str = "Rename session";
}

async fn rename_page(ctx: &Ctx, id: Uuid) -> Result<Rename> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = sessions::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok(Rename { name: session.title.clone(), session, problem: None })
}

async fn ask_name(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Rename>> {
    Ok(Page(rename_page(&ctx, id).await?))
}

#[derive(Deserialize)]
struct Name {
    title: String,
}

async fn rename(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Name>) -> Result<Response> {
    let patch = SessionPatch { title: Some(form.title.clone()), ..SessionPatch::default() };
    match update(&ctx, id, &patch).await {
        Ok(()) => Ok(Redirect::to(&format!("/sessions/{id}")).into_response()),
        Err(err) if err.is_about_input() => {
            let (page, problem) = (rename_page(&ctx, id).await?, err.body());
            let status = problem.status;
            let page = Rename { name: form.title, problem: Some(problem), ..page };
            Ok((status, Page(page)).into_response())
        }
        Err(err) => Err(err),
    }
}

async fn update(ctx: &Ctx, id: Uuid, patch: &SessionPatch) -> Result<()> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    sessions::update(&mut tx, id, patch).await?;
    tx.commit().await
}

async fn duplicate(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let copied = async {
        let mut tx = ctx.begin(Action::EditSessions).await?;
        let copy = sessions::duplicate(&ctx, &mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, Error>(copy.id)
    };
    match copied.await {
        Ok(copy) => Ok(Flash::success("This is the copy.").redirect(&format!("/sessions/{copy}"))),
        Err(err) if err.is_about_input() => {
            Ok(Flash::warning(sentence(&err.body().message)).redirect("/sessions"))
        }
        Err(err) => Err(err),
    }
}

#[derive(Deserialize)]
struct Archive {
    archived: bool,
}

async fn archive(ctx: Ctx, Path(id): Path<Uuid>, Form(form): Form<Archive>) -> Result<Response> {
    let patch = SessionPatch { archived: Some(form.archived), ..SessionPatch::default() };
    update(&ctx, id, &patch).await?;
    if form.archived {
        let flash = Flash::success("The session is archived. Its link still works.");
        return Ok(flash.redirect("/sessions"));
    }
    Ok(Flash::success("The session is back.").redirect(&format!("/sessions/{id}")))
}

async fn delete(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let title = sessions::find(&mut tx, id).await?.title;
    sessions::delete(&mut tx, id).await?;
    tx.commit().await?;
    let flash = Flash::success(format!("“{title}” is deleted."));
    Ok(flash.with_undo(format!("/sessions/{id}/restore")).redirect("/sessions"))
}

async fn restore(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let restored = async {
        let mut tx = ctx.begin(Action::EditSessions).await?;
        sessions::restore(&ctx, &mut tx, id).await?;
        tx.commit().await
    };
    match restored.await {
        Ok(()) => Ok(Flash::success("The session is back.").redirect(&format!("/sessions/{id}"))),
        Err(err) if err.is_about_input() => {
            Ok(Flash::warning(sentence(&err.body().message)).redirect("/sessions"))
        }
        Err(err) => Err(err),
    }
}
