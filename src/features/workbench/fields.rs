//! The form for people who prefer fields to prose. What it says becomes the
//! first message, so that prose stays the one truth.

use serde::Serialize;

use crate::engine::brief::{self, Form};
use crate::engine::requirements::settings::Control;
use crate::engine::requirements::{Cloud, Compliance};
use crate::platform::error::{Error, FieldError, Result};

/// The fields as they were typed, and what can be chosen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Fields {
    pub workload: String,
    pub users: String,
    pub requests_per_second: String,
    pub cloud: String,
    pub region: String,
    pub budget: String,
    pub availability: String,
    pub compliance: Vec<String>,
    pub more: String,
}

#[derive(Serialize)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

#[derive(Serialize)]
pub struct Choices {
    pub workloads: Vec<Choice>,
    pub clouds: Vec<Choice>,
    pub regions: Vec<Choice>,
    pub availabilities: Vec<Choice>,
    pub compliance: Vec<Choice>,
}

fn any(label: &str) -> Choice {
    Choice { value: String::new(), label: label.to_owned() }
}

/// What a kind can be, as text, after the choice of leaving it open.
fn choices(kind: &str, open: Option<&str>) -> Vec<Choice> {
    let mut out: Vec<Choice> = open.map(any).into_iter().collect();
    if let Some(Control::Choice { choices } | Control::Choices { choices }) = brief::control(kind) {
        out.extend(choices.into_iter().map(|it| Choice {
            value: it.value.as_str().map_or_else(|| it.value.to_string(), str::to_owned),
            label: it.label,
        }));
    }
    out
}

impl Choices {
    pub fn all() -> Self {
        let mut workloads = vec![any("Choose…")];
        workloads.extend(
            Form::workloads().map(|it| Choice { value: it.0.to_owned(), label: it.1.to_owned() }),
        );
        Self {
            workloads,
            clouds: choices("cloud", Some("No preference")),
            regions: choices("region", Some("Nearest to the users")),
            availabilities: choices("availability", Some("What is usual")),
            compliance: choices("compliance", None),
        }
    }
}

impl Fields {
    pub fn of(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| -> Vec<String> {
            let found = pairs.iter().filter(|it| it.0 == name);
            found.map(|it| it.1.trim().to_owned()).collect()
        };
        let one = |name: &str| all(name).pop().unwrap_or_default();
        Self {
            workload: one("workload"),
            users: one("users"),
            requests_per_second: one("requests_per_second"),
            cloud: one("cloud"),
            region: one("region"),
            budget: one("budget"),
            availability: one("availability"),
            compliance: all("compliance"),
            more: one("more"),
        }
    }

    /// As a person would have written it.
    pub fn text(&self) -> Result<String> {
        let mut wrong = Vec::new();
        let mut number = |field: &'static str, kind: &str, typed: &str| {
            if typed.is_empty() {
                return None;
            }
            let value = brief::parse_setting(kind, typed);
            match value.and_then(|it| brief::check_setting(kind, &it).map(|()| it)) {
                Ok(value) => value.as_f64(),
                Err(text) => {
                    wrong.push(FieldError::new(field, text));
                    None
                }
            }
        };
        let form = Form {
            users: number("users", "load.users", &self.users),
            requests_per_second: number(
                "requests_per_second",
                "load.peak_requests_per_second",
                &self.requests_per_second,
            ),
            budget: number("budget", "budget", &self.budget),
            availability: self.availability.parse().ok(),
            workload: self.workload.clone(),
            cloud: Cloud::named(&self.cloud),
            region: Some(self.region.clone()).filter(|it| !it.is_empty()),
            compliance: self.compliance.iter().filter_map(|it| Compliance::named(it)).collect(),
            more: self.more.clone(),
        };
        wrong.extend(form.problems().into_iter().map(|(field, text)| FieldError::new(field, text)));
        if wrong.is_empty() { Ok(form.text()) } else { Err(Error::Invalid(wrong)) }
    }
}
