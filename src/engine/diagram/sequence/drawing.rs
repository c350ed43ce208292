//! Draws flows: a panel for each, with lifelines, messages, what is busy, and notes.

use super::{Flow, Step};
use crate::engine::analysis::Design;
use crate::engine::diagram::Style;
use crate::engine::diagram::draw;
use crate::engine::diagram::icons::{Family, Pictures};
use crate::engine::diagram::scene::{GroupKind, Tone};
use crate::engine::diagram::svg::{Paint, Rect, Svg, Type};
use crate::engine::diagram::text::{self, Weight};
use crate::engine::diagram::theme::Palette;

const MARGIN: f64 = 40.0;
const TITLE: f64 = 72.0;
const PAD: f64 = 24.0;
/// Head of a lifeline.
const HEAD: f64 = 62.0;
const HEAD_WIDE: f64 = 132.0;
/// Least distance of lifelines.
const LANE: f64 = 152.0;
const SIZE: f64 = 11.0;
const LINE: f64 = 14.0;
/// A label that goes over several lines gets at least this much.
const LABEL: f64 = 300.0;
const BAR: f64 = 10.0;
const NOTE: f64 = 230.0;

/// A step with its lines of words and its place.
struct Row<'f> {
    step: &'f Step,
    number: usize,
    lines: Vec<String>,
    /// Where the arrow is, or the top of a note.
    y: f64,
}

struct Panel<'f> {
    flow: &'f Flow,
    lanes: Vec<f64>,
    rows: Vec<Row<'f>>,
    summary: Vec<String>,
    width: f64,
    height: f64,
}

pub fn svg(design: &Design, flows: &[Flow], style: &Style) -> String {
    let palette = Palette::of(style.theme);
    let panels: Vec<Panel<'_>> = flows.iter().map(Panel::of).collect();
    let title = draw::capital(&format!("{}: sequences", design.title));
    let subtitle =
        "How requests travel and how long each part takes, then what is made in which order";
    let widest = panels.iter().map(|it| it.width).fold(0.0, f64::max);
    let head = text::width(&title, 24.0, Weight::SemiBold).max(text::width(
        subtitle,
        13.0,
        Weight::Regular,
    ));
    let width = widest.max(head).max(560.0) + 2.0 * MARGIN;
    let body: f64 = panels.iter().map(|it| it.height + PAD).sum();
    let description = flows.iter().map(|it| it.title.as_str()).collect::<Vec<_>>().join("; ");
    let mut svg =
        Svg::new(width, MARGIN + TITLE + body + MARGIN - PAD, &title, &description, palette);
    svg.text(MARGIN, MARGIN + 20.0, Type::new(24.0, palette.ink).bold(), &title);
    svg.text(MARGIN, MARGIN + 43.0, Type::new(13.0, palette.ink_soft), subtitle);
    let mut y = MARGIN + TITLE;
    for panel in &panels {
        let place = Rect::new(MARGIN, y, width - 2.0 * MARGIN, panel.height);
        panel.draw(&mut svg, palette, &style.icons, place);
        y += panel.height + PAD;
    }
    svg.finish()
}

impl<'f> Panel<'f> {
    fn of(flow: &'f Flow) -> Self {
        let mut gaps = vec![LANE; flow.lifelines.len().saturating_sub(1)];
        let mut rows = Vec::new();
        let mut number = 0;
        for step in &flow.steps {
            let lines = match step {
                Step::Call { from, to, words, .. } | Step::Answer { from, to, words } => {
                    let (low, high) = (*from.min(to), *from.max(to));
                    let have: f64 = gaps[low..high].iter().sum::<f64>() - 36.0;
                    let lines = text::wrap(words, SIZE, Weight::Regular, have.max(LABEL), 4);
                    let need = lines
                        .iter()
                        .map(|it| text::width(it, SIZE, Weight::Regular))
                        .fold(0.0, f64::max)
                        + 26.0;
                    if need > have {
                        // Room is made in equal parts, so that no lane stands apart.
                        let more = (need - have) / (high - low).max(1) as f64;
                        gaps[low..high].iter_mut().for_each(|it| *it += more);
                    }
                    lines
                }
                Step::Note { words, .. } => {
                    text::wrap(words, SIZE, Weight::Regular, NOTE - 20.0, 4)
                }
            };
            if matches!(step, Step::Call { .. }) {
                number += 1;
            }
            rows.push(Row { step, number, lines, y: 0.0 });
        }
        let mut lanes = vec![PAD + HEAD_WIDE / 2.0];
        for gap in &gaps {
            lanes.push(lanes.last().copied().unwrap_or(0.0) + gap);
        }
        let mut width = lanes.last().copied().unwrap_or(0.0) + HEAD_WIDE / 2.0 + PAD;
        for row in &rows {
            if let Step::Note { on, .. } = row.step {
                width = width.max(lanes[*on] + 18.0 + NOTE + PAD);
            }
        }
        let summary = text::wrap(&flow.summary, 12.0, Weight::Regular, width - 2.0 * PAD, 4);
        let mut y = 58.0 + summary.len() as f64 * 17.0 + HEAD + 8.0;
        for row in &mut rows {
            let words = row.lines.len() as f64 * LINE;
            match row.step {
                Step::Note { .. } => {
                    row.y = y + 6.0;
                    y += words + 24.0;
                }
                Step::Call { .. } | Step::Answer { .. } => {
                    y += words.max(6.0) + 14.0;
                    row.y = y;
                }
            }
        }
        Self { flow, lanes, rows, summary, width, height: y + 28.0 }
    }

    fn draw(&self, svg: &mut Svg, palette: &Palette, icons: &Pictures, frame: Rect) {
        let (x, top) = (frame.x, frame.y);
        let look = palette.frame(GroupKind::Shelf);
        svg.open("g", &[("class", "flow"), ("role", "group"), ("aria-label", &self.flow.title)]);
        svg.rect(frame, 14.0, Paint::fill(look.fill).and_line(look.line, 1.0));
        svg.text(x + PAD, top + 34.0, Type::new(15.0, palette.ink).bold(), &self.flow.title);
        for (n, line) in self.summary.iter().enumerate() {
            let y = top + 56.0 + n as f64 * 17.0;
            svg.text(x + PAD, y, Type::new(12.0, palette.ink_soft), line);
        }
        let heads = top + 50.0 + self.summary.len() as f64 * 17.0;
        let bottom = top + self.height - 16.0;
        for lane in &self.lanes {
            let paint = Paint::line(palette.card_line, 1.25).dashed("4 4");
            svg.line((x + lane, heads + HEAD), (x + lane, bottom), paint);
        }
        self.bars(svg, palette, x, top);
        for row in &self.rows {
            self.row(svg, palette, x, top, row);
        }
        for (it, lane) in self.flow.lifelines.iter().zip(&self.lanes) {
            let at = Rect::new(x + lane - HEAD_WIDE / 2.0, heads, HEAD_WIDE, HEAD);
            let id = it.component.as_ref().map_or("", |it| it.as_str());
            svg.open(
                "g",
                &[
                    ("class", "node"),
                    ("data-component", id),
                    ("tabindex", "0"),
                    ("role", "img"),
                    ("aria-label", &it.title),
                ],
            );
            svg.rect(at, 10.0, Paint::fill(palette.card).and_line(palette.card_line, 1.0));
            let tile = Rect::new(at.middle().0 - 12.0, at.y + 6.0, 24.0, 24.0);
            draw::tile(svg, palette, icons, (it.icon, it.family), tile);
            let lines = text::wrap(&it.title, 11.0, Weight::SemiBold, HEAD_WIDE - 12.0, 2);
            let start = if lines.len() > 1 { 41.0 } else { 47.0 };
            for (n, line) in lines.iter().enumerate() {
                let set = Type::new(11.0, palette.ink).bold().middle();
                svg.text(at.middle().0, at.y + start + n as f64 * 13.0, set, line);
            }
            svg.close();
        }
        svg.close();
    }

    /// While a lifeline has been called and has not answered, it is busy.
    fn bars(&self, svg: &mut Svg, palette: &Palette, x: f64, top: f64) {
        let mut open: Vec<(usize, f64)> = Vec::new();
        let mut bars: Vec<(usize, f64, f64, usize)> = Vec::new();
        for row in &self.rows {
            match row.step {
                Step::Call { to, .. } => open.push((*to, row.y)),
                Step::Answer { from, .. } => {
                    if let Some(at) = open.iter().rposition(|it| it.0 == *from) {
                        let (lane, start) = open.remove(at);
                        let depth = open.iter().filter(|it| it.0 == lane).count();
                        bars.push((lane, start, row.y, depth));
                    }
                }
                Step::Note { .. } => {}
            }
        }
        bars.sort_by(|a, b| a.3.cmp(&b.3).then(a.1.total_cmp(&b.1)));
        for (lane, start, end, depth) in bars {
            let left = x + self.lanes[lane] - BAR / 2.0 + depth as f64 * 4.0;
            let at = Rect::new(left, top + start, BAR, (end - start).max(6.0));
            let family = self.flow.lifelines[lane].family;
            let paint = Paint::fill(palette.card).and_line(palette.family(family), 1.25);
            svg.rect(at, 3.0, paint);
        }
    }

    fn row(&self, svg: &mut Svg, palette: &Palette, x: f64, top: f64, row: &Row<'_>) {
        let y = top + row.y;
        match row.step {
            Step::Call { from, to, words, waits } => {
                let spoken =
                    format!("{}. {} {words} {}", row.number, self.name(*from), self.name(*to));
                let colour = palette.edge;
                let dash = if *waits { None } else { Some("6 4") };
                let paint = Paint { dash, ..Paint::line(colour, 1.5) };
                self.arrow(svg, palette, (x, y), (*from, *to), paint, &spoken, row);
            }
            Step::Answer { from, to, words } => {
                let spoken = if words.is_empty() {
                    format!("{} answers {}", self.name(*from), self.name(*to))
                } else {
                    format!("{} answers {}: {words}", self.name(*from), self.name(*to))
                };
                let paint = Paint::line(palette.card_line, 1.25).dashed("3 4");
                self.arrow(svg, palette, (x, y), (*from, *to), paint, &spoken, row);
            }
            Step::Note { on, words } => {
                let chip = palette.chip(Tone::Warning);
                let high = row.lines.len() as f64 * LINE + 12.0;
                let wide = row
                    .lines
                    .iter()
                    .map(|it| text::width(it, SIZE, Weight::Regular))
                    .fold(0.0, f64::max)
                    + 20.0;
                let at = Rect::new(x + self.lanes[*on] + 18.0, y, wide, high);
                svg.open("g", &[("class", "note"), ("role", "img"), ("aria-label", words)]);
                svg.rect(at, 5.0, Paint::fill(chip.fill).and_line(palette.card_line, 1.0));
                for (n, line) in row.lines.iter().enumerate() {
                    let y = at.y + 17.0 + n as f64 * LINE;
                    svg.text(at.x + 10.0, y, Type::new(SIZE, chip.ink), line);
                }
                svg.close();
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "an arrow has this many sides")]
    fn arrow(
        &self,
        svg: &mut Svg,
        palette: &Palette,
        (x, y): (f64, f64),
        (from, to): (usize, usize),
        paint: Paint<'_>,
        spoken: &str,
        row: &Row<'_>,
    ) {
        let (a, b) = (x + self.lanes[from], x + self.lanes[to]);
        let side = if b > a { 1.0 } else { -1.0 };
        let (start, end) = (a + side * BAR / 2.0, b - side * (BAR / 2.0 + 1.0));
        svg.open(
            "g",
            &[
                ("class", "message"),
                ("data-from", &self.flow.lifelines[from].id),
                ("data-to", &self.flow.lifelines[to].id),
                ("role", "img"),
                ("aria-label", spoken),
            ],
        );
        let colour = paint.line.unwrap_or(palette.edge);
        svg.line((start, y), (end - side * 5.0, y), paint);
        svg.path(&draw::arrow((start, y), (end, y)), Paint::fill(colour));
        let middle = (a + b) / 2.0;
        let ground = palette.frame(GroupKind::Shelf).fill;
        for (n, line) in row.lines.iter().enumerate() {
            let base = y - 5.0 - (row.lines.len() - 1 - n) as f64 * LINE;
            let wide = text::width(line, SIZE, Weight::Regular) + 8.0;
            // The words cover the lifelines that they cross.
            svg.rect(
                Rect::new(middle - wide / 2.0, base - 10.5, wide, LINE - 0.5),
                2.0,
                Paint::fill(ground),
            );
            let is_call = matches!(row.step, Step::Call { .. });
            let ink = if is_call { palette.ink } else { palette.ink_soft };
            svg.text(middle, base, Type::new(SIZE, ink).middle(), line);
        }
        if matches!(row.step, Step::Call { .. }) {
            let at = Rect::new(start + side * 3.0 - 7.5, y - 7.5, 15.0, 15.0);
            svg.rect(at, 7.5, Paint::fill(palette.family(Family::People)));
            let set = Type::new(8.5, palette.on_family).bold().middle();
            svg.text(start + side * 3.0, y + 3.0, set, &row.number.to_string());
        }
        svg.close();
    }

    fn name(&self, lane: usize) -> &str {
        &self.flow.lifelines[lane].title
    }
}
