//! Two designs in one picture: what was added, removed and changed.

use super::scene::{Change, Edge, Scene};
use super::{Style, architecture, draw};
use crate::engine::analysis::Design;

/// Draws what became of a design.
pub fn svg(before: &Design, after: &Design, style: &Style) -> String {
    draw::svg(&scene(before, after, style), style)
}

/// The later scene with the parts of the earlier one that are gone.
pub fn scene(before: &Design, after: &Design, style: &Style) -> Scene {
    let old = architecture::scene(before, style);
    let mut scene = architecture::scene(after, style);
    for node in &mut scene.nodes {
        let Some(id) = &node.component else {
            if !old.nodes.iter().any(|it| it.id == node.id) {
                node.change = Change::Added;
            }
            continue;
        };
        node.change = match (before.graph.component(id), after.graph.component(id)) {
            (None, _) => Change::Added,
            (Some(then), Some(now)) if then.spec != now.spec => Change::Changed,
            _ => Change::Same,
        };
    }
    let mut places = Vec::new();
    for node in &old.nodes {
        let known = scene.nodes.iter().position(|it| it.id == node.id);
        places.push(known.unwrap_or_else(|| {
            let mut gone = node.clone();
            gone.change = Change::Removed;
            gone.parent = group(&mut scene, &old, node.parent);
            scene.nodes.push(gone);
            scene.nodes.len() - 1
        }));
    }
    mark_edges(&mut scene, &old, &places);
    scene.title = format!("{}: what changed", after.title);
    let count = |change| scene.nodes.iter().filter(|it| it.change == change).count();
    scene.subtitle = format!(
        "{} added, {} removed, {} changed",
        count(Change::Added),
        count(Change::Removed),
        count(Change::Changed)
    );
    scene
}

/// The frame of the same id, made when the later scene has none.
fn group(scene: &mut Scene, old: &Scene, at: Option<usize>) -> Option<usize> {
    let at = at?;
    let id = &old.groups[at].id;
    if let Some(known) = scene.groups.iter().position(|it| it.id == *id) {
        return Some(known);
    }
    let parent = group(scene, old, old.groups[at].parent);
    let mut copy = old.groups[at].clone();
    copy.parent = parent;
    scene.groups.push(copy);
    Some(scene.groups.len() - 1)
}

fn mark_edges(scene: &mut Scene, old: &Scene, places: &[usize]) {
    let then: Vec<Edge> = old
        .edges
        .iter()
        .map(|it| Edge { from: places[it.from], to: places[it.to], ..it.clone() })
        .collect();
    for edge in &mut scene.edges {
        edge.change = match then.iter().find(|it| (it.from, it.to) == (edge.from, edge.to)) {
            None => Change::Added,
            Some(it) if it.intents != edge.intents => Change::Changed,
            Some(_) => Change::Same,
        };
    }
    for edge in then {
        if !scene.edges.iter().any(|it| (it.from, it.to) == (edge.from, edge.to)) {
            // The numbers are those of the other graph.
            scene.edges.push(Edge { change: Change::Removed, connections: Vec::new(), ..edge });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::analysis::analyze;
    use crate::engine::plan::Policy;
    use crate::engine::requirements::Hints;

    #[test]
    fn what_is_only_in_one_of_two_designs_stands_out() {
        let text = "Web shop with Postgres and Redis on AWS, 500 users";
        let options = analyze(text, &Hints::default(), &Policy::default()).options;
        let (good, best) = (&options[0], &options[2]);
        let style = Style::default();
        let changes = |scene: &Scene, change| -> Vec<String> {
            let of = |it: &&super::super::scene::Node| it.change == change;
            scene.nodes.iter().filter(of).map(|it| it.id.clone()).collect()
        };
        let forth = scene(good, best, &style);
        let back = scene(best, good, &style);
        let (mut added, mut removed) =
            (changes(&forth, Change::Added), changes(&back, Change::Removed));
        added.sort();
        removed.sort();
        assert!(!added.is_empty());
        assert_eq!(added, removed);
        assert!(changes(&scene(good, good, &style), Change::Added).is_empty());
        assert!(svg(best, good, &style).contains(">removed<"));
    }
}
