//! Flows as text: Mermaid's sequence diagram, and that of D2.

use super::{Flow, Lifeline, Step};
use crate::engine::analysis::Design;
use crate::engine::diagram::Style;
use crate::engine::diagram::forms::key;
use crate::engine::diagram::forms::{d2 as form, mermaid as words};
use crate::engine::diagram::icons::Family;

/// All flows in one diagram, each within a frame of its own.
pub fn mermaid(design: &Design, style: &Style) -> String {
    let flows = super::flows(design);
    let title = title(design);
    let mut out = words::front_matter(&title, style.theme);
    out.push_str(&format!(
        "sequenceDiagram\n  accTitle: {}\n  accDescr: {}\n  autonumber\n",
        words::plain(&title),
        words::plain("Requests along each main path, then the order in which the parts are made")
    ));
    let mut known: Vec<&Lifeline> = Vec::new();
    for it in flows.iter().flat_map(|it| &it.lifelines) {
        if !known.iter().any(|other| other.id == it.id) {
            known.push(it);
        }
    }
    for it in known {
        let keyword = if it.family == Family::People { "actor" } else { "participant" };
        out.push_str(&format!("  {keyword} {} as {}\n", name(it), label(&it.title)));
    }
    for flow in &flows {
        out.push_str("  rect rgba(120, 140, 140, 0.08)\n");
        let (first, last) = (flow.lifelines.first(), flow.lifelines.last());
        if let (Some(first), Some(last)) = (first, last) {
            let over = if first.id == last.id {
                name(first)
            } else {
                format!("{},{}", name(first), name(last))
            };
            let text = format!("{}<br/>{}", label(&flow.title), words::words(&flow.summary));
            out.push_str(&format!("    Note over {over}: {text}\n"));
        }
        for step in &flow.steps {
            out.push_str(&mermaid_step(flow, step));
        }
        out.push_str("  end\n");
    }
    out
}

fn mermaid_step(flow: &Flow, step: &Step) -> String {
    let of = |it: &usize| name(&flow.lifelines[*it]);
    match step {
        Step::Call { from, to, words, waits } => {
            let arrow = if *waits { "->>+" } else { "-)+" };
            format!("    {}{arrow}{}: {}\n", of(from), of(to), label(words))
        }
        Step::Answer { from, to, words } => {
            let words = if words.is_empty() { "done" } else { words };
            format!("    {}-->>-{}: {}\n", of(from), of(to), label(words))
        }
        Step::Note { on, words } => format!("    Note right of {}: {}\n", of(on), label(words)),
    }
}

/// Mermaid wants some words everywhere.
fn label(text: &str) -> String {
    let escaped = words::words(text);
    if escaped.is_empty() { "-".to_owned() } else { escaped }
}

/// Every flow as a sequence diagram of its own.
pub fn d2(design: &Design, style: &Style) -> String {
    let mut out = form::head(style.theme);
    out.push_str(&form::title(&title(design)));
    for (n, flow) in super::flows(design).iter().enumerate() {
        out.push_str(&format!(
            "flow_{n}: {} {{\n  shape: sequence_diagram\n",
            form::quoted_lines(&[&flow.title, &flow.summary])
        ));
        for it in &flow.lifelines {
            let shape = if it.family == Family::People { " {shape: person}" } else { "" };
            out.push_str(&format!("  {}: {}{shape}\n", name(it), form::quoted(&it.title)));
        }
        for (m, step) in flow.steps.iter().enumerate() {
            let of = |it: &usize| name(&flow.lifelines[*it]);
            out.push_str(&match step {
                Step::Call { from, to, words, .. } => {
                    format!("  {} -> {}: {}\n", of(from), of(to), form::quoted(words))
                }
                Step::Answer { from, to, words } => format!(
                    "  {} -> {}: {} {{style.stroke-dash: 3}}\n",
                    of(from),
                    of(to),
                    form::quoted(words)
                ),
                Step::Note { on, words } => {
                    format!("  {}.note_{m}: {}\n", of(on), form::quoted(words))
                }
            });
        }
        out.push_str("}\n");
    }
    out
}

fn name(it: &Lifeline) -> String {
    key('c', &it.id)
}

fn title(design: &Design) -> String {
    format!("{}: sequences", design.title)
}
