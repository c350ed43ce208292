use super::deployment::order;
use super::{Flow, Step, flows};
use crate::engine::bind;
use crate::engine::diagram::forms::tests::designs;
use crate::engine::requirements::Intent;

fn requests(flows: &[Flow]) -> &[Flow] {
    &flows[..flows.len() - 1]
}

#[test]
fn every_message_is_a_connection_of_the_graph_and_has_its_answer() {
    for (name, design) in designs() {
        let flows = flows(design);
        assert!(flows.len() > 1, "{name} has no main path");
        for flow in requests(&flows) {
            let mut open = Vec::new();
            for step in &flow.steps {
                match step {
                    Step::Call { from, to, .. } => {
                        open.push((*from, *to));
                        let of = |it: usize| flow.lifelines[it].component.as_ref();
                        let (Some(from), Some(to)) = (of(*from), of(*to)) else { continue };
                        let real = design.graph.connected(from, to)
                            || design.graph.connections.iter().any(|it| {
                                it.from == *to && it.to == *from && it.intent == Intent::Subscribes
                            });
                        assert!(real, "{name}: {from} to {to} is no connection");
                    }
                    Step::Answer { from, to, .. } => assert_eq!(open.pop(), Some((*to, *from))),
                    Step::Note { .. } => {}
                }
            }
            assert!(open.is_empty(), "{name}: not everything is answered");
        }
    }
}

#[test]
fn times_are_those_of_the_latency_model() {
    let mut known = 0;
    for (name, design) in designs() {
        for flow in requests(&flows(design)) {
            for step in &flow.steps {
                let Step::Answer { from, words, .. } = step else { continue };
                let component = flow.lifelines[*from].component.as_ref();
                let hop = design.latency.hops.iter().find(|it| Some(&it.component) == component);
                match hop {
                    Some(it) => {
                        assert!(words.starts_with(&super::time(it.p50_ms)), "{name}: {words}");
                        known += 1;
                    }
                    None => assert_eq!(words, "", "{name} invents a time"),
                }
            }
        }
    }
    assert!(known > 50, "{known}");
}

#[test]
fn what_is_referred_to_is_made_first() {
    for (name, design) in designs() {
        let stack = bind::lower(&design.graph);
        let made = order(&stack);
        for it in &made {
            for other in &it.after {
                let Some(before) = made.iter().find(|made| made.component == *other) else {
                    continue;
                };
                assert!(before.wave < it.wave, "{name}: {} after {other}", it.component);
            }
        }
        // Everything that has code is made, once.
        let mut with_code: Vec<_> = stack
            .resources
            .iter()
            .filter(|it| it.tf.is_some())
            .map(|it| it.component.clone())
            .collect();
        with_code.sort();
        with_code.dedup();
        let mut order: Vec<_> = made.iter().map(|it| it.component.clone()).collect();
        order.sort();
        assert_eq!(order, with_code, "{name}");
        let flow = flows(design).pop().unwrap();
        let calls = flow.steps.iter().filter(|it| matches!(it, Step::Call { .. })).count();
        assert!(calls > 0 && !flow.summary.is_empty(), "{name}");
    }
}

#[test]
fn a_database_waits_for_its_network() {
    let (_, design) = designs().find(|it| it.0 == "web-shop/better").unwrap();
    let stack = bind::lower(&design.graph);
    let made = order(&stack);
    let of = |kind| {
        let id = &design.graph.first(kind).unwrap().id;
        made.iter().find(|it| it.component == *id).unwrap()
    };
    use crate::engine::graph::Kind::{Network, RelationalDatabase};
    assert!(of(RelationalDatabase).after.contains(&of(Network).component));
    assert!(of(RelationalDatabase).wave > of(Network).wave);
}
