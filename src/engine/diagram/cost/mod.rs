//! What an option costs, in charts: where the money goes, option against option,
//! at other loads, and over three years. A table below says it all in figures.

mod charts;
mod plot;
#[cfg(test)]
mod tests;
mod treemap;

use super::forms::mermaid as words;
use super::scene::dollars;
use super::svg::{Rect, Svg, Type};
use super::table::{self, Table};
use super::text::{self, Weight};
use super::theme::Palette;
use super::{Style, draw};
use crate::engine::analysis::{Analysis, Design};
use crate::engine::cost::whatif::{self, Month, Sum};
use crate::engine::graph::Tier;

const MARGIN: f64 = 40.0;
const TITLE: f64 = 72.0;
/// Size of a chart, and the room between two.
const WIDE: f64 = 620.0;
const HIGH: f64 = 400.0;
const GAP: f64 = 32.0;

/// How far the forecast looks ahead.
pub const MONTHS: u32 = 36;

/// Growth where the requirements name none: what sizes are planned with as well.
const GROWTH: f64 = 0.2;

/// An option with its figures.
pub struct Series {
    pub tier: Tier,
    pub monthly: f64,
    pub low: f64,
    pub high: f64,
    /// Load and US dollars a month.
    pub curve: Vec<(f64, f64)>,
    pub months: Vec<Month>,
}

pub struct Figures {
    /// The option that is drawn.
    pub tier: Tier,
    pub series: Vec<Series>,
    pub by_component: Vec<Sum>,
    pub by_kind: Vec<Sum>,
    /// A year, as a share.
    pub growth: f64,
    /// Whether the requirements name it.
    pub growth_is_said: bool,
    pub budget: Option<f64>,
    pub unpriced: Vec<String>,
}

pub fn figures(analysis: &Analysis, design: &Design) -> Figures {
    let said = analysis.requirements.needs.load.growth_per_year;
    let growth = said.filter(|it| it.is_finite()).unwrap_or(GROWTH).clamp(-0.9, 10.0);
    let monthly_growth = (1.0 + growth).powf(1.0 / 12.0) - 1.0;
    let series = analysis
        .options
        .iter()
        .map(|it| {
            let curve = whatif::curve(&it.graph);
            let months = whatif::forecast(&curve, monthly_growth, MONTHS);
            Series {
                tier: it.graph.tier,
                monthly: it.cost.monthly,
                low: it.cost.low,
                high: it.cost.high,
                curve,
                months,
            }
        })
        .collect();
    let unpriced = design
        .cost
        .unpriced
        .iter()
        .map(|it| {
            let component = design.graph.component(&it.component);
            component.map_or_else(|| it.component.to_string(), |it| it.title.clone())
        })
        .collect();
    Figures {
        tier: design.graph.tier,
        series,
        by_component: whatif::by_component(&design.graph, &design.cost),
        by_kind: whatif::by_kind(&design.graph, &design.cost),
        growth,
        growth_is_said: said.is_some(),
        budget: analysis.requirements.needs.budget,
        unpriced,
    }
}

impl Figures {
    /// Where the growth comes from, in words.
    pub fn growth_words(&self) -> String {
        let percent = format!("{:.0} %", self.growth * 100.0);
        if self.growth_is_said {
            format!("Load grows by {percent} a year, as the requirements say.")
        } else {
            format!("Load is assumed to grow by {percent} a year; the requirements do not say.")
        }
    }

    /// Components that cost something, of which there is room for some.
    fn dearest(&self, most: usize) -> (Vec<&Sum>, Option<(usize, f64)>) {
        let paid: Vec<&Sum> = self.by_component.iter().filter(|it| it.monthly > 0.0).collect();
        if paid.len() <= most {
            return (paid, None);
        }
        let rest = &paid[most - 1..];
        let sum = rest.iter().map(|it| it.monthly).sum();
        let count = rest.len();
        (paid.into_iter().take(most - 1).collect(), Some((count, sum)))
    }

    fn tables(&self) -> Vec<Table> {
        let options = Table {
            title: "Options in figures",
            columns: vec![
                "Option",
                "A month",
                "Half the load",
                "Double the load",
                "Ten times the load",
                "36 months in all",
            ],
            rows: self
                .series
                .iter()
                .map(|it| {
                    let at = |load| dollars(whatif::on_curve(&it.curve, load));
                    vec![
                        it.tier.name().to_owned(),
                        dollars(it.monthly),
                        at(0.5),
                        at(2.0),
                        at(10.0),
                        dollars(it.months.last().map_or(0.0, |it| it.total)),
                    ]
                })
                .collect(),
        };
        let total: f64 = self.by_component.iter().map(|it| it.monthly).sum();
        let mut parts = Table {
            title: "Where the money goes, a month",
            columns: vec!["Part", "Expected", "Half the load", "Double the load", "Share"],
            rows: Vec::new(),
        };
        for it in &self.by_component {
            parts.rows.push(vec![
                it.title.clone(),
                dollars(it.monthly),
                dollars(it.low),
                dollars(it.high),
                format!("{:.1} %", it.monthly / total.max(0.005) * 100.0),
            ]);
        }
        for it in &self.unpriced {
            let unknown = || "unpriced".to_owned();
            parts.rows.push(vec![it.clone(), unknown(), unknown(), unknown(), String::new()]);
        }
        [options, parts].into_iter().filter(|it| !it.rows.is_empty()).collect()
    }
}

pub fn svg(analysis: &Analysis, design: &Design, style: &Style) -> String {
    let figures = figures(analysis, design);
    let palette = Palette::of(style.theme);
    let tables = figures.tables();
    let (table_wide, table_high) = table::size(&tables);
    let title = draw::capital(&format!("{}: cost", design.title));
    let subtitle = format!(
        "{} a month at the expected load, {} at half and {} at double of it. {}",
        dollars(design.cost.monthly),
        dollars(design.cost.low),
        dollars(design.cost.high),
        figures.growth_words()
    );
    let charts_wide = 2.0 * WIDE + GAP;
    let width = charts_wide
        .max(table_wide)
        .max(text::width(&title, 24.0, Weight::SemiBold))
        .max(text::width(&subtitle, 13.0, Weight::Regular))
        + 2.0 * MARGIN;
    let charts_high = 3.0 * HIGH + 2.0 * GAP;
    let height = MARGIN + TITLE + charts_high + table_high + 2.0 * MARGIN;
    let mut svg = Svg::new(width, height, &title, &subtitle, palette);
    svg.text(MARGIN, MARGIN + 20.0, Type::new(24.0, palette.ink).bold(), &title);
    svg.text(MARGIN, MARGIN + 43.0, Type::new(13.0, palette.ink_soft), &subtitle);
    let (left, right) = (MARGIN, MARGIN + WIDE + GAP);
    let row = |n: f64| MARGIN + TITLE + n * (HIGH + GAP);
    charts::breakdown(&mut svg, palette, &figures, Rect::new(left, row(0.0), WIDE, HIGH));
    treemap::draw(&mut svg, palette, design, &figures, Rect::new(right, row(0.0), WIDE, HIGH));
    charts::options(&mut svg, palette, &figures, Rect::new(left, row(1.0), WIDE, HIGH));
    charts::kinds(&mut svg, palette, &figures, Rect::new(right, row(1.0), WIDE, HIGH));
    charts::loads(&mut svg, palette, &figures, Rect::new(left, row(2.0), WIDE, HIGH));
    charts::months(&mut svg, palette, &figures, Rect::new(right, row(2.0), WIDE, HIGH));
    let at = Rect::new(MARGIN, row(3.0) - GAP + 8.0, table_wide, table_high);
    table::draw(&mut svg, palette, &tables, at);
    svg.finish()
}

/// Where the money goes, as a pie: of the charts, Mermaid has that one.
pub fn mermaid(design: &Design, style: &Style) -> String {
    let mut out = words::front_matter(&format!("{}: cost", design.title), style.theme);
    let sums = whatif::by_kind(&design.graph, &design.cost);
    out.push_str(&format!(
        "pie showData\n  accTitle: {}\n  accDescr: US dollars a month by what they are for\n",
        words::plain(&format!("{} cost", design.title))
    ));
    for it in sums.iter().filter(|it| it.monthly >= 0.005) {
        out.push_str(&format!("  \"{}\" : {:.2}\n", words::plain(&it.title), it.monthly));
    }
    out
}
