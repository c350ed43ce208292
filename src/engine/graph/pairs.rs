//! Which connections can be made: (from-kind, intent, to-kind).
//!
//! The planner draws only these and every cloud wires all of them, so that what
//! the diagram shows is in the code. Direction is that of the request or event:
//! a queue `invokes` the function that it triggers, a worker that polls
//! `subscribes` to its queue.

use super::Kind::{self, *};
use crate::engine::requirements::Intent::{self, *};

/// What runs code of our own: has a role, and settings it can be told.
pub const COMPUTE: &[Kind] = &[
    Function,
    ContainerService,
    KubernetesCluster,
    VirtualMachines,
    BatchCompute,
    WebService,
    AppPlatform,
    EtlJob,
    HadoopCluster,
    Airflow,
    StreamAnalytics,
    GameFleet,
    ModelEndpoint,
];

/// What code reads and writes.
pub const STORES: &[Kind] = &[
    RelationalDatabase,
    KeyValueStore,
    KeyValueCache,
    DocumentDatabase,
    GraphDatabase,
    WideColumnStore,
    TimeSeriesStore,
    Cache,
    DurableCache,
    SearchIndex,
    Warehouse,
    ObjectStore,
    ExpressStore,
    TableStore,
    FileSystem,
    FileServer,
];

/// What code sends to.
pub const SINKS: &[Kind] = &[
    Queue,
    Topic,
    EventBus,
    Stream,
    VideoStream,
    DeliveryStream,
    KafkaCluster,
    MessageBroker,
    IotHub,
    Email,
    CustomerMessaging,
    IngestionPipeline,
    Monitoring,
    Tracing,
    LogStore,
];

/// What code asks for work or answers.
const CALLABLE: &[Kind] = &[
    Function,
    Workflow,
    BatchCompute,
    HttpApi,
    GraphqlApi,
    ModelEndpoint,
    FoundationModel,
    DocumentExtraction,
    TextAnalysis,
    ImageAnalysis,
    SpeechToText,
    EnterpriseSearch,
    Chatbot,
    VideoTranscoder,
    EtlJob,
    HadoopCluster,
    StreamAnalytics,
    LoadBalancer,
    ContainerService,
    KubernetesCluster,
    VirtualMachines,
    WebService,
    Location,
    GameFleet,
    ServiceNetwork,
    PrivateLink,
    PolicyStore,
    DataSync,
    DatabaseMigration,
    Build,
    Pipeline,
    QueryService,
];

/// What hands requests to servers.
const SERVERS: &[Kind] =
    &[ContainerService, KubernetesCluster, VirtualMachines, Function, LoadBalancer];

/// What pushes its events to a function.
const TRIGGERS: &[Kind] = &[
    HttpApi,
    GraphqlApi,
    LoadBalancer,
    UserDirectory,
    Queue,
    Topic,
    EventBus,
    EventPipe,
    Schedule,
    Stream,
    DeliveryStream,
    KeyValueStore,
    DocumentDatabase,
    RelationalDatabase,
    KafkaCluster,
    MessageBroker,
    ObjectStore,
    LogStore,
    IotHub,
    Email,
    Workflow,
    FoundationModel,
    Chatbot,
    Secret,
    Monitoring,
    SourceRepository,
    Pipeline,
    ContactCenter,
    ServiceNetwork,
    Cdn,
    ConfigRecorder,
    ThreatDetection,
    SecurityPosture,
    FileTransfer,
    CustomerMessaging,
];

/// What a schedule, bus, pipe or workflow starts.
const STARTABLE: &[Kind] = &[
    Function,
    Workflow,
    ContainerService,
    BatchCompute,
    EtlJob,
    HadoopCluster,
    ModelEndpoint,
    FoundationModel,
    Pipeline,
    Build,
    HttpApi,
    FleetManager,
    VirtualMachines,
    StreamAnalytics,
    QueryService,
    Warehouse,
    VideoTranscoder,
    DocumentExtraction,
    TextAnalysis,
    ImageAnalysis,
    SpeechToText,
];

const MESSAGE_TARGETS: &[Kind] = &[Queue, Topic, EventBus, Stream, DeliveryStream, LogStore];

type Rule = (&'static [Kind], &'static [Intent], &'static [Kind]);

const RULES: &[Rule] = &[
    (COMPUTE, &[Reads, Writes, Replicates], STORES),
    (COMPUTE, &[Reads, Writes], &[QueryService, LogStore]),
    (
        COMPUTE,
        &[Reads],
        &[
            Secret,
            Parameter,
            AppConfig,
            UserDirectory,
            ServiceDiscovery,
            ImageRegistry,
            Queue,
            Stream,
            EncryptionKey,
            SourceRepository,
        ],
    ),
    (COMPUTE, &[Writes], &[Parameter, UserDirectory, Queue, Stream, AuditTrail, ImageRegistry]),
    (COMPUTE, &[Publishes, Streams, Writes], SINKS),
    (
        COMPUTE,
        &[Subscribes, Reads],
        &[Queue, Stream, VideoStream, KafkaCluster, MessageBroker, KeyValueStore, IotHub, Topic],
    ),
    (COMPUTE, &[Invokes, Reads, Serves], CALLABLE),
    (COMPUTE, &[Authenticates], &[UserDirectory, PolicyStore, Directory]),
    (COMPUTE, &[Invokes, Reads], &[FleetManager, Airflow, WebService, AppPlatform]),
    (TRIGGERS, &[Invokes], &[Function]),
    (&[LoadBalancer], &[Serves, Invokes], SERVERS),
    (&[ServiceNetwork], &[Serves, Invokes], &[Function, LoadBalancer]),
    (
        &[HttpApi],
        &[Serves, Invokes],
        &[
            LoadBalancer,
            ContainerService,
            KubernetesCluster,
            VirtualMachines,
            Workflow,
            BatchCompute,
            WebService,
            AppPlatform,
            ModelEndpoint,
            FoundationModel,
        ],
    ),
    (&[HttpApi], &[Publishes, Writes, Invokes], &[Queue, Topic, EventBus, Stream, DeliveryStream]),
    (&[GraphqlApi], &[Reads, Writes], &[KeyValueStore, ObjectStore]),
    (&[HttpApi], &[Reads, Writes], &[KeyValueStore]),
    (&[GraphqlApi], &[Invokes, Publishes], &[EventBus, HttpApi]),
    (
        &[Cdn],
        &[Serves, Reads, Invokes],
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
    (
        &[DnsZone],
        &[Resolves],
        &[
            Cdn,
            LoadBalancer,
            HttpApi,
            GraphqlApi,
            GlobalAccelerator,
            AppPlatform,
            WebService,
            VirtualMachines,
            VirtualServer,
            ObjectStore,
            Email,
        ],
    ),
    (&[Certificate], &[Authenticates], &[Cdn, LoadBalancer, HttpApi, GraphqlApi]),
    (
        &[WebFirewall],
        &[Serves, Authenticates],
        &[Cdn, LoadBalancer, HttpApi, GraphqlApi, UserDirectory, WebService],
    ),
    (&[DdosProtection], &[Serves, Authenticates], &[Cdn, LoadBalancer, GlobalAccelerator, DnsZone]),
    (&[GlobalAccelerator], &[Serves], &[LoadBalancer, VirtualMachines]),
    (&[UserDirectory], &[Authenticates], &[HttpApi, GraphqlApi, LoadBalancer, WebHosting]),
    (&[Topic], &[Publishes, Invokes], &[Queue, DeliveryStream, Email]),
    (&[EventBus, Schedule, EventPipe], &[Invokes], STARTABLE),
    (&[EventBus, EventPipe, IotHub], &[Publishes, Invokes, Writes], MESSAGE_TARGETS),
    (&[Schedule], &[Publishes, Invokes, Writes], &[Queue, Topic, EventBus, Stream, DeliveryStream]),
    (&[EventBus], &[Publishes, Invokes], &[EventBus]),
    (
        &[Queue, Stream, KeyValueStore, KafkaCluster, MessageBroker],
        &[Invokes, Streams, Publishes],
        &[EventPipe],
    ),
    (&[Workflow], &[Invokes], STARTABLE),
    // A rule of a bus has no such target; the others call the API.
    (
        &[Schedule, EventPipe, Workflow],
        &[Invokes],
        &[RelationalDatabase, DataSync, DatabaseMigration],
    ),
    (&[Workflow], &[Reads, Writes], &[KeyValueStore, ObjectStore, QueryService, Parameter]),
    (&[Workflow], &[Publishes, Writes], &[Queue, Topic, EventBus, Stream, Email]),
    (&[Stream, KafkaCluster], &[Streams, Publishes, Writes], &[DeliveryStream, StreamAnalytics]),
    (&[KeyValueStore], &[Streams, Publishes], &[Stream, Function]),
    (
        &[DeliveryStream, StreamAnalytics],
        &[Writes, Streams],
        &[ObjectStore, Warehouse, SearchIndex],
    ),
    (&[StreamAnalytics], &[Writes, Streams], &[Stream, DeliveryStream]),
    (&[IngestionPipeline], &[Writes], &[SearchIndex, ObjectStore]),
    (&[IngestionPipeline], &[Reads], &[ObjectStore, Stream]),
    (&[IotHub], &[Writes, Streams, Publishes], &[KeyValueStore, ObjectStore, TimeSeriesStore]),
    (&[ObjectStore], &[Publishes, Invokes, Streams], &[Queue, Topic, EventBus, IngestionPipeline]),
    // Databases and caches copy themselves: their specs say so.
    (&[ObjectStore], &[Replicates], &[ObjectStore]),
    (
        &[BackupPlan],
        &[Reads, Replicates],
        &[
            RelationalDatabase,
            KeyValueStore,
            DocumentDatabase,
            GraphDatabase,
            FileSystem,
            FileServer,
            ObjectStore,
            TimeSeriesStore,
            Warehouse,
        ],
    ),
    (&[DatabaseMigration], &[Reads], &[Secret]),
    (&[DatabaseMigration], &[Writes], &[Stream]),
    (
        &[DatabaseMigration],
        &[Writes, Replicates],
        &[RelationalDatabase, KeyValueStore, ObjectStore],
    ),
    (&[DataSync, FileTransfer], &[Reads, Writes, Replicates], &[ObjectStore, FileSystem]),
    (&[Dashboards], &[Reads], &[QueryService, RelationalDatabase, Warehouse, SearchIndex]),
    (
        &[QueryService, Warehouse],
        &[Reads, Writes],
        &[ObjectStore, EtlJob, TableStore, ExpressStore],
    ),
    (&[Airflow], &[Invokes], STARTABLE),
    (&[LakePermissions], &[Authenticates], &[ObjectStore, EtlJob, QueryService, Warehouse]),
    (&[ModelEndpoint, FoundationModel], &[Reads, Writes], &[ObjectStore, SearchIndex]),
    (
        &[DocumentExtraction, TextAnalysis, ImageAnalysis, SpeechToText, VideoTranscoder],
        &[Reads, Writes],
        &[ObjectStore],
    ),
    (&[EnterpriseSearch], &[Reads], &[ObjectStore]),
    (&[Chatbot], &[Invokes], &[FoundationModel, EnterpriseSearch]),
    (&[ContactCenter], &[Invokes], &[Chatbot]),
    (&[ContactCenter], &[Writes], &[ObjectStore, Stream]),
    (
        &[
            Monitoring,
            ThreatDetection,
            SecurityPosture,
            ConfigRecorder,
            VulnerabilityScan,
            DataDiscovery,
            BackupPlan,
        ],
        &[Publishes],
        &[Topic, EventBus],
    ),
    (
        &[ThreatDetection, ConfigRecorder, VulnerabilityScan, DataDiscovery],
        &[Publishes],
        &[SecurityPosture],
    ),
    (&[Monitoring], &[Reads], &[LogStore]),
    (&[AuditTrail], &[Writes], &[ObjectStore, LogStore]),
    (&[ConfigRecorder], &[Writes], &[ObjectStore]),
    (&[DataDiscovery], &[Reads], &[ObjectStore]),
    (&[VulnerabilityScan], &[Reads], &[ImageRegistry, VirtualMachines, Function]),
    // A log group has two subscriptions at most: one to a function, one to storage.
    (&[LogStore], &[Streams, Publishes], &[DeliveryStream]),
    (&[MachineScaling], &[Invokes], &[VirtualMachines, ContainerService]),
    (
        &[ImageRegistry],
        &[Serves],
        &[
            ContainerService,
            KubernetesCluster,
            BatchCompute,
            WebService,
            ModelEndpoint,
            Function,
            VirtualMachines,
            AppPlatform,
        ],
    ),
    (&[SourceRepository], &[Invokes, Serves], &[Pipeline, Build, WebHosting]),
    (
        &[Pipeline],
        &[Invokes, Reads, Writes],
        &[
            Build,
            Deployment,
            ContainerService,
            Function,
            ObjectStore,
            SourceRepository,
            AppPlatform,
            KubernetesCluster,
        ],
    ),
    (&[Build], &[Publishes, Writes, Reads], &[ImageRegistry, ObjectStore, SourceRepository]),
    (&[Build], &[Reads], &[Secret]),
    // Container services roll out by themselves.
    (&[Deployment], &[Invokes], &[VirtualMachines, Function, MachineScaling]),
    (&[FleetManager], &[Invokes, Reads], &[VirtualMachines]),
    (
        &[
            Vpn,
            DirectConnect,
            TransitGateway,
            NetworkPeering,
            NatGateway,
            NetworkEndpoints,
            NetworkFirewall,
        ],
        &[Serves],
        &[Network],
    ),
    (&[DnsZone], &[Resolves], &[Network]),
    (&[Vpn, DirectConnect], &[Serves], &[TransitGateway]),
    (&[PrivateLink], &[Serves], &[LoadBalancer]),
    (&[Directory], &[Authenticates], &[FileServer, Desktops, RelationalDatabase]),
    (&[Desktops], &[Reads, Writes], &[FileServer, FileSystem]),
    (&[WebHosting], &[Invokes], &[HttpApi, GraphqlApi]),
    (&[WebHosting], &[Authenticates], &[UserDirectory]),
    (&[KeyValueCache], &[Reads, Writes], &[KeyValueStore]),
    (&[ServiceDiscovery], &[Resolves], &[ContainerService]),
    (&[Location], &[Publishes], &[EventBus]),
];

/// Whether a connection of this kind can be made.
pub fn supported(from: Kind, intent: Intent, to: Kind) -> bool {
    RULES.iter().any(|(sources, intents, targets)| {
        intents.contains(&intent) && sources.contains(&from) && targets.contains(&to)
    })
}

/// Every supported triple, for tests that enumerate them.
pub fn all() -> impl Iterator<Item = (Kind, Intent, Kind)> {
    const INTENTS: [Intent; 10] = [
        Reads,
        Writes,
        Invokes,
        Publishes,
        Subscribes,
        Streams,
        Serves,
        Resolves,
        Authenticates,
        Replicates,
    ];
    Kind::ALL.iter().flat_map(|from| {
        INTENTS.into_iter().flat_map(move |intent| {
            Kind::ALL
                .iter()
                .map(move |to| (*from, intent, *to))
                .filter(|(f, i, t)| supported(*f, *i, *t))
        })
    })
}
