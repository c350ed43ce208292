//! A later turn of a conversation: what it speaks of changes, the rest stays.

use super::draft::Draft;
use super::tokens::Reading;
use super::{
    Assumption, Cloud, Compliance, Diagnostic, Fact, Given, Hints, Mention, Needs, Requirements,
    Source, Stance, heard, orders, regions, resolve, settings, settle, vocabulary,
};
use crate::engine::diag::{Severity, Span};
use crate::engine::policy::Policy;
use serde_json::json;

/// Applies a later turn to what was understood before. What the turn does not
/// speak of stays; words that changed nothing are reported.
pub fn revise(previous: &Requirements, text: &str, hints: &Hints) -> Requirements {
    let given = Given { hints, policy: &Policy::default(), before: &[], after: &[] };
    revise_with(previous, text, &given)
}

/// The same with what was set by hand and what the organisation prescribes.
pub fn revise_with(previous: &Requirements, text: &str, given: &Given) -> Requirements {
    let hints = given.hints;
    let offset = if previous.text.is_empty() { 0 } else { previous.text.len() + 1 };
    let home = previous.needs.clouds.first().copied().or(hints.cloud).unwrap_or(Cloud::Aws);
    let turn_hints = Hints { cloud: Some(home), ..Hints::default() };
    // Where nothing was described before, there is nothing to order about.
    let mut turn = resolve::read(text, &turn_hints, previous.needs.describes_system);
    let reading = Reading::new(text);
    let place = |[from, to]: [usize; 2]| [from + offset, to + offset];
    turn.needs.mentions.iter_mut().for_each(|it| it.span = place(it.span));
    turn.needs.workloads.iter_mut().for_each(|it| it.span = place(it.span));
    turn.needs.flows.iter_mut().for_each(|it| it.span = place(it.span));
    let mut needs = previous.needs.clone();
    forget_assumed(&mut needs, &previous.assumptions);
    let orders = orders::find(&reading, &needs);
    if needs.describes_system && needs.first.is_none() {
        needs.first = Some(needs.mentions.iter().map(|it| it.stance).collect());
    }
    // "half the traffic" is an order about what was said, not half of something.
    let before = needs.clone();

    let spoken_clouds = turn.needs.clouds.clone();
    let explicit_cloud = (0..reading.len()).find_map(|at| vocabulary::provider(reading.word(at)));
    if let Some(cloud) = explicit_cloud
        && spoken_clouds.contains(&cloud)
        && turn.needs.mentions.is_empty()
        && cloud != home
    {
        needs.clouds.retain(|it| *it != cloud);
        needs.clouds.insert(0, cloud);
        needs.regions = needs
            .regions
            .iter()
            .map(|_| settle::default_region(cloud).to_owned())
            .take(1)
            .collect();
    }

    let known = |kind| before.workloads.iter().any(|it| it.kind == kind);
    needs.extended |=
        before.describes_system && turn.needs.workloads.iter().any(|it| !known(it.kind));
    swap_engines(&reading, &mut needs, &turn.needs);
    merge_mentions(&mut needs, &mut turn.needs);
    merge_values(&mut needs, &mut turn.needs);
    for order in &orders {
        orders::apply(order.kind, &mut needs);
    }
    needs.describes_system = before.describes_system || turn.needs.describes_system;
    if before.title.is_empty() {
        needs.title = turn.needs.title.clone();
    }

    let joined = if offset == 0 { text.to_owned() } else { format!("{}\n{text}", previous.text) };
    let replaced: Vec<&'static str> =
        turn.facts.iter().map(|it| it.kind).filter(|it| single(it)).collect();
    let mut facts: Vec<Fact> =
        previous.facts.iter().filter(|it| !replaced.contains(&it.kind)).cloned().collect();
    facts.extend(turn.facts.iter().cloned().map(|it| shifted(it, offset)));
    for order in &orders {
        facts.push(Fact {
            kind: "change",
            value: json!(order.kind.name()),
            text: text.get(order.span[0]..order.span[1]).unwrap_or_default().to_owned(),
            span: [order.span[0] + offset, order.span[1] + offset],
            confidence: 0.85,
        });
    }

    let mut draft = Draft::of(&joined, needs);
    draft.facts = facts;
    draft.questions = std::mem::take(&mut turn.questions);
    draft.diagnostics = turn
        .diagnostics
        .drain(..)
        .map(|mut it| {
            it.span = it.span.map(|[from, to]| [from + offset, to + offset]);
            it
        })
        .collect();
    let changed = draft.needs != before || !orders.is_empty();
    if !changed {
        let said: String = text.trim().chars().take(80).collect();
        draft.diagnostics.push(
            Diagnostic::new(
                "change-not-understood",
                Severity::Warning,
                format!("\"{said}\" changes nothing that is known of the design."),
            )
            .help(heard::HELP)
            .at([offset, offset + text.len()]),
        );
    } else {
        let known: Vec<Span> = turn_spans(&draft.facts, offset);
        draft.diagnostics.extend(heard::unheard(&reading, &known, offset));
    }
    // What was set by hand gives way to what is said after it.
    let mut set = previous.set.clone();
    set.retain(|kind, _| !turn.facts.iter().any(|it| settings::same_measure(it.kind, kind)));
    settle::settle(&mut draft, given, set)
}

/// Where the turn said something that was taken up, in its own bytes.
fn turn_spans(facts: &[Fact], offset: usize) -> Vec<Span> {
    let of_turn = facts.iter().filter(|it| it.span[0] >= offset);
    of_turn.map(|it| [it.span[0] - offset, it.span[1] - offset]).collect()
}

/// What was assumed is assumed anew: a later turn may give a reason for another
/// choice, and what stands unsaid stays marked as such.
fn forget_assumed(needs: &mut Needs, assumptions: &[Assumption]) {
    for it in assumptions.iter().filter(|it| it.source != Source::Hand) {
        match it.kind {
            "region" => needs.regions.clear(),
            "cloud" => needs.clouds.clear(),
            "compliance" => {
                let names = it.value.as_array().into_iter().flatten();
                for law in names.filter_map(|it| Compliance::named(it.as_str()?)) {
                    needs.compliance.remove(&law);
                }
            }
            _ => {}
        }
    }
}

fn shifted(mut fact: Fact, offset: usize) -> Fact {
    fact.span = [fact.span[0] + offset, fact.span[1] + offset];
    fact
}

/// Facts of which there is one at a time, so that the new one replaces the old.
fn single(kind: &str) -> bool {
    kind.starts_with("load.")
        || matches!(
            kind,
            "availability"
                | "latency"
                | "rto"
                | "rpo"
                | "retention"
                | "budget"
                | "region"
                | "residency"
        )
        || kind.starts_with("preference.")
}

/// "use MySQL" after "with Postgres": one engine takes the place of the other.
fn swap_engines(reading: &Reading, needs: &mut Needs, turn: &Needs) {
    let says = |words: &[&str]| (0..reading.len()).any(|at| words.contains(&reading.word(at)));
    let swaps = says(&["use", "switch", "back", "change", "prefer", "rather"])
        && !says(&["also", "another", "second", "besides", "both"]);
    if !swaps {
        return;
    }
    let wanted = turn.mentions.iter().filter(|it| it.stance == Stance::Wanted);
    for new in wanted.filter(|it| matches!(it.service, "rds" | "elasticache" | "mq")) {
        let Some(engine) = new.details.get("engine") else { continue };
        for old in needs.mentions.iter_mut().filter(|it| {
            it.service == new.service && matches!(it.stance, Stance::Wanted | Stance::Existing)
        }) {
            if let Some(other) = old.details.get("engine").filter(|it| *it != engine) {
                needs.stack.remove(other);
                old.stance = Stance::Replaced;
            }
        }
    }
}

fn merge_mentions(needs: &mut Needs, turn: &mut Needs) {
    let first_new = needs.mentions.len();
    let mut place: Vec<usize> = Vec::new();
    for new in turn.mentions.drain(..) {
        let same = |it: &Mention| it.service == new.service && it.cloud == new.cloud;
        match new.stance {
            Stance::Excluded | Stance::Replaced => {
                let mut at = None;
                for (nth, old) in needs.mentions.iter_mut().enumerate() {
                    // "drop the cache": the kind is meant, whatever serves it.
                    let by_kind = new.confidence < 0.9
                        && old.cloud == new.cloud
                        && vocabulary::fills(old.service, new.service);
                    let engine = match (old.details.get("engine"), new.details.get("engine")) {
                        (Some(a), Some(b)) => a == b,
                        _ => true,
                    };
                    if (same(old) || by_kind) && engine {
                        old.stance = new.stance;
                        at = Some(nth);
                    }
                }
                match at {
                    Some(at) => place.push(at),
                    None => {
                        needs.mentions.push(new);
                        place.push(needs.mentions.len() - 1);
                    }
                }
            }
            Stance::Passing => {
                needs.mentions.push(new);
                place.push(needs.mentions.len() - 1);
            }
            Stance::Wanted | Stance::Existing | Stance::Implied => {
                // What a person asks for in a turn of its own is wanted, by whatever name.
                let stance =
                    if new.stance == Stance::Implied { Stance::Wanted } else { new.stance };
                match needs.mentions.iter().position(|it| {
                    same(it)
                        && (it.details.get("engine") == new.details.get("engine")
                            || !new.details.contains_key("engine")
                            || !it.details.contains_key("engine"))
                }) {
                    Some(at) => {
                        let old = &mut needs.mentions[at];
                        old.stance = stance;
                        old.count = if new.count > 1 { new.count } else { old.count };
                        old.details.extend(new.details);
                        place.push(at);
                    }
                    None => {
                        needs.mentions.push(Mention { stance, ..new });
                        place.push(needs.mentions.len() - 1);
                    }
                }
            }
        }
    }
    for flow in &mut turn.flows {
        if let (Some(from), Some(to)) = (place.get(flow.from), place.get(flow.to)) {
            let (from, to) = (*from, *to);
            if from != to && !needs.flows.iter().any(|it| it.from == from && it.to == to) {
                needs.flows.push(super::Flow { from, to, ..flow.clone() });
            }
        }
    }
    debug_assert!(first_new <= needs.mentions.len());
    // A workload that was only the refused thing goes with it.
    let refused: Vec<&'static str> = needs
        .mentions
        .iter()
        .filter(|it| matches!(it.stance, Stance::Excluded | Stance::Replaced))
        .map(|it| it.service)
        .collect();
    needs.workloads.retain(|it| {
        let only = match it.kind {
            super::WorkloadKind::Cdn => "cloudfront",
            super::WorkloadKind::Cache => "elasticache",
            super::WorkloadKind::MessageQueue => "sqs",
            super::WorkloadKind::Search => "opensearch",
            _ => return true,
        };
        !refused.contains(&only)
    });
    for workload in turn.workloads.drain(..) {
        if !needs.workloads.iter().any(|it| it.kind == workload.kind) {
            needs.workloads.push(workload);
        }
    }
}

fn merge_values(needs: &mut Needs, turn: &mut Needs) {
    let load = &mut needs.load;
    let new = &turn.load;
    for (old, new) in load.fields().zip(new.clone().fields()) {
        if new.is_some() {
            *old = *new;
        }
    }
    // One measure of people replaces another: "no, 100k users".
    if new.users.is_some() && new.monthly_active_users.is_none() {
        load.monthly_active_users = None;
        load.daily_active_users = None;
        load.concurrent_users = None;
        load.visits_per_month = None;
    }
    if new.requests_per_second.is_some() && new.requests_per_month.is_none() {
        load.requests_per_month = None;
    }
    for (old, new) in [
        (&mut needs.availability, turn.availability),
        (&mut needs.rto_minutes, turn.rto_minutes),
        (&mut needs.rpo_minutes, turn.rpo_minutes),
        (&mut needs.retention_days, turn.retention_days),
        (&mut needs.budget, turn.budget),
    ] {
        if new.is_some() {
            *old = new;
        }
    }
    if turn.latency_ms.is_some() {
        needs.latency_ms = turn.latency_ms;
    }
    needs.compliance.extend(turn.compliance.iter().copied());
    needs.data.extend(turn.data.iter().copied());
    needs.stack.extend(turn.stack.iter().cloned());
    if !turn.regions.is_empty() {
        // A residency that was asked for stays: leaving its area is a contradiction to tell.
        needs.regions = turn.regions.clone();
    }
    if turn.residency.is_some() {
        needs.residency = turn.residency.clone();
        if turn.regions.is_empty()
            && let Some(group) = &needs.residency
        {
            needs.regions.retain(|it| regions::within(it, group));
        }
    }
    needs.multi_region |= turn.multi_region;
    needs.multi_zone |= turn.multi_zone;
    if turn.audience.is_some() {
        needs.audience.clone_from(&turn.audience);
    }
    needs.avoided.extend(turn.avoided.iter().cloned());
    needs
        .regions
        .retain(|it| !turn.avoided.iter().any(|bad| bad == it || regions::within(it, bad)));
    let (old, new) = (&mut needs.preferences, &turn.preferences);
    for (old, new) in [
        (&mut old.serverless, new.serverless),
        (&mut old.kubernetes, new.kubernetes),
        (&mut old.containers, new.containers),
        (&mut old.virtual_machines, new.virtual_machines),
        (&mut old.managed_services, new.managed_services),
        (&mut old.open_source, new.open_source),
        (&mut old.arm, new.arm),
        (&mut old.spot, new.spot),
    ] {
        if new.is_some() {
            *old = new;
        }
    }
    old.scale_to_zero |= new.scale_to_zero;
    old.private_only |= new.private_only;
    old.inside_only |= new.inside_only;
    old.low_operations |= new.low_operations;
    old.cost_first |= new.cost_first;
    let (old, new) = (&mut needs.network, &turn.network);
    if new.vpc_id.is_some() {
        old.vpc_id.clone_from(&new.vpc_id);
    }
    if new.cidr.is_some() {
        old.cidr.clone_from(&new.cidr);
    }
    if new.domain.is_some() {
        old.domain.clone_from(&new.domain);
    }
    old.vpn |= new.vpn;
    old.direct_connect |= new.direct_connect;
    old.on_premises |= new.on_premises;
}
