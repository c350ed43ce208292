//! What the engine found, for people: 80 columns, colour on a terminal only.

use crate::engine::analysis::{Analysis, Design, minutes_text};
use crate::engine::answer::{Answer, Block, Confirmation};
use crate::engine::bind::binding_of;
use crate::engine::diag::Severity;
use crate::engine::diff::Change;
use crate::engine::emit::hcl::wrap;
use crate::engine::graph::{Component, Tier};
use crate::engine::requirements::Source;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

const WIDTH: usize = 80;

/// Text that is built up and printed at once.
pub struct Paper {
    text: String,
    colour: bool,
}

impl Paper {
    /// For standard output: coloured on a terminal, unless `NO_COLOR` or
    /// `TERM=dumb` asks for none.
    pub fn stdout() -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty())
            || std::env::var_os("TERM").is_some_and(|it| it == "dumb");
        Self { text: String::new(), colour: std::io::stdout().is_terminal() && !refused }
    }

    pub fn print(self) -> std::io::Result<()> {
        std::io::stdout().lock().write_all(self.text.as_bytes())
    }

    fn style(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.style("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.style("2", text)
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let text = self.bold(&clean(text));
        if !self.text.is_empty() {
            self.line("");
        }
        self.line(&text);
    }

    /// A paragraph behind a mark, its other lines indented as far.
    fn item(&mut self, mark: &str, text: &str) {
        let indent = mark.chars().count() + 1;
        for (n, line) in wrap(&clean(text), WIDTH - indent).into_iter().enumerate() {
            if n == 0 {
                self.line(&format!("{mark} {line}"));
            } else {
                self.line(&format!("{}{line}", " ".repeat(indent)));
            }
        }
    }
}

/// Text of people without what would steer a terminal.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut out: String = text.chars().take(width.saturating_sub(1)).collect();
    out.push('…');
    out
}

pub fn analysis(out: &mut Paper, it: &Analysis) {
    understood(out, it);
    if !it.options.is_empty() {
        compare(out, &it.options);
        for design in &it.options {
            option(out, design);
        }
    }
    diagnostics(out, it);
    if !it.options.is_empty() {
        out.heading("Next");
        out.line("  cloudgen generate --option better --out infrastructure");
        out.line("  cloudgen edit \"make it cheaper\"");
        out.line("  cloudgen ask \"what happens when a zone fails?\"");
        out.line("  cloudgen explain COMPONENT");
    }
}

fn understood(out: &mut Paper, it: &Analysis) {
    if !it.requirements.facts.is_empty() {
        out.heading("Understood");
        for fact in &it.requirements.facts {
            let value = match &fact.value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let words = out.dim(&cut(&format!("“{}”", clean(&fact.text)), 36));
            out.line(&format!(
                "  {:<26} {:<14} {words}",
                cut(fact.kind, 26),
                cut(&clean(&value), 14)
            ));
        }
    }
    if !it.requirements.assumptions.is_empty() {
        out.heading("Assumed");
        for assumption in &it.requirements.assumptions {
            let value = match &assumption.value {
                serde_json::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let by = match assumption.source {
                Source::Organisation => " (organisation)",
                Source::Hand | Source::Engine => "",
            };
            out.item("  -", &format!("{} = {value}{by}: {}", assumption.kind, assumption.reason));
        }
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn dollars(amount: f64) -> String {
    if amount < 10.0 { format!("${amount:.2}") } else { format!("${amount:.0}") }
}

/// A row's label and how an option fills it.
type Row = (&'static str, fn(&Design) -> String);

const ROWS: &[Row] = &[
    ("Cost a month", |it| dollars(it.cost.monthly)),
    ("  low to high load", |it| format!("{} to {}", dollars(it.cost.low), dollars(it.cost.high))),
    ("Availability (SLA)", |it| percent(it.availability.share)),
    ("Zone fails: back in", |it| scenario(it, "zone").0),
    ("  data lost", |it| scenario(it, "zone").1),
    ("Region fails: back in", |it| scenario(it, "region").0),
    ("Latency p50 / p95", |it| {
        if it.latency.path.is_empty() {
            "not known".to_owned()
        } else {
            format!("{:.0} / {:.0} ms", it.latency.p50_ms, it.latency.p95_ms)
        }
    }),
    ("Most requests/s", |it| {
        it.latency.max_rps.map_or_else(|| "not known".to_owned(), |rps| format!("{rps:.0}"))
    }),
    ("Components", |it| it.graph.components.len().to_string()),
    ("Connections wired", |it| {
        format!("{} of {}", it.wired.iter().filter(|it| **it).count(), it.wired.len())
    }),
];

fn scenario(it: &Design, name: &str) -> (String, String) {
    let found = it.recovery.scenarios.iter().find(|it| it.name == name);
    let text =
        |minutes: Option<f64>| minutes.map_or_else(|| "not covered".to_owned(), minutes_text);
    (text(found.and_then(|it| it.rto_minutes)), text(found.and_then(|it| it.rpo_minutes)))
}

fn compare(out: &mut Paper, options: &[Design]) {
    out.heading("Options");
    let mut head = format!("  {:<22}", "");
    for it in options {
        head.push_str(&format!(" {:<17}", it.graph.tier.name()));
    }
    let head = out.bold(&head);
    out.line(&head);
    for (label, value) in ROWS {
        let mut row = format!("  {label:<22}");
        for it in options {
            row.push_str(&format!(" {:<17}", cut(&value(it), 17)));
        }
        out.line(&row);
    }
}

fn option(out: &mut Paper, it: &Design) {
    out.heading(&format!("{}: {}", it.graph.tier.name(), it.title));
    out.item(" ", &it.summary);
    for component in &it.graph.components {
        let product = binding_of(&component.spec).map_or("no code yet", |it| it.title);
        let cost: f64 = it
            .cost
            .lines
            .iter()
            .filter(|line| line.component == component.id)
            .map(|line| line.monthly)
            .sum();
        let cost = if cost > 0.0 { dollars(cost) } else { String::new() };
        out.line(&format!(
            "  {:<24} {:<40} {cost:>9}",
            cut(component.id.as_str(), 24),
            cut(product, 40)
        ));
    }
    for text in &it.trade_offs {
        out.item("  -", text);
    }
}

fn diagnostics(out: &mut Paper, it: &Analysis) {
    if !it.diagnostics.is_empty() {
        out.heading("Remarks");
        for remark in &it.diagnostics {
            let mark = match remark.severity {
                Severity::Note => "  note:",
                Severity::Warning => "  warning:",
                Severity::Error => "  problem:",
            };
            out.item(mark, &format!("{} {}", remark.message, remark.help));
        }
    }
    if !it.requirements.questions.is_empty() {
        out.heading("Questions");
        for question in &it.requirements.questions {
            out.item("  ?", &question.text);
        }
    }
}

/// What a turn did, in a few sentences.
pub fn confirmation(out: &mut Paper, it: &Confirmation) {
    out.heading("Done");
    out.item(" ", &it.summary);
}

/// An answer to a question.
pub fn answer(out: &mut Paper, it: &Answer) {
    for (n, block) in it.blocks.iter().enumerate() {
        if n > 0 {
            out.line("");
        }
        match block {
            Block::Text { text } => out.item("", text),
            Block::List { items } => items.iter().for_each(|it| out.item("  -", it)),
            Block::Table { rows } => table(out, rows),
        }
    }
}

/// Columns as wide as their cells; the last one is wrapped into what is left.
fn table(out: &mut Paper, rows: &[Vec<String>]) {
    let columns = rows.first().map_or(0, Vec::len);
    let most = (WIDTH - 4) / columns.max(1);
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            let longest = rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0);
            if at + 1 < columns { longest.min(most.max(12)) } else { longest }
        })
        .collect();
    let lead: usize = widths.iter().take(columns.saturating_sub(1)).map(|it| it + 2).sum();
    for row in rows {
        let cells: Vec<Vec<String>> = row
            .iter()
            .enumerate()
            .map(|(at, cell)| {
                let width = if at + 1 < columns {
                    widths[at]
                } else {
                    (WIDTH - 2).saturating_sub(lead).max(16)
                };
                wrap(&clean(cell), width)
            })
            .collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or(0);
        for n in 0..height {
            let mut line = String::from("  ");
            for (cell, width) in cells.iter().zip(&widths) {
                let text = cell.get(n).map_or("", String::as_str);
                line.push_str(&format!("{text:<width$}  "));
            }
            out.line(&line);
        }
    }
}

pub fn changes(out: &mut Paper, changes: &[Change]) {
    out.heading("Changed");
    for it in changes {
        out.line(&format!(
            "  {:<7} {} -> {} a month, {} -> {}, lines +{} -{}",
            it.tier.name(),
            dollars(it.cost.0),
            dollars(it.cost.1),
            percent(it.availability.0),
            percent(it.availability.1),
            it.lines_added,
            it.lines_removed
        ));
        for title in &it.added {
            out.item("    +", title);
        }
        for title in &it.removed {
            out.item("    -", title);
        }
        for (component, field, before, after) in &it.changed {
            out.item("    ~", &format!("{component}: {field} {before} -> {after}"));
        }
    }
}

pub fn cost(out: &mut Paper, it: &Design) {
    out.heading(&format!(
        "{}: {} a month ({} to {})",
        it.graph.tier.name(),
        dollars(it.cost.monthly),
        dollars(it.cost.low),
        dollars(it.cost.high)
    ));
    for line in &it.cost.lines {
        out.line(&format!(
            "  {:<22} {:<24} {:>11.2}  {}",
            cut(line.component.as_str(), 22),
            cut(&line.item, 24),
            line.monthly,
            out.dim(line.confidence.as_str())
        ));
        let text = format!(
            "{} {} × ${} ({}, {} of {})",
            quantity(line.quantity),
            line.unit,
            price(line.unit_price),
            line.formula,
            line.source,
            line.source_date
        );
        out.item("     ", &text);
    }
    for it in &it.cost.unpriced {
        out.item("  unpriced:", &format!("{} of {} ({})", it.item, it.component, it.key));
    }
}

fn quantity(it: f64) -> String {
    let text = format!("{it:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn price(it: f64) -> String {
    let text = format!("{it:.10}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub fn component(out: &mut Paper, analysis: &Analysis, design: &Design, it: &Component) {
    let binding = binding_of(&it.spec);
    out.heading(&format!("{} ({})", it.title, it.id));
    out.item(" ", &format!("{}: {}", binding.map_or("No code yet", |it| it.title), it.reason.text));
    if let Some([start, end]) = it.reason.span
        && let Some(words) = analysis.requirements.text.get(start..end)
    {
        out.item(" ", &format!("From your words: “{words}”"));
    }
    out.heading("Settings");
    for (name, value) in it.spec.fields() {
        if !value.is_null() {
            out.line(&format!("  {name:<28} {value}"));
        }
    }
    let connections = &design.graph.connections;
    if connections.iter().any(|c| c.from == it.id || c.to == it.id) {
        out.heading("Connections");
        for c in connections.iter().filter(|c| c.from == it.id || c.to == it.id) {
            let intent = format!("{:?}", c.intent).to_lowercase();
            out.item("  -", &format!("{} {intent} {}: {}", c.from, c.to, c.reason.text));
        }
    }
    out.heading("Cost");
    for line in design.cost.lines.iter().filter(|line| line.component == it.id) {
        out.item(
            "  -",
            &format!("{} {} a month: {}", line.item, dollars(line.monthly), line.formula),
        );
    }
    if let Some(binding) = binding {
        out.heading("Limits and documentation");
        if let Some(sla) = binding.sla {
            out.item("  -", &format!("SLA {} ({})", percent(sla.availability), sla.source));
        }
        for limit in binding.limits {
            out.item("  -", &format!("{}: {} ({})", limit.what, limit.value, limit.source));
        }
        out.item("  -", binding.docs);
    }
    for decision in
        analysis.decisions.iter().filter(|decision| decision.components.contains(&it.id))
    {
        out.heading(&format!("Decision: {}", decision.choice));
        out.item(" ", &decision.because);
        for (other, why_not) in &decision.alternatives {
            out.item("  -", &format!("{other}: {why_not}"));
        }
    }
}

pub fn written(out: &mut Paper, tier: Tier, folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    out.heading(&format!("Wrote the {} option to {}", tier.name(), folder.display()));
    for (path, content) in files {
        let path = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        out.line(&format!("  {:<60} {:>8} B", cut(&path, 60), content.len()));
    }
}
