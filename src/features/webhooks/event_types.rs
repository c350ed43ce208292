//! What can be told: every public type of event, with its schema and an example.
//!
//! An event of the audit trail that is in neither list is a mistake that a test
//! finds: whoever adds one decides here whether customers hear of it.

use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::hear::payload;
use crate::platform::events::Recorded;

/// A type of event as it is written down here.
pub struct Kind {
    pub name: &'static str,
    pub about: &'static str,
    /// What it happens to.
    subject: &'static str,
    /// Examples of what was there and what is there now, as JSON.
    before: &'static str,
    after: &'static str,
}

/// A type of event that a webhook may hear of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EventType {
    pub name: String,
    pub description: String,
    /// JSON Schema of the message.
    #[schema(value_type = Object)]
    pub schema: Value,
    /// A message as it would be sent.
    #[schema(value_type = Object)]
    pub example: Value,
}

macro_rules! kinds {
    ($($name:literal on $subject:literal: $about:literal, $before:literal => $after:literal;)+) => {
        pub const KINDS: &[Kind] = &[$(Kind {
            name: $name, about: $about, subject: $subject, before: $before, after: $after,
        },)+];
    };
}

kinds! {
    "session.created" on "session": "A design session was started.",
        "" => r#"{"title":"Online shop","mode":"live"}"#;
    "session.renamed" on "session": "A session has another title.",
        r#"{"title":"Online shop"}"# => r#"{"title":"Shop in three regions"}"#;
    "session.moved" on "session": "A session is in another workspace.",
        r#"{"workspace_id":"0190a1b2-0000-7000-8000-000000000003"}"# => r#"{"workspace_id":"0190a1b2-0000-7000-8000-000000000003"}"#;
    "session.archived" on "session": "A session was put away.", "" => "";
    "session.unarchived" on "session": "A session was taken up again.", "" => "";
    "session.deleted" on "session": "A session was deleted; it can still be restored.",
        r#"{"title":"Online shop"}"# => "";
    "session.restored" on "session": "A deleted session was restored.", "" => "";
    "session.purged" on "session": "A deleted session is gone for good.",
        r#"{"title":"Online shop"}"# => "";
    "share.created" on "session": "A public link to a session was made.",
        "" => r#"{"id":"0190a1b2-0000-7000-8000-000000000003","analysis":3,"shown":["costs","diagram"],"hidden":["people"],"words":1,"expires_at":"2026-12-22T12:00:00Z"}"#;
    "share.revoked" on "session": "A public link to a session leads nowhere any more.",
        "" => r#"{"id":"0190a1b2-0000-7000-8000-000000000003"}"#;
    "message.sent" on "session": "Somebody wrote a message in a session.",
        "" => r#"{"message_id":"0190a1b2-0000-7000-8000-000000000003"}"#;
    "message.retried" on "session": "An answer was asked for again.",
        "" => r#"{"message_id":"0190a1b2-0000-7000-8000-000000000003"}"#;
    "message.stopped" on "session": "An answer was stopped.",
        "" => r#"{"message_id":"0190a1b2-0000-7000-8000-000000000003"}"#;
    "analysis.completed" on "session": "An analysis of a session is done.",
        "" => r#"{"analysis":3,"mode":"live","headline":"Three designs for an online shop"}"#;
    "artifacts.requested" on "session": "Files of an option were asked for.",
        "" => r#"{"id":"0190a1b2-0000-7000-8000-000000000003","mode":"live","analysis":3,"option":"better","format":"terraform"}"#;
    "artifacts.ready" on "session": "Generated files can be downloaded.",
        "" => r#"{"id":"0190a1b2-0000-7000-8000-000000000003","mode":"live","analysis":3,"option":"better","format":"terraform","files":14,"sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}"#;
    "artifacts.failed" on "session": "Files could not be generated.",
        "" => r#"{"id":"0190a1b2-0000-7000-8000-000000000003","mode":"live","analysis":3,"option":"better","format":"terraform"}"#;
    "artifacts.cancelled" on "session": "The generation of files was stopped.",
        "" => r#"{"id":"0190a1b2-0000-7000-8000-000000000003","mode":"live","analysis":3,"option":"better","format":"terraform"}"#;
    "workspace.created" on "workspace": "A workspace was created.",
        "" => r#"{"name":"Payments"}"#;
    "workspace.renamed" on "workspace": "A workspace has another name.",
        r#"{"name":"Payments"}"# => r#"{"name":"Billing"}"#;
    "workspace.deleted" on "workspace": "A workspace was deleted with everything in it.",
        r#"{"name":"Payments"}"# => "";
    "member.joined" on "account": "Somebody accepted an invitation.",
        "" => r#"{"email":"sam@example.com","role":"member"}"#;
    "member.role_changed" on "account": "A member has another role.",
        r#"{"email":"sam@example.com","role":"member"}"# => r#"{"role":"admin"}"#;
    "member.removed" on "account": "A member was removed.",
        r#"{"email":"sam@example.com","role":"member"}"# => "";
    "member.signed_out" on "account": "All logins of a member were ended.",
        "" => r#"{"email":"sam@example.com","logins":2}"#;
    "member.left" on "account": "A member left.",
        r#"{"email":"sam@example.com","role":"member"}"# => "";
    "invitation.created" on "invitation": "Somebody was invited.",
        "" => r#"{"email":"sam@example.com","role":"member"}"#;
    "invitation.sent_again" on "invitation": "An invitation was sent again, with a new link.",
        "" => r#"{"email":"sam@example.com"}"#;
    "invitation.revoked" on "invitation": "An invitation was withdrawn.",
        r#"{"email":"sam@example.com"}"# => "";
    "org.plan_changed" on "org": "The organisation has another plan.",
        r#"{"plan":"free"}"# => r#"{"plan":"pro"}"#;
    "org.updated" on "org": "Settings of the organisation changed.",
        r#"{"name":"Acme"}"# => r#"{"name":"Acme Cloud"}"#;
    "org.transferred" on "org": "The organisation has another owner.",
        r#"{"owner":"robin@example.com"}"# => r#"{"owner":"sam@example.com"}"#;
    "org.deletion_requested" on "org": "The organisation is going to be deleted.",
        "" => r#"{"delete_after":"2026-12-22T12:00:00Z"}"#;
    "org.deletion_cancelled" on "org": "The deletion of the organisation was taken back.",
        r#"{"delete_after":"2026-12-22T12:00:00Z"}"# => "";
    "org.defaults_changed" on "org": "What the organisation wants of every design changed.",
        "{}" => "{}";
    "key.created" on "key": "An API key was created, or a device let in.",
        "" => r#"{"name":"GitHub Actions","owner":"Ada","mode":"live","scopes":["sessions:read"],"workspace":"General","networks":["192.0.2.0/24"],"expires_at":"2027-01-01T00:00:00Z","origin":"key"}"#;
    "key.updated" on "key": "An API key was changed.",
        r#"{"name":"GitHub Actions","owner":"Ada","mode":"live","scopes":["sessions:read"],"workspace":"General","networks":["192.0.2.0/24"],"expires_at":"2027-01-01T00:00:00Z","origin":"key"}"# => r#"{"name":"GitHub Actions","owner":"Ada","mode":"live","scopes":["sessions:read"],"workspace":"General","networks":["192.0.2.0/24"],"expires_at":"2027-01-01T00:00:00Z","origin":"key"}"#;
    "key.rotated" on "key": "An API key has a new secret.",
        "" => r#"{"name":"GitHub Actions","old_secret_works_until":"2027-01-01T00:00:00Z"}"#;
    "key.revoked" on "key": "An API key was revoked, or its owner left.",
        r#"{"name":"GitHub Actions","owner":"Ada","reason":"its owner left"}"# => "";
    "webhook.created" on "webhook": "A webhook was created.",
        "" => r#"{"url":"https://example.com/hooks","events":["artifacts.ready"]}"#;
    "webhook.updated" on "webhook": "A webhook was changed, paused or resumed.",
        r#"{"status":"active"}"# => r#"{"status":"paused"}"#;
    "webhook.secret_rotated" on "webhook": "A webhook has a new secret.",
        "" => r#"{"url":"https://example.com/hooks","old_until":"2026-11-23T12:00:00Z"}"#;
    "webhook.disabled" on "webhook": "A webhook failed for too long, or asked not to be called.",
        "" => r#"{"url":"https://example.com/hooks","reason":"failing"}"#;
    "webhook.deleted" on "webhook": "A webhook was deleted.",
        r#"{"url":"https://example.com/hooks"}"# => "";
}

/// Events that stay within the audit trail: they concern one person's sign-in,
/// are refusals, or would tell an endpoint of its own deliveries.
pub const UNTOLD: &[&str] = &[
    "access.refused",
    "account.created",
    "account.email_change_cancelled",
    "account.email_change_requested",
    "account.email_changed",
    "account.renamed",
    "backup_code.renewed",
    "backup_code.used",
    "device.approved",
    "device.denied",
    "login.confirmed",
    "login.created",
    "login.ended",
    "login.revoked",
    "login.switched",
    // No endpoint exists before or after the organisation.
    "org.created",
    "org.deleted",
    "passkey.added",
    "passkey.removed",
    "passkey.renamed",
    "password.changed",
    "password.reset",
    "password.reset_requested",
    "two_factor.disabled",
    "two_factor.enabled",
    "webhook.replayed",
    "webhook.tested",
];

pub fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|it| it.name == name)
}

pub fn all() -> Vec<EventType> {
    KINDS.iter().map(Kind::public).collect()
}

impl Kind {
    fn public(&self) -> EventType {
        EventType {
            name: self.name.to_owned(),
            description: self.about.to_owned(),
            schema: self.schema(),
            example: self.example(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001)),
        }
    }

    /// Where the type's name begins: types of one kind of thing belong together.
    pub fn group(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// A message of an organisation that this never happened to.
    pub fn example(&self, org_id: Uuid) -> Value {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002);
        let subject = json!({ "kind": self.subject, "id": id });
        let actor = json!({ "kind": "person", "id": id, "label": "robin@example.com" });
        let at = "2026-11-22T12:00:00Z".parse().expect("a valid time");
        let change = (read(self.before), read(self.after));
        payload(self.name, at, org_id, Some(subject), actor, change)
    }

    /// Fields may be added to a message; none is taken away or changes its type.
    fn schema(&self) -> Value {
        let id = json!({ "type": "string", "format": "uuid" });
        let maybe_id = json!({ "type": ["string", "null"], "format": "uuid" });
        let object = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties });
        let subject =
            object(&["kind", "id"], json!({ "kind": { "const": self.subject }, "id": id }));
        let actor = object(
            &["kind", "id", "label"],
            json!({
                "kind": { "type": "string" }, "id": maybe_id, "label": { "type": ["string", "null"] },
            }),
        );
        let data = object(
            &["org_id", "subject", "actor", "before", "after"],
            json!({
                "org_id": id, "subject": subject, "actor": actor,
                "before": changes(self.before), "after": changes(self.after),
            }),
        );
        let mut schema = object(
            &["type", "timestamp", "data"],
            json!({
                "type": { "const": self.name },
                "timestamp": { "type": "string", "format": "date-time" },
                "data": data,
            }),
        );
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
        schema["title"] = self.name.into();
        schema["description"] = self.about.into();
        schema
    }
}

fn read(example: &str) -> Option<Value> {
    (!example.is_empty()).then(|| serde_json::from_str(example).expect("examples are JSON"))
}

/// What the fields of an example look like. Each may be missing or null.
fn changes(example: &str) -> Value {
    let Some(Value::Object(fields)) = read(example) else {
        return json!({ "type": ["object", "null"] });
    };
    let properties: Map<String, Value> = fields
        .into_iter()
        .map(|(name, value)| {
            let kind = match value {
                Value::Bool(_) => "boolean",
                Value::Number(_) => "integer",
                Value::Array(_) => "array",
                Value::Object(_) => "object",
                Value::String(_) | Value::Null => "string",
            };
            (name, json!({ "type": [kind, "null"] }))
        })
        .collect();
    json!({ "type": ["object", "null"], "properties": properties })
}

/// Whether customers hear of `event`. What was refused did not happen.
pub fn is_told(event: &Recorded) -> bool {
    event.outcome != "refused" && find(&event.name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_distinct_and_have_their_examples() {
        for (i, kind) in KINDS.iter().enumerate() {
            assert!(!KINDS[..i].iter().any(|it| it.name == kind.name), "{}", kind.name);
            assert!(!UNTOLD.contains(&kind.name), "{} is told or not", kind.name);
            let it = kind.public();
            assert_eq!(it.example["type"], kind.name);
            assert_eq!(it.schema["properties"]["type"]["const"], kind.name);
        }
    }
}
