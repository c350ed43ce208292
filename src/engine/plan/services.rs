//! What a service that a text names is to the planner, and the other way round.
//!
//! Every AWS row of the list of canonical services has a line here, so that
//! none can be dropped in silence: it is a component, or a detail that the
//! components bring along, or something CloudGen cannot build yet.

use crate::engine::graph::Kind::{self, *};
use crate::engine::requirements::Cloud;

/// What becomes of a named service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A component of this kind.
    Part(Kind),
    /// Comes with the components that need it; the text says how.
    Detail(&'static str),
    /// Known by name only.
    Unsupported,
}
use Meaning::{Detail, Part, Unsupported};

/// The canonical services of AWS. Each kind's first line is its service.
pub const AWS: &[(&str, Meaning)] = &[
    ("acm", Part(Certificate)),
    ("amplify", Part(WebHosting)),
    ("api-gateway", Part(HttpApi)),
    ("app-runner", Part(WebService)),
    ("appconfig", Part(AppConfig)),
    ("application-auto-scaling", Detail("part of every service that scales")),
    ("appsync", Part(GraphqlApi)),
    ("athena", Part(QueryService)),
    ("backup", Part(BackupPlan)),
    ("batch", Part(BatchCompute)),
    ("bedrock", Part(FoundationModel)),
    ("chime", Unsupported),
    ("cloud-map", Part(ServiceDiscovery)),
    ("cloud9", Unsupported),
    ("cloudfront", Part(Cdn)),
    ("cloudtrail", Part(AuditTrail)),
    ("cloudwatch", Part(Monitoring)),
    ("cloudwatch-logs", Part(LogStore)),
    ("codebuild", Part(Build)),
    ("codecommit", Part(SourceRepository)),
    ("codedeploy", Part(Deployment)),
    ("codepipeline", Part(Pipeline)),
    ("cognito", Part(UserDirectory)),
    ("config", Part(ConfigRecorder)),
    ("connect", Part(ContactCenter)),
    ("dax", Part(KeyValueCache)),
    ("direct-connect", Part(DirectConnect)),
    ("directory-service", Part(Directory)),
    ("dms", Part(DatabaseMigration)),
    ("documentdb", Part(DocumentDatabase)),
    ("dynamodb", Part(KeyValueStore)),
    ("ebs-dlm", Detail("disks and their snapshots come with machines and the backup plan")),
    ("ec2", Part(VirtualMachines)),
    ("ec2-auto-scaling", Part(MachineScaling)),
    ("ecr", Part(ImageRegistry)),
    ("ecs", Part(ContainerService)),
    ("efs", Part(FileSystem)),
    ("eks", Part(KubernetesCluster)),
    ("elastic-beanstalk", Part(AppPlatform)),
    ("elasticache", Part(Cache)),
    ("elb", Part(LoadBalancer)),
    ("emr", Part(HadoopCluster)),
    ("eventbridge", Part(EventBus)),
    ("eventbridge-pipes", Part(EventPipe)),
    ("eventbridge-scheduler", Part(Schedule)),
    ("fsx", Part(FileServer)),
    ("global-accelerator", Part(GlobalAccelerator)),
    ("glue", Part(EtlJob)),
    ("guardduty", Part(ThreatDetection)),
    ("iam", Detail("every connection becomes the least permission that it needs")),
    ("inspector", Part(VulnerabilityScan)),
    ("iot-core", Part(IotHub)),
    ("kendra", Part(EnterpriseSearch)),
    ("kinesis-analytics", Part(StreamAnalytics)),
    ("kinesis-data-streams", Part(Stream)),
    ("kinesis-firehose", Part(DeliveryStream)),
    ("kinesis-video", Part(VideoStream)),
    ("kms", Part(EncryptionKey)),
    ("lake-formation", Part(LakePermissions)),
    ("lambda", Part(Function)),
    ("lex", Part(Chatbot)),
    ("lightsail", Part(VirtualServer)),
    ("location", Part(Location)),
    ("macie", Part(DataDiscovery)),
    ("medialive", Unsupported),
    ("memorydb", Part(DurableCache)),
    ("mq", Part(MessageBroker)),
    ("msk", Part(KafkaCluster)),
    ("nat-gateway", Part(NatGateway)),
    ("neptune", Part(GraphDatabase)),
    ("network-firewall", Part(NetworkFirewall)),
    ("opensearch", Part(SearchIndex)),
    ("organizations", Unsupported),
    ("pinpoint", Part(CustomerMessaging)),
    ("quicksight", Part(Dashboards)),
    ("rds", Part(RelationalDatabase)),
    ("redshift", Part(Warehouse)),
    ("route53", Part(DnsZone)),
    ("s3", Part(ObjectStore)),
    ("s3-tables", Part(TableStore)),
    ("sagemaker", Part(ModelEndpoint)),
    ("secrets-manager", Part(Secret)),
    ("security-hub", Part(SecurityPosture)),
    ("service-catalog", Unsupported),
    ("ses", Part(Email)),
    ("sns", Part(Topic)),
    ("sqs", Part(Queue)),
    ("ssm-parameter-store", Part(Parameter)),
    ("step-functions", Part(Workflow)),
    ("systems-manager", Part(FleetManager)),
    ("timestream", Part(TimeSeriesStore)),
    ("transfer-family", Part(FileTransfer)),
    ("transit-gateway", Part(TransitGateway)),
    ("verified-permissions", Part(PolicyStore)),
    ("vpc", Part(Network)),
    ("vpc-endpoint", Part(NetworkEndpoints)),
    ("vpc-lattice", Part(ServiceNetwork)),
    ("vpc-peering", Part(NetworkPeering)),
    ("vpn", Part(Vpn)),
    ("waf", Part(WebFirewall)),
    ("workspaces", Part(Desktops)),
    ("x-ray", Part(Tracing)),
    // Without a row of their own in the list of canonical services.
    ("comprehend", Part(TextAnalysis)),
    ("datasync", Part(DataSync)),
    ("gamelift", Part(GameFleet)),
    ("keyspaces", Part(WideColumnStore)),
    ("mediaconvert", Part(VideoTranscoder)),
    ("mwaa", Part(Airflow)),
    ("osis", Part(IngestionPipeline)),
    ("privatelink", Part(PrivateLink)),
    ("rekognition", Part(ImageAnalysis)),
    ("s3express", Part(ExpressStore)),
    ("shield", Part(DdosProtection)),
    ("textract", Part(DocumentExtraction)),
    ("artifact", Detail("reports to download; nothing is built")),
    ("cloudformation", Detail("a format that the code is written in")),
    ("cost-explorer", Detail("shows what the account costs; nothing is built")),
    ("ebs", Detail("disks come with the machines that they belong to")),
    ("health", Detail("shows the state of the account; nothing is built")),
    ("trusted-advisor", Detail("advises on the account; nothing is built")),
    ("transcribe", Part(SpeechToText)),
];

/// The kinds of common services of the other clouds, so that a text written
/// for one of them is not lost on AWS.
const ELSEWHERE: &[(Cloud, &str, Kind)] = &[
    (Cloud::Azure, "ai-search", SearchIndex),
    (Cloud::Azure, "aks", KubernetesCluster),
    (Cloud::Azure, "api-management", HttpApi),
    (Cloud::Azure, "app-configuration", AppConfig),
    (Cloud::Azure, "app-service", WebService),
    (Cloud::Azure, "application-gateway", LoadBalancer),
    (Cloud::Azure, "application-insights", Tracing),
    (Cloud::Azure, "azure-firewall", NetworkFirewall),
    (Cloud::Azure, "backup-recovery-services", BackupPlan),
    (Cloud::Azure, "batch", BatchCompute),
    (Cloud::Azure, "bot-service", Chatbot),
    (Cloud::Azure, "cdn-front-door", Cdn),
    (Cloud::Azure, "cognitive-services", FoundationModel),
    (Cloud::Azure, "container-apps", ContainerService),
    (Cloud::Azure, "container-instances", ContainerService),
    (Cloud::Azure, "container-registry", ImageRegistry),
    (Cloud::Azure, "cosmos-db", KeyValueStore),
    (Cloud::Azure, "data-explorer", TimeSeriesStore),
    (Cloud::Azure, "data-factory", EtlJob),
    (Cloud::Azure, "data-lake", ObjectStore),
    (Cloud::Azure, "databricks", HadoopCluster),
    (Cloud::Azure, "ddos-protection", DdosProtection),
    (Cloud::Azure, "defender", ThreatDetection),
    (Cloud::Azure, "dns", DnsZone),
    (Cloud::Azure, "entra-id", UserDirectory),
    (Cloud::Azure, "event-grid", EventBus),
    (Cloud::Azure, "event-hubs", Stream),
    (Cloud::Azure, "expressroute", DirectConnect),
    (Cloud::Azure, "front-door", Cdn),
    (Cloud::Azure, "hdinsight", HadoopCluster),
    (Cloud::Azure, "iot-hub", IotHub),
    (Cloud::Azure, "key-vault", Secret),
    (Cloud::Azure, "load-balancer", LoadBalancer),
    (Cloud::Azure, "log-analytics", LogStore),
    (Cloud::Azure, "logic-apps", Workflow),
    (Cloud::Azure, "machine-learning", ModelEndpoint),
    (Cloud::Azure, "mariadb", RelationalDatabase),
    (Cloud::Azure, "media-services", VideoTranscoder),
    (Cloud::Azure, "monitor", Monitoring),
    (Cloud::Azure, "mysql", RelationalDatabase),
    (Cloud::Azure, "nat-gateway", NatGateway),
    (Cloud::Azure, "netapp-files", FileServer),
    (Cloud::Azure, "notification-hubs", CustomerMessaging),
    (Cloud::Azure, "postgresql", RelationalDatabase),
    (Cloud::Azure, "private-endpoint", NetworkEndpoints),
    (Cloud::Azure, "redis-cache", Cache),
    (Cloud::Azure, "service-bus", Queue),
    (Cloud::Azure, "sql-database", RelationalDatabase),
    (Cloud::Azure, "sql-managed-instance", RelationalDatabase),
    (Cloud::Azure, "static-web-apps", WebHosting),
    (Cloud::Azure, "storage-account", ObjectStore),
    (Cloud::Azure, "stream-analytics", StreamAnalytics),
    (Cloud::Azure, "synapse", Warehouse),
    (Cloud::Azure, "traffic-manager", DnsZone),
    (Cloud::Azure, "virtual-desktop", Desktops),
    (Cloud::Azure, "virtual-machines", VirtualMachines),
    (Cloud::Azure, "virtual-network", Network),
    (Cloud::Azure, "virtual-wan", TransitGateway),
    (Cloud::Azure, "vm-scale-sets", MachineScaling),
    (Cloud::Azure, "vpn-gateway", Vpn),
    (Cloud::Azure, "waf", WebFirewall),
    (Cloud::Gcp, "alloydb", RelationalDatabase),
    (Cloud::Gcp, "api-gateway", HttpApi),
    (Cloud::Gcp, "app-engine", AppPlatform),
    (Cloud::Gcp, "artifact-registry", ImageRegistry),
    (Cloud::Gcp, "bigquery", Warehouse),
    (Cloud::Gcp, "bigtable", WideColumnStore),
    (Cloud::Gcp, "certificates", Certificate),
    (Cloud::Gcp, "cloud-armor", WebFirewall),
    (Cloud::Gcp, "cloud-build", Build),
    (Cloud::Gcp, "cloud-deploy", Pipeline),
    (Cloud::Gcp, "cloud-dns", DnsZone),
    (Cloud::Gcp, "cloud-functions", Function),
    (Cloud::Gcp, "cloud-logging", LogStore),
    (Cloud::Gcp, "cloud-monitoring", Monitoring),
    (Cloud::Gcp, "cloud-nat", NatGateway),
    (Cloud::Gcp, "cloud-run", ContainerService),
    (Cloud::Gcp, "cloud-scheduler", Schedule),
    (Cloud::Gcp, "cloud-sql", RelationalDatabase),
    (Cloud::Gcp, "cloud-storage", ObjectStore),
    (Cloud::Gcp, "cloud-tasks", Queue),
    (Cloud::Gcp, "cloud-vpn", Vpn),
    (Cloud::Gcp, "composer", Airflow),
    (Cloud::Gcp, "compute-engine", VirtualMachines),
    (Cloud::Gcp, "database-migration", DatabaseMigration),
    (Cloud::Gcp, "dataflow", StreamAnalytics),
    (Cloud::Gcp, "dataproc", HadoopCluster),
    (Cloud::Gcp, "dlp", DataDiscovery),
    (Cloud::Gcp, "eventarc", EventBus),
    (Cloud::Gcp, "filestore", FileSystem),
    (Cloud::Gcp, "firestore", KeyValueStore),
    (Cloud::Gcp, "gke", KubernetesCluster),
    (Cloud::Gcp, "identity-platform", UserDirectory),
    (Cloud::Gcp, "interconnect", DirectConnect),
    (Cloud::Gcp, "kms", EncryptionKey),
    (Cloud::Gcp, "load-balancing", LoadBalancer),
    (Cloud::Gcp, "looker", Dashboards),
    (Cloud::Gcp, "managed-instance-group", MachineScaling),
    (Cloud::Gcp, "managed-kafka", KafkaCluster),
    (Cloud::Gcp, "memorystore", Cache),
    (Cloud::Gcp, "pub-sub", Topic),
    (Cloud::Gcp, "secret-manager", Secret),
    (Cloud::Gcp, "spanner", RelationalDatabase),
    (Cloud::Gcp, "vertex-ai", ModelEndpoint),
    (Cloud::Gcp, "vpc", Network),
    (Cloud::Gcp, "workflows", Workflow),
];

/// What a named service becomes. `None` for a name that nobody knows.
pub fn meaning(cloud: Cloud, service: &str) -> Option<Meaning> {
    match cloud {
        Cloud::Aws => AWS.iter().find(|(name, _)| *name == service).map(|(_, it)| *it),
        _ => ELSEWHERE
            .iter()
            .find(|(home, name, _)| *home == cloud && *name == service)
            .map(|(.., kind)| Part(*kind)),
    }
}

/// The canonical AWS service of a kind.
pub fn service_of(kind: Kind) -> &'static str {
    // A name that texts use; the service that its resources belong to is another.
    if kind == PrivateLink {
        return "vpc-endpoint";
    }
    AWS.iter().find(|(_, it)| *it == Part(kind)).map_or(kind.name(), |(name, _)| name)
}

/// Named with these, nothing of the architecture is decided yet.
pub fn shapes_the_design(kind: Kind) -> bool {
    !matches!(
        kind,
        Certificate
            | BackupPlan
            | AuditTrail
            | Monitoring
            | LogStore
            | ConfigRecorder
            | ImageRegistry
            | ThreatDetection
            | VulnerabilityScan
            | EncryptionKey
            | DataDiscovery
            | NatGateway
            | DnsZone
            | Secret
            | SecurityPosture
            | Parameter
            | Network
            | NetworkEndpoints
            | WebFirewall
            | DdosProtection
            | Tracing
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_one_service_and_every_service_one_line() {
        for kind in Kind::ALL {
            let lines = AWS.iter().filter(|(_, it)| *it == Part(*kind)).count();
            assert_eq!(lines, 1, "{} has {lines} services", kind.name());
        }
        let names: BTreeSet<_> = AWS.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), AWS.len());
    }
}
