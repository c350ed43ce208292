//! The command line: the engine without a server, and the server.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

mod admin;
mod design;
mod diagram;
mod doctor;
mod failure;
mod local;
mod migrate;
mod openapi;
mod output;
mod prices;
mod remote;
mod report;
mod serve;
mod shell;
mod state;
mod worker;

#[derive(Parser)]
#[command(name = "cloudgen", version, about = "From a description to infrastructure.")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Design three architectures for what a text describes
    Analyze(design::Analyze),
    /// Write the code of an option of the last analysis
    Generate(design::Generate),
    /// Change the last analysis in plain words
    Edit(design::Edit),
    /// Ask about the last analysis in plain words
    Ask(design::Ask),
    /// Show what the last analysis costs, line by line
    Cost(design::Cost),
    /// Draw an option of the last analysis
    Diagram(diagram::Diagram),
    /// Explain one component of the last analysis
    Explain(design::Explain),
    /// Download the files that were generated for an option
    Download(remote::download::Download),
    /// Sign in to a server
    Login(remote::auth::LoginArgs),
    /// See where you are signed in, and sign out
    #[command(subcommand)]
    Auth(remote::auth::Auth),
    /// List, show, rename, archive and delete sessions
    Sessions(remote::sessions::Sessions),
    /// List, create, rotate and revoke API keys
    Keys(remote::keys::Keys),
    /// List webhooks, and forward what happens to this machine
    Webhooks(remote::webhooks::Webhooks),
    /// Send any request to the API
    Api(remote::api::Api),
    /// Open a session in the browser
    Open(remote::open::Open),
    /// Start the server: pages, API and background jobs
    Serve(serve::Args),
    /// Run background jobs without serving requests
    Worker,
    /// Bring the database up to date
    Migrate,
    /// Find out what would keep the server from working, and how to mend it
    Doctor(doctor::Args),
    /// Print the OpenAPI description of the API
    Openapi,
    /// Look up and refresh the price catalogue
    #[command(subcommand)]
    Prices(prices::Prices),
    /// Look after the audit trail
    #[command(subcommand)]
    Audit(admin::audit::Command),
    /// List organisations, and change their plans
    #[command(subcommand)]
    Orgs(admin::orgs::Command),
    /// Print what a shell needs to complete commands
    Completions(shell::Completions),
    /// Write manual pages
    Man(shell::Man),
}

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(command) = cli.command else {
        // Nothing asked for: say what there is.
        return match Cli::command().print_help() {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        };
    };
    let result = match command {
        Command::Analyze(args) => design::analyze(&args),
        Command::Generate(args) => design::generate(&args),
        Command::Edit(args) => design::edit(&args),
        Command::Ask(args) => design::ask(&args),
        Command::Cost(args) => design::cost(&args),
        Command::Diagram(args) => diagram::run(&args),
        Command::Explain(args) => design::explain(&args),
        Command::Download(args) => remote::run(remote::download::run(&args)),
        Command::Login(args) => remote::run(remote::auth::login(&args)),
        Command::Auth(command) => remote::run(remote::auth::run(&command)),
        Command::Sessions(args) => remote::run(remote::sessions::run(&args)),
        Command::Keys(args) => remote::run(remote::keys::run(&args)),
        Command::Webhooks(args) => remote::run(remote::webhooks::run(&args)),
        Command::Api(args) => remote::run(remote::api::run(&args)),
        Command::Open(args) => remote::open::run(&args),
        Command::Serve(args) => block_on(serve::run(args)),
        Command::Worker => block_on(worker::run()),
        Command::Migrate => block_on(migrate::run()),
        Command::Doctor(args) => block_on(doctor::run(args)),
        Command::Openapi => openapi::run(),
        Command::Prices(command) => prices::run(command).map(|()| ExitCode::SUCCESS),
        Command::Audit(command) => block_on(admin::audit::run(command)),
        Command::Orgs(command) => block_on(admin::orgs::run(command)),
        Command::Completions(args) => shell::completions(&args, Cli::command()),
        Command::Man(args) => shell::man(&args, Cli::command()),
    };
    result.unwrap_or_else(|err| {
        if failure::is_enough(&err) {
            return ExitCode::SUCCESS;
        }
        eprintln!("cloudgen: {err:#}");
        failure::code(&err)
    })
}

fn block_on(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
