//! Where which class of data is kept and goes: stores, processors and the
//! boundaries between them, with how the data is protected. Picture and tables
//! together serve as an appendix on data protection.

mod classes;
mod protection;
mod tables;
#[cfg(test)]
mod tests;

pub use classes::{Class, Classes};
pub use protection::{Kept, Rest, Transit};

use super::groups::{self, Place};
use super::scene::{Badge, GroupKind, Scene};
use super::svg::{Rect, Svg};
use super::theme::Palette;
use super::{Style, draw, table};
use crate::engine::analysis::{Analysis, Design};
use crate::engine::bind;
use crate::engine::graph::NodeId;
use std::collections::BTreeMap;

/// All that is known of the data of a design.
pub struct Flows {
    pub classes: Classes,
    /// How every store keeps what it has.
    pub kept: Vec<Kept>,
    /// By place in `graph.connections`; none for what carries no data of the system.
    pub transit: BTreeMap<usize, Transit>,
    /// What the requirements say of where data may be, and whether it is.
    pub residency: String,
    pub places: BTreeMap<NodeId, Place>,
}

pub fn flows(analysis: &Analysis, design: &Design) -> Flows {
    let graph = &design.graph;
    let stack = bind::lower(graph);
    let classes = Classes::of(&analysis.requirements, graph);
    let kept = protection::kept(&stack, &classes);
    let transit = graph
        .connections
        .iter()
        .enumerate()
        .filter(|(_, it)| classes.handles(graph, &it.from) && classes.handles(graph, &it.to))
        .map(|(n, it)| (n, protection::transit(&stack, it)))
        .collect();
    let residency = residency(analysis, design);
    Flows { classes, kept, transit, residency, places: groups::places(graph, &stack) }
}

fn residency(analysis: &Analysis, design: &Design) -> String {
    let graph = &design.graph;
    let mut text = format!("Data is kept in {}", graph.region);
    if let Some(other) = &graph.recovery_region {
        text.push_str(&format!(" and, for recovery, in {other}"));
    }
    let needs = &analysis.requirements.needs;
    let broken = analysis
        .requirements
        .diagnostics
        .iter()
        .chain(&analysis.diagnostics)
        .any(|it| it.code == "region-breaks-residency");
    match &needs.residency {
        Some(group) if broken => text
            .push_str(&format!(", although the requirements allow {} only.", group.to_uppercase())),
        Some(group) => {
            text.push_str(&format!("; the requirements allow {} only.", group.to_uppercase()));
        }
        None => text.push_str("; the requirements do not restrict where."),
    }
    text
}

/// The architecture, of those parts that handle data, with what happens to it.
pub fn scene(design: &Design, flows: &Flows) -> Scene {
    let graph = &design.graph;
    let stack = bind::lower(graph);
    let full = groups::scene(design, &stack, &Style::default());
    let keeps = |it: &super::scene::Node| {
        it.component.as_ref().is_none_or(|id| flows.classes.handles(graph, id))
    };
    let mut scene = Scene {
        title: title(design),
        subtitle: format!("{} {}", flows.classes.summary(), flows.residency),
        groups: full.groups.clone(),
        ..Scene::default()
    };
    let mut at: Vec<Option<usize>> = Vec::new();
    for node in &full.nodes {
        if !keeps(node) {
            at.push(None);
            continue;
        }
        let mut node = node.clone();
        let kept = flows.kept.iter().find(|it| node.component.as_ref() == Some(&it.component));
        if let Some(it) = kept {
            node.badges = vec![Badge { text: it.rest.short().to_owned(), tone: it.rest.tone() }];
        }
        // What stood on a shelf is one of the stores here.
        if node.parent.is_some_and(|it| full.groups[it].kind == GroupKind::Shelf) {
            node.parent = full.groups[node.parent.unwrap_or(0)].parent;
        }
        at.push(Some(scene.nodes.len()));
        scene.nodes.push(node);
    }
    for edge in &full.edges {
        let (Some(from), Some(to)) = (at[edge.from], at[edge.to]) else { continue };
        let mut edge = edge.clone();
        (edge.from, edge.to) = (from, to);
        let target = scene.nodes[to].component.as_ref();
        let classes = match (edge.connections.first(), target) {
            (Some(n), _) => flows.classes.on(graph, &graph.connections[*n]),
            (None, Some(id)) => flows.classes.at(graph, id),
            (None, None) => Vec::new(),
        };
        let transit = match edge.connections.first() {
            Some(n) => flows.transit.get(n).map(Transit::short),
            None => target.map(|it| protection::entry(&stack, it).short()),
        };
        edge.label = match transit {
            Some(it) => format!("{}, {it}", classes::names(&classes)),
            None => classes::names(&classes),
        };
        scene.edges.push(edge);
    }
    // Who serves the network handles no data of the system.
    scene.held.clear();
    scene.prune();
    scene
}

fn title(design: &Design) -> String {
    format!("{}: data flow", design.title)
}

pub fn svg(analysis: &Analysis, design: &Design, style: &Style) -> String {
    let flows = flows(analysis, design);
    let scene = scene(design, &flows);
    let tables = tables::of(analysis, design, &flows);
    let draw = |svg: &mut Svg, palette: &Palette, at: Rect| table::draw(svg, palette, &tables, at);
    draw::svg_with(&scene, style, table::size(&tables), draw)
}
