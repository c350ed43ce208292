//! What a description cannot be built without although it does not name it.
//!
//! A rule is true of the field, not of one text: an upload needs somewhere to
//! put the file, an HTTP API in front of nothing needs a function behind it. A
//! rule adds nothing where a named service already does the job.

mod aws;
mod azure;
mod gcp;
mod rules;

use super::flows;
use super::mentions::{Named, Occurrence};
use super::phrases::Phrases;
use super::tokens::{Gap, Reading};
use super::vocabulary;
use super::{Cloud, Flow, Mention, Stance};
use rules::RULES;
use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

static PHRASES: LazyLock<Phrases> =
    LazyLock::new(|| Phrases::new(RULES.iter().enumerate().map(|(at, it)| (it.words, at)), false));

/// Rules may share a phrase, so each is looked for by its own words.
static TABLES: LazyLock<Vec<Phrases>> = LazyLock::new(|| {
    RULES.iter().map(|it| Phrases::new(std::iter::once((it.words, 0)), false)).collect()
});

/// First and last word of the reason.
type Place = (usize, usize);

/// A reading and what is known of it so far.
struct Gaps<'a, 't> {
    reading: &'a Reading<'t>,
    named: &'a mut Named,
    cloud: Cloud,
    flows: Vec<Flow>,
    serverless: bool,
    /// Where each word stands.
    places: HashMap<&'a str, Vec<usize>>,
}

pub(super) fn add(reading: &Reading, cloud: Cloud, serverless: bool, named: &mut Named) {
    let flows = flows::find(reading, named);
    let mut places: HashMap<&str, Vec<usize>> = HashMap::with_capacity(reading.len());
    for at in 0..reading.len() {
        places.entry(reading.word(at)).or_default().push(at);
    }
    let mut gaps = Gaps { reading, named, cloud, flows, serverless, places };
    // One pass tells whether anything matches at all; most texts match little.
    if !PHRASES.find(reading, |_| false).is_empty() {
        for (rule, table) in RULES.iter().zip(TABLES.iter()) {
            let hits = table.find(reading, |_| false);
            let Some(hit) = hits.into_iter().find(|it| !gaps.denied(it.from)) else { continue };
            if !gaps.has(rule.unless) {
                for service in rule.services[cloud as usize] {
                    gaps.imply(service, (hit.from, hit.to), 0.7);
                }
            }
        }
    }
    match cloud {
        Cloud::Aws => aws::complete(&mut gaps),
        Cloud::Azure => azure::complete(&mut gaps),
        Cloud::Gcp => gcp::complete(&mut gaps),
    }
}

impl Gaps<'_, '_> {
    fn denied(&self, from: usize) -> bool {
        from > 0
            && !self.reading.gap(from).has(Gap::COMMA | Gap::SENTENCE)
            && matches!(self.reading.word(from - 1), "no" | "not" | "without" | "avoid" | "non")
    }

    /// Whether one of these is in the design already.
    fn has(&self, services: &[&str]) -> bool {
        self.named.mentions.iter().any(|it| {
            services.contains(&it.service)
                && !matches!(it.stance, Stance::Excluded | Stance::Replaced | Stance::Passing)
        })
    }

    /// Whether anything at all that runs code is in the design.
    fn has_compute(&self) -> bool {
        self.named.mentions.iter().any(|it| {
            !matches!(it.stance, Stance::Excluded | Stance::Replaced)
                && vocabulary::compute(it.service)
        })
    }

    /// Whether nothing but these is in the design.
    fn only(&self, services: &[&str]) -> bool {
        self.named.mentions.iter().all(|it| services.contains(&it.service))
    }

    /// The words that name a service that is in the design.
    fn place(&self, service: &str) -> Option<Place> {
        let refused = |it: &&Occurrence| {
            !matches!(it.stance, Stance::Excluded | Stance::Replaced | Stance::Passing)
        };
        let it = self.named.occurrences.iter().filter(refused).find(|it| it.service == service)?;
        Some((it.from, it.to))
    }

    /// The first place where one of these phrases stands.
    fn says(&self, phrases: &[&str]) -> Option<Place> {
        phrases
            .iter()
            .filter_map(|phrase| {
                let mut words = phrase.split(' ');
                let places = self.places.get(words.next()?)?;
                let count = phrase.split(' ').count();
                let fits = |at: usize| {
                    words
                        .clone()
                        .enumerate()
                        .all(|(nth, word)| self.reading.word(at + 1 + nth) == word)
                };
                places.iter().copied().find(|at| fits(*at)).map(|at| (at, at + count - 1))
            })
            .min()
    }

    /// Whether the text leads from `service` to something else.
    fn leads_on(&self, service: &str) -> bool {
        self.flows.iter().any(|it| self.named.mentions[it.from].service == service)
    }

    fn imply(&mut self, service: &'static str, (from, to): Place, confidence: f64) {
        // Whatever was said about it already stands, also a refusal.
        let said = |it: &Mention| it.service == service && it.cloud == self.cloud;
        if self.named.mentions.iter().any(said) {
            return;
        }
        self.named.mentions.push(Mention {
            service,
            cloud: self.cloud,
            stance: Stance::Implied,
            count: 1,
            details: BTreeMap::new(),
            span: self.reading.span(from, to),
            confidence,
        });
        self.named.occurrences.push(Occurrence {
            from,
            to,
            service,
            cloud: self.cloud,
            stance: Stance::Implied,
            details: BTreeMap::new(),
            count: 1,
            confidence,
            by_kind: true,
            generic: true,
            mention: self.named.mentions.len() - 1,
        });
    }
}
