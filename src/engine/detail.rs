//! One option in depth: its costs at any load, and all that is known of one of
//! its components.

use super::analysis::{Analysis, Cost, Design, Format, generate, price_at};
use super::bind::{self, binding_of};
use super::cost::whatif::{self, Sum};
use super::emit::index;
use super::emit::terraform::Settings;
use super::graph::{Graph, NodeId};
use super::report;
use serde_json::{Value, json};

/// What is asked about costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scenario {
    /// Multiple of the expected load, within [`whatif::RANGE`].
    pub load: f64,
    /// Growth of load from month to month, as a share.
    pub growth: f64,
    pub months: u32,
}

impl Default for Scenario {
    fn default() -> Self {
        Self { load: 1.0, growth: 0.0, months: 36 }
    }
}

/// The bill at a load, its sums, the curve over loads, and a forecast.
pub fn costs(graph: &Graph, scenario: Scenario) -> Value {
    let cost = price_at(graph, scenario.load);
    let curve = whatif::curve(graph);
    let months = whatif::forecast(&curve, scenario.growth, scenario.months);
    json!({
        "load": scenario.load,
        "cost": report::cost(&cost),
        "by_component": sums(&whatif::by_component(graph, &cost), &cost),
        "by_kind": sums(&whatif::by_kind(graph, &cost), &cost),
        "curve": curve.iter().map(|(load, monthly)| json!({
            "load": load, "monthly": cents(*monthly),
        })).collect::<Vec<_>>(),
        "forecast": {
            "growth": scenario.growth,
            "total": cents(months.last().map_or(0.0, |it| it.total)),
            "months": months.iter().map(|it| json!({
                "month": it.month,
                "load": (it.load * 1000.0).round() / 1000.0,
                "monthly": cents(it.monthly),
                "total": cents(it.total),
            })).collect::<Vec<_>>(),
        },
    })
}

fn sums(sums: &[Sum], cost: &Cost) -> Vec<Value> {
    sums.iter()
        .map(|it| {
            json!({
                "key": it.key,
                "title": it.title,
                "monthly": cents(it.monthly),
                "low": cents(it.low),
                "high": cents(it.high),
                "share": if cost.monthly > 0.0 { it.monthly / cost.monthly } else { 0.0 },
                "lines": it.lines,
            })
        })
        .collect()
}

/// The bill as a table: one row a line, then what has no price.
pub fn costs_csv(graph: &Graph, load: f64) -> String {
    let cost = price_at(graph, load);
    let mut out = csv::Writer::from_writer(Vec::new());
    let head = [
        "component",
        "title",
        "item",
        "quantity",
        "unit",
        "unit_price_usd",
        "monthly_usd",
        "low_usd",
        "high_usd",
        "formula",
        "price",
        "source",
        "source_date",
        "confidence",
    ];
    // Writing into memory does not fail, and every row is as long as the head.
    let _ = out.write_record(head);
    let title = |id: &NodeId| graph.component(id).map_or("", |it| it.title.as_str()).to_owned();
    for it in &cost.lines {
        let row = [
            it.component.to_string(),
            title(&it.component),
            it.item.clone(),
            plain(it.quantity),
            it.unit.to_owned(),
            plain(it.unit_price),
            format!("{:.2}", it.monthly),
            format!("{:.2}", it.low),
            format!("{:.2}", it.high),
            it.formula.clone(),
            format!("{} {}", it.service, it.sku),
            it.source.to_owned(),
            it.source_date.to_owned(),
            it.confidence.as_str().to_owned(),
        ];
        let _ = out.write_record(row.map(harmless));
    }
    for it in &cost.unpriced {
        let mut row = [const { String::new() }; 14];
        row[0] = it.component.to_string();
        row[1] = title(&it.component);
        row[2].clone_from(&it.item);
        row[3] = plain(it.quantity);
        row[10].clone_from(&it.key);
        row[13] = "unpriced".to_owned();
        let _ = out.write_record(row.map(harmless));
    }
    String::from_utf8(out.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// At most nine significant digits, never in powers of ten.
fn plain(it: f64) -> String {
    if it == 0.0 || !it.is_finite() {
        return "0".to_owned();
    }
    let places = (8 - it.abs().log10().floor() as i32).clamp(0, 12) as usize;
    let text = format!("{it:.places$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A spreadsheet takes a cell that begins like this for a formula.
fn harmless(cell: String) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell }
}

/// All that is known of a component: settings, cost, promises, limits, why it
/// is there, what it is connected to, and where its code is.
pub fn component(analysis: &Analysis, design: &Design, id: &str, format: Format) -> Option<Value> {
    let graph = &design.graph;
    let it = graph.components.iter().find(|it| it.id.as_str() == id)?;
    let binding = binding_of(&it.spec);
    let mut out = report::component(it);
    let lines: Vec<_> = design.cost.lines.iter().filter(|line| line.component == it.id).collect();
    out["cost"] = json!({
        "monthly": cents(lines.iter().map(|it| it.monthly).sum()),
        "low": cents(lines.iter().map(|it| it.low).sum()),
        "high": cents(lines.iter().map(|it| it.high).sum()),
        "lines": report::cost_of(&design.cost, &it.id),
        "unpriced": design.cost.unpriced.iter().filter(|un| un.component == it.id)
            .map(|it| &it.item).collect::<Vec<_>>(),
    });
    let promised = design.availability.parts.iter().find(|part| part.component == it.id);
    out["sla"] = binding.and_then(|it| it.sla).map_or(Value::Null, |sla| {
        json!({
            "share": promised.map_or(sla.availability, |it| it.share),
            "best": sla.availability,
            "single": sla.single,
            "source": sla.source,
        })
    });
    out["limits"] = binding
        .map_or(&[][..], |it| it.limits)
        .iter()
        .map(|it| json!({ "what": it.what, "value": it.value, "source": it.source }))
        .collect();
    let title =
        |id: &NodeId| graph.component(id).map_or_else(|| id.to_string(), |it| it.title.clone());
    let connections =
        graph.connections.iter().filter(|line| line.from == it.id || line.to == it.id);
    out["connections"] = connections
        .map(|line| {
            let out = line.from == it.id;
            let other = if out { &line.to } else { &line.from };
            json!({
                "outgoing": out,
                "component": other,
                "title": title(other),
                "intent": line.intent,
                "reason": line.reason.text,
            })
        })
        .collect();
    let tier = graph.tier;
    out["decisions"] = analysis
        .decisions
        .iter()
        .filter(|decision| {
            decision.components.contains(&it.id)
                && (decision.tiers.is_empty() || decision.tiers.contains(&tier))
        })
        .map(|it| json!({ "topic": it.topic, "choice": it.choice, "because": it.because }))
        .collect();
    let stack = bind::lower(graph);
    let files = generate(graph, format, &Settings::default());
    out["code"] = index::blocks(&stack, format, &files)
        .into_iter()
        .filter(|block| block.component == it.id)
        .map(|it| {
            json!({ "path": it.path, "resource": it.resource, "first": it.lines.0, "last": it.lines.1 })
        })
        .collect();
    Some(out)
}

fn cents(it: f64) -> f64 {
    (it * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::brief::Brief;

    #[test]
    fn a_component_can_say_all_about_itself() {
        let made =
            Brief::of("A web shop on AWS for 20,000 visitors a day with PostgreSQL in Frankfurt")
                .analyze();
        for design in &made.options {
            for it in &design.graph.components {
                let detail = component(&made, design, it.id.as_str(), Format::Terraform).unwrap();
                assert!(detail["docs"].is_string() && detail["reason"].is_string(), "{detail}");
            }
            let database =
                design.graph.components.iter().find(|it| it.id.as_str().contains("database"));
            let database = database.unwrap_or_else(|| panic!("{:?}", design.graph.components));
            let detail = component(&made, design, database.id.as_str(), Format::Terraform).unwrap();
            assert!(detail["cost"]["monthly"].as_f64().unwrap() > 0.0);
            assert!(!detail["code"].as_array().unwrap().is_empty());
            assert!(!detail["connections"].as_array().unwrap().is_empty());
        }
        assert!(component(&made, &made.options[0], "nothing", Format::Terraform).is_none());
    }

    #[test]
    fn a_table_of_costs_holds_no_formulas() {
        assert_eq!(harmless("=1+1".to_owned()), "'=1+1");
        assert_eq!(harmless("2 nodes".to_owned()), "2 nodes");
        assert_eq!(
            (plain(0.000_000_2), plain(1_000_000.0), plain(2.5)),
            ("0.0000002".into(), "1000000".into(), "2.5".into())
        );
        let made =
            Brief::of("A web shop on AWS for 20,000 visitors a day with PostgreSQL").analyze();
        let design = &made.options[1];
        let table = costs_csv(&design.graph, 1.0);
        let rows = design.cost.lines.len() + design.cost.unpriced.len() + 1;
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(table.as_bytes());
        assert_eq!(reader.records().map(Result::unwrap).count(), rows);
    }
}
