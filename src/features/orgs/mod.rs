//! Organisations: the tenants, with their workspaces and their people.
//!
//! What holds: an organisation has an owner at all times; nobody gives a role
//! above their own or touches somebody above them; what a plan has no room for
//! is refused in words that say so. Whoever counts before they write holds the
//! organisation's row ([`lock`]).

pub mod api;
pub mod operator;
pub mod pages;
pub mod plans;

mod invitations;
mod lifecycle;
mod members;
mod store;
mod workspaces;

use serde_json::json;
use uuid::Uuid;

use crate::platform::access::Role;
use crate::platform::db::{SystemTx, TenantTx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};
use crate::platform::jobs::Handler;

pub use invitations::{Invited, by_path as invited_by_path};
pub use members::{Member, owners};
pub use workspaces::{
    Workspace, find as find_workspace, first as first_workspace, list as list_workspaces,
};

pub fn jobs() -> Vec<Handler> {
    vec![Handler::of::<lifecycle::Purge>()]
}

/// Founds an organisation with a first workspace, owned by `owner`.
pub async fn found(tx: &mut SystemTx, owner: Uuid, name: &str) -> Result<Uuid> {
    let name = checked_name(name)?;
    let slug = store::free_slug(tx, &slug(&name)).await?;
    let org_id = store::insert(tx, &name, &slug).await?;
    store::join(tx, org_id, owner, Role::Owner).await?;
    let workspace_id = store::insert_first_workspace(tx, org_id).await?;
    let founded = Event::new("org.created").on("org", org_id);
    events::emit_in(tx, org_id, founded.after(json!({ "name": name, "slug": slug })));
    let opened = Event::new("workspace.created").on("workspace", workspace_id);
    events::emit_in(tx, org_id, opened.after(json!({ "name": "General" })));
    Ok(org_id)
}

/// Gives the organisation of the transaction another plan. What it has above the
/// limits of a smaller one stays; there is only no room for more.
async fn set_plan(tx: &mut TenantTx, plan: &str) -> Result<()> {
    let before: String = sqlx::query_scalar(
        "update org set plan = $1 from (select plan from org for no key update) before
         returning before.plan",
    )
    .bind(plan)
    .fetch_one(&mut **tx)
    .await?;
    if before == plan {
        return Ok(());
    }
    let changed = Event::new("org.plan_changed").on("org", tx.org_id());
    events::emit(tx, changed.before(json!({ "plan": before })).after(json!({ "plan": plan })));
    Ok(())
}

/// The name of an organisation or a workspace.
fn checked_name(typed: &str) -> Result<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = !name.chars().any(char::is_control) && !name.contains("://");
    if plain && (1..=100).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(Error::invalid("name", "must have 1 to 100 characters and be no web address"))
    }
}

/// Holds off others who change who belongs to the organisation, or how much it
/// has, until the transaction ends.
pub async fn lock(tx: &mut TenantTx) -> Result<()> {
    let org_id = tx.org_id();
    // No more than that: rows that belong to the organisation can be written.
    sqlx::query("select from org where id = $1 for no key update")
        .bind(org_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A name as part of an address: lowercase letters, digits and single hyphens.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= 40 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "org".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_plain() {
        assert_eq!(slug("Acme, Inc."), "acme-inc");
        assert_eq!(slug("  Größe & Co "), "gr-e-co");
        assert_eq!(slug("日本"), "org");
        assert!(slug(&"x".repeat(100)).len() <= 40);
    }
}
