//! What every pane of a session shows beside itself: the conversation, what was
//! understood, and where in the session this is.

use std::convert::Infallible;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures_util::stream::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::engine::brief::{self, Brief};
use crate::features::analyses::{self, Summary};
use crate::features::orgs::plans;
use crate::features::sessions::{self, Fork, Message, Session};
use crate::platform::access::Action;
use crate::platform::ctx::Ctx;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::extract::{Path, Query};
use crate::platform::live;
use crate::platform::page::{Page, View};
use crate::platform::state::AppState;

/// Older messages than these are shown when asked for.
const SHOWN: usize = 30;

/// What the layout of a session shows.
#[derive(Serialize)]
pub struct Shell {
    pub session: Session,
    turns: Vec<Turn>,
    /// How many messages are above the first one shown.
    earlier: usize,
    /// The analysis that is looked at.
    pub number: Option<i32>,
    /// Whether it is that of the end of the conversation.
    newest: bool,
    analyses: Vec<Summary>,
    can_edit: bool,
    /// An answer is on its way.
    running: bool,
    /// The stream goes on from here.
    position: i64,
    message_bytes: Option<i64>,
    /// The newest words of the person, to go on from.
    head: Option<Uuid>,
}

/// A message as it is shown.
#[derive(Serialize)]
struct Turn {
    id: Uuid,
    parent_id: Option<Uuid>,
    mine: bool,
    author: String,
    state: String,
    /// The person's words, cut where something was understood.
    words: Vec<Piece>,
    body: String,
    content: Value,
    /// A setting changed by hand, which is not edited as text.
    setting: bool,
    number: Option<i32>,
    created_at: DateTime<Utc>,
    branches: Option<Branches>,
    last: bool,
}

/// Some words, and what was understood by them.
#[derive(Debug, PartialEq, Serialize)]
struct Piece {
    text: String,
    understood: Option<String>,
}

/// Where among the messages at the same place this one stands.
#[derive(Serialize)]
struct Branches {
    index: usize,
    total: usize,
    previous: Option<Uuid>,
    next: Option<Uuid>,
}

/// An assumption with the field that changes it.
#[derive(Serialize)]
struct Assumption {
    kind: String,
    label: String,
    shown: String,
    /// As a field or a choice holds it.
    value: String,
    reason: String,
    source: String,
    control: Value,
}

/// An open question with the field that answers it.
#[derive(Serialize)]
struct Question {
    kind: String,
    label: String,
    text: String,
    choices: Vec<String>,
    control: Value,
}

#[derive(Debug, Default, Deserialize)]
pub struct Look {
    /// Show the whole conversation.
    #[serde(default)]
    all: Option<String>,
}

/// The layout's part, and the report of the analysis that is looked at.
pub async fn shell(
    ctx: &Ctx,
    tx: &mut TenantTx,
    id: Uuid,
    number: Option<i32>,
    look: &Look,
) -> Result<(Shell, Value)> {
    let session = sessions::find(tx, id).await?;
    let path = sessions::path(tx, id, session.head_id).await?;
    let newest = path.iter().rev().find_map(|it| it.analysis);
    let shown = number.or(newest);
    let report = match shown {
        Some(number) => analyses::report(tx, id, number).await?,
        None => Value::Null,
    };
    let brief = match newest {
        Some(number) => Some(analyses::brief(tx, id, number).await?),
        None => None,
    };
    let facts = match (newest == shown, newest) {
        (true, _) => report["requirements"].clone(),
        (false, Some(number)) => analyses::report(tx, id, number).await?["requirements"].clone(),
        (false, None) => Value::Null,
    };
    let forks = sessions::forks(tx, id).await?;
    let position = live::position(tx, id).await?;
    let analyses = analyses::list(tx, id, None, 100).await?;
    let skip = match look.all {
        Some(_) => 0,
        None => path.len().saturating_sub(SHOWN),
    };
    let running = path.last().is_some_and(|it| it.state == "running");
    let words = understood(&path, brief.as_ref(), &facts);
    let count = path.len();
    let turns = path
        .into_iter()
        .zip(words)
        .enumerate()
        .skip(skip)
        .map(|(n, (message, words))| turn(message, words, &forks, n + 1 == count))
        .collect();
    let shell = Shell {
        turns,
        earlier: skip,
        number: shown,
        newest: shown == newest,
        analyses,
        can_edit: ctx.may(Action::EditSessions),
        running,
        position,
        message_bytes: plans::limits(&ctx.org.plan).message_bytes,
        head: session.head_id,
        session,
    };
    Ok((shell, report))
}

fn turn(it: Message, words: Vec<Piece>, forks: &[Fork], last: bool) -> Turn {
    let mine = it.author == "person";
    let content = it.content.unwrap_or(Value::Null);
    let branches =
        forks.iter().filter(|fork| mine && fork.parent_id == it.parent_id).find_map(|fork| {
            let at = fork.ids.iter().position(|id| *id == it.id)?;
            Some(Branches {
                index: at + 1,
                total: fork.ids.len(),
                previous: at.checked_sub(1).map(|at| fork.ids[at]),
                next: fork.ids.get(at + 1).copied(),
            })
        });
    Turn {
        id: it.id,
        parent_id: it.parent_id,
        mine,
        author: match it.author_name {
            Some(name) => name,
            None if mine => "Somebody who left".to_owned(),
            None => "CloudGen".to_owned(),
        },
        state: it.state,
        words,
        body: it.body,
        setting: !content["setting"].is_null(),
        content,
        number: it.analysis,
        created_at: it.created_at,
        branches,
        last,
    }
}

/// For each message its words, cut where a fact of the requirements comes from.
/// The requirements count in the turns of the brief, joined by newlines; those
/// are messages of the path, in their order.
fn understood(path: &[Message], brief: Option<&Brief>, requirements: &Value) -> Vec<Vec<Piece>> {
    let mut starts = Vec::new();
    let mut at = 0;
    for text in brief.map_or(&[][..], |it| &it.turns) {
        starts.push((at, text.as_str()));
        at += text.len() + 1;
    }
    let mut starts = starts.into_iter().peekable();
    let facts = facts(requirements);
    path.iter()
        .map(|message| {
            let start = starts
                .next_if(|(_, text)| message.author == "person" && *text == message.body)
                .map(|it| it.0);
            match start {
                Some(start) => cut(&message.body, start, &facts),
                None => vec![Piece { text: message.body.clone(), understood: None }],
            }
        })
        .collect()
}

/// Start, end and meaning, in order of the text; of two that overlap the first.
fn facts(requirements: &Value) -> Vec<(usize, usize, String)> {
    let place =
        |it: &Value, n: usize| it["span"][n].as_u64().and_then(|it| usize::try_from(it).ok());
    let mut facts: Vec<_> = requirements["facts"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| {
            let kind = it["kind"].as_str()?;
            let value = brief::show_value(kind, &it["value"]);
            let label = match brief::label(kind) {
                // A kind without a name of its own, such as `workload`.
                same if same == kind => capital(&kind.replace(['.', '_'], " ")),
                label => label.to_owned(),
            };
            Some((place(it, 0)?, place(it, 1)?, format!("{label}: {value}")))
        })
        .collect();
    facts.sort_by_key(|it| (it.0, it.1));
    facts
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

fn cut(body: &str, start: usize, facts: &[(usize, usize, String)]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    let plain = |pieces: &mut Vec<Piece>, from: usize, to: usize| {
        if let Some(text) = body.get(from..to).filter(|it| !it.is_empty()) {
            pieces.push(Piece { text: text.to_owned(), understood: None });
        }
    };
    for (from, to, what) in facts {
        let (Some(from), Some(to)) = (from.checked_sub(start), to.checked_sub(start)) else {
            continue;
        };
        // Several facts can come from the same words.
        if from < at {
            if let Some(last) = pieces.last_mut()
                && let Some(understood) = &mut last.understood
                && to <= at
            {
                understood.push_str("; ");
                understood.push_str(what);
            }
            continue;
        }
        let Some(text) = body.get(from..to).filter(|it| !it.is_empty()) else { continue };
        plain(&mut pieces, at, from);
        pieces.push(Piece { text: text.to_owned(), understood: Some(what.clone()) });
        at = to;
    }
    plain(&mut pieces, at, body.len());
    pieces
}

#[derive(Serialize)]
struct Overview {
    #[serde(flatten)]
    shell: Shell,
    report: Value,
    assumptions: Vec<Assumption>,
    questions: Vec<Question>,
}

impl View for Overview {
    const TEMPLATE: &'static str = "workbench/overview.html";
}

pub async fn newest(ctx: Ctx, Path(id): Path<Uuid>, Query(look): Query<Look>) -> Result<Response> {
    show(ctx, id, None, look).await
}

pub async fn overview(
    ctx: Ctx,
    Path((id, number)): Path<(Uuid, i32)>,
    Query(look): Query<Look>,
) -> Result<Response> {
    show(ctx, id, Some(number), look).await
}

async fn show(ctx: Ctx, id: Uuid, number: Option<i32>, look: Look) -> Result<Response> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    let (shell, report) = shell(&ctx, &mut tx, id, number, &look).await?;
    let brief = match shell.number {
        Some(number) => analyses::brief(&mut tx, id, number).await?,
        None => Brief::default(),
    };
    tx.commit().await?;
    let (assumptions, questions) = open_points(&brief, &report["requirements"]);
    Ok(Page(Overview { shell, report, assumptions, questions }).into_response())
}

fn open_points(brief: &Brief, requirements: &Value) -> (Vec<Assumption>, Vec<Question>) {
    let each = |name: &str| requirements[name].as_array().cloned().unwrap_or_default();
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let control = |kind: &str| serde_json::to_value(brief.control(kind)).unwrap_or_default();
    let assumptions = each("assumptions")
        .iter()
        .map(|it| {
            let kind = text(&it["kind"]);
            Assumption {
                label: brief::label(&kind).to_owned(),
                shown: brief::show_value(&kind, &it["value"]),
                value: match &it["value"] {
                    Value::String(text) => text.clone(),
                    other => other.to_string(),
                },
                reason: text(&it["reason"]),
                source: text(&it["source"]),
                control: control(&kind),
                kind,
            }
        })
        .collect();
    let questions = each("questions")
        .iter()
        .map(|it| {
            let kind = text(&it["kind"]);
            Question {
                label: brief::label(&kind).to_owned(),
                text: text(&it["text"]),
                choices: it["choices"].as_array().into_iter().flatten().map(text).collect(),
                control: control(&kind),
                kind,
            }
        })
        .collect();
    (assumptions, questions)
}

#[derive(Debug, Deserialize)]
pub struct After {
    after: Option<i64>,
}

/// What happens in the session, for the page that shows it.
pub async fn events(
    State(state): State<AppState>,
    ctx: Ctx,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
    Query(query): Query<After>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>> {
    let mut tx = ctx.begin(Action::ViewSessions).await?;
    sessions::find(&mut tx, id).await?;
    tx.commit().await?;
    let after = live::last_seen(&headers).or(query.after);
    live::stream(state, ctx, Action::ViewSessions, id, after).await
}

/// The option of a tier, or nothing by that name.
pub fn option_of(report: &Value, tier: &str) -> Result<Value> {
    let options = report["options"].as_array();
    let found = options.and_then(|it| it.iter().find(|it| it["tier"] == tier)).cloned();
    found.ok_or(Error::NotFound("option"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_where_something_was_understood() {
        let facts = vec![
            (2, 5, "Cache: yes".to_owned()),
            (2, 5, "Kind: Redis".to_owned()),
            (9, 11, "Users: 2".to_owned()),
            (20, 90, "beyond".to_owned()),
        ];
        let pieces = cut("a bcd for äö", 0, &facts);
        let shown: Vec<_> =
            pieces.iter().map(|it| (it.text.as_str(), it.understood.as_deref())).collect();
        assert_eq!(
            shown,
            [("a ", None), ("bcd", Some("Cache: yes; Kind: Redis")), (" for äö", None),],
            "a place within a letter is no place"
        );
        assert_eq!(cut("second", 6, &facts).len(), 2);
        assert!(cut("", 0, &facts).is_empty());
    }
}
