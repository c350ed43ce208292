//! What the benchmarks that start the service have in common.
#![allow(dead_code, reason = "each benchmark uses what it needs")]

use std::error::Error;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cloudgen::app;
use cloudgen::features::orgs;
use cloudgen::platform::clock::Clock;
use cloudgen::platform::config::Config;
use cloudgen::platform::db::{SystemTx, Tx as _};
use cloudgen::platform::events::Who;
use cloudgen::platform::ids::Ids;
use cloudgen::platform::login::{self, Level};
use cloudgen::platform::postgres::Dirs;
use cloudgen::platform::state::AppState;
use sqlx::PgPool;
use uuid::Uuid;

pub type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Whether `cargo test --benches` runs this, which is not for us to act on.
pub fn is_test() -> bool {
    std::env::args().any(|it| it == "--test")
}

/// Directories of one run, removed with it.
pub struct Home {
    path: PathBuf,
    pub dirs: Dirs,
}

impl Home {
    pub fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("cloudgen-bench-{}", Ids::random().next()));
        std::fs::DirBuilder::new().mode(0o711).create(&path)?;
        let variable = |name| std::env::var_os(name).map(PathBuf::from);
        let cache = variable("XDG_CACHE_HOME");
        let cache = Dirs::new(None, cache.as_deref(), variable("HOME").as_deref()).cache;
        let dirs = Dirs { data: path.join("cloudgen"), cache };
        Ok(Self { path, dirs })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.path).ok();
    }
}

/// The service on a database that is up to date.
pub async fn service(dirs: &Dirs, url: &str) -> Result<AppState> {
    let data = dirs.data.to_string_lossy().into_owned();
    let config = Config::read(&|name| match name {
        "CLOUDGEN_DATA_DIR" => Some(data.clone()),
        "CLOUDGEN_OUTBOUND_ALLOW" => Some("127.0.0.1".to_owned()),
        "HOME" => Some("/nonexistent".to_owned()),
        _ => None,
    })?;
    let state = app::state(config, url, Clock::system(), Ids::random())?;
    state.db.migrate().await?;
    Ok(state)
}

/// Somebody with an account.
pub async fn account(tx: &mut SystemTx, nth: usize) -> Result<Uuid> {
    let (account, now) = (tx.new_id(), tx.now());
    sqlx::query(
        "insert into account (id, email, name, email_verified_at, created_at)
         values ($1, $2, 'Ada', $3, $3)",
    )
    .bind(account)
    .bind(format!("ada{nth}@example.com"))
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(account)
}

/// Somebody who owns an organisation on the largest plan.
pub struct Owner {
    pub account: Uuid,
    pub org: Uuid,
    pub cookie: String,
}

pub async fn owner(state: &AppState) -> Result<Owner> {
    let mut tx = state.db.system(Who::system()).await?;
    let account = account(&mut tx, 0).await?;
    let org = orgs::found(&mut tx, account, "Acme").await?;
    sqlx::query("update org set plan = 'enterprise'").execute(&mut *tx).await?;
    let token = login::create(&mut tx, account, Some(org), Level::Password).await?;
    tx.commit().await?;
    let cookie = login::cookie(&state.config, &token);
    Ok(Owner { account, org, cookie: format!("{}={}", cookie.name(), cookie.value()) })
}

/// Waits until no job is left to do.
pub async fn settle(pool: &PgPool) -> Result<()> {
    let left = "select count(*) from graphile_worker._private_jobs where run_at <= now()";
    while sqlx::query_scalar::<_, i64>(left).fetch_one(pool).await? > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

pub fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").ok();
}
