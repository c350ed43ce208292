//! API keys: who they let in, and as what.

use axum::extract::Request;
use chrono::{DateTime, Duration, Utc};
use cloudgen::platform::access::{Action, Role, Scope};
use cloudgen::platform::api_key::{Mode, Secret};
use cloudgen::platform::ctx::{Ctx, accept_keys};
use cloudgen::platform::db::Tx;
use serde_json::json;
use uuid::Uuid;

use crate::support::{App, Caller};

/// A key as the tests of the caller's side need it.
pub struct Made {
    pub id: Uuid,
    pub secret: Secret,
}

/// Puts a live key for `account` into the database.
pub async fn make(app: &App, org: Uuid, account: Uuid, scopes: &[Scope]) -> Made {
    make_in(Mode::Live, app, org, account, scopes).await
}

/// Puts a key of this mode for `account` into the database.
pub async fn make_in(mode: Mode, app: &App, org: Uuid, account: Uuid, scopes: &[Scope]) -> Made {
    let secret = Secret::random(mode);
    let mut tx = app.system().await;
    let (id, now): (Uuid, DateTime<Utc>) = (tx.new_id(), tx.now());
    let scopes: Vec<&str> = scopes.iter().map(|it| it.as_str()).collect();
    sqlx::query(
        "with key as (
             insert into api_key (id, org_id, account_id, name, mode, origin, scopes, last4, created_at)
             values ($1, $2, $3, 'deploy', $8, 'key', $4, $5, $6))
         insert into api_key_secret (hash, org_id, key_id, created_at) values ($7, $2, $1, $6)",
    )
    .bind(id)
    .bind(org)
    .bind(account)
    .bind(scopes)
    .bind(secret.last4())
    .bind(now)
    .bind(secret.hash())
    .bind(mode)
    .execute(&mut *tx)
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Made { id, secret }
}

/// Somebody who shows `secret` and no cookie.
pub fn with_key(app: &App, secret: &str) -> Caller {
    app.anonymous().with("authorization", format!("Bearer {secret}"))
}

/// A caller with a key of `scopes` that belongs to somebody with `role`.
pub async fn keyed(app: &App, org: Uuid, role: Role, scopes: &[Scope]) -> (Caller, Caller, Made) {
    let owner = app.member(org, role).await;
    let made = make(app, org, owner.account.unwrap(), scopes).await;
    (with_key(app, made.secret.reveal()), owner, made)
}

#[tokio::test]
async fn a_key_acts_for_its_owner_within_its_scopes() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let scopes = [Scope::OrgRead, Scope::WorkspacesWrite];
    let (key, owner, made) = keyed(&app, org, Role::Admin, &scopes).await;

    let me = key.get("/api/v1/me").await.expect(200).json();
    assert_eq!(me["id"], json!(owner.account));
    assert_eq!(me["key"]["scopes"], json!(["org:read", "workspaces:write"]));
    assert!(me["level"].is_null());

    key.post("/api/v1/workspaces", json!({ "name": "Made by a key" })).await.expect(201);
    let refused = key.get("/api/v1/events").await.expect(403).json();
    assert_eq!(refused["code"], "missing_scope");
    assert_eq!(refused["detail"], "this key lacks the scope audit:read");

    let trail = owner.get("/api/v1/events").await.expect(200).json();
    let acts: Vec<_> = trail["items"].as_array().unwrap()[..2]
        .iter()
        .map(|it| format!("{} {} {}", it["actor_kind"], it["name"], it["actor_label"]))
        .collect();
    assert!(acts[0].starts_with("\"key\" \"access.refused\" \"deploy ("), "{acts:?}");
    assert!(acts[1].starts_with("\"key\" \"workspace.created\""), "{acts:?}");
    assert_eq!(trail["items"][0]["actor_id"], json!(made.id));
}

#[tokio::test]
async fn what_is_not_a_working_key_is_refused_and_says_so() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (_, owner, made) = keyed(&app, org, Role::Admin, &[Scope::OrgRead]).await;
    let secret = made.secret.reveal();
    let unknown = Secret::random(Mode::Live);
    for (shown, detail) in [
        ("Bearer".to_owned(), "this is not an API key, or it is mistyped"),
        ("Basic YTpi".to_owned(), "this is not an API key, or it is mistyped"),
        (
            format!("Bearer {}x", &secret[..secret.len() - 1]),
            "this is not an API key, or it is mistyped",
        ),
        (
            format!("Bearer {}", unknown.reveal()),
            "this API key is not known, has expired or is revoked",
        ),
    ] {
        // Also when a cookie would have done: whoever shows a key means it.
        let caller = app.sign_in(owner.account.unwrap(), Some(org)).await;
        let answer = caller.with("authorization", shown).get("/api/v1/org").await.expect(401);
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"CloudGen\"");
        let problem = answer.json();
        assert_eq!((&problem["code"], &problem["detail"]), (&json!("invalid_key"), &json!(detail)));
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_one_costs_no_query() {
    let app = App::new().await;
    // A pool that is closed answers every query with an error.
    let caller = with_key(&app, "cg_live_0000000000000000000000000000002C8GjT");
    app.pool().close().await;
    caller.get("/api/v1/org").await.expect(401);
    let caller = with_key(&app, "cg_live_0000000000000000000000000000002C8GjS");
    caller.get("/api/v1/org").await.expect(500);
}

/// ASVS V7.4.2 V8.3.2
#[tokio::test]
async fn a_key_ends_at_once() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    for end in [
        "update api_key set revoked_at = now() where id = $1",
        "update api_key set expires_at = $2 where id = $1",
        "update api_key_secret set expires_at = $2 where key_id = $1",
        "update account set disabled_at = $2
          where id = (select account_id from api_key where id = $1)",
        "delete from member where account_id = (select account_id from api_key where id = $1)",
    ] {
        let (key, _, made) = keyed(&app, org, Role::Member, &[Scope::OrgRead]).await;
        key.get("/api/v1/org").await.expect(200);
        sqlx::query(end)
            .bind(made.id)
            .bind(app.state.clock.now())
            .execute(app.pool())
            .await
            .unwrap();
        key.get("/api/v1/org").await.expect(401);
    }

    // Who leaves and comes back finds the key revoked.
    let (key, owner, made) = keyed(&app, org, Role::Member, &[Scope::OrgRead]).await;
    let account = owner.account.unwrap();
    admin.delete(&format!("/api/v1/members/{account}")).await.expect(204);
    key.get("/api/v1/org").await.expect(401);
    let (owned, revoked): (bool, bool) = sqlx::query_as(
        "select account_id is not null, revoked_at is not null from api_key where id = $1",
    )
    .bind(made.id)
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!((owned, revoked), (false, true));
    assert!(app.events(org).await.ends_with(&["key.revoked".into(), "member.removed".into()]));
}

#[tokio::test]
async fn a_key_may_no_more_than_its_owner_now() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (key, owner, _) = keyed(&app, org, Role::Admin, &[Scope::AuditRead]).await;
    key.get("/api/v1/events").await.expect(200);
    sqlx::query("update member set role = 'member' where account_id = $1")
        .bind(owner.account)
        .execute(app.pool())
        .await
        .unwrap();
    let refused = key.get("/api/v1/events").await.expect(403).json();
    assert_eq!(refused["code"], "forbidden");

    sqlx::query("update org set two_factor_required_from = $1")
        .bind(app.state.clock.now() - Duration::days(1))
        .execute(app.pool())
        .await
        .unwrap();
    let refused = key.get("/api/v1/events").await.expect(403).json();
    assert_eq!(refused["code"], "two_factor_required");
}

#[tokio::test]
async fn a_key_works_only_from_where_it_may_and_only_on_the_api() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (key, _, made) = keyed(&app, org, Role::Admin, Scope::ALL).await;
    key.get("/settings").await.expect(303);
    sqlx::query("update api_key set networks = '{192.0.2.0/24}' where id = $1")
        .bind(made.id)
        .execute(app.pool())
        .await
        .unwrap();
    let refused = key.get("/api/v1/org").await.expect(403).json();
    assert_eq!(refused["code"], "address_not_allowed");
}

/// ASVS V8.2.1
#[tokio::test]
async fn no_key_does_what_only_a_person_may() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (key, _, _) = keyed(&app, org, Role::Owner, Scope::ALL).await;
    let nil = Uuid::nil();
    for (method, path, body) in [
        ("PATCH", "/api/v1/me".to_owned(), r#"{"name":"Robin"}"#),
        ("GET", "/api/v1/me/logins".to_owned(), ""),
        ("DELETE", "/api/v1/me/logins".to_owned(), ""),
        ("GET", "/api/v1/orgs".to_owned(), ""),
        ("POST", "/api/v1/orgs".to_owned(), r#"{"name":"Another"}"#),
        ("POST", format!("/api/v1/orgs/{nil}/switch"), ""),
        ("DELETE", "/api/v1/org".to_owned(), ""),
        ("POST", "/api/v1/org/restore".to_owned(), ""),
        ("POST", "/api/v1/org/transfer".to_owned(), &format!(r#"{{"account_id":"{nil}"}}"#)),
        ("POST", "/api/v1/org/leave".to_owned(), ""),
        ("PATCH", "/api/v1/org".to_owned(), r#"{"idle_minutes":60}"#),
    ] {
        let body = (!body.is_empty()).then(|| ("application/json", body.to_owned()));
        let answer = key.send(method, &path, body).await.expect(403);
        assert_eq!(answer.json()["code"], "person_only", "{method} {path}");
    }
    key.patch("/api/v1/org", json!({ "name": "Renamed" })).await.expect(200);
}

/// ASVS V8.2.2 V8.4.1
#[tokio::test]
async fn a_confined_key_sees_only_its_workspace() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let scopes = [Scope::OrgRead, Scope::SessionsRead, Scope::SessionsWrite];
    let (key, owner, made) = keyed(&app, org, Role::Admin, &scopes).await;
    let other = owner.post("/api/v1/workspaces", json!({ "name": "Other" })).await.expect(201);
    let other = other.json()["id"].as_str().unwrap().to_owned();
    sqlx::query(
        "update api_key set workspace_id = (select id from workspace where name = 'General')
          where id = $1",
    )
    .bind(made.id)
    .execute(app.pool())
    .await
    .unwrap();
    let seen = key.get("/api/v1/workspaces").await.expect(200).json();
    assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    assert_eq!(seen["items"][0]["name"], "General");
    key.get(&format!("/api/v1/workspaces/{other}")).await.expect(404);

    let body = json!({ "workspace_id": other, "text": "A web shop on AWS with a database" });
    let theirs = owner.post("/api/v1/analyze", body.clone()).await.expect(200).json();
    let theirs = format!("/api/v1/sessions/{}", theirs["session_id"].as_str().unwrap());
    for path in ["", "/messages", "/analyses", "/analyses/1"] {
        owner.get(&format!("{theirs}{path}")).await.expect(200);
        key.get(&format!("{theirs}{path}")).await.expect(404);
    }
    key.post("/api/v1/analyze", body).await.expect(404);
    let ours = json!({ "text": "A web shop on AWS with a database" });
    key.post("/api/v1/analyze", ours).await.expect(200);
    let listed = key.get("/api/v1/sessions").await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn every_action_asks_a_key_for_its_role_and_its_scope() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    for role in Role::ALL {
        for scope in Scope::ALL.iter().copied() {
            let (_, _, made) = keyed(&app, org, role, &[scope]).await;
            let ctx = ctx(&app, made.secret.reveal()).await;
            for action in Action::ALL.iter().copied() {
                let may = action.scope() == Some(scope) && role >= action.requires();
                assert_eq!(ctx.may(action), may, "{action:?} with {scope:?} as {role:?}");
            }
        }
    }
}

/// The caller that a handler of the API would get.
async fn ctx(app: &App, secret: &str) -> Ctx {
    use axum::routing::get;
    let (give, take) = std::sync::mpsc::channel();
    let router = axum::Router::new()
        .route("/", get(async move |ctx: Ctx| give.send(ctx).unwrap()))
        .layer(axum::middleware::map_request(async |it: Request| accept_keys(it)))
        .with_state(app.state.clone());
    with_key(app, secret).on(router).get("/").await.expect(200);
    take.recv().unwrap()
}
