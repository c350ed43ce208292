//! Draws the better option of every case below `tests/golden` onto one sheet:
//! `cargo run --example contact_sheet` writes `docs/images/diagrams.png`.

use cloudgen::engine::analysis;
use cloudgen::engine::diagram::{self, Direction, Form, Kind, Style, Theme};
use cloudgen::engine::plan::Policy;
use cloudgen::engine::requirements::{Cloud, Hints};
use cloudgen::platform::raster;
use std::path::Path;

/// Pictures side by side, and the room of each, in pixels.
const COLUMNS: usize = 3;
const ROOM: (f64, f64) = (1200.0, 900.0);
const GAP: f64 = 32.0;

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut cases: Vec<_> =
        std::fs::read_dir(root.join("tests/golden"))?.filter_map(Result::ok).collect();
    cases.sort_by_key(std::fs::DirEntry::path);
    let hints = Hints { cloud: Some(Cloud::Aws), ..Hints::default() };
    let mut pictures = Vec::new();
    for (n, case) in cases.iter().enumerate() {
        let text = std::fs::read_to_string(case.path().join("input.txt"))?;
        let analysis = analysis::analyze(&text, &hints, &Policy::default());
        let Some(better) = analysis.options.get(1) else { continue };
        // Both themes and both directions, whichever direction fills its room better.
        let theme = if n % 4 == 3 { Theme::Dark } else { Theme::Light };
        let mut best: Option<(f64, String)> = None;
        for direction in [Direction::Right, Direction::Down] {
            let style = Style { theme, direction, ..Style::default() };
            let (kind, form) = (Kind::Architecture, Form::Svg);
            let svg = String::from_utf8(diagram::render(&analysis, better, kind, form, &style)?)?;
            let scale = scale(&svg);
            if best.as_ref().is_none_or(|it| scale > it.0) {
                best = Some((scale, svg));
            }
        }
        pictures.extend(best.map(|it| it.1));
    }
    let rows = pictures.len().div_ceil(COLUMNS);
    let width = COLUMNS as f64 * (ROOM.0 + GAP) + GAP;
    let height = rows as f64 * (ROOM.1 + GAP) + GAP;
    let mut sheet = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\"><rect width=\"{width}\" height=\"{height}\" fill=\"#dfe5e3\"/>"
    );
    for (n, picture) in pictures.iter().enumerate() {
        let x = GAP + (n % COLUMNS) as f64 * (ROOM.0 + GAP);
        let y = GAP + (n / COLUMNS) as f64 * (ROOM.1 + GAP);
        let ground = if picture.contains("fill=\"#0f1514\"") { "#0f1514" } else { "#ffffff" };
        sheet.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"16\" fill=\"{ground}\"/>",
            ROOM.0, ROOM.1
        ));
        let (wide, high) = size(picture);
        let scale = scale(picture);
        let (left, top) = (x + (ROOM.0 - wide * scale) / 2.0, y + (ROOM.1 - high * scale) / 2.0);
        sheet.push_str(&format!(
            "<g transform=\"translate({left} {top}) scale({scale})\">{picture}</g>"
        ));
    }
    sheet.push_str("</svg>");
    std::fs::write(root.join("docs/images/diagrams.png"), raster::png(&sheet, 0.75)?)?;
    Ok(())
}

/// How much a picture shrinks to fit its room; none grows much.
fn scale(svg: &str) -> f64 {
    let (wide, high) = size(svg);
    (ROOM.0 / wide).min(ROOM.1 / high).min(1.1)
}

fn size(svg: &str) -> (f64, f64) {
    let side = |name: &str| {
        let start = svg.find(name).map_or(0, |it| it + name.len());
        let rest = &svg[start..];
        rest[..rest.find('"').unwrap_or(0)].parse().unwrap_or(1.0)
    };
    (side(" width=\""), side(" height=\""))
}
