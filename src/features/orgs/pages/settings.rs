use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Choice, again};
use crate::features::orgs::lifecycle::{self, OrgPatch, Settings};
use crate::features::orgs::members::{self, Member};
use crate::features::orgs::plans::{self, Limits, Resource, Room};
use crate::features::orgs::{api, store, workspaces};
use crate::platform::access::{Action, Role};
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, ErrorBody, Result};
use crate::platform::extract::Form;
use crate::platform::page::{Flash, Page, View};
use crate::platform::state::AppState;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route("/settings", get(general).post(save))
        .route("/settings/security", get(security).post(save_security))
        .route("/settings/transfer", get(show_transfer).post(transfer))
        .route("/settings/leave", get(show_leave).post(leave))
        .route("/settings/delete", get(show_delete).post(delete))
        .route("/settings/delete/cancel", post(restore))
}

#[derive(Deserialize, Serialize)]
struct Names {
    name: String,
    slug: String,
}

#[derive(Serialize)]
struct General {
    form: Names,
    can_manage: bool,
    can_leave: bool,
    rooms: Vec<Room>,
    limits: Limits,
    larger: Option<&'static str>,
    problem: Option<ErrorBody>,
}

impl View for General {
    const TEMPLATE: &'static str = "orgs/general.html";
}

async fn general_page(ctx: &Ctx) -> Result<General> {
    let mut tx = ctx.begin(Action::ViewOrg).await?;
    let own = members::find(&mut tx, ctx.person.id).await?;
    let page = General {
        form: Names { name: ctx.org.name.clone(), slug: ctx.org.slug.clone() },
        can_manage: ctx.may(Action::ManageOrg),
        can_leave: !members::is_last_owner(&mut tx, &own).await?,
        rooms: rooms(ctx, &mut tx).await?,
        limits: plans::limits(&ctx.org.plan),
        larger: plans::larger(&ctx.org.plan),
        problem: None,
    };
    tx.commit().await?;
    Ok(page)
}

/// How much of what the plan gives is in use.
async fn rooms(ctx: &Ctx, tx: &mut TenantTx) -> Result<Vec<Room>> {
    let (sessions, keys, webhooks) = store::count_others(tx).await?;
    let counts = [
        (Resource::Members, store::count_members(tx).await?),
        (Resource::Workspaces, workspaces::count(tx).await?),
        (Resource::Sessions, sessions),
        (Resource::ApiKeys, keys),
        (Resource::Webhooks, webhooks),
    ];
    Ok(counts.map(|(what, count)| plans::room(&ctx.org.plan, what, count)).to_vec())
}

async fn general(ctx: Ctx) -> Result<Page<General>> {
    Ok(Page(general_page(&ctx).await?))
}

async fn save(ctx: Ctx, Form(form): Form<Names>) -> Result<Response> {
    let saved = async {
        let mut tx = ctx.begin(Action::ManageOrg).await?;
        let (name, slug) = (form.name.clone(), form.slug.trim().to_owned());
        let patch = OrgPatch { name: Some(name), slug: Some(slug), ..OrgPatch::default() };
        lifecycle::update(&ctx, &mut tx, &patch).await?;
        tx.commit().await
    };
    match saved.await {
        Ok(()) => Ok(Flash::success("The settings are saved.").redirect("/settings")),
        Err(err) => {
            let page = general_page(&ctx).await?;
            again(err, |problem| General { form, problem: Some(problem), ..page })
        }
    }
}

/// How long sign-ins last and what they need, as the form has it.
#[derive(Clone, Deserialize, Serialize)]
struct Rules {
    #[serde(default, deserialize_with = "checked")]
    require_two_factor: bool,
    #[serde(default)]
    two_factor_from: String,
    idle_minutes: i32,
    absolute_minutes: i32,
    #[serde(default, deserialize_with = "checked")]
    public_links: bool,
}

/// A checkbox sends something when it is checked, else nothing.
fn checked<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    String::deserialize(deserializer).map(|_| true)
}

#[derive(Clone, Serialize)]
struct Minutes {
    value: i32,
    label: String,
}

#[derive(Serialize)]
struct Security {
    form: Rules,
    idle_choices: Vec<Minutes>,
    absolute_choices: Vec<Minutes>,
    without_two_factor: Vec<Member>,
    problem: Option<ErrorBody>,
}

impl View for Security {
    const TEMPLATE: &'static str = "orgs/security.html";
}

const IDLE: &[i32] = &[15, 30, 60, 240, 480, 1_440, 10_080, 43_200];
const ABSOLUTE: &[i32] = &[60, 480, 720, 1_440, 10_080, 43_200, 129_600];

/// The usual choices, and the one that is set by other means.
fn choices(usual: &[i32], set: i32) -> Vec<Minutes> {
    let mut all: Vec<i32> = usual.to_vec();
    all.push(set);
    all.sort_unstable();
    all.dedup();
    all.into_iter().map(|value| Minutes { value, label: duration(value) }).collect()
}

fn duration(minutes: i32) -> String {
    let (count, unit) = match minutes {
        _ if minutes % 1_440 == 0 => (minutes / 1_440, "day"),
        _ if minutes % 60 == 0 => (minutes / 60, "hour"),
        _ => (minutes, "minute"),
    };
    if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") }
}

async fn security_page(ctx: &Ctx, form: Option<Rules>) -> Result<Security> {
    let mut tx = ctx.begin(Action::ManageOrg).await?;
    let settings = lifecycle::find(&mut tx).await?;
    let without_two_factor = members::without_two_factor(&mut tx).await?;
    tx.commit().await?;
    let form = form.unwrap_or_else(|| rules(&settings));
    Ok(Security {
        idle_choices: choices(IDLE, form.idle_minutes),
        absolute_choices: choices(ABSOLUTE, form.absolute_minutes),
        form,
        without_two_factor,
        problem: None,
    })
}

fn rules(settings: &Settings) -> Rules {
    let from = settings.two_factor_required_from;
    Rules {
        require_two_factor: from.is_some(),
        two_factor_from: from.map_or_else(String::new, |it| it.format("%Y-%m-%d").to_string()),
        idle_minutes: settings.idle_minutes,
        absolute_minutes: settings.absolute_minutes,
        public_links: settings.public_links,
    }
}

async fn security(ctx: Ctx) -> Result<Page<Security>> {
    Ok(Page(security_page(&ctx, None).await?))
}

/// The day as a moment; nothing means at once. A day that is set already keeps
/// its moment.
fn required_from(
    form: &Rules,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    if !form.require_two_factor {
        return Ok(None);
    }
    if let Some(from) = settings.two_factor_required_from
        && rules(settings).two_factor_from == form.two_factor_from
    {
        return Ok(Some(from));
    }
    if form.two_factor_from.trim().is_empty() {
        return Ok(Some(now));
    }
    let day: NaiveDate = form
        .two_factor_from
        .trim()
        .parse()
        .map_err(|_| Error::invalid("two_factor_from", "is not a day"))?;
    Ok(Some(day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc()))
}

async fn save_security(
    State(state): State<AppState>,
    ctx: Ctx,
    Form(form): Form<Rules>,
) -> Result<Response> {
    let saved = async {
        let mut tx = ctx.begin(Action::ManageOrg).await?;
        let settings = lifecycle::find(&mut tx).await?;
        let from = required_from(&form, &settings, state.clock.now())?;
        let patch = OrgPatch {
            idle_minutes: Some(form.idle_minutes),
            absolute_minutes: Some(form.absolute_minutes),
            two_factor_required_from: Some(from),
            public_links: Some(form.public_links),
            ..OrgPatch::default()
        };
        lifecycle::update(&ctx, &mut tx, &patch).await?;
        tx.commit().await
    };
    match saved.await {
        Ok(()) => Ok(Flash::success("The settings are saved.").redirect("/settings/security")),
        Err(err) => {
            let page = security_page(&ctx, Some(form)).await?;
            again(err, |problem| Security { problem: Some(problem), ..page })
        }
    }
}

#[derive(Default, Deserialize, Serialize)]
struct Heir {
    account_id: Option<Uuid>,
}

#[derive(Serialize)]
struct Transfer {
    candidates: Vec<Choice>,
    form: Heir,
    problem: Option<ErrorBody>,
}

impl View for Transfer {
    const TEMPLATE: &'static str = "orgs/transfer.html";
}

/// More people than this are not offered by name.
const CANDIDATES: usize = 500;

async fn transfer_page(ctx: &Ctx) -> Result<Transfer> {
    ctx.person.require_recent()?;
    let mut tx = ctx.begin(Action::TransferOrg).await?;
    let all = members::list(&mut tx, None, CANDIDATES).await?;
    tx.commit().await?;
    let candidates = all
        .into_iter()
        .filter(|it| it.account_id != ctx.person.id && it.role < Role::Owner)
        .map(|it| Choice {
            value: it.account_id.to_string(),
            label: format!("{} ({})", it.name, it.email),
            hint: "",
        })
        .collect();
    Ok(Transfer { candidates, form: Heir::default(), problem: None })
}

async fn show_transfer(ctx: Ctx) -> Result<Page<Transfer>> {
    Ok(Page(transfer_page(&ctx).await?))
}

async fn transfer(
    State(state): State<AppState>,
    ctx: Ctx,
    Form(form): Form<Heir>,
) -> Result<Response> {
    let done = async {
        let to = form.account_id.ok_or_else(|| Error::invalid("account_id", "choose somebody"))?;
        let mut tx = ctx.begin(Action::TransferOrg).await?;
        members::transfer(&state, &ctx, &mut tx, to).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => Ok(Flash::success("The organisation has a new owner.").redirect("/settings")),
        Err(err) => {
            let page = transfer_page(&ctx).await?;
            again(err, |problem| Transfer { form, problem: Some(problem), ..page })
        }
    }
}

#[derive(Serialize)]
struct Leave {
    problem: Option<ErrorBody>,
}

impl View for Leave {
    const TEMPLATE: &'static str = "orgs/leave.html";
}

async fn show_leave(_: Ctx) -> Page<Leave> {
    Page(Leave { problem: None })
}

async fn leave(ctx: Ctx) -> Result<Response> {
    match api::leave(&ctx).await {
        Ok(()) => Ok(Flash::success(format!("You left {}.", ctx.org.name)).redirect("/orgs")),
        Err(err) => again(err, |problem| Leave { problem: Some(problem) }),
    }
}

#[derive(Default, Deserialize, Serialize)]
struct Confirmation {
    name: String,
}

#[derive(Serialize)]
struct Delete {
    grace_days: i64,
    form: Confirmation,
    problem: Option<ErrorBody>,
}

impl View for Delete {
    const TEMPLATE: &'static str = "orgs/delete.html";
}

async fn show_delete(ctx: Ctx) -> Result<Response> {
    ctx.person.require_recent()?;
    let tx = ctx.begin(Action::DeleteOrg).await?;
    tx.commit().await?;
    let grace_days = lifecycle::GRACE.num_days();
    Ok(Page(Delete { grace_days, form: Confirmation::default(), problem: None }).into_response())
}

async fn delete(
    State(state): State<AppState>,
    ctx: Ctx,
    Form(form): Form<Confirmation>,
) -> Result<Response> {
    let done = async {
        let mut tx = ctx.begin(Action::DeleteOrg).await?;
        if form.name.trim() != ctx.org.name {
            return Err(Error::invalid("name", "is not the organisation's name"));
        }
        lifecycle::delete(&state, &ctx, &mut tx).await?;
        tx.commit().await
    };
    match done.await {
        Ok(()) => {
            let flash =
                Flash::warning("The organisation is going to be deleted. You can take that back.");
            Ok(flash.redirect("/settings"))
        }
        Err(err) => again(err, |problem| Delete {
            grace_days: lifecycle::GRACE.num_days(),
            form,
            problem: Some(problem),
        }),
    }
}

async fn restore(ctx: Ctx) -> Result<Response> {
    let mut tx = ctx.begin(Action::DeleteOrg).await?;
    lifecycle::restore(&mut tx).await?;
    tx.commit().await?;
    Ok(Flash::success("The organisation stays.").redirect("/settings"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_words() {
        let words: Vec<_> = [15, 60, 240, 1_440, 43_200, 90].map(duration).into();
        assert_eq!(words, ["15 minutes", "1 hour", "4 hours", "1 day", "30 days", "90 minutes"]);
        assert_eq!(choices(IDLE, 17).len(), IDLE.len() + 1);
    }
}
