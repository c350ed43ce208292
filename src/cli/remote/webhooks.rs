//! `cloudgen webhooks`: the endpoints there are, and a stand-in for one at home.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{At, listen};
use crate::cli::output::Output;
use crate::cli::report::{self, list, text};

#[derive(Args)]
pub struct Webhooks {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum Command {
    /// List the webhooks
    List,
    /// Forward what happens to a server on this machine, signed as a webhook
    Listen(listen::Listen),
}

pub async fn run(args: &Webhooks) -> anyhow::Result<ExitCode> {
    let client = args.at.client()?;
    let output = &args.output;
    if let Some(Command::Listen(args)) = &args.command {
        return listen::run(&client, args, output).await;
    }
    let items = client.list("/api/v1/webhooks", usize::MAX).await?;
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|it| {
            let events: Vec<_> = list(&it["events"]).iter().map(text).collect();
            let events = if events.is_empty() { "all".to_owned() } else { events.join(" ") };
            let cells = [text(&it["id"]), text(&it["status"]), text(&it["url"]), &events];
            cells.map(str::to_owned).to_vec()
        })
        .collect();
    output.print(&json!({ "items": items }), |out| {
        report::table(out, &["ID", "STATUS", "URL", "EVENTS"], &rows);
    })
}
