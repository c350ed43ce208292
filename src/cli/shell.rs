//! What a shell and `man` know of the commands, written from the commands themselves.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_complete::Shell;

#[derive(Args)]
pub struct Completions {
    /// The shell that is to complete; docs/cli.md says where its file goes
    shell: Shell,
}

#[derive(Args)]
pub struct Man {
    /// Directory to write to, one page for each command
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub fn completions(args: &Completions, mut command: Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "cloudgen", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

pub fn man(args: &Man, command: Command) -> anyhow::Result<ExitCode> {
    let folder = args.out.display();
    std::fs::create_dir_all(&args.out).with_context(|| format!("cannot make {folder}"))?;
    clap_mangen::generate_to(command.disable_help_subcommand(true), &args.out)
        .with_context(|| format!("cannot write to {folder}"))?;
    Ok(ExitCode::SUCCESS)
}
