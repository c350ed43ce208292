//! Who talks to whom: as the text says, then as the kinds ask for.
//!
//! A flow of the text that cannot be made as it is written is made the nearest
//! way that can (a function that "reads from a queue" is invoked by it), and
//! what cannot be made at all is a diagnostic.

use super::{Draft, Role};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::pairs::{self, COMPUTE, SINKS, STORES};
use crate::engine::graph::specs::Spec;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::Intent;
use Intent::*;
use Kind::*;

/// Parts that surround the others: their presence is the connection.
const AROUND: &[Kind] = &[
    EncryptionKey,
    Network,
    NatGateway,
    NetworkEndpoints,
    NetworkFirewall,
    Monitoring,
    LogStore,
    Tracing,
    AuditTrail,
    ConfigRecorder,
    ThreatDetection,
    SecurityPosture,
    DataDiscovery,
    VulnerabilityScan,
    BackupPlan,
    Certificate,
    WebFirewall,
    DdosProtection,
    ImageRegistry,
    Secret,
    Parameter,
];

/// What pushes its messages to functions and is polled by everything else.
const POLLED: &[Kind] = &[Queue, Stream, KafkaCluster, MessageBroker];

/// The intents that come closest to one, itself first.
fn near(intent: Intent) -> &'static [Intent] {
    match intent {
        Writes => &[Writes, Publishes, Streams, Invokes, Serves, Replicates],
        Publishes => &[Publishes, Writes, Streams, Invokes],
        Invokes => &[Invokes, Serves, Publishes, Streams, Writes, Reads],
        Streams => &[Streams, Publishes, Writes, Invokes],
        Serves => &[Serves, Invokes, Reads, Resolves, Authenticates],
        Reads => &[Reads, Subscribes, Invokes],
        Subscribes => &[Subscribes, Reads],
        Resolves => &[Resolves, Serves],
        Authenticates => &[Authenticates, Reads, Invokes],
        Replicates => &[Replicates, Streams, Writes, Reads],
    }
}

/// The same when the arrow turns round.
fn turned(intent: Intent) -> &'static [Intent] {
    match intent {
        Reads | Subscribes => &[Invokes, Streams, Publishes, Writes, Serves],
        Serves => &[Reads, Invokes],
        Writes | Publishes | Streams => &[Reads, Subscribes],
        Invokes => &[Subscribes, Reads, Serves, Resolves],
        Resolves => &[Resolves],
        Authenticates => &[Authenticates, Invokes],
        Replicates => &[Replicates, Reads],
    }
}

/// How a wanted connection can be made: whether it turns round, and its intent.
pub(super) fn resolve(from: Kind, intent: Intent, to: Kind) -> Option<(bool, Intent)> {
    // Functions do not poll: what they would read from invokes them.
    let polls = from == Function
        && (POLLED.contains(&to) && matches!(intent, Reads | Subscribes | Streams)
            || matches!(to, Topic | EventBus | IotHub) && matches!(intent, Reads | Subscribes)
            || to == KeyValueStore && matches!(intent, Subscribes | Streams));
    if polls && pairs::supported(to, Invokes, from) {
        return Some((true, Invokes));
    }
    // Containers and machines cannot be pushed to by a queue: they poll it.
    let pushed = POLLED.contains(&from) && matches!(intent, Invokes | Streams | Publishes);
    if pushed && to != Function && pairs::supported(to, Subscribes, from) {
        return Some((true, Subscribes));
    }
    let ahead = near(intent).iter().find(|it| pairs::supported(from, **it, to));
    if let Some(intent) = ahead {
        return Some((false, *intent));
    }
    turned(intent).iter().find(|it| pairs::supported(to, **it, from)).map(|it| (true, *it))
}

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

const SERVERS: &[Kind] = &[ContainerService, KubernetesCluster, VirtualMachines, Function];
const PUBLIC: &[Kind] =
    &[Cdn, GlobalAccelerator, LoadBalancer, HttpApi, GraphqlApi, WebService, AppPlatform];

type Habit = (&'static [Kind], &'static [Intent], &'static [Kind]);

/// What usually belongs together, the most usual first. Several intents are
/// several connections.
const HABITS: &[Habit] = &[
    (&[MachineScaling], &[Invokes], &[VirtualMachines]),
    (&[LoadBalancer], &[Serves], SERVERS),
    (&[HttpApi], &[Invokes], &[Function]),
    (
        &[HttpApi],
        &[Serves],
        &[
            LoadBalancer,
            ContainerService,
            WebService,
            AppPlatform,
            KubernetesCluster,
            VirtualMachines,
        ],
    ),
    (&[HttpApi], &[Invokes], &[Workflow, ModelEndpoint, FoundationModel, BatchCompute]),
    (&[HttpApi], &[Writes], &[Queue, Topic, EventBus, Stream, DeliveryStream]),
    (&[HttpApi], &[Reads, Writes], &[KeyValueStore, ObjectStore]),
    (&[GraphqlApi], &[Invokes], &[Function]),
    (&[GraphqlApi], &[Reads, Writes], &[KeyValueStore, RelationalDatabase, SearchIndex]),
    (&[GraphqlApi], &[Invokes], &[HttpApi, FoundationModel]),
    (&[GlobalAccelerator], &[Serves], &[LoadBalancer, GameFleet, VirtualMachines]),
    (
        &[Cdn],
        &[Serves],
        &[
            ObjectStore,
            LoadBalancer,
            HttpApi,
            GraphqlApi,
            WebService,
            AppPlatform,
            Function,
            VirtualMachines,
        ],
    ),
    (&[DnsZone], &[Resolves], PUBLIC),
    (&[WebHosting], &[Invokes], &[HttpApi, GraphqlApi]),
    (&[UserDirectory], &[Authenticates], &[HttpApi, GraphqlApi, LoadBalancer]),
    (&[PolicyStore], &[Authenticates], &[HttpApi]),
    (&[EventPipe], &[Invokes], &[Function, Workflow, EventBus]),
    (&[EventPipe], &[Publishes], &[Queue, Topic, EventBus, Stream]),
    (
        &[Schedule],
        &[Invokes],
        &[
            Function,
            Workflow,
            ContainerService,
            BatchCompute,
            EtlJob,
            HadoopCluster,
            VirtualMachines,
            ModelEndpoint,
            Pipeline,
            Build,
            RelationalDatabase,
            FleetManager,
            DataSync,
        ],
    ),
    (&[Schedule], &[Publishes], &[Queue, Topic, EventBus, Stream]),
    (
        &[
            ThreatDetection,
            SecurityPosture,
            ConfigRecorder,
            VulnerabilityScan,
            DataDiscovery,
            BackupPlan,
        ],
        &[Publishes],
        &[EventBus, Topic],
    ),
    (&[ObjectStore], &[Publishes], &[EventBus]),
    (
        &[EventBus],
        &[Invokes],
        &[Function, Workflow, ContainerService, BatchCompute, Pipeline, Build],
    ),
    (&[EventBus], &[Publishes], &[Queue, Topic, Stream, DeliveryStream, LogStore]),
    (&[IotHub], &[Streams], &[Stream, KafkaCluster]),
    (&[IotHub], &[Invokes], &[Function]),
    (&[IotHub], &[Writes], &[TimeSeriesStore, KeyValueStore, Queue, DeliveryStream, ObjectStore]),
    (&[DeliveryStream], &[Writes], &[ObjectStore, Warehouse, SearchIndex]),
    (&[Stream], &[Streams], &[StreamAnalytics, DeliveryStream]),
    (&[Stream, KafkaCluster, MessageBroker], &[Invokes], &[Function]),
    (COMPUTE, &[Subscribes], &[KafkaCluster, MessageBroker]),
    (&[Queue], &[Invokes], &[Function]),
    (&[ContainerService, KubernetesCluster, VirtualMachines], &[Subscribes], &[Queue, Stream]),
    (&[Topic], &[Publishes], &[Queue, DeliveryStream]),
    (
        &[Workflow],
        &[Invokes],
        &[
            Function,
            ContainerService,
            BatchCompute,
            EtlJob,
            HadoopCluster,
            ModelEndpoint,
            FoundationModel,
            HttpApi,
        ],
    ),
    (&[Workflow], &[Publishes], &[Queue, Topic, EventBus, Email]),
    (&[KeyValueCache], &[Reads, Writes], &[KeyValueStore]),
    (
        &[DatabaseMigration],
        &[Writes],
        &[RelationalDatabase, DocumentDatabase, KeyValueStore, Warehouse, ObjectStore],
    ),
    (&[DataSync, FileTransfer], &[Writes], &[ObjectStore, FileSystem, FileServer]),
    (&[Desktops], &[Reads, Writes], &[FileServer, FileSystem]),
    (&[Directory], &[Authenticates], &[FileServer, Desktops, VirtualMachines, RelationalDatabase]),
    (&[Dashboards], &[Reads], &[Warehouse, QueryService, RelationalDatabase, ObjectStore]),
    (&[QueryService], &[Reads, Writes], &[ObjectStore, TableStore, ExpressStore]),
    (
        &[EtlJob, HadoopCluster, Airflow, BatchCompute, ModelEndpoint],
        &[Reads, Writes],
        &[ObjectStore, ExpressStore, TableStore],
    ),
    (&[Airflow], &[Invokes], &[EtlJob, HadoopCluster, BatchCompute, ModelEndpoint]),
    (&[QueryService], &[Reads], &[EtlJob]),
    (&[LakePermissions], &[Authenticates], &[ObjectStore, EtlJob, QueryService, Warehouse]),
    (&[Pipeline], &[Invokes], &[Build, Deployment]),
    (&[SourceRepository], &[Invokes], &[Pipeline, Build, WebHosting]),
    (&[Build], &[Writes], &[ImageRegistry, ObjectStore]),
    (&[Deployment], &[Invokes], &[ContainerService, VirtualMachines, Function]),
    (
        &[
            Function,
            ContainerService,
            KubernetesCluster,
            VirtualMachines,
            WebService,
            AppPlatform,
            BatchCompute,
            GameFleet,
            StreamAnalytics,
        ],
        &[Reads, Writes],
        STORES,
    ),
    (COMPUTE, &[Reads, Writes], STORES),
    (COMPUTE, &[Publishes], SINKS),
    (
        COMPUTE,
        &[Invokes],
        &[
            Workflow,
            FoundationModel,
            ModelEndpoint,
            DocumentExtraction,
            TextAnalysis,
            ImageAnalysis,
            SpeechToText,
            EnterpriseSearch,
            Chatbot,
            VideoTranscoder,
            Location,
            GameFleet,
            ServiceNetwork,
            PrivateLink,
            EtlJob,
            HadoopCluster,
            BatchCompute,
            StreamAnalytics,
            QueryService,
        ],
    ),
    (COMPUTE, &[Reads], &[Secret, Parameter, AppConfig, UserDirectory, ServiceDiscovery]),
    (COMPUTE, &[Authenticates], &[UserDirectory, PolicyStore, Directory]),
    (&[ObjectStore, KeyValueStore, Topic, EventBus, LogStore, Email], &[Invokes], &[Function]),
    (&[ServiceDiscovery], &[Resolves], &[ContainerService, Function, VirtualMachines]),
    (&[ServiceNetwork], &[Serves], SERVERS),
    (&[PrivateLink], &[Serves], &[LoadBalancer]),
    (&[Vpn, DirectConnect], &[Serves], &[TransitGateway, Network]),
    (&[TransitGateway, NetworkPeering, NetworkFirewall], &[Serves], &[Network]),
    (&[FleetManager], &[Invokes], &[VirtualMachines, Function]),
    (&[ContactCenter], &[Invokes], &[Chatbot]),
    (&[Chatbot], &[Invokes], &[Function, FoundationModel]),
    (&[Location], &[Publishes], &[EventBus]),
];

/// Connects what the text leaves open.
pub(super) fn infer(draft: &mut Draft) {
    machines(draft);
    entries(draft);
    messages(draft);
    orphans(draft);
    readers(draft);
    if draft.ctx.profile.completes() {
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
                ways.extend(draft.ids(&[*way]).into_iter().filter(|it| !is_internal(draft, it)));
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
