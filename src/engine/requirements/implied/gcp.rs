//! What services of Google Cloud cannot do without.

use super::Gaps;

pub(super) fn complete(gaps: &mut Gaps) {
    // Containers that run are pulled from a registry.
    if let Some(at) = gaps
        .place("cloud-run")
        .or_else(|| gaps.place("gke"))
        .or_else(|| gaps.place("cloud-functions"))
    {
        gaps.imply("artifact-registry", at, 0.5);
    }
    // Source archives of functions and staging of pipelines lie in a bucket.
    for keeper in ["cloud-functions", "dataflow", "composer"] {
        if let Some(at) = gaps.place(keeper) {
            gaps.imply("cloud-storage", at, 0.6);
        }
    }
    // Functions hear of files and messages through triggers.
    if gaps.has(&["cloud-functions", "cloud-run"])
        && let Some(at) = gaps.says(&[
            "event driven",
            "triggered by",
            "when a file",
            "on upload",
            "upload triggers",
            "events triggered",
            "trigger",
            "triggers",
        ])
        && gaps.has(&["cloud-storage"])
    {
        gaps.imply("eventarc", at, 0.55);
    }
    // A balancer spreads over a group of instances where no other backend is named.
    if let Some(at) = gaps.place("load-balancing")
        && !gaps.has(&["gke", "cloud-run", "app-engine", "cloud-functions", "cloud-storage"])
    {
        gaps.imply("managed-instance-group", at, 0.65);
    }
    // Compute nodes and installed software are machines.
    if !gaps.has_compute()
        && let Some(at) = gaps.says(&[
            "compute nodes",
            "install",
            "installs",
            "nodes in the pool",
            "ssh",
            "startup script",
            "bastion",
            "virtual machine",
        ])
    {
        gaps.imply("compute-engine", at, 0.55);
    }
    if let Some(at) = gaps.says(&["compute nodes", "autoscaled", "autoscaling", "pool of workers"])
        && !gaps.has(&[
            "gke",
            "cloud-run",
            "dataproc",
            "cloud-functions",
            "app-engine",
            "bigtable",
            "spanner",
        ])
    {
        gaps.imply("managed-instance-group", at, 0.55);
    }
    // An agent or service of one's own runs as a container.
    if !gaps.has_compute()
        && gaps.has(&["vertex-ai"])
        && let Some(at) = gaps.says(&["agent", "chatbot", "web app", "web interface", "api"])
    {
        gaps.imply("cloud-run", at, 0.5);
        gaps.imply("artifact-registry", at, 0.5);
    }
    if let Some(at) = gaps.says(&[
        "api key",
        "api keys",
        "credentials",
        "password",
        "passwords",
        "token",
        "anthropic's claude",
    ]) {
        gaps.imply("secret-manager", at, 0.5);
    }
    // Logs that are reported on are queried where they are exported to.
    if let Some(at) = gaps.says(&[
        "flow logs",
        "billing export",
        "audit logs",
        "billing data",
        "log analysis",
        "usage reports",
    ]) && !gaps.has(&["bigquery"])
    {
        gaps.imply("bigquery", at, 0.6);
    }
    if gaps.has(&["load-balancing", "network-services", "cloud-cdn"])
        && let Some(at) = gaps.says(&[
            "ddos",
            "security policy",
            "security policies",
            "rate limiting",
            "edge security",
            "allowlist",
        ])
    {
        gaps.imply("cloud-armor", at, 0.6);
    }
}
