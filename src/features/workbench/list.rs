//! The list of sessions, and how one starts.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::engine::brief;
use crate::engine::cost::catalogue;
use crate::engine::requirements::{Cloud, Compliance};
use crate::features::orgs::{self, Workspace, plans};
use crate::features::sessions::{self, Filter, Input, Session};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, ErrorBody, FieldError, Result};
use crate::platform::extract::{Form, List, Paging, Query};
use crate::platform::page::{Page, View, complaint};

const PAGE: usize = 30;

/// What a first message can look like: one for each kind of system.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "Patient portal",
        "HIPAA patient portal for 50,000 users, EU only, PostgreSQL, 99.9 % uptime, $3k a month.",
    ),
    (
        "Web shop",
        "Web shop for 20,000 visitors a day with card payments and product search, in Frankfurt. Under $900 a month.",
    ),
    (
        "Sensor data",
        "10,000 sensors send 1 KB every minute. Dashboards and alerts, keep the data for a year.",
    ),
    (
        "Nightly reports",
        "Every night turn 200 GB of CSV files from partners into reports for 40 analysts. No servers to look after.",
    ),
    (
        "Mobile backend",
        "Backend of a mobile app: sign-in, GraphQL API, push notifications, 300,000 monthly users, must grow tenfold.",
    ),
    (
        "Static site",
        "Marketing site with 100k visitors a month and a contact form, as cheap as it can be.",
    ),
];

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    workspace: String,
    state: String,
    cursor: String,
}

/// A choice of a list.
#[derive(Serialize)]
struct Pick {
    value: String,
    label: String,
}

/// A list of choices, after the one for none of them.
fn picks<V: Into<String>, L: Into<String>>(
    none: &str,
    items: impl IntoIterator<Item = (V, L)>,
) -> Vec<Pick> {
    let none = Pick { value: String::new(), label: none.to_owned() };
    let items = items.into_iter().map(|it| Pick { value: it.0.into(), label: it.1.into() });
    std::iter::once(none).chain(items).collect()
}

#[derive(Serialize)]
struct Index {
    sessions: Vec<Session>,
    shelves: Vec<Pick>,
    form: Asked,
    filtered: bool,
    next: Option<String>,
    can_edit: bool,
    used: i64,
    limit: Option<i64>,
}

impl View for Index {
    const TEMPLATE: &'static str = "workbench/index.html";
    const TITLE: &'static str = "Sessions";
}

pub async fn index(ctx: Ctx, Query(form): Query<Asked>) -> Result<Response> {
    let paging = Paging { cursor: Some(form.cursor.clone()), limit: None };
    let filter = Filter {
        q: Some(form.q.clone()),
        workspace_id: form.workspace.parse().ok(),
        state: Some(form.state.clone())
            .filter(|it| ["active", "archived", "deleted"].contains(&it.as_str())),
    };
    let before = paging.after()?;
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let rows = sessions::list(&mut tx, &filter, before, PAGE + 1).await?;
    let workspaces = orgs::list_workspaces(&mut tx, None, 500).await?;
    let used = sessions::count(&mut tx).await?;
    tx.commit().await?;
    let list = List::of(rows, PAGE, |it| (it.updated_at, it.id));
    let filtered = !form.q.is_empty() || !form.workspace.is_empty() || !form.state.is_empty();
    if list.items.is_empty() && !filtered && ctx.may(Action::EditSessions) {
        return Ok(Redirect::to("/sessions/new").into_response());
    }
    Ok(Page(Index {
        sessions: list.items,
        next: list.next,
        shelves: picks(
            "All workspaces",
            workspaces.into_iter().map(|it| (it.id.to_string(), it.name)),
        ),
        form,
        filtered,
        can_edit: ctx.may(Action::EditSessions),
        used,
        limit: plans::limits(&ctx.org.plan).sessions,
    })
    .into_response())
}

/// The sessions that the start page shows.
pub async fn recent(tx: &mut TenantTx) -> Result<Vec<Session>> {
    sessions::list(tx, &Filter::default(), None, 5).await
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Start {
    message: String,
    workspace: String,
}

/// The fields for people who prefer them to prose, as they were typed.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Fields {
    workload: String,
    users: String,
    requests_per_second: String,
    cloud: String,
    region: String,
    budget: String,
    availability: String,
    compliance: String,
    more: String,
    workspace: String,
}

#[derive(Serialize)]
pub struct New {
    examples: Vec<(&'static str, &'static str)>,
    workspaces: Vec<Workspace>,
    workloads: Vec<Pick>,
    regions: Vec<Pick>,
    frameworks: Vec<Pick>,
    form: Start,
    fields: Fields,
    as_fields: bool,
    problem: Option<ErrorBody>,
    used: i64,
    limit: Option<i64>,
    message_bytes: Option<i64>,
    can_edit: bool,
}

impl View for New {
    const TEMPLATE: &'static str = "workbench/new.html";
    const TITLE: &'static str = "New session";
}

const FRAMEWORKS: &[&str] = &["HIPAA", "PCI DSS", "SOC 2", "GDPR", "FedRAMP", "ISO 27001"];

async fn show_new(
    ctx: &Ctx,
    form: Start,
    fields: Option<Fields>,
    problem: Option<ErrorBody>,
) -> Result<Page<New>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let workspaces = orgs::list_workspaces(&mut tx, None, 500).await?;
    let used = sessions::count(&mut tx).await?;
    tx.commit().await?;
    let limits = plans::limits(&ctx.org.plan);
    let regions = catalogue::regions("aws").iter().map(|it| (it.code, it.name));
    Ok(Page(New {
        examples: EXAMPLES.to_vec(),
        workspaces,
        workloads: picks("Choose…", brief::Form::workloads()),
        regions: picks("No preference", regions),
        frameworks: picks("None", FRAMEWORKS.iter().map(|it| (*it, *it))),
        form,
        as_fields: fields.is_some(),
        fields: fields.unwrap_or_default(),
        problem,
        used,
        limit: limits.sessions,
        message_bytes: limits.message_bytes,
        can_edit: ctx.may(Action::EditSessions),
    }))
}

pub async fn new(ctx: Ctx, Query(form): Query<Start>) -> Result<Page<New>> {
    show_new(&ctx, form, None, None).await
}

pub async fn create(ctx: Ctx, Form(form): Form<Start>) -> Result<Response> {
    match start(&ctx, &form.message, &form.workspace).await {
        Ok(id) => Ok(Redirect::to(&format!("/sessions/{id}")).into_response()),
        Err(err) => {
            let problem = complaint(renamed(err))?;
            let page = show_new(&ctx, form, None, Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// A text is `text` to the API and `message` to the form.
fn renamed(err: Error) -> Error {
    match err {
        Error::Invalid(errors) => Error::Invalid(
            errors
                .into_iter()
                .map(|it| match it.field.as_ref() {
                    "text" => FieldError::new("message", it.message),
                    _ => it,
                })
                .collect(),
        ),
        other => other,
    }
}

pub async fn create_of_form(ctx: Ctx, Form(fields): Form<Fields>) -> Result<Response> {
    let started = match text_of(&fields) {
        Ok(text) => start(&ctx, &text, &fields.workspace).await,
        Err(err) => Err(err),
    };
    match started {
        Ok(id) => Ok(Redirect::to(&format!("/sessions/{id}")).into_response()),
        Err(err) => {
            let problem = complaint(err)?;
            let page = show_new(&ctx, Start::default(), Some(fields), Some(problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
    }
}

/// The fields in plain words, which stay the one truth.
fn text_of(fields: &Fields) -> Result<String> {
    let mut errors = Vec::new();
    let mut number = |field: &'static str, typed: &str| -> Option<f64> {
        let plain = typed.trim().replace([',', ' ', '$', '%'], "");
        if plain.is_empty() {
            return None;
        }
        match plain.parse::<f64>() {
            Ok(value) if value.is_finite() => Some(value),
            _ => {
                errors.push(FieldError::new(field, "must be a number"));
                None
            }
        }
    };
    let form = brief::Form {
        workload: fields.workload.clone(),
        users: number("users", &fields.users),
        requests_per_second: number("requests_per_second", &fields.requests_per_second),
        cloud: Cloud::named(&fields.cloud),
        region: Some(fields.region.clone()).filter(|it| !it.is_empty()),
        budget: number("budget", &fields.budget),
        availability: number("availability", &fields.availability).map(|it| it / 100.0),
        compliance: compliance(&fields.compliance),
        more: fields.more.clone(),
    };
    errors.extend(form.problems().into_iter().map(|(field, text)| FieldError::new(field, text)));
    if errors.is_empty() { Ok(form.text()) } else { Err(Error::Invalid(errors)) }
}

fn compliance(name: &str) -> Vec<Compliance> {
    let found = serde_json::from_value(serde_json::Value::from(name));
    found.into_iter().collect()
}

/// A session with its first message, which a job answers.
async fn start(ctx: &Ctx, text: &str, workspace: &str) -> Result<Uuid> {
    let text = sessions::checked_text(ctx, text)?;
    let workspace_id = workspace.parse().ok();
    let mut tx = ctx.begin(Action::EditSessions).await?;
    let session = sessions::create(ctx, &mut tx, workspace_id, None).await?;
    let turn = sessions::begin(ctx, &mut tx, &session, None, &Input::text(text)).await?;
    sessions::later(ctx, &mut tx, session.id, turn.answer.id).await?;
    tx.commit().await?;
    Ok(session.id)
}
