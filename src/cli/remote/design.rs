//! analyze, edit, ask and what looks at the last analysis, done by a server.
//!
//! Each function answers with the JSON that the engine would make here, so that
//! it is printed by the same code.

use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::client::{Call, Client};
use crate::cli::design::setting;
use crate::cli::failure::{Failure, Kind, refused};
use crate::cli::output::Progress;
use crate::cli::report::text;
use crate::cli::state;
use crate::engine::answer::{self, Turn};
use crate::engine::brief::{Brief, parse_setting};
use crate::engine::graph::Tier;

/// What a turn led to.
pub enum Said {
    /// An analysis, with `session_id`, `number` and, after a change, `changes`.
    Analysis { analysis: Value, confirmation: Value },
    /// The answer to a question.
    Answer(Value),
    /// It is no question that can be answered.
    Help(Value),
}

pub async fn analyze(
    client: &Client,
    request: &Value,
    settings: &[String],
) -> anyhow::Result<Value> {
    let settings = parsed(settings)?;
    let progress = Progress::new();
    progress.say("Designing …");
    let answered = call(client, "/api/v1/analyze", request).await?;
    let id = text(&answered["session_id"]).to_owned();
    state::save_session(&client.server(), &id)?;
    let mut said = read(client, &id, answered).await?;
    for setting in settings {
        said = message(client, &id, &json!({ "setting": setting })).await?;
    }
    match said {
        Said::Analysis { analysis, .. } => Ok(analysis),
        Said::Answer(it) | Said::Help(it) => bail!("there is no analysis, but an answer: {it}"),
    }
}

/// The settings of `--set KIND=VALUE`, as the API takes them.
fn parsed(settings: &[String]) -> anyhow::Result<Vec<Value>> {
    let parse = |it: &String| {
        let (kind, value) = setting(it)?;
        let value =
            parse_setting(kind, value).map_err(|err| refused(format!("--set {it}: {err}")))?;
        Ok(json!({ "kind": kind, "value": value }))
    };
    settings.iter().map(parse).collect()
}

/// The session that is named, or the one of the last analysis.
pub fn session(client: &Client, named: Option<&str>) -> anyhow::Result<String> {
    if let Some(id) = named {
        return Ok(checked_id(id)?.to_owned());
    }
    state::load_session(&client.server())?.ok_or_else(|| {
        let message = format!(
            "there is no session yet on {}: start with cloudgen analyze \"…\", name one with --session-id, or add --local",
            client.server()
        );
        Failure::new(Kind::NotFound, message).into()
    })
}

/// Ids become part of paths, so only what is an id passes.
pub fn checked_id(id: &str) -> Result<&str, Failure> {
    let plain = id.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    if plain && !id.is_empty() {
        return Ok(id);
    }
    Err(Failure::new(Kind::Usage, format!("{id} is no id; cloudgen sessions list shows them")))
}

/// The newest analysis of a session, with the words of the change that made it.
pub async fn newest(client: &Client, session: &str) -> anyhow::Result<Value> {
    let summary = client.get(format!("/api/v1/sessions/{session}")).await?;
    match summary["analyses"].as_i64() {
        Some(number) if number > 0 => analysis(client, session, number).await,
        _ => {
            let message = format!("session {session} has no analysis yet");
            Err(Failure::new(Kind::NotFound, message).into())
        }
    }
}

async fn analysis(client: &Client, session: &str, number: i64) -> anyhow::Result<Value> {
    let path = format!("/api/v1/sessions/{session}/analyses/{number}");
    let mut whole = client.get(path).await?;
    Ok(placed(whole["analysis"].take(), session, number))
}

/// An analysis that says where it is kept.
fn placed(mut analysis: Value, session: &str, number: i64) -> Value {
    analysis["session_id"] = session.into();
    analysis["number"] = number.into();
    analysis
}

pub async fn edit(
    client: &Client,
    session: &str,
    words: Option<&str>,
    settings: &[String],
) -> anyhow::Result<Said> {
    let mut turns: Vec<Value> = words.map(|it| json!({ "text": it })).into_iter().collect();
    turns.extend(parsed(settings)?.into_iter().map(|it| json!({ "setting": it })));
    let progress = Progress::new();
    progress.say("Designing …");
    let mut last = None;
    for turn in &turns {
        last = Some(message(client, session, turn).await?);
    }
    let mut last = last.context("say what to change")?;
    if let Said::Analysis { analysis, .. } = &mut last
        && let Some(number) = analysis["number"].as_i64()
        && number > 1
    {
        let path = format!("/api/v1/sessions/{session}/analyses/{number}/diff");
        analysis["changes"] = client.get(path).await?["options"].take();
    }
    Ok(last)
}

pub async fn ask(
    client: &Client,
    session: &str,
    question: &str,
    tier: Option<Tier>,
) -> anyhow::Result<Said> {
    let known = newest(client, session).await?;
    let mut brief = Brief::default();
    brief.say(text(&known["requirements"]["text"]));
    // The server would carry a change out; who asks did not mean that.
    if matches!(answer::reply(Some(&brief.analyze()), &brief, question), Turn::Change) {
        bail!("that is a change, not a question: cloudgen edit {question:?}");
    }
    let question = match tier {
        Some(tier) => format!("In the {} option: {question}", tier.name()),
        None => question.to_owned(),
    };
    message(client, session, &json!({ "text": question })).await
}

async fn message(client: &Client, session: &str, turn: &Value) -> anyhow::Result<Said> {
    let path = format!("/api/v1/sessions/{session}/messages");
    let answered = call(client, &path, turn).await?;
    read(client, session, answered).await
}

async fn read(client: &Client, session: &str, mut answered: Value) -> anyhow::Result<Said> {
    let mut content = answered["answer"]["content"].take();
    let Some(number) = answered["number"].as_i64() else {
        let body = answered["answer"]["body"].take();
        let mut answer = content["answer"].take();
        if answer.is_null() {
            answer = json!({ "blocks": [{ "block": "text", "text": body }] });
        }
        let help = content["kind"] == "help";
        return Ok(if help { Said::Help(answer) } else { Said::Answer(answer) });
    };
    let analysis = match answered["analysis"].take() {
        Value::Null => analysis(client, session, number).await?,
        it => placed(it, session, number),
    };
    Ok(Said::Analysis { analysis, confirmation: content["confirmation"].take() })
}

/// Posts, and waits for the answer when it was put off.
async fn call(client: &Client, path: &str, body: &Value) -> anyhow::Result<Value> {
    let response = client.send(Call::new(Method::POST, path).json(body)).await?;
    let response = client.checked(response).await?;
    let later = response.status() == StatusCode::ACCEPTED;
    let mut answered = client.read(response).await?;
    if !later {
        return Ok(answered);
    }
    let id = text(&answered["answer"]["id"]).to_owned();
    wait(client, &id).await?;
    let path = format!("/api/v1/sessions/{}/messages", text(&answered["session_id"]));
    let messages = client.list(&path, usize::MAX).await?;
    let answer = messages.into_iter().find(|it| it["id"] == *id);
    let answer = answer.context("the server lost its answer")?;
    answered["number"] = answer["analysis"].clone();
    answered["answer"] = answer;
    Ok(answered)
}

/// Waits for accepted work.
async fn wait(client: &Client, id: &str) -> anyhow::Result<Value> {
    let mut pause = Duration::from_millis(200);
    loop {
        let operation = client.get(format!("/api/v1/operations/{id}")).await?;
        match text(&operation["state"]) {
            "running" => tokio::time::sleep(pause).await,
            "succeeded" => return Ok(operation),
            state => {
                let why = operation["error"].as_str().unwrap_or("the server says no more");
                bail!("the work has {state}: {why}")
            }
        }
        pause = (pause * 2).min(Duration::from_secs(3));
    }
}

/// Has the files of an option made, if they are not there yet, and answers with
/// their set. What is absent is for the server to choose.
pub async fn implement(client: &Client, request: &Value) -> anyhow::Result<Value> {
    let progress = Progress::new();
    progress.say("Writing code …");
    let response = client.send(Call::new(Method::POST, "/api/v1/implement").json(request)).await?;
    let response = client.checked(response).await?;
    let later = response.status() == StatusCode::ACCEPTED;
    let set = client.read(response).await?;
    if !later {
        return Ok(set);
    }
    wait(client, text(&set["id"])).await?;
    let session = checked_id(text(&set["session_id"]))?;
    let sets = client.list(&format!("/api/v1/artifacts/{session}"), usize::MAX).await?;
    sets.into_iter().find(|it| it["id"] == set["id"]).context("the server lost its files")
}
