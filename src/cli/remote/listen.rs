//! `cloudgen webhooks listen`: what happens, forwarded to a server on this machine.
//!
//! The server of CloudGen cannot reach a laptop. So a webhook is made that is
//! paused from its first moment on: what it would be told is held, and fetched
//! and forwarded from here, in order and signed with its secret, as the server
//! would have done it. When the command ends the webhook goes.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::signal::unix::{SignalKind, signal};

use super::client::Client;
use super::design::checked_id;
use crate::cli::failure::{self, Failure, Kind};
use crate::cli::output::Output;
use crate::cli::report::{clean, text};
use crate::platform::crypto::{hex, random};

/// A name that leads nowhere, by RFC 2606.
const NOWHERE: &str = "https://cloudgen-listen.example/";
const PAUSE: Duration = Duration::from_secs(2);
/// The pause once nothing has happened for a while: each look costs a unit of
/// the key's quota, of which the smallest has 30 a minute.
const LONG_PAUSE: Duration = Duration::from_secs(6);
/// So many looks at nothing are a while.
const QUIET: u32 = 10;
const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Args)]
pub struct Listen {
    /// Where to send it, such as http://localhost:3000/hooks
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// Only these types of event, such as artifacts.ready; all when absent
    #[arg(long, value_delimiter = ',', value_name = "TYPE")]
    events: Vec<String>,
}

pub async fn run(client: &Client, args: &Listen, output: &Output) -> anyhow::Result<ExitCode> {
    let to = Url::parse(&args.forward_to).ok().filter(|it| it.scheme().starts_with("http"));
    let to = to.ok_or_else(|| {
        let message = format!("--forward-to {}: give an http:// address", args.forward_to);
        Failure::new(Kind::Usage, message)
    })?;
    // Asked for before there is anything to tidy up, so that no signal is missed.
    let (mut interrupt, mut end) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    // Another address each time, so that several can listen.
    let url = format!("{NOWHERE}{}", hex(&random::<6>()));
    let new =
        json!({ "url": url, "description": "cloudgen webhooks listen", "events": args.events });
    let made = client.post("/api/v1/webhooks", &new).await?;
    let path = format!("/api/v1/webhooks/{}", checked_id(text(&made["id"]))?);
    let listening = async {
        client.patch(path.as_str(), &json!({ "status": "paused" })).await?;
        let secret = Secret::parse(text(&made["secret"]))?;
        eprintln!("Forwarding to {to}; the secret is {}", clean(text(&made["secret"])));
        eprintln!("Ctrl-C ends it");
        let mut ferry = Ferry::new(client, &path, secret, to, output)?;
        ferry.run().await
    };
    let result = tokio::select! {
        result = listening => result,
        _ = interrupt.recv() => Ok(()),
        _ = end.recv() => Ok(()),
    };
    match client.delete(path.as_str()).await {
        Ok(()) => {}
        // Somebody else has deleted it.
        Err(err) if failure::kind(&err) == Some(Kind::NotFound) => {}
        Err(err) => {
            eprintln!("The webhook {url} stays in the list; delete it there");
            return result.and(Err(err));
        }
    }
    result.and_then(|()| super::done())
}

/// Carries what is held to this machine, the oldest first, and never the same twice.
struct Ferry<'a> {
    client: &'a Client,
    http: reqwest::Client,
    /// Of the webhook.
    path: &'a str,
    secret: Secret,
    to: Url,
    output: &'a Output,
    last: Option<String>,
}

impl<'a> Ferry<'a> {
    fn new(
        client: &'a Client,
        path: &'a str,
        secret: Secret,
        to: Url,
        output: &'a Output,
    ) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .user_agent(concat!("CloudGen/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, http, path, secret, to, output, last: None })
    }

    /// Goes on while the server is away for a time: what happens is held there.
    async fn run(&mut self) -> anyhow::Result<()> {
        let (mut idle, mut away) = (0, false);
        loop {
            match self.cross().await {
                Ok(carried) => {
                    idle = if carried { 0 } else { idle + 1 };
                    if std::mem::take(&mut away) {
                        eprintln!("It is back");
                    }
                }
                Err(err) if failure::kind(&err) == Some(Kind::Unavailable) => {
                    if !std::mem::replace(&mut away, true) {
                        eprintln!("{err:#}\nTrying again until it is back");
                    }
                }
                Err(err) => return Err(err),
            }
            tokio::time::sleep(if idle < QUIET { PAUSE } else { LONG_PAUSE }).await;
        }
    }

    /// Whether there was anything to carry.
    async fn cross(&mut self) -> anyhow::Result<bool> {
        let mut new = newer(self.client, self.path, self.last.as_deref()).await?;
        new.reverse();
        for delivery in &new {
            let id = checked_id(text(&delivery["id"]))?.to_owned();
            let whole = self.client.get(format!("{}/deliveries/{id}", self.path)).await?;
            let sent = send(&self.http, &self.secret, &self.to, &whole).await;
            self.last = Some(id);
            let (kind, message) = (text(&whole["type"]), text(&whole["message_id"]));
            let (status, error) = match sent {
                Ok(status) => (Some(status), None),
                Err(err) => (None, Some(format!("not delivered: {err:#}"))),
            };
            let value = json!({
                "type": kind, "message_id": message, "status": status, "error": error,
                "body": serde_json::from_str::<Value>(text(&whole["body"])).unwrap_or_default(),
            });
            let came = error.or(status.map(|it| it.to_string())).unwrap_or_default();
            let line = format!("{} {} {came}", clean(kind), clean(message));
            self.output.print(&value, |out| out.line(&line))?;
        }
        Ok(!new.is_empty())
    }
}

/// The deliveries after `last`, the newest first.
async fn newer(client: &Client, path: &str, last: Option<&str>) -> anyhow::Result<Vec<Value>> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = client.get(format!("{path}/deliveries?limit=50{cursor}")).await?;
        for it in page["items"].as_array().into_iter().flatten() {
            if last.is_some_and(|last| it["id"] == last) {
                return Ok(found);
            }
            found.push(it.clone());
        }
        match page["next"].as_str() {
            // Cursors are made of characters that need no escape in a query.
            Some(next) => cursor = format!("&cursor={next}"),
            None => return Ok(found),
        }
    }
}

struct Secret(Vec<u8>);

impl Secret {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let key = text.strip_prefix("whsec_").and_then(|it| STANDARD.decode(it).ok());
        key.map(Self).context("the server's secret is none of Standard Webhooks")
    }

    fn sign(&self, id: &str, at: i64, body: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(format!("{id}.{at}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

async fn send(
    http: &reqwest::Client,
    secret: &Secret,
    to: &Url,
    it: &Value,
) -> anyhow::Result<u16> {
    let (id, body) = (text(&it["message_id"]), text(&it["body"]));
    if id.is_empty() || body.is_empty() {
        bail!("the server sent no message");
    }
    let at = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    let request = http
        .post(to.clone())
        .header("content-type", "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", secret.sign(id, at.cast_signed(), body))
        .body(body.to_owned());
    let response = request.send().await.map_err(reqwest::Error::without_url)?;
    Ok(response.status().as_u16())
}
