//! Who may call what: every documented operation, every role, and a stranger.

use cloudgen::platform::access::Role;
use serde_json::Value;
use uuid::Uuid;

use crate::support::{Answer, App, Caller};

/// Operation, the least role that may call it, and a valid body. `any` is for
/// everyone who is signed in, `all` for everyone.
pub const ACCESS: &[(&str, &str, &str)] = &[
    ("get /api/v1/openapi.json", "all", ""),
    ("get /api/v1/me", "any", ""),
    ("patch /api/v1/me", "any", r#"{"name":"Robin"}"#),
    ("get /api/v1/me/logins", "any", ""),
    ("delete /api/v1/me/logins", "any", ""),
    ("delete /api/v1/me/logins/{id}", "any", ""),
    ("get /api/v1/orgs", "any", ""),
    ("post /api/v1/orgs", "any", r#"{"name":"Another"}"#),
    ("post /api/v1/orgs/{id}/switch", "any", ""),
    ("get /api/v1/org", "viewer", ""),
    ("patch /api/v1/org", "admin", r#"{"name":"Acme"}"#),
    ("delete /api/v1/org", "owner", ""),
    ("post /api/v1/org/restore", "owner", ""),
    (
        "post /api/v1/org/transfer",
        "owner",
        r#"{"account_id":"00000000-0000-0000-0000-000000000000"}"#,
    ),
    ("post /api/v1/org/leave", "viewer", ""),
    ("get /api/v1/members", "viewer", ""),
    ("get /api/v1/members/{id}", "viewer", ""),
    ("patch /api/v1/members/{id}", "admin", r#"{"role":"viewer"}"#),
    ("delete /api/v1/members/{id}", "admin", ""),
    ("post /api/v1/members/{id}/sign-out", "admin", ""),
    ("get /api/v1/invitations", "admin", ""),
    ("post /api/v1/invitations", "admin", r#"{"email":"new@example.com","role":"viewer"}"#),
    ("get /api/v1/invitations/{id}", "admin", ""),
    ("delete /api/v1/invitations/{id}", "admin", ""),
    ("post /api/v1/invitations/{id}/resend", "admin", ""),
    ("get /api/v1/workspaces", "viewer", ""),
    ("post /api/v1/workspaces", "admin", r#"{"name":"Another"}"#),
    ("get /api/v1/workspaces/{id}", "viewer", ""),
    ("patch /api/v1/workspaces/{id}", "admin", r#"{"name":"Another"}"#),
    ("delete /api/v1/workspaces/{id}", "admin", ""),
    ("get /api/v1/events", "admin", ""),
    ("get /api/v1/keys", "viewer", ""),
    ("post /api/v1/keys", "viewer", r#"{"name":"deploy","scopes":["org:read"]}"#),
    ("get /api/v1/keys/{id}", "viewer", ""),
    ("patch /api/v1/keys/{id}", "viewer", r#"{"name":"Another"}"#),
    ("delete /api/v1/keys/{id}", "viewer", ""),
    ("post /api/v1/keys/{id}/rotate", "viewer", "{}"),
    ("get /api/v1/usage", "viewer", ""),
    ("post /api/v1/device/code", "all", ""),
    ("post /api/v1/device/token", "all", ""),
    ("post /api/v1/analyze", "member", r#"{"text":"A REST API with PostgreSQL for 100 users"}"#),
    ("get /api/v1/sessions", "viewer", ""),
    ("post /api/v1/sessions", "member", "{}"),
    ("get /api/v1/sessions/{id}", "viewer", ""),
    ("patch /api/v1/sessions/{id}", "member", r#"{"title":"Another"}"#),
    ("delete /api/v1/sessions/{id}", "member", ""),
    ("post /api/v1/sessions/{id}/restore", "member", ""),
    ("post /api/v1/sessions/{id}/duplicate", "member", ""),
    ("get /api/v1/sessions/{id}/messages", "viewer", ""),
    ("post /api/v1/sessions/{id}/messages", "member", r#"{"text":"Add a cache"}"#),
    ("post /api/v1/sessions/{id}/messages/{message_id}/stop", "member", ""),
    ("post /api/v1/sessions/{id}/messages/{message_id}/retry", "member", ""),
    ("get /api/v1/sessions/{id}/events", "viewer", ""),
    ("get /api/v1/sessions/{id}/analyses", "viewer", ""),
    ("get /api/v1/sessions/{id}/analyses/{number}", "viewer", ""),
    ("get /api/v1/sessions/{id}/analyses/{number}/options/{option}", "viewer", ""),
    ("get /api/v1/sessions/{id}/analyses/{number}/options/{option}/costs", "viewer", ""),
    ("get /api/v1/sessions/{id}/analyses/{number}/options/{option}/costs.csv", "viewer", ""),
    (
        "get /api/v1/sessions/{id}/analyses/{number}/options/{option}/components/{component}",
        "viewer",
        "",
    ),
    ("get /api/v1/sessions/{id}/analyses/{number}/options/{option}/diagrams", "viewer", ""),
    (
        "get /api/v1/sessions/{id}/analyses/{number}/options/{option}/diagrams/{diagram}",
        "viewer",
        "",
    ),
    ("get /api/v1/sessions/{id}/analyses/{number}/diff", "viewer", ""),
    ("get /api/v1/sessions/{id}/shares", "member", ""),
    ("post /api/v1/sessions/{id}/shares", "member", "{}"),
    ("delete /api/v1/sessions/{id}/shares/{share_id}", "member", ""),
    ("get /api/v1/org/defaults", "viewer", ""),
    ("put /api/v1/org/defaults", "admin", "{}"),
    (
        "post /api/v1/implement",
        "member",
        r#"{"session_id":"00000000-0000-0000-0000-000000000000"}"#,
    ),
    ("get /api/v1/operations/{id}", "viewer", ""),
    ("post /api/v1/operations/{id}/cancel", "member", ""),
    ("get /api/v1/artifacts/{session_id}", "viewer", ""),
    ("get /api/v1/artifacts/{session_id}/files/{path}", "viewer", ""),
    ("get /api/v1/artifacts/{session_id}/archive", "viewer", ""),
    ("get /api/v1/event-types", "admin", ""),
    ("get /api/v1/webhooks", "admin", ""),
    ("post /api/v1/webhooks", "admin", r#"{"url":"https://example.com/"}"#),
    ("get /api/v1/webhooks/{id}", "admin", ""),
    ("patch /api/v1/webhooks/{id}", "admin", r#"{"status":"paused"}"#),
    ("delete /api/v1/webhooks/{id}", "admin", ""),
    ("post /api/v1/webhooks/{id}/rotate", "admin", "{}"),
    ("post /api/v1/webhooks/{id}/test", "admin", "{}"),
    ("post /api/v1/webhooks/{id}/replay", "admin", r#"{"from":"2026-11-22T12:00:00Z"}"#),
    ("get /api/v1/webhooks/{id}/deliveries", "admin", ""),
    ("get /api/v1/webhooks/{id}/deliveries/{delivery_id}", "admin", ""),
    ("post /api/v1/webhooks/{id}/deliveries/{delivery_id}/replay", "admin", ""),
];

fn documented() -> Vec<String> {
    let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.push(format!("{method} {path}"));
        }
    }
    operations.sort();
    operations
}

#[test]
fn every_documented_operation_is_listed() {
    let mut listed: Vec<_> = ACCESS.iter().map(|(operation, ..)| (*operation).to_owned()).collect();
    listed.sort();
    assert_eq!(documented(), listed, "say in ACCESS who may call it");
}

pub async fn call(caller: &Caller, operation: &str, body: &str) -> Answer {
    let (method, path) = operation.split_once(' ').unwrap();
    let path: String = path
        .split('/')
        .map(|it| match it {
            "{number}" => "1".to_owned(),
            "{option}" => "better".to_owned(),
            _ if it.starts_with('{') => Uuid::nil().to_string(),
            _ => it.to_owned(),
        })
        .collect::<Vec<_>>()
        .join("/");
    let body = (!body.is_empty()).then(|| ("application/json", body.to_owned()));
    caller.send(&method.to_uppercase(), &path, body).await
}

/// ASVS V8.2.1
#[tokio::test]
async fn roles_below_the_least_are_refused() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    for &(operation, least, body) in ACCESS {
        let answer = call(&app.anonymous(), operation, body).await;
        let refused = answer.status == 401;
        assert_eq!(refused, least != "all", "{operation} for a stranger: {}", answer.text);
        let least = Role::ALL.iter().position(|it| it.as_str() == least).unwrap_or(0);
        for (i, role) in Role::ALL.into_iter().enumerate() {
            let caller = app.member(org, role).await;
            let answer = call(&caller, operation, body).await;
            let refused = answer.status == 403;
            assert_eq!(refused, i < least, "{operation} for {role:?}: {}", answer.text);
            assert!(answer.status < 500, "{operation} for {role:?}: {}", answer.text);
        }
    }
}
