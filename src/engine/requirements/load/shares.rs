//! Percentages and money: availability, growth, reads; budgets and bills.

use super::{Around, MONTH};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::requirements::draft::Draft;
use crate::engine::requirements::quantities::Currency;
use serde_json::json;

/// What a share close to one is asked of.
const AVAILABILITY: &[&str] =
    &["uptime", "availability", "available", "availabilty", "avail", "sla", "slo"];
/// Other things that are counted in nines.
const OTHER_SHARES: &[&str] =
    &["cpu", "reads", "read", "hit", "hits", "durability", "durable", "accuracy", "accurate"];

pub(super) fn share(around: &Around, draft: &mut Draft, confidence: f64) {
    let quantity = around.quantity;
    let share = if quantity.nines { quantity.value } else { quantity.value / 100.0 };
    let span = quantity.span;
    if quantity.nines
        || ((0.9..1.0).contains(&share) && (share >= 0.99 || around.near(4, AVAILABILITY)))
    {
        if !quantity.nines && !around.near(2, AVAILABILITY) && around.near(3, OTHER_SHARES) {
            return;
        }
        draft.set(|it| &mut it.availability, "availability", share, span, confidence);
        return;
    }
    if around
        .before(5, &["grow", "grows", "growing", "growth", "increase", "increases", "increasing"])
        || around.after(3, &["growth", "growing"]).is_some()
    {
        let per = around.rate(4).map_or(31_536_000.0, |it| it.0);
        let yearly =
            if per < 31_536_000.0 { (1.0 + share).powf(31_536_000.0 / per) - 1.0 } else { share };
        draft.load(
            |it| &mut it.growth_per_year,
            "load.growth_per_year",
            yearly.min(1000.0),
            span,
            confidence,
        );
        return;
    }
    if around.after(2, &["read", "reads"]).is_some() && share <= 1.0 {
        draft.load(|it| &mut it.read_share, "load.read_share", share, span, confidence);
    } else if around.after(2, &["write", "writes"]).is_some()
        && share <= 1.0
        && draft.needs.load.read_share.is_none()
    {
        draft.load(|it| &mut it.read_share, "load.read_share", 1.0 - share, span, confidence);
    }
}

pub(super) fn money(around: &Around, draft: &mut Draft, confidence: f64) {
    let (reading, quantity) = (around.reading, around.quantity);
    let rate = around.rate(4);
    let end = rate.map_or(quantity.to, |it| it.1);
    let span = [quantity.span[0], reading.span(end, end)[1].max(quantity.span[1])];
    let per = rate.map(|it| it.0);
    if per.is_some_and(|it| it <= 3600.0) {
        return;
    }
    let currency = quantity.currency.unwrap_or(Currency::Usd);
    let monthly_word = around.before(5, &["monthly"]) || around.after(3, &["monthly"]).is_some();
    let monthly = match per {
        Some(per) => {
            quantity.value * MONTH / per * if per == 31_536_000.0 { 365.0 / 360.0 } else { 1.0 }
        }
        None if around.before(5, &["yearly", "annual", "annually"]) => quantity.value / 12.0,
        None => quantity.value,
    };
    let says_budget =
        around.near(7, &["budget", "budgets", "budgeted", "ceiling", "afford", "cap", "capped"]);
    let bounded = around.before(
        4,
        &[
            "under", "below", "within", "max", "maximum", "most", "exceed", "than", "over",
            "around", "about", "roughly", "limit",
        ],
    );
    let current = around.before(
        8,
        &[
            "billing",
            "bill",
            "current",
            "currently",
            "spend",
            "spending",
            "paying",
            "pay",
            "costs",
            "today",
        ],
    );
    let aside = around
        .after(
            3,
            &[
                "unused", "savings", "worth", "idle", "wasted", "revenue", "orders", "gmv", "fine",
                "salary",
            ],
        )
        .is_some()
        || around.before(5, &["revenue", "raised", "funding", "save", "saves", "worth"]);
    if aside && !says_budget {
        return;
    }
    if current && !says_budget {
        draft.fact(
            "spend.current",
            json!({"amount": round(monthly), "currency": currency.code()}),
            span,
            0.8,
        );
        return;
    }
    if !(says_budget || per.is_some() || monthly_word || bounded) {
        return;
    }
    if currency != Currency::Usd {
        draft.diagnostics.push(
            Diagnostic::new("budget-in-other-currency", Severity::Warning,
                format!("The budget is in {}; prices are in US dollars and rates are not looked up, so it is compared one to one.", currency.code()))
                .help("State the budget in US dollars to have it checked exactly.")
                .at(span),
        );
    }
    let confidence = if says_budget { confidence } else { confidence - 0.1 };
    draft.budget(round(monthly), says_budget, span, confidence);
}

fn round(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}
