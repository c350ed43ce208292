//! Requirements in the making: where every reader puts what it found.

use super::settings::data_of;
use super::{Compliance, DataClass, Diagnostic, Fact, Load, Needs, Question};
use crate::engine::diag::{Severity, Span};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Requirements in the making.
pub(super) struct Draft<'t> {
    pub text: &'t str,
    pub needs: Needs,
    pub facts: Vec<Fact>,
    pub diagnostics: Vec<Diagnostic>,
    pub questions: Vec<Question>,
    /// Whether the budget was called one, and where.
    budget: Option<(bool, Span)>,
    /// Where devices were last counted, and how many.
    pub devices: Option<(Span, f64)>,
    said: BTreeSet<(&'static str, String)>,
}

impl<'t> Draft<'t> {
    pub(super) fn of(text: &'t str, needs: Needs) -> Self {
        Self {
            text,
            needs,
            facts: Vec::new(),
            diagnostics: Vec::new(),
            questions: Vec::new(),
            budget: None,
            devices: None,
            said: BTreeSet::new(),
        }
    }

    pub(super) fn fact(&mut self, kind: &'static str, value: Value, span: Span, confidence: f64) {
        // Said again in other words it is still one fact.
        if !self.said.insert((kind, value.to_string())) {
            return;
        }
        if kind == "load.devices" {
            self.devices = value.as_f64().map(|it| (span, it));
        }
        let text = self.text.get(span[0]..span[1]).unwrap_or_default().to_owned();
        let confidence = (confidence * 100.0).round() / 100.0;
        self.facts.push(Fact { kind, value, text, span, confidence });
    }

    /// A load: the larger of two statements counts, since sizing must hold both.
    pub(super) fn load(
        &mut self,
        field: fn(&mut Load) -> &mut Option<f64>,
        kind: &'static str,
        value: f64,
        span: Span,
        confidence: f64,
    ) {
        let value = tidy(value);
        let slot = field(&mut self.needs.load);
        *slot = Some(slot.map_or(value, |it| it.max(value)));
        self.fact(kind, json!(value), span, confidence);
    }

    /// A load of which several statements add up.
    pub(super) fn load_sum(
        &mut self,
        field: fn(&mut Load) -> &mut Option<f64>,
        kind: &'static str,
        value: f64,
        span: Span,
        confidence: f64,
    ) {
        let value = tidy(value);
        let slot = field(&mut self.needs.load);
        *slot = Some(slot.unwrap_or(0.0) + value);
        self.fact(kind, json!(value), span, confidence);
    }

    /// A single value: the first statement stands, a different one is reported.
    pub(super) fn set(
        &mut self,
        field: fn(&mut Needs) -> &mut Option<f64>,
        kind: &'static str,
        value: f64,
        span: Span,
        confidence: f64,
    ) {
        let value = tidy(value);
        let slot = field(&mut self.needs);
        match *slot {
            None => *slot = Some(value),
            // Of two goals the stricter is met by a design that meets both.
            Some(old) if kind == "availability" || kind == "retention" => {
                *slot = Some(old.max(value))
            }
            Some(old) => *slot = Some(old.min(value)),
        }
        self.fact(kind, json!(value), span, confidence);
    }

    pub(super) fn law(&mut self, law: Compliance, span: Span, confidence: f64) {
        if self.needs.compliance.insert(law) {
            self.fact("compliance", json!(law), span, confidence);
            self.needs.data.extend(data_of(law));
        }
    }

    pub(super) fn data(&mut self, class: DataClass, span: Span) {
        self.needs.data.insert(class);
        self.fact("data", json!(class), span, 0.75);
    }

    pub(super) fn budget(&mut self, monthly: f64, named: bool, span: Span, confidence: f64) {
        self.fact("budget", json!(monthly), span, confidence);
        let old = self.budget;
        match (old, self.needs.budget) {
            (Some((was_named, first)), Some(amount))
                if (amount - monthly).abs() > 0.005 * amount =>
            {
                if was_named && !named {
                    return;
                }
                if was_named == named {
                    self.diagnostics.push(
                        Diagnostic::new("contradictory-budget", Severity::Warning,
                            format!("Two budgets are stated: ${amount} and ${monthly} a month; the lower one is used."))
                            .help("Say which of the two holds.")
                            .at(span),
                    );
                    self.questions.push(Question {
                        kind: "budget",
                        text: "Which monthly budget holds?".to_owned(),
                        choices: vec![format!("${amount}"), format!("${monthly}")],
                    });
                    self.needs.budget = Some(amount.min(monthly));
                    self.budget = Some((named, first));
                    return;
                }
            }
            _ => {}
        }
        self.needs.budget = Some(monthly);
        self.budget = Some((named, span));
    }
}

/// Removes what floating-point arithmetic adds in the twelfth digit.
fn tidy(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(11 - value.abs().log10().floor() as i32);
    let tidy = (value * scale).round() / scale;
    if tidy.is_finite() { tidy } else { value }
}
