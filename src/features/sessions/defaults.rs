//! What an organisation wants of every design: the policy that each new
//! analysis is made under.

use serde_json::json;
use sqlx::types::Json;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::engine::policy::Policy;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, FieldError, Result};
use crate::platform::events::{self, Event};

/// The policy in force; an organisation that set none has the empty one.
pub async fn policy(tx: &mut TenantTx) -> Result<Policy> {
    let org_id = tx.org_id();
    let policy: Option<Json<Policy>> =
        sqlx::query_scalar("select policy from org_default where org_id = $1")
            .bind(org_id)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(policy.map(|it| it.0).unwrap_or_default())
}

pub async fn set(tx: &mut TenantTx, policy: &Policy) -> Result<()> {
    let problems = policy.problems();
    if !problems.is_empty() {
        let errors = problems.into_iter().map(|(field, text)| FieldError::new(field, text));
        return Err(Error::Invalid(errors.collect()));
    }
    let before = self::policy(tx).await?;
    let (org_id, now) = (tx.org_id(), tx.now());
    sqlx::query(
        "insert into org_default (org_id, policy, updated_at) values ($1, $2, $3)
         on conflict (org_id) do update set policy = $2, updated_at = $3",
    )
    .bind(org_id)
    .bind(Json(policy))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    let changed = Event::new("org.defaults_changed").on("org", org_id);
    events::emit(tx, changed.before(json!(before)).after(json!(policy)));
    Ok(())
}

/// How the description of the API shows a [`Policy`], which belongs to the
/// engine and so says nothing of it.
pub struct Defaults;

impl ToSchema for Defaults {}

impl PartialSchema for Defaults {
    fn schema() -> RefOr<Schema> {
        let names = |about: &str| {
            let item = json!({ "type": "string", "maxLength": 128 });
            json!({ "type": "array", "items": item, "description": about })
        };
        let text = |longest: u32, about: &str| json!({ "type": ["string", "null"], "maxLength": longest, "description": about });
        let schema = json!({
            "type": "object",
            "description": "What the organisation wants of every design. A default gives way to \
                            what a person says; a rule does not.",
            "additionalProperties": false,
            "properties": {
                "allowed_services": {
                    "type": ["array", "null"], "items": { "type": "string", "maxLength": 128 },
                    "description": "Names such as `dynamodb`; nothing else may be used when given."
                },
                "forbidden_services": names("Names such as `api-gateway`, which are not used."),
                "allowed_regions": {
                    "type": ["array", "null"], "items": { "type": "string", "maxLength": 128 },
                    "description": "Nothing is placed anywhere else when given."
                },
                "cloud": text(10, "`aws`, where nothing speaks for another."),
                "region": text(30, "Main region where the text names none."),
                "recovery_region": text(30, "Where copies go that recovery needs."),
                "format": text(20, "`terraform` or `cloudformation`, unless another is chosen."),
                "compliance": names("Frameworks that every design has to comply with: `HIPAA`, …"),
                "cidr": text(20, "Address range of new networks, such as `10.20.0.0/16`."),
                "existing_network": {
                    "type": "boolean",
                    "description": "Use the organisation's network instead of making one."
                },
                "domain": text(253, "Domain that names are made in."),
                "project": text(20, "Name that resources start with; else the title of the system."),
                "name_prefix": text(8, "What the names of all resources start with."),
                "tags": {
                    "type": "object", "additionalProperties": { "type": "string", "maxLength": 256 },
                    "description": "Tags that every resource carries."
                },
                "required_tags": names("Tags for which each design has to give a value."),
                "state": {
                    "type": ["object", "null"],
                    "description": "Where Terraform keeps its state: `backend` and its `settings`."
                }
            }
        });
        serde_json::from_value(schema).expect("it is a schema")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_description_knows_every_default() {
        let schema = json!(Defaults::schema());
        let policy = json!(Policy::default());
        let keys = |it: &serde_json::Value| it.as_object().unwrap().keys().cloned().collect();
        let (described, real): (Vec<String>, Vec<String>) =
            (keys(&schema["properties"]), keys(&policy));
        let sorted = |mut it: Vec<String>| {
            it.sort();
            it
        };
        assert_eq!(sorted(described), sorted(real));
        assert_eq!(schema["properties"]["allowed_regions"]["items"]["type"], "string");
        assert_eq!(schema["additionalProperties"], false);
    }
}
