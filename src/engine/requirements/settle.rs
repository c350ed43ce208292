//! What is assumed instead of what was not said, and what contradicts itself.

use super::draft::Draft;
use super::{
    Assumption, Cloud, Compliance, Diagnostic, Given, Question, Requirements, Source, Stance,
    WorkloadKind, regions, settings,
};
use crate::engine::diag::Severity;
use crate::engine::policy::Policy;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Hints, assumptions, contradictions; then it is done.
///
/// `set` is what was set by hand in earlier turns and still holds.
pub(super) fn settle(
    draft: &mut Draft,
    given: &Given,
    mut set: BTreeMap<&'static str, Value>,
) -> Requirements {
    let mut assumptions = Vec::new();
    if draft.needs.describes_system {
        by_hand(draft, given, &mut set, &mut assumptions);
        assume(draft, given, &mut assumptions);
        organisation(draft, given.policy, &mut assumptions);
        contradictions(draft);
    } else {
        draft.diagnostics.push(
            Diagnostic::new("no-system-described", Severity::Error, "The text does not describe a system that could be built.")
                .help("Say what it does, for how many people or requests, and what matters most. For example: \
                       \"REST API for a mobile app, 10k users, Postgres, in Frankfurt, under $300 a month\"."),
        );
    }
    draft.facts.sort_by_key(|it| (it.span, it.kind));
    Requirements {
        text: draft.text.to_owned(),
        facts: std::mem::take(&mut draft.facts),
        assumptions,
        questions: std::mem::take(&mut draft.questions),
        set,
        needs: std::mem::take(&mut draft.needs),
        diagnostics: std::mem::take(&mut draft.diagnostics),
    }
}

/// Settings take the place of what was read before they were made.
fn by_hand(
    draft: &mut Draft,
    given: &Given,
    set: &mut BTreeMap<&'static str, Value>,
    assumptions: &mut Vec<Assumption>,
) {
    let stated: Vec<&'static str> = draft.facts.iter().map(|it| it.kind).collect();
    let silent = |kind: &str| !stated.iter().any(|it| settings::same_measure(it, kind));
    let earlier = given.before.iter().filter(|it| silent(it.0));
    for (kind, value) in earlier.chain(given.after) {
        // The second region comes after a first one.
        if *kind == "region.second" {
            main_region(&mut draft.needs, given, assumptions);
        }
        if let Some(kind) = settings::apply(draft, kind, value) {
            set.retain(|it, _| !settings::same_measure(it, kind));
            set.insert(kind, (*value).clone());
        }
    }
    for (kind, value) in set.iter() {
        let now = settings::current(kind, &draft.needs, value);
        let reason = if now.is_null() && !value.is_null() {
            continue;
        } else if now == *value || now.as_f64().is_some_and(|it| Some(it) == value.as_f64()) {
            "Set by hand."
        } else {
            "Set by hand, and changed by what was said since."
        };
        assumptions.push(Assumption {
            kind,
            value: now,
            reason: reason.to_owned(),
            source: Source::Hand,
        });
    }
}

/// What the organisation prescribes for every design.
fn organisation(draft: &mut Draft, policy: &Policy, assumptions: &mut Vec<Assumption>) {
    let needs = &mut draft.needs;
    let mut says = |kind, value, reason: &str| {
        assumptions.push(Assumption {
            kind,
            value,
            reason: reason.to_owned(),
            source: Source::Organisation,
        });
    };
    let missing: Vec<Compliance> =
        policy.compliance.difference(&needs.compliance).copied().collect();
    if !missing.is_empty() {
        says("compliance", json!(missing), "Your organisation requires it of every design.");
        for law in missing {
            needs.compliance.insert(law);
            needs.data.extend(settings::data_of(law));
        }
    }
    if let Some(cidr) = &policy.cidr
        && needs.network.cidr.is_none()
    {
        says("network.cidr", json!(cidr), "The address plan of your organisation.");
    }
    if let Some(domain) = &policy.domain
        && needs.network.domain.is_none()
    {
        says("network.domain", json!(domain), "The domain of your organisation.");
    }
    if policy.existing_network {
        says(
            "network.existing",
            json!(true),
            "Your organisation's network is used instead of a new one.",
        );
    }
    if let Some(prefix) = &policy.name_prefix {
        says("name_prefix", json!(prefix), "Your organisation starts all names with it.");
    }
    if !policy.tags.is_empty() {
        says("tags", json!(policy.tags), "Your organisation puts them on every resource.");
    }
}

/// The region where none is named, and who chose it.
fn region(
    needs: &super::Needs,
    given: &Given,
    home: Cloud,
) -> (String, Option<(&'static str, Source)>) {
    let policy = given.policy;
    if let Some(region) = &given.hints.region {
        return (region.clone(), None);
    }
    let resident = |code: &str| needs.residency.as_ref().is_none_or(|it| regions::within(code, it));
    if let Some(region) = &policy.region
        && policy.allows_region(region)
        && resident(region)
    {
        return (
            region.clone(),
            Some(("The default region of your organisation.", Source::Organisation)),
        );
    }
    let gdpr = needs.compliance.contains(&Compliance::Gdpr)
        || policy.compliance.contains(&Compliance::Gdpr);
    let near = needs.audience.as_deref().and_then(|it| regions::of_group(it, home));
    let (region, reason) = match &needs.residency {
        Some(group) => {
            (regions::of_group(group, home), "Data has to stay there and no region is named.")
        }
        None if near.is_some_and(|it| !gdpr || regions::within(it, "eu")) => {
            (near, "No region is named; this one is near the people who use it.")
        }
        None if gdpr => (
            regions::of_group("eu", home),
            "GDPR applies and no region is named, so it is one in the EU.",
        ),
        None => (None, "No region is named; this one has every service at the list price."),
    };
    let region = region.unwrap_or(default_region(home));
    if needs.avoids(region)
        && let Some(other) = regions::usual(home).find(|it| !needs.avoids(it) && resident(it))
    {
        let reason = "The usual region is refused and none is named; this one is not.";
        return (other.to_owned(), Some((reason, Source::Engine)));
    }
    if policy.allows_region(region) {
        return (region.to_owned(), Some((reason, Source::Engine)));
    }
    let allowed = policy.allowed_regions.iter().flatten();
    let choice = allowed.clone().find(|it| resident(it)).or_else(|| allowed.clone().next());
    (
        choice.map_or_else(|| region.to_owned(), Clone::clone),
        Some(("The first region that your organisation allows.", Source::Organisation)),
    )
}

fn main_region(needs: &mut super::Needs, given: &Given, assumptions: &mut Vec<Assumption>) {
    if !needs.regions.is_empty() {
        return;
    }
    let home = needs.clouds.first().copied().unwrap_or(Cloud::Aws);
    let (region, assumed) = region(needs, given, home);
    if let Some((reason, source)) = assumed {
        assumptions.push(Assumption {
            kind: "region",
            value: json!(region),
            reason: reason.to_owned(),
            source,
        });
    }
    needs.regions.push(region);
}

fn assume(draft: &mut Draft, given: &Given, assumptions: &mut Vec<Assumption>) {
    let (hints, policy) = (given.hints, given.policy);
    let needs = &mut draft.needs;
    let mut assume_of = |kind, value, reason: &str, source| {
        assumptions.push(Assumption { kind, value, reason: reason.to_owned(), source });
    };
    if needs.clouds.is_empty() {
        match (hints.cloud, policy.cloud) {
            (Some(cloud), _) => needs.clouds.push(cloud),
            (None, Some(cloud)) => {
                let reason = "The default cloud of your organisation.";
                assume_of("cloud", json!(cloud), reason, Source::Organisation);
                needs.clouds.push(cloud);
            }
            (None, None) => assume_of(
                "cloud",
                json!(Cloud::Aws),
                "No cloud is named; AWS is designed for.",
                Source::Engine,
            ),
        }
    }
    needs.compliance.extend(hints.compliance.iter().copied());
    if needs.budget.is_none() {
        needs.budget = hints.budget;
    }
    main_region(needs, given, assumptions);
    let mut assume = |kind, value, reason: &str| {
        assumptions.push(Assumption {
            kind,
            value,
            reason: reason.to_owned(),
            source: Source::Engine,
        });
    };
    if needs.multi_region && needs.regions.len() == 1 {
        assume(
            "region.second",
            json!("nearest within the same jurisdiction"),
            "Several regions are asked for and only one is named.",
        );
    }
    let load = &needs.load;
    let has_load = [
        load.users,
        load.monthly_active_users,
        load.daily_active_users,
        load.concurrent_users,
        load.visits_per_month,
        load.requests_per_second,
        load.peak_requests_per_second,
        load.requests_per_month,
        load.messages_per_second,
        load.messages_per_month,
        load.devices,
        load.jobs_per_day,
        load.files_per_month,
        load.ingest_gb_per_day,
    ]
    .iter()
    .any(Option::is_some);
    let serves = needs.workloads.iter().any(|it| interactive(it.kind))
        || needs.mentions.iter().any(|it| {
            matches!(
                it.service,
                "api-gateway"
                    | "elb"
                    | "cloudfront"
                    | "appsync"
                    | "load-balancer"
                    | "app-service"
                    | "load-balancing"
            )
        });
    if !has_load && serves {
        assume(
            "load.monthly_active_users",
            json!(1000),
            "No load is stated; a small system that can grow is sized.",
        );
        draft.questions.push(Question {
            kind: "load.users",
            text: "How many people use it, and how many requests are there at the peak?".to_owned(),
            choices: Vec::new(),
        });
    } else if !has_load {
        assume(
            "load.requests_per_month",
            json!(1_000_000),
            "No load is stated; a million operations a month are sized for.",
        );
    }
    if has_load
        && needs.load.peak_factor.is_none()
        && needs.load.peak_requests_per_second.is_none()
        && serves
    {
        assume(
            "load.peak_factor",
            json!(3),
            "The peak is not stated; three times the average is usual for one time zone.",
        );
    }
    if needs.availability.is_none() && serves {
        assume(
            "availability",
            json!(0.995),
            "No availability is asked for; one zone of a database promises 99.5 %, and the better options give more.",
        );
    }
    if needs.rto_minutes.is_none() && needs.rpo_minutes.is_some() {
        assume(
            "rto",
            json!(240),
            "Only the tolerable data loss is stated; four hours to recover is assumed.",
        );
    }
    if needs.rpo_minutes.is_none() && needs.rto_minutes.is_some() {
        assume(
            "rpo",
            json!(60),
            "Only the time to recover is stated; one hour of data loss is assumed.",
        );
    }
    for law in needs.compliance.clone() {
        let retention = match law {
            Compliance::Hipaa => Some((
                2190,
                "HIPAA asks for records to be kept six years and the text names no other time.",
            )),
            Compliance::PciDss => Some((
                365,
                "PCI DSS asks for one year of audit logs and the text names no other time.",
            )),
            _ => None,
        };
        if needs.retention_days.is_none()
            && let Some((days, reason)) = retention
        {
            assume("retention", json!(days), reason);
            break;
        }
    }
}

/// The region that is taken where nothing speaks for another.
pub(super) fn default_region(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Aws => "us-east-1",
        Cloud::Azure => "eastus",
        Cloud::Gcp => "us-central1",
    }
}

fn interactive(kind: WorkloadKind) -> bool {
    use WorkloadKind as W;
    matches!(
        kind,
        W::WebApp
            | W::RestApi
            | W::GraphqlApi
            | W::Realtime
            | W::MobileBackend
            | W::Microservices
            | W::Cms
            | W::Ecommerce
            | W::GameServer
            | W::StaticSite
            | W::Search
            | W::MlInference
            | W::GenAi
            | W::LoadBalancing
    )
}

fn contradictions(draft: &mut Draft) {
    let needs = &draft.needs;
    let mut diagnostics = Vec::new();
    let mut questions = Vec::new();
    // "must be serverless" and "on EC2".
    if needs.preferences.serverless == Some(true)
        && let Some(machine) = needs
            .mentions
            .iter()
            .find(|it| it.service == "ec2" && it.stance == Stance::Wanted && it.confidence > 0.9)
        && draft.facts.iter().any(|it| it.kind == "preference.serverless")
        && !needs.mentions.iter().any(|it| matches!(it.service, "lambda" | "aurora"))
    {
        diagnostics.push(
            Diagnostic::new(
                "contradictory-compute",
                Severity::Warning,
                "Serverless is asked for, and so are virtual machines.",
            )
            .help(
                "Say which parts must be serverless; the machines are kept because they are named.",
            )
            .at(machine.span),
        );
        questions.push(Question {
            kind: "preference.serverless",
            text: "Should the named machines be replaced by serverless compute?".to_owned(),
            choices: vec!["keep the machines".to_owned(), "serverless only".to_owned()],
        });
    }
    if let Some(group) = &needs.residency {
        for region in &needs.regions {
            if !regions::within(region, group) {
                let span = draft
                    .facts
                    .iter()
                    .find(|it| it.kind == "region" && it.value == json!(region))
                    .map(|it| it.span);
                let mut it = Diagnostic::new(
                    "region-breaks-residency",
                    Severity::Warning,
                    format!(
                        "Data may not leave {}, but {region} lies outside.",
                        group.to_uppercase()
                    ),
                )
                .help("Name a region inside, or drop the residency rule.");
                it.span = span;
                diagnostics.push(it);
                questions.push(Question {
                    kind: "region",
                    text: format!(
                        "Which holds: data stays in {}, or the region {region}?",
                        group.to_uppercase()
                    ),
                    choices: vec![group.to_uppercase(), region.clone()],
                });
            }
        }
    }
    if needs.preferences.kubernetes == Some(false)
        && let Some(cluster) = needs
            .mentions
            .iter()
            .find(|it| matches!(it.service, "eks" | "aks" | "gke") && it.stance == Stance::Wanted)
    {
        diagnostics.push(
            Diagnostic::new(
                "contradictory-compute",
                Severity::Warning,
                "Kubernetes is refused, and a Kubernetes service is asked for.",
            )
            .help("Say which of the two holds.")
            .at(cluster.span),
        );
    }
    if needs.availability.is_some_and(|it| it >= 0.99999) {
        let span = draft.facts.iter().find(|it| it.kind == "availability").map(|it| it.span);
        let mut it = Diagnostic::new("availability-beyond-one-region", Severity::Note,
            "No single region promises this availability; it takes several regions that serve at once.")
            .help("Keep it if the cost of a second region is worth it.");
        it.span = span;
        diagnostics.push(it);
    }
    draft.diagnostics.extend(diagnostics);
    draft.questions.extend(questions);
}
