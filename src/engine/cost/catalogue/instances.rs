//! The sizes of machines: EC2 types, and the node types of managed services.

use super::table::{field, lines_with, split};

pub(super) const INSTANCES: &str = include_str!("../data/aws/instances.tsv");

/// What a machine type has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InstanceSpec {
    /// `m7g.large`, `db.r6g.large`, `cache.r7g.large`, `m6g.large.search`, `ra3.4xlarge`.
    pub name: &'static str,
    pub vcpus: f64,
    pub memory_gib: f64,
    /// `arm64`, `x86_64`, `i386`, or empty when not known.
    pub arch: &'static str,
    pub gpu: u32,
    pub gpu_model: &'static str,
    pub gpu_memory_gib: f64,
    pub local_storage_gb: f64,
    /// Baseline, where known.
    pub network_gbps: Option<f64>,
    /// `m7g`, or the name of the managed service.
    pub family: &'static str,
}

/// The machine type of that name.
pub fn instance(cloud: &str, name: &str) -> Option<InstanceSpec> {
    lines_of(cloud, &format!("{name}\t")).next().map(spec)
}

/// The machine types whose name begins with `family_prefix`, by name: `m7g.`,
/// `db.r6g`, or nothing for all of them.
pub fn instances(cloud: &str, family_prefix: &str) -> impl Iterator<Item = InstanceSpec> + use<> {
    lines_of(cloud, family_prefix).map(spec)
}

fn lines_of(cloud: &str, prefix: &str) -> impl Iterator<Item = &'static str> + use<> {
    let rows = if cloud == "aws" { split(INSTANCES).1 } else { "" };
    lines_with(rows, prefix)
}

fn spec(line: &'static str) -> InstanceSpec {
    let number = |column| field(line, column).parse().unwrap_or_default();
    InstanceSpec {
        name: field(line, 0),
        vcpus: number(1),
        memory_gib: number(2),
        arch: field(line, 3),
        gpu: field(line, 4).parse().unwrap_or_default(),
        gpu_model: field(line, 5),
        gpu_memory_gib: number(6),
        local_storage_gb: number(7),
        network_gbps: field(line, 8).parse().ok(),
        family: field(line, 9),
    }
}
