//! Machine types from vCPU and memory.
//!
//! Of the families that a binding prefers, the cheapest type that is large
//! enough wins. A type that the region has a list price of goes before one whose
//! price is only an estimate, since the estimate may mean that the region does
//! not offer it. Equal prices are settled by the order of families, then by
//! name, so the same need gives the same type.

use crate::engine::cost::catalogue::{self, Confidence, InstanceSpec, Price};
use crate::engine::graph::Arch;

/// EC2 families for general work: burstable first, then steady.
pub const GENERAL_ARM: &[&str] = &["t4g.", "m7g.", "c7g.", "r7g."];
pub const GENERAL_X86: &[&str] = &["t3.", "m7i.", "c7i.", "r7i."];
/// Steady work, without CPU credits that run out.
pub const STEADY_ARM: &[&str] = &["m7g.", "c7g.", "r7g."];
pub const STEADY_X86: &[&str] = &["m7i.", "c7i.", "r7i."];

/// The cheapest EC2 type of these families with at least this much of both.
pub fn instance(
    families: &[&str],
    vcpu: f64,
    memory_gib: f64,
    arch: Arch,
    region: &str,
) -> &'static str {
    let fits = |it: &InstanceSpec| it.arch == arch.name();
    let price = |name: &str| catalogue::price("aws", "ec2", name, region);
    let fallback = match arch {
        Arch::Arm64 => "m7g.large",
        Arch::X86 => "m7i.large",
    };
    choose(families, vcpu, memory_gib, fits, price).unwrap_or(fallback)
}

/// The cheapest RDS or Aurora class; `sku` is what follows the class in the
/// price key, such as `postgres|single-az`.
pub fn database(
    families: &[&str],
    vcpu: f64,
    memory_gib: f64,
    sku: &str,
    region: &str,
) -> Option<&'static str> {
    let price = |name: &str| catalogue::price("aws", "rds", &format!("{name}|{sku}"), region);
    choose(families, vcpu, memory_gib, |_| true, price)
}

/// The cheapest cache node for an engine: `valkey`, `redis` or `memcached`.
pub fn cache(
    families: &[&str],
    memory_gib: f64,
    engine: &str,
    region: &str,
) -> Option<&'static str> {
    let price =
        |name: &str| catalogue::price("aws", "elasticache", &format!("{name}|{engine}"), region);
    choose(families, 0.0, memory_gib, |_| true, price)
}

/// The cheapest OpenSearch data node.
pub fn search(families: &[&str], vcpu: f64, memory_gib: f64, region: &str) -> Option<&'static str> {
    let price = |name: &str| catalogue::price("aws", "opensearch", name, region);
    let search = |it: &InstanceSpec| it.name.ends_with(".search");
    choose(families, vcpu, memory_gib, search, price)
}

/// The cheapest fitting type of some families by any price.
///
/// Memory counts as enough from 90 % on: what services offer is a little less
/// than the round number that people ask for.
pub fn choose(
    families: &[&str],
    vcpu: f64,
    memory_gib: f64,
    fits: impl Fn(&InstanceSpec) -> bool,
    price: impl Fn(&str) -> Option<Price>,
) -> Option<&'static str> {
    let mut best: Option<((bool, u64, usize), &'static str)> = None;
    for (order, family) in families.iter().enumerate() {
        for it in catalogue::instances("aws", family) {
            if it.vcpus < vcpu || it.memory_gib < memory_gib * 0.9 || !fits(&it) {
                continue;
            }
            let Some(price) = price(it.name) else { continue };
            let estimate = price.confidence == Confidence::Estimate;
            // A ten-thousandth of a cent: finer than any price list.
            let rank = (estimate, (price.usd * 1e6).round() as u64, order);
            if best.is_none_or(|(known, _)| rank < known) {
                best = Some((rank, it.name));
            }
        }
    }
    best.map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cheapest_type_that_is_large_enough_is_taken() {
        let region = "eu-central-1";
        assert_eq!(instance(GENERAL_ARM, 2.0, 4.0, Arch::Arm64, region), "t4g.medium");
        assert_eq!(instance(STEADY_X86, 4.0, 16.0, Arch::X86, region), "m7i.xlarge");
        assert_eq!(
            database(&["db.t4g.", "db.m7g."], 2.0, 4.0, "postgres|single-az", region),
            Some("db.t4g.medium")
        );
        assert_eq!(
            cache(&["cache.t4g.", "cache.m7g."], 3.0, "valkey", region),
            Some("cache.t4g.medium")
        );
        assert_eq!(search(&["t3.", "m7g."], 2.0, 4.0, region), Some("t3.medium.search"));
    }

    #[test]
    fn what_no_type_can_hold_has_no_answer() {
        assert_eq!(database(&["db.t4g."], 2.0, 500.0, "postgres|single-az", "eu-central-1"), None);
    }
}
