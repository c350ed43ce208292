//! Why an option is as it is: its decisions as short records, what they rest on,
//! and what there is to know.

use serde::Serialize;
use serde_json::Value;

use crate::engine::policy::Policy;

/// A decision.
#[derive(Serialize)]
pub struct Record {
    pub topic: String,
    pub choice: String,
    /// The words that it goes back to, if there are any.
    pub quote: Option<String>,
    /// What else it was made from.
    pub context: String,
    pub because: String,
    /// What else there is, and why not.
    pub alternatives: Vec<(String, String)>,
    pub consequence: String,
    /// Ids and titles.
    pub components: Vec<(String, String)>,
    /// Whether it sets this option apart from another one.
    pub own: bool,
}

/// Remarks of one severity.
#[derive(Serialize)]
pub struct Remarks {
    pub severity: &'static str,
    pub title: &'static str,
    pub items: Vec<Remark>,
}

#[derive(Serialize)]
pub struct Remark {
    pub message: String,
    pub help: String,
    pub quote: Option<String>,
    /// Id and title.
    pub component: Option<(String, String)>,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The words of the description that something is about.
fn quote(report: &Value, span: &Value) -> Option<String> {
    let end = |nth: usize| usize::try_from(span[nth].as_u64()?).ok();
    let words = report["requirements"]["text"].as_str()?.get(end(0)?..end(1)?)?;
    Some(words.split_whitespace().collect::<Vec<_>>().join(" ")).filter(|it| !it.is_empty())
}

fn named(option: &Value, id: &Value) -> (String, String) {
    let found = list(&option["components"]).iter().find(|it| it["id"] == *id);
    let title = found.map_or_else(|| text(id), |it| text(&it["title"]));
    (text(id), title)
}

/// A whole number as people write it.
fn grouped(it: f64) -> String {
    let digits = format!("{it:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a topic is decided from, besides the words of a person.
fn context(report: &Value, option: &Value, topic: &str) -> String {
    let demand = |key: &str| report["demand"][key].as_f64().unwrap_or_default();
    match topic {
        "compute" | "database" | "load" | "messaging" | "cache" | "scaling" => {
            let (month, peak) = (demand("requests_per_month"), demand("peak_rps"));
            let rate = if peak >= 10.0 { format!("{peak:.0}") } else { format!("{peak:.1}") };
            match month > 0.0 {
                true => {
                    format!("{} requests a month, {rate} a second at the peak.", grouped(month))
                }
                false => "No load was stated that would decide it.".to_owned(),
            }
        }
        "recovery" | "availability" => {
            let share = option["availability"]["share"].as_f64().unwrap_or_default() * 100.0;
            let share = format!("{share:.3}");
            let share = share.trim_end_matches('0').trim_end_matches('.');
            format!("This option as a whole promises {share} % availability.")
        }
        "network" => {
            let parts = list(&option["connections"]).len();
            format!("{parts} connections between parts, each a rule of its own.")
        }
        _ => "The description leaves it open.".to_owned(),
    }
}

/// The decisions that hold for an option, in the order they were made.
pub fn records(report: &Value, option: &Value) -> Vec<Record> {
    let tier = &option["tier"];
    list(&report["decisions"])
        .iter()
        .filter(|it| list(&it["tiers"]).is_empty() || list(&it["tiers"]).contains(tier))
        .map(|it| {
            let topic = text(&it["topic"]);
            let pair = |it: &Value| (text(&it[0]), text(&it[1]));
            let there = |id: &&Value| list(&option["components"]).iter().any(|it| it["id"] == **id);
            let ids = list(&it["components"]).iter().filter(there);
            Record {
                quote: quote(report, &it["span"]),
                context: context(report, option, &topic),
                choice: text(&it["choice"]),
                because: text(&it["because"]),
                alternatives: list(&it["alternatives"]).iter().map(pair).collect(),
                consequence: text(&it["consequence"]),
                components: ids.map(|id| named(option, id)).collect(),
                own: !list(&it["tiers"]).is_empty() && list(&it["tiers"]).len() < 3,
                topic,
            }
        })
        .collect()
}

/// What there is to know, the gravest first.
pub fn remarks(report: &Value, option: &Value) -> Vec<Remarks> {
    let kinds = [
        ("error", "Cannot be done as asked"),
        ("warning", "Done in part, or looks unintended"),
        ("note", "Good to know"),
    ];
    let there = |id: &Value| list(&option["components"]).iter().any(|it| it["id"] == *id);
    kinds
        .into_iter()
        .map(|(severity, title)| {
            let items = list(&report["diagnostics"])
                .iter()
                .filter(|it| it["severity"] == severity)
                .map(|it| Remark {
                    message: text(&it["message"]),
                    help: text(&it["help"]),
                    quote: quote(report, &it["span"]),
                    component: there(&it["component"]).then(|| named(option, &it["component"])),
                })
                .collect();
            Remarks { severity, title, items }
        })
        .filter(|it: &Remarks| !it.items.is_empty())
        .collect()
}

/// What the organisation wants of the design, whatever the text asks for: what
/// it is, and its value.
pub fn from_organisation(policy: &Policy) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let mut say = |what, value: Option<String>| out.extend(value.map(|it| (what, it)));
    let words = |it: &std::collections::BTreeSet<String>| {
        (!it.is_empty()).then(|| it.iter().cloned().collect::<Vec<_>>().join(", "))
    };
    say("Cloud", policy.cloud.map(|it| it.title().to_owned()));
    say("Region", policy.region.clone());
    say("Recovery region", policy.recovery_region.clone());
    say("Allowed regions", policy.allowed_regions.as_ref().and_then(words));
    say("Allowed services", policy.allowed_services.as_ref().and_then(words));
    say("Forbidden services", words(&policy.forbidden_services));
    let laws: Vec<&str> = policy.compliance.iter().map(|it| it.title()).collect();
    say("Complies with", (!laws.is_empty()).then(|| laws.join(", ")));
    say("Name prefix", policy.name_prefix.clone());
    let tags: Vec<String> = policy.tags.iter().map(|it| format!("{} = {}", it.0, it.1)).collect();
    say("Tags", (!tags.is_empty()).then(|| tags.join(", ")));
    say("Tags to be given a value", words(&policy.required_tags));
    say("Addresses of new networks", policy.cidr.clone());
    say("Network", policy.existing_network.then(|| "one that is there is used".to_owned()));
    say("Domain", policy.domain.clone());
    say("Terraform state", policy.state.as_ref().map(|it| it.backend.clone()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::brief::Brief;
    use crate::engine::report;

    #[test]
    fn every_decision_of_an_option_is_a_whole_record() {
        let text = "A web shop on AWS for 20,000 visitors a day with PostgreSQL, budget 30 dollars";
        let report = report::analysis(&Brief::of(text).analyze());
        for option in report["options"].as_array().unwrap() {
            let records = records(&report, option);
            assert!(records.len() > 3, "{}", records.len());
            for it in &records {
                assert!(!it.choice.is_empty() && !it.because.is_empty() && !it.context.is_empty());
            }
            assert!(records.iter().any(|it| it.quote.is_some() && !it.components.is_empty()));
            assert_eq!(remarks(&report, option)[0].severity, "error", "the budget is too small");
        }
        let cut = serde_json::json!([0, 999]);
        assert_eq!(quote(&report, &cut), None);
        assert_eq!(grouped(12_345_678.4), "12,345,678");
    }

    #[test]
    fn what_an_organisation_wants_is_said() {
        assert!(from_organisation(&Policy::default()).is_empty());
        let policy = Policy {
            tags: [("team".to_owned(), "blue".to_owned())].into(),
            cidr: Some("10.20.0.0/16".to_owned()),
            ..Policy::default()
        };
        let said = from_organisation(&policy);
        assert_eq!(said[0], ("Tags", "team = blue".to_owned()));
        assert_eq!(said[1].1, "10.20.0.0/16");
    }
}
