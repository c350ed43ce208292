//! `cloudgen webhooks listen`: what happens, forwarded to a server on this machine.
//!
//! The server of CloudGen cannot reach a laptop. So a webhook is made that is
//! paused from its first moment on: what it would be told is held, and fetched
//! and forwarded from here, in order and signed with its secret, as the server
//! would have done it. When the command ends the webhook goes.

use std::io::Write;
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
use crate::cli::failure::{Failure, Kind};
use crate::cli::report::{clean, text};
use crate::platform::crypto::{hex, random};

/// A name that leads nowhere, by RFC 2606.
const NOWHERE: &str = "https://cloudgen-listen.example/";
const PAUSE: Duration = Duration::from_secs(2);
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

pub async fn run(client: &Client, args: &Listen) -> anyhow::Result<ExitCode> {
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
        forward(client, &path, &secret, &to).await
    };
    let result = tokio::select! {
        result = listening => result,
        _ = interrupt.recv() => Ok(()),
        _ = end.recv() => Ok(()),
    };
    client.delete(path.as_str()).await?;
    result.and_then(|()| super::done())
}

/// Forwards what is held, the oldest first, and never the same twice.
async fn forward(client: &Client, path: &str, secret: &Secret, to: &Url) -> anyhow::Result<()> {
    let http = reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .timeout(PATIENCE)
        .user_agent(concat!("CloudGen/", env!("CARGO_PKG_VERSION")))
        .build()?;
    let mut last: Option<String> = None;
    loop {
        let mut new = newer(client, path, last.as_deref()).await?;
        new.reverse();
        for delivery in new {
            let id = checked_id(text(&delivery["id"]))?.to_owned();
            let whole = client.get(format!("{path}/deliveries/{id}")).await?;
            let line = match send(&http, secret, to, &whole).await {
                Ok(status) => status.to_string(),
                Err(err) => format!("not delivered: {err:#}"),
            };
            let mut out = std::io::stdout().lock();
            let (kind, message) = (text(&whole["type"]), text(&whole["message_id"]));
            writeln!(out, "{} {} {line}", clean(kind), clean(message))?;
            out.flush()?;
            last = Some(id);
        }
        tokio::time::sleep(PAUSE).await;
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
