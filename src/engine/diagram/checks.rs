//! What must hold for every picture: nothing overlaps, nothing is cut, nothing is
//! lost, and it comes out the same each time.

use super::forms::tests::{analyses, designs};
use super::layout::{self, Axis, Item, Line, Placed, Plan, Rect, Route};
use super::text::{self, Weight};
use super::theme::{Palette, contrast};
use super::{Direction, Form, Kind, Style, Theme, architecture, draw, network, render};
use crate::engine::bind;
use std::collections::BTreeSet;

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
        for (m, other) in placed.routes.iter().enumerate().skip(n + 1) {
            if other.bundle != route.bundle && lies_on(route, other) {
                faults.push(format!("lines {n} and {m} lie on each other"));
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

/// Whether pieces of two lines share more than a point.
fn lies_on(one: &Route, other: &Route) -> bool {
    let flat = |a: (f64, f64), b: (f64, f64)| a.1 == b.1;
    one.points.windows(2).any(|a| {
        other.points.windows(2).any(|b| {
            let (p, q, r, s) = (a[0], a[1], b[0], b[1]);
            let shared = |p: f64, q: f64, r: f64, s: f64| {
                p.max(q).min(r.max(s)) - p.min(q).max(r.min(s)) > 0.5
            };
            if flat(p, q) && flat(r, s) {
                p.1 == r.1 && shared(p.0, q.0, r.0, s.0)
            } else {
                p.0 == q.0 && r.0 == s.0 && p.0 == r.0 && shared(p.1, q.1, r.1, s.1)
            }
        })
    })
}

#[test]
fn pictures_of_all_cases_are_sound() {
    for (name, design) in designs() {
        let scene = architecture::scene(design, &Style::default());
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
fn layouts_of_5_to_200_items_are_sound() {
    for count in [5, 8, 10, 13, 16, 20, 30, 40, 60, 80, 120, 200] {
        let plan = layout::sample(count);
        for axis in [Axis::Right, Axis::Down] {
            let placed = layout::layout(&plan, axis);
            let faults = faults(&plan, &placed);
            assert!(faults.is_empty(), "{count} {axis:?}: {faults:#?}");
            if count <= 40 {
                assert_eq!(placed, layout::layout(&plan, axis), "{count} {axis:?}");
            }
        }
    }
}

/// What ELK's layered layout has on the same plans; `tests/referees/diagrams-layout`
/// lays them out by it and by dagre again.
#[test]
fn lines_cross_no_more_often_than_those_of_others() {
    for (count, most) in [(5, 0), (8, 0), (10, 0), (15, 0), (20, 10), (30, 12), (40, 29), (60, 65)]
    {
        let placed = layout::layout(&layout::sample(count), Axis::Right);
        let (places, _) = placed.meets();
        assert!(places <= most, "{count}: {places} places, {most} would do");
    }
}

/// Words of every kind stay within their picture, on ground that they can be read on.
#[test]
fn no_words_are_cut_or_faint_in_any_kind() {
    let designs =
        analyses().iter().flat_map(|(name, it)| it.options.iter().map(move |at| (name, it, at)));
    for (name, analysis, design) in designs {
        for kind in Kind::ALL {
            for theme in [Theme::Light, Theme::Dark] {
                let style = Style { theme, ..Style::default() };
                let svg = render(analysis, design, kind, Form::Svg, &style).unwrap();
                let svg = String::from_utf8(svg).unwrap();
                let faults = written(&svg, Palette::of(theme));
                assert!(faults.is_empty(), "{name} {} {theme:?}: {faults:#?}", kind.name());
            }
        }
    }
}

/// What is wrong with the words of a picture, read from its SVG.
fn written(svg: &str, palette: &Palette) -> Vec<String> {
    let document = resvg::usvg::roxmltree::Document::parse(svg).unwrap();
    let number = |node: resvg::usvg::roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).and_then(|it| it.parse().ok()).unwrap_or(0.0)
    };
    let root = document.root_element();
    let picture = Rect::new(0.0, 0.0, number(root, "width"), number(root, "height"));
    let mut grounds: Vec<(Rect, String)> = vec![(picture, palette.canvas.to_owned())];
    let mut faults = Vec::new();
    for node in root.descendants() {
        let shifts = node.ancestors().filter_map(|it| it.attribute("transform"));
        if node.ancestors().any(|it| it.has_tag_name("defs")) {
            continue;
        }
        let (mut dx, mut dy) = (0.0, 0.0);
        let mut turned = false;
        for shift in shifts {
            match shift.strip_prefix("translate(").and_then(|it| it.strip_suffix(')')) {
                Some(at) => {
                    let mut at = at.split([' ', ',']).filter_map(|it| it.parse::<f64>().ok());
                    dx += at.next().unwrap_or(0.0);
                    dy += at.next().unwrap_or(0.0);
                }
                None => turned = true,
            }
        }
        if turned {
            continue;
        }
        let (x, y) = (number(node, "x") + dx, number(node, "y") + dy);
        if node.has_tag_name("rect") {
            if let Some(fill) = node.attribute("fill").filter(|it| it.starts_with('#')) {
                let at = Rect::new(x, y, number(node, "width"), number(node, "height"));
                grounds.push((at, fill.to_owned()));
            }
        } else if node.has_tag_name("text") {
            let words: String =
                node.descendants().filter(|it| it.is_text()).filter_map(|it| it.text()).collect();
            let size = number(node, "font-size");
            let bold = node.attribute("font-weight").is_some_and(|it| it != "400");
            let weight = if bold { Weight::SemiBold } else { Weight::Regular };
            let wide = text::width(&words, size, weight);
            let left = match node.attribute("text-anchor") {
                Some("middle") => x - wide / 2.0,
                Some("end") => x - wide,
                _ => x,
            };
            let at = Rect::new(left, y - size * 0.75, wide, size);
            if !picture.contains(&at) {
                faults.push(format!("{words:?} is cut"));
            }
            let ink = node.attribute("fill").unwrap_or(palette.ink);
            let middle = Rect::new(left + wide / 2.0, y - size * 0.3, 0.0, 0.0);
            let ground = grounds.iter().rev().find(|it| it.0.contains(&middle));
            let ground = ground.map_or(palette.canvas, |it| it.1.as_str());
            if contrast(ink, ground) < 4.5 {
                faults.push(format!("{words:?} is faint: {ink} on {ground}"));
            }
        }
    }
    faults
}

#[test]
fn every_component_and_connection_is_drawn_once() {
    for (name, design) in designs() {
        let graph = &design.graph;
        let scene = architecture::scene(design, &Style::default());
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
    for (name, analysis) in analyses().iter().step_by(2) {
        let design = &analysis.options[1];
        for theme in [Theme::Light, Theme::Dark] {
            for kind in Kind::ALL {
                let style = Style { theme, ..Style::default() };
                let draw = || render(analysis, design, kind, Form::Svg, &style).unwrap();
                let one = draw();
                assert_eq!(one, draw(), "{name}");
                assert!(!String::from_utf8(one).unwrap().contains("NaN"), "{name}");
            }
        }
    }
}

/// A new part at the end of the list changes the order of hardly any others.
#[test]
fn a_new_item_does_not_reshuffle_the_rest() {
    let (mut pairs, mut turned) = (0, 0);
    for count in [20, 30, 40, 50, 60, 80] {
        for at in [count / 4, count / 2, count * 3 / 4] {
            let plan = layout::sample(count);
            let mut more = plan.clone();
            more.items.push(Item { w: 200.0, h: 56.0, frame: plan.items[at].frame });
            more.lines.push(Line { from: at, to: count, label: (56.0, 14.0), backward: false });
            let (one, two) =
                (layout::layout(&plan, Axis::Right), layout::layout(&more, Axis::Right));
            for a in 0..count {
                for b in a + 1..count {
                    // Items above each other before: are they still?
                    let apart = one.items[a].x != one.items[b].x;
                    if apart || plan.items[a].frame != plan.items[b].frame {
                        continue;
                    }
                    pairs += 1;
                    let above = |it: &Placed| it.items[a].y < it.items[b].y;
                    turned += usize::from(above(&one) != above(&two));
                }
            }
        }
    }
    assert!(turned * 9 <= pairs, "{turned} of {pairs} pairs changed their order");
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
        let drawn = network::svg(design, &Style::default());
        for subnet in &facts.subnets {
            assert!(drawn.contains(&subnet.cidr), "{name}: {}", subnet.cidr);
        }
    }
}
