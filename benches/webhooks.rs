//! How many webhooks are delivered, and how fast a long log of them is listed.
//!
//! `cargo bench --bench webhooks` prints
//!
//! - deliveries per second from the queue to a receiver on this machine, each
//!   signed, sent, answered and written down;
//! - the slowest of twenty answers to lists of deliveries, in a log of a
//!   million, for each way of filtering them.
//!
//! Uses a private Postgres of its own, and stops by itself.

use std::error::Error;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use cloudgen::app;
use cloudgen::features::orgs;
use cloudgen::platform::clock::Clock;
use cloudgen::platform::config::Config;
use cloudgen::platform::db::Tx as _;
use cloudgen::platform::events::{self, Event, Who};
use cloudgen::platform::ids::Ids;
use cloudgen::platform::jobs;
use cloudgen::platform::login::{self, Level};
use cloudgen::platform::postgres::{self, Dirs};
use cloudgen::platform::state::AppState;
use serde_json::{Value, json};
use tower::ServiceExt as _;
use uuid::Uuid;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const DELIVERIES: usize = 3_000;
const LOG: i64 = 1_000_000;
const ASKED: usize = 60;

/// Lists are answered within this time, nineteen times of twenty.
const AIM_LIST: Duration = Duration::from_millis(50);

struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn main() -> Result<()> {
    // What `cargo test --benches` passes is not for us to act on.
    if std::env::args().any(|it| it == "--test") {
        return Ok(());
    }
    let path = std::env::temp_dir().join(format!("cloudgen-bench-{}", Ids::random().next()));
    std::fs::DirBuilder::new().mode(0o711).create(&path)?;
    let home = Home(path);
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    let cache =
        Dirs::new(None, variable("XDG_CACHE_HOME").as_deref(), variable("HOME").as_deref()).cache;
    let dirs = Dirs { data: home.0.join("cloudgen"), cache };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(&dirs))
}

async fn run(dirs: &Dirs) -> Result<()> {
    let postgres = postgres::start(dirs).await?;
    let data = dirs.data.to_string_lossy().into_owned();
    let config = Config::read(&|name| match name {
        "CLOUDGEN_DATA_DIR" => Some(data.clone()),
        "CLOUDGEN_OUTBOUND_ALLOW" => Some("127.0.0.1".to_owned()),
        "HOME" => Some("/nonexistent".to_owned()),
        _ => None,
    })?;
    let state = app::state(config, postgres.url(), Clock::system(), Ids::random())?;
    state.db.migrate().await?;
    let (org, cookie) = sign_in(&state).await?;
    let caller = Caller { router: app::router(state.clone()), cookie };

    let (url, received) = receiver().await?;
    let new = json!({ "url": url, "events": ["workspace.renamed"] });
    let webhook = caller.ask("POST", "/api/v1/webhooks", Some(new)).await?;
    let id: Uuid = webhook["id"].as_str().ok_or("no id")?.parse()?;
    deliver(&state, org, &received).await?;
    lists(&state, &caller, (org, id)).await?;
    state.db.pool().close().await;
    postgres.stop().await?;
    Ok(())
}

async fn deliver(state: &AppState, org: Uuid, received: &AtomicUsize) -> Result<()> {
    for _ in 0..DELIVERIES / 100 {
        let mut tx = state.db.tenant(org, Who::system()).await?;
        for _ in 0..100 {
            let renamed = Event::new("workspace.renamed").after(json!({ "name": "Payments" }));
            events::emit(&mut tx, renamed).await?;
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
        let mut times = Vec::with_capacity(ASKED);
        for _ in 0..ASKED {
            let begun = Instant::now();
            caller.ask("GET", &format!("{base}{query}"), None).await?;
            times.push(begun.elapsed());
        }
        times.sort();
        let p95 = times[ASKED * 95 / 100];
        say(&format!(
            "a list, {what:<22} {:>9.1} ms p95  (aim: at most {} ms)",
            p95.as_secs_f64() * 1000.0,
            AIM_LIST.as_millis()
        ));
    }
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

/// Somebody who owns an organisation, and their cookie.
async fn sign_in(state: &AppState) -> Result<(Uuid, String)> {
    let mut tx = state.db.system(Who::system()).await?;
    let (account, now) = (tx.new_id(), tx.now());
    sqlx::query(
        "insert into account (id, email, name, email_verified_at, created_at)
         values ($1, 'ada@example.com', 'Ada', $2, $2)",
    )
    .bind(account)
    .bind(now)
    .execute(&mut *tx)
    .await?;
    let org = orgs::found(&mut tx, account, "Acme").await?;
    let token = login::create(&mut tx, account, Some(org), Level::Password).await?;
    tx.commit().await?;
    let cookie = login::cookie(&state.config, &token);
    Ok((org, format!("{}={}", cookie.name(), cookie.value())))
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

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}
