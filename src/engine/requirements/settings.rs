//! Values that a person sets by hand, for an assumption or in answer to a question.
//!
//! A setting is stronger than what was read before it was made and gives way to
//! what is said after. Every kind that is assumed or asked about can be set, and
//! knows which field a page draws for it, which values it takes and what they
//! are called.

use super::draft::Draft;
use super::{Cloud, Compliance, DataClass, Needs, Preferences, Stance, regions};
use crate::engine::cost::catalogue;
use crate::engine::plan::profile::number;
use serde::Serialize;
use serde_json::{Value, json};

/// Clouds that designs are made for.
pub const CLOUDS: &[Cloud] = &[Cloud::Aws];

/// The field that a kind is set with.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "field", rename_all = "lowercase")]
pub enum Control {
    /// One of these; a value that is not among them is allowed where
    /// [`check_setting`] takes it.
    Choice {
        choices: Vec<Choice>,
    },
    /// Any number of these; the value is a list.
    Choices {
        choices: Vec<Choice>,
    },
    Number {
        unit: &'static str,
        min: f64,
        max: f64,
        step: f64,
    },
    Text,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    pub value: Value,
    pub label: String,
}

type NumberField = fn(&mut Needs) -> &mut Option<f64>;

enum Slot {
    Number {
        field: NumberField,
        unit: &'static str,
        min: f64,
        max: f64,
        step: f64,
    },
    /// A share of time, of which a few are usual.
    Availability,
    Wish(fn(&mut Preferences) -> &mut Option<bool>),
    Flag(fn(&mut Needs) -> &mut bool),
    Domain,
    Cidr,
    Cloud,
    Region,
    SecondRegion,
    Residency,
    Laws,
    /// Which of several named services is meant.
    Service,
}
use Slot::*;

struct Row {
    kind: &'static str,
    label: &'static str,
    slot: Slot,
}

const fn row(kind: &'static str, label: &'static str, slot: Slot) -> Row {
    Row { kind, label, slot }
}

const fn of(
    kind: &'static str,
    label: &'static str,
    unit: &'static str,
    [min, max, step]: [f64; 3],
    field: NumberField,
) -> Row {
    Row { kind, label, slot: Number { field, unit, min, max, step } }
}

const PEOPLE: [f64; 3] = [1.0, 5e9, 1.0];
const RATE: [f64; 3] = [0.01, 1e7, 0.01];
const COUNT: [f64; 3] = [1.0, 1e13, 1.0];
const SIZE: [f64; 3] = [0.1, 1e8, 0.1];

static ROWS: &[Row] = &[
    row("cloud", "Cloud", Cloud),
    row("region", "Region", Region),
    row("region.second", "Second region", SecondRegion),
    row("residency", "Data stays in", Residency),
    row("multi_region", "Several regions", Flag(|it| &mut it.multi_region)),
    row("compliance", "Compliance", Laws),
    row("service", "Service", Service),
    row("availability", "Availability", Availability),
    of("budget", "Budget", "USD a month", [1.0, 1e9, 1.0], |it| &mut it.budget),
    of("rto", "Time to recover", "minutes", [0.1, 525_600.0, 0.1], |it| &mut it.rto_minutes),
    of("rpo", "Tolerable data loss", "minutes", [0.0, 525_600.0, 0.1], |it| &mut it.rpo_minutes),
    of("retention", "Retention", "days", [1.0, 36_500.0, 1.0], |it| &mut it.retention_days),
    of("load.users", "Users", "people", PEOPLE, |it| &mut it.load.users),
    of("load.monthly_active_users", "Users a month", "people", PEOPLE, |it| {
        &mut it.load.monthly_active_users
    }),
    of("load.daily_active_users", "Users a day", "people", PEOPLE, |it| {
        &mut it.load.daily_active_users
    }),
    of("load.concurrent_users", "Users at once", "people", PEOPLE, |it| {
        &mut it.load.concurrent_users
    }),
    of("load.visits_per_month", "Visits a month", "visits", PEOPLE, |it| {
        &mut it.load.visits_per_month
    }),
    of("load.requests_per_second", "Requests a second", "per second", RATE, |it| {
        &mut it.load.requests_per_second
    }),
    of("load.peak_requests_per_second", "Requests a second at peak", "per second", RATE, |it| {
        &mut it.load.peak_requests_per_second
    }),
    of("load.requests_per_month", "Requests a month", "per month", COUNT, |it| {
        &mut it.load.requests_per_month
    }),
    of("load.messages_per_second", "Messages a second", "per second", RATE, |it| {
        &mut it.load.messages_per_second
    }),
    of("load.messages_per_month", "Messages a month", "per month", COUNT, |it| {
        &mut it.load.messages_per_month
    }),
    of("load.devices", "Devices", "devices", PEOPLE, |it| &mut it.load.devices),
    of("load.jobs_per_day", "Jobs a day", "per day", [1.0, 1e10, 1.0], |it| {
        &mut it.load.jobs_per_day
    }),
    of("load.files_per_month", "Files a month", "per month", [1.0, 1e11, 1.0], |it| {
        &mut it.load.files_per_month
    }),
    of("load.item_kb", "Size of an item", "kB", [0.01, 1e9, 0.01], |it| &mut it.load.item_kb),
    of("load.storage_gb", "Data stored", "GB", SIZE, |it| &mut it.load.storage_gb),
    of("load.ingest_gb_per_day", "Data arriving a day", "GB per day", SIZE, |it| {
        &mut it.load.ingest_gb_per_day
    }),
    of("load.egress_gb_per_month", "Data sent out a month", "GB per month", SIZE, |it| {
        &mut it.load.egress_gb_per_month
    }),
    of("load.growth_per_year", "Growth a year", "share", [0.0, 100.0, 0.01], |it| {
        &mut it.load.growth_per_year
    }),
    of("load.peak_factor", "Peak over average", "times", [1.0, 1000.0, 0.1], |it| {
        &mut it.load.peak_factor
    }),
    of("load.read_share", "Share of reads", "share", [0.0, 1.0, 0.01], |it| {
        &mut it.load.read_share
    }),
    row("preference.serverless", "Serverless", Wish(|it| &mut it.serverless)),
    row("preference.kubernetes", "Kubernetes", Wish(|it| &mut it.kubernetes)),
    row("preference.containers", "Containers", Wish(|it| &mut it.containers)),
    row("preference.virtual_machines", "Virtual machines", Wish(|it| &mut it.virtual_machines)),
    row("preference.managed_services", "Managed services", Wish(|it| &mut it.managed_services)),
    row("preference.open_source", "Open source", Wish(|it| &mut it.open_source)),
    row("preference.arm", "ARM processors", Wish(|it| &mut it.arm)),
    row("preference.spot", "Spot capacity", Wish(|it| &mut it.spot)),
    row("preference.scale_to_zero", "Scale to zero", Flag(|it| &mut it.preferences.scale_to_zero)),
    row("preference.private_only", "Private only", Flag(|it| &mut it.preferences.private_only)),
    row(
        "preference.low_operations",
        "Little operation",
        Flag(|it| &mut it.preferences.low_operations),
    ),
    row("preference.cost_first", "Cost first", Flag(|it| &mut it.preferences.cost_first)),
    row("network.domain", "Domain", Domain),
    row("network.cidr", "Address range", Cidr),
];

/// Kinds that measure the same, so that one stated replaces the others.
const SAME: &[&[&str]] = &[
    &[
        "load.users",
        "load.monthly_active_users",
        "load.daily_active_users",
        "load.concurrent_users",
        "load.visits_per_month",
    ],
    &["load.requests_per_second", "load.requests_per_month"],
    &["load.messages_per_second", "load.messages_per_month"],
];

/// Whether a statement about one kind is one about the other.
pub fn same_measure(one: &str, other: &str) -> bool {
    one == other || SAME.iter().any(|it| it.contains(&one) && it.contains(&other))
}

fn find(kind: &str) -> Option<&'static Row> {
    ROWS.iter().find(|it| it.kind == kind)
}

/// Every kind that can be set.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    ROWS.iter().map(|it| it.kind)
}

/// What a kind is called on a page; the kind itself where it has no name.
pub fn label(kind: &str) -> &str {
    find(kind).map_or(kind, |it| it.label)
}

fn choice(value: impl Into<Value>, label: impl Into<String>) -> Choice {
    Choice { value: value.into(), label: label.into() }
}

fn region_choices() -> Vec<Choice> {
    catalogue::regions("aws").iter().map(|it| choice(it.code, region_label(it))).collect()
}

fn region_label(it: &catalogue::Region) -> String {
    format!("{} ({})", it.city, it.code)
}

const SHARES: &[f64] = &[0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999];

/// The field that a page draws for a kind; `None` when it cannot be set.
pub fn control(kind: &str) -> Option<Control> {
    let choices = match &find(kind)?.slot {
        Number { unit, min, max, step, .. } => {
            return Some(Control::Number { unit, min: *min, max: *max, step: *step });
        }
        Domain | Cidr => return Some(Control::Text),
        Service => return Some(Control::Text),
        Laws => {
            let all = Compliance::ALL.iter().map(|it| choice(json!(it), it.title())).collect();
            return Some(Control::Choices { choices: all });
        }
        Availability => SHARES.iter().map(|it| choice(*it, percent(*it))).collect(),
        Wish(_) => vec![
            choice(Value::Null, "no matter"),
            choice(true, "wanted"),
            choice(false, "not wanted"),
        ],
        Flag(_) => vec![choice(true, "yes"), choice(false, "no")],
        Cloud => CLOUDS.iter().map(|it| choice(json!(it), it.title())).collect(),
        Region | SecondRegion => region_choices(),
        Residency => {
            let mut out = vec![choice(Value::Null, "anywhere")];
            out.extend(regions::group_names().map(|(code, name)| choice(code, name)));
            out
        }
    };
    Some(Control::Choice { choices })
}

/// Says what is wrong with a value for a kind.
pub fn check_setting(kind: &str, value: &Value) -> Result<(), String> {
    let Some(row) = find(kind) else {
        return Err(format!("{kind} cannot be set."));
    };
    let label = row.label;
    match &row.slot {
        Number { unit, min, max, .. } => match value.as_f64() {
            Some(it) if it >= *min && it <= *max => Ok(()),
            _ => Err(format!(
                "{label}: give a number from {} to {} ({unit}).",
                number(*min),
                number(*max)
            )),
        },
        Availability => match value.as_f64() {
            Some(it) if (0.5..=0.99999).contains(&it) => Ok(()),
            _ => Err(format!("{label}: give a share from 50 % to 99.999 %, such as 99.9 %.")),
        },
        Wish(_) if value.is_null() || value.is_boolean() => Ok(()),
        Wish(_) => Err(format!("{label}: choose true, false, or null where it does not matter.")),
        Flag(_) if value.is_boolean() => Ok(()),
        Flag(_) => Err(format!("{label}: choose true or false.")),
        Domain => match value.as_str() {
            Some(it) if is_domain(it) => Ok(()),
            _ => Err(format!("{label}: give a name such as example.com.")),
        },
        Cidr => match value.as_str() {
            Some(it) if crate::engine::policy::is_network(it) => Ok(()),
            _ => Err(format!("{label}: give a range such as 10.20.0.0/16, from /16 to /24.")),
        },
        Cloud => match value.as_str().and_then(super::Cloud::named) {
            Some(it) if CLOUDS.contains(&it) => Ok(()),
            Some(it) => Err(format!("{label}: no designs are made for {} yet.", it.title())),
            None => Err(format!("{label}: no such cloud.")),
        },
        Region | SecondRegion => match value.as_str() {
            Some(it) if catalogue::region("aws", it).is_some() => Ok(()),
            _ => Err(format!("{label}: give a region of AWS, such as eu-central-1.")),
        },
        Residency => match value.as_str() {
            None if value.is_null() => Ok(()),
            Some(it) if regions::group_names().any(|(code, _)| code == it) => Ok(()),
            _ => Err(format!("{label}: give a country or union, such as eu, us or de.")),
        },
        Laws => match value.as_array() {
            Some(names) => {
                match names.iter().find(|it| it.as_str().and_then(Compliance::named).is_none()) {
                    None => Ok(()),
                    Some(it) => Err(format!(
                        "{label}: {it} is not known; known are {}.",
                        Compliance::ALL.map(Compliance::title).join(", ")
                    )),
                }
            }
            None => Err(format!("{label}: give a list, such as [\"HIPAA\"].")),
        },
        Service => {
            let known = |it: &Value| it.as_str().is_some_and(super::vocabulary::is_service);
            match value {
                Value::Array(items) if !items.is_empty() && items.iter().all(known) => Ok(()),
                it if known(it) => Ok(()),
                _ => Err(format!("{label}: name a service such as dynamodb, or a list of them.")),
            }
        }
    }
}

/// A value as a person types or picks it: `$300`, `99.9 %`, `Frankfurt`, `50k`,
/// or the words of a choice that a question offers.
pub fn parse_setting(kind: &str, text: &str) -> Result<Value, String> {
    let text = text.trim();
    let plain = text.to_lowercase();
    let Some(row) = find(kind) else {
        return Err(format!("{kind} cannot be set."));
    };
    if let Some(Control::Choice { choices } | Control::Choices { choices }) = control(kind)
        && let Some(it) = choices.iter().find(|it| it.label.to_lowercase() == plain)
        && !matches!(row.slot, Laws)
    {
        return Ok(it.value.clone());
    }
    let value = match &row.slot {
        Number { .. } => match amount(&plain) {
            // "20 %" of growth or of reads.
            Some(it) if plain.ends_with('%') => json!(it / 100.0),
            Some(it) => json!(it),
            None => json!(text),
        },
        Availability => match amount(&plain) {
            Some(it) if it > 1.0 => json!((it * 1e7).round() / 1e9),
            Some(it) => json!(it),
            None => json!(text),
        },
        Wish(_) | Flag(_) => match plain.as_str() {
            "true" | "yes" | "on" | "wanted" | "serverless only" => json!(true),
            "false" | "no" | "off" | "not wanted" => json!(false),
            // What the question about named machines offers.
            "" | "null" | "no matter" | "keep the machines" => Value::Null,
            _ => json!(text),
        },
        Region | SecondRegion => match catalogue::region("aws", &plain) {
            Some(it) => json!(it.code),
            None => match regions::of_words(&plain) {
                Some(code) => json!(code),
                None => json!(plain),
            },
        },
        Residency => {
            let named = regions::group_names().find(|it| it.1.to_lowercase() == plain);
            match named {
                Some((code, _)) => json!(code),
                None if plain.is_empty() => Value::Null,
                None => json!(plain),
            }
        }
        Laws => plain
            .split(',')
            .map(str::trim)
            .filter(|it| !it.is_empty())
            .map(|it| Compliance::named(it).map_or_else(|| json!(it), |law| json!(law)))
            .collect(),
        Service => {
            let all: Vec<&str> =
                plain.split(',').map(str::trim).filter(|it| !it.is_empty()).collect();
            json!(all)
        }
        Domain | Cidr | Cloud => json!(plain),
    };
    check_setting(kind, &value)?;
    Ok(value)
}

/// "$1,200", "50k", "1.5 million", "99.9 %".
fn amount(text: &str) -> Option<f64> {
    let text = text.trim_end_matches('%').trim().trim_start_matches(['$', '€']).replace(',', "");
    let text = text.trim();
    let (digits, scale) = match text {
        it if it.ends_with("million") => (it.trim_end_matches("million"), 1e6),
        it if it.ends_with("billion") => (it.trim_end_matches("billion"), 1e9),
        it if it.ends_with('k') => (it.trim_end_matches('k'), 1e3),
        it if it.ends_with('m') => (it.trim_end_matches('m'), 1e6),
        it => (it, 1.0),
    };
    digits.trim().parse::<f64>().ok().filter(|it| it.is_finite()).map(|it| it * scale)
}

/// A value for people: `99.9 %`, `$300 a month`, `Frankfurt (eu-central-1)`.
pub fn show_value(kind: &str, value: &Value) -> String {
    let plain = |it: &Value| match it {
        Value::String(it) => it.clone(),
        Value::Array(items) => {
            items.iter().map(|it| it.as_str().unwrap_or_default()).collect::<Vec<_>>().join(", ")
        }
        Value::Null => "not set".to_owned(),
        it => it.to_string(),
    };
    let Some(row) = find(kind) else { return plain(value) };
    match (&row.slot, value.as_f64()) {
        (Availability, Some(it)) => percent(it),
        (Number { .. }, Some(it)) if kind == "budget" => format!("${} a month", number(it)),
        (Number { unit: "minutes", .. }, Some(it)) => crate::engine::analysis::minutes_text(it),
        (Number { unit: "share", .. }, Some(it)) => percent(it),
        (Number { unit: "times", .. }, Some(it)) => format!("{} times", number(it)),
        (Number { unit, .. }, Some(it)) => format!("{} {unit}", number(it)),
        (Laws, _) => {
            let names: Vec<&str> = match value {
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                it => it.as_str().into_iter().collect(),
            };
            let title = |it: &&str| {
                Compliance::named(it).map_or((*it).to_owned(), |it| it.title().to_owned())
            };
            names.iter().map(title).collect::<Vec<_>>().join(", ")
        }
        (Region | SecondRegion, _) => {
            match value.as_str().and_then(|it| catalogue::region("aws", it)) {
                Some(it) => region_label(it),
                None => plain(value),
            }
        }
        _ => match control(kind) {
            Some(Control::Choice { choices }) => choices
                .into_iter()
                .find(|it| it.value == *value)
                .map_or_else(|| plain(value), |it| it.label),
            _ => plain(value),
        },
    }
}

/// `99.95 %`: as many digits as it has, at most five.
pub fn percent(share: f64) -> String {
    let text = format!("{:.5}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

fn is_domain(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
        && text.rsplit('.').next().is_some_and(|it| it.bytes().any(|b| b.is_ascii_lowercase()))
}

/// Writes a value over what was read. `false`, and nothing happens, when the
/// value does not fit its kind.
pub(super) fn apply(draft: &mut Draft, kind: &str, value: &Value) -> Option<&'static str> {
    check_setting(kind, value).ok()?;
    let row = find(kind)?;
    let needs = &mut draft.needs;
    for other in SAME.iter().filter(|it| it.contains(&kind)).flat_map(|it| it.iter()) {
        if let Some(Row { slot: Number { field, .. }, .. }) = find(other) {
            *field(needs) = None;
        }
    }
    match &row.slot {
        Number { field, .. } => *field(needs) = value.as_f64(),
        Availability => needs.availability = value.as_f64(),
        Wish(field) => *field(&mut needs.preferences) = value.as_bool(),
        Flag(field) => {
            *field(needs) = value == &json!(true);
            if kind == "multi_region" && value == &json!(false) {
                needs.regions.truncate(1);
            }
        }
        Domain => needs.network.domain = value.as_str().map(str::to_owned),
        Cidr => needs.network.cidr = value.as_str().map(str::to_owned),
        Cloud => needs.clouds = value.as_str().and_then(super::Cloud::named).into_iter().collect(),
        Region => {
            let code = value.as_str()?.to_owned();
            let second = needs.regions.get(1).filter(|it| **it != code).cloned();
            if needs.residency.as_ref().is_some_and(|it| !regions::within(&code, it)) {
                needs.residency = None;
                draft.facts.retain(|it| it.kind != "residency");
            }
            needs.regions = std::iter::once(code).chain(second).collect();
        }
        SecondRegion => {
            let code = value.as_str()?.to_owned();
            needs.regions.truncate(1);
            if needs.regions.first() != Some(&code) {
                needs.regions.push(code);
            }
            needs.multi_region = true;
        }
        Residency => {
            needs.residency = value.as_str().map(str::to_owned);
            if let Some(group) = &needs.residency {
                needs.regions.retain(|it| regions::within(it, group));
            }
        }
        Laws => {
            needs.compliance =
                value.as_array()?.iter().filter_map(|it| Compliance::named(it.as_str()?)).collect();
            for law in &needs.compliance {
                needs.data.extend(data_of(*law));
            }
        }
        Service => {
            let chosen: Vec<&str> = match value {
                Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
                it => it.as_str().into_iter().collect(),
            };
            let chosen = |it: &str| chosen.contains(&it);
            let mut others: Vec<String> = Vec::new();
            for question in draft.questions.iter().filter(|it| it.kind == "service") {
                if question.choices.iter().any(|it| chosen(it)) {
                    others.extend(question.choices.iter().filter(|it| !chosen(it)).cloned());
                }
            }
            for mention in &mut needs.mentions {
                if chosen(mention.service) {
                    mention.stance = Stance::Wanted;
                } else if others.iter().any(|it| it == mention.service) {
                    mention.stance = Stance::Passing;
                }
            }
            draft
                .questions
                .retain(|it| it.kind != "service" || !it.choices.iter().any(|it| chosen(it)));
        }
    }
    if !matches!(row.slot, Service) {
        draft.facts.retain(|it| !same_measure(it.kind, kind));
        draft.questions.retain(|it| it.kind != kind);
    }
    if kind == "budget" {
        draft.diagnostics.retain(|it| it.code != "contradictory-budget");
    }
    Some(row.kind)
}

/// Classes of data that a framework is about.
pub(super) fn data_of(law: Compliance) -> Option<DataClass> {
    match law {
        Compliance::Hipaa => Some(DataClass::Health),
        Compliance::PciDss => Some(DataClass::Payment),
        Compliance::Gdpr => Some(DataClass::Personal),
        _ => None,
    }
}

/// What now holds for a kind, in the form that [`apply`] takes.
pub(super) fn current(kind: &str, needs: &Needs, set: &Value) -> Value {
    let Some(row) = find(kind) else { return set.clone() };
    let needs = &mut needs.clone();
    match &row.slot {
        Number { field, .. } => json!(*field(needs)),
        Availability => json!(needs.availability),
        Wish(field) => json!(*field(&mut needs.preferences)),
        Flag(field) => json!(*field(needs)),
        Domain => json!(needs.network.domain),
        Cidr => json!(needs.network.cidr),
        Cloud => json!(needs.clouds.first()),
        Region => json!(needs.regions.first()),
        SecondRegion => json!(needs.regions.get(1)),
        Residency => json!(needs.residency),
        Laws => json!(needs.compliance),
        Service => set.clone(),
    }
}
