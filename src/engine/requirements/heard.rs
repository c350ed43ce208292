//! Whether each part of a later turn was taken up: what was not is said, so that
//! half of an order is never dropped in silence.

use super::Diagnostic;
use super::tokens::{Gap, Reading};
use crate::engine::diag::{Severity, Span};

pub(super) const HELP: &str = "Name a service, a number, a region or a wish: \"add a Redis cache\", \
                               \"100k users\", \"move to Frankfurt\", \"make it cheaper\".";

/// Verbs that begin an order, so that "and" before one begins another part.
const VERBS: &[&str] = &[
    "add",
    "allow",
    "archive",
    "change",
    "connect",
    "cut",
    "decrease",
    "delete",
    "deploy",
    "double",
    "drop",
    "enable",
    "encrypt",
    "ensure",
    "expose",
    "give",
    "halve",
    "have",
    "host",
    "include",
    "increase",
    "keep",
    "limit",
    "lower",
    "make",
    "migrate",
    "move",
    "protect",
    "put",
    "raise",
    "reduce",
    "remove",
    "rename",
    "replace",
    "replicate",
    "restrict",
    "run",
    "scale",
    "send",
    "set",
    "split",
    "stop",
    "store",
    "support",
    "survive",
    "switch",
    "triple",
    "turn",
    "upgrade",
    "use",
];

/// Words that ask for nothing by themselves.
const FILLERS: &[&str] = &[
    "a",
    "actually",
    "again",
    "all",
    "also",
    "an",
    "and",
    "as",
    "be",
    "but",
    "can",
    "cool",
    "could",
    "do",
    "else",
    "everything",
    "first",
    "good",
    "great",
    "hello",
    "hey",
    "hi",
    "i",
    "instead",
    "is",
    "it",
    "its",
    "just",
    "let",
    "let's",
    "lets",
    "like",
    "me",
    "much",
    "must",
    "need",
    "nice",
    "no",
    "now",
    "of",
    "ok",
    "okay",
    "perfect",
    "please",
    "possible",
    "same",
    "should",
    "so",
    "stay",
    "stays",
    "super",
    "sure",
    "thank",
    "thanks",
    "that",
    "the",
    "then",
    "there",
    "they",
    "think",
    "this",
    "to",
    "too",
    "us",
    "very",
    "want",
    "way",
    "we",
    "well",
    "with",
    "would",
    "wow",
    "yes",
    "you",
];

/// A remark for each part of the turn in which nothing was understood.
pub(super) fn unheard(reading: &Reading, known: &[Span], offset: usize) -> Vec<Diagnostic> {
    let mut remarks = Vec::new();
    let mut from = 0;
    for at in 1..=reading.len() {
        if at < reading.len() && !begins(reading, at) {
            continue;
        }
        let span = reading.span(from, at - 1);
        let heard = known.iter().any(|it| it[0] < span[1] && span[0] < it[1]);
        let says = (from..at).any(|it| !FILLERS.contains(&reading.word(it)));
        if says && !heard {
            remarks.push(remark(reading, span, offset));
        }
        from = at;
    }
    remarks
}

/// Whether another part of the turn begins with this word.
fn begins(reading: &Reading, at: usize) -> bool {
    let gap = reading.gap(at);
    if gap.ends_clause() {
        return true;
    }
    let verb = |at: usize| VERBS.contains(&reading.word(at));
    match reading.word(at) {
        "and" | "but" | "then" | "also" | "plus" => {
            verb(at + 1) || matches!(reading.word(at + 1), "also" | "then") && verb(at + 2)
        }
        _ => gap.has(Gap::COMMA | Gap::DASH) && verb(at),
    }
}

fn remark(reading: &Reading, span: Span, offset: usize) -> Diagnostic {
    let mut said = &reading.text[span[0]..span[1]];
    for joint in ["and ", "but ", "then ", "also ", "plus "] {
        said = said.strip_prefix(joint).unwrap_or(said);
    }
    let said: String = said.chars().take(80).collect();
    Diagnostic::new(
        "part-not-understood",
        Severity::Warning,
        format!("\"{said}\" was not understood; the rest of the message was followed."),
    )
    .help(HELP)
    .at([span[0] + offset, span[1] + offset])
}

#[cfg(test)]
mod tests {
    use super::super::{Hints, Requirements, revise, tests::of};

    fn after(first: &str, turn: &str) -> Requirements {
        revise(&of(first), turn, &Hints::default())
    }

    fn unheard(it: &Requirements) -> Vec<&str> {
        let part = it.diagnostics.iter().filter(|it| it.code == "part-not-understood");
        part.filter_map(|d| it.text.get(d.span?[0]..d.span?[1])).collect()
    }

    #[test]
    fn every_part_of_a_turn_is_followed_or_named() {
        let first = "Web app with Postgres for 10k users in us-east-1";
        let it = after(first, "survive a region failure and add a search engine");
        assert!(it.needs.multi_region && unheard(&it).is_empty(), "{:?}", it.diagnostics);
        let it = after(first, "paint it blue and add a queue");
        assert_eq!(unheard(&it), ["paint it blue"]);
        let it = after(first, "Add a Redis cache. Rename the database to orders, please. Thanks!");
        assert_eq!(unheard(&it), ["Rename the database to orders, please"]);
        for turn in [
            "add Redis and SQS, please",
            "ok great, now drop the CDN and double the users",
            "use MySQL instead of Postgres",
            "make it cheaper but keep it in Frankfurt",
            "99.99% and 50k users",
        ] {
            let it = after(first, turn);
            assert!(unheard(&it).is_empty(), "{turn}: {:?}", unheard(&it));
        }
    }
}
