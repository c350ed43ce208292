//! Names that belong to no provider: engines, and kinds of things.
//!
//! Which service they mean is decided by the cloud of the design.

use super::{Generic, engine, kind};
use crate::engine::requirements::WorkloadKind as W;

pub(super) const GENERIC: &[Generic] = &[
    // Engines: the person said which.
    engine(
        "postgres|postgresql|postgres db|postgres database|postgresql database|pgsql|pg database|postgre|postgresdb|postgress|psql|pgvector|postgis|timescaledb",
        ["rds", "postgresql", "cloud-sql"],
        &[("engine", "postgres")],
        Some(W::RelationalStore),
    ),
    engine(
        "mysql|mysql db|mysql database|my sql|mysqldb",
        ["rds", "mysql", "cloud-sql"],
        &[("engine", "mysql")],
        Some(W::RelationalStore),
    ),
    engine(
        "mariadb|maria db",
        ["rds", "mariadb", "cloud-sql"],
        &[("engine", "mariadb")],
        Some(W::RelationalStore),
    ),
    engine(
        "sql server|mssql|ms sql|microsoft sql server|ms sql server|sqlserver",
        ["rds", "sql-database", "cloud-sql"],
        &[("engine", "sqlserver")],
        Some(W::RelationalStore),
    ),
    engine(
        "oracle db|oracle database|oracle rac|oracle 19c|oracle 12c|oracle 11g|oracle ee|oracle instance",
        ["rds", "virtual-machines", "compute-engine"],
        &[("engine", "oracle")],
        Some(W::RelationalStore),
    ),
    engine(
        "mongodb|mongo|mongo db|mongodb atlas",
        ["documentdb", "cosmos-db", "firestore"],
        &[("engine", "mongodb")],
        Some(W::DocumentStore),
    ),
    engine(
        "cassandra|apache cassandra|scylla|scylladb",
        ["keyspaces", "cosmos-db", "bigtable"],
        &[("engine", "cassandra")],
        Some(W::KeyValueStore),
    ),
    engine(
        "neo4j|gremlin|sparql|tinkerpop",
        ["neptune", "cosmos-db", "spanner"],
        &[("engine", "graph")],
        Some(W::GraphStore),
    ),
    engine(
        "influxdb|influx",
        ["timestream", "data-explorer", "bigtable"],
        &[("engine", "influxdb")],
        Some(W::TimeSeriesStore),
    ),
    engine(
        "redis|redis cache|redis cluster|redis oss|redis store",
        ["elasticache", "redis-cache", "memorystore"],
        &[("engine", "redis")],
        Some(W::Cache),
    ),
    engine(
        "valkey",
        ["elasticache", "redis-cache", "memorystore"],
        &[("engine", "valkey")],
        Some(W::Cache),
    ),
    engine(
        "memcached|memcache",
        ["elasticache", "redis-cache", "memorystore"],
        &[("engine", "memcached")],
        Some(W::Cache),
    ),
    engine(
        "elasticsearch|elastic search|elk stack|elk|kibana|elk cluster|efk",
        ["opensearch", "ai-search", "vertex-ai"],
        &[("engine", "elasticsearch")],
        Some(W::Search),
    ),
    engine(
        "kafka|apache kafka|kafka cluster|kafka topic",
        ["msk", "event-hubs", "managed-kafka"],
        &[("engine", "kafka")],
        Some(W::StreamProcessing),
    ),
    engine(
        "rabbitmq|rabbit mq|amqp broker|rabbit",
        ["mq", "service-bus", "pub-sub"],
        &[("engine", "rabbitmq")],
        Some(W::MessageQueue),
    ),
    engine(
        "activemq|active mq|jms broker|apache activemq",
        ["mq", "service-bus", "pub-sub"],
        &[("engine", "activemq")],
        Some(W::MessageQueue),
    ),
    engine(
        "flink|apache flink",
        ["kinesis-analytics", "stream-analytics", "dataflow"],
        &[("engine", "flink")],
        Some(W::StreamProcessing),
    ),
    engine(
        "airflow|apache airflow",
        ["mwaa", "data-factory", "composer"],
        &[("engine", "airflow")],
        Some(W::Workflow),
    ),
    engine(
        "hadoop|apache spark|pyspark|spark job|spark jobs|spark cluster|hbase|hive|presto|trino|spark streaming|spark etl",
        ["emr", "hdinsight", "dataproc"],
        &[("engine", "spark")],
        Some(W::Batch),
    ),
    engine(
        "kubernetes|k8s|kubernetes cluster|managed kubernetes|helm chart|helm charts|kubernetes service|kuberentes|kube",
        ["eks", "aks", "gke"],
        &[],
        Some(W::ContainerPlatform),
    ),
    engine("istio|argocd|argo cd|linkerd|knative|kubectl", ["eks", "aks", "gke"], &[], None),
    // Kinds: what it is for, without a product.
    kind(
        "load balancer|load balancers|loadbalancer|load balancing|load balanced|loadbalanced|load balance|public load balancer|l7 load balancer|l4 load balancer|reverse proxy load balancer",
        ["elb", "load-balancer", "load-balancing"],
        &[],
        Some(W::LoadBalancing),
    ),
    kind(
        "auto scaling|autoscaling|auto scaled|autoscaled|auto scaling web servers|instance group|autoscaling instances|auto scaling servers|auto scaling instances",
        ["", "", ""],
        &[],
        None,
    ),
    kind(
        "virtual machine|virtual machines|vm|vms|virtual server|virtual servers|cloud server|linux server|windows server instance|bare metal|linux box|vps",
        ["ec2", "virtual-machines", "compute-engine"],
        &[],
        Some(W::VirtualMachine),
    ),
    kind(
        "bastion host|bastion|jump box|jumpbox|jump host|jump server|bastion server",
        ["ec2", "virtual-machines", "compute-engine"],
        &[("role", "bastion")],
        Some(W::VirtualMachine),
    ),
    kind(
        "ubuntu vm|linux vm|windows vm|linux machine|centos|ubuntu|windows instance|linux instance|rhel|red hat enterprise linux|debian|suse linux|windows server|windows server 2019|windows server 2016|windows server 2022",
        ["ec2", "virtual-machines", "compute-engine"],
        &[],
        None,
    ),
    kind(
        "message queue|messages queue|job queue|task queue|work queue|queueing|message queues|queues|dead letter queue|dead letter queues|dlq|deadletter queue|a queue|the queue|queue|queued|redrive",
        ["sqs", "service-bus", "pub-sub"],
        &[],
        Some(W::MessageQueue),
    ),
    kind(
        "pub sub|pubsub|publish subscribe|notification topic|fan out|fans out|fanout|message topic",
        ["sns", "service-bus", "pub-sub"],
        &[],
        Some(W::PubSub),
    ),
    kind(
        "cdn|content delivery network|edge caching|global cdn|content distribution network|edge cache",
        ["cloudfront", "cdn-front-door", "cloud-cdn"],
        &[],
        Some(W::Cdn),
    ),
    kind(
        "object storage|object store|blob storage|blob store|bucket|buckets|storage bucket|object bucket|bucket storage|upload bucket",
        ["s3", "storage-account", "cloud-storage"],
        &[],
        Some(W::ObjectStore),
    ),
    kind(
        "cloud function|cloud functions|serverless function|serverless functions|faas|functions as a service|function as a service|serverless backend|serverless api|serverless rest api|serverless application|serverless app|serverless web application|serverless microservice|serverless microservices|serverless compute|serverless web app|serverless workload|serverless code",
        ["lambda", "functions", "cloud-functions"],
        &[],
        None,
    ),
    kind(
        "in memory cache|caching layer|cache layer|session cache|distributed cache|cache cluster|caching tier",
        ["elasticache", "redis-cache", "memorystore"],
        &[],
        Some(W::Cache),
    ),
    kind(
        "relational database|relational db|sql database|sql db|managed database|managed sql|rdbms|transactional database|managed relational database",
        ["rds", "sql-database", "cloud-sql"],
        &[],
        Some(W::RelationalStore),
    ),
    kind(
        "nosql|nosql database|no sql database|key value store|key value database|nosql db|kv store|nosql store|nosql table|key value",
        ["dynamodb", "cosmos-db", "firestore"],
        &[],
        Some(W::KeyValueStore),
    ),
    kind(
        "document database|document store|document db",
        ["documentdb", "cosmos-db", "firestore"],
        &[],
        Some(W::DocumentStore),
    ),
    kind(
        "graph database|graph db|knowledge graph",
        ["neptune", "cosmos-db", "spanner"],
        &[],
        Some(W::GraphStore),
    ),
    kind(
        "time series database|time series db|time series data|timeseries database|time series store",
        ["timestream", "data-explorer", "bigtable"],
        &[],
        Some(W::TimeSeriesStore),
    ),
    kind(
        "data warehouse|data warehousing|warehouse for analytics|analytical warehouse|cloud data warehouse|dwh",
        ["redshift", "synapse", "bigquery"],
        &[],
        Some(W::Warehouse),
    ),
    kind(
        "api gateway|api gateways|api management|managed api gateway",
        ["api-gateway", "api-management", "api-gateway"],
        &[],
        None,
    ),
    kind(
        "container registry|docker registry|image registry",
        ["ecr", "container-registry", "artifact-registry"],
        &[],
        None,
    ),
    kind(
        "network file system|nfs|shared file system|shared filesystem|shared file storage|nfs share|smb share",
        ["efs", "storage-account", "filestore"],
        &[],
        Some(W::FileShare),
    ),
    kind(
        "sftp|sftp server|ftps|sftp endpoint|managed sftp|ftp server|managed file transfer",
        ["transfer-family", "storage-account", "storage-transfer"],
        &[],
        Some(W::FileTransfer),
    ),
    kind(
        "mqtt|mqtt broker|mqtt messages",
        ["iot-core", "iot-hub", "pub-sub"],
        &[],
        Some(W::IotIngest),
    ),
    kind(
        "secret store|secrets store|secret management|secrets management|secret rotation|rotating secrets|rotate secrets",
        ["secrets-manager", "key-vault", "secret-manager"],
        &[],
        None,
    ),
    kind(
        "web application firewall|waf|owasp top 10 protection|l7 firewall",
        ["waf", "waf", "cloud-armor"],
        &[],
        None,
    ),
    kind(
        "ddos protection|anti ddos|ddos mitigation",
        ["shield", "ddos-protection", "cloud-armor"],
        &[],
        None,
    ),
    kind(
        "site to site vpn|ipsec tunnel|ipsec vpn|vpn",
        ["vpn", "vpn-gateway", "cloud-vpn"],
        &[],
        None,
    ),
    kind(
        "private link|private endpoint|private endpoints",
        ["vpc-endpoint", "private-endpoint", "vpc"],
        &[],
        None,
    ),
    kind(
        "event bus|event router|event broker",
        ["eventbridge", "event-grid", "eventarc"],
        &[],
        None,
    ),
    kind(
        "vector database|vector store|vector search|vector index|vector db",
        ["opensearch", "ai-search", "vertex-ai"],
        &[("variant", "vector")],
        Some(W::Search),
    ),
    kind(
        "foundation model|large language model|llm|gpt 4|claude|llama|foundation models|claude sonnet|claude 3|anthropic claude|anthropic's claude",
        ["bedrock", "cognitive-services", "vertex-ai"],
        &[],
        Some(W::GenAi),
    ),
    kind(
        "etl pipeline|etl job|etl jobs|elt pipeline",
        ["glue", "data-factory", "dataflow"],
        &[],
        Some(W::Etl),
    ),
    kind(
        "bi dashboard|bi dashboards|business intelligence|analytics dashboards",
        ["quicksight", "power-bi-embedded", "looker"],
        &[],
        Some(W::Dashboards),
    ),
    kind(
        "docker container|docker containers|containers|containerized|containerised|dockerized|dockerised|docker image|container orchestration|docker compose|containerized application|container workloads",
        ["", "", ""],
        &[],
        None,
    ),
    kind(
        "distributed tracing|request tracing|tracing required|tracing is required|monitoring and tracing|metrics and tracing|logs and traces|metrics and traces",
        ["x-ray", "", ""],
        &[],
        None,
    ),
    kind("nat gateway|nat instance", ["nat-gateway", "nat-gateway", "cloud-nat"], &[], None),
    kind(
        "transactional email|transactional emails|email delivery service|send emails|sends emails|send email|sends email|sending emails|email sending|bulk email",
        ["ses", "", ""],
        &[],
        Some(W::Email),
    ),
];

/// Words that only look like services.
pub(super) const DECOYS: &str = "enhanced fan out|enhanced fanout|x ray picture|x ray pictures|x ray image|x ray images|x ray imaging|x ray scan|x ray scans|x ray film|x ray films|x ray photo|x ray photos|\
x ray report|x ray reports|chest x ray|chest x rays|dental x ray|dental x rays|x rays|send email notification|send email notifications|sends email notifications|sending email notifications|send an email notification|\
lambda architecture|lambda calculus|lambda expression|lambda expressions|glue code|glue logic|\
glue layer|kappa architecture|batch size|event sourcing queue|s3 compatible|redis compatible|mysql compatible|kafka compatible|\
mongodb compatible|postgres compatible|postgresql compatible|redis labs|sam altman|message in the queue|bedrock of|\
foundation of|aurora borealis|queue depth|queue length|service account|application layer|cloud function of|shield users|\
transfer of|in the backup|pinpoint the|kinesis of|elastic search engine|rest of|rest assured|cognito ergo|container ship|state machine diagram|\
uml state machine|microsoft teams|sql server management studio|redis cli|mysql client|mysql workbench|kubernetes like|lambda like|s3 like|docker desktop|\
ct scan|ct scans|ct image|ct images|cf template|cf templates|cf stack|cf stacks|azure portal|azure cli|azure resource manager|cosmos of";
