//! The service in-process, on a database of its own, with callers to use it.

mod database;
mod http;
mod people;
mod receiver;

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Duration, Utc};
use cloudgen::app;
use cloudgen::features::orgs;
use cloudgen::platform::access::Role;
use cloudgen::platform::clock::Clock;
use cloudgen::platform::config::{Config, MailTo};
use cloudgen::platform::ctx::Client;
use cloudgen::platform::db::{SystemTx, Tx};
use cloudgen::platform::events::Who;
use cloudgen::platform::http as serving;
use cloudgen::platform::ids::Ids;
use cloudgen::platform::jobs;
use cloudgen::platform::login::{self, Level};
use cloudgen::platform::mail::Sent;
use cloudgen::platform::state::AppState;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::net::TcpListener;
use uuid::Uuid;

pub use database::Database;
pub use http::{Answer, Caller};
pub use people::{PASSWORD, address, between, link};
pub use receiver::Receiver;

/// When tests begin.
pub fn start() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// The service, as one test sees it. Its database goes with it.
pub struct App {
    pub state: AppState,
    pub database: Arc<Database>,
    router: Router,
}

impl App {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A service that is configured differently.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = Database::fresh().await;
        let mut config = config();
        change(&mut config);
        Self::on(Arc::new(database), config)
    }

    /// A service that listens, for a browser, and where.
    pub async fn served() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let app = Self::with(|config| config.public_url.clone_from(&base)).await;
        let forever = std::future::pending();
        let (router, patience) = (app.router.clone(), serving::HEAD_TIMEOUT);
        tokio::spawn(async move { serving::serve(listener, router, patience, forever).await });
        (app, base)
    }

    /// A second server on the same database.
    pub fn another(&self) -> Self {
        Self::on(self.database.clone(), self.state.config.clone())
    }

    fn on(database: Arc<Database>, config: Config) -> Self {
        let clock = Clock::fixed(start());
        let state = app::state(config, &database.url, clock, Ids::random()).unwrap();
        let router = app::router(state.clone());
        Self { state, database, router }
    }

    pub fn pool(&self) -> &PgPool {
        self.state.db.pool()
    }

    pub fn advance(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    /// A transaction to prepare or look at things with.
    pub async fn system(&self) -> SystemTx {
        self.state.db.system(Who::system()).await.unwrap()
    }

    pub fn anonymous(&self) -> Caller {
        Caller::new(self.router.clone())
    }

    /// A new account, in no organisation and not signed in.
    pub async fn account(&self, name: &str) -> Uuid {
        let mut tx = self.system().await;
        let id = tx.new_id();
        let email = format!("{}-{id}@example.com", orgs::slug(name));
        sqlx::query(
            "insert into account (id, email, name, email_verified_at, created_at)
             values ($1, $2, $3, $4, $4)",
        )
        .bind(id)
        .bind(email)
        .bind(name)
        .bind(tx.now())
        .execute(&mut *tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        id
    }

    /// Someone who is signed in to no organisation.
    pub async fn person(&self, name: &str) -> Caller {
        let account = self.account(name).await;
        self.sign_in(account, None).await
    }

    /// An organisation, with an owner who does not appear further.
    pub async fn org(&self, name: &str) -> Uuid {
        let founder = self.account("Founder").await;
        let mut tx = self.system().await;
        let org = orgs::found(&mut tx, founder, name).await.unwrap();
        tx.commit().await.unwrap();
        org
    }

    pub async fn set_plan(&self, org: Uuid, plan: &str) {
        sqlx::query("update org set plan = $2 where id = $1")
            .bind(org)
            .bind(plan)
            .execute(self.pool())
            .await
            .unwrap();
    }

    /// Someone with a role in an organisation, signed in to it.
    pub async fn member(&self, org: Uuid, role: Role) -> Caller {
        let account = self.account(role.as_str()).await;
        sqlx::query(
            "insert into member (org_id, account_id, role, created_at) values ($1, $2, $3, $4)",
        )
        .bind(org)
        .bind(account)
        .bind(role)
        .bind(self.state.clock.now())
        .execute(self.pool())
        .await
        .unwrap();
        self.sign_in(account, Some(org)).await
    }

    /// The owner of a new organisation.
    pub async fn owner(&self) -> Caller {
        let org = self.org("Acme").await;
        self.member(org, Role::Owner).await
    }

    pub async fn sign_in(&self, account: Uuid, org: Option<Uuid>) -> Caller {
        let client = Client { request_id: "test".into(), ..Client::default() };
        let mut tx = self.state.db.system(Who::anonymous(client)).await.unwrap();
        let token = login::create(&mut tx, account, org, Level::TwoFactor).await.unwrap();
        tx.commit().await.unwrap();
        let mut caller = self.anonymous();
        caller.account = Some(account);
        caller.org = org;
        caller.set_cookie(&login::cookie(&self.state.config, &token).to_string());
        caller
    }

    /// Runs the jobs that are due by the test's clock, until none is left.
    pub async fn run_jobs(&self) {
        loop {
            self.run_due_jobs().await;
            let more: bool = sqlx::query_scalar(
                "select exists (select from graphile_worker._private_jobs
                                 where run_at <= $1 and attempts = 0)",
            )
            .bind(self.state.clock.now())
            .fetch_one(self.pool())
            .await
            .unwrap();
            if !more {
                break;
            }
        }
    }

    async fn run_due_jobs(&self) {
        // The queue goes by the database's clock: make due what is due by ours,
        // and put off the rest, also of what the jobs enqueue.
        sqlx::query(
            "update graphile_worker._private_jobs
                set run_at = case when run_at <= $1 then now() - interval '1 minute'
                                  else run_at + interval '1000 years' end",
        )
        .bind(self.state.clock.now())
        .execute(self.pool())
        .await
        .unwrap();
        let put_off = format!(
            "create or replace function put_off() returns trigger language plpgsql as $$
             begin
                 new.run_at := case when new.run_at <= '{}' then now() - interval '1 minute'
                                    else new.run_at + interval '1000 years' end;
                 return new;
             end $$;
             create trigger put_off before insert on graphile_worker._private_jobs
                 for each row execute function put_off()",
            self.state.clock.now().to_rfc3339(),
        );
        sqlx::raw_sql(AssertSqlSafe(put_off)).execute(self.pool()).await.unwrap();
        let worker = jobs::worker(&self.state, app::jobs(), std::future::pending());
        worker.run_once().await.unwrap();
        sqlx::query("drop trigger put_off on graphile_worker._private_jobs")
            .execute(self.pool())
            .await
            .unwrap();
        sqlx::query(
            "update graphile_worker._private_jobs
                set run_at = case when run_at > now() + interval '500 years'
                                  then run_at - interval '1000 years'
                                  else $1 + (run_at - now()) end",
        )
        .bind(self.state.clock.now())
        .execute(self.pool())
        .await
        .unwrap();
    }

    /// Sends what waits to be sent, and returns what was sent since last time.
    pub async fn mails(&self) -> Vec<Sent> {
        self.run_jobs().await;
        self.state.mail.take_sent()
    }

    /// The names of an organisation's events, in order.
    pub async fn events(&self, org: Uuid) -> Vec<String> {
        sqlx::query_scalar(
            "select name || case outcome when 'success' then '' else ' ' || outcome end
               from event where org_id = $1 order by seq",
        )
        .bind(org)
        .fetch_all(self.pool())
        .await
        .unwrap()
    }
}

fn config() -> Config {
    let mut config = Config::read(&|name| match name {
        "HOME" => Some("/nonexistent".to_owned()),
        "CLOUDGEN_SECRET_KEY" => Some("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=".to_owned()),
        "CLOUDGEN_POOL_SIZE" => Some("4".to_owned()),
        "CLOUDGEN_DEV" => Some("true".to_owned()),
        // Where the tests' receivers of webhooks are.
        "CLOUDGEN_OUTBOUND_ALLOW" => Some("127.0.0.1".to_owned()),
        _ => None,
    })
    .unwrap();
    config.mail = MailTo::Memory;
    config
}
