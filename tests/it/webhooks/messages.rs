//! What is told: every type of event, as it is described.

use std::path::Path;

use cloudgen::features::webhooks::event_types::{KINDS, UNTOLD};
use cloudgen::platform::access::Role;
use serde_json::{Value, json};

use super::{create, listening, workspace};
use crate::schema;
use crate::support::{Answer, Receiver};

#[tokio::test]
async fn messages_are_as_their_types_say() {
    let (app, owner, receiver, webhook) = listening(&[]).await;
    let types = owner.get("/api/v1/event-types").await.expect(200).json();
    let types = types["items"].as_array().unwrap().clone();
    for it in &types {
        let complaints = schema::check(&Value::Null, &it["schema"], &it["example"], "");
        assert!(complaints.is_empty(), "{}: {complaints:?}", it["name"]);
    }

    let org = owner.org.unwrap();
    let id = |answer: Answer| answer.json()["id"].as_str().unwrap().to_owned();
    let made = id(workspace(&owner, "Payments").await);
    let path = format!("/api/v1/workspaces/{made}");
    owner.patch(&path, json!({ "name": "Billing" })).await.expect(200);
    owner.delete(&path).await.expect(204);
    let new = json!({ "email": "sam@example.com", "role": "viewer" });
    let invited = id(owner.post("/api/v1/invitations", new).await.expect(201));
    let path = format!("/api/v1/invitations/{invited}");
    owner.post(&format!("{path}/resend"), json!({})).await.expect(200);
    owner.delete(&path).await.expect(204);
    let member = app.member(org, Role::Viewer).await;
    let path = format!("/api/v1/members/{}", member.account.unwrap());
    owner.patch(&path, json!({ "role": "member" })).await.expect(200);
    owner.post(&format!("{path}/sign-out"), json!({})).await.expect(204);
    owner.delete(&path).await.expect(204);
    let member = app.member(org, Role::Viewer).await;
    member.post("/api/v1/org/leave", json!({})).await.expect(204);
    owner
        .patch("/api/v1/org", json!({ "name": "Acme Cloud", "idle_minutes": 60 }))
        .await
        .expect(200);
    owner.delete("/api/v1/org").await.expect(200);
    owner.post("/api/v1/org/restore", json!({})).await.expect(200);
    owner.patch(&webhook.path, json!({ "description": "Ours" })).await.expect(200);
    owner.post(&format!("{}/rotate", webhook.path), json!({})).await.expect(200);
    let other = create(&owner, &Receiver::start().await, &[]).await;
    owner.delete(&other.path).await.expect(204);
    let heir = app.member(org, Role::Admin).await;
    let to = json!({ "account_id": heir.account.unwrap() });
    owner.post("/api/v1/org/transfer", to).await.expect(204);

    app.run_jobs().await;
    let told = receiver.take();
    let mut seen = Vec::new();
    for message in told.iter().map(|it| it.json()) {
        let name = message["type"].as_str().unwrap().to_owned();
        let it = types.iter().find(|it| it["name"] == name.as_str()).unwrap();
        let complaints = schema::check(&Value::Null, &it["schema"], &message, "");
        assert!(complaints.is_empty(), "{name}: {complaints:?}");
        // What is shown as an example is what there is.
        for side in ["before", "after"] {
            let fields = |of: &Value| -> Vec<String> {
                of["data"][side].as_object().into_iter().flatten().map(|it| it.0.clone()).collect()
            };
            if !name.ends_with(".updated") {
                assert_eq!(fields(&message), fields(&it["example"]), "{name} {side}");
            }
        }
        seen.push(name);
    }
    // What this test does not do is done by others, or by slices to come.
    let elsewhere = [
        "session.",
        "message.",
        "analysis.",
        "artifacts.",
        "key.",
        "member.joined",
        "org.defaults_changed",
        "org.plan_changed",
        "share.",
        "webhook.disabled",
    ];
    for kind in KINDS.iter().filter(|it| !elsewhere.iter().any(|e| it.name.starts_with(e))) {
        assert!(seen.iter().any(|it| it == kind.name), "{} was not told", kind.name);
    }
}

/// Every name that the sources give to an event.
fn emitted(directory: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            emitted(&path, names);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for rest in code.split("Event::new(\"").skip(1) {
                names.push(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn every_event_is_told_or_not_by_decision() {
    let mut names = Vec::new();
    emitted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    assert!(names.len() > 30, "{names:?}");
    let told = |name: &str| KINDS.iter().any(|it| it.name == name);
    let undecided: Vec<_> =
        names.iter().filter(|it| !told(it) && !UNTOLD.contains(&it.as_str())).collect();
    assert!(undecided.is_empty(), "say in webhooks::event_types who hears of {undecided:?}");
}
