//! From the readings of a text to one draft of requirements: all that is said.

use super::draft::Draft;
use super::settle::settle;
use super::tokens::{Gap, Reading};
use super::{
    Cloud, Diagnostic, Given, Hints, Load, Needs, Question, Requirements, Stance, Workload,
    WorkloadKind, facts, flows, implied, load, mentions, people, quantities, vocabulary, workloads,
};
use crate::engine::diag::Severity;
use crate::engine::policy::Policy;
use serde_json::json;
use std::collections::BTreeMap;

/// Reads a text on its own.
pub fn understand(text: &str, hints: &Hints) -> Requirements {
    understand_with(text, &Given { hints, policy: &Policy::default(), before: &[], after: &[] })
}

/// Reads a text with what was set by hand and what the organisation prescribes.
pub fn understand_with(text: &str, given: &Given) -> Requirements {
    let mut draft = read(text, given.hints, false);
    settle(&mut draft, given, BTreeMap::new())
}

/// A service that a text names.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceNamed {
    pub service: &'static str,
    /// The words.
    pub text: String,
    /// Named as a kind ("the cache"), which any product of it is.
    pub by_kind: bool,
    /// Of a relational database: whether Aurora is said, or something else.
    pub aurora: Option<bool>,
}

/// The services of AWS that a text names, whatever it says about them.
pub fn services_named(text: &str) -> Vec<ServiceNamed> {
    let reading = Reading::new(text);
    let named = mentions::find(&reading, Cloud::Aws, true);
    let of = |it: &mentions::Occurrence| {
        let [from, to] = reading.span(it.from, it.to);
        let words = text.get(from..to).unwrap_or_default().to_owned();
        let plain = words.to_ascii_lowercase();
        ServiceNamed {
            service: it.service,
            by_kind: it.by_kind,
            aurora: (it.service == "rds")
                .then(|| plain.contains("aurora"))
                .filter(|it| *it || plain.contains("rds")),
            text: words,
        }
    };
    named.occurrences.iter().filter(|it| it.cloud == Cloud::Aws).map(of).collect()
}

/// Whether one service does what another is asked for: "the cache" is any cache.
pub fn fills_the_role(service: &str, of: &str) -> bool {
    vocabulary::fills(service, of)
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
    draft.needs.self_hosted.extend(named.self_hosted.iter().copied());
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
    if !orders {
        described_by_use(&reading, &named.mentions, &mut draft.needs);
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

/// Where nothing is named that could run it, what people or machines do calls
/// for a part.
fn described_by_use(reading: &Reading, mentions: &[super::Mention], needs: &mut Needs) {
    let named = |it: &&super::Mention| matches!(it.stance, Stance::Wanted | Stance::Existing);
    let runs =
        |it: &super::Mention| vocabulary::compute(it.service) || vocabulary::entry(it.service);
    if mentions.iter().filter(named).any(runs) {
        return;
    }
    let bare = !mentions.iter().any(|it| named(&it));
    let load = &needs.load;
    let streams = bare && load.messages_per_second.is_some_and(|it| it >= STREAM_RATE);
    let met = needs.workloads.iter().any(|it| people::meets(it.kind));
    let counted = is_counted(needs);
    let reports = bare && load.devices.is_some_and(|it| it >= DEVICES);
    let flows = needs.workloads.iter().any(|it| {
        use WorkloadKind as W;
        matches!(
            it.kind,
            W::IotIngest
                | W::StreamProcessing
                | W::MessageQueue
                | W::PubSub
                | W::EventDriven
                | W::VirtualMachine
                | W::GameServer
                | W::FileShare
                | W::Migration
        )
    });
    let made = needs.workloads.iter().any(|it| !vague(it.kind));
    let (kind, (from, to)) = match people::act(reading) {
        _ if reports && !flows => (WorkloadKind::IotIngest, (0, 0)),
        _ if streams && !flows => (WorkloadKind::StreamProcessing, (0, 0)),
        Some(place)
            if bare
                && !met
                && people::means_a_system(reading, load)
                && (!made || people::is_online(reading)) =>
        {
            (WorkloadKind::WebApp, place)
        }
        _ if counted && !met => match people::thing(reading) {
            // What is a lake or a stream already is not a web application besides.
            Some((kind, place)) if !made || load_of_people(load) => (kind, place),
            _ => return,
        },
        _ => return,
    };
    let span = reading.span(from, to);
    let name = reading.text[span[0]..span[1]].to_lowercase();
    needs.workloads.push(Workload { kind, name, span });
}

/// Somebody thought of who uses it, how much, or under which rules.
fn is_counted(needs: &Needs) -> bool {
    needs.load != Load::default()
        || needs.budget.is_some()
        || needs.availability.is_some()
        || needs.residency.is_some()
        || needs.audience.is_some()
        || !needs.compliance.is_empty()
}

fn load_of_people(load: &Load) -> bool {
    load.users
        .or(load.monthly_active_users)
        .or(load.daily_active_users)
        .or(load.concurrent_users)
        .or(load.visits_per_month)
        .is_some()
}

/// A rate that only a machine keeps up with.
fn has_rate(load: &Load) -> bool {
    load.requests_per_second
        .or(load.peak_requests_per_second)
        .or(load.messages_per_second.filter(|it| *it >= 1.0))
        .or(load.requests_per_month.filter(|it| *it >= 1e5))
        .or(load.monthly_active_users)
        .or(load.daily_active_users)
        .or(load.ingest_gb_per_day)
        .or(load.concurrent_users)
        .or(load.files_per_month.filter(|it| *it >= 1000.0))
        .or(load.jobs_per_day)
        .is_some()
}

/// Devices from which a text that names no part speaks of telemetry.
const DEVICES: f64 = 100.0;
/// Messages a second from which a text that names no part speaks of a stream.
const STREAM_RATE: f64 = 100.0;

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
        let aside = search || vocabulary::is_aside(word, reading.word(at + 1));
        if let Some(cloud) = vocabulary::provider(word).filter(|_| !aside) {
            vote(at, cloud, 3);
        } else if let Some(cloud) = (!aside)
            .then_some(word)
            .and_then(vocabulary::brand)
            .or_else(|| vocabulary::brand_of_two(word, reading.word(at + 1)))
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
                && it.service != "entra-id"
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
    if only_asks(reading) && needs.load == Load::default() {
        return false;
    }
    if people::means_a_system(reading, &needs.load) {
        return true;
    }
    let arrows = (0..reading.len()).any(|at| reading.gap(at).has(Gap::ARROW));
    let measured = needs.load != Load::default()
        || needs.availability.is_some()
        || needs.latency_ms.is_some()
        || !needs.stack.is_empty()
        || arrows
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
                | "tool"
                | "portal"
                | "site"
                | "website's"
                | "users"
        )
    });
    // "scalable backend", "database".
    if words <= 4 && (strong >= 1 || people::thing(reading).is_some()) {
        return true;
    }
    strong >= 1 && (words <= 12 || makes || strong >= 2 || measured)
        || !needs.workloads.is_empty() && makes
        || cloud_work(reading, needs)
}

/// "Why is there a database?" wants to know something and nothing built.
fn only_asks(reading: &Reading) -> bool {
    matches!(reading.word(0), "why" | "what" | "what's" | "who" | "when" | "where" | "which")
        && reading.text.trim_end().ends_with('?')
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
        || has_rate(&needs.load)
        || is_counted(needs) && people::thing(reading).is_some()
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
