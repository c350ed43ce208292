//! What every request gets, whatever slice it is for.

use chrono::Duration;
use cloudgen::app;
use cloudgen::platform::access::Role;
use cloudgen::platform::crypto::Token;
use cloudgen::platform::error::Error;
use cloudgen::platform::jobs::{self, Job};
use cloudgen::platform::login;
use cloudgen::platform::rate_limit::{self, Limit};
use cloudgen::platform::state::AppState;
use insta::assert_snapshot;
use serde::{Deserialize, Serialize};

use crate::support::App;

/// ASVS V3.4.2 V3.4.4 V3.4.5 V3.4.6
#[tokio::test]
async fn every_answer_has_the_security_headers_and_a_request_id() {
    let app = App::new().await;
    let caller = app.anonymous();
    for path in [
        "/",
        "/nothing",
        "/api/v1/me",
        "/api/nothing",
        "/healthz",
        "/readyz",
        "/robots.txt",
        "/docs/api",
    ] {
        let answer = caller.get(path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path}: {name}");
        }
        let asked = app.anonymous().with("origin", "https://evil.example").get(path).await;
        assert_eq!(asked.header("access-control-allow-origin"), "", "{path}: no other origin");
        assert!(answer.header("x-request-id").len() == 36, "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: only with https");
    }
}

/// ASVS V3.4.3
#[tokio::test]
async fn nonces_are_used_once() {
    let app = App::new().await;
    let caller = app.anonymous();
    let (a, b) = (caller.get("/").await, caller.get("/").await);
    assert_ne!(a.header("content-security-policy"), b.header("content-security-policy"));
    let nonce = a.text.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    assert!(a.header("content-security-policy").contains(&format!("'nonce-{nonce}'")));
}

/// ASVS V3.3.1 V3.3.2 V3.3.3 V3.3.4 V3.4.1
#[tokio::test]
async fn https_hardens_the_cookie_and_asks_to_be_remembered() {
    let app = App::with(|it| it.public_url = "https://cloudgen.example".to_owned()).await;
    let owner = app.owner().await;
    assert!(owner.cookie("__Host-cloudgen").is_some());
    let cookie = login::cookie(&app.state.config, &Token::random()).to_string();
    for attribute in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute}");
    }
    let answer = owner.get("/api/v1/me").await.expect(200);
    assert!(answer.header("strict-transport-security").starts_with("max-age=31536000"));
}

#[tokio::test]
async fn refusals_of_the_api_are_problems() {
    let app = App::new().await;
    let caller = app.anonymous();
    let id = |answer: &crate::support::Answer| answer.header("x-request-id").to_owned();
    let answer = caller.get("/api/v1/me").await.expect(401);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_snapshot!(answer.text.replace(&id(&answer), "ID"), @r#"{"type":"/docs/problems/unauthenticated","title":"Unauthorized","status":401,"code":"unauthenticated","detail":"sign in to continue","instance":"/api/v1/me","request_id":"ID"}"#);
    let answer = caller.get("/api/v1/nothing").await.expect(404);
    assert_snapshot!(answer.text.replace(&id(&answer), "ID"), @r#"{"type":"/docs/problems/not_found","title":"Not Found","status":404,"code":"not_found","detail":"there is nothing here","instance":"/api/v1/nothing","request_id":"ID"}"#);
    let answer = caller.delete("/api/v1/me").await.expect(405);
    assert_snapshot!(answer.text.replace(&id(&answer), "ID"), @r#"{"type":"/docs/problems/method_not_allowed","title":"Method Not Allowed","status":405,"code":"method_not_allowed","detail":"not with this method","instance":"/api/v1/me","request_id":"ID"}"#);
}

/// ASVS V16.5.1
#[tokio::test]
async fn a_failure_of_ours_tells_nothing_about_the_inside() {
    let app = App::new().await;
    let owner = app.owner().await;
    sqlx::raw_sql("alter table workspace rename to hidden_from_queries")
        .execute(app.pool())
        .await
        .unwrap();
    let answer = owner.get("/api/v1/workspaces").await.expect(500);
    let problem = answer.json();
    assert_eq!(problem["code"], "internal");
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    let page = owner.get("/settings/workspaces").await.expect(500);
    for text in [&answer.text, &page.text] {
        for inside in ["workspace\"", "relation", "sqlx", "select", ".rs", "panicked"] {
            assert!(!text.contains(inside), "{inside} in {text}");
        }
    }
}

/// ASVS V2.2.1
#[tokio::test]
async fn what_the_browser_would_have_refused_the_server_refuses() {
    let app = App::new().await;
    let owner = app.owner().await;
    let long = "x".repeat(101);
    let cases: [(&str, &[(&str, &str)]); 5] = [
        ("/settings/workspaces", &[("name", "")]),
        ("/settings/workspaces", &[("name", &long)]),
        ("/settings/members/invite", &[("email", "nobody"), ("role", "member")]),
        ("/settings/members/invite", &[("email", "a@example.com"), ("role", "emperor")]),
        ("/orgs/new", &[("name", "https://example.com")]),
    ];
    for (path, form) in cases {
        let status = owner.submit(path, form).await.status;
        assert!([400, 422].contains(&status), "{path} {form:?}: {status}");
    }
    assert_eq!(app.events(owner.org.unwrap()).await, ["org.created", "workspace.created"]);
}

#[tokio::test]
async fn pages_send_strangers_to_sign_in_and_back() {
    let app = App::new().await;
    let answer = app.anonymous().get("/settings/audit?name=org").await;
    assert_eq!(
        (answer.status, answer.location()),
        (303, "/sign-in?next=/settings/audit%3Fname%3Dorg")
    );
}

/// ASVS V3.5.1
#[tokio::test]
async fn other_sites_cannot_submit_our_forms() {
    let app = App::new().await;
    let form = [("theme", "dark")];
    let evil = app.anonymous().with("origin", "https://evil.example");
    evil.submit("/theme", &form).await.expect(403);
    let evil = app.anonymous().with("sec-fetch-site", "cross-site");
    evil.submit("/theme", &form).await.expect(403);
    let ours = app.anonymous().with("sec-fetch-site", "same-origin");
    ours.submit("/theme", &form).await.expect(303);
}

#[tokio::test]
async fn too_much_is_refused() {
    let app = App::with(|it| it.body_limit = 1000).await;
    let much = "x".repeat(2000);
    app.anonymous().submit("/theme", &[("theme", &much)]).await.expect(413);
}

/// ASVS V7.3.1 V7.3.2
#[tokio::test]
async fn a_login_ends_when_unused_and_at_the_latest_after_its_time() {
    let app = App::new().await;
    let owner = app.owner().await;
    // Used every 20 hours it lasts for 30 days, not longer.
    for hours in (20..=30 * 24).step_by(20) {
        app.advance(Duration::hours(20));
        let status = owner.get("/api/v1/me").await.status;
        assert_eq!(status, if hours < 30 * 24 { 200 } else { 401 }, "after {hours} hours");
    }
    let idle = app.owner().await;
    app.advance(Duration::hours(24));
    idle.get("/api/v1/me").await.expect(401);
}

/// ASVS V6.3.3
#[tokio::test]
async fn an_organisation_can_insist_on_a_second_factor() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    sqlx::query("update login set level = 'password'").execute(app.pool()).await.unwrap();
    sqlx::query("update org set two_factor_required_from = $1")
        .bind(app.state.clock.now() + Duration::days(1))
        .execute(app.pool())
        .await
        .unwrap();
    admin.get("/api/v1/events").await.expect(200);
    for _ in 0..2 {
        app.advance(Duration::hours(12));
        admin.get("/api/v1/me").await;
    }
    let answer = admin.get("/api/v1/events").await.expect(403).json();
    assert_eq!(answer["code"], "two_factor_required");
    admin.get("/api/v1/me").await.expect(200);
    assert_eq!(admin.get("/settings/audit").await.location(), "/account/security");
}

#[tokio::test]
async fn a_rate_limit_holds_across_servers_and_refills() {
    let app = App::new().await;
    let other = app.another();
    let limit = Limit::new(5, Duration::minutes(5));
    let mut attempts = tokio::task::JoinSet::new();
    for i in 0..20 {
        let state = if i % 2 == 0 { app.state.clone() } else { other.state.clone() };
        attempts.spawn(async move { rate_limit::take(&state, "test:a", limit).await.is_ok() });
    }
    assert_eq!(attempts.join_all().await.into_iter().filter(|it| *it).count(), 5);
    assert!(rate_limit::take(&app.state, "test:b", limit).await.is_ok());

    let refused = rate_limit::take(&app.state, "test:a", limit).await.unwrap_err();
    let Error::RateLimited { retry_after } = refused else { panic!("{refused}") };
    assert_eq!(retry_after.as_secs(), 60);
    app.advance(Duration::seconds(60));
    assert!(rate_limit::take(&app.state, "test:a", limit).await.is_ok());
    assert!(rate_limit::take(&app.state, "test:a", limit).await.is_err());
    rate_limit::reset(&app.state, "test:a").await.unwrap();
    assert!(rate_limit::take(&app.state, "test:a", limit).await.is_ok());
}

#[derive(Serialize, Deserialize)]
struct Unknown {}

impl Job for Unknown {
    const NAME: &'static str = "test.unknown";

    async fn run(self, _: AppState) -> anyhow::Result<()> {
        anyhow::bail!("never reached")
    }
}

#[tokio::test]
async fn a_job_exists_exactly_if_its_transaction_commits() {
    let app = App::new().await;
    let count = async || {
        sqlx::query_scalar::<_, i64>("select count(*) from graphile_worker.jobs")
            .fetch_one(app.pool())
            .await
            .unwrap()
    };
    let org = app.org("Acme").await;
    let mut tx = app.state.db.tenant(org, cloudgen::platform::events::Who::system()).await.unwrap();
    jobs::enqueue(&mut tx, &Unknown {}).await.unwrap();
    drop(tx);
    assert_eq!(count().await, 0);
    let mut tx = app.state.db.tenant(org, cloudgen::platform::events::Who::system()).await.unwrap();
    jobs::enqueue(&mut tx, &Unknown {}).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count().await, 1);
}

/// Waits until as many rows as there are schedules say that `what` is done.
async fn scheduled(app: &App, what: &'static str) {
    let done = async {
        loop {
            let counted: i64 = sqlx::query_scalar(what).fetch_one(app.pool()).await.unwrap();
            if counted >= 5 {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), done).await.expect(what);
}

#[tokio::test]
async fn what_runs_every_hour_runs_by_itself() {
    let app = App::new().await;
    let work = async |what| {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let workers =
            jobs::worker(&app.state, app::jobs(), async { stopped.await.unwrap_or_default() });
        let working = tokio::spawn(async move { workers.run().await });
        scheduled(&app, what).await;
        drop(stop);
        working.await.unwrap();
    };
    work("select count(*) from graphile_worker._private_known_crontabs").await;
    // As after a stop of two hours, in which each would have run.
    sqlx::query(
        "update graphile_worker._private_known_crontabs
            set known_since = now() - interval '2 hours', last_execution = null",
    )
    .execute(app.pool())
    .await
    .unwrap();
    work(
        "select count(distinct name) from job_run where finished_at is not null and error is null",
    )
    .await;
}

#[tokio::test]
async fn health_and_readiness() {
    let app = App::new().await;
    assert_snapshot!(app.anonymous().get("/healthz").await.expect(200).text, @"ok");
    assert_snapshot!(app.anonymous().get("/readyz").await.expect(200).text, @"ok");
    app.pool().close().await;
    app.anonymous().get("/healthz").await.expect(200);
    app.anonymous().get("/readyz").await.expect(503);
}

#[tokio::test]
async fn whoever_is_slow_to_say_what_they_want_is_let_go() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = App::new().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = cloudgen::app::router(app.state.clone());
    let patience = std::time::Duration::from_millis(200);
    let serving =
        cloudgen::platform::http::serve(listener, router, patience, std::future::pending());
    tokio::spawn(serving);
    let mut slow = tokio::net::TcpStream::connect(address).await.unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await.unwrap();
    let mut said = Vec::new();
    let closed =
        tokio::time::timeout(std::time::Duration::from_secs(20), slow.read_to_end(&mut said));
    closed.await.expect("the connection is closed").ok();
    assert!(!String::from_utf8_lossy(&said).contains("200 OK"));
    let mut quick = tokio::net::TcpStream::connect(address).await.unwrap();
    quick.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut said = [0; 15];
    quick.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"HTTP/1.1 200 OK");
}
