//! `cloudgen api`: any request, with the token and the care of the other commands.

use std::io::{Read, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::client::{Call, Client, relative};
use super::{At, problem};
use crate::cli::failure::{Failure, Kind};
use crate::cli::output::Output;

#[derive(Args)]
pub struct Api {
    /// Path such as sessions or /api/v1/sessions/ID
    path: String,
    /// Method; POST when there are fields or input, else GET
    #[arg(short = 'X', long, value_name = "METHOD")]
    method: Option<String>,
    /// A string field of the body, or of the query with GET; can be repeated
    #[arg(short = 'f', long = "raw-field", value_name = "KEY=VALUE")]
    strings: Vec<String>,
    /// The same, but true, false, null and numbers are what they look like, and @FILE is its text
    #[arg(short = 'F', long = "typed-field", value_name = "KEY=VALUE")]
    typed: Vec<String>,
    /// Read the body from a file, or from standard input with -
    #[arg(long, value_name = "FILE", conflicts_with_all = ["strings", "typed"])]
    input: Option<String>,
    /// A header; can be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE")]
    headers: Vec<String>,
    /// Fetch all pages of a collection, as one list of items
    #[arg(long)]
    paginate: bool,
    /// Print status and headers before the body
    #[arg(short, long, conflicts_with = "paginate")]
    include: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    output: Output,
}

fn usage(message: impl Into<String>) -> anyhow::Error {
    Failure::new(Kind::Usage, message).into()
}

pub async fn run(args: &Api) -> anyhow::Result<ExitCode> {
    let client = args.at.client()?;
    let fields = fields(args)?;
    let method = match &args.method {
        Some(name) => Method::from_bytes(name.to_ascii_uppercase().as_bytes())
            .map_err(|_| usage(format!("-X {name}: there is no such method")))?,
        None if fields.is_empty() && args.input.is_none() => Method::GET,
        None => Method::POST,
    };
    let path = match args.path.as_str() {
        path if path.starts_with('/') => path.to_owned(),
        path => format!("/api/v1/{path}"),
    };
    let mut url = client.url(&path)?;
    let in_query = [Method::GET, Method::HEAD].contains(&method);
    if in_query {
        for (name, value) in &fields {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    if args.paginate {
        if method != Method::GET {
            return Err(usage("--paginate goes with GET only"));
        }
        let items = client.list(&relative(&url), usize::MAX).await?;
        let all = json!({ "items": items, "next": null });
        return args.output.print(&all, |out| out.line(&format!("{all:#}")));
    }
    let mut call = Call::new(method, relative(&url));
    if let Some(file) = &args.input {
        call.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        call.body = Some(input(file)?);
    } else if !in_query && !fields.is_empty() {
        call = call.json(&Value::Object(fields));
    }
    for header in &args.headers {
        let (name, value) =
            header.split_once(':').ok_or_else(|| usage(format!("-H {header}: give NAME:VALUE")))?;
        let name: HeaderName = name.trim().parse().with_context(|| format!("-H {header}"))?;
        call.headers.insert(name, value.trim().parse().with_context(|| format!("-H {header}"))?);
    }
    answer(&client, args, call).await
}

async fn answer(client: &Client, args: &Api, call: Call) -> anyhow::Result<ExitCode> {
    let mut response = client.send(call).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut out = std::io::stdout();
    if args.include {
        writeln!(out, "{:?} {status}", response.version())?;
        for (name, value) in &headers {
            writeln!(out, "{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        writeln!(out)?;
    }
    let kind = headers.get(CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or_default();
    if kind.contains("json") {
        let body = response.bytes().await.map_err(|err| client.unreachable(&err))?;
        let refused = (!status.is_success())
            .then(|| problem::failure(&client.server(), status, &headers, &body));
        match serde_json::from_slice::<Value>(&body) {
            Ok(value) if refused.is_none() => {
                args.output.print(&value, |out| out.line(&format!("{value:#}")))?;
            }
            Ok(value) => writeln!(out, "{value:#}")?,
            Err(_) => out.write_all(&body)?,
        }
        return refused.map_or_else(super::done, |it| Err(it.into()));
    }
    // As it comes: files, and streams of events that never end.
    while let Some(chunk) = response.chunk().await.map_err(|err| client.unreachable(&err))? {
        out.write_all(&chunk)?;
        out.flush()?;
    }
    if status.is_success() || status == StatusCode::NOT_MODIFIED {
        return super::done();
    }
    Err(problem::failure(&client.server(), status, &headers, &[]).into())
}

fn fields(args: &Api) -> anyhow::Result<Map<String, Value>> {
    let mut fields = Map::new();
    let pairs = args.strings.iter().map(|it| (it, false));
    for (pair, typed) in pairs.chain(args.typed.iter().map(|it| (it, true))) {
        let (name, text) =
            pair.split_once('=').ok_or_else(|| usage(format!("{pair}: give KEY=VALUE")))?;
        let value = if typed { read_typed(text)? } else { text.into() };
        // `key[]` names one of a list, as in gh.
        match name.strip_suffix("[]") {
            Some(name) => match fields.entry(name).or_insert_with(|| json!([])) {
                Value::Array(all) => all.push(value),
                _ => return Err(usage(format!("{name} is given as a list and as a value"))),
            },
            None => {
                fields.insert(name.to_owned(), value);
            }
        }
    }
    Ok(fields)
}

fn read_typed(text: &str) -> anyhow::Result<Value> {
    if let Some(file) = text.strip_prefix('@') {
        let bytes = input(file)?;
        return Ok(String::from_utf8(bytes).with_context(|| format!("{file} is no text"))?.into());
    }
    let read = serde_json::from_str(text).ok();
    let scalar = read.filter(|it: &Value| it.is_boolean() || it.is_null() || it.is_number());
    Ok(scalar.unwrap_or_else(|| text.into()))
}

fn input(file: &str) -> anyhow::Result<Vec<u8>> {
    if file != "-" {
        return std::fs::read(file).with_context(|| format!("cannot read {file}"));
    }
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    Ok(bytes)
}
