//! A scene as a Mermaid flowchart with subgraphs.

use super::{held, is_asynchronous, key, one_line};
use crate::engine::diagram::icons::Family;
use crate::engine::diagram::scene::{Scene, word};
use crate::engine::diagram::theme::Palette;
use crate::engine::diagram::{Direction, Style, Theme};

pub fn flowchart(scene: &Scene, style: &Style) -> String {
    let mut out = front_matter(&scene.title, style.theme);
    out.push_str(match style.direction {
        Direction::Right => "flowchart LR\n",
        Direction::Down => "flowchart TB\n",
    });
    out.push_str(&format!("  accTitle: {}\n", plain(&scene.title)));
    out.push_str(&format!("  accDescr: {}\n", plain(&scene.subtitle)));
    inside(scene, None, 1, &mut out);
    for edge in &scene.edges {
        let (from, to) = (id(scene, edge.from), id(scene, edge.to));
        let arrow = if is_asynchronous(edge) { "-.->" } else { "-->" };
        if edge.label.is_empty() {
            out.push_str(&format!("  {from} {arrow} {to}\n"));
        } else {
            out.push_str(&format!("  {from} {arrow}|\"{}\"| {to}\n", words(&edge.label)));
        }
    }
    for node in 0..scene.nodes.len() {
        for (intent, group) in held(scene, node) {
            let frame = key('g', &scene.groups[group].id);
            out.push_str(&format!("  %% {} {} {frame}\n", id(scene, node), word(intent)));
        }
    }
    classes(scene, style, &mut out);
    out
}

/// Title and theme, as YAML; a JSON string is one of YAML too.
pub fn front_matter(title: &str, theme: Theme) -> String {
    let title = serde_json::Value::from(one_line(title));
    let theme = match theme {
        Theme::Light => "neutral",
        Theme::Dark => "dark",
    };
    format!("---\ntitle: {title}\nconfig:\n  theme: {theme}\n---\n")
}

fn inside(scene: &Scene, parent: Option<usize>, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for group in scene.groups_in(parent) {
        let it = &scene.groups[group];
        let label = if it.note.is_empty() {
            it.label.clone()
        } else {
            format!("{} ({})", it.label, it.note)
        };
        out.push_str(&format!("{indent}subgraph {}[\"{}\"]\n", key('g', &it.id), words(&label)));
        inside(scene, Some(group), depth + 1, out);
        out.push_str(&format!("{indent}end\n"));
    }
    for node in scene.nodes_in(parent) {
        let it = &scene.nodes[node];
        let mut label = words(&it.title);
        if !it.subtitle.is_empty() && it.subtitle != it.title {
            label.push_str(&format!("<br/>{}", words(&it.subtitle)));
        }
        for badge in &it.badges {
            label.push_str(&format!("<br/>{}", words(&badge.text)));
        }
        let (open, close) = match it.family {
            Family::Database | Family::Storage => ("[(", ")]"),
            Family::People => ("([", "])"),
            Family::Integration => ("[[", "]]"),
            _ => ("[", "]"),
        };
        let class = class(it.family);
        out.push_str(&format!("{indent}{}{open}\"{label}\"{close}:::{class}\n", key('c', &it.id)));
    }
}

fn classes(scene: &Scene, style: &Style, out: &mut String) {
    let palette = Palette::of(style.theme);
    let mut families: Vec<Family> = scene.nodes.iter().map(|it| it.family).collect();
    families.sort_unstable();
    families.dedup();
    for family in families {
        out.push_str(&format!(
            "  classDef {} fill:{},stroke:{},stroke-width:2px,color:{}\n",
            class(family),
            palette.card,
            palette.family(family),
            palette.ink
        ));
    }
}

fn class(family: Family) -> String {
    format!("{family:?}").to_lowercase()
}

fn id(scene: &Scene, node: usize) -> String {
    key('c', &scene.nodes[node].id)
}

/// A label between quotes. Mermaid takes `#34;` for a character by its number;
/// everything that it, Markdown or HTML could read as markup is written so.
pub fn words(text: &str) -> String {
    let text = one_line(text);
    let list = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = list.len() < text.len() && list.starts_with(['.', ')']);
    let first = text.len() - list.len();
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let safe = match c {
            ' ' | ',' | '/' | '(' | ':' => true,
            '.' | ')' => !(numbered && at == first),
            '-' => at > 0,
            _ => c.is_ascii_alphanumeric() || !c.is_ascii(),
        };
        if safe {
            out.push(c);
        } else {
            out.push_str(&format!("#{};", c as u32));
        }
    }
    out
}

/// Text where Mermaid knows no escapes, such as its accessible title.
pub fn plain(text: &str) -> String {
    let kept: String = text
        .chars()
        .map(|c| match c {
            '%' | '{' | '}' | '#' | ';' | '"' | '<' | '>' | '&' | '\\' | '`' | ':' => ' ',
            it => it,
        })
        .collect();
    let line = one_line(&kept);
    if line.is_empty() { "Diagram".to_owned() } else { line }
}
