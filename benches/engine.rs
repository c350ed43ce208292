#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
//! Speed of the engine on one core, over every case below `tests/golden`.
//!
//! `cargo bench --bench engine` prints the median and the slowest of 50 runs a
//! case: analysis to three priced options, all files of one option, and its
//! architecture as SVG; then the layout of pictures of 5 to 200 components.

use cloudgen::engine::analysis::{self, Format};
use cloudgen::engine::diagram::layout::{self, Axis};
use cloudgen::engine::diagram::{self, Form, Style};
use cloudgen::engine::emit::terraform::Settings;
use cloudgen::engine::plan::Policy;
use cloudgen::engine::requirements::{Cloud, Hints};
use std::hint::black_box;
use std::time::Instant;

const RUNS: usize = 50;

fn main() -> std::io::Result<()> {
    let hints = Hints { cloud: Some(Cloud::Aws), ..Hints::default() };
    let policy = Policy::default();
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut cases: Vec<_> = std::fs::read_dir(root)?.filter_map(Result::ok).collect();
    cases.sort_by_key(std::fs::DirEntry::path);
    let mut analyses = Vec::new();
    let mut codes = Vec::new();
    let mut pictures = Vec::new();
    for case in cases {
        let text = std::fs::read_to_string(case.path().join("input.txt"))?;
        let (median, worst) = time(|| {
            black_box(analysis::analyze(&text, &hints, &policy));
        });
        let made = analysis::analyze(&text, &hints, &policy);
        let Some(best) = made.options.last() else { continue };
        let (code, slowest) = time(|| {
            for format in [Format::Terraform, Format::CloudFormation] {
                black_box(analysis::generate(&best.graph, format, &Settings::default()));
            }
        });
        let (picture, slowest_picture) = time(|| {
            let kind = diagram::Kind::Architecture;
            black_box(diagram::render(&made, best, kind, Form::Svg, &Style::default()).is_ok());
        });
        println!(
            "{:<18} analyze {median:7.2} ms, worst {worst:7.2}   both formats {code:7.2} ms, worst {slowest:7.2}   picture {picture:7.2} ms, worst {slowest_picture:7.2}",
            case.file_name().to_string_lossy()
        );
        analyses.push(median);
        codes.push(code);
        pictures.push(picture);
    }
    for (name, mut figures) in
        [("analyze", analyses), ("both formats", codes), ("picture", pictures)]
    {
        figures.sort_by(f64::total_cmp);
        if let (Some(middle), Some(last)) = (figures.get(figures.len() / 2), figures.last()) {
            println!("{name}: median case {middle:.2} ms, largest {last:.2} ms");
        }
    }
    for count in [5, 10, 20, 40, 80, 120, 200] {
        let plan = layout::sample(count);
        let (median, worst) = time(|| {
            black_box(layout::layout(&plan, Axis::Right));
        });
        println!("layout of {count} components: {median:.2} ms, worst {worst:.2} ms");
    }
    Ok(())
}

/// Median and worst of the runs, in milliseconds.
fn time(mut work: impl FnMut()) -> (f64, f64) {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    (runs[RUNS / 2], runs[RUNS - 1])
}
