//! Who talks to whom: as the text says, then as the kinds ask for.
//!
//! A flow of the text that cannot be made as it is written is made the nearest
//! way that can (a function that "reads from a queue" is invoked by it), and
//! what cannot be made at all is a diagnostic.

use super::habits::{AROUND, HABITS, SERVERS, resolve};
use super::{Draft, Role};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::pairs::{self, STORES};
use crate::engine::graph::specs::Spec;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::Intent;
use Intent::*;
use Kind::*;

/// Connects as the text says.
pub(super) fn flows(draft: &mut Draft) {
    let needs = draft.ctx.needs;
    for flow in &needs.flows {
        let (Some(sources), Some(targets)) =
            (draft.named.get(flow.from).cloned(), draft.named.get(flow.to).cloned())
        else {
            continue;
        };
        let pairs = sources.len().max(targets.len());
        if sources.is_empty() || targets.is_empty() {
            continue;
        }
        for i in 0..pairs {
            let mut from = sources[i % sources.len()].clone();
            let mut to = targets[i % targets.len()].clone();
            if from == to {
                continue;
            }
            from = behind(draft, &from, &to);
            to = behind(draft, &to, &from);
            let (Some(a), Some(b)) = (kind_of(draft, &from), kind_of(draft, &to)) else { continue };
            match resolve(a, flow.intent, b) {
                Some((turn, intent)) => {
                    let reason = Reason::words("The text says so.", flow.span);
                    if turn {
                        draft.graph.connect(&to, &from, intent, reason);
                    } else {
                        draft.graph.connect(&from, &to, intent, reason);
                    }
                }
                None if AROUND.contains(&a) || AROUND.contains(&b) => draft.diagnostics.push(
                    Diagnostic::new(
                        "connection-implied",
                        Severity::Note,
                        format!(
                            "{} and {} belong together without a connection of their own.",
                            a.title(),
                            b.title()
                        ),
                    )
                    .at(flow.span),
                ),
                None => draft.diagnostics.push(
                    Diagnostic::new(
                        "unsupported-connection",
                        Severity::Warning,
                        format!("{} cannot be connected to {} directly.", a.title(), b.title()),
                    )
                    .help("Put a function or a container between them.")
                    .at(flow.span),
                ),
            }
        }
    }
}

/// A scaling group stands for its machines.
fn behind(draft: &Draft, id: &NodeId, other: &NodeId) -> NodeId {
    if kind_of(draft, id) == Some(MachineScaling)
        && !matches!(kind_of(draft, other), Some(Monitoring | VirtualMachines | ContainerService))
        && let Some(machines) = draft.graph.first(VirtualMachines)
    {
        return machines.id.clone();
    }
    id.clone()
}

fn kind_of(draft: &Draft, id: &NodeId) -> Option<Kind> {
    draft.graph.component(id).map(|it| it.spec.kind())
}

/// Connects what the text leaves open.
pub(super) fn infer(draft: &mut Draft) {
    machines(draft);
    entries(draft);
    messages(draft);
    timetables(draft);
    orphans(draft);
    readers(draft);
    if draft.ctx.profile.completes() {
        callers(draft);
        stores(draft);
    }
    protections(draft);
    orphans(draft);
    adjust(draft);
}

fn linked(draft: &Draft, id: &NodeId) -> bool {
    draft.graph.connections.iter().any(|it| it.from == *id || it.to == *id)
}

fn sends(draft: &Draft, id: &NodeId) -> bool {
    draft.graph.connections.iter().any(|it| it.from == *id)
}

fn receives(draft: &Draft, id: &NodeId) -> bool {
    draft.graph.connections.iter().any(|it| it.to == *id)
}

/// Draws a connection when the table allows it.
pub(super) fn link(
    draft: &mut Draft,
    from: &NodeId,
    intent: Intent,
    to: &NodeId,
    why: &str,
) -> bool {
    let (Some(a), Some(b)) = (kind_of(draft, from), kind_of(draft, to)) else { return false };
    let possible = from != to && pairs::supported(a, intent, b);
    if possible {
        draft.graph.connect(from, to, intent, Reason::rule(why));
    }
    possible
}

/// A timetable starts the jobs that were made for it, not whatever else it could.
fn timetables(draft: &mut Draft) {
    let kinds = [Function, ContainerService, BatchCompute, Workflow];
    let jobs: Vec<NodeId> = draft
        .ids(&kinds)
        .into_iter()
        .filter(|it| draft.roles.get(it) == Some(&Role::Job) && !receives(draft, it))
        .collect();
    let idle: Vec<NodeId> =
        draft.ids(&[Schedule]).into_iter().filter(|it| !sends(draft, it)).collect();
    for (i, schedule) in idle.iter().enumerate() {
        // One for all, or each its own.
        let own =
            if idle.len() == 1 { jobs.as_slice() } else { jobs.get(i..=i).unwrap_or_default() };
        for job in own {
            link(draft, schedule, Invokes, job, "Starts when its time comes.");
        }
        // Databases are stopped and started by timetables that have nothing else to do.
        if draft.ids(&kinds).is_empty() {
            for database in draft.ids(&[RelationalDatabase]) {
                link(draft, schedule, Invokes, &database, "Starts and stops it.");
            }
        }
    }
}

/// Groups keep machines: each its own, by name, else the first.
fn machines(draft: &mut Draft) {
    let machines = draft.ids(&[VirtualMachines]);
    for (i, group) in draft.ids(&[MachineScaling]).into_iter().enumerate() {
        if let Some(target) = machines.get(i).or(machines.first()) {
            link(draft, &group, Invokes, target, "The group starts and replaces these machines.");
        }
    }
}

/// Computing parts that answer people; all of them when none is known to.
fn fronts(draft: &Draft) -> Vec<NodeId> {
    let kinds =
        [Function, ContainerService, KubernetesCluster, VirtualMachines, WebService, AppPlatform];
    let all = draft.ids(&kinds);
    let front = |id: &&NodeId| draft.roles.get(*id).is_none_or(|it| *it == Role::Front);
    let some: Vec<_> = all.iter().filter(front).cloned().collect();
    if some.is_empty() { all } else { some }
}

/// Ways in lead to what answers.
fn entries(draft: &mut Draft) {
    let fronts = fronts(draft);
    // A function that something else triggers already answers nobody.
    let idle: Vec<NodeId> = fronts.iter().filter(|it| !receives(draft, it)).cloned().collect();
    for entry in draft.ids(&[LoadBalancer, HttpApi, GraphqlApi]) {
        if sends(draft, &entry) {
            continue;
        }
        let kind = kind_of(draft, &entry);
        let intent = if kind == Some(LoadBalancer) { Serves } else { Invokes };
        let why = "Requests that come in here are answered there.";
        let mut any = false;
        for target in if idle.is_empty() { &fronts } else { &idle } {
            let backend = kind_of(draft, target);
            // Gateways reach containers through their load balancer.
            let through =
                backend != Some(Function) && kind == Some(HttpApi) && draft.has(LoadBalancer);
            if !through {
                any |= link(draft, &entry, intent, target, why)
                    || link(draft, &entry, Serves, target, why);
            }
        }
        if !any && kind == Some(HttpApi) {
            for target in draft.ids(&[LoadBalancer]) {
                link(draft, &entry, Serves, &target, why);
            }
        }
    }
    for cdn in draft.ids(&[Cdn]) {
        let has_bucket = draft.graph.targets(&cdn).any(|(_, it)| it.spec.kind() == ObjectStore);
        if sends(draft, &cdn) && (has_bucket || !draft.ctx.profile.completes()) {
            continue;
        }
        let website = |id: &&NodeId| matches!(draft.graph.component(id).map(|it| &it.spec), Some(Spec::ObjectStore(it)) if it.purpose.name() == "website");
        let buckets = draft.ids(&[ObjectStore]);
        let bucket = buckets.iter().find(website).or(buckets.first()).cloned();
        let why = "Files are served from the edge.";
        let mut any = bucket.is_some_and(|it| link(draft, &cdn, Serves, &it, why));
        if !any || draft.ctx.profile.completes() {
            for target in draft.ids(&[LoadBalancer, HttpApi, GraphqlApi, WebService, AppPlatform]) {
                if any && !draft.ctx.profile.completes() {
                    break;
                }
                if !behind_another(draft, &target) && !is_internal(draft, &target) {
                    any |= link(
                        draft,
                        &cdn,
                        Serves,
                        &target,
                        "Requests reach the origin over the edge.",
                    );
                }
            }
        }
    }
}

fn is_internal(draft: &Draft, id: &NodeId) -> bool {
    match draft.graph.component(id).map(|it| &it.spec) {
        Some(Spec::LoadBalancer(it)) => it.internal,
        Some(Spec::HttpApi(it)) => it.private || it.protocol.name() == "websocket",
        _ => false,
    }
}

/// A gateway or distribution stands before it already.
fn behind_another(draft: &Draft, id: &NodeId) -> bool {
    draft.graph.sources(id).any(|(_, it)| matches!(it.spec.kind(), HttpApi | GlobalAccelerator))
}

/// In a complete system each queue has someone who fills and someone who empties it.
fn messages(draft: &mut Draft) {
    if !draft.ctx.profile.completes() {
        return;
    }
    let fronts = fronts(draft);
    let workers: Vec<NodeId> = draft
        .roles
        .iter()
        .filter(|(_, role)| **role == Role::Worker)
        .map(|(id, _)| id.clone())
        .collect();
    for id in draft.ids(&[Queue, Stream, KafkaCluster, MessageBroker, Topic, EventBus]) {
        let Some(kind) = kind_of(draft, &id) else { continue };
        let polls = |it: &crate::engine::graph::Connection| {
            it.to == id && matches!(it.intent, Subscribes | Reads)
        };
        let filled = draft.graph.connections.iter().any(|it| it.to == id && !polls(it));
        let emptied = sends(draft, &id) || draft.graph.connections.iter().any(polls);
        let device = draft.ids(&[IotHub]);
        if !filled {
            let topics = if kind == Queue { draft.ids(&[Topic]) } else { Vec::new() };
            let mut done = false;
            for source in device.iter().chain(&fronts).chain(&topics) {
                if done {
                    break;
                }
                let intent =
                    if kind_of(draft, source) == Some(IotHub) { Streams } else { Publishes };
                done = link(draft, source, intent, &id, "Work is left here for later.")
                    || link(draft, source, Publishes, &id, "Work is left here for later.");
            }
        }
        if !emptied && matches!(kind, Queue | Stream | KafkaCluster | MessageBroker | EventBus) {
            let analysts = if kind == Stream || kind == KafkaCluster {
                draft.ids(&[StreamAnalytics, DeliveryStream])
            } else {
                Vec::new()
            };
            let mut read = false;
            for reader in analysts {
                read |= link(draft, &id, Streams, &reader, "Analyses and keeps what passes.");
            }
            if read {
                continue;
            }
            let readers = if workers.is_empty() { &fronts } else { &workers };
            for reader in readers.iter().take(1) {
                let why = "Works off what arrives.";
                let pushed = kind_of(draft, reader) == Some(Function)
                    && link(draft, &id, Invokes, reader, why);
                if !pushed {
                    link(draft, reader, Subscribes, &id, why);
                }
            }
        }
    }
}

/// In a complete system the parts that run code share the main stores.
fn stores(draft: &mut Draft) {
    let parts: Vec<NodeId> = draft.roles.keys().cloned().collect();
    let parts: Vec<NodeId> = parts
        .into_iter()
        .filter(|it| kind_of(draft, it).is_some_and(|kind| kind != MachineScaling))
        .collect();
    if parts.len() > 4 {
        own_stores(draft, &parts);
        return;
    }
    for game in draft.ids(&[GameFleet]) {
        for store in draft.ids(&[KeyValueStore]) {
            link(draft, &game, Reads, &store, "Loads profiles and keeps results.");
            link(draft, &game, Writes, &store, "Loads profiles and keeps results.");
        }
    }
    const SHARED: &[Kind] = &[
        RelationalDatabase,
        KeyValueStore,
        DocumentDatabase,
        TimeSeriesStore,
        WideColumnStore,
        Cache,
        DurableCache,
        SearchIndex,
        ObjectStore,
    ];
    for store in draft.ids(SHARED) {
        let served = draft.graph.sources(&store).any(|(_, it)| it.spec.kind() == Cdn);
        let purpose = match draft.graph.component(&store).map(|it| &it.spec) {
            Some(Spec::ObjectStore(it)) => it.purpose.name(),
            _ => "",
        };
        if served && purpose == "website" || matches!(purpose, "logs" | "archive") {
            continue;
        }
        for part in &parts {
            if !draft.graph.connected(part, &store) {
                link(draft, part, Reads, &store, "Works with the data of the system.");
                link(draft, part, Writes, &store, "Works with the data of the system.");
            }
        }
    }
}

/// What works on files reads and writes them, whatever else starts it.
fn readers(draft: &mut Draft) {
    const WORKING: &[Kind] = &[
        EtlJob,
        QueryService,
        HadoopCluster,
        BatchCompute,
        ModelEndpoint,
        VideoTranscoder,
        DocumentExtraction,
        SpeechToText,
        DeliveryStream,
    ];
    let buckets = draft.ids(&[ObjectStore]);
    let Some(bucket) = buckets.first() else { return };
    for id in draft.ids(WORKING) {
        let works = draft.graph.targets(&id).any(|(_, it)| STORES.contains(&it.spec.kind()));
        if !works {
            link(draft, &id, Reads, bucket, "Works on files.");
            link(draft, &id, Writes, bucket, "Works on files.");
        }
    }
}

/// In a complete system what answers or works on request is asked by somebody.
fn callers(draft: &mut Draft) {
    const ASKED: &[Kind] = &[
        ModelEndpoint,
        FoundationModel,
        DocumentExtraction,
        TextAnalysis,
        ImageAnalysis,
        SpeechToText,
        VideoTranscoder,
        EnterpriseSearch,
        Workflow,
        BatchCompute,
        Location,
    ];
    let workers = draft.roles.iter().filter(|(_, role)| **role == Role::Worker);
    let mut parts: Vec<NodeId> = workers.map(|(id, _)| id.clone()).collect();
    parts.extend(fronts(draft));
    for id in draft.ids(ASKED) {
        let answers = kind_of(draft, &id) == Some(ModelEndpoint);
        if receives(draft, &id) {
            continue;
        }
        // Models answer people; the rest works on what was left for it.
        let order: Vec<NodeId> =
            if answers { parts.iter().rev().cloned().collect() } else { parts.clone() };
        for part in order {
            if link(draft, &part, Invokes, &id, "Asks it for its work.") {
                break;
            }
        }
    }
}

/// Many parts have a store each, as far as there are stores.
fn own_stores(draft: &mut Draft, parts: &[NodeId]) {
    let stores = draft.ids(&[RelationalDatabase, KeyValueStore, DocumentDatabase, ObjectStore]);
    for (i, part) in parts.iter().enumerate() {
        let works = draft.graph.targets(part).any(|(_, it)| STORES.contains(&it.spec.kind()));
        if works || stores.is_empty() {
            continue;
        }
        let store = stores[i % stores.len()].clone();
        link(draft, part, Reads, &store, "Keeps its data here.");
        link(draft, part, Writes, &store, "Keeps its data here.");
    }
}

/// Names, certificates, firewalls and sign-in belong to the outermost way in.
fn protections(draft: &mut Draft) {
    for (kind, intent, why) in [
        (DnsZone, Resolves, "The name leads here."),
        (Certificate, Authenticates, "Proves who answers and encrypts the way."),
        (WebFirewall, Serves, "Filters requests before they come in."),
        (DdosProtection, Serves, "Absorbs floods of traffic."),
        (UserDirectory, Authenticates, "Only signed-in users come through."),
    ] {
        for id in draft.ids(&[kind]) {
            if sends(draft, &id) || (kind == UserDirectory && linked(draft, &id)) {
                continue;
            }
            const WAYS: &[Kind] = &[
                Cdn,
                GlobalAccelerator,
                LoadBalancer,
                HttpApi,
                GraphqlApi,
                WebService,
                AppPlatform,
                WebHosting,
            ];
            let mut ways: Vec<NodeId> = Vec::new();
            for way in WAYS {
                let open = draft.ctx.profile.private_entry;
                let reached = |it: &NodeId| open || !is_internal(draft, it);
                ways.extend(draft.ids(&[*way]).into_iter().filter(reached));
            }
            for way in ways {
                if !firewall_fits(draft, &id, &way) {
                    continue;
                }
                let outermost = kind == UserDirectory
                    || !draft.graph.sources(&way).any(|(_, it)| WAYS.contains(&it.spec.kind()));
                if outermost
                    && link(draft, &id, intent, &way, why)
                    && !matches!(kind, UserDirectory | DnsZone)
                {
                    break;
                }
            }
        }
    }
    if draft.has(UserDirectory) {
        for id in draft.ids(&[UserDirectory]) {
            if linked(draft, &id) {
                continue;
            }
            if let Some(front) = fronts(draft).first().cloned() {
                let why = "Checks who is signed in.";
                let _ = link(draft, &front, Authenticates, &id, why);
            }
        }
    }
}

/// Plain HTTP APIs cannot carry a firewall; REST APIs can.
fn firewall_fits(draft: &Draft, guard: &NodeId, way: &NodeId) -> bool {
    if kind_of(draft, guard) != Some(WebFirewall) {
        return true;
    }
    match draft.graph.component(way).map(|it| &it.spec) {
        Some(Spec::HttpApi(it)) => it.protocol.name() == "rest",
        Some(Spec::LoadBalancer(it)) => it.layer.name() == "http",
        _ => true,
    }
}

/// Gives each part that stands alone its most usual partner.
fn orphans(draft: &mut Draft) {
    let ids: Vec<NodeId> = draft.graph.components.iter().map(|it| it.id.clone()).collect();
    for id in ids {
        let Some(kind) = kind_of(draft, &id) else { continue };
        if linked(draft, &id) || AROUND.contains(&kind) {
            continue;
        }
        let runs_code = draft.has_any(SERVERS);
        let habit = |draft: &mut Draft| {
            for (sources, intents, targets) in HABITS {
                let starts = sources.contains(&kind);
                let others = if starts { targets } else { sources };
                // Gateways reach stores and queues themselves only without code.
                let direct = matches!(sources, [HttpApi] | [GraphqlApi]) && !starts;
                if direct && runs_code && !SERVERS.contains(&kind) {
                    continue;
                }
                if !starts && !targets.contains(&kind) {
                    continue;
                }
                for other in others.iter() {
                    for partner in draft.ids(&[*other]) {
                        if partner == id {
                            continue;
                        }
                        let mut any = false;
                        for intent in *intents {
                            let why = "These parts usually work together.";
                            any |= if starts {
                                link(draft, &id, *intent, &partner, why)
                            } else {
                                link(draft, &partner, *intent, &id, why)
                            };
                        }
                        if any {
                            return true;
                        }
                    }
                }
            }
            false
        };
        if !habit(draft) {
            any_partner(draft, &id, kind);
        }
    }
}

/// The last resort: whatever the table allows.
fn any_partner(draft: &mut Draft, id: &NodeId, kind: Kind) {
    const ORDER: [Intent; 9] =
        [Invokes, Serves, Writes, Reads, Publishes, Streams, Subscribes, Resolves, Authenticates];
    let partners: Vec<(NodeId, Kind)> = draft
        .graph
        .components
        .iter()
        .filter(|it| it.id != *id && !AROUND.contains(&it.spec.kind()))
        .map(|it| (it.id.clone(), it.spec.kind()))
        .collect();
    for (partner, other) in partners {
        for intent in ORDER {
            if pairs::supported(kind, intent, other) {
                link(draft, id, intent, &partner, "Nothing else connects this part.");
                return;
            }
            if pairs::supported(other, intent, kind) {
                link(draft, &partner, intent, id, "Nothing else connects this part.");
                return;
            }
        }
    }
}

/// Settings that follow from connections: stores that emit events.
fn adjust(draft: &mut Draft) {
    let emitting: Vec<NodeId> = draft
        .graph
        .connections
        .iter()
        .filter(|it| matches!(it.intent, Invokes | Publishes | Streams))
        .map(|it| it.from.clone())
        .collect();
    for component in &mut draft.graph.components {
        let emits = emitting.contains(&component.id);
        match &mut component.spec {
            Spec::ObjectStore(it) => it.notify |= emits,
            Spec::KeyValueStore(it) => it.stream |= emits,
            _ => {}
        }
    }
}

/// Reports parts that shape the design and stand alone among others.
pub(super) fn check(draft: &mut Draft) {
    adjust(draft);
    let shaping = |kind: Kind| super::services::shapes_the_design(kind) && !AROUND.contains(&kind);
    let parts = draft.graph.components.iter().filter(|it| shaping(it.spec.kind())).count();
    if parts < 2 || draft.ctx.tier != Tier::Good {
        return;
    }
    let alone: Vec<_> = draft
        .graph
        .components
        .iter()
        .filter(|it| shaping(it.spec.kind()) && !linked(draft, &it.id))
        .map(|it| (it.id.clone(), it.title.clone()))
        .collect();
    for (id, title) in alone {
        draft.diagnostics.push(
            Diagnostic::new(
                "unconnected-component",
                Severity::Warning,
                format!("Nothing says what {title} is connected to."),
            )
            .help("Say what uses it, as in \"the function writes to the table\".")
            .on(id.as_str()),
        );
    }
}
