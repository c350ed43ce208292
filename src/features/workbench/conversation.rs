//! The conversation as a page shows it: what was understood marked in the
//! person's own words, and each answer with what it changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::settings;
use crate::engine::brief::{self, Brief};
use crate::features::sessions::{Fork, Message};

/// One message.
#[derive(Clone, Debug, Serialize)]
pub struct Turn {
    pub id: Uuid,
    /// The message that it follows.
    pub parent_id: Option<Uuid>,
    pub mine: bool,
    pub name: Option<String>,
    pub at: DateTime<Utc>,
    /// `running`, `done`, `stopped` or `failed`.
    pub state: String,
    pub body: String,
    /// The body in pieces, of which some say what was understood.
    pub pieces: Vec<Piece>,
    /// Whether a value was chosen rather than something said.
    pub setting: bool,
    pub fork: Option<Switch>,
    pub analysis: Option<i32>,
    pub said: Said,
    /// Changes whenever the message has to be shown anew.
    pub rev: String,
}

/// Some of the words, and what was understood by them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Piece {
    pub text: String,
    pub facts: Vec<String>,
}

/// One of several branches that start at the same place.
#[derive(Clone, Debug, Serialize)]
pub struct Switch {
    pub nth: usize,
    pub of: usize,
    pub before: Option<Uuid>,
    pub after: Option<Uuid>,
}

/// The content of an answer, as far as it is known: an older or newer engine
/// may have said more or less.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Said {
    pub kind: String,
    pub steps: Vec<Step>,
    pub changes: Option<Vec<Change>>,
    pub confirmation: Option<Confirmation>,
    pub answer: Option<Answer>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Step {
    pub step: String,
    pub text: String,
    pub ms: f64,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Confirmation {
    pub summary: String,
    pub points: Vec<String>,
    pub warnings: Vec<String>,
    pub changed: bool,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Answer {
    pub topic: String,
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Block {
    pub block: String,
    pub text: String,
    pub items: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

/// What a turn changed in one option.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Change {
    pub tier: String,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    pub changed: Vec<Value>,
    pub cost: Pair,
    pub availability: Pair,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Pair {
    pub before: f64,
    pub after: f64,
}

/// The shown branch, oldest first. `understood` is its newest analysis: what
/// went in, and what came out.
pub fn turns(
    path: Vec<Message>,
    forks: &[Fork],
    understood: Option<(&Brief, &Value)>,
) -> Vec<Turn> {
    let mut places = understood.map(|(brief, report)| places(&path, brief, report));
    path.into_iter()
        .map(|message| {
            let facts = places.as_mut().and_then(|it| it.remove(&message.id)).unwrap_or_default();
            turn(message, forks, &facts)
        })
        .collect()
}

fn turn(message: Message, forks: &[Fork], facts: &[Place]) -> Turn {
    let mine = message.author == "person";
    let fork = if mine { switch(&message, forks) } else { None };
    let said: Said = match (&message.content, mine) {
        (Some(content), false) => serde_json::from_value(content.clone()).unwrap_or_default(),
        _ => Said::default(),
    };
    let setting = mine && message.content.as_ref().is_some_and(|it| it.get("setting").is_some());
    let of = fork.as_ref().map_or(1, |it| it.of);
    let rev = format!("{}-{of}-{}", message.state, facts.len());
    Turn {
        id: message.id,
        parent_id: message.parent_id,
        mine,
        name: message.author_name,
        at: message.created_at,
        pieces: if mine { pieces(&message.body, facts) } else { Vec::new() },
        state: message.state,
        body: message.body,
        setting,
        fork,
        analysis: message.analysis,
        said,
        rev,
    }
}

fn switch(message: &Message, forks: &[Fork]) -> Option<Switch> {
    let fork = forks.iter().find(|it| it.parent_id == message.parent_id)?;
    let nth = fork.ids.iter().position(|it| *it == message.id)?;
    let at = |nth: Option<usize>| nth.and_then(|it| fork.ids.get(it)).copied();
    Some(Switch {
        nth: nth + 1,
        of: fork.ids.len(),
        before: at(nth.checked_sub(1)),
        after: at(nth.checked_add(1)),
    })
}

/// What was understood by some bytes of a message.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    from: usize,
    to: usize,
    fact: String,
}

/// Where in which message each fact was said. Spans are bytes of all turns
/// joined by newlines; a turn is the next message with these very words.
fn places(path: &[Message], brief: &Brief, report: &Value) -> HashMap<Uuid, Vec<Place>> {
    let mut begins = Vec::new();
    let (mut offset, mut rest) = (0, path.iter());
    for turn in &brief.turns {
        if let Some(message) = rest.find(|it| it.author == "person" && it.body == *turn) {
            begins.push((offset, message));
        }
        offset += turn.len() + 1;
    }
    let mut out: HashMap<Uuid, Vec<Place>> = HashMap::new();
    let number = |it: &Value| it.as_u64().and_then(|it| usize::try_from(it).ok());
    for fact in report["requirements"]["facts"].as_array().into_iter().flatten() {
        let (Some(from), Some(to)) = (number(&fact["span"][0]), number(&fact["span"][1])) else {
            continue;
        };
        let Some((offset, message)) = begins.iter().rev().find(|it| it.0 <= from) else { continue };
        let (from, to) = (from - offset, to.saturating_sub(*offset));
        // Words that are not there any more cannot be marked.
        if message.body.get(from..to) != fact["text"].as_str() {
            continue;
        }
        let kind = fact["kind"].as_str().unwrap_or_default();
        let shown = brief::show_value(kind, &fact["value"]);
        let fact = format!("{}: {shown}", settings::label(kind));
        out.entry(message.id).or_default().push(Place { from, to, fact });
    }
    out
}

/// Cuts a text where something was understood. Places that overlap are one.
fn pieces(text: &str, places: &[Place]) -> Vec<Piece> {
    let mut places = places.to_vec();
    places.sort_by_key(|it| (it.from, it.to));
    let mut out = Vec::new();
    let mut at = 0;
    let mut places = places.into_iter().filter(|it| it.from < it.to).peekable();
    while let Some(first) = places.next() {
        let (from, mut to) = (first.from, first.to);
        let mut facts = vec![first.fact];
        while let Some(next) = places.next_if(|it| it.from < to) {
            to = to.max(next.to);
            if !facts.contains(&next.fact) {
                facts.push(next.fact);
            }
        }
        if from > at {
            out.push(Piece { text: text[at..from].to_owned(), facts: Vec::new() });
        }
        out.push(Piece { text: text[from..to].to_owned(), facts });
        at = to;
    }
    if at < text.len() {
        out.push(Piece { text: text[at..].to_owned(), facts: Vec::new() });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(from: usize, to: usize, fact: &str) -> Place {
        Place { from, to, fact: fact.to_owned() }
    }

    #[test]
    fn a_text_is_cut_where_something_was_understood() {
        let text = "a shöp in Frankfurt";
        let cut = pieces(text, &[place(11, 20, "Region"), place(2, 7, "Shop"), place(2, 7, "Web")]);
        let shown: Vec<_> = cut.iter().map(|it| (it.text.as_str(), it.facts.len())).collect();
        assert_eq!(shown, [("a ", 0), ("shöp", 2), (" in ", 0), ("Frankfurt", 1)]);
        let whole: String = cut.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(whole, text);
    }

    #[test]
    fn places_that_overlap_are_one() {
        let cut = pieces("one two three", &[place(0, 7, "A"), place(4, 13, "B")]);
        assert_eq!(
            cut,
            [Piece { text: "one two three".into(), facts: vec!["A".into(), "B".into()] }]
        );
        assert_eq!(pieces("", &[]), []);
    }

    #[test]
    fn content_of_another_time_is_shown_as_far_as_it_is_known() {
        let content =
            serde_json::json!({ "kind": "analysis", "steps": [{ "step": "x" }], "new": 1 });
        let said: Said = serde_json::from_value(content).unwrap();
        assert_eq!(
            (said.kind.as_str(), said.steps.len(), said.changes.is_none()),
            ("analysis", 1, true)
        );
    }
}
