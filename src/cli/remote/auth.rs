//! Signing in from a terminal: the device flow (RFC 8628), or a key made elsewhere.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Call, Client, address};
use super::logins::{self, Login, Logins, token_from_env};
use super::{At, open};
use crate::cli::failure::{self, Failure, Kind};
use crate::cli::output::{Output, Progress};
use crate::cli::report::{self, clean, text};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const CLIENT_ID: &str = "cloudgen-cli";
/// What RFC 8628 adds to the pause of a client that is told to slow down.
const SLOWER: Duration = Duration::from_secs(5);
/// How long to wait for a server that has gone, the first time and at most.
const AWAY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

#[derive(Args)]
pub struct LoginArgs {
    #[command(flatten)]
    at: At,
    /// Read an API key from standard input instead of asking in a browser
    #[arg(long)]
    with_token: bool,
}

#[derive(Subcommand)]
pub enum Auth {
    /// Show where and as whom you are signed in
    Status {
        #[command(flatten)]
        at: At,
        #[command(flatten)]
        output: Output,
    },
    /// Forget the key of a server, and revoke it
    Logout {
        #[command(flatten)]
        at: At,
    },
}

pub async fn login(args: &LoginArgs) -> anyhow::Result<ExitCode> {
    let mut logins = Logins::load()?;
    let server = logins.server(args.at.named())?;
    let url = address(&server)?;
    let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() == "http" && !loopback {
        eprintln!("{server} is not encrypted: others on the way can read your key");
    }
    let token = if args.with_token {
        token_from_stdin()?
    } else {
        from_device(&Client::new(url.clone(), None)?).await?
    };
    let client = Client::new(url, Some(token.clone()))?;
    let me = client.get("/api/v1/me").await?;
    let organisation = me["org"]["name"].as_str().map(str::to_owned);
    eprintln!("Signed in to {server} {}", who(&me));
    logins.servers.insert(server.clone(), Login { token, organisation });
    logins.current = Some(server);
    logins.save()?;
    if token_from_env().is_some() {
        eprintln!("CLOUDGEN_TOKEN is set and goes before the key that was just kept");
    }
    super::done()
}

fn who(me: &Value) -> String {
    let organisation = me["org"]["name"].as_str().map_or_else(String::new, |it| format!(", {it}"));
    clean(&format!("as {}{organisation}", text(&me["email"])))
}

fn token_from_stdin() -> anyhow::Result<String> {
    let mut input = String::new();
    std::io::stdin().lock().take(4096).read_to_string(&mut input).context("cannot read the key")?;
    let token = input.trim();
    if token.is_empty() || token.contains(char::is_whitespace) {
        let message = "give the key on standard input: cloudgen login --with-token < key.txt";
        return Err(Failure::new(Kind::Usage, message).into());
    }
    Ok(token.to_owned())
}

/// What this machine is called, where that can be found out; it is only shown.
fn machine() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let named = named.or_else(|| std::env::var_os("HOSTNAME")?.into_string().ok());
    named.map(|it| it.trim().to_owned()).unwrap_or_default()
}

/// Asks for a code, shows it, and polls until somebody decided.
async fn from_device(client: &Client) -> anyhow::Result<String> {
    let machine = machine();
    let fields = [("client_id", CLIENT_ID), ("device_name", machine.as_str())];
    let asked = client.value(Call::new(Method::POST, "/api/v1/device/code").form(&fields)).await?;
    let code = asked["device_code"].as_str().context("the server sent no device_code")?;
    let page = text(&asked["verification_uri"]);
    let direct = asked["verification_uri_complete"].as_str().unwrap_or(page);
    eprintln!("Open {} and enter the code {}", clean(page), clean(text(&asked["user_code"])));
    // The address comes from the server, so only one of its own is opened.
    if std::io::stderr().is_terminal() && client.url(direct).is_ok() {
        open::browser(direct);
    }
    let progress = Progress::new();
    progress.say("Waiting for you to let this machine in …");
    let mut pause = Duration::from_secs(asked["interval"].as_u64().unwrap_or(5));
    let mut wait = pause;
    let until = Duration::from_secs(asked["expires_in"].as_u64().unwrap_or(900));
    let polled = tokio::time::timeout(until, async {
        let fields = [("grant_type", GRANT_TYPE), ("device_code", code), ("client_id", CLIENT_ID)];
        loop {
            tokio::time::sleep(wait).await;
            let answer = match poll(client, &fields).await {
                Ok(answer) => answer,
                // It may come back while the code is good.
                Err(err) if failure::kind(&err) == Some(Kind::Unavailable) => {
                    wait = (wait * 2).clamp(AWAY.0, AWAY.1);
                    continue;
                }
                Err(err) => return Err(err),
            };
            if let Some(token) = answer["access_token"].as_str() {
                return Ok(token.to_owned());
            }
            match text(&answer["error"]) {
                "authorization_pending" => {}
                "slow_down" => pause += SLOWER,
                "access_denied" => {
                    let message = "somebody turned this machine down";
                    return Err(Failure::new(Kind::NotAllowed, message).into());
                }
                "expired_token" => break,
                "" => bail!("the server sent no key"),
                other => bail!("{}: {}", clean(other), clean(text(&answer["error_description"]))),
            }
            wait = pause;
        }
        let message = "the code has expired: run cloudgen login again";
        Err(Failure::new(Kind::NotSignedIn, message).into())
    });
    match polled.await {
        Ok(result) => result,
        Err(_) => {
            let message = "nobody let this machine in in time: run cloudgen login again";
            Err(Failure::new(Kind::NotSignedIn, message).into())
        }
    }
}

/// What has been decided so far: a key, or why there is none (RFC 8628, 3.5).
async fn poll(client: &Client, fields: &[(&str, &str)]) -> anyhow::Result<Value> {
    let call = Call::new(Method::POST, "/api/v1/device/token").form(fields);
    let response = client.send(call).await?;
    if response.status() == 400 {
        return client.read(response).await;
    }
    client.read(client.checked(response).await?).await
}

pub async fn run(command: &Auth) -> anyhow::Result<ExitCode> {
    match command {
        Auth::Status { at, output } => status(at, output).await,
        Auth::Logout { at } => logout(at).await,
    }
}

async fn status(at: &At, output: &Output) -> anyhow::Result<ExitCode> {
    let client = at.client()?;
    let me = client.get("/api/v1/me").await?;
    let source = if token_from_env().is_some() {
        "CLOUDGEN_TOKEN".to_owned()
    } else {
        logins::path()?.display().to_string()
    };
    let value = json!({ "server": client.server(), "source": source, "me": me });
    output.print(&value, |out| {
        let mut fact = |name: &str, it: String| {
            if !it.is_empty() {
                out.item(&format!("{name:<13}"), &it);
            }
        };
        let (me, key) = (&value["me"], &value["me"]["key"]);
        fact("Server", client.server());
        fact("Signed in", who(me).trim_start_matches("as ").to_owned());
        fact("Role", text(&me["org"]["role"]).to_owned());
        fact("Key", text(&key["name"]).to_owned());
        let scopes: Vec<_> = report::list(&key["scopes"]).iter().map(text).collect();
        fact("Scopes", scopes.join(" "));
        fact("Until", text(&key["expires_at"]).to_owned());
        fact("From", source.clone());
    })
}

async fn logout(at: &At) -> anyhow::Result<ExitCode> {
    let mut logins = Logins::load()?;
    let server = logins.server(at.named())?;
    let Some(login) = logins.servers.remove(&server) else {
        let message = format!("you are not signed in to {server}");
        return Err(Failure::new(Kind::NotSignedIn, message).into());
    };
    if logins.current.as_ref() == Some(&server) {
        logins.current = None;
    }
    // Forgotten here in any case, also when the server is gone.
    logins.save()?;
    let client = Client::new(address(&server)?, Some(login.token))?;
    let revoked = async {
        let me = client.get("/api/v1/me").await?;
        let id = me["key"]["id"].as_str().context("it is no key")?;
        client.delete(format!("/api/v1/keys/{id}")).await
    };
    match revoked.await {
        Ok(()) => eprintln!("Signed out of {server}; the key is revoked"),
        Err(err) => {
            let mut out = std::io::stderr().lock();
            writeln!(out, "Signed out of {server}, but the key is not revoked: {err}")?;
        }
    }
    super::done()
}
