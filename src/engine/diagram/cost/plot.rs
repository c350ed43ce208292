//! What charts share: a frame with title and description, and axes.

use super::Series;
use crate::engine::diagram::icons::Family;
use crate::engine::diagram::scene::{GroupKind, dollars};
use crate::engine::diagram::svg::{Paint, Rect, Svg, Type, number};
use crate::engine::diagram::text::{self, Weight};
use crate::engine::diagram::theme::Palette;
use crate::engine::graph::Tier;

/// Opens the frame of a chart; what is inside comes before `svg.close()`.
pub fn open(svg: &mut Svg, palette: &Palette, at: Rect, title: &str, description: &str) {
    let look = palette.frame(GroupKind::Shelf);
    svg.open(
        "g",
        &[
            ("class", "chart"),
            ("role", "img"),
            ("tabindex", "0"),
            ("aria-label", &format!("{title}. {description}")),
        ],
    );
    svg.words("title", title);
    svg.words("desc", description);
    svg.rect(at, 14.0, Paint::fill(palette.card).and_line(look.line, 1.0));
    svg.text(at.x + 24.0, at.y + 34.0, Type::new(15.0, palette.ink).bold(), title);
    let words = text::fit(description, 11.0, Weight::Regular, at.w - 48.0);
    svg.text(at.x + 24.0, at.y + 53.0, Type::new(11.0, palette.ink_soft), &words);
}

/// Every option has a colour and a dash, so that it is told apart without colour.
pub fn look(palette: &Palette, tier: Tier) -> (&'static str, Option<&'static str>) {
    match tier {
        Tier::Good => (palette.family(Family::Delivery), Some("2 5")),
        Tier::Better => (palette.accent, None),
        Tier::Best => (palette.family(Family::Compute), Some("9 5")),
    }
}

/// What stands at a line of the axis.
pub fn tick(value: f64, step: f64) -> String {
    dollars(if step < 1.0 { value } else { value.round() })
}

/// A round step that gives at most `most` of them up to `top`.
pub fn step(top: f64, most: f64) -> f64 {
    let rough = (top / most).max(1e-6);
    let size = 10f64.powf(rough.log10().floor());
    let share = rough / size;
    size * if share <= 1.0 {
        1.0
    } else if share <= 2.0 {
        2.0
    } else if share <= 5.0 {
        5.0
    } else {
        10.0
    }
}

/// Lines of a chart over an axis whose places are shares of its width.
pub struct Lines<'s> {
    pub series: Vec<(&'s Series, Vec<(f64, f64)>)>,
    /// Words below the axis, and where.
    pub ticks: Vec<(f64, String)>,
    pub axis: &'static str,
    pub drawn: Tier,
}

impl Lines<'_> {
    pub fn draw(&self, svg: &mut Svg, palette: &Palette, at: Rect) {
        let plot = Rect::new(at.x + 76.0, at.y + 76.0, at.w - 76.0 - 96.0, at.h - 76.0 - 62.0);
        let top = self.series.iter().flat_map(|it| &it.1).map(|it| it.1).fold(1.0, f64::max);
        let step = step(top, 5.0);
        let most = (top / step).ceil() * step;
        let y = |value: f64| plot.bottom() - value / most * plot.h;
        let mut value = 0.0;
        while value <= most + step / 2.0 {
            svg.line((plot.x, y(value)), (plot.right(), y(value)), Paint::line(palette.grid, 1.0));
            let set = Type::new(10.5, palette.ink_soft).end();
            svg.text(plot.x - 8.0, y(value) + 3.5, set, &tick(value, step));
            value += step;
        }
        for (share, words) in &self.ticks {
            let x = plot.x + share * plot.w;
            svg.line((x, plot.bottom()), (x, plot.bottom() + 5.0), Paint::line(palette.edge, 1.0));
            let set = Type::new(10.5, palette.ink_soft).middle();
            svg.text(x, plot.bottom() + 19.0, set, words);
        }
        let set = Type::new(10.5, palette.ink_soft).middle();
        svg.text(plot.middle().0, plot.bottom() + 40.0, set, self.axis);
        // Names stand at the ends of their lines, moved apart where they would meet.
        let mut ends: Vec<(f64, Tier, f64)> = Vec::new();
        for (series, points) in &self.series {
            let (colour, dash) = look(palette, series.tier);
            let d: String = points
                .iter()
                .enumerate()
                .map(|(n, (share, value))| {
                    let letter = if n == 0 { 'M' } else { 'L' };
                    let (x, y) = (plot.x + share * plot.w, y(*value));
                    format!("{letter}{} {}", number(x), number(y))
                })
                .collect();
            let width = if series.tier == self.drawn { 3.0 } else { 1.75 };
            svg.path(&d, Paint { dash, ..Paint::line(colour, width) });
            if let Some((_, value)) = points.last() {
                ends.push((y(*value), series.tier, *value));
            }
        }
        ends.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = f64::MIN;
        for (end, tier, value) in ends {
            let base = end.max(free + 26.0);
            free = base;
            let (colour, _) = look(palette, tier);
            let x = plot.right() + 8.0;
            svg.text(x, base - 1.0, Type::new(11.0, colour).bold(), tier.name());
            svg.text(x, base + 12.0, Type::new(10.0, palette.ink_soft), &dollars(value));
        }
    }
}
