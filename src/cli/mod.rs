//! The command line.

mod prices;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cloudgen", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Look up and refresh the price catalogue
    #[command(subcommand)]
    Prices(prices::Prices),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Prices(command) => prices::run(command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("cloudgen: {err:#}");
            ExitCode::FAILURE
        }
    }
}
