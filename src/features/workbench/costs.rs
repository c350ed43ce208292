//! What an option costs, at any load: sums, lines with their sources, and the
//! curve over loads, as a page shows them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::engine::analysis::{Analysis, Design};
use crate::engine::cost::bill::{HIGH, LOW};
use crate::engine::cost::catalogue;
use crate::engine::cost::whatif::RANGE;
use crate::engine::detail::{self, Scenario};

/// What the address says: typed by people, so anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Wish {
    /// Multiple of the expected load.
    load: Option<String>,
    /// The same as the slider has it: its logarithm.
    at: Option<String>,
    /// Growth a month, in per cent.
    growth: Option<String>,
}

impl Wish {
    /// What cannot be read is the expected load, what is out of bounds the bound.
    pub fn scenario(&self) -> Scenario {
        let number = |it: &Option<String>| {
            let read = it.as_deref().and_then(|it| it.trim().parse::<f64>().ok());
            read.filter(|it| it.is_finite())
        };
        let load = number(&self.load)
            .or_else(|| number(&self.at).map(|it| two_digits(10f64.powf(it.clamp(-9.0, 9.0)))))
            .unwrap_or(1.0);
        let growth = number(&self.growth).unwrap_or(0.0).clamp(0.0, 20.0) / 100.0;
        Scenario { load: load.clamp(RANGE.0, RANGE.1), growth, ..Scenario::default() }
    }
}

fn two_digits(it: f64) -> f64 {
    let scale = 10f64.powi(1 - it.abs().log10().floor() as i32);
    (it * scale).round() / scale
}

/// About what figures take up in memory.
pub const WEIGHT: usize = 64 << 10;

#[derive(Clone, Serialize)]
pub struct Figures {
    pub load: f64,
    /// For people: `0.5`, `1`, `2`.
    pub load_text: String,
    /// Where the slider stands.
    pub at: f64,
    pub growth: f64,
    pub monthly: f64,
    /// At the expected load, and with half and twice of it.
    pub presets: Vec<Preset>,
    pub by_component: Vec<Bar>,
    pub by_kind: Vec<Bar>,
    pub groups: Vec<Group>,
    pub unpriced: Vec<Unpriced>,
    pub curve: Curve,
    pub months: u32,
    pub total: f64,
    pub last: f64,
    pub sources: Vec<Source>,
    /// The rest of the address of this state; empty at the expected load.
    pub query: String,
}

#[derive(Clone, Serialize)]
pub struct Preset {
    pub label: &'static str,
    pub load: String,
    pub monthly: f64,
    pub current: bool,
}

#[derive(Clone, Serialize)]
pub struct Bar {
    pub key: String,
    pub title: String,
    pub monthly: f64,
    pub share: f64,
    /// Of the longest bar, in per cent.
    pub width: f64,
}

/// The lines of a component.
#[derive(Clone, Serialize)]
pub struct Group {
    pub component: String,
    pub title: String,
    pub monthly: f64,
    pub lines: Vec<Value>,
}

#[derive(Clone, Serialize)]
pub struct Unpriced {
    pub component: String,
    pub title: String,
    pub item: String,
    pub key: String,
}

#[derive(Clone, Serialize)]
pub struct Source {
    pub name: String,
    pub origin: &'static str,
    pub licence: &'static str,
    pub dates: Vec<String>,
}

/// A drawing that is 600 wide and 180 high.
#[derive(Clone, Serialize)]
pub struct Curve {
    pub line: String,
    pub area: String,
    pub x: f64,
    pub y: f64,
    pub top: f64,
    /// Where the budget is, if it is within the drawing.
    pub budget: Option<(f64, f64)>,
    pub points: Vec<(f64, f64)>,
}

const WIDE: f64 = 600.0;
const HIGH_UP: f64 = 180.0;

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn amount(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

fn plain(load: f64) -> String {
    let text = format!("{load:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The least of 1, 2, 2.5, 5 and 10 times a power of ten that is not below.
fn round_up(it: f64) -> f64 {
    if it <= 0.0 {
        return 1.0;
    }
    let power = 10f64.powf(it.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0];
    steps.into_iter().map(|step| step * power).find(|step| *step >= it).unwrap_or(it)
}

fn curve(costs: &Value, load: f64, monthly: f64, budget: Option<f64>) -> Curve {
    let points: Vec<(f64, f64)> = costs["curve"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| (amount(&it["load"]), amount(&it["monthly"])))
        .collect();
    let most = points.iter().map(|it| it.1).fold(monthly, f64::max);
    let top = round_up(most);
    let ends = (RANGE.0.log10(), RANGE.1.log10());
    let x = |load: f64| (load.log10() - ends.0) / (ends.1 - ends.0) * WIDE;
    let y = |monthly: f64| HIGH_UP - monthly / top * HIGH_UP;
    let at = |it: &(f64, f64)| format!("{:.1} {:.1}", x(it.0), y(it.1));
    let line = points.iter().map(at).collect::<Vec<_>>().join(" L");
    Curve {
        area: format!("M0 {HIGH_UP} L{line} L{WIDE} {HIGH_UP} Z"),
        line: format!("M{line}"),
        x: x(load),
        y: y(monthly),
        budget: budget.filter(|it| *it <= top).map(|it| (it, y(it))),
        top,
        points,
    }
}

fn bars(sums: &Value) -> Vec<Bar> {
    let sums = sums.as_array().map(Vec::as_slice).unwrap_or_default();
    let most = sums.iter().map(|it| amount(&it["monthly"])).fold(0.0, f64::max);
    sums.iter()
        .map(|it| Bar {
            key: text(&it["key"]),
            title: text(&it["title"]),
            monthly: amount(&it["monthly"]),
            share: amount(&it["share"]),
            width: if most > 0.0 { amount(&it["monthly"]) / most * 100.0 } else { 0.0 },
        })
        .collect()
}

pub fn figures(made: &Analysis, design: &Design, wish: &Wish) -> Figures {
    let scenario = wish.scenario();
    let load = scenario.load;
    let mut costs = detail::costs(&design.graph, scenario);
    let monthly = amount(&costs["cost"]["monthly"]);
    let by_component = bars(&costs["by_component"]);
    let title = |id: &str| {
        let found = design.graph.components.iter().find(|it| it.id.as_str() == id);
        found.map_or_else(|| id.to_owned(), |it| it.title.clone())
    };
    let mut groups: Vec<Group> = by_component
        .iter()
        .map(|it| Group {
            component: it.key.clone(),
            title: it.title.clone(),
            monthly: it.monthly,
            lines: Vec::new(),
        })
        .collect();
    let mut sources: Vec<Source> = Vec::new();
    let lines = std::mem::take(&mut costs["cost"]["lines"]);
    for line in lines.as_array().cloned().unwrap_or_default() {
        let (name, date) = (text(&line["source"]), text(&line["source_date"]));
        let nth = sources.iter().position(|it| it.name == name).unwrap_or_else(|| {
            let known = catalogue::source(&name);
            sources.push(Source {
                origin: known.map_or("", |it| it.origin),
                licence: known.map_or("", |it| it.licence),
                name,
                dates: Vec::new(),
            });
            sources.len() - 1
        });
        let dates = &mut sources[nth].dates;
        if let Err(place) = dates.binary_search(&date) {
            dates.insert(place, date);
        }
        let id = text(&line["component"]);
        if let Some(group) = groups.iter_mut().find(|it| it.component == id) {
            group.lines.push(line);
        }
    }
    let unpriced = costs["cost"]["unpriced"].as_array().cloned().unwrap_or_default();
    let unpriced = unpriced.iter().map(|it| Unpriced {
        title: title(&text(&it["component"])),
        component: text(&it["component"]),
        item: text(&it["item"]),
        key: text(&it["key"]),
    });
    let preset = |label, at: f64, monthly| Preset {
        label,
        load: plain(at),
        monthly,
        current: (at - load).abs() < 1e-9,
    };
    let months = costs["forecast"]["months"].as_array().map(Vec::as_slice).unwrap_or_default();
    let growth = (scenario.growth * 1000.0).round() / 10.0;
    let mut query = Vec::new();
    if (load - 1.0).abs() > 1e-9 {
        query.push(format!("load={}", plain(load)));
    }
    if growth > 0.0 {
        query.push(format!("growth={growth}"));
    }
    Figures {
        load,
        load_text: plain(load),
        at: (load.log10() * 20.0).round() / 20.0,
        growth,
        monthly,
        presets: vec![
            preset("Low", LOW, design.cost.low),
            preset("Expected", 1.0, design.cost.monthly),
            preset("High", HIGH, design.cost.high),
        ],
        by_component,
        by_kind: bars(&costs["by_kind"]),
        groups,
        unpriced: unpriced.collect(),
        curve: curve(&costs, load, monthly, made.requirements.needs.budget),
        months: scenario.months,
        total: amount(&costs["forecast"]["total"]),
        last: months.last().map_or(0.0, |it| amount(&it["monthly"])),
        sources,
        query: query.join("&"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::brief::Brief;

    fn wish(load: &str, at: &str) -> Wish {
        let some = |it: &str| (!it.is_empty()).then(|| it.to_owned());
        Wish { load: some(load), at: some(at), growth: None }
    }

    #[test]
    fn anything_typed_is_some_load() {
        for (load, at, expected) in [
            ("", "", 1.0),
            ("2", "", 2.0),
            ("", "0.3", 2.0),
            ("", "-0.3", 0.5),
            ("", "1", 10.0),
            ("1e9", "", 10.0),
            ("-3", "", 0.1),
            ("NaN", "inf", 1.0),
            ("two", "1e400", 1.0),
        ] {
            let scenario = wish(load, at).scenario();
            assert!((scenario.load - expected).abs() < 1e-9, "{load:?} {at:?}: {}", scenario.load);
        }
    }

    #[test]
    fn the_figures_add_up_and_stay_within_the_drawing() {
        let text =
            "A web shop on AWS for 20,000 visitors a day with PostgreSQL, budget 2000 dollars";
        let made = Brief::of(text).analyze();
        for design in &made.options {
            for load in ["0.1", "1", "10"] {
                let it = figures(&made, design, &wish(load, ""));
                let lines: usize = it.groups.iter().map(|it| it.lines.len()).sum();
                let sum: f64 = it.groups.iter().map(|it| it.monthly).sum();
                assert!(lines > 10 && (sum - it.monthly).abs() < 1.0, "{sum} {}", it.monthly);
                assert!(
                    (0.0..=WIDE).contains(&it.curve.x) && (0.0..=HIGH_UP).contains(&it.curve.y)
                );
                assert!(it.sources.iter().all(|it| !it.dates.is_empty() && !it.origin.is_empty()));
            }
        }
        assert_eq!([0.0, 7.0, 20.0, 21.0, 260.0].map(round_up), [1.0, 10.0, 20.0, 25.0, 500.0]);
    }
}
