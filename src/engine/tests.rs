//! What must hold for any architecture: the laws of the engine, enumerated.

use super::analysis::{self, Format};
use super::bind::expr::Expr;
use super::bind::stack::{Resource, Stack};
use super::bind::{binding_of, lower};
use super::emit::terraform::{Settings, visit};
use super::graph::pairs;
use super::graph::{EncryptionKey, Graph, Kind, LogStore, Network, NodeId, Reason, Spec, Tier};
use super::plan::Policy;
use super::report;
use super::requirements::Hints;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Texts of different kinds and lengths.
const TEXTS: &[&str] = &[
    include_str!("../../tests/golden/patient-portal/input.txt"),
    include_str!("../../tests/golden/thumbnails/input.txt"),
    include_str!("../../tests/golden/static-site/input.txt"),
    include_str!("../../tests/golden/serverless-api/input.txt"),
    include_str!("../../tests/golden/web-shop/input.txt"),
    include_str!("../../tests/golden/iot-platform/input.txt"),
    include_str!("../../tests/golden/data-lake/input.txt"),
    include_str!("../../tests/golden/grpc-mesh/input.txt"),
    include_str!("../../tests/golden/document-chat/input.txt"),
    include_str!("../../tests/golden/nightly-workflow/input.txt"),
    include_str!("../../tests/golden/wordpress/input.txt"),
    include_str!("../../tests/golden/video/input.txt"),
];

fn hints() -> Hints {
    Hints { cloud: Some(super::requirements::Cloud::Aws), ..Hints::default() }
}

/// A graph of one kind with what most stacks stand on.
fn single(kind: Kind, tier: Tier) -> Graph {
    let mut graph = super::bind::testing::empty(tier);
    let reason = || Reason::rule("Every stack here has it.");
    if tier != Tier::Good {
        graph.add("data-key", "Data key", EncryptionKey::default(), reason());
    }
    graph.add("network", "Network", Network::default(), reason());
    graph.add("logs", "Logs", LogStore::default(), reason());
    if !graph.has(kind) {
        graph.add(kind.name(), kind.title(), Spec::default_of(kind), reason());
    }
    graph
}

/// A kind with everything that it can be connected to.
fn with_pairs(kind: Kind) -> Graph {
    let mut graph = single(kind, Tier::Better);
    let Some(from) = graph.first(kind).map(|it| it.id.clone()) else { return graph };
    for (_, intent, to) in pairs::all().filter(|it| it.0 == kind) {
        let other = graph
            .components
            .iter()
            .find(|it| it.spec.kind() == to && it.id != from)
            .map(|it| it.id.clone());
        let to = other.unwrap_or_else(|| {
            graph.add(to.name(), to.title(), Spec::default_of(to), Reason::rule("A pair."))
        });
        graph.connect(&from, &to, intent, Reason::rule("A pair."));
    }
    graph
}

/// Every reference resolves in its format, names are unique, nothing waits for itself.
/// Two rules, routes, permissions or attachments that say the same.
fn twins<'a>(stack: &'a Stack<'_>, cfn: bool) -> Option<(&'a str, &'a str)> {
    const ONCE: &[&str] = &[
        "gress_rule",
        "_route",
        "_attachment",
        "_association",
        "_permission",
        "_record",
        "Ingress",
        "Egress",
        "::Route",
        "::Permission",
        "RouteTableAssociation",
        "::RecordSet",
    ];
    // Neither tells two of them apart for the cloud.
    const LABELS: &[&str] = &["description", "Description", "statement_id", "tags", "Tags"];
    type Written<'a> = (&'a str, &'static str, Vec<&'a (String, Expr)>);
    let mut seen: Vec<Written> = Vec::new();
    for resource in &stack.resources {
        let Some(side) = (if cfn { &resource.cfn } else { &resource.tf }) else { continue };
        if !ONCE.iter().any(|it| side.kind.ends_with(it)) {
            continue;
        }
        let fields: Vec<&(String, Expr)> =
            side.fields.iter().filter(|it| !LABELS.contains(&it.0.as_str())).collect();
        if let Some(known) = seen.iter().find(|it| it.1 == side.kind && it.2 == fields) {
            return Some((known.0, &resource.key));
        }
        seen.push((&resource.key, side.kind, fields));
    }
    None
}

fn sound(stack: &Stack<'_>) -> Result<(), String> {
    let by_key: BTreeMap<&str, &Resource> =
        stack.resources.iter().map(|it| (it.key.as_str(), it)).collect();
    if by_key.len() != stack.resources.len() {
        return Err("a key is used twice".to_owned());
    }
    for cfn in [false, true] {
        let mut waits: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for resource in &stack.resources {
            let side = if cfn { &resource.cfn } else { &resource.tf };
            let Some(side) = side else { continue };
            let mut problem = None;
            let on = waits.entry(&resource.key).or_default();
            for (_, value) in &side.fields {
                visit(value, &mut |it| {
                    let Expr::Attr(attr) = it else { return };
                    let there = by_key
                        .get(attr.resource.as_str())
                        .is_some_and(|it| if cfn { it.cfn.is_some() } else { it.tf.is_some() });
                    if !there {
                        problem = Some(format!("{} refers to {}", resource.key, attr.resource));
                    }

                    if attr.resource != resource.key {
                        on.insert(attr.resource.clone());
                    }
                });
            }
            if let Some(problem) = problem {
                return Err(format!(
                    "{}: {problem}",
                    if cfn { "cloudformation" } else { "terraform" }
                ));
            }
            for key in &resource.depends_on {
                on.insert(key.clone());
            }
            if cfn {
                on.extend(resource.cfn_depends_on.iter().cloned());
            }
        }
        if let Some((one, other)) = twins(stack, cfn) {
            return Err(format!(
                "{one} and {other} are one thing, which clouds refuse to make twice"
            ));
        }
        if let Some(key) = cycle(&waits) {
            return Err(format!("{} waits for itself (cloudformation: {cfn})", key));
        }
    }
    Ok(())
}

/// A key that is reached from itself.
fn cycle(waits: &BTreeMap<&str, BTreeSet<String>>) -> Option<String> {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    fn walk<'a>(
        at: &'a str,
        waits: &'a BTreeMap<&str, BTreeSet<String>>,
        open: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<String> {
        if done.contains(at) {
            return None;
        }
        if open.contains(&at) {
            return Some(open.join(" > "));
        }
        open.push(at);
        for next in waits.get(at).into_iter().flatten() {
            if let Some(found) = walk(next, waits, open, done) {
                return Some(found);
            }
        }
        open.pop();
        done.insert(at);
        None
    }
    for key in waits.keys() {
        if let Some(found) = walk(key, waits, &mut Vec::new(), &mut done) {
            return Some(found);
        }
    }
    None
}

#[test]
fn every_kind_alone_is_sound_in_every_tier() {
    for kind in Kind::ALL {
        for tier in Tier::ALL {
            let graph = single(*kind, tier);
            sound(&lower(&graph)).unwrap_or_else(|it| panic!("{} {tier:?}: {it}", kind.name()));
        }
    }
}

#[test]
fn every_pair_is_sound() {
    for kind in Kind::ALL {
        let graph = with_pairs(*kind);
        sound(&lower(&graph)).unwrap_or_else(|it| panic!("{}: {it}", kind.name()));
    }
}

#[test]
fn the_planner_and_the_bindings_name_services_alike() {
    let apart: Vec<String> = Kind::ALL
        .iter()
        .filter_map(|kind| {
            let binding = binding_of(&Spec::default_of(*kind))?;
            let planned = super::plan::services::service_of(*kind);
            (planned != binding.service)
                .then(|| format!("{}: {planned} and {}", kind.name(), binding.service))
        })
        .collect();
    assert_eq!(apart, Vec::<String>::new());
}

/// Law 1: components in are components out, in every format; law 2: connections are wired.
#[test]
fn nothing_of_a_design_is_dropped_in_silence() {
    for text in TEXTS {
        let analysis = analysis::analyze(text, &hints(), &Policy::default());
        assert_eq!(analysis.options.len(), 3, "{text}");
        for design in &analysis.options {
            let stack = lower(&design.graph);
            sound(&stack).unwrap_or_else(|it| panic!("{text}: {it}"));
            for component in &design.graph.components {
                let known = stack.facets.contains_key(&component.id);
                let said = analysis
                    .diagnostics
                    .iter()
                    .any(|it| it.component.as_deref() == Some(component.id.as_str()));
                assert!(known || said, "{text}: {} is dropped in silence", component.id);
            }
            for (connection, wired) in design.graph.connections.iter().zip(&design.wired) {
                let said = analysis
                    .diagnostics
                    .iter()
                    .any(|it| it.component.as_deref() == Some(connection.from.as_str()));
                assert!(*wired || said, "{text}: {} to {}", connection.from, connection.to);
            }
        }
    }
}

/// Law 3: same input, same bytes.
#[test]
fn a_thousand_analyses_are_the_same_bytes() {
    let text = TEXTS[3];
    let once = report::analysis(&analysis::analyze(text, &hints(), &Policy::default())).to_string();
    for _ in 0..1000 {
        let again =
            report::analysis(&analysis::analyze(text, &hints(), &Policy::default())).to_string();
        assert_eq!(once, again);
    }
}

#[test]
fn code_is_the_same_bytes_every_time() {
    for text in TEXTS {
        let graph = &analysis::analyze(text, &hints(), &Policy::default()).options[2].graph;
        for format in [Format::Terraform, Format::CloudFormation] {
            let settings = Settings::default();
            assert_eq!(
                analysis::generate(graph, format, &settings),
                analysis::generate(graph, format, &settings)
            );
        }
    }
}

#[test]
fn every_cost_line_has_its_source_and_a_range() {
    for text in TEXTS {
        for design in analysis::analyze(text, &hints(), &Policy::default()).options {
            for line in &design.cost.lines {
                // Some list prices are zero, such as that of a scheduled rule.
                assert!(line.unit_price >= 0.0, "{text}: {} {}", line.service, line.sku);
                assert!(!line.source.is_empty() && line.source_date.len() == 10, "{}", line.sku);
                assert!(line.low <= line.monthly && line.monthly <= line.high, "{}", line.item);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_text_gives_an_answer(text in "\\PC{0,300}") {
        let analysis = analysis::analyze(&text, &hints(), &Policy::default());
        prop_assert!(analysis.options.is_empty() || analysis.options.len() == 3);
        for fact in &analysis.requirements.facts {
            let words = analysis.requirements.text.get(fact.span[0]..fact.span[1]);
            prop_assert_eq!(words, Some(fact.text.as_str()));
        }
    }

    #[test]
    fn random_graphs_of_kinds_lower_soundly(
        kinds in proptest::collection::vec(0..Kind::ALL.len(), 1..12),
        tier in 0..3usize,
    ) {
        let mut graph = super::bind::testing::empty(Tier::ALL[tier]);
        let reason = || Reason::rule("Chosen at random.");
        graph.add("network", "Network", Network::default(), reason());
        for kind in kinds {
            let kind = Kind::ALL[kind];
            if kind != Kind::Network && kind != Kind::EncryptionKey {
                graph.add(kind.name(), kind.title(), Spec::default_of(kind), reason());
            }
        }
        let ids: Vec<(NodeId, Kind)> =
            graph.components.iter().map(|it| (it.id.clone(), it.spec.kind())).collect();
        let mut paired = BTreeSet::new();
        for (from, intent, to) in pairs::all() {
            for (a, kind_a) in &ids {
                for (b, kind_b) in &ids {
                    // One direction between two components, as designs have it.
                    let free = !paired.contains(&(b.clone(), a.clone()));
                    if *kind_a == from && *kind_b == to && a < b && free {
                        paired.insert((a.clone(), b.clone()));
                        graph.connect(a, b, intent, reason());
                    }
                }
            }
        }
        let stack = lower(&graph);
        prop_assert_eq!(stack.wired.len(), graph.connections.len());
        if let Err(problem) = sound(&stack) {
            return Err(TestCaseError::fail(problem));
        }
    }
}
