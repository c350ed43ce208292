//! The input of an analysis: what was said and set, turn by turn.
//!
//! A brief is all that has to be kept of a conversation: equal briefs give equal
//! analyses. A value that is set by hand is stronger than what was said before
//! it, and gives way to what is said after.

use super::analysis::{self, Analysis, Cost, Format};
use super::diag::{Diagnostic, Severity};
use super::emit::terraform::Settings;
use super::graph::Graph;
use super::policy::{Policy, check_tag};
use super::requirements::settings::{self, Control};
use super::requirements::{self, Cloud, Compliance, Given, Hints, Requirements, WorkloadKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

pub use settings::{check_setting, control, kinds, label, parse_setting, same_measure, show_value};

/// What a person said and set, and what their organisation prescribes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Brief {
    /// The first text and every change since.
    pub turns: Vec<String>,
    /// Values set by hand, by kind: `region`, `load.users`, `availability` …
    pub settings: BTreeMap<String, Setting>,
    pub hints: Hints,
    pub policy: Policy,
    /// Tags of this design, besides those of the organisation.
    pub tags: BTreeMap<String, String>,
}

/// A value, and when it was set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Setting {
    pub value: Value,
    /// How many turns there were: later ones are stronger.
    pub after: usize,
}

/// How far an analysis is; told while it is made.
pub enum Step<'a> {
    Understood(&'a Requirements),
    /// Once for each option.
    Planned(&'a Graph),
    /// Which connections are real, in the order of the graph.
    Wired(&'a Graph, &'a [bool]),
    Priced(&'a Graph, &'a Cost),
}

impl Brief {
    pub fn of(text: impl Into<String>) -> Self {
        Self { turns: vec![text.into()], ..Self::default() }
    }

    /// Adds a turn.
    pub fn say(&mut self, text: impl Into<String>) {
        self.turns.push(text.into());
    }

    /// Sets a value by hand, as of now.
    pub fn set(&mut self, kind: &str, value: Value) -> Result<(), String> {
        self.check(kind, &value)?;
        self.settings.retain(|it, _| !same_measure(it, kind));
        self.settings.insert(kind.to_owned(), Setting { value, after: self.turns.len() });
        Ok(())
    }

    /// Takes a setting back: what was said, or assumed, holds again.
    pub fn unset(&mut self, kind: &str) {
        self.settings.remove(kind);
    }

    /// Says what is wrong with a value, also by the rules of the organisation.
    pub fn check(&self, kind: &str, value: &Value) -> Result<(), String> {
        self.check_beside(kind, value, self.main_region(kind).as_deref())
    }

    /// The region that a second one has to differ from.
    fn main_region(&self, kind: &str) -> Option<String> {
        (kind == "region.second").then(|| self.requirements().needs.regions.into_iter().next())?
    }

    fn check_beside(&self, kind: &str, value: &Value, main: Option<&str>) -> Result<(), String> {
        check_setting(kind, value)?;
        if main.is_some() && value.as_str() == main {
            return Err("Second region: it has to be another than the main one.".to_owned());
        }
        if matches!(kind, "region" | "region.second")
            && let Some(code) = value.as_str()
            && !self.policy.allows_region(code)
        {
            return Err(format!("Your organisation does not allow the region {code}."));
        }
        Ok(())
    }

    /// The field to set a kind with, with no choice that the organisation forbids.
    pub fn control(&self, kind: &str) -> Option<Control> {
        let mut control = control(kind)?;
        if let Control::Choice { choices } = &mut control {
            let main = self.main_region(kind);
            choices.retain(|it| self.check_beside(kind, &it.value, main.as_deref()).is_ok());
        }
        Some(control)
    }

    /// Tags that the organisation asks for and nobody has given a value.
    pub fn missing_tags(&self) -> impl Iterator<Item = &str> {
        self.policy
            .required_tags
            .iter()
            .filter(|it| !self.tags.contains_key(*it) && !self.policy.tags.contains_key(*it))
            .map(String::as_str)
    }

    /// What the code of its options is written with.
    pub fn code(&self) -> Settings {
        let mut tags = self.tags.clone();
        tags.extend(self.policy.tags.clone());
        let state = self.policy.state.as_ref();
        Settings { tags, backend: state.map(|it| (it.backend.clone(), it.settings.clone())) }
    }

    /// The format where nobody asks for another.
    pub fn format(&self) -> Format {
        self.policy.format.unwrap_or(Format::Terraform)
    }

    /// What all turns and settings come to.
    pub fn requirements(&self) -> Requirements {
        let mut hints = self.hints.clone();
        if let Some(setting) = self.settings.get("cloud") {
            hints.cloud = setting.value.as_str().and_then(Cloud::named).or(hints.cloud);
        }
        let mut out: Option<Requirements> = None;
        for (nth, text) in self.turns.iter().enumerate() {
            let last = nth + 1 == self.turns.len();
            let set_at = |wanted: &dyn Fn(usize) -> bool| -> Vec<(&str, &Value)> {
                let here = self.settings.iter().filter(|(_, it)| wanted(it.after));
                here.map(|(kind, it)| (kind.as_str(), &it.value)).collect()
            };
            let before = set_at(&|after| nth == 0 && after == 0);
            let after = set_at(&|after| after == nth + 1 || last && after > nth);
            let given =
                Given { hints: &hints, policy: &self.policy, before: &before, after: &after };
            out = Some(match out {
                None => requirements::understand_with(text, &given),
                Some(previous) => requirements::revise_with(&previous, text, &given),
            });
        }
        out.unwrap_or_else(|| requirements::understand("", &hints))
    }

    /// The three options.
    pub fn analyze(&self) -> Analysis {
        self.analyze_with(&mut |_| ())
    }

    /// The three options; `step` is told how far it is.
    pub fn analyze_with(&self, step: &mut dyn FnMut(Step)) -> Analysis {
        let requirements = self.requirements();
        step(Step::Understood(&requirements));
        let mut analysis = analysis::complete(requirements, &self.policy, step);
        if !analysis.options.is_empty() {
            analysis.diagnostics.extend(self.missing_tags().map(|name| {
                Diagnostic::new(
                    "tag-missing",
                    Severity::Warning,
                    format!("Your organisation asks for the tag {name:?}, which has no value yet."),
                )
                .help("Give it a value before the code is used.")
            }));
            for (name, value) in &self.tags {
                if let Err(problem) = check_tag(name, value) {
                    analysis.diagnostics.push(
                        Diagnostic::new("tag-refused", Severity::Error, problem)
                            .help("Choose another name or value."),
                    );
                }
            }
        }
        analysis
    }
}

/// The fields of a form for people who prefer them to prose.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Form {
    /// One of [`Form::workloads`].
    pub workload: String,
    pub users: Option<f64>,
    /// At peak.
    pub requests_per_second: Option<f64>,
    pub cloud: Option<Cloud>,
    pub region: Option<String>,
    /// US dollars a month.
    pub budget: Option<f64>,
    pub compliance: Vec<Compliance>,
    /// Share of time.
    pub availability: Option<f64>,
    /// Anything else, in the person's words.
    pub more: String,
}

/// What can be chosen: name, label, the words for it, and its kind.
const WORKLOADS: &[(&str, &str, &str, WorkloadKind)] = &[
    ("web_app", "Web application", "A web application", WorkloadKind::WebApp),
    ("static_site", "Static website", "A static website", WorkloadKind::StaticSite),
    ("rest_api", "REST API", "A REST API", WorkloadKind::RestApi),
    ("graphql_api", "GraphQL API", "A GraphQL API", WorkloadKind::GraphqlApi),
    ("mobile_backend", "Backend of a mobile app", "A mobile backend", WorkloadKind::MobileBackend),
    ("ecommerce", "Online shop", "An online shop", WorkloadKind::Ecommerce),
    ("cms", "Content site with an editor", "A WordPress site", WorkloadKind::Cms),
    ("microservices", "Microservices", "A set of microservices", WorkloadKind::Microservices),
    (
        "realtime",
        "Chat or live updates",
        "A chat application with live updates",
        WorkloadKind::Realtime,
    ),
    (
        "genai",
        "Assistant over your documents",
        "An application with a chat assistant that answers questions over our documents",
        WorkloadKind::GenAi,
    ),
    (
        "stream_processing",
        "Stream processing",
        "A stream processing pipeline",
        WorkloadKind::StreamProcessing,
    ),
    (
        "iot",
        "Devices that report",
        "An IoT platform that ingests what devices report",
        WorkloadKind::IotIngest,
    ),
    ("data_lake", "Data lake", "A data lake", WorkloadKind::DataLake),
    (
        "warehouse",
        "Data warehouse and dashboards",
        "A data warehouse with dashboards",
        WorkloadKind::Warehouse,
    ),
    ("batch", "Batch jobs", "A batch processing system", WorkloadKind::Batch),
    ("video", "Video processing", "A video processing pipeline", WorkloadKind::VideoProcessing),
    ("game_server", "Game servers", "Multiplayer game servers", WorkloadKind::GameServer),
];

impl Form {
    /// What can be built: value and label.
    pub fn workloads() -> impl Iterator<Item = (&'static str, &'static str)> {
        WORKLOADS.iter().map(|it| (it.0, it.1))
    }

    /// What is wrong with it: the field and a sentence for people.
    pub fn problems(&self) -> Vec<(&'static str, String)> {
        let mut out = Vec::new();
        if self.workload.is_empty() && self.more.trim().is_empty() {
            out.push(("workload", "Choose what to build, or describe it.".to_owned()));
        } else if !self.workload.is_empty() && !WORKLOADS.iter().any(|it| it.0 == self.workload) {
            out.push(("workload", "Choose one of the list.".to_owned()));
        }
        let numbers = [
            ("users", "load.users", self.users),
            ("requests_per_second", "load.peak_requests_per_second", self.requests_per_second),
            ("budget", "budget", self.budget),
            ("availability", "availability", self.availability),
        ];
        for (field, kind, value) in numbers {
            if let Some(value) = value
                && let Err(text) = check_setting(kind, &serde_json::json!(value))
            {
                out.push((field, text));
            }
        }
        if let Some(region) = &self.region
            && let Err(text) = check_setting("region", &serde_json::json!(region))
        {
            out.push(("region", text));
        }
        out
    }

    /// The form as the text that a person would have written, so that prose stays
    /// the one truth.
    pub fn text(&self) -> String {
        let mut text = match WORKLOADS.iter().find(|it| it.0 == self.workload) {
            Some(it) => it.2.to_owned(),
            None => String::new(),
        };
        let mut parts = Vec::new();
        if let Some(users) = self.users {
            parts.push(format!("for {} users", plain(users)));
        }
        if let Some(rate) = self.requests_per_second {
            parts.push(format!("with {} requests per second at peak", plain(rate)));
        }
        match (self.cloud, &self.region) {
            (Some(cloud), Some(region)) => parts.push(format!("on {} in {region}", cloud.title())),
            (Some(cloud), None) => parts.push(format!("on {}", cloud.title())),
            (None, Some(region)) => parts.push(format!("in {region}")),
            (None, None) => {}
        }
        for part in parts {
            text.push(' ');
            text.push_str(&part);
        }
        if !text.is_empty() {
            text.push('.');
        }
        let mut sentence = |it: String| {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&it);
        };
        if let Some(share) = self.availability {
            sentence(format!("Availability: {}.", settings::percent(share)));
        }
        if !self.compliance.is_empty() {
            let names: Vec<&str> = self.compliance.iter().map(|it| it.title()).collect();
            sentence(format!("It has to comply with {}.", names.join(", ")));
        }
        if let Some(budget) = self.budget {
            sentence(format!("The budget is ${} a month.", plain(budget)));
        }
        if !self.more.trim().is_empty() {
            sentence(self.more.trim().to_owned());
        }
        text.trim().to_owned()
    }
}

/// 50000 as `50,000`: exact, as people write it.
fn plain(value: f64) -> String {
    let text = format!("{value}");
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), None), |it| (it.0, Some(it.1)));
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    rest.map_or(out.clone(), |it| format!("{out}.{it}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::requirements::Source;
    use serde_json::json;

    fn assumed(brief: &Brief, kind: &str) -> Option<(Value, Source)> {
        let all = brief.requirements().assumptions;
        all.into_iter().find(|it| it.kind == kind).map(|it| (it.value, it.source))
    }

    #[test]
    fn a_setting_replaces_what_was_assumed_and_what_was_said_before() {
        let mut brief = Brief::of("A REST API for 10k users in Frankfurt");
        assert_eq!(assumed(&brief, "availability").unwrap().1, Source::Engine);
        brief.set("availability", json!(0.9995)).unwrap();
        brief.set("load.users", json!(50_000)).unwrap();
        brief.set("region", json!("eu-west-1")).unwrap();
        let read = brief.requirements();
        assert_eq!(read.needs.availability, Some(0.9995));
        assert_eq!(read.needs.load.users, Some(50_000.0));
        assert_eq!(read.needs.regions, ["eu-west-1"]);
        assert!(!read.facts.iter().any(|it| matches!(it.kind, "region" | "load.users")));
        assert_eq!(assumed(&brief, "availability").unwrap(), (json!(0.9995), Source::Hand));
        assert!(brief.analyze().options.iter().all(|it| it.graph.region == "eu-west-1"));
        brief.unset("region");
        assert_eq!(brief.requirements().needs.regions, ["eu-central-1"]);
    }

    #[test]
    fn what_is_said_later_is_stronger_than_what_was_set_before() {
        let mut brief = Brief::of("A REST API for 10k users");
        brief.set("load.monthly_active_users", json!(50_000)).unwrap();
        brief.set("region", json!("eu-west-1")).unwrap();
        brief.say("no, 200k users");
        assert_eq!(brief.requirements().needs.load.users, Some(200_000.0));
        assert_eq!(assumed(&brief, "load.monthly_active_users"), None);
        assert_eq!(assumed(&brief, "region").unwrap().1, Source::Hand);
        brief.say("move it to Frankfurt");
        assert_eq!(brief.requirements().needs.regions, ["eu-central-1"]);
        assert_eq!(assumed(&brief, "region"), None);
        brief.set("load.users", json!(7)).unwrap();
        brief.say("double the traffic");
        assert_eq!(brief.requirements().needs.load.users, Some(14.0));
        let all = brief.requirements().assumptions;
        let users = all.iter().find(|it| it.kind == "load.users").unwrap();
        assert_eq!(users.value, json!(14.0));
        assert!(users.reason.contains("changed"), "{}", users.reason);
    }

    #[test]
    fn what_is_set_before_a_word_is_said_gives_way_to_the_words() {
        let mut brief = Brief::default();
        brief.set("region", json!("eu-west-1")).unwrap();
        brief.set("budget", json!(300)).unwrap();
        brief.say("REST API with Postgres in Tokyo");
        let needs = brief.requirements().needs;
        assert_eq!((needs.regions, needs.budget), (vec!["ap-northeast-1".to_owned()], Some(300.0)));
    }

    #[test]
    fn assumptions_stay_assumptions_in_later_turns() {
        let mut brief = Brief::of("A REST API with Postgres");
        brief.say("add a Redis cache");
        assert_eq!(assumed(&brief, "region").unwrap(), (json!("us-east-1"), Source::Engine));
        brief.say("GDPR applies");
        assert_eq!(assumed(&brief, "region").unwrap().0, json!("eu-central-1"));
    }

    #[test]
    fn all_that_is_assumed_or_asked_can_be_set_and_has_a_field() {
        let texts = [
            "A REST API with Postgres",
            "A web shop for 10k users, HIPAA, RPO of 5 minutes, in several regions",
            "A patient portal, RTO 1 hour, PCI DSS, data stays in the EU, in us-east-1",
            "Serverless on EC2 with DynamoDB or Postgres, budget $300 a month, or $500 a month",
            "A queue and a worker",
        ];
        let mut seen = std::collections::BTreeSet::new();
        for text in texts {
            let brief = Brief::of(text);
            let read = brief.requirements();
            for it in &read.assumptions {
                seen.insert(it.kind);
                assert!(brief.control(it.kind).is_some(), "{} has no field", it.kind);
                assert_ne!(label(it.kind), it.kind);
            }
            for it in &read.questions {
                seen.insert(it.kind);
                assert!(control(it.kind).is_some(), "{} has no field", it.kind);
                for choice in &it.choices {
                    let value = parse_setting(it.kind, choice).unwrap();
                    let mut brief = brief.clone();
                    brief.set(it.kind, value).unwrap();
                    let again = brief.requirements().questions;
                    assert!(!again.contains(it), "{choice} does not answer {}", it.text);
                }
            }
        }
        assert!(seen.len() >= 9, "{seen:?}");
        for kind in kinds() {
            assert!(control(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn every_choice_of_a_field_is_taken_and_shown_as_it_is_called() {
        for kind in kinds() {
            let Some(Control::Choice { choices } | Control::Choices { choices }) = control(kind)
            else {
                continue;
            };
            let many = matches!(control(kind), Some(Control::Choices { .. }));
            for it in choices {
                let value = if many { json!([it.value]) } else { it.value.clone() };
                check_setting(kind, &value).unwrap();
                assert_eq!(show_value(kind, &value), it.label, "{kind}");
                assert_eq!(parse_setting(kind, &it.label).unwrap(), value, "{kind}");
                let mut brief = Brief::of("A web app for 10k users with Postgres on AWS");
                if kind == "region.second" && value == "us-east-1" {
                    assert!(brief.set(kind, value).is_err());
                    continue;
                }
                brief.set(kind, value.clone()).unwrap();
                if !value.is_null() {
                    let (now, _) = assumed(&brief, kind).unwrap();
                    assert_eq!(now, value, "{kind}");
                }
            }
        }
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_would_be_right() {
        let wrong = |kind: &str, value: Value| check_setting(kind, &value).unwrap_err();
        assert_eq!(
            wrong("load.users", json!("many")),
            "Users: give a number from 1 to 5 billion (people)."
        );
        assert_eq!(
            wrong("region", json!("mars")),
            "Region: give a region of AWS, such as eu-central-1."
        );
        assert_eq!(
            wrong("cloud", json!("gcp")),
            "Cloud: no designs are made for Google Cloud yet."
        );
        assert!(wrong("compliance", json!(["Hipaa", "FIPS"])).contains("FIPS"));
        assert!(wrong("availability", json!(2)).contains("99.9 %"));
        assert_eq!(wrong("weather", json!(1)), "weather cannot be set.");
        assert_eq!(parse_setting("budget", "$1,200").unwrap(), json!(1200.0));
        assert_eq!(parse_setting("load.users", "50k").unwrap(), json!(50_000.0));
        assert_eq!(parse_setting("availability", "99.95 %").unwrap(), json!(0.9995));
        assert_eq!(parse_setting("region", "Frankfurt").unwrap(), json!("eu-central-1"));
        assert_eq!(
            parse_setting("compliance", "hipaa, PCI DSS").unwrap(),
            json!(["Hipaa", "PciDss"])
        );
    }

    #[test]
    fn the_organisation_is_named_where_it_decides() {
        let policy: Policy = serde_json::from_value(json!({
            "region": "eu-west-1", "allowed_regions": ["eu-central-1", "eu-west-1"],
            "compliance": ["gdpr"], "cidr": "10.40.0.0/16", "name_prefix": "acme",
            "tags": {"owner": "web"}, "required_tags": ["cost-center"], "forbidden_services": ["dynamodb"],
        }))
        .unwrap();
        let mut brief = Brief { policy, ..Brief::of("REST API for 10k users with Postgres") };
        brief.say("add a Redis cache");
        for kind in ["region", "compliance", "network.cidr", "name_prefix", "tags"] {
            assert_eq!(assumed(&brief, kind).unwrap().1, Source::Organisation, "{kind}");
        }
        let analysis = brief.analyze();
        assert!(analysis.diagnostics.iter().any(|it| it.code == "tag-missing"));
        assert!(!analysis.diagnostics.iter().any(|it| it.code == "region-forbidden"));
        let design = &analysis.options[1];
        assert_eq!(design.graph.region, "eu-west-1");
        assert!(design.graph.project.as_str().starts_with("acme-"), "{}", design.graph.project);
        brief.tags.insert("cost-center".to_owned(), "42".to_owned());
        assert_eq!(brief.missing_tags().count(), 0);
        assert_eq!(brief.code().tags.len(), 2);
        assert!(brief.set("region", json!("us-east-1")).unwrap_err().contains("not allow"));
        let Some(Control::Choice { choices }) = brief.control("region") else { panic!() };
        assert_eq!(choices.len(), 2);
    }

    #[test]
    fn steps_are_told_in_order_and_change_nothing() {
        let brief = Brief::of("REST API for 10k users with Postgres");
        let mut seen = Vec::new();
        let analysis = brief.analyze_with(&mut |step| {
            seen.push(match step {
                Step::Understood(it) => format!("understood {}", it.facts.len() > 1),
                Step::Planned(it) => format!("planned {}", it.tier.name()),
                Step::Wired(it, wired) => {
                    format!("wired {} {}", it.tier.name(), wired.len() == it.connections.len())
                }
                Step::Priced(it, cost) => {
                    format!("priced {} {}", it.tier.name(), cost.monthly > 0.0)
                }
            });
        });
        assert_eq!(
            seen,
            [
                "understood true",
                "planned good",
                "planned better",
                "planned best",
                "wired good true",
                "priced good true",
                "wired better true",
                "priced better true",
                "wired best true",
                "priced best true",
            ]
        );
        let report = super::super::report::analysis;
        assert_eq!(report(&analysis), report(&brief.analyze()));
    }

    #[test]
    fn a_brief_survives_being_stored() {
        let mut brief = Brief::of("REST API");
        brief.set("compliance", json!(["Hipaa"])).unwrap();
        brief.say("add a cache");
        brief.hints.compliance.insert(Compliance::Soc2);
        let text = serde_json::to_string(&brief).unwrap();
        assert_eq!(serde_json::from_str::<Brief>(&text).unwrap(), brief);
        assert_eq!(serde_json::from_str::<Brief>("{}").unwrap(), Brief::default());
        assert!(Brief::default().analyze().options.is_empty());
    }

    #[test]
    fn a_form_reads_as_it_was_filled_in() {
        for (name, _) in Form::workloads() {
            let form = Form {
                workload: name.to_owned(),
                users: Some(50_000.0),
                requests_per_second: Some(120.0),
                cloud: Some(Cloud::Aws),
                region: Some("eu-central-1".to_owned()),
                budget: Some(1500.0),
                compliance: vec![Compliance::Gdpr, Compliance::Soc2],
                availability: Some(0.9995),
                more: String::new(),
            };
            assert_eq!(form.problems(), []);
            let text = form.text();
            let read = Brief::of(&text).requirements();
            let needs = &read.needs;
            let kind = WORKLOADS.iter().find(|it| it.0 == name).unwrap().3;
            assert!(needs.describes_system, "{text}");
            assert!(
                needs.workloads.iter().any(|it| it.kind == kind),
                "{text}: {:?}",
                needs.workloads
            );
            assert_eq!(needs.load.users, Some(50_000.0), "{text}");
            assert_eq!(needs.load.peak_requests_per_second, Some(120.0), "{text}");
            assert_eq!(needs.clouds, [Cloud::Aws], "{text}");
            assert_eq!(needs.regions, ["eu-central-1"], "{text}");
            assert_eq!(needs.budget, Some(1500.0), "{text}");
            assert_eq!(needs.availability, Some(0.9995), "{text}");
            assert_eq!(needs.compliance, [Compliance::Gdpr, Compliance::Soc2].into(), "{text}");
            let bare = Form { workload: name.to_owned(), ..Form::default() };
            let needs = Brief::of(bare.text()).requirements().needs;
            assert!(needs.describes_system, "{}", bare.text());
        }
        let empty = Form { users: Some(-1.0), ..Form::default() };
        let fields: Vec<&str> = empty.problems().iter().map(|it| it.0).collect();
        assert_eq!(fields, ["workload", "users"]);
    }
}
