//! API keys: made, changed, rotated, revoked; how much each may be used and is.
//!
//! What holds: a secret is shown once, when it is made. A key belongs to a
//! member and is theirs alone to change; admins see and revoke all. Nobody hands
//! on more than they have: a person no scope beyond their role, a key nothing
//! beyond itself. How a key lets its caller in is [`platform::api_key`].
//!
//! [`platform::api_key`]: crate::platform::api_key

pub mod api;
pub mod meter;
pub mod pages;

mod device;
mod store;
mod tidy;
mod usage;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::features::orgs::{self, plans};
use crate::platform::access::{Action, Role, Scope};
use crate::platform::api_key::{Mode, Secret};
use crate::platform::config::Network;
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event};
use crate::platform::jobs::Handler;
use crate::platform::mail::Letter;
use crate::platform::state::AppState;

pub fn jobs() -> Vec<Handler> {
    vec![Handler::hourly::<tidy::Tidy>(41)]
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct ApiKey {
    pub id: Uuid,
    pub name: String,
    /// For whom it acts; `null` once they have left.
    #[schema(required)]
    pub account_id: Option<Uuid>,
    #[schema(required)]
    pub owner: Option<String>,
    pub mode: Mode,
    /// `key`, or `device` for one that came of approving a device.
    pub origin: String,
    #[schema(value_type = Vec<Scope>)]
    pub scopes: Vec<String>,
    /// The workspace it is confined to.
    #[schema(required)]
    pub workspace_id: Option<Uuid>,
    #[schema(required)]
    pub workspace: Option<String>,
    /// The addresses and networks it works from; empty: from everywhere.
    pub networks: Vec<String>,
    /// The end of its secret, to tell keys apart.
    pub last4: String,
    /// `active`, `expired` or `revoked`.
    pub status: String,
    pub created_at: DateTime<Utc>,
    #[schema(required)]
    pub expires_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub rotated_at: Option<DateTime<Utc>>,
    /// Until when the secret before the last rotation works.
    #[schema(required)]
    pub overlap_until: Option<DateTime<Utc>>,
    #[schema(required)]
    pub revoked_at: Option<DateTime<Utc>>,
    /// Up to a minute behind.
    #[schema(required)]
    pub last_used_at: Option<DateTime<Utc>>,
    #[schema(required)]
    pub last_used_ip: Option<String>,
}

/// A key with its secret, which is not shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewSecret {
    #[serde(flatten)]
    pub key: ApiKey,
    /// Send it as `Authorization: Bearer …`. Keep it: it is not shown again.
    pub secret: String,
}

#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewKey {
    /// What it is for: 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// `live` when absent.
    #[serde(default)]
    pub mode: Mode,
    /// At least one; none beyond the caller's role.
    #[schema(min_items = 1, max_items = 50)]
    pub scopes: Vec<Scope>,
    /// Confines the key to a workspace, and its scopes to those that make sense there.
    pub workspace_id: Option<Uuid>,
    /// Addresses such as `192.0.2.7` and networks such as `2001:db8::/32`, up to 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub networks: Vec<String>,
    /// `null`: it works until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// What to change; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeyPatch {
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    #[schema(min_items = 1, max_items = 50)]
    pub scopes: Option<Vec<Scope>>,
    #[schema(max_items = 20)]
    pub networks: Option<Vec<String>>,
    /// `null`: it works until it is revoked.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// Tells `null` from absent.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<DateTime<Utc>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// How a key gets a new secret.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rotation {
    /// How long the old secret works besides the new one: 0 to 168 hours.
    #[schema(maximum = 168)]
    pub overlap_hours: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { overlap_hours: 24 }
    }
}

/// What a key is to be, checked; also what came of a device.
struct Plan<'a> {
    account_id: Uuid,
    name: &'a str,
    mode: Mode,
    origin: &'static str,
    scopes: &'a [Scope],
    workspace_id: Option<Uuid>,
    networks: &'a [String],
    expires_at: Option<DateTime<Utc>>,
}

/// The scopes that somebody with this role can make use of.
pub fn scopes_of(role: Role) -> Vec<Scope> {
    let useful = |scope: &Scope| {
        Action::ALL.iter().any(|it| it.scope() == Some(*scope) && role >= it.requires())
    };
    Scope::ALL.iter().copied().filter(useful).collect()
}

/// Makes a key for the caller, who gets a mail about it.
pub async fn create(
    state: &AppState,
    ctx: &Ctx,
    tx: &mut TenantTx,
    new: &NewKey,
) -> Result<NewSecret> {
    recently_proved(ctx)?;
    let name = checked_name(&new.name)?;
    check(ctx, tx, &new.scopes, new.workspace_id, &new.networks, new.expires_at)?;
    within_mode(ctx, new.mode)?;
    let plan = Plan {
        account_id: ctx.person.id,
        name: &name,
        mode: new.mode,
        origin: "key",
        scopes: &new.scopes,
        workspace_id: new.workspace_id,
        networks: &new.networks,
        expires_at: new.expires_at,
    };
    let made = add(tx, &ctx.org.plan, &plan).await?;
    let person = &ctx.person;
    tell(state, tx, (&person.email, &person.name), &ctx.org.name, &made.key).await?;
    Ok(made)
}

/// Adds a key if the plan has room for it.
async fn add(tx: &mut TenantTx, plan_name: &str, plan: &Plan<'_>) -> Result<NewSecret> {
    orgs::lock(tx).await?;
    let count = store::count_active(tx).await?;
    plans::room_for(plan_name, plans::Resource::ApiKeys, count)?;
    let secret = Secret::random(plan.mode);
    let id = store::insert(tx, plan, &secret).await?;
    let key = store::find(tx, id, None).await?;
    let created = Event::new("key.created").on("key", id);
    events::emit(tx, created.after(described(&key)));
    Ok(NewSecret { key, secret: secret.reveal().to_owned() })
}

/// Tells the owner, who may not be the one who made it.
async fn tell(
    state: &AppState,
    tx: &mut TenantTx,
    (email, name): (&str, &str),
    org: &str,
    key: &ApiKey,
) -> Result<()> {
    let values = json!({
        "name": name, "org": org, "key": key.name, "id": key.id, "device": key.origin == "device",
        "shown": shown(key), "scopes": key.scopes,
        "ip": tx.who().client.ip.map(|it| it.to_string()),
    });
    Ok(state.mail.send(tx, &Letter::new("key_created", email, values)).await?)
}

/// Changes a key of the caller's own.
pub async fn update(ctx: &Ctx, tx: &mut TenantTx, id: Uuid, patch: &KeyPatch) -> Result<ApiKey> {
    let before = own(ctx, tx, id).await?;
    let mut after = before.clone();
    if let Some(name) = &patch.name {
        after.name = checked_name(name)?;
    }
    let scopes = patch.scopes.clone().unwrap_or_else(|| scopes(&before));
    if let Some(networks) = &patch.networks {
        after.networks.clone_from(networks);
    }
    if let Some(expires_at) = patch.expires_at {
        after.expires_at = expires_at;
    }
    after.scopes = scopes.iter().map(|it| it.as_str().to_owned()).collect();
    let power = |it: &ApiKey| (it.scopes.clone(), it.networks.clone(), it.expires_at);
    if power(&before) != power(&after) {
        recently_proved(ctx)?;
        check(ctx, tx, &scopes, before.workspace_id, &after.networks, after.expires_at)?;
    }
    store::update(tx, &after).await?;
    let changed = Event::new("key.updated").on("key", id);
    let changed = changed.before(described(&before)).after(described(&after));
    events::emit(tx, changed);
    store::find(tx, id, None).await
}

/// Gives a key of the caller's own a new secret; the old one works on for a
/// while.
pub async fn rotate(
    ctx: &Ctx,
    tx: &mut TenantTx,
    id: Uuid,
    rotation: &Rotation,
) -> Result<NewSecret> {
    recently_proved(ctx)?;
    let before = own(ctx, tx, id).await?;
    if before.status != "active" {
        return Err(Error::conflict("key_not_active", "this key has expired or is revoked"));
    }
    if rotation.overlap_hours > 168 {
        return Err(Error::invalid("overlap_hours", "must be 0 to 168"));
    }
    // Whoever gets the secret can do what the key can.
    check(ctx, tx, &scopes(&before), before.workspace_id, &before.networks, before.expires_at)?;
    within_mode(ctx, before.mode)?;
    let secret = Secret::random(before.mode);
    let until = tx.now() + Duration::hours(rotation.overlap_hours.into());
    store::rotate(tx, id, &secret, until).await?;
    let rotated = Event::new("key.rotated").on("key", id);
    let values = json!({ "name": before.name, "old_secret_works_until": until });
    events::emit(tx, rotated.after(values));
    let key = store::find(tx, id, None).await?;
    Ok(NewSecret { key, secret: secret.reveal().to_owned() })
}

/// Ends a key, with its next request. Those of others are for admins.
pub async fn revoke(ctx: &Ctx, tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let key = store::find(tx, id, seen_by(ctx)).await?;
    if key.status == "revoked" {
        return Ok(());
    }
    store::revoke(tx, id).await?;
    let revoked = Event::new("key.revoked").on("key", id);
    events::emit(tx, revoked.before(json!({ "name": key.name, "owner": key.owner })));
    Ok(())
}

/// Whose keys the caller sees: all, or those of this account.
fn seen_by(ctx: &Ctx) -> Option<Uuid> {
    (!ctx.may(Action::ManageKeys)).then_some(ctx.person.id)
}

/// A key that the caller may change.
async fn own(ctx: &Ctx, tx: &mut TenantTx, id: Uuid) -> Result<ApiKey> {
    let key = store::find(tx, id, seen_by(ctx)).await?;
    if key.account_id == Some(ctx.person.id) { Ok(key) } else { Err(Error::Forbidden) }
}

/// A person has to prove who they are; a key is its own proof.
fn recently_proved(ctx: &Ctx) -> Result<()> {
    if ctx.person.key().is_some() { Ok(()) } else { ctx.person.require_recent() }
}

fn checked_name(typed: &str) -> Result<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = !name.chars().any(char::is_control) && !name.contains("://");
    if plain && (1..=100).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(Error::invalid("name", "must have 1 to 100 characters and be no web address"))
    }
}

/// Refuses what no key may be, and more than the caller has to give.
fn check(
    ctx: &Ctx,
    tx: &TenantTx,
    scopes: &[Scope],
    workspace_id: Option<Uuid>,
    networks: &[String],
    expires_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let mut complaints = Vec::new();
    let mut complain = |field, message: String| complaints.push(FieldError::new(field, message));
    if scopes.is_empty() {
        complain("scopes", "choose at least one".to_owned());
    }
    if scopes.len() > 50 {
        complain("scopes", "at most 50".to_owned());
    }
    let within_role = scopes_of(ctx.role());
    for scope in scopes {
        let name = scope.as_str();
        if !within_role.contains(scope) {
            complain("scopes", format!("your role does not allow {name}"));
        } else if workspace_id.is_some() && !scope.fits_workspace() {
            complain("scopes", format!("{name} is not for a key of one workspace"));
        } else if ctx.person.key().is_some_and(|it| !it.has(*scope)) {
            complain("scopes", format!("the key that asks lacks {name}"));
        }
    }
    if networks.len() > 20 {
        complain("networks", "at most 20".to_owned());
    }
    for network in networks {
        if Network::parse(network).is_none() {
            complain("networks", format!("{network} is no address and no network"));
        }
    }
    if expires_at.is_some_and(|it| it <= tx.now()) {
        complain("expires_at", "must be in the future".to_owned());
    }
    if let Some(key) = ctx.person.key() {
        let kept = !networks.is_empty() && networks.iter().all(|it| key.networks.contains(it));
        if !key.networks.is_empty() && !kept {
            complain("networks", "must be among those of the key that asks".to_owned());
        }
        if key.expires_at.is_some_and(|own| expires_at.is_none_or(|it| it > own)) {
            complain("expires_at", "must not be after that of the key that asks".to_owned());
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(Error::Invalid(complaints)) }
}

/// A key in test mode makes no other, and gives no other a secret.
fn within_mode(ctx: &Ctx, mode: Mode) -> Result<()> {
    if ctx.person.mode() == Mode::Test && mode == Mode::Live {
        return Err(Error::invalid("mode", "must be test, as that of the key that asks"));
    }
    Ok(())
}

fn scopes(key: &ApiKey) -> Vec<Scope> {
    key.scopes.iter().filter_map(|it| Scope::parse(it)).collect()
}

/// A key as lists show it.
fn shown(key: &ApiKey) -> String {
    format!("{}…{}", key.mode.prefix(), key.last4)
}

/// A key as events tell of it.
fn described(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name, "owner": key.owner, "mode": key.mode, "scopes": key.scopes,
        "workspace": key.workspace, "networks": key.networks, "expires_at": key.expires_at,
        "origin": key.origin,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_gives_away_only_what_it_has() {
        assert!(scopes_of(Role::Viewer).contains(&Scope::SessionsRead));
        assert!(!scopes_of(Role::Viewer).contains(&Scope::SessionsWrite));
        assert!(!scopes_of(Role::Member).contains(&Scope::AuditRead));
        assert_eq!(scopes_of(Role::Owner), Scope::ALL);
    }
}
