//! What changed from one analysis to the next: components, code, cost, availability.

use super::analysis::{self, Design, Format};
use super::emit::terraform::Settings;
use super::graph::{Component, Tier};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Changes of one option.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub tier: Tier,
    pub added: Vec<String>,
    pub removed: Vec<String>,
    /// Component, field, before, after.
    pub changed: Vec<(String, String, Value, Value)>,
    /// Lines of Terraform.
    pub lines_added: usize,
    pub lines_removed: usize,
    pub cost: (f64, f64),
    pub availability: (f64, f64),
}

/// Compares the options of two analyses by tier.
pub fn options(before: &[Design], after: &[Design]) -> Vec<Change> {
    after
        .iter()
        .filter_map(|now| {
            let then = before.iter().find(|it| it.graph.tier == now.graph.tier)?;
            Some(option(then, now))
        })
        .collect()
}

fn option(then: &Design, now: &Design) -> Change {
    let missing = |of: &Design, other: &Design| -> Vec<String> {
        of.graph
            .components
            .iter()
            .filter(|it| other.graph.component(&it.id).is_none())
            .map(|it| it.title.clone())
            .collect()
    };
    let mut changed = Vec::new();
    for component in &now.graph.components {
        if let Some(old) = then.graph.component(&component.id) {
            changed.extend(fields(old, component));
        }
    }
    let (lines_added, lines_removed) = lines(then, now);
    Change {
        tier: now.graph.tier,
        added: missing(now, then),
        removed: missing(then, now),
        changed,
        lines_added,
        lines_removed,
        cost: (then.cost.monthly, now.cost.monthly),
        availability: (then.availability.share, now.availability.share),
    }
}

fn fields(old: &Component, new: &Component) -> Vec<(String, String, Value, Value)> {
    let before: BTreeMap<_, _> = old.spec.fields().into_iter().collect();
    new.spec
        .fields()
        .into_iter()
        .filter_map(|(name, value)| {
            let was = before.get(name).cloned().unwrap_or(Value::Null);
            (was != value).then(|| (new.title.clone(), name.to_owned(), was, value))
        })
        .collect()
}

/// Lines that only one of both has, counted as often as they occur.
fn lines(then: &Design, now: &Design) -> (usize, usize) {
    let count = |design: &Design| {
        let mut lines: BTreeMap<Vec<u8>, isize> = BTreeMap::new();
        for file in analysis::generate(&design.graph, Format::Terraform, &Settings::default()) {
            if file.path.ends_with(".tf") {
                for line in file.content.split(|byte| *byte == b'\n').filter(|it| !it.is_empty()) {
                    *lines.entry(line.to_vec()).or_default() += 1;
                }
            }
        }
        lines
    };
    let (mut added, mut removed) = (0, 0);
    let mut balance = count(now);
    for (line, times) in count(then) {
        *balance.entry(line).or_default() -= times;
    }
    for times in balance.into_values() {
        if times > 0 {
            added += times.unsigned_abs();
        } else {
            removed += times.unsigned_abs();
        }
    }
    (added, removed)
}

pub fn json(changes: &[Change]) -> Value {
    changes
        .iter()
        .map(|it| {
            json!({
                "tier": it.tier,
                "added": it.added,
                "removed": it.removed,
                "changed": it.changed.iter().map(|(component, field, before, after)| json!({
                    "component": component, "field": field, "before": before, "after": after,
                })).collect::<Vec<_>>(),
                "lines_added": it.lines_added,
                "lines_removed": it.lines_removed,
                "cost": { "before": round(it.cost.0), "after": round(it.cost.1) },
                "availability": { "before": it.availability.0, "after": it.availability.1 },
            })
        })
        .collect()
}

fn round(it: f64) -> f64 {
    (it * 100.0).round() / 100.0
}
