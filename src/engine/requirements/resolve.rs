//! From the readings of a text to one set of requirements: what was said, what
//! is assumed instead of what was not, and what contradicts itself.

use super::tokens::Reading;
use super::{
    Assumption, Cloud, Compliance, DataClass, Diagnostic, Fact, Hints, Load, Needs, Question,
    Requirements, Stance, WorkloadKind, facts, flows, implied, load, mentions, quantities, regions,
    vocabulary, workloads,
};
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
            match law {
                Compliance::Hipaa => drop(self.needs.data.insert(DataClass::Health)),
                Compliance::PciDss => drop(self.needs.data.insert(DataClass::Payment)),
                Compliance::Gdpr => drop(self.needs.data.insert(DataClass::Personal)),
                _ => {}
            }
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

/// Reads a text on its own.
pub fn understand(text: &str, hints: &Hints) -> Requirements {
    let mut draft = read(text, hints, false);
    settle(&mut draft, hints)
}

/// What the words say, before anything is assumed. `orders` is set for a later
/// turn, where "drop the queue" is an order and not a description.
pub(super) fn read<'t>(text: &'t str, hints: &Hints, orders: bool) -> Draft<'t> {
    let reading = Reading::new(text);
    let mut draft = Draft::of(text, Needs::default());
    let clouds = clouds(&reading, hints);
    let home = clouds.first().copied().or(hints.cloud).unwrap_or(Cloud::Aws);

    let mut named = mentions::find(&reading, home, orders);
    draft.needs.clouds = spoken_for(clouds, &named, hints);
    draft.needs.stack.extend(named.self_hosted.iter().map(|it| (*it).to_owned()));
    let numbers = quantities::find(&reading);
    load::read(&reading, &numbers, &mut draft);
    let products: Vec<(usize, usize)> =
        named.occurrences.iter().filter(|it| !it.by_kind).map(|it| (it.from, it.to)).collect();
    facts::read(&reading, home, &products, &mut draft);
    draft.needs.workloads = workloads::find(&reading, &named);
    draft.needs.flows = flows::find(&reading, &named);
    if !orders {
        let serverless = draft.needs.preferences.serverless == Some(true)
            || named
                .mentions
                .iter()
                .any(|it| it.service == "lambda" && it.stance == Stance::Wanted);
        implied::add(&reading, home, serverless, &mut named);
    }

    for at in named.contradictions {
        let mention = &named.mentions[at];
        draft.diagnostics.push(
            Diagnostic::new(
                "contradictory-service",
                Severity::Warning,
                format!("{} is both asked for and refused; it is kept.", mention.service),
            )
            .help("Say once whether it is to be used.")
            .at(mention.span),
        );
    }
    for (first, second) in &named.alternatives {
        let (first, second) = (&named.mentions[*first], &named.mentions[*second]);
        draft.questions.push(Question {
            kind: "service",
            text: format!(
                "{} or {}? {} is used until you say.",
                first.service, second.service, first.service
            ),
            choices: vec![first.service.to_owned(), second.service.to_owned()],
        });
    }
    if draft.needs.network.vpc_id.is_some() {
        for mention in named.mentions.iter_mut().filter(|it| it.service == "vpc") {
            mention.stance = Stance::Existing;
        }
    }
    for mention in &named.mentions {
        let kind = match mention.stance {
            Stance::Wanted => "service",
            Stance::Existing => "service.existing",
            Stance::Replaced => "service.replaced",
            Stance::Excluded => "service.excluded",
            Stance::Passing => "service.mentioned",
            Stance::Implied => "service.implied",
        };
        draft.fact(kind, json!(mention.service), mention.span, mention.confidence);
    }
    for at in 0..draft.needs.workloads.len() {
        let workload = &draft.needs.workloads[at];
        let (kind, span) = (workload.kind, workload.span);
        draft.fact("workload", json!(kind), span, 0.8);
    }
    draft.needs.title = title(&reading, &draft.needs);
    draft.needs.mentions = named.mentions;
    draft.needs.describes_system = describes(&reading, &draft.needs);
    draft
}

/// The clouds that are asked for, main one first.
fn clouds(reading: &Reading, hints: &Hints) -> Vec<Cloud> {
    let mut votes = [0u32; 3];
    let mut named = [false; 3];
    let mut first = [usize::MAX; 3];
    let mut vote = |at: usize, cloud: Cloud, weight: u32| {
        // "no AWS", "instead of Azure".
        if !facts::denied(reading, at) {
            votes[cloud as usize] += weight;
            named[cloud as usize] |= weight > 1;
            first[cloud as usize] = first[cloud as usize].min(at);
        }
    };
    for at in 0..reading.len() {
        let word = reading.word(at);
        let search = word == "google"
            && !matches!(reading.word(at + 1), "cloud" | "compute" | "kubernetes" | "s");
        if let Some(cloud) = vocabulary::provider(word).filter(|_| !search) {
            vote(at, cloud, 3);
        } else if let Some(cloud) =
            vocabulary::brand(word).or_else(|| vocabulary::brand_of_two(word, reading.word(at + 1)))
        {
            vote(at, cloud, 1);
        }
    }
    for (at, cloud) in vocabulary::particular(reading) {
        vote(at, cloud, 1);
    }
    let mut clouds: Vec<Cloud> = [Cloud::Aws, Cloud::Azure, Cloud::Gcp]
        .into_iter()
        .filter(|it| named[*it as usize] || votes[*it as usize] > 0)
        .collect();
    // One stray brand in a text about another cloud asks for nothing.
    let most = votes.iter().copied().max().unwrap_or(0);
    clouds.retain(|it| named[*it as usize] || votes[*it as usize] * 3 >= most);
    clouds.sort_by_key(|it| (std::cmp::Reverse(votes[*it as usize]), first[*it as usize]));
    if let Some(hint) = hints.cloud
        && let Some(at) = clouds.iter().position(|it| *it == hint)
    {
        clouds[..=at].rotate_right(1);
    } else if let Some(hint) = hints.cloud
        && !clouds.iter().any(|it| named[*it as usize])
    {
        clouds.insert(0, hint);
    }
    clouds
}

/// Drops clouds of which only refused or passing names are left, adds those of
/// misspelt names.
fn spoken_for(mut clouds: Vec<Cloud>, named: &mentions::Named, hints: &Hints) -> Vec<Cloud> {
    let live = |cloud: Cloud| {
        named.occurrences.iter().any(|it| {
            it.cloud == cloud
                && !it.by_kind
                && !it.generic
                && !matches!(it.stance, Stance::Passing | Stance::Excluded | Stance::Replaced)
        })
    };
    let any = clouds.iter().any(|it| live(*it));
    clouds.retain(|it| !any || live(*it) || hints.cloud == Some(*it) || clouds_named(named, *it));
    for cloud in [Cloud::Aws, Cloud::Azure, Cloud::Gcp] {
        if clouds.is_empty() && live(cloud) {
            clouds.push(cloud);
        }
    }
    clouds
}

fn clouds_named(named: &mentions::Named, cloud: Cloud) -> bool {
    named.providers[cloud as usize]
}

fn describes(reading: &Reading, needs: &Needs) -> bool {
    let live =
        needs.mentions.iter().any(|it| !matches!(it.stance, Stance::Passing | Stance::Excluded));
    if live || needs.budget.is_some() && !needs.workloads.is_empty() {
        return true;
    }
    let measured = needs.load != Load::default()
        || needs.availability.is_some()
        || needs.budget.is_some()
        || !needs.compliance.is_empty();
    // One vague word in a long text ("I log in and see poems") is no system.
    let strong = needs.workloads.iter().filter(|it| !vague(it.kind)).count();
    let words = reading.len();
    let makes = (0..words).any(|at| {
        matches!(
            reading.word(at),
            "design"
                | "build"
                | "create"
                | "deploy"
                | "host"
                | "architecture"
                | "infrastructure"
                | "system"
                | "platform"
                | "backend"
                | "application"
                | "app"
                | "service"
                | "api"
                | "website"
                | "server"
                | "database"
                | "cluster"
                | "pipeline"
                | "network"
                | "template"
                | "deploys"
                | "creates"
                | "provision"
                | "cloud"
                | "solution"
                | "stack"
                | "infra"
                | "need"
                | "website's"
                | "users"
        )
    });
    strong >= 1 && (words <= 12 || makes || strong >= 2 || measured)
        || !needs.workloads.is_empty() && makes
        || cloud_work(reading, needs)
}

/// Infrastructure that is spoken of without any known part of it.
fn cloud_work(reading: &Reading, needs: &Needs) -> bool {
    let technical = (0..reading.len())
        .filter(|at| {
            matches!(
                reading.word(*at),
                "template"
                    | "deploy"
                    | "deploys"
                    | "deployment"
                    | "cluster"
                    | "server"
                    | "servers"
                    | "subnet"
                    | "subnets"
                    | "vpc"
                    | "cloudformation"
                    | "terraform"
                    | "infrastructure"
                    | "instance"
                    | "instances"
                    | "architecture"
                    | "backend"
                    | "database"
                    | "hosting"
                    | "cloud"
                    | "network"
            )
        })
        .count();
    let bounded = needs.load != Load::default()
        && (!needs.compliance.is_empty() || needs.budget.is_some() || needs.residency.is_some());
    let acts = (0..reading.len()).any(|at| {
        matches!(
            reading.word(at),
            "generate"
                | "generates"
                | "process"
                | "processes"
                | "store"
                | "stores"
                | "collect"
                | "collects"
                | "analyze"
                | "analyse"
                | "convert"
                | "import"
                | "imports"
                | "export"
                | "sync"
                | "synchronise"
                | "synchronize"
                | "ingest"
                | "ingests"
                | "aggregate"
                | "host"
        )
    });
    bounded
        || (technical >= 1 && acts)
        || technical >= 2
        || (technical >= 1 && !needs.clouds.is_empty())
}

/// Kinds that a whole system is called after.
fn names_a_system(kind: WorkloadKind) -> bool {
    use WorkloadKind as W;
    matches!(
        kind,
        W::WebApp
            | W::StaticSite
            | W::RestApi
            | W::GraphqlApi
            | W::Realtime
            | W::MobileBackend
            | W::DataLake
            | W::Warehouse
            | W::MlInference
            | W::GenAi
            | W::VideoProcessing
            | W::Cms
            | W::Ecommerce
            | W::GameServer
            | W::Cache
            | W::ContainerPlatform
    )
}

fn vague(kind: WorkloadKind) -> bool {
    matches!(
        kind,
        WorkloadKind::UserSignIn
            | WorkloadKind::Scheduled
            | WorkloadKind::PushNotification
            | WorkloadKind::Email
            | WorkloadKind::Workflow
            | WorkloadKind::BackupArchive
            | WorkloadKind::Worker
            | WorkloadKind::EventDriven
            | WorkloadKind::Migration
    )
}

/// A short name: the first sentence's own words, or the first workload.
fn title(reading: &Reading, needs: &Needs) -> String {
    let end = (1..reading.len()).find(|at| reading.gap(*at).ends_clause()).unwrap_or(reading.len());
    let first = reading.span(0, end.saturating_sub(1))[1];
    if let Some(workload) = needs
        .workloads
        .iter()
        .find(|it| names_a_system(it.kind) && it.span[1] <= first && it.name.contains(' '))
    {
        return workload.name.clone();
    }
    let skip = (0..end)
        .find(|at| {
            !matches!(
                reading.word(*at),
                "design"
                    | "build"
                    | "create"
                    | "creates"
                    | "deploy"
                    | "deploys"
                    | "a"
                    | "an"
                    | "the"
                    | "we"
                    | "i"
                    | "need"
                    | "want"
                    | "please"
                    | "to"
                    | "me"
                    | "us"
                    | "this"
                    | "template"
                    | "pattern"
                    | "make"
                    | "our"
                    | "for"
                    | "would"
                    | "like"
                    | "can"
                    | "you"
                    | "help"
                    | "with"
            )
        })
        .unwrap_or(0);
    let words: Vec<&str> = (skip..end.min(skip + 6))
        .take_while(|at| {
            *at < skip + 2
                || !matches!(
                    reading.word(*at),
                    "over"
                        | "with"
                        | "for"
                        | "on"
                        | "in"
                        | "from"
                        | "using"
                        | "that"
                        | "which"
                        | "of"
                )
        })
        .map(|at| reading.original(at))
        .collect();
    if words.is_empty() {
        return needs.workloads.first().map_or_else(String::new, |it| it.name.clone());
    }
    words.join(" ").chars().take(60).collect()
}

/// Hints, assumptions, contradictions; then it is done.
pub(super) fn settle(draft: &mut Draft, hints: &Hints) -> Requirements {
    let mut assumptions = Vec::new();
    if draft.needs.describes_system {
        assume(draft, hints, &mut assumptions);
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
        needs: std::mem::take(&mut draft.needs),
        diagnostics: std::mem::take(&mut draft.diagnostics),
    }
}

fn assume(draft: &mut Draft, hints: &Hints, assumptions: &mut Vec<Assumption>) {
    let needs = &mut draft.needs;
    let mut assume = |kind, value, reason: &str| {
        assumptions.push(Assumption { kind, value, reason: reason.to_owned() })
    };
    if needs.clouds.is_empty() {
        match hints.cloud {
            Some(cloud) => needs.clouds.push(cloud),
            None => assume("cloud", json!(Cloud::Aws), "No cloud is named; AWS is designed for."),
        }
    }
    let home = needs.clouds.first().copied().unwrap_or(Cloud::Aws);
    needs.compliance.extend(hints.compliance.iter().copied());
    if needs.budget.is_none() {
        needs.budget = hints.budget;
    }
    if needs.regions.is_empty() {
        let (region, reason) = match (&hints.region, &needs.residency) {
            (Some(region), _) => (region.clone(), None),
            (None, Some(group)) => (
                regions::of_group(group, home).unwrap_or(default_region(home)).to_owned(),
                Some("Data has to stay there and no region is named."),
            ),
            (None, None) if needs.compliance.contains(&Compliance::Gdpr) => (
                regions::of_group("eu", home).unwrap_or(default_region(home)).to_owned(),
                Some("GDPR applies and no region is named, so it is one in the EU."),
            ),
            (None, None) => (
                default_region(home).to_owned(),
                Some("No region is named; this one has every service at the list price."),
            ),
        };
        if let Some(reason) = reason {
            assume("region", json!(region), reason);
        }
        needs.regions.push(region);
    }
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
            json!(0.999),
            "No availability is asked for; 99.9 % is what a single region gives without extra cost.",
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
