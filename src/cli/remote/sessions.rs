//! `cloudgen sessions`: what there is, and keeping it in order.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::At;
use super::client::with_query;
use super::design::checked_id;
use crate::cli::output::Output;
use crate::cli::report::{self, Paper, dollars, list, text};

#[derive(Args)]
pub struct Sessions {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: Output,
}

#[derive(Subcommand)]
enum Command {
    /// List the sessions, the last changed first
    List {
        /// Words of the title or of a message
        #[arg(long, value_name = "WORDS")]
        search: Option<String>,
        #[arg(long, value_enum, default_value = "active")]
        state: State,
        /// Only those that were made in earnest, or those of keys in test mode
        #[arg(long, value_enum)]
        mode: Option<Mode>,
        /// At most so many
        #[arg(long, default_value_t = 30)]
        limit: usize,
    },
    /// Show a session and what its options cost
    Show { id: String },
    /// Give a session another title
    Rename { id: String, title: String },
    /// Put a session away; --undo takes it out again
    Archive {
        id: String,
        #[arg(long)]
        undo: bool,
    },
    /// Delete a session; for 30 days --undo takes that back
    Delete {
        id: String,
        #[arg(long)]
        undo: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum State {
    Active,
    Archived,
    Deleted,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mode {
    Live,
    Test,
}

pub async fn run(args: &Sessions) -> anyhow::Result<ExitCode> {
    let client = args.at.client()?;
    let path = |id: &str| checked_id(id).map(|id| format!("/api/v1/sessions/{id}"));
    let output = &args.output;
    // For people nothing is said of what went as they wanted it.
    let changed = |session: &Value| output.print(session, |_| {});
    let (search, state, mode, limit) = match &args.command {
        Some(Command::List { search, state, mode, limit }) => {
            (search.as_deref(), *state, *mode, *limit)
        }
        None => (None, State::Active, None, 30),
        Some(Command::Show { id }) => {
            let session = client.get(path(id)?).await?;
            return output.print(&session, |out| show(out, &session));
        }
        Some(Command::Rename { id, title }) => {
            return changed(&client.patch(path(id)?, &json!({ "title": title })).await?);
        }
        Some(Command::Archive { id, undo }) => {
            return changed(&client.patch(path(id)?, &json!({ "archived": !undo })).await?);
        }
        Some(Command::Delete { id, undo: false }) => {
            client.delete(path(id)?).await?;
            return changed(&Value::Null);
        }
        Some(Command::Delete { id, undo: true }) => {
            return changed(&client.post(format!("{}/restore", path(id)?), &json!({})).await?);
        }
    };
    let state = match state {
        State::Active => "active",
        State::Archived => "archived",
        State::Deleted => "deleted",
    };
    let mode = mode.map(|it| match it {
        Mode::Live => "live",
        Mode::Test => "test",
    });
    let fields = [("q", search), ("state", Some(state)), ("mode", mode)];
    let items = client.list(&with_query("/api/v1/sessions", &fields), limit).await?;
    output.print(&json!({ "items": items }), |out| {
        if items.is_empty() {
            out.line("There is no such session. Start one with cloudgen analyze \"…\"");
            return;
        }
        let rows: Vec<_> = items.iter().map(row).collect();
        report::table(out, &["ID", "CHANGED", "A MONTH", "TITLE"], &rows);
    })
}

fn row(it: &Value) -> Vec<String> {
    let cost = |it: &Value| it["monthly"].as_f64().map(dollars);
    let options = list(&it["headline"]["options"]);
    let recommended = &it["headline"]["recommended"];
    let chosen = options.iter().find(|it| it["tier"] == *recommended).and_then(cost);
    let changed = text(&it["updated_at"]).get(..16).unwrap_or_default().replace('T', " ");
    let mark = if it["mode"] == "test" { " (test)" } else { "" };
    vec![
        text(&it["id"]).to_owned(),
        changed,
        chosen.unwrap_or_default(),
        format!("{}{mark}", text(&it["title"])),
    ]
}

fn show(out: &mut Paper, it: &Value) {
    out.heading(text(&it["title"]));
    out.line(&format!("  id         {}", report::clean(text(&it["id"]))));
    out.line(&format!("  analyses   {}", it["analyses"]));
    out.line(&format!("  region     {}", report::clean(text(&it["headline"]["region"]))));
    for option in list(&it["headline"]["options"]) {
        let tier = text(&option["tier"]);
        let mark = if it["headline"]["recommended"] == tier { " (recommended)" } else { "" };
        let cost = option["monthly"].as_f64().map_or_else(String::new, dollars);
        out.line(&format!("  {:<10} {cost} a month{mark}", report::clean(tier)));
    }
}
