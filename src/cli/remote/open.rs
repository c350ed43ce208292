//! `cloudgen open`: a session's page in the browser.

use std::io::{IsTerminal, Write};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;

use super::{At, design};

#[derive(Args)]
pub struct Open {
    /// The session; else that of the last analysis
    id: Option<String>,
    #[command(flatten)]
    at: At,
}

pub fn run(args: &Open) -> anyhow::Result<ExitCode> {
    let client = args.at.client()?;
    let id = design::session(&client, args.id.as_deref())?;
    let url = client.url(&format!("/sessions/{id}"))?;
    writeln!(std::io::stdout(), "{url}")?;
    if std::io::stdout().is_terminal() {
        browser(url.as_str());
    }
    super::done()
}

/// Opens an address of the server in a browser, where there is one to open.
///
/// It is one argument of a program and never passes through a shell. That none
/// opens is no failure: whoever asked has been shown the address.
pub fn browser(url: &str) {
    let desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|it| std::env::var_os(it).is_some());
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if desktop || cfg!(target_os = "macos") {
        let silent = Stdio::null;
        let _ = Command::new(program)
            .arg(url)
            .stdin(silent())
            .stdout(silent())
            .stderr(silent())
            .spawn();
    }
}
