//! Reads `{"id", "text"}` lines and writes the services of one option of each:
//! `cargo run --example plan [good|better|best] < dev.jsonl > predictions.jsonl`.
//! With `--verbose` it prints the graphs instead.

use cloudgen::engine::plan::{Economy, Policy, plan, services};
use cloudgen::engine::requirements::{Cloud, Hints, understand};
use std::collections::BTreeSet;
use std::io::{BufRead, Write};

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|it| it == name);
    let tier = if has("best") { 2 } else { usize::from(has("better")) };
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let hints = Hints { cloud: Some(Cloud::Aws), ..Hints::default() };
        let requirements = understand(row["text"].as_str().unwrap_or_default(), &hints);
        let plan = plan(&requirements, &Policy::default(), Economy::default());
        let Some(graph) = plan.graphs.get(tier) else {
            writeln!(out, "{}", serde_json::json!({"id": row["id"], "services": []}))?;
            continue;
        };
        let services: BTreeSet<_> =
            graph.components.iter().map(|it| services::service_of(it.spec.kind())).collect();
        if !has("--verbose") {
            writeln!(out, "{}", serde_json::json!({"id": row["id"], "services": services}))?;
            continue;
        }
        writeln!(out, "== {} {} {}", row["id"], graph.project, graph.region)?;
        for it in &graph.components {
            let fields: Vec<_> =
                it.spec.fields().iter().map(|(name, value)| format!("{name}={value}")).collect();
            writeln!(out, "  {} [{}] {}", it.id, it.spec.kind().name(), it.reason.text)?;
            writeln!(out, "      {}", fields.join(" "))?;
        }
        for it in &graph.connections {
            writeln!(out, "  {} -{:?}-> {}", it.from, it.intent, it.to)?;
        }
        for it in &plan.decisions {
            writeln!(out, "  * {}: {} {} {}", it.topic, it.choice, it.because, it.consequence)?;
        }
        for it in &plan.diagnostics {
            writeln!(out, "  ! {} {}", it.code, it.message)?;
        }
    }
    Ok(())
}
