//! `cloudgen worker`: background jobs in a process of their own.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::app;
use crate::cli::serve::{Database, stop_signal};
use crate::platform::config::Config;
use crate::platform::state::AppState;
use crate::platform::{jobs, telemetry};

/// How long a database is waited for, and how long between two looks.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

pub async fn run() -> anyhow::Result<ExitCode> {
    let config = Config::from_env()?;
    telemetry::log(config.log);
    let database = Database::join(&config).await?;
    let state = database.state(config)?;
    tokio::select! {
        ready = ready(&state) => ready?,
        () = stop_signal() => {
            database.close().await?;
            return Ok(ExitCode::SUCCESS);
        }
    }
    let worker = jobs::worker(&state, app::jobs(), stop_signal());
    tracing::info!("working on jobs");
    tokio::select! {
        () = worker.run() => {}
        // Goes on for as long as there is work.
        () = state.cache.tidy() => {}
    }
    database.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// Brings the database up to date. A worker is often started together with its
/// database, or while that is started again: it is waited for.
async fn ready(state: &AppState) -> anyhow::Result<()> {
    let started = Instant::now();
    loop {
        match state.db.migrate().await {
            Err(err) if started.elapsed() < PATIENCE => {
                tracing::warn!(error = format!("{err:#}"), "waiting for the database");
                tokio::time::sleep(PAUSE).await;
            }
            done => return done.context("cannot bring the database up to date"),
        }
    }
}
