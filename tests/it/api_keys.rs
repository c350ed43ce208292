//! Keys as people make, change and revoke them through the API.

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::keys::with_key;
use crate::pages::well_made;
use crate::support::{Answer, App, Caller, between};

/// Makes a key through the API; its id and its secret.
pub async fn create(caller: &Caller, body: Value) -> (String, String) {
    let made = caller.post("/api/v1/keys", body).await.expect(201).json();
    (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
}

fn complaints(answer: &Answer) -> Vec<String> {
    answer.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            format!("{} {}", it["pointer"].as_str().unwrap(), it["message"].as_str().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn a_key_is_made_changed_rotated_and_revoked() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Admin).await;
    let body = json!({ "name": " GitHub  Actions ", "scopes": ["org:read", "sessions:read"] });
    let made = owner.post("/api/v1/keys", body).await.expect(201).json();
    let (id, first) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert_eq!((&made["name"], &made["status"]), (&json!("GitHub Actions"), &json!("active")));
    assert!(first.starts_with("cg_live_") && first.ends_with(made["last4"].as_str().unwrap()));
    let path = format!("/api/v1/keys/{id}");

    let mail = app.mails().await.remove(0);
    assert_eq!(
        (mail.kind.as_str(), mail.subject.as_str()),
        ("key_created", "An API key was created in Acme")
    );
    assert!(mail.text.contains("GitHub Actions") && !mail.text.contains(first));

    let patch = json!({ "name": "CI", "scopes": ["org:read"], "networks": ["192.0.2.0/24"] });
    let changed = owner.patch(&path, patch).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["scopes"]), (&json!("CI"), &json!(["org:read"])));
    with_key(&app, first).get("/api/v1/org").await.expect(403);
    owner.patch(&path, json!({ "networks": [] })).await.expect(200);
    with_key(&app, first).get("/api/v1/org").await.expect(200);

    let rotated = owner.post(&format!("{path}/rotate"), json!({})).await.expect(200).json();
    let second = rotated["secret"].as_str().unwrap();
    for secret in [first, second] {
        with_key(&app, secret).get("/api/v1/org").await.expect(200);
    }
    app.advance(Duration::hours(25));
    with_key(&app, first).get("/api/v1/org").await.expect(401);
    with_key(&app, second).get("/api/v1/org").await.expect(200);

    let owner = app.sign_in(owner.account.unwrap(), Some(org)).await;
    let now = json!({ "overlap_hours": 0 });
    let rotated = owner.post(&format!("{path}/rotate"), now).await.expect(200).json();
    with_key(&app, second).get("/api/v1/org").await.expect(401);
    owner.delete(&path).await.expect(204);
    with_key(&app, rotated["secret"].as_str().unwrap()).get("/api/v1/org").await.expect(401);
    assert_eq!(owner.get(&path).await.expect(200).json()["status"], "revoked");
    owner.delete(&path).await.expect(204);
    owner.post(&format!("{path}/rotate"), json!({})).await.expect(409);

    let events = app.events(org).await;
    let ours: Vec<_> = events.iter().filter(|it| it.starts_with("key.")).collect();
    let expected =
        ["key.created", "key.updated", "key.updated", "key.rotated", "key.rotated", "key.revoked"];
    assert_eq!(ours, expected);
}

#[tokio::test]
async fn what_no_key_may_be_is_refused_with_its_place() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let viewer = app.member(org, Role::Viewer).await;
    let refused = viewer
        .post(
            "/api/v1/keys",
            json!({ "name": "x", "scopes": ["sessions:write", "keys:write"],
                    "workspace_id": Uuid::nil(), "networks": ["nowhere"],
                    "expires_at": "2020-01-01T00:00:00Z" }),
        )
        .await
        .expect(422);
    assert_eq!(
        complaints(&refused),
        [
            "/scopes your role does not allow sessions:write",
            "/scopes keys:write is not for a key of one workspace",
            "/networks nowhere is no address and no network",
            "/expires_at must be in the future",
        ]
    );
    for body in [
        json!({ "name": "", "scopes": ["org:read"] }),
        json!({ "name": "x", "scopes": [] }),
        json!({ "name": "x", "scopes": ["org:*"] }),
        json!({ "name": "x", "scopes": ["org:read"], "workspace_id": Uuid::nil() }),
        json!({ "name": "x", "scopes": ["org:read"], "mode": "prod" }),
    ] {
        viewer.post("/api/v1/keys", body.clone()).await.expect(422);
    }
}

#[tokio::test]
async fn a_plan_has_room_for_so_many_that_work() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let body = json!({ "name": "one", "scopes": ["org:read"] });
    let (id, _) = create(&owner, body.clone()).await;
    let brief =
        json!({ "name": "brief", "scopes": ["org:read"], "expires_at": "2026-11-22T13:00:00Z" });
    create(&owner, brief).await;
    for _ in 0..3 {
        create(&owner, body.clone()).await;
    }
    let full = owner.post("/api/v1/keys", body.clone()).await.expect(409).json();
    assert_eq!(full["code"], "plan_limit_reached");
    assert!(owner.get("/settings/keys/new").await.expect(200).text.contains("room for 5 API keys"));
    owner.delete(&format!("/api/v1/keys/{id}")).await.expect(204);
    create(&owner, body.clone()).await;
    owner.post("/api/v1/keys", body.clone()).await.expect(409);
    app.advance(Duration::hours(2));
    let owner = app.sign_in(owner.account.unwrap(), Some(org)).await;
    create(&owner, body).await;
}

#[tokio::test]
async fn keys_of_others_are_for_admins_to_see_and_revoke_and_no_more() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (member, other) =
        (app.member(org, Role::Member).await, app.member(org, Role::Member).await);
    let admin = app.member(org, Role::Admin).await;
    let stranger = app.owner().await;
    let (id, secret) = create(&member, json!({ "name": "mine", "scopes": ["org:read"] })).await;
    let path = format!("/api/v1/keys/{id}");

    for nobody in [&other, &stranger] {
        assert_eq!(nobody.get("/api/v1/keys").await.expect(200).json()["items"], json!([]));
        nobody.get(&path).await.expect(404);
        nobody.patch(&path, json!({ "name": "theirs" })).await.expect(404);
        nobody.post(&format!("{path}/rotate"), json!({})).await.expect(404);
        nobody.delete(&path).await.expect(404);
        nobody.get(&format!("/api/v1/usage?key_id={id}")).await.expect(404);
        nobody.get(&format!("/settings/keys/{id}")).await.expect(404);
        nobody.get(&format!("/settings/keys/{id}/usage")).await.expect(404);
    }
    admin.get(&path).await.expect(200);
    admin.patch(&path, json!({ "scopes": ["audit:read"] })).await.expect(403);
    // A new secret would let an admin act as somebody else.
    admin.post(&format!("{path}/rotate"), json!({})).await.expect(403);
    with_key(&app, &secret).get("/api/v1/org").await.expect(200);
    admin.delete(&path).await.expect(204);
    with_key(&app, &secret).get("/api/v1/org").await.expect(401);
}

#[tokio::test]
async fn making_a_key_needs_a_recent_proof() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let body = json!({ "name": "one", "scopes": ["org:read"] });
    let (id, _) = create(&owner, body.clone()).await;
    app.advance(Duration::minutes(11));
    let path = format!("/api/v1/keys/{id}");
    for answer in [
        owner.post("/api/v1/keys", body).await,
        owner.post(&format!("{path}/rotate"), json!({})).await,
        owner.patch(&path, json!({ "scopes": ["org:read", "audit:read"] })).await,
    ] {
        assert_eq!(answer.expect(403).json()["code"], "reauthentication_required");
    }
    assert_eq!(
        owner.get("/settings/keys/new").await.location(),
        "/confirm?next=/settings/keys/new"
    );
    owner.patch(&path, json!({ "name": "renamed" })).await.expect(200);
    owner.delete(&path).await.expect(204);
}

#[tokio::test]
async fn a_key_hands_on_no_more_than_it_has() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Admin).await;
    let parent = json!({
        "name": "parent", "mode": "test", "scopes": ["org:read", "keys:read", "keys:write"],
        "expires_at": "2026-12-01T00:00:00Z",
    });
    let (_, parent) = create(&owner, parent).await;
    let parent = with_key(&app, &parent);
    let (strong, _) = create(&owner, json!({ "name": "strong", "scopes": ["audit:read"] })).await;

    let more = json!({ "name": "child", "mode": "test", "scopes": ["audit:read"] });
    assert_eq!(
        complaints(&parent.post("/api/v1/keys", more).await.expect(422)),
        [
            "/scopes the key that asks lacks audit:read",
            "/expires_at must not be after that of the key that asks",
        ]
    );
    let same =
        json!({ "name": "child", "scopes": ["org:read"], "expires_at": "2026-12-01T00:00:00Z" });
    let refused = parent.post("/api/v1/keys", same.clone()).await.expect(422);
    assert_eq!(complaints(&refused), ["/mode must be test, as that of the key that asks"]);
    // A secret of a stronger key would be worth as much as its scopes.
    parent.post(&format!("/api/v1/keys/{strong}/rotate"), json!({})).await.expect(422);
    let widen = json!({ "scopes": ["audit:read", "org:read"] });
    parent.patch(&format!("/api/v1/keys/{strong}"), widen).await.expect(422);

    let mut same = same;
    same["mode"] = json!("test");
    let (_, child) = create(&parent, same).await;
    assert!(child.starts_with("cg_test_"));
    with_key(&app, &child).get("/api/v1/org").await.expect(200);
}

/// ASVS V13.3.1
#[tokio::test]
async fn the_secret_is_shown_once_and_kept_nowhere() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await.with("idempotency-key", "once");
    let body = json!({ "name": "canary", "scopes": ["org:read"] });
    let first = owner.post("/api/v1/keys", body.clone()).await.expect(201);
    let again = owner.post("/api/v1/keys", body).await.expect(201);
    assert_eq!(
        (first.text.as_str(), again.header("idempotent-replayed")),
        (again.text.as_str(), "true")
    );
    let owner = app.sign_in(owner.account.unwrap(), Some(org)).await;
    let page = owner
        .submit(
            "/settings/keys/new",
            &[("name", "page"), ("scope.org:read", "on"), ("lifetime", "30")],
        )
        .await
        .expect(200);
    assert_eq!(page.template.as_deref(), Some("keys/created.html"));
    assert_eq!(page.header("cache-control"), "no-store");
    well_made("keys/created.html", &page.text);
    let shown = between(&page.text, "<code id=\"key-secret\">", "<").to_owned();
    let secrets = [first.json()["secret"].as_str().unwrap().to_owned(), shown];

    let mut seen = String::new();
    for secret in &secrets {
        with_key(&app, secret).get("/api/v1/org").await.expect(200);
        seen += &with_key(&app, secret).get("/api/v1/me").await.expect(200).text;
    }
    app.state.usage.flush(&app.state).await.unwrap();
    for path in [
        "/settings/keys",
        "/settings/keys/usage",
        "/settings/audit",
        "/api/v1/keys",
        "/api/v1/events",
    ] {
        seen += &owner.get(path).await.expect(200).text;
    }
    seen += &format!("{:?}", app.mails().await);
    let tables: Vec<String> = sqlx::query_scalar(
        "select format('select string_agg(t::text, '' '') from %I.%I t', table_schema, table_name)
           from information_schema.tables
          where table_schema in ('public', 'graphile_worker') and table_type = 'BASE TABLE'",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for table in tables {
        let rows: Option<String> =
            sqlx::query_scalar(sqlx::AssertSqlSafe(table)).fetch_one(app.pool()).await.unwrap();
        seen += &rows.unwrap_or_default();
    }
    for secret in &secrets {
        // Tables show bytes in hexadecimal.
        let body = &secret["cg_live_".len()..secret.len() - 4];
        let hex = cloudgen::platform::crypto::hex(body.as_bytes());
        assert!(!seen.contains(body) && !seen.contains(&hex));
    }
}
