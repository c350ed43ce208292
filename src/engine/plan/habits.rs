//! What can be connected how, and what usually belongs together.

use crate::engine::graph::Kind;
use crate::engine::graph::pairs::{self, COMPUTE, SINKS, STORES};
use crate::engine::requirements::Intent;
use Intent::*;
use Kind::*;

/// Parts that surround the others: their presence is the connection.
pub(super) const AROUND: &[Kind] = &[
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

pub(super) const SERVERS: &[Kind] =
    &[ContainerService, KubernetesCluster, VirtualMachines, Function];
pub(super) const PUBLIC: &[Kind] = &[
    Cdn,
    GlobalAccelerator,
    LoadBalancer,
    HttpApi,
    GraphqlApi,
    WebService,
    AppPlatform,
    VirtualServer,
];

type Habit = (&'static [Kind], &'static [Intent], &'static [Kind]);

/// What usually belongs together, the most usual first. Several intents are
/// several connections.
pub(super) const HABITS: &[Habit] = &[
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
