//! What callers may use, and how much of it they used: quotas, idempotency, figures.

use std::sync::Arc;

use chrono::Duration;
use cloudgen::platform::access::{Role, Scope};
use cloudgen::platform::usage::Call;
use serde_json::{Value, json};

use crate::keys::{keyed, make, with_key};
use crate::program::{Server, ask};
use crate::support::{Answer, App};

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
    app.set_plan(org, "pro").await;
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
    let (_, owner, made) = keyed(&app, org, Role::Member, &[Scope::OrgRead]).await;
    for days in 0..=121 {
        app.state.usage.record(Call {
            org_id: org,
            key_id: made.id,
            operation: "GET /api/v1/org".to_owned(),
            status: 200,
            took: std::time::Duration::from_millis(4),
            units: 1,
            ip: None,
            at: app.state.clock.now() - Duration::days(days % 61),
        });
        if days == 60 {
            app.state.usage.flush(&app.state).await.unwrap();
        }
    }
    app.state.usage.flush(&app.state).await.unwrap();
    tidy(&app).await;
    for table in ["api_usage", "api_usage_of_key", "api_usage_of_operation"] {
        let kept = sqlx::AssertSqlSafe(format!("select count(*) from {table}"));
        let kept: i64 = sqlx::query_scalar(kept).fetch_one(app.pool()).await.unwrap();
        assert_eq!(kept, 31, "{table}");
    }
    let usage = owner.get("/api/v1/usage?from=2026-01-01&until=2026-11-22").await.expect(200);
    assert_eq!(usage.json()["from"], "2026-10-23");
    owner.get("/api/v1/usage?from=2020-01-01").await.expect(422);
    let usage = usage.json();
    let (total, key) = (&usage["total"], &usage["keys"][0]);
    assert_eq!((&total["calls"], &total["p95_ms"]), (&json!(62), &json!(5)));
    assert_eq!((&key["key_id"], &key["calls"]), (&json!(made.id), &json!(62)));
    assert_eq!(usage["days"][0]["calls"], json!(2));
    // Added up from what all did, and from what one did.
    let of_key = owner.get(&format!("/api/v1/usage?key_id={}", made.id)).await.expect(200);
    assert_eq!(
        of_key.json()["operations"],
        json!([{
            "operation": "GET /api/v1/org", "calls": 60, "client_errors": 0, "server_errors": 0,
            "limited": 0, "units": 60, "p50_ms": 3, "p95_ms": 5,
        }])
    );
    let of_all = owner.get("/api/v1/usage").await.expect(200);
    assert_eq!(of_all.json(), of_key.json());
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
