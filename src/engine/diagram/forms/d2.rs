//! A scene as D2, with frames as containers.

use super::{held, is_asynchronous, key, one_line};
use crate::engine::diagram::icons::Family;
use crate::engine::diagram::scene::{Scene, word};
use crate::engine::diagram::theme::Palette;
use crate::engine::diagram::{Direction, Style, Theme};

pub fn text(scene: &Scene, style: &Style) -> String {
    let mut out = head(style.theme);
    out.push_str(match style.direction {
        Direction::Right => "direction: right\n",
        Direction::Down => "direction: down\n",
    });
    out.push_str(&title(&scene.title));
    let palette = Palette::of(style.theme);
    inside(scene, None, 0, palette, &mut out);
    for edge in &scene.edges {
        let dash = if is_asynchronous(edge) { " {style.stroke-dash: 4}" } else { "" };
        out.push_str(&format!(
            "{} -> {}: {}{dash}\n",
            path(scene, edge.from),
            path(scene, edge.to),
            quoted(&edge.label)
        ));
    }
    out
}

/// The theme, in the way that the text itself can say it.
pub fn head(theme: Theme) -> String {
    let number = match theme {
        Theme::Light => 0,
        Theme::Dark => 200,
    };
    format!("vars: {{\n  d2-config: {{\n    theme-id: {number}\n    layout-engine: elk\n  }}\n}}\n")
}

pub fn title(words: &str) -> String {
    format!(
        "title: {} {{\n  shape: text\n  near: top-center\n  style.font-size: 28\n}}\n",
        quoted(words)
    )
}

fn inside(scene: &Scene, parent: Option<usize>, depth: usize, palette: &Palette, out: &mut String) {
    let indent = "  ".repeat(depth);
    for group in scene.groups_in(parent) {
        let it = &scene.groups[group];
        let label = if it.note.is_empty() {
            it.label.clone()
        } else {
            format!("{} ({})", it.label, it.note)
        };
        let look = palette.frame(it.kind);
        let dash = if look.dashed { 4 } else { 0 };
        out.push_str(&format!(
            "{indent}{}: {} {{\n{indent}  style: {{fill: \"{}\"; stroke: \"{}\"; font-color: \"{}\"; \
             stroke-dash: {dash}; border-radius: 8}}\n",
            key('g', &it.id),
            quoted(&label),
            look.fill,
            look.line,
            look.label
        ));
        inside(scene, Some(group), depth + 1, palette, out);
        out.push_str(&format!("{indent}}}\n"));
    }
    for node in scene.nodes_in(parent) {
        let it = &scene.nodes[node];
        let mut lines = vec![it.title.as_str()];
        if !it.subtitle.is_empty() && it.subtitle != it.title {
            lines.push(&it.subtitle);
        }
        lines.extend(it.badges.iter().map(|it| it.text.as_str()));
        let shape = match it.family {
            Family::Database | Family::Storage => "cylinder",
            Family::People => "person",
            Family::Integration => "queue",
            _ => "rectangle",
        };
        out.push_str(&format!(
            "{indent}{}: {} {{\n{indent}  shape: {shape}\n{indent}  style: {{fill: \"{}\"; stroke: \
             \"{}\"; font-color: \"{}\"}}\n",
            key('c', &it.id),
            quoted_lines(&lines),
            palette.card,
            palette.family(it.family),
            palette.ink
        ));
        for (intent, group) in held(scene, node) {
            let frame = key('g', &scene.groups[group].id);
            out.push_str(&format!("{indent}  # {} {frame}\n", word(intent)));
        }
        out.push_str(&format!("{indent}}}\n"));
    }
}

/// The name of a node from the outermost frame on.
fn path(scene: &Scene, node: usize) -> String {
    let it = &scene.nodes[node];
    let mut names: Vec<String> =
        scene.around(it.parent).into_iter().map(|it| key('g', &scene.groups[it].id)).collect();
    names.reverse();
    names.push(key('c', &it.id));
    names.join(".")
}

/// A label between quotes, where `${` would begin a substitution.
pub fn quoted(text: &str) -> String {
    quoted_lines(&[text])
}

pub fn quoted_lines(lines: &[&str]) -> String {
    let escaped: Vec<String> = lines
        .iter()
        .map(|it| one_line(it).replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$"))
        .collect();
    format!("\"{}\"", escaped.join("\\n"))
}
