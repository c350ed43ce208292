//! `cloudgen orgs`: the organisations of a server, and the plan of each.

use std::process::ExitCode;

use anyhow::bail;
use clap::Subcommand;

use crate::app::operator::{self, Row};
use crate::cli::serve::Database;
use crate::platform::config::Config;
use crate::platform::state::AppState;

#[derive(Subcommand)]
pub enum Command {
    /// List the organisations with their plan and size
    List,
    /// Give an organisation another plan: free, pro or enterprise
    Plan {
        /// Its id, or its name if no other has that
        org: String,
        plan: String,
    },
}

pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let config = Config::from_env()?;
    let database = Database::join(&config).await?;
    let state = database.state(config)?;
    let done = match command {
        Command::List => list(&state).await,
        Command::Plan { org, plan } => set_plan(&state, &org, &plan).await,
    };
    database.close().await?;
    done
}

async fn list(state: &AppState) -> anyhow::Result<ExitCode> {
    let rows = operator::all(state).await?;
    let width = rows.iter().map(|it| it.name.chars().count()).max().unwrap_or(0).max(12);
    say(&format!("{:36}  {:width$}  {:10}  members  sessions", "id", "organisation", "plan"));
    for Row { id, name, plan, members, sessions } in rows {
        // A name is somebody else's text; a terminal must not obey it.
        let name: String = name.chars().filter(|it| !it.is_control()).collect();
        say(&format!("{id}  {name:width$}  {plan:10}  {members:>7}  {sessions:>8}"));
    }
    Ok(ExitCode::SUCCESS)
}

async fn set_plan(state: &AppState, wanted: &str, plan: &str) -> anyhow::Result<ExitCode> {
    let plans = operator::plan_names();
    if !plans.contains(&plan) {
        bail!("there is no plan {plan}; the plans are {}", plans.join(", "));
    }
    let rows = operator::all(state).await?;
    let named = |it: &&Row| it.id.to_string() == wanted || it.name == wanted;
    let org = match rows.iter().filter(named).collect::<Vec<_>>()[..] {
        [org] => org,
        [] => bail!("there is no organisation {wanted}; `cloudgen orgs list` shows all"),
        _ => bail!("several organisations are called {wanted}; give the id of one"),
    };
    operator::change_plan(state, org.id, plan).await?;
    say(&format!("{} has the plan {plan} now; before it was {}", org.name, org.plan));
    Ok(ExitCode::SUCCESS)
}

#[expect(clippy::print_stdout, reason = "this is what the command is asked for")]
fn say(line: &str) {
    println!("{line}");
}
