//! `cloudgen migrate`: for deployments that migrate apart from starting.

use std::process::ExitCode;

use crate::cli::serve::Database;
use crate::platform::config::Config;

pub async fn run() -> anyhow::Result<ExitCode> {
    let config = Config::from_env()?;
    let database = Database::join(&config).await?;
    let state = database.state(config)?;
    let done = state.db.migrate().await;
    database.close().await?;
    done?;
    eprintln!("The database is up to date.");
    Ok(ExitCode::SUCCESS)
}
