//! How a request travels: from who asks, along the connections that are waited
//! for, to the last store and back; then what is worked on afterwards.

use super::{Flow, Lifeline, Step, time};
use crate::engine::analysis::Design;
use crate::engine::diagram::icons::{Family, Symbol};
use crate::engine::diagram::scene::word;
use crate::engine::diagram::{Style, architecture};
use crate::engine::estimate::{is_buffer, is_support, waits};
use crate::engine::graph::{Component, Graph, Kind, NodeId};
use crate::engine::requirements::Intent;
use std::collections::BTreeSet;

pub fn flows(design: &Design) -> Vec<Flow> {
    let graph = &design.graph;
    let mut flows = Vec::new();
    let scene = architecture::scene(design, &Style::default());
    for edge in scene.edges.iter().filter(|it| scene.nodes[it.from].component.is_none()) {
        let (actor, entry) = (&scene.nodes[edge.from], &scene.nodes[edge.to]);
        let Some(entry) = entry.component.as_ref().and_then(|it| graph.component(it)) else {
            continue;
        };
        let mut tale = Tale::new(design, format!("{} to {}", actor.title, entry.title));
        let from = tale.flow.lifeline(Lifeline {
            id: actor.id.clone(),
            component: None,
            title: actor.title.clone(),
            icon: actor.icon,
            family: actor.family,
        });
        tale.begin(from, entry, &edge.label);
        flows.push(tale.end());
    }
    for schedule in graph.of_kind(Kind::Schedule) {
        let mut tale = Tale::new(design, format!("On time: {}", schedule.title));
        let from = tale.lifeline(schedule);
        tale.calls(from, schedule);
        flows.push(tale.end());
    }
    for buffer in graph.components.iter().filter(|it| is_buffer(it.spec.kind())) {
        if buffer.spec.kind() == Kind::Schedule {
            continue;
        }
        let takers: Vec<(&Component, Intent)> = graph
            .sources(&buffer.id)
            .filter(|(it, _)| it.intent == Intent::Subscribes)
            .map(|(it, taker)| (taker, it.intent))
            .chain(
                graph
                    .targets(&buffer.id)
                    .filter(|(_, it)| !is_support(graph, &it.id))
                    .map(|(it, taker)| (taker, it.intent)),
            )
            .collect();
        if takers.is_empty() {
            continue;
        }
        let mut tale = Tale::new(design, format!("Afterwards: what {} holds", buffer.title));
        let from = tale.lifeline(buffer);
        for (taker, intent) in takers {
            let words = match intent {
                Intent::Subscribes => "hands over".to_owned(),
                other => word(other).to_owned(),
            };
            tale.call(from, taker, &words, true);
        }
        flows.push(tale.end());
    }
    flows.retain(|it| !it.steps.is_empty());
    if flows.is_empty() {
        flows.extend(beginnings(design));
    }
    flows
}

/// Where nobody asks and nothing is scheduled: from what calls and is not called.
fn beginnings(design: &Design) -> Vec<Flow> {
    let graph = &design.graph;
    graph
        .components
        .iter()
        .filter(|it| !is_support(graph, &it.id))
        .filter(|it| !graph.sources(&it.id).any(|(_, from)| !is_support(graph, &from.id)))
        .filter(|it| graph.targets(&it.id).any(|(c, to)| is_followed(graph, c.intent, to)))
        .map(|start| {
            let mut tale = Tale::new(design, format!("From {}", start.title));
            let from = tale.lifeline(start);
            tale.calls(from, start);
            tale.end()
        })
        .filter(|it| !it.steps.is_empty())
        .collect()
}

fn is_followed(graph: &Graph, intent: Intent, to: &Component) -> bool {
    waits(intent) && !is_support(graph, &to.id)
}

/// A flow that is being told.
struct Tale<'d> {
    design: &'d Design,
    flow: Flow,
    told: BTreeSet<NodeId>,
}

impl<'d> Tale<'d> {
    fn new(design: &'d Design, title: String) -> Self {
        Self { design, flow: Flow { title, ..Flow::default() }, told: BTreeSet::new() }
    }

    fn lifeline(&mut self, it: &Component) -> usize {
        let kind = it.spec.kind();
        self.flow.lifeline(Lifeline {
            id: it.id.to_string(),
            component: Some(it.id.clone()),
            title: it.title.clone(),
            icon: Symbol::of(&it.spec),
            family: Family::of(kind),
        })
    }

    fn begin(&mut self, from: usize, entry: &Component, words: &str) {
        self.call(from, entry, words, false);
    }

    /// One call with all that happens within it, and its answer.
    fn call(&mut self, from: usize, to: &Component, words: &str, handed: bool) {
        let target = self.lifeline(to);
        if from == target {
            return;
        }
        let words = words.to_owned();
        self.flow.steps.push(Step::Call { from, to: target, words, waits: !handed });
        let hop = self.design.latency.hops.iter().find(|it| it.component == to.id);
        // What is told once is not told again on the same path.
        if self.told.insert(to.id.clone()) && (handed || !is_buffer(to.spec.kind())) {
            self.calls(target, to);
        }
        let words = match hop {
            Some(it) => format!("{}, 95 % in {}", time(it.p50_ms), time(it.p95_ms)),
            None => String::new(),
        };
        self.flow.steps.push(Step::Answer { from: target, to: from, words });
    }

    fn calls(&mut self, from: usize, component: &Component) {
        self.told.insert(component.id.clone());
        let design = self.design;
        let graph = &design.graph;
        let mut done: Vec<&NodeId> = Vec::new();
        for connection in graph.connections.iter().filter(|it| it.from == component.id) {
            let Some(to) = graph.component(&connection.to) else { continue };
            if done.contains(&&to.id) || !is_followed(graph, connection.intent, to) {
                continue;
            }
            done.push(&to.id);
            let words: Vec<&str> = graph
                .connections
                .iter()
                .filter(|it| it.from == component.id && it.to == to.id && waits(it.intent))
                .map(|it| word(it.intent))
                .collect();
            self.call(from, to, &words.join(", "), false);
        }
    }

    fn end(mut self) -> Flow {
        let latency = &self.design.latency;
        let has =
            |id: &NodeId| self.flow.lifelines.iter().any(|it| it.component.as_ref() == Some(id));
        let known =
            self.flow.lifelines.iter().any(|it| {
                latency.hops.iter().any(|hop| Some(&hop.component) == it.component.as_ref())
            });
        let whole = !latency.path.is_empty() && latency.path.iter().all(|it| has(&it.component));
        self.flow.summary = if whole {
            format!(
                "The slowest chain takes {} at the median and {} at the 95th percentile, of {}.",
                time(latency.p50_ms),
                time(latency.p95_ms),
                names(
                    self.design,
                    &latency.path.iter().map(|it| &it.component).collect::<Vec<_>>()
                )
            )
        } else if known {
            "Times are what each part takes by itself at the expected load.".to_owned()
        } else {
            "No time is known for these parts.".to_owned()
        };
        self.flow
    }
}

/// "CDN, API and Orders database".
pub(super) fn names(design: &Design, ids: &[&NodeId]) -> String {
    let titles: Vec<&str> = ids
        .iter()
        .map(|id| design.graph.component(id).map_or(id.as_str(), |it| it.title.as_str()))
        .collect();
    match titles.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
