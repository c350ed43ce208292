//! A design as people outside may see it: names that shall not be known are
//! left out of what the design is made from, so that they are in nothing that is
//! made of it, and what was understood stays what it was.

use serde_json::Value;

use super::analysis::{self, Analysis};
use super::brief::Brief;
use super::emit::terraform::Settings;
use super::policy::Policy;

/// What stands where a name stood.
pub const STAND_IN: &str = "example";

/// Shorter names are only found as words of their own, or much else would go.
const SHORT: usize = 4;

/// Names that must not be seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Veil {
    /// Lowercase, letter by letter; the longest first.
    names: Vec<Vec<char>>,
    /// Whether prefix, tags, domain and where state is kept are left out, too.
    naming: bool,
}

fn lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

impl Veil {
    /// Empty names, and those of a single character, hide nothing.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, naming: bool) -> Self {
        let mut all: Vec<Vec<char>> = Vec::new();
        for name in names {
            let words: Vec<Vec<char>> = name
                .split(|c: char| !c.is_alphanumeric())
                .filter(|it| !it.is_empty())
                .map(|it| it.chars().map(lower).collect())
                .collect();
            all.push(name.trim().chars().map(lower).collect());
            // "Blue Harbour" is also blue-harbour, blue_harbour and BlueHarbour.
            for between in ["-", "_", "", "."] {
                let between: Vec<char> = between.chars().collect();
                all.push(words.join(&between[..]));
            }
        }
        all.retain(|it| it.len() > 1);
        all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        all.dedup();
        Self { names: all, naming }
    }

    /// Where a name is in a text: first character, and how many.
    fn find(&self, text: &[char], from: usize) -> Option<(usize, usize)> {
        (from..text.len()).find_map(|at| {
            let rest = &text[at..];
            let fits = |name: &&Vec<char>| {
                let same = rest.len() >= name.len()
                    && rest.iter().zip(name.iter()).all(|(a, b)| lower(*a) == *b);
                let ends = |it: Option<&char>| it.is_none_or(|it| !it.is_alphanumeric());
                let before = at.checked_sub(1).and_then(|it| text.get(it));
                same && (name.len() >= SHORT || (ends(before) && ends(rest.get(name.len()))))
            };
            self.names.iter().find(fits).map(|name| (at, name.len()))
        })
    }

    /// The text without the names.
    pub fn text(&self, text: &str) -> String {
        let chars: Vec<char> = text.chars().collect();
        let mut out = String::with_capacity(text.len());
        let mut done = 0;
        while let Some((at, length)) = self.find(&chars, done) {
            out.extend(&chars[done..at]);
            let mut letters = STAND_IN.chars();
            match (chars[at].is_uppercase(), letters.next()) {
                (true, Some(first)) => out.extend(first.to_uppercase().chain(letters)),
                _ => out.push_str(STAND_IN),
            }
            done = at + length;
        }
        out.extend(&chars[done..]);
        out
    }

    /// The first name that is in a text, as it is written there.
    pub fn seen_in(&self, text: &str) -> Option<String> {
        let chars: Vec<char> = text.chars().collect();
        self.find(&chars, 0).map(|(at, length)| chars[at..at + length].iter().collect())
    }

    /// All texts of a value without the names.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(all) => all.iter_mut().for_each(|it| self.value(it)),
            Value::Object(all) => all.values_mut().for_each(|it| self.value(it)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn policy(&self, policy: &Policy) -> Policy {
        let mut out = policy.clone();
        if self.naming {
            out.project = None;
            out.name_prefix = None;
            out.domain = None;
            out.state = None;
            out.tags.clear();
            out.required_tags.clear();
        }
        for text in [&mut out.project, &mut out.name_prefix, &mut out.domain].into_iter().flatten()
        {
            *text = self.text(text).to_lowercase();
        }
        let pairs = |it: &std::collections::BTreeMap<String, String>| {
            it.iter().map(|(name, value)| (self.text(name), self.text(value))).collect()
        };
        out.tags = pairs(&out.tags);
        if let Some(state) = &mut out.state {
            state.settings = pairs(&state.settings);
        }
        out.required_tags = out.required_tags.iter().map(|it| self.text(it)).collect();
        out
    }

    /// What the code is written with.
    pub fn code(&self, brief: &Brief) -> Settings {
        let mut shown = brief.clone();
        shown.policy = self.policy(&brief.policy);
        if self.naming {
            shown.tags.clear();
        }
        shown.tags = shown.tags.iter().map(|it| (self.text(it.0), self.text(it.1))).collect();
        shown.code()
    }

    /// The three options, as the brief gives them, without the names.
    pub fn analyze(&self, brief: &Brief) -> Analysis {
        let mut it = brief.requirements();
        // Places in the text are not places in the text without names.
        it.text.clear();
        for fact in &mut it.facts {
            fact.text = self.text(&fact.text);
            self.value(&mut fact.value);
        }
        for assumption in &mut it.assumptions {
            assumption.reason = self.text(&assumption.reason);
            self.value(&mut assumption.value);
        }
        for question in &mut it.questions {
            question.text = self.text(&question.text);
        }
        for diagnostic in &mut it.diagnostics {
            diagnostic.message = self.text(&diagnostic.message);
            diagnostic.help = self.text(&diagnostic.help);
        }
        let needs = &mut it.needs;
        needs.title = self.text(&needs.title);
        for workload in &mut needs.workloads {
            workload.name = self.text(&workload.name);
        }
        for details in needs.mentions.iter_mut().map(|it| &mut it.details) {
            details.values_mut().for_each(|it| *it = self.text(it));
        }
        let network = &mut needs.network;
        if self.naming {
            (network.vpc_id, network.domain) = (None, None);
        }
        for text in [&mut network.vpc_id, &mut network.domain].into_iter().flatten() {
            *text = self.text(text).to_lowercase();
        }
        analysis::complete(it, &self.policy(&brief.policy), &mut |_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::report;

    #[test]
    fn a_name_is_found_however_it_is_written() {
        let veil = Veil::new(["Blue Harbour", "Io", " ", "x"], false);
        for (text, expected) in [
            ("Blue Harbour's shop", "Example's shop"),
            ("blue-harbour-orders, BLUE_HARBOUR", "example-orders, Example"),
            ("theblueharbourshop", "theexampleshop"),
            ("An io port; radio", "An example port; radio"),
            ("blue sky over the harbour", "blue sky over the harbour"),
        ] {
            assert_eq!(veil.text(text), expected);
            assert_eq!(veil.seen_in(text).is_some(), text != expected, "{text}");
            assert_eq!(veil.seen_in(expected), None);
        }
    }

    #[test]
    fn what_was_understood_stays_and_the_names_go() {
        let brief = Brief::of(
            "A customer portal called Zanzibank for Zanzibank Holding on AWS, an orders service and a Zanzibank \
             reports service with PostgreSQL, 20,000 visitors a day",
        );
        let open = brief.analyze();
        let hidden = Veil::new(["Zanzibank Holding", "Zanzibank"], true).analyze(&brief);
        for (a, b) in open.options.iter().zip(&hidden.options) {
            assert_eq!(a.graph.components.len(), b.graph.components.len());
            assert!((a.cost.monthly - b.cost.monthly).abs() < 0.01);
        }
        assert!(report::analysis(&open).to_string().to_lowercase().contains("zanzibank"));
        let report = report::analysis(&hidden).to_string().to_lowercase();
        assert!(!report.contains("zanzibank"), "{report}");
    }
}
