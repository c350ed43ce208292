//! Our own glyphs, one per kind of service, on a grid of 24 by 24.
//!
//! A glyph is a path that is stroked, never filled, so that it takes any colour
//! and stays crisp at any size. The colour comes from the [`Family`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::bind::binding_of;
use crate::engine::graph::{Kind, Spec};

/// Services of one family share a colour, as the provider groups them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    Compute,
    Storage,
    Database,
    Network,
    Security,
    Integration,
    Analytics,
    Intelligence,
    Operations,
    Delivery,
    Devices,
    People,
}

impl Family {
    pub const ALL: [Self; 12] = [
        Self::Compute,
        Self::Storage,
        Self::Database,
        Self::Network,
        Self::Security,
        Self::Integration,
        Self::Analytics,
        Self::Intelligence,
        Self::Operations,
        Self::Delivery,
        Self::Devices,
        Self::People,
    ];

    /// For people, as the legend names it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Compute => "Compute",
            Self::Storage => "Storage",
            Self::Database => "Databases",
            Self::Network => "Network and delivery",
            Self::Security => "Security and identity",
            Self::Integration => "Messaging",
            Self::Analytics => "Analytics",
            Self::Intelligence => "Machine learning",
            Self::Operations => "Operations",
            Self::Delivery => "Build and release",
            Self::Devices => "Devices and media",
            Self::People => "Outside",
        }
    }

    pub fn of(kind: Kind) -> Self {
        use Kind::*;
        match kind {
            Function | ContainerService | KubernetesCluster | VirtualMachines | MachineScaling
            | BatchCompute | WebService | AppPlatform | GameFleet | VirtualServer => Self::Compute,
            WebHosting | LoadBalancer | HttpApi | GraphqlApi | Cdn | DnsZone
            | GlobalAccelerator | Network | NatGateway | NetworkEndpoints | PrivateLink | Vpn
            | DirectConnect | TransitGateway | NetworkPeering | NetworkFirewall
            | ServiceNetwork | ServiceDiscovery => Self::Network,
            RelationalDatabase | KeyValueStore | KeyValueCache | DocumentDatabase
            | GraphDatabase | WideColumnStore | TimeSeriesStore | Cache | DurableCache => {
                Self::Database
            }
            ObjectStore | ExpressStore | TableStore | FileSystem | FileServer | BackupPlan
            | FileTransfer | DataSync => Self::Storage,
            Queue | Topic | EventBus | EventPipe | Schedule | Workflow | MessageBroker | Email
            | CustomerMessaging | ContactCenter => Self::Integration,
            Stream | VideoStream | DeliveryStream | KafkaCluster | EtlJob | QueryService
            | HadoopCluster | LakePermissions | Dashboards | Airflow | StreamAnalytics
            | IngestionPipeline | Warehouse | SearchIndex => Self::Analytics,
            ModelEndpoint | FoundationModel | DocumentExtraction | TextAnalysis | ImageAnalysis
            | SpeechToText | EnterpriseSearch | Chatbot => Self::Intelligence,
            Certificate | WebFirewall | DdosProtection | UserDirectory | EncryptionKey | Secret
            | ThreatDetection | SecurityPosture | DataDiscovery | VulnerabilityScan
            | PolicyStore | Directory => Self::Security,
            Parameter | AuditTrail | ConfigRecorder | Monitoring | LogStore | Tracing
            | FleetManager | AppConfig => Self::Operations,
            ImageRegistry | Build | Pipeline | SourceRepository | Deployment
            | DatabaseMigration => Self::Delivery,
            IotHub | VideoTranscoder | Desktops | Location => Self::Devices,
        }
    }
}

/// Declares the glyphs with their paths.
macro_rules! icons {
    ($( $name:ident = $path:literal, )+) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Icon { $( $name, )+ }

        impl Icon {
            pub const ALL: &[Self] = &[$( Self::$name, )+];

            /// The path to stroke, on a grid of 24 by 24.
            pub fn path(self) -> &'static str {
                match self { $( Self::$name => $path, )+ }
            }
        }
    };
}

icons! {
    People = "M9 11a3.5 3.5 0 1 0 0-7a3.5 3.5 0 0 0 0 7M2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6M15.5 4.4a3.5 3.5 0 0 1 0 6.2M18 14.6c2.2.8 3.5 2.8 3.5 5.4",
    Person = "M12 4a4 4 0 1 0 0 8a4 4 0 0 0 0-8M4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6",
    Globe = "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M3 12h18M12 3c2.7 2.4 4 5.4 4 9s-1.3 6.6-4 9c-2.7-2.4-4-5.4-4-9s1.3-6.6 4-9",
    Cloud = "M7 18.500a4.5 4.5 0 0 1-.6-8.960a5.8 5.8 0 0 1 11.1 1.060A4 4 0 0 1 17 18.500z",
    Lambda = "M6 4h3.200L17 20h2.200M10.9 8.500L5.5 20",
    Box = "M12 3l8 4.500v9L12 21l-8-4.500v-9zM4 7.500l8 4.500l8-4.500M12 12v9",
    Cluster = "M12 3l3.7 2.100v4.200L12 11.400L8.3 9.300V5.100zM7.3 12.500L11 14.600v4.200l-3.7 2.100l-3.7-2.100v-4.200zM16.7 12.500l3.7 2.100v4.200l-3.7 2.100L13 18.800v-4.200z",
    Server = "M4 4.500h16v6H4zM4 13.500h16v6H4zM7.5 7.500h.01M7.5 16.500h.01M12 7.500h5M12 16.500h5",
    Grow = "M4 10V4h6M20 14v6h-6M4 4l6.5 6.500M20 20l-6.5-6.5",
    Batch = "M4 4.500h6.500v6H4zM13.5 4.500H20v6h-6.500zM4 13.500h6.500v6H4zM13.5 13.500H20v6h-6.500z",
    Browser = "M3.5 5h17v14h-17zM3.5 9.500h17M6.5 7.250h.01M9.2 7.250h.01",
    Balancer = "M3.5 12H19M8 12c4.5 0 3.5-6.5 8-6.500h3M8 12c4.5 0 3.5 6.5 8 6.500h3M17 3.300l2.3 2.200L17 7.700M17 9.800l2.3 2.200L17 14.200M17 16.300l2.3 2.200l-2.3 2.2",
    Brackets = "M8 6l-5 6l5 6M16 6l5 6l-5 6M13.7 4.500l-3.4 15",
    Graphql = "M12 3l7.8 4.500v9L12 21l-7.8-4.500v-9zM12 3L4.2 16.500h15.600z",
    Spread = "M12 9.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M12 9.500V3.500M12 14.500v6M9.8 13.200L4.6 16.200M14.2 13.200l5.2 3M9.8 10.800L4.6 7.800M14.2 10.800l5.2-3",
    Sign = "M12 3v18M12 5h6l2.5 2.250L18 9.500h-6M12 11H6l-2.5 2.250L6 15.500h6M9 21h6",
    Ribbon = "M12 3a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M8.5 13.200L7 21l5-2.500l5 2.500l-1.5-7.8",
    Wall = "M3.5 5h17v14h-17zM3.5 9.700h17M3.5 14.300h17M9 5v4.700M15 5v4.700M12 9.700v4.600M9 14.300V19M15 14.300V19",
    Shield = "M12 3l7.5 3v5.500c0 4.6-3.1 8-7.5 9.500c-4.4-1.5-7.5-4.9-7.5-9.500V6zM8.7 12l2.4 2.400l4.2-4.6",
    Rocket = "M5 19l5-5M13 4h7v7M20 4L9.5 14.500M4 12h5M12 20v-5",
    Key = "M15 3.500a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M11 13l-7 7M6.5 17.500l2.2 2.200M15.7 8.300h.01",
    Lock = "M5.5 11h13v9.500h-13zM8.5 11V7.500a3.5 3.5 0 0 1 7 0V11M12 14.500v2.5",
    Cylinder = "M12 4c4.4 0 7.5 1.2 7.5 3s-3.1 3-7.5 3s-7.5-1.2-7.5-3s3.1-3 7.5-3M4.5 7v10c0 1.8 3.1 3 7.5 3s7.5-1.2 7.5-3V7M4.5 12c0 1.8 3.1 3 7.5 3s7.5-1.2 7.5-3",
    Table = "M4 5h16v14H4zM4 9.700h16M4 14.300h16M10 5v14",
    Papers = "M7 7.500h10V21H7zM9.5 7.500V3h10v13.500H17M10 12h4M10 16h4",
    Nodes = "M6 4a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M18 6.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M9.5 15a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M8.4 7.100l7.2 1.500M6.8 8.900l1.9 6.200M16.4 10.900l-5.2 4.9",
    Bolt = "M13 3L5 13.500h6L10 21l9-11h-6.500z",
    Bucket = "M12 4c4.7 0 8.5 1.1 8.5 2.500S16.7 9 12 9S3.5 7.9 3.5 6.500S7.3 4 12 4M3.5 6.500l2.2 12c.3 1.2 3 2 6.3 2s6-.8 6.3-2l2.2-12",
    Folder = "M3.5 5.500h6l2 2.500h9v11h-17z",
    Lens = "M10.5 4a6.5 6.5 0 1 0 0 13a6.5 6.5 0 0 0 0-13M15.3 15.300l5.2 5.2",
    House = "M3.5 20.500V9.500L12 4l8.5 5.500v11M7.5 20.500V13h9v7.500M7.5 16.700h9",
    Rewind = "M4.3 10a8 8 0 1 1-.2 3.500M4 4.500V10h5.500M12 8v4.500l3 2",
    Queue = "M3 7.500h4.500v9H3zM9.8 7.500h4.500v9H9.800zM16.5 7.500H21v9h-4.500z",
    Horn = "M4 9.500v5h3.500l8 4.500V5l-8 4.500zM18.5 8.800c1.5 1.9 1.5 4.5 0 6.4",
    Bus = "M3 12h18M7.5 12V5.500M16.5 12V5.500M12 12v6.500M5.5 5.500h4M14.5 5.500h4M10 18.500h4",
    Pipe = "M3 8.500h5.500l2-2h3l2 2H21M3 15.500h5.500l2 2h3l2-2H21M3 6v12M21 6v12",
    Clock = "M12 3.500a8.5 8.5 0 1 0 0 17a8.5 8.5 0 0 0 0-17M12 7.500V12l3.2 2.2",
    Steps = "M4 4h6.500v5H4zM13.5 15H20v5h-6.500zM10.5 6.500h4a2.5 2.5 0 0 1 2.5 2.500v6M7 9v6a2.5 2.5 0 0 0 2.5 2.500h4",
    Waves = "M3 7.500c3-3 6-3 9 0s6 3 9 0M3 12.500c3-3 6-3 9 0s6 3 9 0M3 17.500c3-3 6-3 9 0s6 3 9 0",
    Bars = "M3.5 20.500h17M6.5 20.500v-6M11 20.500V9M15.5 20.500v-8M20 20.500V4.5",
    Funnel = "M4 5h16l-6 7.500V19l-4 1.500v-8z",
    Spark = "M11 3.500l1.9 5.600L18.5 11l-5.6 1.900L11 18.500l-1.9-5.600L3.5 11l5.6-1.900zM18.5 15.500v5M16 18h5",
    Scan = "M4 8V4.500h4M16 4.500h4V8M20 16v3.500h-4M8 19.500H4V16M8 9.500h8M8 12h8M8 14.500h5",
    Voice = "M12 3.500a3 3 0 0 1 3 3V11a3 3 0 0 1-6 0V6.500a3 3 0 0 1 3-3M5.5 11a6.5 6.5 0 0 0 13 0M12 17.500V21",
    Speech = "M4 5h16v11h-8.500L7 20v-4H4z",
    Eye = "M2.5 12C4.8 7.8 8.1 5.5 12 5.500s7.2 2.3 9.5 6.500c-2.3 4.2-5.6 6.5-9.5 6.500S4.8 16.2 2.5 12M12 9a3 3 0 1 0 0 6a3 3 0 0 0 0-6",
    Pulse = "M3 12h4l2.5-7l5 14l2.5-7h4",
    Lines = "M5 6h.01M9 6h10.500M5 12h.01M9 12h10.500M5 18h.01M9 18h7",
    Spans = "M4 5h9M8 9.700h10M6.5 14.300h8M11 19h9",
    Sliders = "M4 7h9M17 7h3M4 17h3M11 17h9M15 5a2 2 0 1 0 0 4a2 2 0 0 0 0-4M9 15a2 2 0 1 0 0 4a2 2 0 0 0 0-4",
    Layers = "M12 3.500l8.5 4.500l-8.5 4.500L3.5 8zM3.5 12l8.5 4.500l8.5-4.500M3.5 16l8.5 4.500l8.5-4.5",
    Flow = "M5.5 9.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M18.5 9.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5M8 12h8M13.2 9.500l2.5 2.500l-2.5 2.5",
    Branch = "M7 3.500a2 2 0 1 0 0 4a2 2 0 0 0 0-4M7 16.500a2 2 0 1 0 0 4a2 2 0 0 0 0-4M17 6.500a2 2 0 1 0 0 4a2 2 0 0 0 0-4M7 7.500v9M17 10.500c0 3.5-4 4-7 4.500c-2 .4-3 1-3 1.5",
    Envelope = "M3.5 5.500h17v13h-17zM3.5 7.200l8.5 6.300l8.5-6.3",
    Chip = "M7 7h10v10H7zM10 3.500V7M14 3.500V7M10 17v3.500M14 17v3.500M3.5 10H7M3.5 14H7M17 10h3.500M17 14h3.5",
    Camera = "M3.5 6.500h12v11h-12zM15.5 10.500l5-3v9l-5-3",
    Swap = "M4 8h14M14.5 4.500L18 8l-3.5 3.500M20 16H6M9.5 12.500L6 16l3.5 3.5",
    Screen = "M3.5 5h17v11h-17zM8.5 20h7M12 16v4",
    Pad = "M7.5 7.500h9a5 5 0 0 1 0 10c-2 0-2.5-2-4.5-2s-2.5 2-4.5 2a5 5 0 0 1 0-10M8.5 10.500v4M6.5 12.500h4M16.5 11.500h.01M14.5 13.500h.01",
    Headset = "M4 16v-4a8 8 0 0 1 16 0v4M4 13.500h3.500v5.500H4zM16.5 13.500H20v5.500h-3.500zM18.5 19c0 1.5-2 2.2-4.5 2.2",
    Pin = "M12 21c4.5-5 7-8.3 7-11a7 7 0 0 0-14 0c0 2.7 2.5 6 7 11M12 7.500a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5",
    Exit = "M13 4.500H4.500v15H13M9.5 12H20.500M16.5 8l4 4l-4 4",
    Plug = "M9 3.500V8M15 3.500V8M6.5 8h11v4.500a5.5 5.5 0 0 1-11 0zM12 18v3",
    Tree = "M9 3.500h6v5H9zM3.5 15.500h6v5h-6zM14.5 15.500h6v5h-6zM12 8.500V12M6.5 15.500V12h11v3.5",
    Tunnel = "M3.5 18v-5.500a8.5 8.5 0 0 1 17 0V18M8 18v-5.500a4 4 0 0 1 8 0V18M3 18h5.500M15.5 18H21",
}

/// Pictures that take the place of glyphs: data addresses by the name of a
/// service, such as `lambda`, or of a kind, such as `function`.
pub type Pictures = Arc<BTreeMap<String, String>>;

/// What stands for a part: its glyph, and the names that a picture of it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub icon: Icon,
    /// Of the service and of the kind, where it is a component.
    names: Option<(&'static str, &'static str)>,
}

impl From<Icon> for Symbol {
    fn from(icon: Icon) -> Self {
        Self { icon, names: None }
    }
}

impl Symbol {
    pub fn of(spec: &Spec) -> Self {
        let kind = spec.kind();
        let service = binding_of(spec).map_or(kind.name(), |it| it.service);
        Self { icon: Icon::of(kind), names: Some((service, kind.name())) }
    }

    /// The picture to show instead of the glyph.
    pub fn picture<'p>(&self, pictures: &'p Pictures) -> Option<&'p str> {
        let (service, kind) = self.names?;
        pictures.get(service).or_else(|| pictures.get(kind)).map(String::as_str)
    }

    /// Whether something in a picture of this name would be drawn.
    pub fn exists(name: &str) -> bool {
        let services = |kind: &Kind| binding_of(&Spec::default_of(*kind)).map(|it| it.service);
        Kind::ALL.iter().any(|it| it.name() == name || services(it) == Some(name))
    }
}

impl Icon {
    pub fn of(kind: Kind) -> Self {
        use Kind::*;
        match kind {
            Function => Self::Lambda,
            ContainerService => Self::Box,
            KubernetesCluster => Self::Cluster,
            VirtualMachines | VirtualServer => Self::Server,
            MachineScaling => Self::Grow,
            BatchCompute => Self::Batch,
            WebService | WebHosting => Self::Browser,
            AppPlatform => Self::Layers,
            LoadBalancer => Self::Balancer,
            HttpApi => Self::Brackets,
            GraphqlApi => Self::Graphql,
            Cdn => Self::Spread,
            DnsZone => Self::Sign,
            Certificate => Self::Ribbon,
            WebFirewall | NetworkFirewall => Self::Wall,
            GlobalAccelerator => Self::Rocket,
            DdosProtection | ThreatDetection | SecurityPosture | PolicyStore => Self::Shield,
            Network | ServiceNetwork | ServiceDiscovery => Self::Tree,
            NatGateway => Self::Exit,
            NetworkEndpoints | PrivateLink => Self::Plug,
            Vpn | DirectConnect | NetworkPeering => Self::Tunnel,
            TransitGateway => Self::Nodes,
            RelationalDatabase | TimeSeriesStore => Self::Cylinder,
            KeyValueStore | WideColumnStore | TableStore => Self::Table,
            DocumentDatabase => Self::Papers,
            GraphDatabase => Self::Nodes,
            KeyValueCache | Cache | DurableCache => Self::Bolt,
            SearchIndex | EnterpriseSearch | QueryService | DataDiscovery | VulnerabilityScan => {
                Self::Lens
            }
            Warehouse => Self::House,
            ObjectStore | ExpressStore => Self::Bucket,
            FileSystem | FileServer => Self::Folder,
            BackupPlan => Self::Rewind,
            Queue => Self::Queue,
            Topic => Self::Horn,
            EventBus | MessageBroker => Self::Bus,
            EventPipe | DeliveryStream | IngestionPipeline => Self::Pipe,
            Schedule => Self::Clock,
            Workflow | Airflow => Self::Steps,
            Stream | KafkaCluster | StreamAnalytics => Self::Waves,
            EtlJob => Self::Funnel,
            HadoopCluster => Self::Cluster,
            LakePermissions => Self::Lock,
            Dashboards => Self::Bars,
            ModelEndpoint | FoundationModel => Self::Spark,
            DocumentExtraction | TextAnalysis | ImageAnalysis => Self::Scan,
            SpeechToText => Self::Voice,
            Chatbot | CustomerMessaging => Self::Speech,
            UserDirectory | Directory => Self::Person,
            EncryptionKey => Self::Key,
            Secret => Self::Lock,
            Parameter | AppConfig | FleetManager => Self::Sliders,
            AuditTrail | ConfigRecorder | LogStore => Self::Lines,
            Monitoring => Self::Pulse,
            Tracing => Self::Spans,
            ImageRegistry => Self::Layers,
            Build | Deployment => Self::Box,
            Pipeline => Self::Flow,
            SourceRepository => Self::Branch,
            Email => Self::Envelope,
            IotHub => Self::Chip,
            VideoTranscoder | VideoStream => Self::Camera,
            FileTransfer | DatabaseMigration | DataSync => Self::Swap,
            Desktops => Self::Screen,
            GameFleet => Self::Pad,
            ContactCenter => Self::Headset,
            Location => Self::Pin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_a_glyph_that_stays_within_the_grid() {
        for kind in Kind::ALL {
            let path = Icon::of(*kind).path();
            assert!(path.starts_with('M'), "{kind:?}");
            // Absolute moves begin each stroke; none leaves the grid.
            for start in path.split('M').skip(1) {
                let numbers: Vec<f64> = start
                    .split(|c: char| !c.is_ascii_digit() && c != '.')
                    .take(2)
                    .filter_map(|it| it.parse().ok())
                    .collect();
                assert!(numbers.iter().all(|it| (0.0..=24.0).contains(it)), "{kind:?}: {start}");
            }
        }
    }
}
