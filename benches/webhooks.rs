//! How many webhooks are delivered, and how fast a long log of them is listed.
//!
//! `cargo bench --bench webhooks` prints
//!
//! - deliveries per second from the queue to a receiver on this machine, each
//!   signed, sent, answered and written down;
//! - the slowest of twenty answers to lists of deliveries, in a log of a
//!   million, for each way of filtering them;
//! - the same of keys and their use, with a million rows of the latter.
//!
//! Uses a private Postgres of its own, and stops by itself.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use cloudgen::app;
use cloudgen::platform::events::{self, Event, Who};
use cloudgen::platform::jobs;
use cloudgen::platform::postgres::{self, Dirs};
use cloudgen::platform::state::AppState;
use serde_json::{Value, json};
use support::{Home, Result, say};
use tower::ServiceExt as _;
use uuid::Uuid;

const DELIVERIES: usize = 3_000;
const LOG: i64 = 1_000_000;
const ASKED: usize = 60;
/// Keys that were used every day, and what for.
const KEYS: u32 = 40;
const OPERATIONS: i64 = 80;

/// Lists are answered within this time, nineteen times of twenty.
const AIM_LIST: Duration = Duration::from_millis(50);

fn main() -> Result<()> {
    if support::is_test() {
        return Ok(());
    }
    let home = Home::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&home.dirs))
}

async fn run(dirs: &Dirs) -> Result<()> {
    let postgres = postgres::start(dirs).await?;
    let state = support::service(dirs, postgres.url()).await?;
    let owner = support::owner(&state).await?;
    let caller = Caller { router: app::router(state.clone()), cookie: owner.cookie };

    let (url, received) = receiver().await?;
    let new = json!({ "url": url, "events": ["workspace.renamed"] });
    let webhook = caller.ask("POST", "/api/v1/webhooks", Some(new)).await?;
    let id: Uuid = webhook["id"].as_str().ok_or("no id")?.parse()?;
    deliver(&state, owner.org, &received).await?;
    lists(&state, &caller, (owner.org, id)).await?;
    usage(&state, &caller, owner.org).await?;
    state.db.pool().close().await;
    postgres.stop().await?;
    Ok(())
}

async fn deliver(state: &AppState, org: Uuid, received: &AtomicUsize) -> Result<()> {
    for _ in 0..DELIVERIES / 100 {
        let mut tx = state.db.tenant(org, Who::system()).await?;
        for _ in 0..100 {
            let renamed = Event::new("workspace.renamed").after(json!({ "name": "Payments" }));
            events::emit(&mut tx, renamed);
        }
        tx.commit().await?;
    }
    let begun = Instant::now();
    let worker = jobs::worker(state, app::jobs(), std::future::pending());
    worker.run_once().await?;
    let took = begun.elapsed();
    let arrived = received.load(Ordering::SeqCst);
    if arrived != DELIVERIES {
        return Err(format!("{arrived} of {DELIVERIES} arrived").into());
    }
    let rate = f64::from(u32::try_from(arrived)?) / took.as_secs_f64();
    say(&format!("deliveries to one receiver     {rate:>9.0} per second"));
    Ok(())
}

/// Fills the log, and asks for parts of it.
async fn lists(state: &AppState, caller: &Caller, (org, id): (Uuid, Uuid)) -> Result<()> {
    let pool = state.db.pool();
    // Ids that grow with time, as those of the service do.
    sqlx::query(
        "insert into webhook_message (id, org_id, type, body, test, created_at)
         select ('00000000-0001-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1,
                case when n % 1000 = 1 then 'artifacts.failed' else 'workspace.created' end,
                '{}', false, now() - interval '20 days' + n * interval '1 second'
           from generate_series(1, $2) n",
    )
    .bind(org)
    .bind(LOG)
    .execute(pool)
    .await?;
    sqlx::query(
        "insert into webhook_delivery
                (id, org_id, endpoint_id, message_id, type, status, attempts, response, created_at)
         select id, org_id, $2, id, type,
                case when created_at > now() - interval '20 days' + interval '15 seconds'
                     then 'delivered' else 'failed' end, 1, 200, created_at
           from webhook_message where org_id = $1 and body = '{}'",
    )
    .bind(org)
    .bind(id)
    .execute(pool)
    .await?;
    sqlx::query("analyze webhook_message, webhook_delivery").execute(pool).await?;

    let base = format!("/api/v1/webhooks/{id}/deliveries");
    for (what, query) in [
        ("all", ""),
        ("by status", "?status=failed"),
        ("by type", "?type=artifacts.failed"),
        ("by both", "?type=artifacts.failed&status=failed"),
        ("by both, most of them", "?type=workspace.created&status=delivered"),
    ] {
        measure(caller, &format!("a list, {what}"), &format!("{base}{query}")).await?;
    }
    Ok(())
}

/// Fills what is known about the use of keys, and asks for reports of it.
async fn usage(state: &AppState, caller: &Caller, org: Uuid) -> Result<()> {
    for nth in 0..KEYS {
        let new =
            json!({ "name": format!("key {nth}"), "mode": "live", "scopes": ["sessions:read"] });
        caller.ask("POST", "/api/v1/keys", Some(new)).await?;
    }
    // As many operations as the API has, on every day of the past.
    let days = i32::try_from(LOG / (i64::from(KEYS) * OPERATIONS))?;
    for fill in [
        "insert into api_usage
                (org_id, key_id, day, operation, calls, client_errors, server_errors, limited, units, buckets)
         select $1, k.id, current_date - d, 'GET /api/v1/operation/' || o, 100, 2, 0, 1, 100, array_fill(9, array[11])
           from api_key k, generate_series(0, $2 - 1) d, generate_series(1, $3) o
          where k.org_id = $1",
        "insert into api_usage_of_key
                (org_id, key_id, day, calls, client_errors, server_errors, limited, units, buckets)
         select $1, k.id, current_date - d, 100 * $3, 2 * $3, 0, $3, 100 * $3, array_fill(9 * $3, array[11])
           from api_key k, generate_series(0, $2 - 1) d
          where k.org_id = $1",
        "insert into api_usage_of_operation
                (org_id, day, operation, calls, client_errors, server_errors, limited, units, buckets)
         select $1, current_date - d, 'GET /api/v1/operation/' || o, 100 * k.n, 2 * k.n, 0, k.n, 100 * k.n, array_fill(9 * k.n, array[11])
           from (select count(*) as n from api_key where org_id = $1) k,
                generate_series(0, $2 - 1) d, generate_series(1, $3) o",
    ] {
        let fill = sqlx::query(fill).bind(org).bind(days).bind(OPERATIONS);
        fill.execute(state.db.pool()).await?;
    }
    sqlx::query("analyze api_usage, api_usage_of_key, api_usage_of_operation")
        .execute(state.db.pool())
        .await?;
    let keys = caller.ask("GET", "/api/v1/keys?limit=1", None).await?;
    let key = keys["items"][0]["id"].as_str().ok_or("no key")?.to_owned();
    measure(caller, "keys", "/api/v1/keys").await?;
    measure(caller, "use of 30 days", "/api/v1/usage").await?;
    let of_key = format!("/api/v1/usage?key_id={key}");
    measure(caller, "use of 30 days, of one key", &of_key).await
}

/// Tells how long nineteen of twenty answers take at most.
async fn measure(caller: &Caller, what: &str, path: &str) -> Result<()> {
    let mut times = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let begun = Instant::now();
        caller.ask("GET", path, None).await?;
        times.push(begun.elapsed());
    }
    times.sort();
    let p95 = times[ASKED * 95 / 100];
    say(&format!(
        "{what:<30} {:>9.1} ms p95  (aim: at most {} ms)",
        p95.as_secs_f64() * 1000.0,
        AIM_LIST.as_millis()
    ));
    Ok(())
}

/// Somebody else's server, and how often it was called.
async fn receiver() -> Result<(String, Arc<AtomicUsize>)> {
    let received = Arc::new(AtomicUsize::new(0));
    let counted = received.clone();
    let router = Router::new().fallback(move || {
        counted.fetch_add(1, Ordering::SeqCst);
        std::future::ready(axum::http::StatusCode::NO_CONTENT)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok((url, received))
}

struct Caller {
    router: Router,
    cookie: String,
}

impl Caller {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value> {
        let body = body.map_or_else(Body::empty, |it| Body::from(it.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1:8080")
            .header("cookie", &self.cookie)
            .header("content-type", "application/json")
            .body(body)?;
        let response = self.router.clone().oneshot(request).await?;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await?;
        if !status.is_success() {
            return Err(format!("{path}: {}", String::from_utf8_lossy(&bytes)).into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }
}
