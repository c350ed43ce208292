//! What a service is for, so far as one can stand in for another.

use crate::engine::requirements::Cloud;

/// Services that answer the same need. A service may stand in several rows.
const ROLES: &[&[&str]] = &[
    // queues
    &["sqs", "mq", "msk", "service-bus", "event-hubs", "pub-sub", "cloud-tasks", "batch", "relay"],
    // topics
    &[
        "sns",
        "eventbridge",
        "service-bus",
        "event-grid",
        "pub-sub",
        "eventarc",
        "iot-core",
        "appsync",
        "mq",
        "msk",
        "kinesis-data-streams",
    ],
    // objects
    &[
        "s3",
        "s3express",
        "s3files",
        "s3-tables",
        "s3vectors",
        "storage-account",
        "data-lake",
        "cloud-storage",
    ],
    // machines
    &[
        "ec2",
        "ec2-auto-scaling",
        "virtual-machines",
        "vm-scale-sets",
        "sql-vm",
        "compute-engine",
        "managed-instance-group",
        "lightsail",
        "batch",
        "gamelift",
        "virtual-desktop",
    ],
    // functions
    &[
        "lambda",
        "functions",
        "cloud-functions",
        "cloud-run",
        "app-runner",
        "container-apps",
        "azure-functions",
        "logic-apps",
    ],
    // balancing
    &[
        "elb",
        "load-balancer",
        "application-gateway",
        "front-door",
        "cdn-front-door",
        "traffic-manager",
        "load-balancing",
    ],
    // content delivery
    &["cloudfront", "cdn-front-door", "front-door", "cloud-cdn", "network-services"],
    // caches
    &["elasticache", "memorydb", "dax", "redis-cache", "memorystore"],
    // relational
    &[
        "rds",
        "sql-database",
        "sql-managed-instance",
        "postgresql",
        "mysql",
        "mariadb",
        "cloud-sql",
        "alloydb",
        "spanner",
        "sql-vm",
    ],
    // key-value and documents
    &["dynamodb", "keyspaces", "documentdb", "cosmos-db", "firestore", "bigtable", "memorydb"],
    // graphs
    &["neptune", "cosmos-db"],
    // time series
    &["timestream", "data-explorer", "time-series-insights", "bigtable"],
    // warehouses
    &["redshift", "synapse", "bigquery", "athena", "data-explorer", "databricks"],
    // search
    &["opensearch", "kendra", "ai-search", "bedrock", "s3vectors", "neptune"],
    // models
    &["bedrock", "sagemaker", "cognitive-services", "machine-learning", "vertex-ai"],
    // streams
    &[
        "msk",
        "kinesis-data-streams",
        "event-hubs",
        "managed-kafka",
        "dataflow",
        "kinesis-analytics",
        "stream-analytics",
    ],
    // workflows
    &["step-functions", "mwaa", "logic-apps", "workflows", "composer", "data-factory"],
    // etl
    &[
        "glue",
        "emr",
        "data-factory",
        "databricks",
        "dataflow",
        "dataproc",
        "data-fusion",
        "hdinsight",
    ],
    // files
    &["efs", "fsx", "s3files", "storage-account", "netapp-files", "filestore"],
    // transfer
    &["transfer-family"],
    // containers
    &[
        "eks",
        "ecs",
        "aks",
        "gke",
        "container-instances",
        "container-apps",
        "openshift",
        "cloud-run",
        "app-runner",
        "container-service-legacy",
    ],
    // mail
    &["ses", "sns", "pinpoint", "communication-services"],
    // boards
    &["quicksight", "managed-grafana", "power-bi-embedded", "looker"],
    // gates
    &["api-gateway", "api-management", "apigee", "appsync", "cloud-endpoints"],
    // network entrances
    &["vpn", "vpn-gateway", "cloud-vpn"],
    &["vpc-endpoint", "private-endpoint"],
    &["waf", "cloud-armor"],
    &["secrets-manager", "key-vault", "secret-manager"],
    &["ecr", "container-registry", "artifact-registry"],
    &["kinesis-firehose", "kinesis-data-streams"],
    &["iot-core", "iot-hub"],
    &["nat-gateway", "cloud-nat"],
];

/// Whether `product` does what `kind` would be added for.
pub(in super::super) fn fills(product: &str, kind: &str) -> bool {
    product == kind || ROLES.iter().any(|it| it.contains(&product) && it.contains(&kind))
}

/// Whether a choice between the two is a choice at all.
pub(in super::super) fn alike(a: &str, b: &str) -> bool {
    fills(a, b) || (store(a) && store(b)) || (compute(a) && compute(b))
}

pub(in super::super) fn compute(service: &str) -> bool {
    [3, 4, 20].iter().any(|it| ROLES[*it].contains(&service))
        || matches!(
            service,
            "elastic-beanstalk" | "amplify" | "app-service" | "app-engine" | "static-web-apps"
        )
}

/// What requests come in through.
pub(in super::super) fn entry(service: &str) -> bool {
    [5, 23].iter().any(|it| ROLES[*it].contains(&service)) || service == "cloudfront"
}

/// A machine that one looks after oneself.
pub(in super::super) fn machine(service: &str) -> bool {
    matches!(service, "ec2" | "virtual-machines" | "compute-engine")
}

fn store(service: &str) -> bool {
    [2, 7, 8, 9, 10, 11, 12, 18].iter().any(|it| ROLES[*it].contains(&service))
}

/// Words that only one provider uses.
pub(in super::super) fn brand(word: &str) -> Option<Cloud> {
    let word = word.strip_suffix('s').filter(|it| it.len() > 3).unwrap_or(word);
    Some(match word {
        "lambda" | "s3" | "ec2" | "dynamodb" | "dynamo" | "cloudfront" | "sqs" | "sn" | "sns"
        | "rds" | "rd" | "eks" | "ecs" | "fargate" | "cognito" | "eventbridge" | "kinesis"
        | "firehose" | "elasticache" | "appsync" | "redshift" | "athena" | "sagemaker"
        | "bedrock" | "cloudwatch" | "cloudtrail" | "guardduty" | "route53" | "aurora"
        | "documentdb" | "neptune" | "textract" | "rekognition" | "quicksight" | "mwaa" | "msk"
        | "emr" | "efs" | "cloudformation" | "apigw" | "alb" | "nlb" | "beanstalk"
        | "lightsail" | "opensearch" | "codepipeline" | "codebuild" | "gamelift" | "timestream"
        | "keyspace" | "memorydb" | "qldb" | "macie" | "vpce" | "sfn" => Cloud::Aws,
        "cosmosdb" | "cosmo" | "cosmos" | "ak" | "aks" | "vmss" | "vnet" | "keyvault" | "apim"
        | "adl" | "adls" | "expressroute" | "entra" | "hdinsight" | "nsg" | "appservice"
        | "azureml" | "bicep" | "kusto" | "signalr" | "servicebu" => Cloud::Azure,
        "bigquery" | "gke" | "gc" | "gcs" | "gce" | "pubsub" | "spanner" | "dataproc"
        | "dataflow" | "firestore" | "cloudsql" | "bigtable" | "vertex" | "memorystore"
        | "alloydb" | "apigee" | "stackdriver" | "eventarc" | "firebase" => Cloud::Gcp,
        _ => return None,
    })
}

/// Names of two words that only one provider uses.
pub(in super::super) fn brand_of_two(first: &str, second: &str) -> Option<Cloud> {
    let second = second.strip_suffix('s').unwrap_or(second);
    Some(match (first, second) {
        ("step", "function")
        | ("api", "gateway")
        | ("elastic", "beanstalk")
        | ("route", "53")
        | ("app", "runner")
        | ("secret", "manager")
        | ("secrets", "manager") => Cloud::Aws,
        ("cosmos", "db")
        | ("logic", "app")
        | ("service", "bu" | "bus")
        | ("event", "hub")
        | ("event", "grid")
        | ("key", "vault")
        | ("app", "service")
        | ("function", "app")
        | ("static", "web")
        | ("container", "app")
        | ("front", "door")
        | ("data", "factory")
        | ("resource", "group") => Cloud::Azure,
        (
            "cloud",
            "run" | "sql" | "storage" | "build" | "function" | "composer" | "armor" | "scheduler"
            | "task",
        )
        | ("compute", "engine")
        | ("app", "engine")
        | ("artifact", "registry")
        | ("vertex", "ai")
        | ("deployment", "manager") => Cloud::Gcp,
        _ => return None,
    })
}
