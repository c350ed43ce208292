use std::collections::BTreeMap;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::again;
use crate::features::api_keys::{
    self, ApiKey, KeyPatch, NewKey, NewSecret, Rotation, seen_by, shown, store,
};
use crate::features::orgs::{list_workspaces, plans};
use crate::platform::access::{Action, Scope};
use crate::platform::api_key::Mode;
use crate::platform::ctx::Ctx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::{Form, List, Paging, Path, Query};
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings/keys", get(index))
        .route("/settings/keys/new", get(show_new).post(create))
        .route("/settings/keys/{id}", get(show).post(update))
        .route("/settings/keys/{id}/rotate", get(show_rotate).post(rotate))
        .route("/settings/keys/{id}/revoke", post(revoke))
}

const PAGE: usize = 50;
/// Workspaces to choose from; a key for one beyond can be made through the API.
const MOST: usize = 200;

/// A key with what a page says of it.
#[derive(Clone, Serialize)]
struct Shown {
    #[serde(flatten)]
    key: ApiKey,
    /// Its secret, as far as it is known.
    secret: String,
    own: bool,
    /// It ends within two weeks.
    ends_soon: bool,
}

impl Shown {
    fn of(ctx: &Ctx, now: DateTime<Utc>, key: ApiKey) -> Self {
        let soon = key.expires_at.is_some_and(|it| it > now && it < now + Duration::days(14));
        Self {
            secret: shown(&key),
            own: key.account_id == Some(ctx.person.id),
            ends_soon: soon && key.status == "active",
            key,
        }
    }
}

#[derive(Serialize)]
struct Index {
    keys: Vec<Shown>,
    active: i64,
    limit: Option<i64>,
    /// Whether those of others are in the list.
    everybody: bool,
    next: Option<String>,
    after: Option<String>,
}

impl View for Index {
    const TEMPLATE: &'static str = "keys/index.html";
}

#[derive(Deserialize)]
struct After {
    cursor: Option<String>,
}

async fn index(
    State(state): State<AppState>,
    ctx: Ctx,
    Query(query): Query<After>,
) -> Result<Page<Index>> {
    let after = query.cursor.filter(|it| !it.is_empty());
    let position = Paging { cursor: after.clone(), limit: None }.after()?;
    let mut tx = ctx.begin(Action::ViewKeys).await?;
    let rows = store::list(&mut tx, seen_by(&ctx), position, PAGE + 1).await?;
    let active = store::count_active(&mut tx).await?;
    tx.commit().await?;
    let list = List::of(rows, PAGE, |it| (it.created_at, it.id));
    let now = state.clock.now();
    Ok(Page(Index {
        keys: list.items.into_iter().map(|it| Shown::of(&ctx, now, it)).collect(),
        active,
        limit: plans::limits(&ctx.org.plan).api_keys,
        everybody: ctx.may(Action::ManageKeys),
        next: list.next,
        after,
    }))
}

/// A scope to tick.
#[derive(Serialize)]
struct ScopeChoice {
    name: &'static str,
    meaning: &'static str,
    fits_workspace: bool,
    checked: bool,
}

/// The scopes of one kind of thing.
#[derive(Serialize)]
struct ScopeGroup {
    title: &'static str,
    scopes: Vec<ScopeChoice>,
}

const GROUPS: &[(&str, &[&str])] = &[
    ("Designs", &["sessions", "artifacts"]),
    ("Webhooks", &["webhooks"]),
    ("Organisation", &["org", "workspaces", "members", "audit"]),
    ("Keys", &["keys", "usage"]),
];

fn groups(ctx: &Ctx, checked: impl Fn(Scope) -> bool) -> Vec<ScopeGroup> {
    let offered = api_keys::scopes_of(ctx.role());
    let of = |kinds: &[&str]| {
        let kind = |it: Scope| it.as_str().split(':').next().unwrap_or_default();
        offered
            .iter()
            .filter(|it| kinds.contains(&kind(**it)))
            .map(|it| ScopeChoice {
                name: it.as_str(),
                meaning: it.meaning(),
                fits_workspace: it.fits_workspace(),
                checked: checked(*it),
            })
            .collect::<Vec<_>>()
    };
    GROUPS
        .iter()
        .map(|(title, kinds)| ScopeGroup { title, scopes: of(kinds) })
        .filter(|it| !it.scopes.is_empty())
        .collect()
}

#[derive(Serialize)]
struct Choice {
    value: String,
    label: String,
}

fn choice(value: impl Into<String>, label: impl Into<String>) -> Choice {
    Choice { value: value.into(), label: label.into() }
}

/// How long a key may be asked to work.
const LIFETIMES: &[(&str, &str)] = &[
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("365", "1 year"),
    ("", "Until it is revoked"),
];

/// The fields of a form, in which each scope ticked is a field of its own.
type Fields = BTreeMap<String, String>;

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |it| it.trim())
}

fn ticked(fields: &Fields) -> Vec<Scope> {
    let named = |it: &Scope| fields.contains_key(&format!("scope.{}", it.as_str()));
    Scope::ALL.iter().copied().filter(named).collect()
}

fn networks(fields: &Fields) -> Vec<String> {
    let separate = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let text = text(fields, "networks");
    text.split(separate).filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

#[derive(Serialize)]
struct New {
    name: String,
    mode: String,
    workspace_id: String,
    lifetime: String,
    networks: String,
    groups: Vec<ScopeGroup>,
    workspaces: Vec<Choice>,
    lifetimes: Vec<Choice>,
    /// The plan has room for no more.
    full: Option<i64>,
    problem: Option<ErrorBody>,
}

impl View for New {
    const TEMPLATE: &'static str = "keys/new.html";
}

async fn new_page(ctx: &Ctx, fields: Option<&Fields>) -> Result<New> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    let all = list_workspaces(&mut tx, None, MOST).await?;
    let active = store::count_active(&mut tx).await?;
    tx.commit().await?;
    let mut workspaces = vec![choice("", "All workspaces")];
    workspaces.extend(all.into_iter().map(|it| choice(it.id.to_string(), it.name)));
    let usual = [Scope::SessionsRead, Scope::SessionsWrite, Scope::ArtifactsRead];
    let chosen = fields.map_or_else(|| usual.to_vec(), ticked);
    let field =
        |name: &str, otherwise: &str| fields.map_or(otherwise, |it| text(it, name)).to_owned();
    let limit = plans::limits(&ctx.org.plan).api_keys;
    Ok(New {
        name: field("name", ""),
        mode: field("mode", "live"),
        workspace_id: field("workspace_id", ""),
        lifetime: field("lifetime", "90"),
        networks: field("networks", ""),
        groups: groups(ctx, |it| chosen.contains(&it)),
        workspaces,
        lifetimes: LIFETIMES.iter().map(|(value, label)| choice(*value, *label)).collect(),
        full: limit.filter(|it| active >= *it),
        problem: None,
    })
}

async fn show_new(ctx: Ctx) -> Result<Page<New>> {
    // Rather now than when everything is filled in.
    ctx.person.require_recent()?;
    Ok(Page(new_page(&ctx, None).await?))
}

/// The secret, this once.
#[derive(Serialize)]
struct Created {
    key: Shown,
    secret: String,
    rotated: bool,
    example: String,
}

impl View for Created {
    const TEMPLATE: &'static str = "keys/created.html";
}

fn created(state: &AppState, ctx: &Ctx, made: NewSecret, rotated: bool) -> Page<Created> {
    let url = &state.config.public_url;
    let example = format!(
        "export CLOUDGEN_TOKEN='{}'\ncurl {url}/api/v1/me \\\n  --header \"Authorization: Bearer $CLOUDGEN_TOKEN\"",
        made.secret
    );
    let key = Shown::of(ctx, state.clock.now(), made.key);
    Page(Created { key, secret: made.secret, rotated, example })
}

async fn create(
    State(state): State<AppState>,
    ctx: Ctx,
    Form(fields): Form<Fields>,
) -> Result<Response> {
    let made = async {
        let new = NewKey {
            name: text(&fields, "name").to_owned(),
            mode: if text(&fields, "mode") == "test" { Mode::Test } else { Mode::Live },
            scopes: ticked(&fields),
            workspace_id: match text(&fields, "workspace_id") {
                "" => None,
                id => Some(id.parse().map_err(|_| Error::NotFound("workspace"))?),
            },
            networks: networks(&fields),
            expires_at: match text(&fields, "lifetime") {
                "" => None,
                days => {
                    let days = days.parse().ok().filter(|it| (1..=365).contains(it));
                    let days = days.ok_or_else(|| Error::invalid("lifetime", "choose one"))?;
                    Some(state.clock.now() + Duration::days(days))
                }
            },
        };
        let mut tx = ctx.begin(Action::EditKeys).await?;
        let made = api_keys::create(&state, &ctx, &mut tx, &new).await?;
        tx.commit().await?;
        Ok(made)
    };
    match made.await {
        Ok(made) => Ok(created(&state, &ctx, made, false).into_response()),
        Err(err) => {
            let page = new_page(&ctx, Some(&fields)).await?;
            again(err, |problem| New { problem: Some(problem), ..page })
        }
    }
}

#[derive(Serialize)]
struct Show {
    key: Shown,
    name: String,
    networks: String,
    expires_at: String,
    groups: Vec<ScopeGroup>,
    problem: Option<ErrorBody>,
}

impl View for Show {
    const TEMPLATE: &'static str = "keys/show.html";
}

async fn key_page(state: &AppState, ctx: &Ctx, id: Uuid, fields: Option<&Fields>) -> Result<Show> {
    let mut tx = ctx.begin(Action::ViewKeys).await?;
    let key = store::find(&mut tx, id, seen_by(ctx)).await?;
    tx.commit().await?;
    let chosen = fields.map_or_else(|| api_keys::scopes(&key), ticked);
    let confined = key.workspace_id.is_some();
    let mut groups = groups(ctx, |it| chosen.contains(&it));
    for group in &mut groups {
        group.scopes.retain(|it| it.fits_workspace || !confined);
    }
    groups.retain(|it| !it.scopes.is_empty());
    let field = |name: &str, now: String| fields.map_or(now, |it| text(it, name).to_owned());
    Ok(Show {
        name: field("name", key.name.clone()),
        networks: field("networks", key.networks.join("\n")),
        expires_at: field(
            "expires_at",
            key.expires_at.map_or_else(String::new, |it| it.date_naive().to_string()),
        ),
        groups,
        key: Shown::of(ctx, state.clock.now(), key),
        problem: None,
    })
}

async fn show(State(state): State<AppState>, ctx: Ctx, Path(id): Path<Uuid>) -> Result<Page<Show>> {
    Ok(Page(key_page(&state, &ctx, id, None).await?))
}

async fn update(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(fields): Form<Fields>,
) -> Result<Response> {
    let saved = async {
        let mut tx = ctx.begin(Action::EditKeys).await?;
        let before = store::find(&mut tx, id, seen_by(&ctx)).await?;
        let patch = KeyPatch {
            name: Some(text(&fields, "name").to_owned()),
            scopes: Some(ticked(&fields)),
            networks: Some(networks(&fields)),
            expires_at: Some(expiry(&before, text(&fields, "expires_at"))?),
        };
        api_keys::update(&ctx, &mut tx, id, &patch).await?;
        tx.commit().await
    };
    match saved.await {
        Ok(()) => {
            Ok(Flash::success("The key is changed.").redirect(&format!("/settings/keys/{id}")))
        }
        Err(err) => {
            let page = key_page(&state, &ctx, id, Some(&fields)).await?;
            again(err, |problem| Show { problem: Some(problem), ..page })
        }
    }
}

/// The end of the day that was typed; of the day that was there, its hour too.
fn expiry(before: &ApiKey, typed: &str) -> Result<Option<DateTime<Utc>>> {
    if typed.is_empty() {
        return Ok(None);
    }
    let complaint = || Error::invalid("expires_at", "is not a day such as 2030-12-31");
    let day: NaiveDate = typed.parse().map_err(|_| complaint())?;
    match before.expires_at {
        Some(at) if at.date_naive() == day => Ok(Some(at)),
        _ => Ok(Some(day.and_hms_opt(23, 59, 59).ok_or_else(complaint)?.and_utc())),
    }
}

#[derive(Serialize)]
struct Rotate {
    key: Shown,
    overlaps: Vec<Choice>,
    overlap_hours: String,
    problem: Option<ErrorBody>,
}

impl View for Rotate {
    const TEMPLATE: &'static str = "keys/rotate.html";
}

async fn rotate_page(state: &AppState, ctx: &Ctx, id: Uuid) -> Result<Rotate> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    let key = store::find(&mut tx, id, seen_by(ctx)).await?;
    tx.commit().await?;
    let overlaps = [
        ("0", "It stops working at once"),
        ("1", "For an hour"),
        ("24", "For a day"),
        ("168", "For a week"),
    ];
    Ok(Rotate {
        key: Shown::of(ctx, state.clock.now(), key),
        overlaps: overlaps.iter().map(|(value, label)| choice(*value, *label)).collect(),
        overlap_hours: "24".to_owned(),
        problem: None,
    })
}

async fn show_rotate(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
) -> Result<Page<Rotate>> {
    ctx.person.require_recent()?;
    Ok(Page(rotate_page(&state, &ctx, id).await?))
}

async fn rotate(
    State(state): State<AppState>,
    ctx: Ctx,
    Path(id): Path<Uuid>,
    Form(rotation): Form<Rotation>,
) -> Result<Response> {
    let made = async {
        let mut tx = ctx.begin(Action::EditKeys).await?;
        let made = api_keys::rotate(&ctx, &mut tx, id, &rotation).await?;
        tx.commit().await?;
        Ok(made)
    };
    match made.await {
        Ok(made) => Ok(created(&state, &ctx, made, true).into_response()),
        Err(err) => {
            let page = rotate_page(&state, &ctx, id).await?;
            let overlap_hours = rotation.overlap_hours.to_string();
            again(err, |problem| Rotate { problem: Some(problem), overlap_hours, ..page })
        }
    }
}

async fn revoke(ctx: Ctx, Path(id): Path<Uuid>) -> Result<Response> {
    let mut tx = ctx.begin(Action::EditKeys).await?;
    api_keys::revoke(&ctx, &mut tx, id).await?;
    tx.commit().await?;
    Ok(Flash::success("The key is revoked; it opens nothing any more.").redirect("/settings/keys"))
}
