//! The examples of the description: every request is sent, in an order that
//! makes sense, and every answer is held against its schema. What the
//! description shows is what was sent and answered here.
//!
//! `UPDATE=1` writes `openapi/examples.json`.

use std::collections::BTreeMap;

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::{Map, Value, json};

use crate::schema;
use crate::support::{Answer, App, Caller};

/// Streams do not end, and the description does not contain itself.
const WITHOUT: &[&str] = &["watch_session", "find_openapi"];

struct Recorder {
    document: Value,
    /// Method and path pattern of each operation.
    operations: BTreeMap<String, (String, String, Value)>,
    recorded: BTreeMap<String, Value>,
    /// Ids and secrets, by the order in which they first appeared.
    names: Vec<(String, String)>,
}

impl Recorder {
    fn new() -> Self {
        let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
        let mut operations = BTreeMap::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, it) in item.as_object().unwrap() {
                let id = it["operationId"].as_str().unwrap().to_owned();
                operations.insert(id, (method.to_uppercase(), path.clone(), it.clone()));
            }
        }
        Self { document, operations, recorded: BTreeMap::new(), names: Vec::new() }
    }

    /// Sends the request of an operation and keeps it with its answer.
    async fn step(&mut self, caller: &Caller, id: &str, values: &[&str], body: Value) -> Value {
        let (method, pattern, operation) =
            self.operations.get(id).unwrap_or_else(|| panic!("no operation {id}")).clone();
        let mut values = values.iter();
        let steps = pattern.split('/').map(|it| match it.starts_with('{') {
            true => *values.next().unwrap_or_else(|| panic!("{id} needs another value")),
            false => it,
        });
        let path = steps.collect::<Vec<_>>().join("/");
        let query = values.next().map(|it| format!("?{it}")).unwrap_or_default();
        let sent = match &body {
            Value::Null => None,
            Value::String(form) => Some(("application/x-www-form-urlencoded", form.clone())),
            body => Some(("application/json", body.to_string())),
        };
        let answer = caller.send(&method, &format!("{path}{query}"), sent).await;
        let status = answer.status.to_string();
        let pending = id == "create_device_token" && answer.status == 400;
        assert!(pending || (200..300).contains(&answer.status), "{id}: {answer:?}");
        let response = &operation["responses"][&status];
        assert!(response.is_object(), "{id} answers {status}, which is not described");
        let body = self.sent_as_described(id, &operation, body);
        let body = match body {
            // As its schema describes a form: by its fields.
            Value::String(form) => {
                let fields = url::form_urlencoded::parse(form.as_bytes()).into_owned();
                fields.map(|(name, it)| (name, Value::from(it))).collect::<Map<_, _>>().into()
            }
            other => other,
        };
        let value = self.answered_as_described(id, response, &answer);
        if id != "download_artifacts" {
            let shown = self.shown(&value);
            let body = self.shown(&body);
            self.recorded
                .entry(id.to_owned())
                .or_insert_with(|| json!({ "request": body, "status": status, "response": shown }));
        } else {
            self.recorded.insert(id.to_owned(), json!({ "status": status }));
        }
        value
    }

    fn sent_as_described(&self, id: &str, operation: &Value, body: Value) -> Value {
        let content = &operation["requestBody"]["content"]["application/json"];
        if content.is_object() {
            let complaints = schema::check(&self.document, &content["schema"], &body, "");
            assert!(complaints.is_empty(), "{id} is sent {body}: {complaints:?}");
        }
        body
    }

    fn answered_as_described(&self, id: &str, response: &Value, answer: &Answer) -> Value {
        let Some(content) = response["content"].as_object() else {
            assert!(answer.text.is_empty(), "{id} has a body that is not described");
            return Value::Null;
        };
        let media = answer.header("content-type").split(';').next().unwrap();
        let described = content.get(media);
        let described = described.unwrap_or_else(|| panic!("{id} answers {media}: not described"));
        match media {
            "application/json" => {
                let value = answer.json();
                let mut complaints =
                    schema::check(&self.document, &described["schema"], &value, "");
                complaints.extend(schema::undescribed(
                    &self.document,
                    &described["schema"],
                    &value,
                    "",
                ));
                assert!(complaints.is_empty(), "{id} answers {value}: {complaints:?}");
                value
            }
            "text/csv" => Value::from(answer.text.lines().take(4).collect::<Vec<_>>().join("\n")),
            _ => Value::Null,
        }
    }

    /// With ids and secrets that are the same every time, and not too long.
    fn shown(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::from(self.named(text)),
            // A few words say what there is; of things, one shows what they are like.
            Value::Array(items) if items.len() <= 6 && items.iter().all(Value::is_string) => {
                items.iter().map(|it| self.shown(it)).collect()
            }
            Value::Array(items) => items.iter().take(1).map(|it| self.shown(it)).collect(),
            Value::Object(map) => {
                let many = map.len() > 40;
                let entries = map.iter().take(if many { 3 } else { usize::MAX });
                entries
                    .map(|(name, it)| (name.clone(), self.shown(it)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            other => other.clone(),
        }
    }

    fn named(&mut self, text: &str) -> String {
        let mut out = text.to_owned();
        let is_word = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
        for word in text.split(|it: char| !is_word(it)) {
            let replacement = match word {
                it if it.parse::<uuid::Uuid>().is_ok() && it.len() == 36 => {
                    self.name(word, |n| format!("0190a1b2-0000-7000-8000-{n:012}"))
                }
                it if it.starts_with("cg_live_") => "cg_live_…".to_owned(),
                it if it.starts_with("cg_test_") => "cg_test_…".to_owned(),
                it if it.starts_with("whsec_") => {
                    return "whsec_…".to_owned();
                }
                it if it.starts_with("msg_") => self.name(word, |n| format!("msg_{n:022}")),
                // Checksums, codes of devices, and cursors.
                it if it.len() == 64 && it.bytes().all(|c| c.is_ascii_hexdigit()) => {
                    self.name(word, |n| format!("{n:064x}"))
                }
                _ => continue,
            };
            out = out.replace(word, &replacement);
        }
        if out.chars().count() > 400 {
            out = out.chars().take(200).chain(['…']).collect();
        }
        out
    }

    fn name(&mut self, word: &str, make: impl Fn(usize) -> String) -> String {
        if let Some((_, name)) = self.names.iter().find(|(it, _)| it == word) {
            return name.clone();
        }
        let name = make(self.names.len() + 1);
        self.names.push((word.to_owned(), name.clone()));
        name
    }
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

/// ASVS V15.3.1
#[tokio::test]
async fn every_example_is_sent_and_answered_as_described() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    sqlx::query("update org set plan = 'enterprise'").execute(app.pool()).await.unwrap();
    let owner = app.member(org, Role::Owner).await;
    let mut it = Recorder::new();
    design(&app, &owner, &mut it).await;
    webhooks_and_keys(&app, &owner, &mut it).await;
    people(&app, &owner, org, &mut it).await;

    let missing: Vec<_> = it
        .operations
        .keys()
        .filter(|id| !it.recorded.contains_key(*id) && !WITHOUT.contains(&id.as_str()))
        .collect();
    assert!(missing.is_empty(), "send an example of {missing:?}");
    let mut text = serde_json::to_string_pretty(&it.recorded).unwrap();
    text.push('\n');
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/examples.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    // What is random or measured differs; what is there does not.
    let committed: BTreeMap<String, Value> =
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let requests = |all: &BTreeMap<String, Value>| -> Vec<(String, String)> {
        all.iter().map(|(id, it)| (id.clone(), it["status"].to_string())).collect()
    };
    assert_eq!(requests(&committed), requests(&it.recorded), "run it with UPDATE=1");
    for (id, example) in &committed {
        let (_, _, operation) = &it.operations[id];
        let status = example["status"].as_str().unwrap();
        let schema = &operation["responses"][status]["content"]["application/json"]["schema"];
        if schema.is_object() {
            let complaints = schema::check(&it.document, schema, &example["response"], "");
            assert!(
                complaints.is_empty(),
                "the example of {id}: {complaints:?}; run it with UPDATE=1"
            );
        }
    }
}

async fn design(app: &App, owner: &Caller, it: &mut Recorder) {
    let text = "A REST API with PostgreSQL for 20,000 users, at most 600 USD a month";
    let answered = it.step(owner, "analyze", &[], json!({ "text": text })).await;
    let session = answered["session_id"].as_str().unwrap().to_owned();
    let session = session.as_str();
    let answer = id(&answered["answer"]);
    it.step(owner, "create_message", &[session], json!({ "text": "Add a Redis cache" })).await;
    it.step(owner, "list_messages", &[session], Value::Null).await;
    it.step(owner, "find_operation", &[&answer], Value::Null).await;
    it.step(owner, "list_sessions", &[], Value::Null).await;
    it.step(owner, "find_session", &[session], Value::Null).await;
    it.step(owner, "list_analyses", &[session], Value::Null).await;
    it.step(owner, "find_analysis", &[session, "1"], Value::Null).await;
    it.step(owner, "compare_analyses", &[session, "2"], Value::Null).await;
    it.step(owner, "find_option", &[session, "1", "better"], Value::Null).await;
    let of = [session, "1", "better"];
    let assumed = "load=2&months=12";
    let costs = it.step(owner, "find_costs", &[of[0], of[1], of[2], assumed], Value::Null).await;
    let component = costs["by_component"][0]["key"].as_str().unwrap();
    it.step(owner, "find_component", &[of[0], of[1], of[2], component], Value::Null).await;
    it.step(owner, "export_costs", &[of[0], of[1], of[2]], Value::Null).await;

    let code = json!({ "session_id": session, "option": "better", "format": "terraform" });
    let set = it.step(owner, "implement", &[], code).await;
    it.step(owner, "list_artifacts", &[session], Value::Null).await;
    let query = "option=better&format=terraform";
    it.step(owner, "download_artifacts", &[session, query], Value::Null).await;
    let path = set["files"][0]["path"].as_str().unwrap().replace('/', "%2F");
    it.step(owner, "find_artifact", &[session, &path, query], Value::Null).await;
    it.step(owner, "list_diagrams", &[of[0], of[1], of[2]], Value::Null).await;
    let picture = [of[0], of[1], of[2], "architecture.mermaid"];
    it.step(owner, "find_diagram", &picture, Value::Null).await;

    let new = json!({ "shown": ["diagram", "costs"], "words": ["Harbour"], "days": 14 });
    let share = id(&it.step(owner, "create_share", &[session], new).await);
    it.step(owner, "list_shares", &[session], Value::Null).await;
    it.step(owner, "revoke_share", &[session, &share], Value::Null).await;

    // Answers that take their time can be stopped, given again and cancelled.
    let later = owner.clone().with("prefer", "respond-async");
    let said = json!({ "text": "Add a queue" });
    let running =
        later.post(&format!("/api/v1/sessions/{session}/messages"), said).await.expect(202);
    let answer = id(&running.json()["answer"]);
    it.step(owner, "stop_message", &[session, &answer], Value::Null).await;
    let again = it.step(owner, "retry_message", &[session, &answer], Value::Null).await;
    it.step(owner, "cancel_operation", &[&id(&again)], Value::Null).await;
    app.run_jobs().await;

    it.step(owner, "update_session", &[session], json!({ "title": "Orders" })).await;
    it.step(owner, "duplicate_session", &[session], Value::Null).await;
    let new = it.step(owner, "create_session", &[], json!({ "title": "Shop" })).await;
    it.step(owner, "delete_session", &[&id(&new)], Value::Null).await;
    it.step(owner, "restore_session", &[&id(&new)], Value::Null).await;
    let wants = json!({ "region": "eu-central-1", "tags": { "team": "payments" } });
    it.step(owner, "replace_defaults", &[], wants).await;
    it.step(owner, "find_defaults", &[], Value::Null).await;
}

async fn webhooks_and_keys(app: &App, owner: &Caller, it: &mut Recorder) {
    it.step(owner, "list_event_types", &[], Value::Null).await;
    let new = json!({ "url": "https://example.com/hooks/cloudgen", "events": ["artifacts.ready"] });
    let hook = id(&it.step(owner, "create_webhook", &[], new).await);
    let hook = hook.as_str();
    it.step(owner, "list_webhooks", &[], Value::Null).await;
    it.step(owner, "find_webhook", &[hook], Value::Null).await;
    it.step(owner, "update_webhook", &[hook], json!({ "description": "Deployments" })).await;
    it.step(owner, "rotate_webhook", &[hook], json!({ "overlap_hours": 24 })).await;
    let sent =
        id(&it.step(owner, "test_webhook", &[hook], json!({ "type": "artifacts.ready" })).await);
    it.step(owner, "list_deliveries", &[hook], Value::Null).await;
    it.step(owner, "find_delivery", &[hook, &sent], Value::Null).await;
    it.step(owner, "replay_delivery", &[hook, &sent], Value::Null).await;
    let span = json!({ "from": "2026-11-22T00:00:00Z", "status": "failed" });
    it.step(owner, "replay_webhook", &[hook], span).await;
    it.step(owner, "delete_webhook", &[hook], Value::Null).await;

    let new = json!({ "name": "pipeline", "mode": "test", "scopes": ["sessions:write", "artifacts:read"] });
    let key = id(&it.step(owner, "create_key", &[], new).await);
    it.step(owner, "list_keys", &[], Value::Null).await;
    it.step(owner, "find_key", &[&key], Value::Null).await;
    it.step(owner, "update_key", &[&key], json!({ "name": "nightly" })).await;
    it.step(owner, "rotate_key", &[&key], json!({ "overlap_hours": 24 })).await;
    it.step(owner, "find_usage", &["from=2026-11-22&until=2026-11-22"], Value::Null).await;
    it.step(owner, "delete_key", &[&key], Value::Null).await;
    it.step(owner, "list_events", &["limit=1"], Value::Null).await;

    let device = Value::from("client_id=cloudgen-cli&device_name=laptop");
    let code = it.step(&app.anonymous(), "create_device_code", &[], device).await;
    let code = code["device_code"].as_str().unwrap();
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let poll = format!("grant_type={grant}&client_id=cloudgen-cli&device_code={code}");
    it.step(&app.anonymous(), "create_device_token", &[], poll.into()).await;
}

async fn people(app: &App, owner: &Caller, org: uuid::Uuid, it: &mut Recorder) {
    it.step(owner, "find_me", &[], Value::Null).await;
    it.step(owner, "update_me", &[], json!({ "name": "Robin" })).await;
    app.sign_in(owner.account.unwrap(), Some(org)).await;
    app.advance(Duration::seconds(1));
    let places = it.step(owner, "list_logins", &[], Value::Null).await;
    let other = places["items"].as_array().unwrap().iter().find(|it| it["current"] == false);
    it.step(owner, "delete_login", &[&id(other.unwrap())], Value::Null).await;
    it.step(owner, "delete_other_logins", &[], Value::Null).await;

    let new = json!({ "email": "sam@example.com", "role": "member" });
    let invitation = id(&it.step(owner, "create_invitation", &[], new).await);
    it.step(owner, "list_invitations", &[], Value::Null).await;
    it.step(owner, "find_invitation", &[&invitation], Value::Null).await;
    it.step(owner, "resend_invitation", &[&invitation], Value::Null).await;
    it.step(owner, "delete_invitation", &[&invitation], Value::Null).await;
    let colleague = app.member(org, Role::Member).await.account.unwrap().to_string();
    it.step(owner, "list_members", &[], Value::Null).await;
    it.step(owner, "find_member", &[&colleague], Value::Null).await;
    it.step(owner, "update_member", &[&colleague], json!({ "role": "admin" })).await;
    it.step(owner, "sign_out_member", &[&colleague], Value::Null).await;
    it.step(owner, "delete_member", &[&colleague], Value::Null).await;

    let shelf = id(&it.step(owner, "create_workspace", &[], json!({ "name": "Payments" })).await);
    it.step(owner, "list_workspaces", &[], Value::Null).await;
    it.step(owner, "find_workspace", &[&shelf], Value::Null).await;
    it.step(owner, "update_workspace", &[&shelf], json!({ "name": "Billing" })).await;
    it.step(owner, "delete_workspace", &[&shelf], Value::Null).await;

    it.step(owner, "find_org", &[], Value::Null).await;
    it.step(owner, "update_org", &[], json!({ "name": "Acme Ltd" })).await;
    it.step(owner, "create_org", &[], json!({ "name": "Another" })).await;
    it.step(owner, "list_orgs", &[], Value::Null).await;
    it.step(owner, "switch_org", &[&org.to_string()], Value::Null).await;
    it.step(owner, "delete_org", &[], Value::Null).await;
    it.step(owner, "restore_org", &[], Value::Null).await;
    let heir = app.member(org, Role::Admin).await.account.unwrap();
    it.step(owner, "transfer_org", &[], json!({ "account_id": heir })).await;
    it.step(owner, "leave_org", &[], Value::Null).await;
}
