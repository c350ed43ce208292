//! An organisation from its founding to its end: settings, deletion with time to
//! think again, and the purge that follows.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::plans::{self, Limits};
use super::{checked_name, lock, members, store};
use crate::platform::access::Role;
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event, Who};
use crate::platform::jobs::{self, Job, When};
use crate::platform::login::Level;
use crate::platform::mail::Letter;
use crate::platform::state::AppState;

/// How long a deletion can be taken back.
pub const GRACE: Duration = Duration::days(30);

/// The organisation that the caller acts in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Org {
    #[serde(flatten)]
    pub settings: Settings,
    /// The caller's role in it.
    pub role: Role,
    /// What its plan has room for.
    pub limits: Limits,
}

#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Settings {
    pub id: Uuid,
    pub name: String,
    /// Its part in addresses.
    pub slug: String,
    pub plan: String,
    /// A login ends after this long without use.
    pub idle_minutes: i32,
    /// A login ends after this long at the latest.
    pub absolute_minutes: i32,
    /// From this moment members need a second factor to act here.
    #[schema(required)]
    pub two_factor_required_from: Option<DateTime<Utc>>,
    /// Whether people may give links to sessions to anyone; those there are work only then.
    pub public_links: bool,
    /// When it will be gone, if its owner asked for that.
    #[schema(required)]
    pub delete_after: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrgPatch {
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    #[schema(min_length = 1, max_length = 50, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    pub slug: Option<String>,
    /// 5 minutes to 30 days.
    #[schema(minimum = 5, maximum = 43_200)]
    pub idle_minutes: Option<i32>,
    /// 15 minutes to 90 days.
    #[schema(minimum = 15, maximum = 129_600)]
    pub absolute_minutes: Option<i32>,
    /// `null` no longer asks for it.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub two_factor_required_from: Option<Option<DateTime<Utc>>>,
    /// Whether links to sessions may be given to anyone.
    pub public_links: Option<bool>,
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<DateTime<Utc>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

pub async fn find(tx: &mut TenantTx) -> Result<Settings> {
    Ok(sqlx::query_as(
        "select id, name, slug, plan, idle_minutes, absolute_minutes, two_factor_required_from,
                public_links, delete_after, created_at
           from org",
    )
    .fetch_one(&mut **tx)
    .await?)
}

pub fn shown(settings: Settings, role: Role) -> Org {
    let limits = plans::limits(&settings.plan);
    Org { settings, role, limits }
}

pub async fn update(ctx: &Ctx, tx: &mut TenantTx, patch: &OrgPatch) -> Result<Settings> {
    let before = find(tx).await?;
    let mut after = before.clone();
    let mut complaints = Vec::new();
    if let Some(name) = &patch.name {
        match checked_name(name) {
            Ok(name) => after.name = name,
            Err(Error::Invalid(errors)) => complaints.extend(errors),
            Err(err) => return Err(err),
        }
    }
    if let Some(slug) = &patch.slug {
        slug.clone_into(&mut after.slug);
        if !is_slug(slug) {
            let message = "must be 1 to 50 lowercase letters, digits and hyphens";
            complaints.push(FieldError::new("slug", message));
        }
    }
    if let Some(minutes) = patch.idle_minutes {
        after.idle_minutes = minutes;
        if !(5..=43_200).contains(&minutes) {
            complaints.push(FieldError::new("idle_minutes", "must be 5 minutes to 30 days"));
        }
    }
    if let Some(minutes) = patch.absolute_minutes {
        after.absolute_minutes = minutes;
        if !(15..=129_600).contains(&minutes) {
            complaints.push(FieldError::new("absolute_minutes", "must be 15 minutes to 90 days"));
        }
    }
    if let Some(from) = patch.two_factor_required_from {
        after.two_factor_required_from = from;
        if from.is_some() && ctx.person.login()?.level < Level::TwoFactor {
            let message = "turn it on for yourself first";
            complaints.push(FieldError::new("require_two_factor", message));
        }
    }
    if let Some(allowed) = patch.public_links {
        after.public_links = allowed;
    }
    if !complaints.is_empty() {
        return Err(Error::Invalid(complaints));
    }
    let rules = |it: &Settings| (it.idle_minutes, it.absolute_minutes, it.two_factor_required_from);
    if rules(&before) != rules(&after) {
        ctx.person.require_recent()?;
    }
    sqlx::query(
        "update org set name = $1, slug = $2, idle_minutes = $3, absolute_minutes = $4,
                two_factor_required_from = $5, public_links = $6",
    )
    .bind(&after.name)
    .bind(&after.slug)
    .bind(after.idle_minutes)
    .bind(after.absolute_minutes)
    .bind(after.two_factor_required_from)
    .bind(after.public_links)
    .execute(&mut **tx)
    .await
    .map_err(store::slug_taken)?;
    if let Some((old, new)) = difference(&before, &after)? {
        let changed = Event::new("org.updated").on("org", before.id).before(old).after(new);
        events::emit(tx, changed);
    }
    Ok(after)
}

fn is_slug(text: &str) -> bool {
    let plain = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit();
    let ends = |it: Option<u8>| it.is_some_and(plain);
    let bytes = text.as_bytes();
    (1..=50).contains(&bytes.len())
        && bytes.iter().all(|it| plain(*it) || *it == b'-')
        && ends(bytes.first().copied())
        && ends(bytes.last().copied())
}

/// What changed, as it was and as it is.
fn difference(
    before: &Settings,
    after: &Settings,
) -> Result<Option<(serde_json::Value, serde_json::Value)>> {
    let as_map = |it: &Settings| -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
        Ok(serde_json::from_value(serde_json::to_value(it)?)?)
    };
    let (mut old, mut new) = (as_map(before)?, as_map(after)?);
    let same: Vec<String> = old
        .iter()
        .filter(|(key, value)| new.get(*key) == Some(value))
        .map(|it| it.0.clone())
        .collect();
    for key in same {
        old.remove(&key);
        new.remove(&key);
    }
    Ok((!new.is_empty()).then(|| (old.into(), new.into())))
}

/// Asks for the deletion of the organisation. Until it happens everything goes
/// on as before, and every owner is told.
pub async fn delete(state: &AppState, ctx: &Ctx, tx: &mut TenantTx) -> Result<Settings> {
    ctx.person.require_recent()?;
    lock(tx).await?;
    let settings = find(tx).await?;
    if settings.delete_after.is_some() {
        return Ok(settings);
    }
    let (org_id, at) = (settings.id, tx.now() + GRACE);
    sqlx::query("update org set delete_after = $1").bind(at).execute(&mut **tx).await?;
    let when = When { at: Some(at), key: Some(format!("orgs.purge:{org_id}")) };
    jobs::enqueue_when(tx, &Purge { org_id }, when).await?;
    let event = Event::new("org.deletion_requested").on("org", org_id);
    events::emit(tx, event.after(json!({ "delete_after": at })));
    for owner in members::owners(tx).await? {
        let values = json!({
            "name": owner.name, "org": settings.name, "by": ctx.person.name,
            "date": at.format("%-d %B %Y").to_string(),
        });
        state.mail.send(tx, &Letter::new("org_deletion", &owner.email, values)).await?;
    }
    Ok(Settings { delete_after: Some(at), ..settings })
}

/// Takes the deletion back.
pub async fn restore(tx: &mut TenantTx) -> Result<Settings> {
    lock(tx).await?;
    let settings = find(tx).await?;
    if settings.delete_after.is_none() {
        return Ok(settings);
    }
    sqlx::query("update org set delete_after = null").execute(&mut **tx).await?;
    let event = Event::new("org.deletion_cancelled").on("org", settings.id);
    events::emit(tx, event.before(json!({ "delete_after": settings.delete_after })));
    Ok(Settings { delete_after: None, ..settings })
}

/// Deletes an organisation whose time to think again is over. Its audit trail
/// stays.
#[derive(Serialize, Deserialize)]
pub struct Purge {
    org_id: Uuid,
}

impl Job for Purge {
    const NAME: &'static str = "orgs.purge";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let mut tx = state.db.system(Who::system()).await?;
        let name: Option<String> = sqlx::query_scalar(
            "delete from org where id = $1 and delete_after <= $2 returning name",
        )
        .bind(self.org_id)
        .bind(tx.now())
        .fetch_optional(&mut *tx)
        .await?;
        // Absent when the deletion was taken back, or was done before.
        if let Some(name) = name {
            let purged = Event::new("org.deleted").on("org", self.org_id);
            let purged = purged.before(json!({ "name": name }));
            events::emit_in(&mut tx, self.org_id, purged);
        }
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::is_slug;

    #[test]
    fn short_names_fit_into_addresses() {
        for good in ["a", "acme", "acme-2", &"x".repeat(50)] {
            assert!(is_slug(good), "{good}");
        }
        for bad in ["", "-a", "a-", "Acme", "a b", "ä", &"x".repeat(51)] {
            assert!(!is_slug(bad), "{bad}");
        }
    }
}
