//! A database per test, copied from one that is migrated once.

use sqlx::migrate::MigrateDatabase;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Postgres};

use cloudgen::platform::clock::Clock;
use cloudgen::platform::crypto::{hex, sha256};
use cloudgen::platform::db::{Db, MIGRATIONS};
use cloudgen::platform::ids::Ids;

/// An arbitrary number that all test processes agree on.
const TEMPLATE_LOCK: i64 = 0x636c_6f75_6467_656e;

pub struct Database {
    pub url: String,
    name: String,
}

impl Database {
    pub async fn fresh() -> Self {
        let mut admin = admin().await;
        let template = template(&mut admin).await;
        let name = format!("cloudgen_test_{}", Ids::random().next().simple());
        let copy = format!("create database {name} template {template}");
        sqlx::query(AssertSqlSafe(copy)).execute(&mut admin).await.unwrap();
        Self { url: url_of(&name), name }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("drop database if exists {} with (force)", self.name);
        // The test's own runtime may be ending.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                sqlx::query(AssertSqlSafe(drop)).execute(&mut admin().await).await
            })?;
            Ok::<_, anyhow::Error>(())
        });
        if let Ok(Err(err)) = thread.join() {
            eprintln!("cannot drop {}: {err}", self.name);
        }
    }
}

/// The migrated database to copy, made by whoever comes first.
async fn template(admin: &mut PgConnection) -> String {
    let all: Vec<u8> = MIGRATIONS.iter().flat_map(|it| it.checksum.to_vec()).collect();
    let name = format!("cloudgen_template_{}", &hex(&sha256(all))[..16]);
    let exists = "select exists (select from pg_database where datname = $1)";
    if sqlx::query_scalar(exists).bind(&name).fetch_one(&mut *admin).await.unwrap() {
        return name;
    }
    sqlx::query("select pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut *admin)
        .await
        .unwrap();
    let exists: bool = sqlx::query_scalar(exists).bind(&name).fetch_one(&mut *admin).await.unwrap();
    if !exists {
        // Under another name until it is complete.
        let building = format!("{name}_building");
        Postgres::drop_database(&url_of(&building)).await.unwrap();
        Postgres::create_database(&url_of(&building)).await.unwrap();
        let pool = sqlx::PgPool::connect(&url_of(&building)).await.unwrap();
        Db::new(pool.clone(), Clock::system(), Ids::random()).migrate().await.unwrap();
        pool.close().await;
        let rename = format!("alter database {building} rename to {name}");
        sqlx::query(AssertSqlSafe(rename)).execute(&mut *admin).await.unwrap();
    }
    sqlx::query("select pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(admin).await.unwrap();
    name
}

fn options() -> PgConnectOptions {
    #[expect(clippy::disallowed_methods, reason = "tests are told where Postgres is")]
    let url = std::env::var("DATABASE_URL").expect("DATABASE_URL: run the tests with scripts/test");
    url.parse().unwrap()
}

fn url_of(name: &str) -> String {
    options().database(name).to_url_lossy().to_string()
}

async fn admin() -> PgConnection {
    PgConnection::connect_with(&options()).await.expect("Postgres at DATABASE_URL")
}
