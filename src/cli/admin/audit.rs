//! `cloudgen audit`: does the trail still say what was written?

use std::process::ExitCode;

use clap::Subcommand;
use uuid::Uuid;

use crate::cli::serve::Database;
use crate::platform::config::Config;
use crate::platform::events;

#[derive(Subcommand)]
pub enum Command {
    /// Check every organisation's chain of events; name the first broken link
    Verify,
}

pub async fn run(Command::Verify: Command) -> anyhow::Result<ExitCode> {
    let config = Config::from_env()?;
    let database = Database::join(&config).await?;
    let state = database.state(config)?;
    let results = events::verify_all(state.db.pool()).await;
    database.close().await?;

    let results = results?;
    let mut intact = true;
    for (org_id, result) in &results {
        let whose =
            if *org_id == Uuid::nil() { "no organisation".to_owned() } else { org_id.to_string() };
        match result {
            Ok(count) => say(&format!("intact  {whose}: {count} events")),
            Err(broken) => {
                intact = false;
                say(&format!("BROKEN  {broken}"));
            }
        }
    }
    say(&format!("{} chain(s) checked", results.len()));
    Ok(if intact { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[expect(clippy::print_stdout, reason = "this is what the command is asked for")]
fn say(line: &str) {
    println!("{line}");
}
