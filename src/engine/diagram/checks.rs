//! What must hold for every picture: nothing overlaps, nothing is cut, nothing is
//! lost, and it comes out the same each time.

use super::layout::{self, Axis, Frame, Item, Line, Placed, Plan, Rect};
use super::{Direction, Form, Kind, Style, Theme, architecture, draw, network, render};
use crate::engine::analysis::{self, Design};
use crate::engine::bind;
use crate::engine::plan::Policy;
use crate::engine::requirements::{Cloud, Hints};
use std::collections::BTreeSet;

/// All options of all cases below `tests/golden`, with the name of their case.
fn designs() -> Vec<(String, Design)> {
    let hints = Hints { cloud: Some(Cloud::Aws), ..Hints::default() };
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut cases: Vec<_> = std::fs::read_dir(root).unwrap().map(|it| it.unwrap().path()).collect();
    cases.sort();
    cases
        .into_iter()
        .filter_map(|case| {
            let text = std::fs::read_to_string(case.join("input.txt")).ok()?;
            let name = case.file_name()?.to_string_lossy().into_owned();
            Some((name, analysis::analyze(&text, &hints, &Policy::default())))
        })
        .flat_map(|(name, it)| {
            it.options.into_iter().map(move |it| (format!("{name}/{}", it.graph.tier.name()), it))
        })
        .collect()
}

/// A plan of so many items in nested frames, always the same.
fn synthetic(count: usize) -> Plan {
    let mut state = 88_172_645_463_325_252_u64 ^ count as u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below.max(1) as u64) as usize
    };
    let frame = |parent| Frame { parent, label: (120.0, 20.0), rank: None, shelf: false };
    let mut frames = vec![frame(None), frame(Some(0))];
    for n in 0..count / 8 {
        let parent = next(2 + n.min(3));
        frames.push(frame(Some(parent)));
    }
    // Neighbours stand together, as the parts of a system do.
    let items = (0..count)
        .map(|n| {
            let at = if next(4) == 0 { next(2) } else { (2 + n / 8).min(frames.len() - 1) };
            Item { w: 200.0, h: 56.0, frame: Some(at) }
        })
        .collect();
    let mut lines: Vec<Line> = Vec::new();
    for to in 1..count {
        for _ in 0..1 + usize::from(next(3) == 0) {
            let from = to - 1 - next(to.min(6));
            if !lines.iter().any(|it| (it.from, it.to) == (from, to)) {
                lines.push(Line { from, to, label: (56.0, 14.0), backward: false });
            }
        }
    }
    Plan { items, frames, lines }
}

/// What is wrong with a layout.
fn faults(plan: &Plan, placed: &Placed) -> Vec<String> {
    let mut faults = Vec::new();
    for (n, one) in placed.items.iter().enumerate() {
        for (m, other) in placed.items.iter().enumerate().skip(n + 1) {
            if one.overlaps(other) {
                faults.push(format!("items {n} and {m} overlap"));
            }
        }
        if let Some(frame) = plan.items[n].frame
            && !placed.frames[frame].contains(one)
        {
            faults.push(format!("item {n} leaves its frame"));
        }
    }
    let parents = |frame: usize| -> BTreeSet<usize> {
        std::iter::successors(Some(frame), |it| plan.frames[*it].parent).collect()
    };
    for (n, one) in placed.frames.iter().enumerate() {
        if let Some(parent) = plan.frames[n].parent
            && !placed.frames[parent].contains(one)
        {
            faults.push(format!("frame {n} leaves its frame"));
        }
        for (m, other) in placed.frames.iter().enumerate().skip(n + 1) {
            if one.overlaps(other) && !parents(n).contains(&m) && !parents(m).contains(&n) {
                faults.push(format!("frames {n} and {m} overlap"));
            }
        }
        for (m, item) in placed.items.iter().enumerate() {
            let within = plan.items[m].frame.is_some_and(|it| parents(it).contains(&n));
            if item.overlaps(one) && !within {
                faults.push(format!("item {m} is in a foreign frame {n}"));
            }
        }
    }
    let picture = Rect::new(0.0, 0.0, placed.width, placed.height);
    for (n, route) in placed.routes.iter().enumerate() {
        for pair in route.points.windows(2) {
            let piece = Rect::new(
                pair[0].0.min(pair[1].0),
                pair[0].1.min(pair[1].1),
                (pair[0].0 - pair[1].0).abs().max(0.1),
                (pair[0].1 - pair[1].1).abs().max(0.1),
            );
            for (m, item) in placed.items.iter().enumerate() {
                if piece.overlaps(&item.grown(-1.0)) {
                    faults.push(format!("line {n} runs through item {m}"));
                }
            }
            if pair[0].0 != pair[1].0 && pair[0].1 != pair[1].1 {
                faults.push(format!("line {n} is slanted"));
            }
        }
        let Some(label) = route.label else {
            let spoken = placed.routes.iter().enumerate().any(|(m, it)| {
                it.bundle == route.bundle
                    && it.label.is_some()
                    && plan.lines[m].to == plan.lines[n].to
            });
            if !spoken && plan.lines[n].label.0 > 0.0 {
                faults.push(format!("line {n} has lost its words"));
            }
            continue;
        };
        if !picture.contains(&label) {
            faults.push(format!("the words of line {n} are cut"));
        }
        for (m, item) in placed.items.iter().enumerate() {
            if item.overlaps(&label) {
                faults.push(format!("the words of line {n} are on item {m}"));
            }
        }
        for (m, other) in placed.routes.iter().enumerate().skip(n + 1) {
            if other.label.is_some_and(|it| it.overlaps(&label)) {
                faults.push(format!("the words of lines {n} and {m} overlap"));
            }
        }
    }
    faults
}

#[test]
fn pictures_of_all_cases_are_sound() {
    for (name, design) in designs() {
        let scene = architecture::scene(&design, &Style::default());
        for direction in [Direction::Right, Direction::Down] {
            let picture = draw::picture(&scene, direction);
            let faults = faults(&picture.plan, &picture.placed);
            assert!(faults.is_empty(), "{name} {direction:?}: {faults:#?}");
            let cut: Vec<&String> = picture
                .words
                .iter()
                .flat_map(|it| it.title.iter().chain(&it.subtitle))
                .filter(|it| it.ends_with('…'))
                .collect();
            assert!(cut.is_empty(), "{name}: {cut:?}");
        }
    }
}

#[test]
fn layouts_of_5_to_40_items_are_sound() {
    for count in [5, 10, 20, 40] {
        let plan = synthetic(count);
        let placed = layout::layout(&plan, Axis::Right);
        let faults = faults(&plan, &placed);
        assert!(faults.is_empty(), "{count}: {faults:#?}");
    }
}

#[test]
fn every_component_and_connection_is_drawn_once() {
    for (name, design) in designs() {
        let graph = &design.graph;
        let scene = architecture::scene(&design, &Style::default());
        let mut components: Vec<&str> = scene
            .nodes
            .iter()
            .filter_map(|it| it.component.as_ref())
            .chain(scene.groups.iter().filter_map(|it| it.component.as_ref()))
            .map(|it| it.as_str())
            .collect();
        let mut wanted: Vec<&str> = graph.components.iter().map(|it| it.id.as_str()).collect();
        components.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(components, wanted, "{name}");
        let mut connections: Vec<usize> = scene
            .edges
            .iter()
            .flat_map(|it| it.connections.clone())
            .chain(scene.held.iter().map(|it| it.connection))
            .collect();
        connections.sort_unstable();
        assert_eq!(connections, (0..graph.connections.len()).collect::<Vec<_>>(), "{name}");
        // What is shown by standing in a frame does stand in it.
        for held in &scene.held {
            let around = scene.around(scene.nodes[held.node].parent);
            assert!(around.contains(&held.group), "{name}: {}", scene.nodes[held.node].id);
        }
    }
}

#[test]
fn the_same_design_gives_the_same_bytes() {
    for (name, design) in designs().into_iter().step_by(5) {
        for theme in [Theme::Light, Theme::Dark] {
            for kind in [Kind::Architecture, Kind::Network] {
                let style = Style { theme, ..Style::default() };
                let one = render(&design, kind, Form::Svg, &style).unwrap();
                assert_eq!(one, render(&design, kind, Form::Svg, &style).unwrap(), "{name}");
                assert!(!String::from_utf8(one).unwrap().contains("NaN"), "{name}");
            }
        }
    }
}

/// A new part at the end of the list changes the order of hardly any others.
#[test]
fn a_new_item_does_not_reshuffle_the_rest() {
    let plan = synthetic(40);
    let mut more = plan.clone();
    more.items.push(Item { w: 200.0, h: 56.0, frame: plan.items[20].frame });
    more.lines.push(Line { from: 20, to: 40, label: (56.0, 14.0), backward: false });
    let (one, two) = (layout::layout(&plan, Axis::Right), layout::layout(&more, Axis::Right));
    let (mut pairs, mut turned) = (0, 0);
    for a in 0..40 {
        for b in a + 1..40 {
            // Items above each other before: are they still?
            if one.items[a].x != one.items[b].x || plan.items[a].frame != plan.items[b].frame {
                continue;
            }
            pairs += 1;
            let above = |it: &Placed| it.items[a].y < it.items[b].y;
            turned += usize::from(above(&one) != above(&two));
        }
    }
    assert!(turned * 10 <= pairs, "{turned} of {pairs} pairs changed their order");
}

#[test]
fn the_floor_plan_has_every_subnet_and_rule_of_the_code() {
    for (name, design) in designs() {
        let stack = bind::lower(&design.graph);
        let Some(facts) = network::facts::read(&stack) else { continue };
        let count = |kind: &str| {
            stack
                .resources
                .iter()
                .filter(|it| it.tf.as_ref().is_some_and(|it| it.kind == kind))
                .count()
        };
        if !facts.existing {
            assert_eq!(facts.subnets.len(), count("aws_subnet"), "{name}");
        }
        assert_eq!(facts.endpoints.len(), count("aws_vpc_endpoint"), "{name}");
        if count("aws_vpc_security_group_ingress_rule") > 0 {
            assert!(!facts.rules.is_empty(), "{name}");
        }
        let drawn = network::svg(&design, &Style::default());
        for subnet in &facts.subnets {
            assert!(drawn.contains(&subnet.cidr), "{name}: {}", subnet.cidr);
        }
    }
}
