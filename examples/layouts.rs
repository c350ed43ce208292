#![expect(clippy::print_stdout, reason = "an example prints its result")]
//! Writes plans and how they are laid out, one JSON object a line, for a referee
//! that lays out the same plans by other means:
//! `cargo run --example layouts [REQUIREMENTS.jsonl]...`
//!
//! The plans are the architecture pictures of every option of every case below
//! `tests/golden` and of every line of the files that are named (objects with a
//! `text`), then samples of 5 to 200 items.

use cloudgen::engine::analysis;
use cloudgen::engine::diagram::layout::{self, Axis, Placed, Plan};
use cloudgen::engine::diagram::{Direction, Style, architecture, draw};
use cloudgen::engine::plan::Policy;
use cloudgen::engine::requirements::{Cloud, Hints};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Instant;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut cases: Vec<_> = std::fs::read_dir(root)?.filter_map(Result::ok).collect();
    cases.sort_by_key(std::fs::DirEntry::path);
    let mut texts = Vec::new();
    for case in cases {
        let text = std::fs::read_to_string(case.path().join("input.txt"))?;
        texts.push(("golden", case.file_name().to_string_lossy().into_owned(), text));
    }
    for file in std::env::args().skip(1) {
        for (n, line) in std::fs::read_to_string(&file)?.lines().enumerate() {
            let value: Value = serde_json::from_str(line)?;
            if let Some(text) = value["text"].as_str() {
                texts.push(("case", format!("{}:{}", file, n + 1), text.to_owned()));
            }
        }
    }
    let hints = Hints { cloud: Some(Cloud::Aws), ..Hints::default() };
    for (set, name, text) in texts {
        for option in analysis::analyze(&text, &hints, &Policy::default()).options {
            let scene = architecture::scene(&option, &Style::default());
            let start = Instant::now();
            let picture = draw::picture(&scene, Direction::Right);
            let millis = start.elapsed().as_secs_f64() * 1000.0;
            let name = format!("{name}/{}", option.graph.tier.name());
            println!("{}", object(set, &name, &picture.plan, &picture.placed, millis));
        }
    }
    for count in [5, 8, 10, 15, 20, 30, 40, 60, 80, 100, 120, 150, 200] {
        let plan = layout::sample(count);
        let start = Instant::now();
        let placed = layout::layout(&plan, Axis::Right);
        let millis = start.elapsed().as_secs_f64() * 1000.0;
        println!("{}", object("sample", &count.to_string(), &plan, &placed, millis));
    }
    Ok(())
}

fn object(set: &str, name: &str, plan: &Plan, placed: &Placed, millis: f64) -> Value {
    let items: Vec<_> =
        plan.items.iter().map(|it| json!({"w": it.w, "h": it.h, "frame": it.frame})).collect();
    let frames: Vec<_> = plan
        .frames
        .iter()
        .map(|it| json!({"parent": it.parent, "label": it.label, "rank": it.rank, "shelf": it.shelf}))
        .collect();
    let lines: Vec<_> = plan
        .lines
        .iter()
        .zip(&placed.routes)
        .map(|(it, route)| {
            json!({
                "from": it.from, "to": it.to, "label": it.label, "backward": it.backward,
                "bundle": route.bundle, "points": route.points,
            })
        })
        .collect();
    json!({
        "set": set, "name": name, "millis": millis, "items": items, "frames": frames,
        "lines": lines, "width": placed.width, "height": placed.height,
    })
}
