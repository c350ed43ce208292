//! Requests for whole designs, with the services, connections and the budget
//! that an answer has to have. The requests are those of `tests/designs`.

use super::analysis::analyze;
use super::plan::{Policy, services};
use super::requirements::Hints;
use serde_json::Value;
use std::collections::BTreeSet;

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("../../tests/designs/cases.json")).expect("cases")
}

#[test]
fn the_best_option_has_all_that_a_request_requires() {
    let mut missing = Vec::new();
    for case in cases() {
        let text = case["prompt"].as_str().expect("prompt");
        let analysis = analyze(text, &Hints::default(), &Policy::default());
        let id = case["id"].as_str().expect("id");
        let Some(best) = analysis.options.last() else {
            missing.push(format!("{id}: no design"));
            continue;
        };
        let there: BTreeSet<&str> =
            best.graph.components.iter().map(|it| services::service_of(it.spec.kind())).collect();
        let wanted = case["services"].as_array().expect("services").iter();
        let lacks: Vec<&str> =
            wanted.filter_map(Value::as_str).filter(|it| !there.contains(it)).collect();
        if !lacks.is_empty() {
            missing.push(format!("{id}: lacks {lacks:?}"));
        }
        let least = |key: &str| case[key].as_u64().expect("a number") as usize;
        let connected = best.graph.connections.len();
        if connected < least("connections") || best.graph.components.len() < least("components") {
            missing.push(format!("{id}: {} components, {connected} connections", there.len()));
        }
        if best.wired.iter().any(|it| !it) {
            missing.push(format!("{id}: not every connection is wired"));
        }
        // What cannot be had for the budget has to be said.
        let good = analysis.options[0].cost.monthly;
        let told = analysis.diagnostics.iter().any(|it| it.code == "budget-infeasible");
        let most = case["most_monthly"].as_f64().expect("budget");
        if good > most && !told {
            missing.push(format!("{id}: costs ${good:.0} and not ${most:.0}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
