//! Draws a [`Scene`]: frames, lines, cards, words and the legend.

use super::icons::{Family, Icon, Pictures, Symbol};
use super::layout::{self, Axis, Placed, Plan, Rect, Route};
use super::scene::{Change, Edge, Group, GroupKind, Node, Scene};
use super::svg::{Paint, Svg, Type, number};
use super::text::{self, Weight};
use super::theme::Palette;
use super::{Direction, Style};
use crate::engine::requirements::Intent;

/// Room around the picture and for its title.
const MARGIN: f64 = 40.0;
const TITLE: f64 = 72.0;

/// Type sizes.
const TITLE_SIZE: f64 = 13.0;
const NOTE_SIZE: f64 = 10.5;
const EDGE_SIZE: f64 = 10.5;
const FRAME_SIZE: f64 = 12.0;

/// Measures of a card.
const CARD: f64 = 200.0;
const WIDEST_CARD: f64 = 264.0;
const TILE: f64 = 36.0;
const TILE_AT: f64 = 10.0;
const WORDS_AT: f64 = 56.0;
const WORDS_END: f64 = 10.0;

/// What is written on a card, broken into lines.
pub struct Words {
    pub title: Vec<String>,
    pub subtitle: Vec<String>,
}

/// A scene with its places.
pub struct Picture {
    pub plan: Plan,
    pub words: Vec<Words>,
    pub placed: Placed,
}

/// Gives everything of a scene its place.
pub fn picture(scene: &Scene, direction: Direction) -> Picture {
    let wide = card_width(scene);
    let words: Vec<Words> = scene.nodes.iter().map(|it| words(it, wide)).collect();
    let high = words.iter().map(card_height).fold(56.0, f64::max);
    let plan = Plan {
        items: scene
            .nodes
            .iter()
            .map(|it| layout::Item { w: wide, h: high, frame: it.parent })
            .collect(),
        frames: scene.groups.iter().map(frame).collect(),
        lines: scene.edges.iter().map(|it| line(scene, it)).collect(),
    };
    let axis = match direction {
        Direction::Right => Axis::Right,
        Direction::Down => Axis::Down,
    };
    let placed = layout::layout(&plan, axis);
    Picture { plan, words, placed }
}

fn card_width(scene: &Scene) -> f64 {
    let longest = scene
        .nodes
        .iter()
        .flat_map(|it| {
            let title =
                it.title.split_whitespace().map(|it| text::width(it, TITLE_SIZE, Weight::SemiBold));
            let note = it
                .subtitle
                .split_whitespace()
                .map(|it| text::width(it, NOTE_SIZE, Weight::Regular));
            title.chain(note).collect::<Vec<_>>()
        })
        .fold(0.0, f64::max);
    let need = WORDS_AT + longest + WORDS_END;
    // Eight more than a multiple of sixteen, as the layout wants it.
    (((need - 8.0) / 16.0).ceil() * 16.0 + 8.0).clamp(CARD, WIDEST_CARD)
}

fn words(node: &Node, wide: f64) -> Words {
    let room = wide - WORDS_AT - WORDS_END;
    let subtitle = if node.subtitle == node.title { "" } else { node.subtitle.as_str() };
    Words {
        title: text::wrap(&node.title, TITLE_SIZE, Weight::SemiBold, room, 3),
        subtitle: text::wrap(subtitle, NOTE_SIZE, Weight::Regular, room, 3),
    }
}

fn words_height(words: &Words) -> f64 {
    words.title.len() as f64 * 16.0 + words.subtitle.len() as f64 * 13.0
}

fn card_height(words: &Words) -> f64 {
    let need = words_height(words) + 12.0;
    ((need - 8.0) / 16.0).ceil() * 16.0 + 8.0
}

fn frame(group: &Group) -> layout::Frame {
    let mut wide = text::width(&group.label, FRAME_SIZE, Weight::SemiBold);
    if !group.note.is_empty() {
        wide += 8.0 + text::width(&group.note, NOTE_SIZE, Weight::Regular);
    }
    if group.icon.is_some() {
        wide += 24.0;
    }
    layout::Frame {
        parent: group.parent,
        label: (wide, 20.0),
        rank: match group.kind {
            GroupKind::PublicSubnets => Some(0),
            GroupKind::PrivateSubnets => Some(1),
            GroupKind::DataSubnets => Some(2),
            _ => None,
        },
        shelf: group.kind == GroupKind::Shelf,
    }
}

fn line(scene: &Scene, edge: &Edge) -> layout::Line {
    let label = if edge.label.is_empty() {
        (0.0, 0.0)
    } else {
        (text::width(&edge.label, EDGE_SIZE, Weight::Regular) + 8.0, 14.0)
    };
    layout::Line {
        from: edge.from,
        to: edge.to,
        label,
        // What polls stands behind what it polls, a copy behind its original.
        backward: scene.nodes[edge.from].icon.icon == Icon::Rewind
            || !edge.intents.is_empty() && edge.intents.iter().all(|it| *it == Intent::Subscribes),
    }
}

/// Draws a scene.
pub fn svg(scene: &Scene, style: &Style) -> String {
    svg_with(scene, style, (0.0, 0.0), |_, _, _| ())
}

/// Draws a scene, and more in a place of its own below it.
pub fn svg_with(
    scene: &Scene,
    style: &Style,
    more: (f64, f64),
    draw_more: impl FnOnce(&mut Svg, &Palette, Rect),
) -> String {
    let picture = picture(scene, style.direction);
    let palette = Palette::of(style.theme);
    let legend = Legend::of(scene, picture.placed.width);
    let title = capital(&scene.title);
    // The title takes the room that it needs, up to a whole page.
    let head = text::width(&title, 24.0, Weight::SemiBold).clamp(480.0, 1200.0);
    let width = picture.placed.width.max(legend.width).max(head).max(more.0) + 2.0 * MARGIN;
    let bottom = MARGIN + TITLE + picture.placed.height + legend.height;
    let height = bottom + more.1 + MARGIN;
    let description = format!(
        "{} {} nodes and {} lines, from left to right in the order that requests travel.",
        scene.subtitle,
        scene.nodes.len(),
        scene.edges.len()
    );
    let mut svg = Svg::new(width, height, &scene.title, &description, palette);
    let room = width - 2.0 * MARGIN;
    let title = text::fit(&title, 24.0, Weight::SemiBold, room);
    svg.text(MARGIN, MARGIN + 20.0, Type::new(24.0, palette.ink).bold(), &title);
    let subtitle = text::fit(&scene.subtitle, 13.0, Weight::Regular, room);
    svg.text(MARGIN, MARGIN + 43.0, Type::new(13.0, palette.ink_soft), &subtitle);
    let place = format!("translate({} {})", number(MARGIN), number(MARGIN + TITLE));
    svg.open("g", &[("class", "picture"), ("transform", &place)]);
    for (group, at) in scene.groups.iter().zip(&picture.placed.frames) {
        draw_frame(&mut svg, palette, scene, group, *at);
    }
    svg.open("g", &[("class", "edges"), ("aria-hidden", "true")]);
    for (edge, route) in scene.edges.iter().zip(&picture.placed.routes) {
        draw_edge(&mut svg, palette, scene, edge, route);
    }
    for (x, y) in joints(&picture.placed.routes) {
        svg.circle(x, y, 2.75, Paint::fill(palette.edge));
    }
    for (edge, route) in scene.edges.iter().zip(&picture.placed.routes) {
        if let Some(at) = route.label {
            draw_label(&mut svg, palette, scene, &picture.placed, edge, at);
        }
    }
    for (group, at) in scene.groups.iter().zip(&picture.placed.frames) {
        draw_head(&mut svg, palette, group, *at);
    }
    svg.close();
    for n in 0..scene.nodes.len() {
        draw_node(&mut svg, palette, &style.icons, scene, n, &picture);
    }
    svg.close();
    legend.draw(&mut svg, palette, MARGIN, MARGIN + TITLE + picture.placed.height);
    draw_more(&mut svg, palette, Rect::new(MARGIN, bottom, more.0, more.1));
    svg.finish()
}

/// With a capital letter first.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |it| it.to_uppercase().chain(chars).collect())
}

fn draw_frame(svg: &mut Svg, palette: &Palette, scene: &Scene, group: &Group, at: Rect) {
    let look = palette.frame(group.kind);
    let component = group.component.as_ref().map_or("", |it| it.as_str());
    let held: Vec<&str> = scene
        .held
        .iter()
        .filter(|it| scene.groups[it.group].id == group.id)
        .map(|it| scene.nodes[it.node].title.as_str())
        .collect();
    let mut spoken = format!("{} {}", group.label, group.note).trim().to_owned();
    if !held.is_empty() {
        spoken.push_str(&format!("; served by {}", held.join(", ")));
    }
    let focus = if component.is_empty() { "" } else { "0" };
    svg.open(
        "g",
        &[
            ("class", "group"),
            ("data-group", &group.id),
            ("data-component", component),
            ("tabindex", focus),
            ("role", if component.is_empty() { "" } else { "img" }),
            ("aria-label", if component.is_empty() { "" } else { &spoken }),
        ],
    );
    let radius = match group.kind {
        GroupKind::Cloud => 16.0,
        GroupKind::Region | GroupKind::Network => 12.0,
        _ => 10.0,
    };
    let mut paint = Paint::fill(look.fill).and_line(look.line, 1.25);
    if look.dashed {
        paint = paint.dashed("5 4");
    }
    svg.rect(at, radius, paint);
    svg.close();
}

/// The name of a frame, above lines that pass behind it.
fn draw_head(svg: &mut Svg, palette: &Palette, group: &Group, at: Rect) {
    let look = palette.frame(group.kind);
    let wide = frame(group).label.0;
    svg.rect(Rect::new(at.x + 12.0, at.y + 9.0, wide + 8.0, 20.0), 4.0, Paint::fill(look.fill));
    let mut x = at.x + 16.0;
    let base = at.y + 23.0;
    if let Some(icon) = group.icon {
        svg.glyph(icon.path(), x, at.y + 10.0, 17.0, look.label);
        x += 24.0;
    }
    svg.text(x, base, Type::new(FRAME_SIZE, look.label).bold(), &group.label);
    if !group.note.is_empty() {
        x += text::width(&group.label, FRAME_SIZE, Weight::SemiBold) + 8.0;
        svg.text(x, base, Type::new(NOTE_SIZE, palette.ink_soft), &group.note);
    }
}

/// Whether the caller does not wait for what it sends.
fn is_asynchronous(edge: &Edge) -> bool {
    !edge.intents.is_empty()
        && edge.intents.iter().all(|it| {
            matches!(
                it,
                Intent::Publishes | Intent::Subscribes | Intent::Streams | Intent::Replicates
            )
        })
}

fn draw_edge(svg: &mut Svg, palette: &Palette, scene: &Scene, edge: &Edge, route: &Route) {
    let connections: Vec<String> = edge.connections.iter().map(usize::to_string).collect();
    svg.open(
        "g",
        &[
            ("class", "edge"),
            ("data-from", &scene.nodes[edge.from].id),
            ("data-to", &scene.nodes[edge.to].id),
            ("data-connections", &connections.join(" ")),
            ("data-label", &edge.label),
        ],
    );
    let colour = palette.change(edge.change).unwrap_or(palette.edge);
    let mut paint = Paint::line(colour, if edge.change == Change::Same { 1.5 } else { 2.0 });
    if edge.change == Change::Removed {
        paint = paint.dashed("2 4");
    } else if is_asynchronous(edge) {
        paint = paint.dashed("6 4");
    }
    svg.path(&rounded(&route.points), paint);
    if let [.., before, tip] = route.points[..] {
        svg.path(&arrow(before, tip), Paint::fill(colour));
    }
    svg.close();
}

/// A path with round corners that ends within the arrow.
pub fn rounded(points: &[(f64, f64)]) -> String {
    let mut points = points.to_vec();
    if let [.., before, tip] = points[..] {
        let (dx, dy) = unit(before, tip);
        if let Some(last) = points.last_mut() {
            *last = (tip.0 - dx * 5.0, tip.1 - dy * 5.0);
        }
    }
    let mut d = String::new();
    for (n, it) in points.iter().enumerate() {
        if n == 0 {
            d.push_str(&format!("M{} {}", number(it.0), number(it.1)));
            continue;
        }
        let Some(next) = points.get(n + 1) else {
            d.push_str(&format!("L{} {}", number(it.0), number(it.1)));
            continue;
        };
        let before = points[n - 1];
        let (one, two) = (unit(before, *it), unit(*it, *next));
        let length = |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() + (a.1 - b.1).abs();
        let radius = 7.0_f64.min(length(before, *it) / 2.0).min(length(*it, *next) / 2.0);
        d.push_str(&format!(
            "L{} {}Q{} {} {} {}",
            number(it.0 - one.0 * radius),
            number(it.1 - one.1 * radius),
            number(it.0),
            number(it.1),
            number(it.0 + two.0 * radius),
            number(it.1 + two.1 * radius)
        ));
    }
    d
}

/// A filled arrow head whose tip is at the end of the line.
pub fn arrow(before: (f64, f64), tip: (f64, f64)) -> String {
    let (dx, dy) = unit(before, tip);
    let (back, half) = (8.0, 4.0);
    let base = (tip.0 - dx * back, tip.1 - dy * back);
    format!(
        "M{} {}L{} {}L{} {}Z",
        number(tip.0),
        number(tip.1),
        number(base.0 - dy * half),
        number(base.1 + dx * half),
        number(base.0 + dy * half),
        number(base.1 - dx * half)
    )
}

fn unit(from: (f64, f64), to: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1e-9);
    (dx / length, dy / length)
}

/// Where lines of one bundle part or meet.
pub fn joints(routes: &[Route]) -> Vec<(f64, f64)> {
    let mut out: Vec<(i64, i64)> = Vec::new();
    let key = |it: (f64, f64)| ((it.0 * 4.0).round() as i64, (it.1 * 4.0).round() as i64);
    for (n, route) in routes.iter().enumerate() {
        for other in routes[n + 1..].iter().filter(|it| it.bundle == route.bundle) {
            // A corner of one that lies within a piece of the other.
            for (one, two) in [(route, other), (other, route)] {
                for corner in one.points.iter().skip(1).rev().skip(1) {
                    let within = two.points.windows(2).any(|it| {
                        let (a, b) = (it[0], it[1]);
                        let upright = a.0 == b.0 && corner.0 == a.0;
                        let flat = a.1 == b.1 && corner.1 == a.1;
                        (upright && corner.1 > a.1.min(b.1) && corner.1 < a.1.max(b.1))
                            || (flat && corner.0 > a.0.min(b.0) && corner.0 < a.0.max(b.0))
                    });
                    if within {
                        out.push(key(*corner));
                    }
                }
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out.into_iter().map(|it| (it.0 as f64 / 4.0, it.1 as f64 / 4.0)).collect()
}

fn draw_label(
    svg: &mut Svg,
    palette: &Palette,
    scene: &Scene,
    placed: &Placed,
    edge: &Edge,
    at: Rect,
) {
    // The innermost frame is the last that holds the middle.
    let (x, y) = at.middle();
    let inside = |it: &Rect| x > it.x && x < it.right() && y > it.y && y < it.bottom();
    let ground = scene
        .groups
        .iter()
        .zip(&placed.frames)
        .filter(|(_, it)| inside(it))
        .map(|(group, _)| palette.frame(group.kind).fill)
        .next_back()
        .unwrap_or(palette.canvas);
    svg.rect(at, 4.0, Paint::fill(ground));
    let set = Type::new(EDGE_SIZE, palette.edge_label).middle();
    svg.text(x, y + 3.7, set, &edge.label);
}

fn draw_node(
    svg: &mut Svg,
    palette: &Palette,
    icons: &Pictures,
    scene: &Scene,
    n: usize,
    picture: &Picture,
) {
    let (node, words, at) = (&scene.nodes[n], &picture.words[n], picture.placed.items[n]);
    let component = node.component.as_ref().map_or("", |it| it.as_str());
    svg.open(
        "g",
        &[
            ("class", "node"),
            ("data-node", &node.id),
            ("data-component", component),
            ("tabindex", "0"),
            ("role", "img"),
            ("aria-label", &scene.spoken(n)),
        ],
    );
    let line = palette.change(node.change);
    let mut paint = Paint::fill(palette.card)
        .and_line(line.unwrap_or(palette.card_line), if line.is_some() { 2.0 } else { 1.0 });
    if node.change == Change::Removed {
        paint = paint.dashed("4 4");
    }
    svg.rect(at, 10.0, paint);
    let place = Rect::new(at.x + TILE_AT, at.y + (at.h - TILE) / 2.0, TILE, TILE);
    tile(svg, palette, icons, (node.icon, node.family), place);
    let mut y = at.y + (at.h - words_height(words)) / 2.0;
    for it in &words.title {
        svg.text(at.x + WORDS_AT, y + 12.2, Type::new(TITLE_SIZE, palette.ink).bold(), it);
        y += 16.0;
    }
    for it in &words.subtitle {
        svg.text(at.x + WORDS_AT, y + 9.8, Type::new(NOTE_SIZE, palette.ink_soft), it);
        y += 13.0;
    }
    let mut right = at.right() - 8.0;
    for badge in &node.badges {
        let chip = palette.chip(badge.tone);
        let wide = text::width(&badge.text, NOTE_SIZE, Weight::SemiBold) + 14.0;
        let place = Rect::new(right - wide, at.y - 9.0, wide, 18.0);
        svg.rect(place, 9.0, Paint::fill(chip.fill).and_line(palette.card_line, 1.0));
        let set = Type::new(NOTE_SIZE, chip.ink).bold().middle();
        svg.text(place.middle().0, place.y + 12.8, set, &badge.text);
        right -= wide + 6.0;
    }
    svg.close();
}

/// A glyph on the colour of its family, or the picture that is there instead.
pub fn tile(
    svg: &mut Svg,
    palette: &Palette,
    icons: &Pictures,
    (symbol, family): (Symbol, Family),
    at: Rect,
) {
    if let Some(picture) = symbol.picture(icons) {
        return svg.image(at, picture);
    }
    let (radius, size) = if at.w < TILE { (6.0, 16.0) } else { (8.0, 22.0) };
    let margin = (at.w - size) / 2.0;
    svg.rect(at, radius, Paint::fill(palette.family(family)));
    svg.glyph(symbol.icon.path(), at.x + margin, at.y + margin, size, palette.on_family);
}

/// What the colours and lines mean.
struct Legend {
    families: Vec<Family>,
    asynchronous: bool,
    changes: Vec<Change>,
    width: f64,
    height: f64,
    per_row: f64,
}

impl Legend {
    fn of(scene: &Scene, room: f64) -> Self {
        let mut families: Vec<Family> = scene.nodes.iter().map(|it| it.family).collect();
        families.sort_unstable();
        families.dedup();
        families.retain(|it| *it != Family::People);
        let has = |change| {
            scene.nodes.iter().any(|it| it.change == change)
                || scene.edges.iter().any(|it| it.change == change)
        };
        let changes: Vec<Change> = [Change::Added, Change::Removed, Change::Changed]
            .into_iter()
            .filter(|it| has(*it))
            .collect();
        let mut legend = Self {
            families,
            asynchronous: scene.edges.iter().any(is_asynchronous),
            changes,
            width: 0.0,
            height: 0.0,
            per_row: room.max(480.0),
        };
        let ends = legend.entries();
        legend.width = ends.iter().map(|it| it.1 + it.3).fold(0.0, f64::max);
        let rows = ends.last().map_or(0.0, |it| it.2 + 1.0);
        legend.height = 28.0 + rows * 22.0 - 6.0;
        legend
    }

    /// Words, place in the row, row and width of every entry.
    fn entries(&self) -> Vec<(String, f64, f64, f64)> {
        let mut words: Vec<String> = self.families.iter().map(|it| it.title().to_owned()).collect();
        words.push("waits for an answer".to_owned());
        if self.asynchronous {
            words.push("does not wait".to_owned());
        }
        words.extend(self.changes.iter().map(|it| {
            match it {
                Change::Added => "added",
                Change::Removed => "removed",
                _ => "changed",
            }
            .to_owned()
        }));
        let (mut x, mut row) = (0.0, 0.0);
        words
            .into_iter()
            .enumerate()
            .map(|(n, words)| {
                let mark = if n < self.families.len() { 18.0 } else { 36.0 };
                let wide = mark + text::width(&words, 11.0, Weight::Regular);
                if x > 0.0 && x + wide > self.per_row {
                    (x, row) = (0.0, row + 1.0);
                }
                let entry = (words, x, row, wide);
                x += wide + 20.0;
                entry
            })
            .collect()
    }

    fn draw(&self, svg: &mut Svg, palette: &Palette, left: f64, top: f64) {
        svg.open("g", &[("class", "legend"), ("aria-hidden", "true")]);
        for (n, (words, x, row, _)) in self.entries().iter().enumerate() {
            let (x, y) = (left + x, top + 28.0 + row * 22.0);
            let mut at = x + 36.0;
            if let Some(family) = self.families.get(n) {
                svg.rect(Rect::new(x, y, 12.0, 12.0), 3.0, Paint::fill(palette.family(*family)));
                at = x + 18.0;
            } else {
                let n = n - self.families.len();
                let lines = 1 + usize::from(self.asynchronous);
                let (colour, dash) = match n.checked_sub(lines) {
                    Some(it) => {
                        let change = self.changes.get(it).copied().unwrap_or_default();
                        (palette.change(change).unwrap_or(palette.edge), None)
                    }
                    None if n == 1 => (palette.edge, Some("6 4")),
                    None => (palette.edge, None),
                };
                let paint = Paint { dash, ..Paint::line(colour, 1.75) };
                svg.line((x, y + 6.0), (x + 28.0, y + 6.0), paint);
            }
            svg.text(at, y + 10.0, Type::new(11.0, palette.ink_soft), words);
        }
        svg.close();
    }
}
