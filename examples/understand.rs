//! Reads `{"id", "cloud", "text"}` lines and writes the services that each text
//! names or implies: `cargo run --example understand < dev.jsonl > predictions.jsonl`.
//! With `--blind` the cloud is not told.

use cloudgen::engine::requirements::{Cloud, Hints, Stance, understand};
use std::io::{BufRead, Write};

fn main() -> anyhow::Result<()> {
    let blind = std::env::args().any(|it| it == "--blind");
    let verbose = std::env::args().any(|it| it == "--verbose");
    let brief = std::env::args().any(|it| it == "--brief");
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let row: serde_json::Value = serde_json::from_str(&line?)?;
        let cloud = match row["cloud"].as_str() {
            Some("azure") => Cloud::Azure,
            Some("gcp") => Cloud::Gcp,
            _ => Cloud::Aws,
        };
        let hints = Hints { cloud: (!blind).then_some(cloud), ..Hints::default() };
        let requirements = understand(row["text"].as_str().unwrap_or_default(), &hints);
        if brief {
            let needs = &requirements.needs;
            writeln!(out, "== {}", requirements.text)?;
            writeln!(
                out,
                "   system {} title {:?} clouds {:?}",
                needs.describes_system, needs.title, needs.clouds
            )?;
            for it in &needs.mentions {
                writeln!(out, "   {:?} {} x{} {:?}", it.stance, it.service, it.count, it.details)?;
            }
            for it in &needs.flows {
                let name = |at: usize| needs.mentions[at].service;
                writeln!(out, "   {} -{:?}-> {}", name(it.from), it.intent, name(it.to))?;
            }
            for it in requirements.facts.iter().filter(|it| !it.kind.starts_with("service")) {
                writeln!(out, "   {} = {} «{}»", it.kind, it.value, it.text)?;
            }
            for it in &requirements.diagnostics {
                writeln!(out, "   ! {} {}", it.code, it.message)?;
            }
            for it in &requirements.questions {
                writeln!(out, "   ? {}", it.text)?;
            }
            continue;
        }
        if verbose {
            writeln!(
                out,
                "{}\n{:#?}\n",
                serde_json::to_string_pretty(&requirements)?,
                requirements.needs
            )?;
            writeln!(out, "{:#?}", requirements.diagnostics)?;
            continue;
        }
        let services: Vec<&str> = requirements
            .needs
            .mentions
            .iter()
            .filter(|it| {
                it.cloud == cloud
                    && matches!(it.stance, Stance::Wanted | Stance::Implied | Stance::Existing)
            })
            .map(|it| it.service)
            .collect();
        writeln!(out, "{}", serde_json::json!({"id": row["id"], "services": services}))?;
    }
    Ok(())
}
