//! Why something is there, why something is not, and what it does.

use super::subject::{Subject, called, in_option, monthly};
use super::words::Words;
use super::{Answer, View, capital, enumerate, lower_first, money};
use crate::engine::graph::{Component, Kind};
use crate::engine::plan::Decision;
use crate::engine::plan::services::{self, Meaning};
use crate::engine::requirements::Stance;

/// "Why Aurora?", "do we need the NAT gateway?"
pub(super) fn why(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    let asks = asked
        .has("why|reason|reasons|need|needed|necessary|justify|purpose|for what|what for|required")
        || asked.has("how come|did you choose|did you pick|was chosen|rationale|without");
    if !asks {
        return None;
    }
    if subject.is_none() {
        return topic(view, asked).or_else(|| absent(view, subject));
    }
    Some(describe(view, subject, "why"))
}

/// "What does the queue do?", "tell me about the bucket".
pub(super) fn what_is(view: &View, subject: &Subject) -> Option<Answer> {
    if subject.is_none() {
        // What no option has is still worth a word.
        return absent(view, subject);
    }
    Some(describe(view, subject, "component"))
}

fn describe(view: &View, subject: &Subject, topic: &'static str) -> Answer {
    let mut answer = Answer::on(topic);
    if subject.parts.is_empty() {
        let Some((tier, _)) = subject.elsewhere.first() else { return answer };
        answer = answer.text(format!(
            "The {} option has none; it is {}.",
            view.design.graph.tier.name(),
            in_option(*tier)
        ));
        let design = view.analysis.options.iter().find(|it| it.graph.tier == *tier);
        if let Some(design) = design {
            let there = View { analysis: view.analysis, design };
            let mut answer = answer.of(&there);
            for (_, component) in subject.elsewhere.iter().take(3) {
                answer = one(answer, &there, component);
            }
            return answer;
        }
        return answer;
    }
    answer = answer.of(view);
    for component in subject.parts.iter().take(3) {
        answer = one(answer, view, component);
    }
    answer
}

fn one(mut answer: Answer, view: &View, component: &Component) -> Answer {
    let graph = &view.design.graph;
    answer =
        answer.text(format!("{}: {}", called(component), reason(component))).about([&component.id]);
    let mut notes = Vec::new();
    if let Some([from, to]) = component.reason.span
        && let Some(words) = view.analysis.requirements.text.get(from..to)
    {
        notes.push(format!("It follows from your words \"{words}\"."));
    }
    for decision in decisions(view, component) {
        notes.push(told(decision));
    }
    let callers: Vec<&str> = unique(graph.sources(&component.id).map(|(_, it)| it.title.as_str()));
    let called: Vec<&str> = unique(graph.targets(&component.id).map(|(_, it)| it.title.as_str()));
    if !callers.is_empty() {
        notes.push(format!("Used by {}.", enumerate(&callers)));
    }
    if !called.is_empty() {
        notes.push(format!("It uses {}.", enumerate(&called)));
    }
    let own = monthly(view, component);
    let share = own / view.design.cost.monthly.max(0.01) * 100.0;
    notes.push(if own < 0.005 {
        format!("It costs nothing of its own {}.", in_option(graph.tier))
    } else {
        format!(
            "It costs {} a month {}, {share:.0} % of the bill.",
            money(own),
            in_option(graph.tier)
        )
    });
    answer.list(notes)
}

/// Why it is there, to be read after its name.
pub(super) fn reason(component: &Component) -> String {
    let text = component.reason.text.as_str();
    // What stands before a colon is the name that it goes by in the text.
    match text.split_once(": ") {
        Some((name, rest)) if name.split(' ').count() <= 5 => rest.to_owned(),
        _ => lower_first(text),
    }
}

fn unique<'a>(items: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut out = Vec::new();
    for it in items {
        if !out.contains(&it) {
            out.push(it);
        }
    }
    out
}

/// The decisions that made a component what it is in this option.
fn decisions<'a>(view: &View<'a>, component: &Component) -> Vec<&'a Decision> {
    let tier = view.design.graph.tier;
    let topic = match component.spec.kind() {
        Kind::NatGateway | Kind::NetworkEndpoints | Kind::Network => "network",
        _ => "",
    };
    let all = view.analysis.decisions.iter();
    all.filter(|it| it.tiers.contains(&tier))
        .filter(|it| {
            it.components.contains(&component.id) || !topic.is_empty() && it.topic == topic
        })
        .collect()
}

/// A decision in two sentences.
pub(super) fn told(decision: &Decision) -> String {
    let mut text = format!("{}: {}", decision.choice, lower_first(&decision.because));
    if !text.ends_with('.') {
        text.push('.');
    }
    let others: Vec<String> = decision
        .alternatives
        .iter()
        .map(|(what, why_not)| format!("{what} ({})", why_not.trim_end_matches('.')))
        .collect();
    if !others.is_empty() {
        text.push_str(&format!(" Not chosen: {}.", others.join("; ")));
    }
    if !decision.consequence.is_empty() {
        text.push(' ');
        text.push_str(&decision.consequence);
    }
    text
}

/// "Why two zones?", "why a second region?", "why this size?"
fn topic(view: &View, asked: &Words) -> Option<Answer> {
    const TOPICS: &[(&str, &[&str])] = &[
        (
            "zone|zones|region|regions|standby|copies|replica|replicas|failover|multi az",
            &["recovery"],
        ),
        ("network|subnets|private|internet", &["network"]),
        ("serverless|containers|kubernetes|vm|vms|servers|compute|fargate", &["compute"]),
        ("database|relational|sql|nosql", &["database", "data"]),
        ("big|small|size|sized|large|load|requests|traffic", &["load"]),
        ("three options|options|option", &["option"]),
    ];
    let tier = view.design.graph.tier;
    for (words, topics) in TOPICS {
        if !asked.has(words) {
            continue;
        }
        let found: Vec<&Decision> = view
            .analysis
            .decisions
            .iter()
            .filter(|it| {
                topics.contains(&it.topic) && (it.tiers.contains(&tier) || *topics == ["option"])
            })
            .collect();
        if !found.is_empty() {
            let about: Vec<_> = found.iter().flat_map(|it| it.components.iter()).collect();
            return Some(
                Answer::on("why").of(view).list(found.iter().map(|it| told(it))).about(about),
            );
        }
    }
    None
}

/// "Why not Kubernetes?", "why don't you use DynamoDB?"
pub(super) fn why_not(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    let asks = asked.has(
        "why not|why no|why do not|why did you not|why did not|why is there no|why are there no",
    ) || asked.has("instead of|rather than|and not|over") && asked.has("why");
    if !asks {
        return None;
    }
    let mut answer = Answer::on("why_not").of(view);
    for decision in &view.analysis.decisions {
        let of_view = decision.tiers.contains(&view.design.graph.tier);
        for (what, why_not) in &decision.alternatives {
            if of_view && names(asked, what) {
                answer = answer
                    .text(format!(
                        "{} instead of {what}: {}.",
                        decision.choice,
                        why_not.trim_end_matches('.')
                    ))
                    .text(format!("What spoke for it: {}", lower_first(&decision.because)))
                    .about(&decision.components);
            }
        }
    }
    if answer.blocks.is_empty() {
        answer = absent(view, subject)?;
    }
    Some(answer)
}

/// Whether a question names an alternative: all of its telling words are said.
fn names(asked: &Words, what: &str) -> bool {
    let what = Words::of(what);
    let mut telling = what.iter().filter(|it| it.len() > 3).peekable();
    let singular = |word: &str| word.trim_end_matches('s').to_owned();
    telling.peek().is_some()
        && telling.all(|word| asked.iter().any(|it| singular(it) == singular(word)))
}

/// What is in no option: refused, forbidden, or asked for by nothing.
fn absent(view: &View, subject: &Subject) -> Option<Answer> {
    let (service, written) = subject.absent.first()?;
    let needs = &view.analysis.requirements.needs;
    let name = written.trim();
    let said = |stance: Stance| {
        needs.mentions.iter().any(|it| it.service == *service && it.stance == stance)
    };
    let forbidden = view
        .analysis
        .diagnostics
        .iter()
        .find(|it| it.code == "service-forbidden" && it.message.contains(service));
    let kind = services::AWS.iter().find(|it| it.0 == *service).map(|it| it.1);
    let answer = Answer::on("why_not");
    Some(if said(Stance::Excluded) {
        answer.text(format!(
            "You ruled {name} out, so no option has it. Say \"use {name}\" to allow it again."
        ))
    } else if said(Stance::Replaced) {
        answer.text(format!("{} is what is being replaced, so no option has it.", capital(name)))
    } else if let Some(it) = forbidden {
        answer.text(it.message.clone())
    } else if kind == Some(Meaning::Unsupported) || kind.is_none() {
        answer.text(format!(
            "{} is known by name only: no code is written for it yet.",
            capital(name)
        ))
    } else {
        answer.text(format!(
            "No option has {name}: nothing you said asks for it. Say \"add {name}\" to see what it changes."
        ))
    })
}
