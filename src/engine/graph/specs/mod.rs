//! What can be said of each kind of component, one struct per kind.
//!
//! A spec is neutral of the cloud: sizes are in vCPU, GiB, requests a month, not
//! in instance types, except where the text names one. Quantities that cost
//! depends on are in the spec too, since the planner computes them from load.

mod ai;
mod analytics;
mod compute;
mod data;
mod edge;
mod identity;
mod industry;
mod messaging;
mod network;
mod operations;

pub use ai::*;
pub use analytics::*;
pub use compute::*;
pub use data::*;
pub use edge::*;
pub use identity::*;
pub use industry::*;
pub use messaging::*;
pub use network::*;
pub use operations::*;

use serde_json::Value;

/// Something that a spec can hold, as JSON.
pub trait Field {
    fn value(&self) -> Value;
}

impl Field for bool {
    fn value(&self) -> Value {
        (*self).into()
    }
}
impl Field for u32 {
    fn value(&self) -> Value {
        (*self).into()
    }
}
impl Field for f64 {
    /// Rounded to six significant decimals, whole numbers without a fraction.
    fn value(&self) -> Value {
        let rounded = (self * 1e6).round() / 1e6;
        if rounded.fract() == 0.0 && rounded.abs() < 9e15 {
            (rounded as i64).into()
        } else {
            rounded.into()
        }
    }
}
impl Field for String {
    fn value(&self) -> Value {
        self.as_str().into()
    }
}
impl Field for &'static str {
    fn value(&self) -> Value {
        (*self).into()
    }
}
impl<T: Field> Field for Option<T> {
    fn value(&self) -> Value {
        self.as_ref().map_or(Value::Null, Field::value)
    }
}
impl<T: Field> Field for Vec<T> {
    fn value(&self) -> Value {
        self.iter().map(Field::value).collect()
    }
}

/// Declares specs: a struct with defaults whose fields can be listed.
macro_rules! spec {
    ($( $(#[$meta:meta])* $name:ident {
        $( $(#[$fmeta:meta])* $field:ident : $ty:ty = $default:expr ),* $(,)?
    } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $( $(#[$fmeta])* pub $field: $ty, )* }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $name {
            pub(super) fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
                vec![$( (stringify!($field), super::Field::value(&self.$field)), )*]
            }
        }
    )* };
}
use spec;

/// Declares a choice whose values have fixed names.
macro_rules! choice {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$vmeta:meta])* $variant:ident = $text:literal ),+ $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $( $(#[$vmeta])* $variant, )+ }

        impl $name {
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }

        impl super::Field for $name {
            fn value(&self) -> serde_json::Value {
                self.name().into()
            }
        }
    )* };
}
use choice;

/// Declares [`Spec`] and [`Kind`] over all specs.
macro_rules! kinds {
    ($( $name:literal $title:literal $variant:ident, )+) => {
        /// What a component is and how it is set.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Spec { $( $variant($variant), )+ }

        /// What a component is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $( $variant, )+ }

        impl Kind {
            pub const ALL: &[Self] = &[$( Self::$variant, )+];

            /// In snake case, as the API writes it.
            pub fn name(self) -> &'static str {
                match self { $( Self::$variant => $name, )+ }
            }

            /// For people.
            pub fn title(self) -> &'static str {
                match self { $( Self::$variant => $title, )+ }
            }
        }

        impl Spec {
            pub fn kind(&self) -> Kind {
                match self { $( Self::$variant(_) => Kind::$variant, )+ }
            }

            /// Every field with its value, in order of declaration.
            pub fn fields(&self) -> Vec<(&'static str, Value)> {
                match self { $( Self::$variant(it) => it.fields(), )+ }
            }

            /// A spec of this kind with its defaults.
            pub fn default_of(kind: Kind) -> Self {
                match kind { $( Kind::$variant => Self::$variant(Default::default()), )+ }
            }
        }

        $( impl From<$variant> for Spec {
            fn from(it: $variant) -> Self {
                Self::$variant(it)
            }
        } )+
    };
}

kinds! {
    // compute
    "function" "Function" Function,
    "container_service" "Container service" ContainerService,
    "kubernetes_cluster" "Kubernetes cluster" KubernetesCluster,
    "virtual_machines" "Virtual machines" VirtualMachines,
    "machine_scaling" "Auto scaling" MachineScaling,
    "batch_compute" "Batch compute" BatchCompute,
    "web_service" "Managed web service" WebService,
    "app_platform" "Application platform" AppPlatform,
    "web_hosting" "Web hosting" WebHosting,
    // edge
    "load_balancer" "Load balancer" LoadBalancer,
    "http_api" "API gateway" HttpApi,
    "graphql_api" "GraphQL API" GraphqlApi,
    "cdn" "Content delivery network" Cdn,
    "dns_zone" "DNS zone" DnsZone,
    "certificate" "TLS certificate" Certificate,
    "web_firewall" "Web application firewall" WebFirewall,
    "global_accelerator" "Global accelerator" GlobalAccelerator,
    "ddos_protection" "DDoS protection" DdosProtection,
    // network
    "network" "Network" Network,
    "nat_gateway" "NAT gateway" NatGateway,
    "network_endpoints" "Private endpoints" NetworkEndpoints,
    "private_link" "Private service link" PrivateLink,
    "vpn" "Site-to-site VPN" Vpn,
    "direct_connect" "Dedicated line" DirectConnect,
    "transit_gateway" "Transit gateway" TransitGateway,
    "network_peering" "Network peering" NetworkPeering,
    "network_firewall" "Network firewall" NetworkFirewall,
    "service_network" "Service network" ServiceNetwork,
    "service_discovery" "Service discovery" ServiceDiscovery,
    // data
    "relational_database" "Relational database" RelationalDatabase,
    "key_value_store" "Key-value store" KeyValueStore,
    "key_value_cache" "Key-value cache" KeyValueCache,
    "document_database" "Document database" DocumentDatabase,
    "graph_database" "Graph database" GraphDatabase,
    "wide_column_store" "Wide-column store" WideColumnStore,
    "time_series_store" "Time-series store" TimeSeriesStore,
    "cache" "Cache" Cache,
    "durable_cache" "Durable in-memory store" DurableCache,
    "search_index" "Search index" SearchIndex,
    "warehouse" "Data warehouse" Warehouse,
    "object_store" "Object storage" ObjectStore,
    "express_store" "Low-latency object storage" ExpressStore,
    "table_store" "Table storage" TableStore,
    "file_system" "File system" FileSystem,
    "file_server" "File server" FileServer,
    "backup_plan" "Backup" BackupPlan,
    // messaging
    "queue" "Queue" Queue,
    "topic" "Topic" Topic,
    "event_bus" "Event bus" EventBus,
    "event_pipe" "Event pipe" EventPipe,
    "schedule" "Schedule" Schedule,
    "workflow" "Workflow" Workflow,
    "stream" "Data stream" Stream,
    "delivery_stream" "Delivery stream" DeliveryStream,
    "kafka_cluster" "Kafka cluster" KafkaCluster,
    "message_broker" "Message broker" MessageBroker,
    // analytics
    "etl_job" "ETL jobs" EtlJob,
    "query_service" "SQL over files" QueryService,
    "hadoop_cluster" "Spark and Hadoop" HadoopCluster,
    "lake_permissions" "Data lake permissions" LakePermissions,
    "dashboards" "Dashboards" Dashboards,
    "airflow" "Apache Airflow" Airflow,
    "stream_analytics" "Stream analytics" StreamAnalytics,
    "ingestion_pipeline" "Ingestion pipeline" IngestionPipeline,
    // intelligence
    "model_endpoint" "Machine learning" ModelEndpoint,
    "foundation_model" "Foundation model" FoundationModel,
    "document_extraction" "Document text extraction" DocumentExtraction,
    "text_analysis" "Text analysis" TextAnalysis,
    "image_analysis" "Image analysis" ImageAnalysis,
    "speech_to_text" "Speech to text" SpeechToText,
    "enterprise_search" "Enterprise search" EnterpriseSearch,
    "chatbot" "Chatbot" Chatbot,
    // identity and security
    "user_directory" "User sign-in" UserDirectory,
    "encryption_key" "Encryption key" EncryptionKey,
    "secret" "Secret" Secret,
    "parameter" "Parameters" Parameter,
    "audit_trail" "Audit trail" AuditTrail,
    "threat_detection" "Threat detection" ThreatDetection,
    "config_recorder" "Configuration history" ConfigRecorder,
    "security_posture" "Security posture" SecurityPosture,
    "data_discovery" "Sensitive data discovery" DataDiscovery,
    "vulnerability_scan" "Vulnerability scanning" VulnerabilityScan,
    "policy_store" "Authorisation policies" PolicyStore,
    "directory" "Directory service" Directory,
    // operations
    "monitoring" "Metrics and alarms" Monitoring,
    "log_store" "Log store" LogStore,
    "tracing" "Tracing" Tracing,
    "fleet_manager" "Fleet management" FleetManager,
    "app_config" "Application configuration" AppConfig,
    "image_registry" "Container registry" ImageRegistry,
    "build" "Build" Build,
    "pipeline" "Delivery pipeline" Pipeline,
    "source_repository" "Source repository" SourceRepository,
    "deployment" "Deployment" Deployment,
    // by trade
    "email" "E-mail" Email,
    "customer_messaging" "Customer messaging" CustomerMessaging,
    "iot_hub" "Device messaging" IotHub,
    "video_transcoder" "Video transcoding" VideoTranscoder,
    "file_transfer" "Managed file transfer" FileTransfer,
    "database_migration" "Database migration" DatabaseMigration,
    "data_sync" "Data transfer" DataSync,
    "desktops" "Desktops" Desktops,
    "game_fleet" "Game servers" GameFleet,
    "contact_center" "Contact centre" ContactCenter,
    "video_stream" "Video stream" VideoStream,
    "virtual_server" "Virtual private server" VirtualServer,
    "location" "Maps and location" Location,
}
