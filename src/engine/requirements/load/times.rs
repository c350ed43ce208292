//! Times: recovery goals, latency, retention, intervals.

use super::{Around, clause_end, clause_start, senders};
use crate::engine::requirements::draft::Draft;
use serde_json::json;

/// Whether the time was one that matters.
pub(super) fn time(
    around: &Around,
    draft: &mut Draft,
    length: f64,
    unit_at: usize,
    confidence: f64,
) -> bool {
    let (reading, quantity) = (around.reading, around.quantity);
    let span = [quantity.span[0], reading.span(unit_at, unit_at)[1].max(quantity.span[1])];
    let label = (around.start..quantity.from).rev().take(6).find_map(|at| match reading.word(at) {
        "rpo" => Some("rpo"),
        "rto" => Some("rto"),
        "point" if reading.word(at.wrapping_sub(1)) == "recovery" => Some("rpo"),
        "time" if reading.word(at.wrapping_sub(1)) == "recovery" => Some("rto"),
        "p99" | "p95" | "p50" | "p90" | "p999" | "latency" | "respond" | "response"
        | "responses" => Some("latency"),
        "retention" | "retain" | "retained" | "keep" | "kept" | "archive" | "archived"
        | "store" | "stored" | "preserve" | "preserved" => Some("retention"),
        "downtime" | "outage" => Some("downtime"),
        _ => None,
    });
    if label.is_none()
        && around.before(1, &["every", "each"])
        && length <= 86_400.0
        && let Some(devices) = senders(around, draft)
    {
        draft.load(
            |it| &mut it.messages_per_second,
            "load.messages_per_second",
            devices / length,
            span,
            0.8,
        );
        return true;
    }
    let label = label.or_else(|| {
        (unit_at + 1..around.end.min(unit_at + 4)).find_map(|at| match reading.word(at) {
            "rpo" => Some("rpo"),
            "rto" => Some("rto"),
            "retention" | "archive" | "history" => Some("retention"),
            "latency" | "response" | "p99" | "p95" => Some("latency"),
            _ => None,
        })
    });
    match label {
        Some("rpo") => draft.set(|it| &mut it.rpo_minutes, "rpo", length / 60.0, span, confidence),
        Some("rto") => draft.set(|it| &mut it.rto_minutes, "rto", length / 60.0, span, confidence),
        Some("downtime") if length < 86_400.0 => {
            draft.set(|it| &mut it.rto_minutes, "rto", length / 60.0, span, 0.5)
        }
        Some("retention") if length >= 86_400.0 => {
            draft.set(
                |it| &mut it.retention_days,
                "retention",
                length / 86_400.0,
                span,
                confidence,
            );
        }
        Some("latency") if length <= 120.0 => latency(around, draft, length, span, confidence),
        _ if length < 1.0 => latency(around, draft, length, span, 0.7),
        // "load in under 2 seconds"
        _ if length <= 10.0 && around.before(3, &["under", "below", "within", "sub"]) => {
            latency(around, draft, length, span, 0.6)
        }
        _ => return false,
    }
    true
}

fn latency(around: &Around, draft: &mut Draft, length: f64, span: [usize; 2], confidence: f64) {
    let reading = around.reading;
    let clause =
        clause_start(reading, around.quantity.from)..clause_end(reading, around.quantity.to);
    let percentile = clause
        .filter_map(|at| match reading.word(at) {
            "p99" => Some(99.0),
            "p999" | "p99.9" => Some(99.9),
            "p95" | "95th" => Some(95.0),
            "p90" => Some(90.0),
            "p50" | "median" | "average" => Some(50.0),
            _ => None,
        })
        .next()
        .unwrap_or(95.0);
    let milliseconds = length * 1000.0;
    draft.needs.latency_ms.get_or_insert((milliseconds, percentile));
    draft.fact(
        "latency",
        json!({"milliseconds": milliseconds, "percentile": percentile}),
        span,
        confidence,
    );
}
