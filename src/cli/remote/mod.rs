//! The command line against a server: the same commands, done by its API.
//!
//! Who is signed in (`cloudgen login`, or `CLOUDGEN_TOKEN`) works on the server;
//! who is not works on this machine, as with `--local`.

pub mod api;
pub mod auth;
pub mod client;
pub mod design;
pub mod download;
pub mod keys;
mod listen;
mod logins;
pub mod open;
mod problem;
pub mod sessions;
pub mod webhooks;

use std::process::ExitCode;

use clap::Args;

use self::client::{Client, address};
use self::logins::{Logins, token_from_env};
use super::failure::{Failure, Kind};

/// Which server a command talks to.
#[derive(Args, Default)]
pub struct At {
    /// The server to talk to; else the one that you logged in to last
    #[arg(
        long,
        value_name = "URL",
        env = "CLOUDGEN_SERVER",
        hide_env_values = true,
        global = true
    )]
    server: Option<String>,
}

impl At {
    fn named(&self) -> Option<&str> {
        self.server.as_deref().filter(|it| !it.trim().is_empty())
    }

    /// A client with a token, or what to do to have one.
    pub fn client(&self) -> anyhow::Result<Client> {
        let logins = Logins::load()?;
        let server = logins.server(self.named())?;
        let token = token_from_env().or_else(|| Some(logins.servers.get(&server)?.token.clone()));
        let Some(token) = token else {
            let message = format!(
                "you are not signed in to {server}\n  \
                 try: cloudgen login --server {server}, or set CLOUDGEN_TOKEN"
            );
            return Err(Failure::new(Kind::NotSignedIn, message).into());
        };
        Client::new(address(&server)?, Some(token))
    }

    /// A client when somebody is signed in or names a server; else this machine is meant.
    pub fn client_if_signed_in(&self) -> anyhow::Result<Option<Client>> {
        let logins = Logins::load()?;
        let server = logins.server(self.named())?;
        let signed_in = token_from_env().is_some() || logins.servers.contains_key(&server);
        if signed_in || self.named().is_some() { self.client().map(Some) } else { Ok(None) }
    }
}

/// Runs a command that waits for one answer after the other.
pub fn run<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

fn done() -> anyhow::Result<ExitCode> {
    Ok(ExitCode::SUCCESS)
}
