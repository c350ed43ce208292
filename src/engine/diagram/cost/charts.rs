//! The charts of bars and lines.

use super::plot::{self, Lines};
use super::{Figures, MONTHS};
use crate::engine::cost::whatif::LOADS;
use crate::engine::diagram::scene::{Tone, dollars};
use crate::engine::diagram::svg::{Paint, Rect, Svg, Type};
use crate::engine::diagram::text::{self, Weight};
use crate::engine::diagram::theme::Palette;

/// Where the words of bars end.
const NAMES: f64 = 190.0;

/// Bars that lie: name, value, and words behind the bar.
fn bars(svg: &mut Svg, palette: &Palette, at: Rect, rows: &[(String, f64, String)]) {
    let top = rows.iter().map(|it| it.1).fold(0.01, f64::max);
    let room = at.h - 84.0;
    let pitch = (room / rows.len().max(1) as f64).min(30.0);
    let values =
        rows.iter().map(|it| text::width(&it.2, 11.0, Weight::Regular)).fold(40.0, f64::max);
    let left = at.x + NAMES + 12.0;
    let full = at.right() - 24.0 - values - 8.0 - left;
    for (n, (name, value, words)) in rows.iter().enumerate() {
        let y = at.y + 72.0 + n as f64 * pitch;
        let base = y + pitch / 2.0 + 3.5;
        let name = text::fit(name, 11.0, Weight::Regular, NAMES - 24.0);
        svg.text(at.x + NAMES, base, Type::new(11.0, palette.ink).end(), &name);
        let wide = (value / top * full).max(1.5);
        let bar = Rect::new(left, y + pitch * 0.16, wide, pitch * 0.68);
        svg.rect(bar, 3.0, Paint::fill(palette.accent));
        svg.text(left + wide + 8.0, base, Type::new(11.0, palette.ink), words);
    }
}

fn share(value: f64, total: f64) -> String {
    format!("{}, {:.0} %", dollars(value), value / total.max(0.005) * 100.0)
}

pub fn breakdown(svg: &mut Svg, palette: &Palette, figures: &Figures, at: Rect) {
    let total: f64 = figures.by_component.iter().map(|it| it.monthly).sum();
    let (dearest, rest) = figures.dearest(11);
    let mut rows: Vec<(String, f64, String)> =
        dearest.iter().map(|it| (it.title.clone(), it.monthly, share(it.monthly, total))).collect();
    if let Some((count, sum)) = rest {
        rows.push((format!("{count} others"), sum, share(sum, total)));
    }
    let description = match rows.first() {
        Some((name, value, _)) => {
            format!("US dollars a month by part; most is {name} with {}", dollars(*value))
        }
        None => "Nothing of it costs anything at the expected load".to_owned(),
    };
    plot::open(svg, palette, at, "Where the money goes", &description);
    bars(svg, palette, at, &rows);
    svg.close();
}

pub fn kinds(svg: &mut Svg, palette: &Palette, figures: &Figures, at: Rect) {
    let total: f64 = figures.by_kind.iter().map(|it| it.monthly).sum();
    let rows: Vec<(String, f64, String)> = figures
        .by_kind
        .iter()
        .filter(|it| it.monthly > 0.0)
        .map(|it| (it.title.clone(), it.monthly, share(it.monthly, total)))
        .collect();
    plot::open(svg, palette, at, "What it is for", "US dollars a month by kind of service");
    bars(svg, palette, at, &rows);
    svg.close();
}

/// Bars that stand, with a line from half to double the load.
pub fn options(svg: &mut Svg, palette: &Palette, figures: &Figures, at: Rect) {
    let sums: Vec<String> = figures
        .series
        .iter()
        .map(|it| format!("{} {}", it.tier.name(), dollars(it.monthly)))
        .collect();
    let mut description = format!("US dollars a month: {}", sums.join(", "));
    if let Some(budget) = figures.budget {
        description.push_str(&format!("; the budget is {}", dollars(budget)));
    }
    description.push_str("; thin lines: half to double the load");
    plot::open(svg, palette, at, "Option against option", &description);
    let area = Rect::new(at.x + 76.0, at.y + 84.0, at.w - 76.0 - 32.0, at.h - 84.0 - 48.0);
    let top = figures
        .series
        .iter()
        .map(|it| it.high.max(it.monthly))
        .chain(figures.budget)
        .fold(1.0, f64::max);
    let step = plot::step(top, 5.0);
    let most = (top / step).ceil() * step;
    let y = |value: f64| area.bottom() - value / most * area.h;
    let mut value = 0.0;
    while value <= most + step / 2.0 {
        svg.line((area.x, y(value)), (area.right(), y(value)), Paint::line(palette.grid, 1.0));
        let set = Type::new(10.5, palette.ink_soft).end();
        svg.text(area.x - 8.0, y(value) + 3.5, set, &plot::tick(value, step));
        value += step;
    }
    let pitch = area.w / figures.series.len().max(1) as f64;
    for (n, it) in figures.series.iter().enumerate() {
        let middle = area.x + (n as f64 + 0.5) * pitch;
        let wide = (pitch * 0.42).min(96.0);
        let (colour, _) = plot::look(palette, it.tier);
        let bar =
            Rect::new(middle - wide / 2.0, y(it.monthly), wide, area.bottom() - y(it.monthly));
        let paint = Paint::fill(colour);
        svg.rect(bar, 4.0, if it.tier == figures.tier { paint } else { paint.opacity(0.55) });
        let ink = Paint::line(palette.ink, 1.5);
        svg.line((middle, y(it.low)), (middle, y(it.high)), ink);
        for end in [it.low, it.high] {
            svg.line((middle - 7.0, y(end)), (middle + 7.0, y(end)), ink);
        }
        let words = format!("{} {}", it.tier.name(), dollars(it.monthly));
        let set = Type::new(11.5, palette.ink).bold().middle();
        svg.text(middle, area.bottom() + 20.0, set, &words);
        if it.tier == figures.tier {
            let set = Type::new(10.0, palette.ink_soft).middle();
            svg.text(middle, area.bottom() + 35.0, set, "this option");
        }
    }
    if let Some(budget) = figures.budget {
        let paint = Paint::line(palette.chip(Tone::Danger).ink, 1.5).dashed("6 4");
        svg.line((area.x, y(budget)), (area.right(), y(budget)), paint);
        let danger = palette.chip(Tone::Danger).ink;
        let set = Type::new(10.5, danger).bold().end();
        svg.text(area.right(), y(budget) - 5.0, set, &format!("budget {}", dollars(budget)));
    }
    svg.close();
}

pub fn loads(svg: &mut Svg, palette: &Palette, figures: &Figures, at: Rect) {
    let (least, most) = (LOADS[0].ln(), LOADS[LOADS.len() - 1].ln());
    let place = |load: f64| (load.ln() - least) / (most - least);
    let lines = Lines {
        series: figures
            .series
            .iter()
            .map(|it| (it, it.curve.iter().map(|(load, cost)| (place(*load), *cost)).collect()))
            .collect(),
        ticks: [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|it| (place(it), format!("{it}×")))
            .collect(),
        axis: "load, as a multiple of the expected one",
        drawn: figures.tier,
    };
    let description =
        "US dollars a month; sizes stay as designed, usage and what scales by itself move";
    plot::open(svg, palette, at, "At other loads", description);
    lines.draw(svg, palette, at);
    svg.close();
}

pub fn months(svg: &mut Svg, palette: &Palette, figures: &Figures, at: Rect) {
    let place = |month: u32| f64::from(month) / f64::from(MONTHS);
    let lines = Lines {
        series: figures
            .series
            .iter()
            .map(|it| {
                let begin = std::iter::once((0.0, 0.0));
                let points = it.months.iter().map(|it| (place(it.month), it.total));
                (it, begin.chain(points).collect())
            })
            .collect(),
        ticks: (0..=MONTHS).step_by(6).map(|it| (place(it), it.to_string())).collect(),
        axis: "months",
        drawn: figures.tier,
    };
    plot::open(svg, palette, at, "All in all over three years", &figures.growth_words());
    lines.draw(svg, palette, at);
    svg.close();
}
