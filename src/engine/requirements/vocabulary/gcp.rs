//! What people call the services of Google Cloud.

use super::{Entry, named, with};

pub(super) const ENTRIES: &[Entry] = &[
    // Compute.
    named(
        "compute-engine",
        "compute engine|google compute engine|gce|gce instance|gce vm|compute engine vm|compute engine instance|compute instance|vm instance|gcp vm|google vm|google compute|preemptible vm|compute instances|virtual machine|vm|spot vm|instance template vm",
    ),
    named(
        "managed-instance-group",
        "managed instance group|managed instance groups|instance group manager|instance group|regional instance group|instance template|instance templates|^mig|autoscaled instance group|autoscaler",
    ),
    named(
        "gke",
        "gke|google kubernetes engine|gke cluster|gke autopilot|gke standard|kubernetes engine|container engine|google container engine|anthos",
    ),
    named("cloud-run", "cloud run|cloudrun|cloud run service|cloud run job|cloud run jobs"),
    named(
        "cloud-functions",
        "cloud function|cloud functions|google cloud function|google cloud functions|gcf|cloud functions gen2",
    ),
    named(
        "app-engine",
        "app engine|gae|google app engine|app engine flex|app engine standard|appengine",
    ),
    named("batch", "google batch|cloud batch"),
    named("vmware-engine", "google cloud vmware engine|vmware engine|gcve"),
    // Storage.
    named(
        "cloud-storage",
        "cloud storage|google cloud storage|gcs|gcs bucket|cloud storage bucket|google storage|gcs buckets|cloud storage buckets|storage bucket",
    ),
    named("filestore", "filestore|cloud filestore"),
    named("parallelstore", "parallelstore"),
    named("netapp-volumes", "google cloud netapp volumes|netapp volumes|cloud volumes service"),
    named("backup-dr", "backup and dr|backup and dr service|backup dr"),
    named("storage-transfer", "storage transfer service|storage transfer|transfer appliance"),
    // Data.
    with("cloud-sql", "cloud sql|cloudsql|google cloud sql", &[]),
    with(
        "cloud-sql",
        "cloud sql for postgres|cloud sql for postgresql|cloud sql postgres|cloud sql postgresql|postgres on cloud sql",
        &[("engine", "postgres")],
    ),
    with(
        "cloud-sql",
        "cloud sql for mysql|cloud sql mysql|mysql on cloud sql",
        &[("engine", "mysql")],
    ),
    with("cloud-sql", "cloud sql for sql server|cloud sql sql server", &[("engine", "sqlserver")]),
    named("alloydb", "alloydb|alloy db|alloydb for postgresql"),
    named("spanner", "spanner|cloud spanner|google spanner"),
    named("bigtable", "bigtable|cloud bigtable|big table"),
    named(
        "firestore",
        "firestore|cloud firestore|datastore|cloud datastore|firestore in datastore mode",
    ),
    named("memorystore", "memorystore|memory store|cloud memorystore|memorystore for redis"),
    named(
        "bigquery",
        "bigquery|big query|bq|bigquery dataset|bigquery table|bigquery data transfer service|biglake|bigquery ml|bqml|google bigquery|bigqueryio",
    ),
    named("dataflow", "dataflow|cloud dataflow|apache beam|dataflow job|dataflow template"),
    named(
        "dataproc",
        "dataproc|cloud dataproc|dataproc cluster|dataproc serverless|dataproc metastore",
    ),
    named("data-fusion", "data fusion|cloud data fusion"),
    named(
        "composer",
        "cloud composer|^composer|google cloud composer|composer environment|composer dag",
    ),
    named("data-catalog", "data catalog|google data catalog"),
    named("dataplex", "dataplex"),
    named("datastream", "^datastream|cloud datastream|google datastream"),
    named(
        "dlp",
        "cloud dlp|dlp api|cloud data loss prevention|sensitive data protection|data loss prevention api|data loss prevention|google dlp|dlp",
    ),
    named("database-migration", "database migration service|google dms"),
    named("looker", "looker|looker studio|google data studio|data studio"),
    named("healthcare-api", "cloud healthcare api|healthcare api"),
    // Messages and workflows.
    named(
        "pub-sub",
        "pub sub|pubsub|cloud pub sub|google pub sub|cloud pubsub|google cloud pub sub|pub sub topic|pubsub topic|pub sub lite",
    ),
    named("managed-kafka", "managed service for apache kafka|google managed kafka"),
    named("eventarc", "eventarc|event arc|eventarc trigger"),
    named("cloud-tasks", "cloud tasks|cloud task queue|google cloud tasks"),
    named("cloud-scheduler", "cloud scheduler|google cloud scheduler|cloud scheduler job"),
    named("workflows", "google workflows|cloud workflows|^workflows yaml|google cloud workflows"),
    // Network.
    named(
        "vpc",
        "vpc|vpc network|shared vpc|google vpc|subnetwork|firewall rule|firewall rules|private service connect|serverless vpc access|vpc connector|vpc service controls|vpc flow logs",
    ),
    named(
        "load-balancing",
        "cloud load balancing|google load balancer|google cloud load balancer|load balancer|https load balancer|http load balancer|http load balanced|global load balancer|internal load balancer|network load balancer|l7 load balancer|gclb|external load balancer|forwarding rule|forwarding rules|backend service|backend services|ilb|load balancing|load balanced|l4 load balancer|tcp load balancer",
    ),
    named(
        "network-services",
        "network services|secure web proxy|swp|media cdn|traffic director|service directory|service extensions|cloud service mesh",
    ),
    named("cloud-cdn", "cloud cdn|google cloud cdn"),
    named("cloud-armor", "cloud armor|google cloud armor"),
    named("cloud-dns", "cloud dns|google cloud dns"),
    named("cloud-nat", "cloud nat|google cloud nat"),
    named("cloud-router", "cloud router|google cloud router"),
    named("cloud-vpn", "cloud vpn|ha vpn|google cloud vpn|vpn gateway|classic vpn"),
    named(
        "interconnect",
        "cloud interconnect|dedicated interconnect|partner interconnect|^interconnect",
    ),
    named("api-gateway", "google api gateway|cloud api gateway|api gateway"),
    named("cloud-endpoints", "cloud endpoints|google cloud endpoints"),
    named("apigee", "apigee|apigee x|apigee edge|apigee hybrid"),
    named(
        "certificates",
        "google managed certificate|google managed certificates|certificate manager|managed certificate|ssl certificate|ssl certificates|certificate authority service",
    ),
    // Identity and security.
    named(
        "iam-org",
        "google iam|cloud iam|iam|service account|service accounts|organization policy|organization policies|workload identity federation|workload identity|iam role|iam roles|iam policy|iam bindings",
    ),
    named("iap", "identity aware proxy|iap|cloud iap"),
    named("identity-platform", "identity platform|google identity platform"),
    named("secret-manager", "secret manager|google secret manager|secrets manager"),
    named("kms", "cloud kms|google kms|kms|cloud key management service|cmek|cloud hsm|key ring"),
    named("security-command-center", "security command center|scc findings"),
    named("binary-authorization", "binary authorization"),
    // Operations and delivery.
    named(
        "cloud-logging",
        "cloud logging|stackdriver logging|google cloud logging|log sink|log sinks|stackdriver|logging sink|log router|log export",
    ),
    named(
        "cloud-monitoring",
        "cloud monitoring|google cloud monitoring|stackdriver monitoring|monitoring dashboard|alerting policy|alerting policies|uptime check|cloud trace|cloud profiler",
    ),
    named("artifact-registry", "artifact registry|google artifact registry"),
    named("container-registry", "google container registry|gcr|container registry"),
    named("cloud-build", "cloud build|cloudbuild|google cloud build|cloud build trigger"),
    named("cloud-deploy", "cloud deploy|google cloud deploy"),
    named(
        "source-repositories",
        "cloud source repositories|cloud source repository|source repositories",
    ),
    named("runtime-config", "runtime configurator|runtimeconfig|runtime config"),
    // Machine learning and applications.
    named(
        "vertex-ai",
        "vertex ai|vertex|vertexai|gemini|vertex ai pipelines|palm api|vertex ai search|vertex ai workbench|ai platform|google ai platform|vertex ai endpoint|vertex gemini|model garden|agent builder|imagen|dialogflow cx|vertex ai agent engine",
    ),
    named("document-ai", "document ai|docai|google document ai"),
    named("vision-api", "cloud vision|vision api|google vision api|cloud vision api"),
    named("speech-to-text", "google speech to text|cloud speech to text|cloud speech"),
    named("natural-language", "cloud natural language|natural language api"),
    named("translation", "cloud translation|cloud translate|google translate api"),
    named("dialogflow", "dialogflow"),
    named("transcoder", "transcoder api|google transcoder"),
    named(
        "firebase",
        "firebase|firebase hosting|firebase auth|firebase authentication|firebase cloud messaging|fcm",
    ),
    named("iot-core", "google iot core|cloud iot core"),
];
