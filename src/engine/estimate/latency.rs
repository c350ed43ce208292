//! Expected latency and the most requests a second, with the bottleneck.
//!
//! The path's slowest chain is summed: medians add up; what each hop's 95th
//! percentile lies above its median is taken as independent, so those add up as
//! the root of their squares. A hop with a known capacity waits as an M/M/1
//! queue does: its median is divided by 1 − utilisation.

use super::request_path;
use crate::engine::bind::binding_of;
use crate::engine::graph::{ApiProtocol, Component, Graph, NodeId, Spec};
use crate::engine::plan::sizing;
use std::collections::BTreeMap;

/// Utilisation above which the model says nothing useful.
const SATURATED: f64 = 0.95;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Latency {
    pub p50_ms: f64,
    pub p95_ms: f64,
    /// The chain that the figures are of, entry first.
    pub path: Vec<Hop>,
    /// Every component that a request may wait for and whose time is known.
    pub hops: Vec<Hop>,
    /// The most requests a second that every hop can serve; none where no hop has a known limit.
    pub max_rps: Option<f64>,
    pub bottleneck: Option<NodeId>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Hop {
    pub component: NodeId,
    pub p50_ms: f64,
    pub p95_ms: f64,
}

/// `rps` is the expected load at peak.
/// `cpu_seconds` is what one request keeps a processor busy.
pub fn latency(graph: &Graph, rps: f64, cpu_seconds: f64) -> Latency {
    let path = request_path(graph);
    let mut result = Latency::default();
    for component in &path {
        if let Some(capacity) = capacity(component, cpu_seconds)
            && result.max_rps.is_none_or(|it| capacity < it)
        {
            result.max_rps = Some(capacity);
            result.bottleneck = Some(component.id.clone());
        }
    }
    let hops: BTreeMap<&NodeId, Hop> = path
        .iter()
        .filter_map(|it| {
            let (p50, p95) = binding_of(&it.spec)?.latency_ms?;
            let busy = capacity(it, cpu_seconds).map_or(0.0, |most| (rps / most).min(SATURATED));
            let wait = 1.0 / (1.0 - busy);
            Some((&it.id, Hop { component: it.id.clone(), p50_ms: p50 * wait, p95_ms: p95 * wait }))
        })
        .collect();
    result.hops = path.iter().filter_map(|it| hops.get(&it.id).cloned()).collect();
    let mut slowest: Vec<&NodeId> = Vec::new();
    let mut worst = -1.0;
    for start in &path {
        let mut chain = vec![&start.id];
        walk(graph, &path, &hops, &mut chain, &mut slowest, &mut worst);
    }
    result.path = slowest.iter().filter_map(|id| hops.get(*id).cloned()).collect();
    result.p50_ms = result.path.iter().map(|it| it.p50_ms).sum();
    let spread: f64 = result.path.iter().map(|it| (it.p95_ms - it.p50_ms).powi(2)).sum();
    result.p95_ms = result.p50_ms + spread.sqrt();
    result
}

/// Follows every chain of the path once; paths have a few dozen components at
/// most, and chains deeper than that are cut.
fn walk<'g>(
    graph: &'g Graph,
    path: &[&'g Component],
    hops: &BTreeMap<&NodeId, Hop>,
    chain: &mut Vec<&'g NodeId>,
    slowest: &mut Vec<&'g NodeId>,
    worst: &mut f64,
) {
    const DEEPEST: usize = 12;
    let sum: f64 = chain.iter().filter_map(|id| hops.get(*id)).map(|it| it.p50_ms).sum();
    if sum > *worst {
        *worst = sum;
        slowest.clone_from(chain);
    }
    let Some(last) = chain.last().copied() else { return };
    if chain.len() >= DEEPEST {
        return;
    }
    for connection in graph.connections.iter().filter(|it| it.from == *last) {
        if !super::waits(connection.intent) || chain.contains(&&connection.to) {
            continue;
        }
        if path.iter().any(|it| it.id == connection.to) {
            chain.push(&connection.to);
            walk(graph, path, hops, chain, slowest, worst);
            chain.pop();
        }
    }
}

/// Requests a second that a component serves at most, where that is known.
fn capacity(component: &Component, cpu_seconds: f64) -> Option<f64> {
    /// Concurrent executions of an account and region.
    /// <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    const CONCURRENCY: f64 = 1000.0;
    Some(match &component.spec {
        Spec::Function(it) => {
            let most = it.reserved_concurrency.map_or(CONCURRENCY, f64::from);
            most / (it.duration_ms / 1000.0).max(0.001)
        }
        Spec::HttpApi(it) if it.protocol != ApiProtocol::WebSocket => f64::from(it.rate_limit),
        Spec::ContainerService(it) => f64::from(it.tasks_max) * it.vcpu / cpu_seconds,
        Spec::WebService(it) => f64::from(it.instances_max) * it.vcpu / cpu_seconds,
        Spec::VirtualMachines(it) => f64::from(it.count) * it.vcpu / cpu_seconds,
        Spec::KubernetesCluster(it) => f64::from(it.nodes_max) * it.vcpu_per_node / cpu_seconds,
        Spec::RelationalDatabase(it) => {
            it.vcpu * sizing::STATEMENTS_PER_VCPU / sizing::STATEMENTS_PER_REQUEST
        }
        _ => return None,
    })
}
