//! From the first words to the last: create, rename, duplicate, put away, delete.

use std::collections::HashMap;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::messages::{self, New};
use super::store::{self, Advance, Session};
use crate::features::orgs::plans::{self, Resource};
use crate::features::{analyses, orgs};
use crate::platform::api_key::Mode;
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event, Who};
use crate::platform::jobs::Job;
use crate::platform::live;
use crate::platform::state::AppState;

/// How long a deleted session can be taken back.
pub const UNDO: Duration = Duration::days(30);

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionPatch {
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// Puts it away, or takes it out again.
    pub archived: Option<bool>,
    /// Moves it to another workspace.
    pub workspace_id: Option<Uuid>,
}

fn checked_title(typed: &str) -> Result<String> {
    let title = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    if title.chars().any(char::is_control) || !(1..=200).contains(&title.chars().count()) {
        return Err(Error::invalid("title", "must have 1 to 200 characters"));
    }
    Ok(title)
}

/// An empty session in a workspace, or in the first one there is.
pub async fn create(
    ctx: &Ctx,
    tx: &mut TenantTx,
    workspace_id: Option<Uuid>,
    title: Option<&str>,
) -> Result<Session> {
    let mode = ctx.person.mode();
    make_room(ctx, tx, mode).await?;
    let workspace_id = match workspace_id {
        Some(id) => orgs::find_workspace(tx, id).await?.id,
        None => orgs::first_workspace(tx).await?.id,
    };
    let chosen = title.map(checked_title).transpose()?;
    let name = chosen.as_deref().unwrap_or(store::UNTITLED);
    let account_id = Some(ctx.person.id);
    let title = (name, chosen.is_some());
    let session = store::insert(tx, workspace_id, mode, title, account_id).await?;
    let created = Event::new("session.created").on("session", session.id);
    let after = json!({ "title": session.title, "mode": session.mode });
    events::emit(tx, created.after(after));
    Ok(session)
}

/// Refuses one session more than the plan has room for. Where there is a limit,
/// those who make sessions wait for each other.
async fn make_room(ctx: &Ctx, tx: &mut TenantTx, mode: Mode) -> Result<()> {
    let (plan, resource) = (&ctx.org.plan, resource(mode));
    if resource.limit(plans::limits(plan)).is_some() {
        orgs::lock(tx).await?;
        plans::room_for(plan, resource, store::count(tx, mode).await?)?;
    }
    Ok(())
}

/// What the plan counts a session of this mode as.
fn resource(mode: Mode) -> Resource {
    match mode {
        Mode::Live => Resource::Sessions,
        Mode::Test => Resource::TestSessions,
    }
}

pub async fn update(tx: &mut TenantTx, id: Uuid, patch: &SessionPatch) -> Result<Session> {
    let before = store::lock(tx, id).await?;
    if let Some(title) = &patch.title {
        let title = checked_title(title)?;
        store::rename(tx, id, &title, true).await?;
        let renamed = Event::new("session.renamed").on("session", id);
        let renamed = renamed.before(json!({ "title": before.title }));
        events::emit(tx, renamed.after(json!({ "title": title })));
    }
    if let Some(archived) = patch.archived
        && archived != before.archived_at.is_some()
    {
        let at = archived.then_some(tx.now());
        store::archive(tx, id, at).await?;
        let name = if archived { "session.archived" } else { "session.unarchived" };
        events::emit(tx, Event::new(name).on("session", id));
    }
    if let Some(workspace_id) = patch.workspace_id
        && workspace_id != before.workspace_id
    {
        let workspace = orgs::find_workspace(tx, workspace_id).await?;
        store::move_to(tx, id, workspace.id).await?;
        let moved = Event::new("session.moved").on("session", id);
        let moved = moved.before(json!({ "workspace_id": before.workspace_id }));
        events::emit(tx, moved.after(json!({ "workspace_id": workspace.id })));
    }
    let after = store::find(tx, id).await?;
    live::tell(tx, id, "session", json!({ "title": after.title }));
    Ok(after)
}

/// Deletes a session; for [`UNDO`] that can be taken back.
pub async fn delete(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let at = tx.now();
    let title = store::delete(tx, id, Some(at)).await?.ok_or(Error::NotFound("session"))?;
    let deleted = Event::new("session.deleted").on("session", id);
    events::emit(tx, deleted.before(json!({ "title": title })));
    Ok(())
}

pub async fn restore(ctx: &Ctx, tx: &mut TenantTx, id: Uuid) -> Result<Session> {
    let mode = store::deleted_mode(tx, id).await?;
    make_room(ctx, tx, mode).await?;
    store::delete(tx, id, None).await?.ok_or(Error::NotFound("session"))?;
    events::emit(tx, Event::new("session.restored").on("session", id));
    store::find(tx, id).await
}

/// A session that starts where the shown branch of another one stands. It has
/// the mode of whoever copies: what was tried can so become the real thing.
pub async fn duplicate(ctx: &Ctx, tx: &mut TenantTx, id: Uuid) -> Result<Session> {
    let original = store::find(tx, id).await?;
    let title: String = format!("Copy of {}", original.title).chars().take(200).collect();
    let copy = create(ctx, tx, Some(original.workspace_id), Some(&title)).await?;
    let mut ids: HashMap<Uuid, Uuid> = HashMap::new();
    let mut numbers: HashMap<i32, i32> = HashMap::new();
    for message in messages::path(tx, id, original.head_id).await? {
        // An answer that is still running belongs to the original.
        if message.state == "running" {
            break;
        }
        let new = New {
            parent_id: message.parent_id.and_then(|it| ids.get(&it).copied()),
            author: if message.author == "person" { "person" } else { "cloudgen" },
            account_id: message.account_id,
            author_name: message.author_name.as_deref(),
            body: &message.body,
            content: message.content.as_ref(),
            state: "done",
            analysis: None,
        };
        let twin = messages::insert(tx, copy.id, new).await?;
        ids.insert(message.id, twin.id);
        store::set_head(tx, copy.id, twin.id).await?;
        if let Some(number) = message.analysis {
            let original = analyses::find(tx, id, number).await?;
            let to = Advance { headline: Some(&original.headline), ..Advance::default() };
            let next = store::advance(tx, copy.id, to).await?;
            let previous = original.previous.and_then(|it| numbers.get(&it).copied());
            analyses::copy(tx, (id, number), (copy.id, next), previous, twin.id).await?;
            messages::set_analysis(tx, twin.id, next).await?;
            numbers.insert(number, next);
        }
    }
    store::find(tx, copy.id).await
}

/// Forgets what nobody can take back any more, and files that the plan does
/// not keep.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tidy {}

impl Job for Tidy {
    const NAME: &'static str = "sessions.tidy";
    const ATTEMPTS: i32 = 3;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let mut tx = state.db.system(Who::system()).await?;
        let now = tx.now();
        let gone: Vec<(Uuid, Uuid, String)> =
            sqlx::query_as("delete from session where deleted_at < $1 returning org_id, id, title")
                .bind(now - UNDO)
                .fetch_all(&mut *tx)
                .await?;
        for (org_id, id, title) in gone {
            let purged = Event::new("session.purged").on("session", id);
            events::emit_in(&mut tx, org_id, purged.before(json!({ "title": title })));
        }
        let plans: Vec<String> =
            sqlx::query_scalar("select distinct plan from org").fetch_all(&mut *tx).await?;
        for plan in plans {
            let Some(days) = plans::limits(&plan).artifact_days else { continue };
            // The files of the newest analysis stay, however old.
            sqlx::query(
                "delete from artifact_set a using session s, org o
                  where s.org_id = a.org_id and s.id = a.session_id and o.id = a.org_id
                    and o.plan = $1 and a.created_at < $2 and a.analysis < s.analyses",
            )
            .bind(&plan)
            .bind(now - Duration::days(days))
            .execute(&mut *tx)
            .await?;
        }
        Ok(tx.commit().await?)
    }
}
