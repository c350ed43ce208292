//! In which order the parts are made, and what each has to wait for: read from
//! the references between resources, as the deploying program reads them.

use super::requests::names;
use super::{Flow, Lifeline, Step};
use crate::engine::analysis::Design;
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Concern, Resource, Stack};
use crate::engine::diagram::groups::visit;
use crate::engine::diagram::icons::{Family, Icon};
use crate::engine::graph::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// What a component waits for.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub component: NodeId,
    pub concern: Concern,
    /// 0 for what can be made at once.
    pub wave: usize,
    /// Components whose resources its main one refers to, directly or not, and
    /// that are made in an earlier wave.
    pub after: Vec<NodeId>,
    pub resources: usize,
}

/// The resources that a resource refers to, by key.
fn references(resource: &Resource) -> BTreeSet<&str> {
    let mut found: BTreeSet<&str> = resource.depends_on.iter().map(String::as_str).collect();
    for (_, value) in resource.tf.iter().flat_map(|it| &it.fields) {
        collect(value, &mut found);
    }
    found.remove(resource.key.as_str());
    found
}

fn collect<'e>(value: &'e Expr, found: &mut BTreeSet<&'e str>) {
    match value {
        Expr::Attr(it) => {
            found.insert(&it.resource);
        }
        Expr::List(items) | Expr::Join(items) | Expr::Call(_, items) => {
            items.iter().for_each(|it| collect(it, found));
        }
        Expr::Map(fields) | Expr::Block(fields) => {
            fields.iter().for_each(|(_, it)| collect(it, found));
        }
        Expr::Blocks(blocks) => {
            blocks.iter().flatten().for_each(|(_, it)| collect(it, found));
        }
        Expr::Document(it)
        | Expr::Json(it)
        | Expr::Index(it, _)
        | Expr::Part(it, ..)
        | Expr::Joined(it, _) => collect(it, found),
        _ => {}
    }
}

/// The order of all components that have resources.
pub fn order(stack: &Stack<'_>) -> Vec<Made> {
    let resources: BTreeMap<&str, &Resource> = stack
        .resources
        .iter()
        .filter(|it| it.tf.is_some())
        .map(|it| (it.key.as_str(), it))
        .collect();
    let refers: BTreeMap<&str, BTreeSet<&str>> = resources
        .iter()
        .map(|(key, it)| {
            // The environment of a program refers to what it talks to.
            let mut found = references(it);
            let mut has_environment = false;
            for (_, value) in it.tf.iter().flat_map(|it| &it.fields) {
                visit(value, &mut |it| {
                    has_environment |= matches!(it, Expr::EnvOf(_) | Expr::EnvListOf(_));
                });
            }
            if has_environment && let Some(values) = stack.environment.get(&it.component) {
                values.values().for_each(|it| collect(it, &mut found));
            }
            found.remove(*key);
            (*key, found)
        })
        .collect();
    let mut made: Vec<Made> = Vec::new();
    for component in &stack.graph.components {
        let own: Vec<&&Resource> =
            resources.values().filter(|it| it.component == component.id).collect();
        let name = component.id.snake();
        let Some(main) = own.iter().find(|it| it.key == name).or_else(|| {
            stack
                .resources
                .iter()
                .position(|it| it.component == component.id && it.tf.is_some())
                .and_then(|at| own.iter().find(|it| it.key == stack.resources[at].key))
        }) else {
            continue;
        };
        let mut before: BTreeSet<&str> = BTreeSet::new();
        let mut open = vec![main.key.as_str()];
        while let Some(key) = open.pop() {
            for next in refers.get(key).into_iter().flatten() {
                if before.insert(next) {
                    open.push(next);
                }
            }
        }
        let mut after: Vec<NodeId> = before
            .iter()
            .filter_map(|it| resources.get(it))
            .map(|it| it.component.clone())
            .filter(|it| *it != component.id)
            .collect();
        after.sort();
        after.dedup();
        made.push(Made {
            component: component.id.clone(),
            concern: main.concern,
            wave: 0,
            after,
            resources: own.len(),
        });
    }
    waves(&mut made);
    made
}

/// A component comes one wave after the last that it waits for. Two whose
/// resources wait for parts of each other are made together.
fn waves(made: &mut [Made]) {
    let after: BTreeMap<NodeId, Vec<NodeId>> =
        made.iter().map(|it| (it.component.clone(), it.after.clone())).collect();
    for it in made.iter_mut() {
        let own = it.component.clone();
        it.after.retain(|other| !after.get(other).is_some_and(|theirs| theirs.contains(&own)));
    }
    for _ in 0..made.len() {
        let wave: BTreeMap<NodeId, usize> =
            made.iter().map(|it| (it.component.clone(), it.wave)).collect();
        let mut moved = false;
        for it in made.iter_mut() {
            let least = it.after.iter().filter_map(|id| wave.get(id)).max().map_or(0, |it| it + 1);
            if least > it.wave {
                it.wave = least;
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

pub fn flow(design: &Design, stack: &Stack<'_>) -> Flow {
    let made = order(stack);
    let last = made.iter().map(|it| it.wave).max().unwrap_or(0);
    let mut flow = Flow {
        title: "Deployment: what is made in which order".to_owned(),
        summary: format!(
            "{} resources of {} components in {} waves; what stands in one wave is made at the same time.",
            stack.resources.iter().filter(|it| it.tf.is_some()).count(),
            made.len(),
            last + 1
        ),
        ..Flow::default()
    };
    let deployer = flow.lifeline(Lifeline {
        id: "deployer".to_owned(),
        component: None,
        title: "Deployment".to_owned(),
        icon: Icon::Rocket.into(),
        family: Family::People,
    });
    let mut concerns: Vec<Concern> = made.iter().map(|it| it.concern).collect();
    concerns.sort_unstable();
    concerns.dedup();
    for concern in &concerns {
        flow.lifeline(lane(*concern));
    }
    for wave in 0..=last {
        for concern in &concerns {
            let parts: Vec<&Made> =
                made.iter().filter(|it| it.wave == wave && it.concern == *concern).collect();
            if parts.is_empty() {
                continue;
            }
            let to = flow.lifeline(lane(*concern));
            let ids: Vec<&NodeId> = parts.iter().map(|it| &it.component).collect();
            flow.steps.push(Step::Call {
                from: deployer,
                to,
                words: format!("wave {}: {}", wave + 1, names(design, &ids)),
                waits: true,
            });
            // The nearest of what it waits for; the rest follows from that.
            let mut nearest: Vec<&NodeId> = made
                .iter()
                .filter(|it| it.wave + 1 == wave)
                .filter(|it| parts.iter().any(|part| part.after.contains(&it.component)))
                .map(|it| &it.component)
                .collect();
            nearest.sort();
            if !nearest.is_empty() {
                let words = format!("refers to {}", names(design, &nearest));
                flow.steps.push(Step::Note { on: to, words });
            }
            let count: usize = parts.iter().map(|it| it.resources).sum();
            let words = if count == 1 { "1 resource".into() } else { format!("{count} resources") };
            flow.steps.push(Step::Answer { from: to, to: deployer, words });
        }
    }
    flow
}

fn lane(concern: Concern) -> Lifeline {
    let (title, icon, family) = match concern {
        Concern::Network => ("Network", Icon::Tree, Family::Network),
        Concern::Security => ("Security", Icon::Shield, Family::Security),
        Concern::Identity => ("Identity", Icon::Person, Family::Security),
        Concern::Data => ("Data", Icon::Cylinder, Family::Database),
        Concern::Messaging => ("Messaging", Icon::Bolt, Family::Integration),
        Concern::Compute => ("Compute", Icon::Box, Family::Compute),
        Concern::Edge => ("Edge", Icon::Globe, Family::Network),
        Concern::Analytics => ("Analytics", Icon::Lens, Family::Analytics),
        Concern::Intelligence => ("Machine learning", Icon::Nodes, Family::Intelligence),
        Concern::Operations => ("Operations", Icon::Browser, Family::Operations),
        Concern::Delivery => ("Delivery", Icon::Rocket, Family::Delivery),
    };
    Lifeline {
        id: format!("lane-{}", concern.file()),
        component: None,
        title: title.to_owned(),
        icon: icon.into(),
        family,
    }
}
