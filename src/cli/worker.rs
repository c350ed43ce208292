//! `cloudgen worker`: background jobs in a process of their own.

use std::process::ExitCode;

use crate::app;
use crate::cli::serve::{Database, stop_signal};
use crate::platform::config::Config;
use crate::platform::{jobs, telemetry};

pub async fn run() -> anyhow::Result<ExitCode> {
    let config = Config::from_env()?;
    telemetry::log(config.log);
    let database = Database::open(&config).await?;
    let state = database.state(config)?;
    state.db.migrate().await?;
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
