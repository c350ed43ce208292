//! An analysis as JSON: the stable form that the API and `--json` speak.
//!
//! `docs/analysis.schema.json` describes it; a test holds both together.

use super::analysis::{Analysis, Cost, Design};
use super::answer;
use super::bind::binding_of;
use super::cost::bill::Line;
use super::cost::catalogue::Confidence;
use super::cost::whatif;
use super::estimate::availability::Availability;
use super::estimate::latency::Latency;
use super::estimate::recovery::Recovery;
use super::graph::Component;
use serde_json::{Map, Value, json};

/// The whole analysis.
pub fn analysis(it: &Analysis) -> Value {
    json!({
        "requirements": it.requirements,
        "options": it.options.iter().map(option).collect::<Vec<_>>(),
        "recommended": (!it.options.is_empty()).then(|| answer::recommend(it)),
        "comparison": answer::compare(it),
        "decisions": it.decisions,
        "demand": it.demand,
        "diagnostics": it.diagnostics,
    })
}

/// The analysis in short, for lists.
pub fn headline(it: &Analysis) -> Value {
    let options: Vec<Value> = it
        .options
        .iter()
        .map(|it| {
            json!({
                "tier": it.graph.tier,
                "monthly": cents(it.cost.monthly),
                "availability": it.availability.share,
                "components": it.graph.components.len(),
            })
        })
        .collect();
    json!({
        "cloud": "aws",
        "region": it.options.first().map(|it| &it.graph.region),
        "recommended": answer::recommend(it).tier,
        "options": options,
    })
}

/// One option.
pub fn option(it: &Design) -> Value {
    let graph = &it.graph;
    let connections: Vec<Value> = graph
        .connections
        .iter()
        .zip(it.wired.iter().chain(std::iter::repeat(&false)))
        .map(|(connection, wired)| {
            json!({
                "from": connection.from,
                "to": connection.to,
                "intent": connection.intent,
                "wired": wired,
                "reason": connection.reason.text,
            })
        })
        .collect();
    json!({
        "tier": graph.tier,
        "title": it.title,
        "summary": it.summary,
        "cloud": "aws",
        "region": graph.region,
        "recovery_region": graph.recovery_region,
        "components": graph.components.iter().map(component).collect::<Vec<_>>(),
        "connections": connections,
        "wiring": {
            "connections": graph.connections.len(),
            "wired": it.wired.iter().filter(|it| **it).count(),
        },
        "cost": cost(&it.cost),
        "availability": availability(&it.availability),
        "latency": latency(&it.latency),
        "recovery": recovery(&it.recovery),
        "trade_offs": it.trade_offs,
    })
}

pub fn component(it: &Component) -> Value {
    let spec: Map<String, Value> =
        it.spec.fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let binding = binding_of(&it.spec);
    json!({
        "id": it.id,
        "title": it.title,
        "service": binding.map(|it| it.service),
        "product": binding.map(|it| it.title),
        "kind": it.spec.kind().name(),
        "spec": spec,
        "reason": it.reason.text,
        "span": it.reason.span,
        "docs": binding.map(|it| it.docs),
    })
}

pub fn cost(it: &Cost) -> Value {
    json!({
        "monthly": cents(it.monthly),
        "low": cents(it.low),
        "high": cents(it.high),
        "currency": "USD",
        "lines": it.lines.iter().map(line).collect::<Vec<_>>(),
        "unpriced": it.unpriced.iter().map(|it| json!({
            "component": it.component,
            "item": it.item,
            "quantity": digits(it.quantity),
            "key": it.key,
        })).collect::<Vec<_>>(),
        "what_if": whatif::commitments(it).iter().map(|it| json!({
            "key": it.key,
            "title": it.title,
            "covers": cents(it.covers),
            "saves": cents(it.saves),
            "monthly": cents(it.monthly),
            "formula": it.formula,
            "source": it.source,
            "source_date": it.source_date,
            "confidence": Confidence::Estimate.as_str(),
        })).collect::<Vec<_>>(),
    })
}

fn line(it: &Line) -> Value {
    json!({
        "component": it.component,
        "item": it.item,
        "quantity": digits(it.quantity),
        "unit": it.unit,
        "unit_price": digits(it.unit_price),
        "monthly": cents(it.monthly),
        "low": cents(it.low),
        "high": cents(it.high),
        "formula": it.formula,
        "key": format!("{} {}", it.service, it.sku),
        "source": it.source,
        "source_date": it.source_date,
        "confidence": it.confidence.as_str(),
    })
}

fn availability(it: &Availability) -> Value {
    json!({
        "share": digits(it.share),
        "downtime_minutes_per_month": digits((it.downtime_minutes_per_month * 10.0).round() / 10.0),
        "parts": it.parts.iter().map(|it| json!({
            "component": it.component,
            "share": it.share,
            "single": it.single,
            "source": it.source,
        })).collect::<Vec<_>>(),
        "without_sla": it.without_sla,
    })
}

fn latency(it: &Latency) -> Value {
    json!({
        "p50_ms": it.p50_ms.round(),
        "p95_ms": it.p95_ms.round(),
        "path": it.path.iter().map(|it| json!({
            "component": it.component,
            "p50_ms": it.p50_ms.round(),
            "p95_ms": it.p95_ms.round(),
        })).collect::<Vec<_>>(),
        "max_requests_per_second": it.max_rps.map(f64::round),
        "bottleneck": it.bottleneck,
    })
}

fn recovery(it: &Recovery) -> Value {
    let scenarios: Vec<Value> = it
        .scenarios
        .iter()
        .map(|it| {
            json!({
                "scenario": it.name,
                "rto_minutes": it.rto_minutes.map(f64::round),
                "rpo_minutes": it.rpo_minutes.map(f64::round),
                "component": it.because,
                "how": it.how,
            })
        })
        .collect();
    json!({ "scenarios": scenarios })
}

/// Dollars with cents.
fn cents(it: f64) -> f64 {
    (it * 100.0).round() / 100.0
}

/// At most nine significant digits: what binary fractions add is noise.
fn digits(it: f64) -> f64 {
    if it == 0.0 || !it.is_finite() {
        return 0.0;
    }
    let scale = 10f64.powi(8 - it.abs().log10().floor() as i32);
    (it * scale).round() / scale
}

/// The cost lines of one component.
pub fn cost_of(it: &Cost, component: &super::graph::NodeId) -> Value {
    it.lines.iter().filter(|it| it.component == *component).map(line).collect()
}
