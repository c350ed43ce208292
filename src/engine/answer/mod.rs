//! What the conversation says without a language model.
//!
//! A turn is a change, or a question that the analysis answers: why a part is
//! there, what happens when something fails, what costs most. Every figure and
//! every name in an answer is one of the analysis; a question that it cannot
//! answer is said to be one.

mod compare;
mod confirm;
mod failure;
mod fit;
mod money;
mod overview;
mod subject;
#[cfg(test)]
mod tests;
mod why;
mod words;

pub use compare::{Recommendation, Row, compare, recommend};
pub use confirm::{Confirmation, confirm};

use super::analysis::{Analysis, Design};
use super::brief::Brief;
use super::graph::{NodeId, Tier};
use serde::Serialize;
use subject::Subject;
use words::Words;

/// What a text of a person is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "turn", rename_all = "lowercase")]
pub enum Turn {
    /// It starts or changes a design: add it to the brief and analyse.
    Change,
    /// It asks about the design.
    Answer(Answer),
    /// It asks for something else: what can be said and asked.
    Help(Answer),
}

/// An answer, and what it is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Answer {
    /// `why`, `failure`, `cost` …
    pub topic: &'static str,
    pub blocks: Vec<Block>,
    /// The option that the figures are of, where they are of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The components that it speaks of.
    pub about: Vec<NodeId>,
}

/// A part of an answer. Texts are plain: no markup, one paragraph each.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "block", rename_all = "lowercase")]
pub enum Block {
    Text {
        text: String,
    },
    List {
        items: Vec<String>,
    },
    /// Columns of equal length, the first row names them.
    Table {
        rows: Vec<Vec<String>>,
    },
}

impl Answer {
    fn on(topic: &'static str) -> Self {
        Self { topic, ..Self::default() }
    }

    fn of(mut self, view: &View) -> Self {
        self.tier = Some(view.design.graph.tier);
        self
    }

    fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.blocks.push(Block::Text { text });
        }
        self
    }

    fn list(mut self, items: impl IntoIterator<Item = String>) -> Self {
        let items: Vec<String> = items.into_iter().collect();
        if !items.is_empty() {
            self.blocks.push(Block::List { items });
        }
        self
    }

    fn table(mut self, rows: Vec<Vec<String>>) -> Self {
        if rows.len() > 1 {
            self.blocks.push(Block::Table { rows });
        }
        self
    }

    fn about<'a>(mut self, ids: impl IntoIterator<Item = &'a NodeId>) -> Self {
        for id in ids {
            if !self.about.contains(id) {
                self.about.push(id.clone());
            }
        }
        self
    }

    /// As plain text, a list item or a row on each line.
    pub fn plain(&self) -> String {
        let mut out = Vec::new();
        for block in &self.blocks {
            match block {
                Block::Text { text } => out.push(text.clone()),
                Block::List { items } => {
                    out.push(
                        items.iter().map(|it| format!("- {it}")).collect::<Vec<_>>().join("\n"),
                    );
                }
                Block::Table { rows } => {
                    out.push(rows.iter().map(|it| it.join(" | ")).collect::<Vec<_>>().join("\n"));
                }
            }
        }
        out.join("\n\n")
    }
}

/// The option that a question is about, within its analysis.
struct View<'a> {
    analysis: &'a Analysis,
    design: &'a Design,
}

/// Says what a text is, and answers it when it is a question.
pub fn reply(previous: Option<&Analysis>, brief: &Brief, text: &str) -> Turn {
    reply_on(previous, brief, text, None)
}

/// The same for somebody who looks at one option: it is the one that is meant
/// unless the text names another.
pub fn reply_on(
    previous: Option<&Analysis>,
    brief: &Brief,
    text: &str,
    tier: Option<Tier>,
) -> Turn {
    let previous = previous.filter(|it| !it.options.is_empty());
    let sentences = words::sentences(text);
    if sentences.iter().all(words::is_courtesy) {
        return Turn::Help(overview::help(previous.is_some()));
    }
    let Some(analysis) = previous else {
        let asks = sentences.iter().all(|it| words::is_question(it) || words::is_courtesy(it));
        let describes = || brief_of(brief, text).requirements().needs.describes_system;
        return if asks && !describes() { Turn::Help(overview::help(false)) } else { Turn::Change };
    };
    // One order among questions is an order: it must not be lost.
    let rest: Vec<&Words> = sentences.iter().filter(|it| !words::is_courtesy(it)).collect();
    if rest.iter().any(|it| !words::is_question(it)) {
        return Turn::Change;
    }
    let mut last = None;
    for sentence in rest {
        match answer(analysis, brief, sentence, tier) {
            Some(answer) => return Turn::Answer(answer),
            None => last = Some(sentence),
        }
    }
    Turn::Help(overview::unknown(last))
}

fn brief_of(brief: &Brief, text: &str) -> Brief {
    let mut brief = brief.clone();
    brief.say(text);
    brief
}

fn answer(analysis: &Analysis, brief: &Brief, asked: &Words, tier: Option<Tier>) -> Option<Answer> {
    let tier = subject::tier(asked).or(tier).unwrap_or_else(|| recommend(analysis).tier);
    let design =
        analysis.options.iter().find(|it| it.graph.tier == tier).or(analysis.options.last())?;
    let view = View { analysis, design };
    let subject = Subject::of(&view, asked);
    // From the most particular to the most general.
    overview::assumptions(&view, asked)
        .or_else(|| overview::open_questions(&view, asked))
        .or_else(|| overview::how_to(&view, asked))
        .or_else(|| failure::backups(&view, asked, &subject))
        .or_else(|| failure::recovery(&view, asked))
        .or_else(|| failure::failure(&view, asked, &subject))
        .or_else(|| compare::difference(&view, asked))
        .or_else(|| compare::recommendation(&view, asked))
        .or_else(|| money::levers(&view, brief, asked))
        .or_else(|| fit::compliance(&view, brief, asked))
        .or_else(|| money::what_if(&view, brief, asked))
        .or_else(|| money::drivers(&view, asked))
        .or_else(|| money::cost(&view, asked, &subject))
        .or_else(|| fit::security(&view, asked, &subject))
        .or_else(|| fit::speed(&view, asked))
        .or_else(|| fit::capacity(&view, asked, &subject))
        .or_else(|| fit::availability(&view, asked, &subject))
        .or_else(|| fit::place(&view, asked))
        .or_else(|| overview::connections(&view, asked, &subject))
        .or_else(|| overview::size(&view, asked, &subject))
        .or_else(|| why::why_not(&view, asked, &subject))
        .or_else(|| why::why(&view, asked, &subject))
        .or_else(|| overview::parts(&view, asked))
        .or_else(|| why::what_is(&view, &subject))
}

/// Dollars for people: `$1,234`, `$64`, `$0.42`.
fn money(value: f64) -> String {
    let sign = if value < -0.005 { "-" } else { "" };
    let value = value.abs();
    if value < 10.0 && value.fract() > 0.005 {
        return format!("{sign}${value:.2}");
    }
    format!("{sign}${}", super::plan::profile::number(value.round()))
}

/// "a, b and c".
fn enumerate<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [rest @ .., last] => {
            let rest: Vec<&str> = rest.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", rest.join(", "), last.as_ref())
        }
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |it| it.to_uppercase().chain(letters).collect())
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), text.chars().nth(1)) {
        // An abbreviation keeps its capitals.
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}
