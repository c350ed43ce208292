//! A POST that is repeated with its Idempotency-Key happens once.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::post;
use chrono::Duration;
use cloudgen::platform::access::{Action, Role};
use cloudgen::platform::ctx::Ctx;
use cloudgen::platform::db::Tx;
use cloudgen::platform::error::{Error, Result};
use cloudgen::platform::events::{self, Event};
use cloudgen::platform::extract::Json;
use cloudgen::platform::state::AppState;
use cloudgen::platform::{idempotency, problem};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use crate::support::{App, Caller};

#[derive(Serialize, Deserialize)]
struct Thing {
    name: String,
}

/// A handler as slices write them: it makes a workspace and an event.
async fn create(
    ctx: Ctx,
    Json(thing): Json<Thing>,
) -> Result<(StatusCode, Json<serde_json::Value>)> {
    let mut tx = ctx.begin(Action::ManageWorkspaces).await?;
    let id: Uuid = sqlx::query_scalar(
        "insert into workspace (id, org_id, name, slug, created_at) values ($1, $2, $3, $4, $5) returning id",
    )
    .bind(tx.new_id())
    .bind(tx.org_id())
    .bind(&thing.name)
    .bind(format!("w-{}", tx.new_id()))
    .bind(tx.now())
    .fetch_one(&mut *tx)
    .await?;
    events::emit(&mut tx, Event::new("workspace.created").on("workspace", id));
    tx.commit().await?;
    match thing.name.as_str() {
        "broken" => Err(Error::Internal(anyhow::anyhow!("after the commit"))),
        _ => Ok((StatusCode::CREATED, Json(json!({ "id": id, "name": thing.name })))),
    }
}

async fn caller(app: &App, org: Uuid) -> Caller {
    let state = app.state.clone();
    let router = Router::new()
        .route("/things", post(create))
        .layer(from_fn_with_state(state.clone(), around))
        .with_state(state);
    app.member(org, Role::Admin).await.on(router)
}

async fn around(State(state): State<AppState>, request: Request, next: Next) -> Response {
    problem::as_json(request, async |request| {
        idempotency::layer(&state, request, async |request| next.run(request).await).await
    })
    .await
}

async fn workspaces(app: &App) -> i64 {
    sqlx::query_scalar("select count(*) from workspace where slug like 'w-%'")
        .fetch_one(app.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_answer_is_kept_and_given_again() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let caller = caller(&app, org).await.with("idempotency-key", "\"a\"");
    let body = json!({ "name": "one" });
    let first = caller.post("/things", body.clone()).await.expect(201);
    let again = caller.post("/things", body.clone()).await.expect(201);
    assert_eq!(first.text, again.text);
    assert_eq!(
        (first.header("idempotent-replayed"), again.header("idempotent-replayed")),
        ("", "true")
    );
    assert_eq!(again.header("content-type"), "application/json");
    assert_eq!(workspaces(&app).await, 1);

    caller.post("/things", json!({ "name": "another" })).await.expect(422);
    let other = caller.with("idempotency-key", "b");
    other.post("/things", body.clone()).await.expect(201);
    app.advance(Duration::hours(23));
    let other = other.with("idempotency-key", "a");
    assert_eq!(other.post("/things", body.clone()).await.expect(201).text, first.text);
    app.advance(Duration::hours(2));
    assert_ne!(other.post("/things", body).await.expect(201).text, first.text);
    assert_eq!(workspaces(&app).await, 3);
}

#[tokio::test]
async fn keys_of_others_do_not_collide() {
    let app = App::new().await;
    let (ours, theirs) = (app.org("Ours").await, app.org("Theirs").await);
    for org in [ours, theirs] {
        let caller = caller(&app, org).await.with("idempotency-key", "same");
        let answer = caller.post("/things", json!({ "name": "one" })).await.expect(201);
        assert_eq!(answer.header("idempotent-replayed"), "");
    }
    assert_eq!(workspaces(&app).await, 2);
}

#[tokio::test]
async fn a_failure_after_the_work_undoes_it() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let caller = caller(&app, org).await.with("idempotency-key", "a");
    caller.post("/things", json!({ "name": "broken" })).await.expect(500);
    assert_eq!(workspaces(&app).await, 0);
    // Without a key it is the handler's own commit that counts.
    let caller = caller.with("idempotency-key", "");
    caller.post("/things", json!({ "name": "one" })).await.expect(400);
}

#[tokio::test]
async fn of_fifty_at_once_one_works() {
    let app = App::with(|it| it.pool_size = 12).await;
    let org = app.org("Acme").await;
    let caller = Arc::new(caller(&app, org).await.with("idempotency-key", "a"));
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let caller = caller.clone();
        attempts.spawn(async move { caller.post("/things", json!({ "name": "one" })).await });
    }
    let answers = attempts.join_all().await;
    let fresh = |it: &&crate::support::Answer| {
        it.status == 201 && it.header("idempotent-replayed").is_empty()
    };
    assert_eq!(answers.iter().filter(fresh).count(), 1);
    assert!(answers.iter().all(|it| it.status == 201 || it.status == 409), "{answers:?}");
    assert_eq!(workspaces(&app).await, 1);
    let created = app.events(org).await.into_iter().filter(|it| it == "workspace.created").count();
    assert_eq!(created, 2, "the first workspace and this one");
}
