//! `cloudgen keys`: API keys, for pipelines and for other machines.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::At;
use super::design::checked_id;
use crate::cli::failure::{Failure, Kind};
use crate::cli::output::Output;
use crate::cli::report::{self, list, text};

#[derive(Args)]
pub struct Keys {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum Command {
    /// List the keys, the newest first
    List,
    /// Create a key; its secret is printed this once
    Create {
        /// What it is for
        name: String,
        /// What it may do, such as sessions:write,artifacts:read
        #[arg(long, value_delimiter = ',', required = true)]
        scope: Vec<String>,
        /// A key to try things with
        #[arg(long)]
        test: bool,
        /// Days until it ends; never when absent
        #[arg(long, value_name = "DAYS")]
        expires_in: Option<u32>,
        /// Address or network it works from; can be repeated
        #[arg(long, value_name = "CIDR")]
        network: Vec<String>,
        /// Confine it to a workspace
        #[arg(long, value_name = "ID")]
        workspace: Option<String>,
    },
    /// Give a key a new secret, which is printed this once
    Rotate {
        id: String,
        /// Hours that the old secret works on
        #[arg(long, value_name = "HOURS", default_value_t = 24)]
        overlap: u32,
    },
    /// Revoke a key, which ends with its next request
    Revoke { id: String },
}

pub async fn run(args: &Keys) -> anyhow::Result<ExitCode> {
    let client = args.at.client()?;
    let output = &args.output;
    match &args.command {
        None | Some(Command::List) => {
            listed(&client.list("/api/v1/keys", usize::MAX).await?, output)
        }
        Some(Command::Create { name, scope, test, expires_in, network, workspace }) => {
            let new = json!({
                "name": name,
                "mode": if *test { "test" } else { "live" },
                "scopes": scope,
                "networks": network,
                "workspace_id": workspace,
                "expires_at": expires_in.map(ends).transpose()?,
            });
            made(&client.post("/api/v1/keys", &new).await?, output)
        }
        Some(Command::Rotate { id, overlap }) => {
            let path = format!("/api/v1/keys/{}/rotate", checked_id(id)?);
            made(&client.post(path, &json!({ "overlap_hours": overlap })).await?, output)
        }
        Some(Command::Revoke { id }) => {
            client.delete(format!("/api/v1/keys/{}", checked_id(id)?)).await?;
            output.print(&Value::Null, |_| {})
        }
    }
}

/// So many days from now, by the clock of this machine.
fn ends(days: u32) -> Result<String, Failure> {
    let now: DateTime<Utc> = std::time::SystemTime::now().into();
    let end = now.checked_add_days(chrono::Days::new(days.into()));
    let end = end.filter(|_| days > 0).ok_or_else(|| {
        Failure::new(Kind::Usage, format!("--expires-in {days}: give at least one day"))
    })?;
    Ok(end.to_rfc3339())
}

/// The secret alone on standard output, so that a script can take it.
fn made(key: &Value, output: &Output) -> anyhow::Result<ExitCode> {
    output.print(key, |out| {
        eprintln!("Keep it: it is not shown again. The id of the key is {}", text(&key["id"]));
        out.line(&report::clean(text(&key["secret"])));
    })
}

fn listed(keys: &[Value], output: &Output) -> anyhow::Result<ExitCode> {
    let rows: Vec<Vec<String>> = keys
        .iter()
        .map(|it| {
            let scopes: Vec<_> = list(&it["scopes"]).iter().map(text).collect();
            let used = text(&it["last_used_at"]).get(..10).unwrap_or("never");
            let cells = [
                text(&it["id"]),
                text(&it["name"]),
                text(&it["status"]),
                text(&it["mode"]),
                used,
                &scopes.join(" "),
            ];
            cells.map(str::to_owned).to_vec()
        })
        .collect();
    output.print(&json!({ "items": keys }), |out| {
        report::table(out, &["ID", "NAME", "STATUS", "MODE", "USED", "SCOPES"], &rows);
    })
}
