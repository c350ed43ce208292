//! What was understood, or what a turn changed, in a few plain sentences.

use super::money::rounded;
use super::{capital, enumerate, money, recommend};
use crate::engine::analysis::Analysis;
use crate::engine::brief::{label, show_value};
use crate::engine::diag::Severity;
use crate::engine::diff::{self, Change};
use crate::engine::graph::Tier;
use crate::engine::plan::profile::number;
use crate::engine::requirements::settings::percent;
use crate::engine::requirements::{Question, Requirements, Source};
use serde::Serialize;

/// The answer to a turn that made a new analysis.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Confirmation {
    /// One or two sentences.
    pub summary: String,
    /// What was understood, or what changed in the options.
    pub points: Vec<String>,
    /// What cannot be done, or only in part.
    pub warnings: Vec<String>,
    pub questions: Vec<Question>,
    /// False when the turn changed nothing.
    pub changed: bool,
}

impl Confirmation {
    /// As plain text.
    pub fn plain(&self) -> String {
        let mut out = vec![self.summary.clone()];
        out.extend(self.points.iter().map(|it| format!("- {it}")));
        out.extend(self.warnings.iter().map(|it| format!("! {it}")));
        out.extend(self.questions.iter().map(|it| format!("? {}", it.text)));
        out.join("\n")
    }
}

/// Tells what was understood (`before` is `None`) or what changed.
pub fn confirm(before: Option<&Analysis>, after: &Analysis) -> Confirmation {
    let warnings = warnings(before, after);
    let questions = after.requirements.questions.clone();
    if after.options.is_empty() {
        return Confirmation {
            summary: "This describes no system that could be built.".to_owned(),
            points: after
                .diagnostics
                .iter()
                .map(|it| it.help.clone())
                .filter(|it| !it.is_empty())
                .collect(),
            ..Confirmation::default()
        };
    }
    match before.filter(|it| !it.options.is_empty()) {
        None => first(after, warnings, questions),
        Some(before) => changed(before, after, warnings, questions),
    }
}

fn first(after: &Analysis, warnings: Vec<String>, questions: Vec<Question>) -> Confirmation {
    let read = &after.requirements;
    let prices: Vec<String> = after
        .options
        .iter()
        .map(|it| format!("{} for {}", it.graph.tier.name(), money(it.cost.monthly)))
        .collect();
    let recommended = recommend(after);
    let name = if read.needs.title.is_empty() {
        "it".to_owned()
    } else {
        format!("\"{}\"", read.needs.title)
    };
    let mut points = understood(read);
    let assumed: Vec<String> = read
        .assumptions
        .iter()
        .filter(|it| it.source == Source::Engine)
        .map(|it| format!("{} {}", label(it.kind).to_lowercase(), show_value(it.kind, &it.value)))
        .collect();
    if !assumed.is_empty() {
        points.push(format!("Assumed: {}.", enumerate(&assumed)));
    }
    let house: Vec<String> = read
        .assumptions
        .iter()
        .filter(|it| it.source == Source::Organisation)
        .map(|it| format!("{} {}", label(it.kind).to_lowercase(), show_value(it.kind, &it.value)))
        .collect();
    if !house.is_empty() {
        points.push(format!("From your organisation: {}.", enumerate(&house)));
    }
    Confirmation {
        summary: format!(
            "Three options for {name}, a month: {}. {} is recommended: {}",
            enumerate(&prices),
            capital(recommended.tier.name()),
            super::lower_first(&recommended.reason)
        ),
        points,
        warnings,
        questions,
        changed: true,
    }
}

/// Facts in groups, as people say them.
pub(super) fn understood(read: &Requirements) -> Vec<String> {
    let mut out = Vec::new();
    let texts = |kind: &str| -> Vec<String> {
        let mut seen: Vec<String> = Vec::new();
        let also = |it: &str| kind == "service" && it == "stack";
        for it in read.facts.iter().filter(|it| it.kind == kind || also(it.kind)) {
            if !seen.iter().any(|known| known.eq_ignore_ascii_case(&it.text)) {
                seen.push(it.text.clone());
            }
        }
        seen
    };
    for (kind, title) in [
        ("workload", "To build"),
        ("service", "With"),
        ("service.existing", "Already there"),
        ("service.replaced", "To be replaced"),
        ("service.excluded", "Without"),
    ] {
        let found = texts(kind);
        if !found.is_empty() {
            out.push(format!("{title}: {}.", enumerate(&found)));
        }
    }
    let mut values: Vec<String> = Vec::new();
    for it in &read.facts {
        if it.kind.starts_with("load.")
            || matches!(
                it.kind,
                "availability"
                    | "budget"
                    | "rto"
                    | "rpo"
                    | "retention"
                    | "region"
                    | "residency"
                    | "compliance"
            )
        {
            let text =
                format!("{} {}", label(it.kind).to_lowercase(), show_value(it.kind, &it.value));
            if !values.contains(&text) {
                values.push(text);
            }
        }
    }
    if !values.is_empty() {
        out.push(format!("{}.", capital(&enumerate(&values))));
    }
    out
}

fn changed(
    before: &Analysis,
    after: &Analysis,
    warnings: Vec<String>,
    questions: Vec<Question>,
) -> Confirmation {
    let changes = diff::options(&before.options, &after.options);
    let mut points = new_values(before, after);
    points.extend(parts(&changes));
    let costs: Vec<String> = changes.iter().filter_map(cost).collect();
    if !costs.is_empty() {
        points.push(format!("Cost a month: {}.", enumerate(&costs)));
    }
    let shares: Vec<String> = changes.iter().filter_map(availability).collect();
    if !shares.is_empty() {
        points.push(format!("Availability: {}.", enumerate(&shares)));
    }
    let sizes = changes.iter().find(|it| it.tier == Tier::Better).map_or(0, |it| it.changed.len());
    let code = changes.iter().find(|it| it.tier == Tier::Better);
    if let Some(it) = code
        && it.lines_added + it.lines_removed > 0
    {
        points.push(format!(
            "Terraform of the better option: {} lines added, {} removed.",
            number(it.lines_added as f64),
            number(it.lines_removed as f64)
        ));
    }
    let moved = before.options.first().map(|it| &it.graph.region)
        != after.options.first().map(|it| &it.graph.region);
    let nothing = changes.iter().all(|it| {
        it.added.is_empty()
            && it.removed.is_empty()
            && it.changed.is_empty()
            && it.lines_added + it.lines_removed == 0
    }) && !moved;
    let misunderstood = after.diagnostics.iter().find(|it| it.code == "change-not-understood");
    let cheaper = |it: &Analysis| it.requirements.needs.preferences.cost_first;
    if nothing && cheaper(after) && !cheaper(before) {
        points.push("Ask \"how can I make it cheaper?\" for what would save money.".to_owned());
    }
    let summary = if let Some(it) = misunderstood {
        format!("{} {}", it.message, it.help)
    } else if nothing && !warnings.is_empty() {
        "Understood. No option changes, and this remains:".to_owned()
    } else if nothing {
        "Understood, and no option changes: they meet that already.".to_owned()
    } else {
        headline(&changes, sizes, moved.then(|| after.options[0].graph.region.as_str()))
    };
    Confirmation {
        summary,
        points: if misunderstood.is_some() { Vec::new() } else { points },
        warnings,
        questions,
        changed: !nothing,
    }
}

/// The change of the better option in one sentence.
fn headline(changes: &[Change], sizes: usize, region: Option<&str>) -> String {
    let Some(it) = changes.iter().find(|it| it.tier == Tier::Better).or(changes.first()) else {
        return "The options changed.".to_owned();
    };
    let mut what = Vec::new();
    if let Some(region) = region {
        what.push(format!("moved to {region}"));
    }
    if !it.added.is_empty() {
        what.push(format!("added {}", enumerate(&it.added)));
    }
    if !it.removed.is_empty() {
        what.push(format!("removed {}", enumerate(&it.removed)));
    }
    if what.is_empty() && sizes > 0 {
        what.push("sizes and settings changed".to_owned());
    }
    if what.is_empty() {
        what.push("the options changed".to_owned());
    }
    let more = it.cost.1 - it.cost.0;
    let money = if more.abs() < 0.5 {
        "the cost stays the same".to_owned()
    } else if more > 0.0 {
        format!("{} a month more", money(more))
    } else {
        format!("{} a month less", money(-more))
    };
    format!("{}: {money} in the {} option.", capital(&enumerate(&what)), it.tier.name())
}

/// Values that the turn stated or changed.
fn new_values(before: &Analysis, after: &Analysis) -> Vec<String> {
    let old = &before.requirements.facts;
    let fresh = after.requirements.facts.iter().filter(|it| {
        !old.iter().any(|was| was.kind == it.kind && was.value == it.value)
            && (it.kind.starts_with("load.")
                || it.kind.starts_with("preference.")
                || matches!(
                    it.kind,
                    "availability"
                        | "latency"
                        | "rto"
                        | "rpo"
                        | "retention"
                        | "budget"
                        | "region"
                        | "residency"
                        | "compliance"
                        | "multi_region"
                ))
    });
    let mut values: Vec<String> = Vec::new();
    for it in fresh {
        let text = format!("{} {}", label(it.kind).to_lowercase(), show_value(it.kind, &it.value));
        if !values.contains(&text) {
            values.push(text);
        }
    }
    if values.is_empty() {
        Vec::new()
    } else {
        vec![format!("Understood: {}.", enumerate(&values))]
    }
}

/// What came and went, once for options that are alike.
fn parts(changes: &[Change]) -> Vec<String> {
    let mut out: Vec<(String, Vec<&'static str>)> = Vec::new();
    for it in changes {
        let mut says = |text: String| match out.iter_mut().find(|known| known.0 == text) {
            Some(known) => known.1.push(it.tier.name()),
            None => out.push((text, vec![it.tier.name()])),
        };
        if !it.added.is_empty() {
            says(format!("added {}", enumerate(&it.added)));
        }
        if !it.removed.is_empty() {
            says(format!("removed {}", enumerate(&it.removed)));
        }
        let mut sized: Vec<&str> = Vec::new();
        for (component, ..) in &it.changed {
            if !sized.contains(&component.as_str()) {
                sized.push(component);
            }
        }
        let rest = sized.len().saturating_sub(5);
        sized.truncate(5);
        if !sized.is_empty() {
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let names = if rest > 0 { sized.join(", ") } else { enumerate(&sized) };
            says(format!("changed {names}{more}"));
        }
    }
    out.into_iter()
        .map(|(text, tiers)| match tiers.len() {
            3 => format!("All options: {text}."),
            _ => format!("{}: {text}.", capital(&enumerate(&tiers))),
        })
        .collect()
}

fn cost(it: &Change) -> Option<String> {
    let (then, now) = it.cost;
    ((now - then).abs() >= 0.5)
        .then(|| format!("{} {} instead of {}", it.tier.name(), money(now), money(then)))
}

fn availability(it: &Change) -> Option<String> {
    let (then, now) = (percent(rounded(it.availability.0)), percent(rounded(it.availability.1)));
    (then != now).then(|| format!("{} {now} instead of {then}", it.tier.name()))
}

/// Remarks that are new and matter.
fn warnings(before: Option<&Analysis>, after: &Analysis) -> Vec<String> {
    let known = |message: &str| {
        before.is_some_and(|it| it.diagnostics.iter().any(|it| it.message == message))
    };
    let mut out: Vec<String> = Vec::new();
    for it in &after.diagnostics {
        if it.severity > Severity::Note
            && it.code != "change-not-understood"
            && it.code != "no-system-described"
            && !known(&it.message)
            // Said once for each option; the cards show it for all.
            && (it.code != "availability-not-promised" || it.message.contains(" better "))
        {
            let text = if it.severity == Severity::Error && !it.help.is_empty() {
                format!("{} {}", it.message, it.help)
            } else {
                it.message.clone()
            };
            out.push(text);
        }
    }
    out
}
