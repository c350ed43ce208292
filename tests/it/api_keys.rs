//! Keys as people make and use them: pages and API, quotas, usage, devices.

use std::sync::Arc;

use chrono::Duration;
use cloudgen::platform::access::{Role, Scope};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::Browser;
use crate::keys::{keyed, make, with_key};
use crate::pages::well_made;
use crate::program::{Server, ask};
use crate::support::{Answer, App, Caller, between};

/// Makes a key through the API; its id and its secret.
async fn create(caller: &Caller, body: Value) -> (String, String) {
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

async fn set_plan(app: &App, org: Uuid, plan: &str) {
    sqlx::query("update org set plan = $2 where id = $1")
        .bind(org)
        .bind(plan)
        .execute(app.pool())
        .await
        .unwrap();
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

/// ASVS V8.2.1 V8.4.1
#[tokio::test]
async fn each_operation_asks_for_one_scope() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    set_plan(&app, org, "enterprise").await;
    let owner = app.member(org, Role::Owner).await;
    let mut callers = Vec::new();
    for scope in Scope::ALL {
        let made = make(&app, org, owner.account.unwrap(), &[*scope]).await;
        callers.push((scope.as_str(), with_key(&app, made.secret.reveal())));
    }
    for &(operation, least, body) in crate::access::ACCESS {
        if matches!(least, "all") || operation == "get /api/v1/me" {
            continue;
        }
        let (mut lets_in, mut person_only) = (Vec::new(), 0);
        for (scope, caller) in &callers {
            let answer = crate::access::call(caller, operation, body).await;
            assert!(answer.status < 500, "{operation}: {answer:?}");
            match (answer.status, answer.json_code().as_deref()) {
                (403, Some("person_only")) => person_only += 1,
                (403, Some("missing_scope")) => {}
                (401, _) => panic!("{operation}: {answer:?}"),
                _ => lets_in.push(*scope),
            }
        }
        assert!(person_only == 0 || person_only == callers.len(), "{operation}");
        if person_only > 0 {
            continue;
        }
        let [scope] = lets_in[..] else { panic!("{operation} is let in by {lets_in:?}") };
        // Looking takes a scope that changes nothing. Invitations and links are
        // the exception: who is about to come in, and what is hidden from whom,
        // is for those who may let them in.
        let asks = ["/invitations", "/shares"].iter().any(|it| operation.contains(it));
        let looks = operation.starts_with("get ") && !asks;
        assert!(!looks || scope.ends_with(":read"), "{operation} is let in by {scope}");
    }
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

#[tokio::test]
async fn answers_tell_what_is_left_and_when_there_is_more() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (key, owner, made) = keyed(
        &app,
        org,
        Role::Member,
        &[Scope::OrgRead, Scope::SessionsRead, Scope::SessionsWrite],
    )
    .await;
    let answer = key.get("/api/v1/org").await.expect(200);
    assert_eq!(answer.header("ratelimit-policy"), "\"live\";q=60;w=60");
    assert_eq!(answer.header("ratelimit"), "\"live\";r=59;t=60");
    let missing = key.get("/api/v1/members/00000000-0000-0000-0000-000000000000").await.expect(404);
    assert_eq!(missing.header("ratelimit"), "\"live\";r=58;t=60");
    let body = json!({ "text": "A web shop on AWS with a database" });
    assert_eq!(
        key.post("/api/v1/analyze", body.clone()).await.expect(200).header("ratelimit"),
        "\"live\";r=48;t=60"
    );

    app.advance(Duration::seconds(20));
    for _ in 0..48 {
        key.get("/api/v1/org").await.expect(200);
    }
    let refused = key.get("/api/v1/org").await.expect(429);
    assert_eq!(
        (refused.header("retry-after"), refused.header("ratelimit")),
        ("40", "\"live\";r=0;t=40")
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");
    let problem = refused.json();
    assert_eq!(problem["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert_eq!(problem["violated-policies"], json!(["live"]));

    // Others have their own.
    let other = make(&app, org, owner.account.unwrap(), &[Scope::OrgRead]).await;
    with_key(&app, other.secret.reveal()).get("/api/v1/org").await.expect(200);
    assert_eq!(
        owner.get("/api/v1/org").await.expect(200).header("ratelimit"),
        "\"login\";r=599;t=60"
    );
    sqlx::query("update api_key set mode = 'test' where id = $1")
        .bind(other.id)
        .execute(app.pool())
        .await
        .unwrap();
    let test = with_key(&app, other.secret.reveal()).get("/api/v1/org").await.expect(200);
    assert_eq!(test.header("ratelimit-policy"), "\"test\";q=30;w=60");

    app.advance(Duration::seconds(40));
    assert_eq!(key.get("/api/v1/org").await.expect(200).header("ratelimit"), "\"live\";r=59;t=60");
    app.state.usage.flush(&app.state).await.unwrap();
    let id = made.id;
    let usage = owner.get(&format!("/api/v1/usage?key_id={id}")).await.expect(200).json();
    let total = &usage["total"];
    let figures = |name: &str| total[name].as_i64().unwrap();
    assert_eq!(
        (figures("calls"), figures("client_errors"), figures("limited"), figures("units")),
        (53, 1, 1, 61)
    );
    assert!(total["p95_ms"].is_i64());
    assert_eq!(usage["days"].as_array().unwrap().len(), 30);
    assert_eq!(usage["operations"][0]["operation"], "GET /api/v1/org");
    let listed = owner.get(&format!("/api/v1/keys/{id}")).await.expect(200).json();
    assert_eq!(listed["last_used_at"], "2026-11-22T12:01:00Z");
}

#[test]
fn what_costs_more_is_an_operation() {
    let document: Value = serde_json::from_str(&cloudgen::app::openapi()).unwrap();
    for (operation, cost) in cloudgen::features::api_keys::meter::COSTS {
        let (method, path) = operation.split_once(' ').unwrap();
        assert!(document["paths"][path][method.to_lowercase()].is_object(), "{operation}");
        // The smallest quota lets it through at least twice.
        assert!((2..=15).contains(cost), "{operation}");
    }
}

/// ASVS V2.4.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_let_exactly_as_many_calls_through_as_the_quota_says() {
    const CLIENTS: usize = 8;
    const CALLS: usize = 15;
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (_, _, made) = keyed(&app, org, Role::Member, &[Scope::OrgRead]).await;
    let url = &app.database.url;
    let mut servers = [Server::start_on(url).await, Server::start_on(url).await];
    let key = Arc::new(made.secret.reveal().to_owned());
    let mut clients = tokio::task::JoinSet::new();
    for i in 0..CLIENTS {
        let (address, key) = (servers[i % 2].address, key.clone());
        clients.spawn(async move {
            let mut answers = Vec::new();
            for _ in 0..CALLS {
                let request = format!(
                    "GET /api/v1/org HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\nConnection: close\r\n\r\n"
                );
                answers.push(ask(address, &request).await.unwrap().0);
            }
            answers
        });
    }
    let answers: Vec<u16> = clients.join_all().await.into_iter().flatten().collect();
    let count = |status| answers.iter().filter(|it| **it == status).count();
    assert_eq!((count(200), count(429)), (60, CLIENTS * CALLS - 60), "{answers:?}");

    // What they counted is written when they stop, and their logs hold no key.
    for server in &mut servers {
        assert!(server.stop().success());
        let log = std::fs::read_to_string(server.home.path().join("log")).unwrap();
        assert!(log.contains("/api/v1/org") && !log.contains(&key[8..38]), "{log}");
    }
    let (calls, limited, units): (i64, i64, i64) = sqlx::query_as(
        "select sum(calls)::bigint, sum(limited)::bigint, sum(units)::bigint from api_usage
          where key_id = $1",
    )
    .bind(made.id)
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!((calls, limited, units), (120, 60, 60));
}

#[tokio::test]
async fn of_fifty_posts_at_once_with_one_idempotency_key_one_works() {
    let app = App::with(|it| it.pool_size = 12).await;
    let org = app.org("Acme").await;
    set_plan(&app, org, "pro").await;
    let (key, _, _) = keyed(&app, org, Role::Admin, &[Scope::WorkspacesWrite]).await;
    let key = Arc::new(key.with("idempotency-key", "a"));
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let key = key.clone();
        attempts
            .spawn(async move { key.post("/api/v1/workspaces", json!({ "name": "One" })).await });
    }
    let answers = attempts.join_all().await;
    let fresh = |it: &&Answer| it.status == 201 && it.header("idempotent-replayed").is_empty();
    assert_eq!(answers.iter().filter(fresh).count(), 1);
    assert!(answers.iter().all(|it| it.status == 201 || it.status == 409), "{answers:?}");
    let count: i64 = sqlx::query_scalar("select count(*) from workspace where name = 'One'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn what_a_plan_does_not_keep_is_deleted() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (key, owner, made) = keyed(&app, org, Role::Member, &[Scope::OrgRead]).await;
    key.get("/api/v1/org").await.expect(200);
    app.state.usage.flush(&app.state).await.unwrap();
    sqlx::query(
        "insert into api_usage
         select org_id, key_id, day - d, operation, calls, client_errors, server_errors, limited,
                units, buckets
           from api_usage, generate_series(1, 60) d",
    )
    .execute(app.pool())
    .await
    .unwrap();
    tidy(&app).await;
    let kept: i64 =
        sqlx::query_scalar("select count(*) from api_usage").fetch_one(app.pool()).await.unwrap();
    assert_eq!(kept, 31);
    let usage = owner.get("/api/v1/usage?from=2026-01-01&until=2026-11-22").await.expect(200);
    assert_eq!(usage.json()["from"], "2026-10-23");
    owner.get("/api/v1/usage?from=2020-01-01").await.expect(422);
    assert_eq!(usage.json()["keys"][0]["key_id"], json!(made.id));
}

async fn tidy(app: &App) {
    let mut tx = app.system().await;
    sqlx::query("select app.enqueue('api_keys.tidy', '{}', $1, 1, null)")
        .bind(app.state.clock.now())
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app.run_jobs().await;
}

// Devices.

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

/// Keys, their use over a month, and a device that waits; for pages to show.
pub async fn furnished(app: &App) -> (Caller, String, String) {
    let org = app.org("Acme").await;
    set_plan(app, org, "pro").await;
    let owner = app.member(org, Role::Owner).await;
    let wide = json!({ "name": "GitHub Actions, shop", "scopes": ["sessions:read", "sessions:write", "artifacts:read"], "expires_at": "2027-02-20T12:00:00Z" });
    let (id, secret) = create(&owner, wide).await;
    let test = json!({ "name": "Pipeline rehearsal", "mode": "test", "scopes": ["sessions:read"], "expires_at": "2026-12-01T12:00:00Z" });
    create(&owner, test).await;
    let (gone, _) = create(&owner, json!({ "name": "Old laptop", "scopes": ["org:read"] })).await;
    owner.delete(&format!("/api/v1/keys/{gone}")).await.expect(204);
    with_key(app, &secret).get("/api/v1/sessions").await.expect(200);
    app.state.usage.flush(&app.state).await.unwrap();
    for (operation, share) in
        [("POST /api/v1/analyze", 9), ("GET /api/v1/artifacts/{session_id}/archive", 5)]
    {
        sqlx::query(
            "insert into api_usage
             select org_id, key_id, day - d, $1, (n * $2)::bigint, n / 12, n / 40, n / 25,
                    n * $2 * 4, array[0, n, 2 * n, 3 * n, 2 * n, n, 0, n / 9, 0, 0, 0]::bigint[]
               from api_usage, generate_series(0, 29) d,
                    lateral (select 20 + (d * 37) % 61 - 14 * ((d + 1) % 7 / 5) as n)
              where operation = 'GET /api/v1/sessions'",
        )
        .bind(operation)
        .bind(share)
        .execute(app.pool())
        .await
        .unwrap();
    }
    let (_, code) = ask_in_named(app).await;
    (owner, id, code)
}

async fn ask_in_named(app: &App) -> (String, String) {
    let fields = [("client_id", "CloudGen CLI"), ("device_name", "heron")];
    let caller = app.anonymous().with("user-agent", "cloudgen/0.1.0 (linux; x86_64)");
    let asked = caller.submit("/api/v1/device/code", &fields).await.expect(200).json();
    let text = |name: &str| asked[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_keys_are_for_everyone() {
    let (app, base) = App::served().await;
    let (owner, id, code) = furnished(&app).await;
    let browser = Browser::start().await;
    let cookie = owner.cookie("cloudgen").unwrap();
    browser.become_caller(&base, Some(("cloudgen", &cookie))).await;
    let mut problems = Vec::new();
    for (template, path) in [
        ("keys/index.html", "/settings/keys".to_owned()),
        ("keys/show.html", format!("/settings/keys/{id}")),
        ("keys/rotate.html", format!("/settings/keys/{id}/rotate")),
        ("keys/usage.html", format!("/settings/keys/{id}/usage")),
        ("keys/usage.html", "/settings/keys/usage?days=90".to_owned()),
        ("keys/device.html", format!("/device?code={code}")),
    ] {
        let page = owner.get(&path).await.expect(200);
        assert_eq!(page.template.as_deref(), Some(template), "{path}");
        well_made(&path, &page.text);
        problems.extend(browser.survey(&format!("{base}{path}")).await);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test]
async fn the_forms_of_keys_work_without_script() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let empty = owner.get("/settings/keys").await.expect(200);
    assert!(empty.text.contains("No API keys yet"));
    let refused = owner
        .submit("/settings/keys/new", &[("name", "typed"), ("networks", "here"), ("mode", "test")])
        .await
        .expect(422);
    well_made("/settings/keys/new", &refused.text);
    assert!(
        refused.text.contains("value=\"typed\"") && refused.text.contains("Choose at least one")
    );

    let (id, _) =
        create(&owner, json!({ "name": "one", "scopes": ["org:read", "audit:read"] })).await;
    let path = format!("/settings/keys/{id}");
    let fields = [
        ("name", "two"),
        ("scope.org:read", "on"),
        ("networks", "192.0.2.1, 198.51.100.0/24\n2001:db8::/32"),
        ("expires_at", "2026-12-24"),
    ];
    assert_eq!(owner.submit(&path, &fields).await.location(), path);
    let key = owner.get(&format!("/api/v1/keys/{id}")).await.expect(200).json();
    assert_eq!(key["networks"].as_array().unwrap().len(), 3);
    assert_eq!(
        (&key["scopes"], &key["expires_at"]),
        (&json!(["org:read"]), &json!("2026-12-24T23:59:59Z"))
    );
    owner.submit(&path, &[("name", "two")]).await.expect(422);
    let page = owner.submit(&format!("{path}/rotate"), &[("overlap_hours", "1")]).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("keys/created.html"));
    assert_eq!(owner.submit(&format!("{path}/revoke"), &[]).await.location(), "/settings/keys");
    let page = owner.get(&path).await.expect(200);
    well_made(&path, &page.text);
    assert!(page.text.contains("This key is revoked"));
}
