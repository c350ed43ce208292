//! What services of Azure cannot do without.

use super::Gaps;

/// What surrounds a machine and does not replace it.
const AROUND_A_MACHINE: &[&str] = &[
    "storage-account",
    "virtual-network",
    "public-ip",
    "network-security-group",
    "managed-disks",
    "load-balancer",
    "availability-sets",
    "network-interface",
    "managed-identity",
    "key-vault",
    "monitor",
    "log-analytics",
    "vm-images",
    "compute-gallery",
    "dns",
    "authorization",
    "network-watcher",
    "route-table",
    "vpn-gateway",
    "waf",
    "backup-recovery-services",
];

pub(super) fn complete(gaps: &mut Gaps) {
    machines(gaps);
    // A function app cannot exist without its storage account, is a site of an
    // App Service plan and reports to Application Insights.
    if let Some(at) = gaps.place("functions") {
        gaps.imply("storage-account", at, 0.85);
        gaps.imply("app-service", at, 0.6);
        gaps.imply("application-insights", at, 0.6);
    }
    for keeper in ["hdinsight", "batch"] {
        if let Some(at) = gaps.place(keeper) {
            gaps.imply("storage-account", at, 0.75);
        }
    }
    // A workspace comes with its vault, insights and storage.
    if let Some(at) = gaps.place("machine-learning") {
        gaps.imply("key-vault", at, 0.6);
        gaps.imply("application-insights", at, 0.6);
        if gaps.says(&["asset", "datastore", "dashboard", "environment"]).is_none() {
            gaps.imply("storage-account", at, 0.7);
        }
        if gaps
            .says(&[
                "secure",
                "end to end",
                "set up",
                "compute target",
                "private endpoint",
                "virtual network",
                "network isolated",
            ])
            .is_some()
        {
            gaps.imply("container-registry", at, 0.55);
        }
    }
    // A private endpoint is found by name only through a private zone.
    if let Some(at) = gaps.place("private-endpoint")
        && !gaps.has(&["cdn-front-door"])
    {
        gaps.imply("private-dns", at, 0.75);
    }
    if let Some(at) = gaps.place("api-management").or_else(|| gaps.place("app-service")) {
        gaps.imply("application-insights", at, 0.5);
    }
    if let Some(at) = gaps.says(&[
        "ssl certificate",
        "ssl certificates",
        "encrypted",
        "disk encryption",
        "customer managed key",
        "certificate",
    ]) {
        gaps.imply("key-vault", at, 0.5);
    }
    if let Some(at) = gaps.place("sentinel").or_else(|| gaps.place("application-insights")) {
        gaps.imply("log-analytics", at, 0.6);
    }
    // Storage that is organised for analytics is an account with namespaces.
    if let Some(at) = gaps.place("data-lake").or_else(|| gaps.place("synapse")) {
        gaps.imply("storage-account", at, 0.5);
    }
    if let Some(at) = gaps.place("front-door").or_else(|| gaps.place("cdn-front-door"))
        && gaps.says(&["premium", "owasp", "managed rules"]).is_some()
    {
        gaps.imply("waf", at, 0.5);
    }
    if let Some(at) = gaps.place("datalakeanalytics-accounts") {
        gaps.imply("data-lake", at, 0.7);
    }
}

fn machines(gaps: &mut Gaps) {
    // What is installed on an operating system needs a machine to stand on.
    if !gaps.has_compute()
        && gaps.only(AROUND_A_MACHINE)
        && let Some(at) = gaps.says(&[
            "cluster",
            "node",
            "nodes",
            "server",
            "servers",
            "appliance",
            "linux",
            "windows",
            "ssh",
            "rdp",
            "desktop",
            "domain controller",
            "farm",
            "install",
            "installs",
            "ubuntu",
            "deploy",
            "active directory",
        ])
        && gaps
            .says(&[
                "storage account",
                "vnet",
                "virtual network",
                "nsg",
                "alert",
                "public ip",
                "dns zone",
                "vault",
                "policy",
                "peering",
            ])
            .is_none()
    {
        gaps.imply("virtual-machines", at, 0.55);
    }
    // A database server on a machine is registered beside the machine itself.
    if let Some(at) = gaps.place("sql-vm") {
        gaps.imply("virtual-machines", at, 0.8);
    }
    if let Some(at) = gaps.place("virtual-machines") {
        // Servers that are to survive one of them share an address.
        if let Some(at) = gaps.says(&[
            "high availability",
            "highly available",
            "high available",
            "failover cluster",
            "clustered",
            "always on",
            "load balanced",
        ]) {
            gaps.imply("load-balancer", at, 0.6);
        }
        // Boot diagnostics and scripts of machines are kept in an account.
        if !gaps.has(&[
            "private-endpoint",
            "azure-firewall",
            "bastion",
            "nat-gateway",
            "traffic-manager",
            "application-gateway",
            "sql-vm",
        ]) {
            gaps.imply("storage-account", at, 0.5);
        }
    }
    if let Some(at) = gaps.place("vm-scale-sets") {
        gaps.imply("load-balancer", at, 0.6);
    }
}
