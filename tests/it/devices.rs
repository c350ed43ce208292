//! How a program on a terminal is let in (RFC 8628).

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::json;

use crate::keys::with_key;
use crate::pages::well_made;
use crate::support::{Answer, App};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

async fn poll(app: &App, code: &str) -> Answer {
    let fields = [("grant_type", GRANT), ("device_code", code), ("client_id", "cloudgen-cli")];
    app.anonymous().submit("/api/v1/device/token", &fields).await
}

async fn ask_in(app: &App) -> (String, String) {
    let fields = [("client_id", "cloudgen-cli"), ("device_name", "heron")];
    let asked = app.anonymous().submit("/api/v1/device/code", &fields).await.expect(200).json();
    let text = |name: &str| asked[name].as_str().unwrap().to_owned();
    assert_eq!(text("verification_uri"), "http://127.0.0.1:8080/device");
    assert!(text("verification_uri_complete").ends_with(&format!("?code={}", text("user_code"))));
    (text("device_code"), text("user_code"))
}

#[tokio::test]
async fn a_device_is_let_in_by_somebody_at_a_browser() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let person = app.member(org, Role::Viewer).await;
    let (device, code) = ask_in(&app).await;
    let waiting = poll(&app, &device).await.expect(400);
    assert_eq!(waiting.json()["error"], "authorization_pending");
    assert_eq!(waiting.header("content-type"), "application/json");
    app.advance(Duration::seconds(2));
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "slow_down");
    app.advance(Duration::seconds(6));
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "slow_down");
    app.advance(Duration::seconds(16));
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "authorization_pending");

    let page = person.get(&format!("/device?code={}", code.to_lowercase())).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("keys/device.html"));
    well_made("/device", &page.text);
    assert!(page.text.contains(&code) && page.text.contains("cloudgen-cli on heron"));
    let org_text = org.to_string();
    let decision = [("code", code.as_str()), ("org_id", &org_text), ("decision", "approve")];
    let done = person.submit("/device/decide", &decision).await.expect(200);
    assert_eq!(done.template.as_deref(), Some("keys/device_done.html"));
    well_made("/device/decide", &done.text);
    person.submit("/device/decide", &decision).await.expect(422);

    app.advance(Duration::seconds(16));
    let token = poll(&app, &device).await.expect(200).json();
    assert_eq!((&token["token_type"], &token["organisation"]), (&json!("Bearer"), &json!("Acme")));
    // As far as the role goes.
    assert_eq!(
        token["scope"],
        "sessions:read artifacts:read org:read keys:read keys:write usage:read"
    );
    let key = with_key(&app, token["access_token"].as_str().unwrap());
    assert_eq!(key.get("/api/v1/me").await.expect(200).json()["id"], json!(person.account));
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "invalid_grant");

    let mail = app.mails().await.remove(0);
    assert_eq!(mail.subject, "A device was let in in Acme");
    let list = person.get("/settings/keys").await.expect(200);
    assert!(list.text.contains("cloudgen-cli on heron"));
    assert!(app.events(org).await.ends_with(&["device.approved".into(), "key.created".into()]));
}

#[tokio::test]
async fn a_device_gets_nothing_without_a_yes() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let person = app.member(org, Role::Member).await;
    let (device, code) = ask_in(&app).await;
    person.submit("/device/decide", &[("code", &code), ("decision", "deny")]).await.expect(200);
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "access_denied");

    let (device, code) = ask_in(&app).await;
    app.advance(Duration::minutes(9));
    // Another organisation's is not for them to give.
    let theirs = app.org("Theirs").await.to_string();
    let decision = [("code", code.as_str()), ("org_id", &theirs), ("decision", "approve")];
    person.submit("/device/decide", &decision).await.expect(422);
    app.advance(Duration::minutes(7));
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "expired_token");
    let page = app.sign_in(person.account.unwrap(), Some(org)).await;
    let page = page.get(&format!("/device?code={code}")).await.expect(422);
    assert!(page.text.contains("not one that waits"));

    // Let in, and gone before the device came for it.
    let leaver = app.member(org, Role::Member).await;
    let (device, code) = ask_in(&app).await;
    let org_text = org.to_string();
    let decision = [("code", code.as_str()), ("org_id", &org_text), ("decision", "approve")];
    leaver.submit("/device/decide", &decision).await.expect(200);
    leaver.post("/api/v1/org/leave", json!({})).await.expect(204);
    assert_eq!(poll(&app, &device).await.expect(400).json()["error"], "access_denied");
}

#[tokio::test]
async fn a_device_that_does_not_speak_the_protocol_is_told_so() {
    let app = App::new().await;
    let ask = |path: &'static str, fields: Vec<(&'static str, &'static str)>| {
        let caller = app.anonymous();
        async move { caller.submit(path, &fields).await.expect(400).json()["error"].clone() }
    };
    assert_eq!(ask("/api/v1/device/code", vec![]).await, "invalid_request");
    let scope = vec![("client_id", "x"), ("scope", "org:read org:*")];
    assert_eq!(ask("/api/v1/device/code", scope).await, "invalid_scope");
    let wrong = vec![("grant_type", "password"), ("device_code", "x"), ("client_id", "x")];
    assert_eq!(ask("/api/v1/device/token", wrong).await, "unsupported_grant_type");
    assert_eq!(ask("/api/v1/device/token", vec![("grant_type", GRANT)]).await, "invalid_request");
    let unknown = vec![("grant_type", GRANT), ("device_code", "x"), ("client_id", "x")];
    assert_eq!(ask("/api/v1/device/token", unknown).await, "invalid_grant");
}

#[tokio::test]
async fn codes_of_devices_cannot_be_guessed_for_long() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let person = app.member(org, Role::Member).await;
    for _ in 0..20 {
        person.get("/device?code=BCDFGHJK").await.expect(422);
    }
    person.get("/device?code=BCDFGHJK").await.expect(429);
}
