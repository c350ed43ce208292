//! What the engine found, for people: 80 columns, colour on a terminal only.
//!
//! All of it is printed from the JSON that the engine and the API speak, so that
//! it reads the same wherever the work was done.

use crate::engine::analysis::minutes_text;
use crate::engine::bind;
use crate::engine::emit::hcl::wrap;
use crate::engine::graph::Tier;
use serde_json::Value;
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

    pub fn dim(&self, text: &str) -> String {
        self.style("2", text)
    }

    pub fn line(&mut self, text: &str) {
        self.text.push_str(text.trim_end());
        self.text.push('\n');
    }

    pub fn heading(&mut self, text: &str) {
        let text = self.bold(&clean(text));
        if !self.text.is_empty() {
            self.line("");
        }
        self.line(&text);
    }

    /// A paragraph behind a mark, its other lines indented as far.
    pub fn item(&mut self, mark: &str, text: &str) {
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
pub fn clean(text: &str) -> String {
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

pub fn analysis(out: &mut Paper, it: &Value) {
    let options = list(&it["options"]);
    understood(out, &it["requirements"]);
    if !options.is_empty() {
        compare(out, options);
        for design in options {
            option(out, design);
        }
    }
    remarks(out, it);
    if !options.is_empty() {
        out.heading("Next");
        out.line("  cloudgen generate --option better --out infrastructure");
        out.line("  cloudgen edit \"make it cheaper\"");
        out.line("  cloudgen ask \"what happens when a zone fails?\"");
        out.line("  cloudgen explain COMPONENT");
    }
}

/// The string in a value; nothing where there is none.
pub fn text(it: &Value) -> &str {
    it.as_str().unwrap_or_default()
}

pub fn list(it: &Value) -> &[Value] {
    it.as_array().map_or(&[], Vec::as_slice)
}

fn number(it: &Value) -> f64 {
    it.as_f64().unwrap_or_default()
}

/// A string without its quotes, anything else as JSON.
pub fn plain(it: &Value) -> String {
    it.as_str().map_or_else(|| it.to_string(), str::to_owned)
}

fn understood(out: &mut Paper, it: &Value) {
    let (facts, assumptions) = (list(&it["facts"]), list(&it["assumptions"]));
    if !facts.is_empty() {
        out.heading("Understood");
        for fact in facts {
            let words = out.dim(&cut(&format!("“{}”", clean(text(&fact["text"]))), 36));
            out.line(&format!(
                "  {:<26} {:<14} {words}",
                cut(&clean(text(&fact["kind"])), 26),
                cut(&clean(&plain(&fact["value"])), 14)
            ));
        }
    }
    if !assumptions.is_empty() {
        out.heading("Assumed");
        for it in assumptions {
            let (kind, value) = (text(&it["kind"]), plain(&it["value"]));
            let by = if it["source"] == "organisation" { " (organisation)" } else { "" };
            out.item("  -", &format!("{kind} = {value}{by}: {}", text(&it["reason"])));
        }
    }
}

fn percent(share: f64) -> String {
    let text = format!("{:.3}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

pub fn dollars(amount: f64) -> String {
    if amount < 10.0 { format!("${amount:.2}") } else { format!("${amount:.0}") }
}

/// A row's label and how an option fills it.
type Row = (&'static str, fn(&Value) -> String);

const ROWS: &[Row] = &[
    ("Cost a month", |it| dollars(number(&it["cost"]["monthly"]))),
    ("  low to high load", |it| {
        let cost = &it["cost"];
        format!("{} to {}", dollars(number(&cost["low"])), dollars(number(&cost["high"])))
    }),
    ("Availability (SLA)", |it| percent(number(&it["availability"]["share"]))),
    ("Zone fails: back in", |it| scenario(it, "zone", "rto_minutes")),
    ("  data lost", |it| scenario(it, "zone", "rpo_minutes")),
    ("Region fails: back in", |it| scenario(it, "region", "rto_minutes")),
    ("Latency p50 / p95", |it| {
        let latency = &it["latency"];
        if list(&latency["path"]).is_empty() {
            "not known".to_owned()
        } else {
            let (p50, p95) = (number(&latency["p50_ms"]), number(&latency["p95_ms"]));
            format!("{p50:.0} / {p95:.0} ms")
        }
    }),
    ("Most requests/s", |it| {
        let most = it["latency"]["max_requests_per_second"].as_f64();
        most.map_or_else(|| "not known".to_owned(), |rps| format!("{rps:.0}"))
    }),
    ("Components", |it| list(&it["components"]).len().to_string()),
    ("Connections wired", |it| {
        let wiring = &it["wiring"];
        format!("{} of {}", plain(&wiring["wired"]), plain(&wiring["connections"]))
    }),
];

fn scenario(it: &Value, name: &str, field: &str) -> String {
    let scenarios = list(&it["recovery"]["scenarios"]);
    let found = scenarios.iter().find(|it| it["scenario"] == name);
    let minutes = found.and_then(|it| it[field].as_f64());
    minutes.map_or_else(|| "not covered".to_owned(), minutes_text)
}

fn compare(out: &mut Paper, options: &[Value]) {
    out.heading("Options");
    let mut head = format!("  {:<22}", "");
    for it in options {
        head.push_str(&format!(" {:<17}", cut(&clean(text(&it["tier"])), 17)));
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

fn option(out: &mut Paper, it: &Value) {
    out.heading(&format!("{}: {}", text(&it["tier"]), text(&it["title"])));
    out.item(" ", text(&it["summary"]));
    for component in list(&it["components"]) {
        let product = component["product"].as_str().unwrap_or("no code yet");
        let lines = list(&it["cost"]["lines"]).iter();
        let cost: f64 = lines
            .filter(|line| line["component"] == component["id"])
            .map(|line| number(&line["monthly"]))
            .sum();
        let cost = if cost > 0.0 { dollars(cost) } else { String::new() };
        out.line(&format!(
            "  {:<24} {:<40} {cost:>9}",
            cut(&clean(text(&component["id"])), 24),
            cut(&clean(product), 40)
        ));
    }
    for it in list(&it["trade_offs"]) {
        out.item("  -", text(it));
    }
}

fn remarks(out: &mut Paper, it: &Value) {
    let (remarks, questions) = (list(&it["diagnostics"]), list(&it["requirements"]["questions"]));
    if !remarks.is_empty() {
        out.heading("Remarks");
        for remark in remarks {
            let mark = match text(&remark["severity"]) {
                "note" => "  note:",
                "warning" => "  warning:",
                _ => "  problem:",
            };
            out.item(mark, &format!("{} {}", text(&remark["message"]), text(&remark["help"])));
        }
    }
    if !questions.is_empty() {
        out.heading("Questions");
        for question in questions {
            out.item("  ?", text(&question["text"]));
        }
    }
}

/// What a turn did, in a few sentences.
pub fn confirmation(out: &mut Paper, it: &Value) {
    out.heading("Done");
    out.item(" ", text(&it["summary"]));
}

/// An answer to a question.
pub fn answer(out: &mut Paper, it: &Value) {
    for (n, block) in list(&it["blocks"]).iter().enumerate() {
        if n > 0 {
            out.line("");
        }
        match text(&block["block"]) {
            "list" => list(&block["items"]).iter().for_each(|it| out.item("  -", text(it))),
            "table" => {
                let cells = |row: &Value| list(row).iter().map(plain).collect();
                wrapped(out, &list(&block["rows"]).iter().map(cells).collect::<Vec<_>>());
            }
            _ => out.item("", text(&block["text"])),
        }
    }
}

/// Columns as wide as their cells; the last one is wrapped into what is left.
fn wrapped(out: &mut Paper, rows: &[Vec<String>]) {
    let columns = rows.iter().map(Vec::len).min().unwrap_or(0);
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
            .take(columns)
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

pub fn changes(out: &mut Paper, changes: &Value) {
    out.heading("Changed");
    for it in list(changes) {
        let (cost, availability) = (&it["cost"], &it["availability"]);
        out.line(&format!(
            "  {:<7} {} -> {} a month, {} -> {}, lines +{} -{}",
            clean(text(&it["tier"])),
            dollars(number(&cost["before"])),
            dollars(number(&cost["after"])),
            percent(number(&availability["before"])),
            percent(number(&availability["after"])),
            plain(&it["lines_added"]),
            plain(&it["lines_removed"]),
        ));
        for title in list(&it["added"]) {
            out.item("    +", text(title));
        }
        for title in list(&it["removed"]) {
            out.item("    -", text(title));
        }
        for it in list(&it["changed"]) {
            let (component, field) = (text(&it["component"]), text(&it["field"]));
            let (before, after) = (&it["before"], &it["after"]);
            out.item("    ~", &format!("{component}: {field} {before} -> {after}"));
        }
    }
}

/// The cost of an option, line by line.
pub fn cost(out: &mut Paper, tier: &str, it: &Value) {
    out.heading(&format!(
        "{tier}: {} a month ({} to {})",
        dollars(number(&it["monthly"])),
        dollars(number(&it["low"])),
        dollars(number(&it["high"]))
    ));
    for line in list(&it["lines"]) {
        out.line(&format!(
            "  {:<22} {:<24} {:>11.2}  {}",
            cut(&clean(text(&line["component"])), 22),
            cut(&clean(text(&line["item"])), 24),
            number(&line["monthly"]),
            out.dim(&clean(text(&line["confidence"])))
        ));
        let text = format!(
            "{} {} × ${} ({}, {} of {})",
            digits(number(&line["quantity"]), 3),
            text(&line["unit"]),
            digits(number(&line["unit_price"]), 10),
            text(&line["formula"]),
            text(&line["source"]),
            text(&line["source_date"])
        );
        out.item("     ", &text);
    }
    for it in list(&it["unpriced"]) {
        let (item, component) = (text(&it["item"]), text(&it["component"]));
        out.item("  unpriced:", &format!("{item} of {component} ({})", text(&it["key"])));
    }
    for it in list(&it["what_if"]) {
        let (saves, monthly) = (dollars(number(&it["saves"])), dollars(number(&it["monthly"])));
        let text = format!("{}: {saves} less, {monthly} a month (estimate)", text(&it["title"]));
        out.item("  what if:", &text);
    }
}

/// At most so many digits behind the point.
fn digits(it: f64, most: usize) -> String {
    let text = format!("{it:.most$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// One component of an option of an analysis.
pub fn component(out: &mut Paper, analysis: &Value, design: &Value, it: &Value) {
    let (id, product) = (text(&it["id"]), it["product"].as_str().unwrap_or("No code yet"));
    out.heading(&format!("{} ({id})", text(&it["title"])));
    out.item(" ", &format!("{product}: {}", text(&it["reason"])));
    if let [start, end] = list(&it["span"])
        && let (Some(start), Some(end)) = (start.as_u64(), end.as_u64())
        && let Some(words) =
            text(&analysis["requirements"]["text"]).get(start as usize..end as usize)
    {
        out.item(" ", &format!("From your words: “{words}”"));
    }
    out.heading("Settings");
    for (name, value) in it["spec"].as_object().into_iter().flatten() {
        if !value.is_null() {
            out.line(&format!("  {:<28} {}", clean(name), clean(&value.to_string())));
        }
    }
    let touches = |c: &&Value| c["from"] == it["id"] || c["to"] == it["id"];
    let connections: Vec<_> = list(&design["connections"]).iter().filter(touches).collect();
    if !connections.is_empty() {
        out.heading("Connections");
        for c in connections {
            let (from, to) = (text(&c["from"]), text(&c["to"]));
            let (intent, reason) = (text(&c["intent"]), text(&c["reason"]));
            out.item("  -", &format!("{from} {intent} {to}: {reason}"));
        }
    }
    out.heading("Cost");
    for line in list(&design["cost"]["lines"]).iter().filter(|line| line["component"] == it["id"]) {
        let (item, monthly) = (text(&line["item"]), dollars(number(&line["monthly"])));
        out.item("  -", &format!("{item} {monthly} a month: {}", text(&line["formula"])));
    }
    limits(out, it);
    let about = |it: &&Value| list(&it["components"]).iter().any(|it| it == id);
    for decision in list(&analysis["decisions"]).iter().filter(about) {
        out.heading(&format!("Decision: {}", text(&decision["choice"])));
        out.item(" ", text(&decision["because"]));
        for it in list(&decision["alternatives"]) {
            out.item("  -", &format!("{}: {}", text(&it[0]), text(&it[1])));
        }
    }
}

/// What the provider promises and where it ends; published, so the same everywhere.
fn limits(out: &mut Paper, it: &Value) {
    let Some(docs) = it["docs"].as_str() else { return };
    out.heading("Limits and documentation");
    if let Some(binding) = bind::named(text(&it["service"])) {
        if let Some(sla) = binding.sla {
            out.item("  -", &format!("SLA {} ({})", percent(sla.availability), sla.source));
        }
        for limit in binding.limits {
            out.item("  -", &format!("{}: {} ({})", limit.what, limit.value, limit.source));
        }
    }
    out.item("  -", docs);
}

pub fn written(out: &mut Paper, tier: Tier, folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    out.heading(&format!("Wrote the {} option to {}", tier.name(), folder.display()));
    for (path, content) in files {
        let path = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        out.line(&format!("  {:<60} {:>8} B", cut(&clean(&path), 60), content.len()));
    }
}

/// Rows below their headings, as wide as they need to be.
pub fn table(out: &mut Paper, headings: &[&str], rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|it| cut(&clean(it), 60)).collect()).collect();
    let width = |n: usize| {
        let cells = rows.iter().map(|row| row[n].chars().count());
        cells.chain([headings[n].len()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let cells: Vec<_> = cells.zip(&widths).map(|(it, width)| format!("{it:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    let head = out.bold(&line(&mut headings.iter().copied()));
    out.line(&head);
    for row in &rows {
        out.line(&line(&mut row.iter().map(String::as_str)));
    }
}
