//! Organisations: the tenants. Founding one is here; what happens to it later
//! joins it.

mod store;

use serde_json::json;
use uuid::Uuid;

use crate::platform::access::Role;
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};

/// Founds an organisation with a first workspace, owned by `owner`.
pub async fn found(tx: &mut SystemTx, owner: Uuid, name: &str) -> Result<Uuid> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        return Err(Error::invalid("name", "must have 1 to 100 characters"));
    }
    let slug = store::free_slug(tx, &slug(name)).await?;
    let org_id = store::insert(tx, name, &slug).await?;
    store::insert_member(tx, org_id, owner, Role::Owner).await?;
    let workspace_id = store::insert_workspace(tx, org_id, "General", "general").await?;
    let founded = Event::new("org.created").on("org", org_id);
    events::emit_in(tx, org_id, founded.after(json!({ "name": name, "slug": slug }))).await?;
    let opened = Event::new("workspace.created").on("workspace", workspace_id);
    events::emit_in(tx, org_id, opened.after(json!({ "name": "General" }))).await?;
    Ok(org_id)
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
