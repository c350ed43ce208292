//! Numbers beside cost: availability, latency, throughput, recovery.
//!
//! Each is a simple model that can be checked by hand; `docs/engine.md` states
//! the formulas, and every figure names the component that it comes from.

pub mod availability;
pub mod latency;
pub mod recovery;

use super::graph::{Component, Graph, Kind, NodeId, RelationalStyle, Spec};
use super::requirements::Intent;
use std::collections::BTreeSet;

/// The components that a request waits for, from its entry to the last store.
///
/// Entries are the parts at the edge that nothing else calls; a design without
/// an edge starts where nothing comes in. What takes a message and answers at
/// once, such as a queue, belongs to the path; what happens after it does not.
pub fn request_path(graph: &Graph) -> Vec<&Component> {
    let called = |id: &NodeId| {
        graph
            .connections
            .iter()
            .any(|it| it.to == *id && waits(it.intent) && !is_support(graph, &it.from))
    };
    let mut open: Vec<&Component> =
        graph.components.iter().filter(|it| is_edge(it.spec.kind()) && !called(&it.id)).collect();
    if open.is_empty() {
        open = graph
            .components
            .iter()
            .filter(|it| {
                !called(&it.id)
                    && graph.connections.iter().any(|c| c.from == it.id && waits(c.intent))
                    && !is_support(graph, &it.id)
            })
            .collect();
    }
    if open.is_empty() {
        open = graph.components.iter().filter(|it| !is_support(graph, &it.id)).take(1).collect();
    }
    let mut seen: BTreeSet<&NodeId> = open.iter().map(|it| &it.id).collect();
    let mut path = Vec::new();
    while let Some(component) = open.pop() {
        path.push(component);
        if is_buffer(component.spec.kind()) {
            continue;
        }
        for connection in graph.connections.iter().filter(|it| it.from == component.id) {
            if !waits(connection.intent) {
                continue;
            }
            if let Some(next) = graph.component(&connection.to)
                && !is_support(graph, &next.id)
                && seen.insert(&next.id)
            {
                open.push(next);
            }
        }
    }
    path.sort_by_key(|it| graph.components.iter().position(|other| other.id == it.id));
    path
}

/// Whether the caller waits for an answer.
pub fn waits(intent: Intent) -> bool {
    matches!(
        intent,
        Intent::Serves
            | Intent::Invokes
            | Intent::Resolves
            | Intent::Reads
            | Intent::Writes
            | Intent::Publishes
            | Intent::Authenticates
            | Intent::Streams
    )
}

fn is_edge(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        DnsZone
            | Cdn
            | GlobalAccelerator
            | LoadBalancer
            | HttpApi
            | GraphqlApi
            | WebService
            | WebHosting
            | AppPlatform
    )
}

/// What takes something and answers before it is worked on.
pub fn is_buffer(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Queue
            | Topic
            | EventBus
            | Stream
            | DeliveryStream
            | KafkaCluster
            | MessageBroker
            | IotHub
            | EventPipe
            | Schedule
            | Email
    )
}

/// Parts that watch, protect or build: a request does not pass through them.
pub fn is_support(graph: &Graph, id: &NodeId) -> bool {
    use Kind::*;
    graph.component(id).is_none_or(|it| {
        matches!(
            it.spec.kind(),
            Network
                | NetworkEndpoints
                | Certificate
                | EncryptionKey
                | Secret
                | Parameter
                | AuditTrail
                | ThreatDetection
                | ConfigRecorder
                | SecurityPosture
                | DataDiscovery
                | VulnerabilityScan
                | Monitoring
                | LogStore
                | Tracing
                | BackupPlan
                | ImageRegistry
                | Build
                | Pipeline
                | SourceRepository
                | Deployment
                | MachineScaling
                | WebFirewall
                | DdosProtection
                | FleetManager
                | LakePermissions
                | DatabaseMigration
                | DataSync
                | NatGateway
        )
    })
}

/// Whether a component stops when its one instance or zone does.
pub fn is_single(graph: &Graph, component: &Component) -> bool {
    match &component.spec {
        Spec::RelationalDatabase(it) => match it.style {
            RelationalStyle::Single => true,
            RelationalStyle::MultiZone => false,
            RelationalStyle::Cluster | RelationalStyle::Serverless => it.replicas == 0,
        },
        Spec::VirtualMachines(it) => {
            let scaled = graph.sources(&component.id).any(|(_, from)| match &from.spec {
                Spec::MachineScaling(scaling) => scaling.min >= 2,
                _ => false,
            });
            !scaled && it.count < 2
        }
        Spec::ContainerService(it) => it.tasks_min < 2,
        Spec::WebService(it) => it.instances_min < 1,
        Spec::AppPlatform(it) => it.instances_min < 2,
        Spec::KubernetesCluster(it) => it.nodes_min < 2 && !it.serverless_nodes,
        Spec::Cache(it) => !it.serverless && (it.nodes < 2 || !it.multi_zone),
        Spec::DurableCache(it) => it.nodes < 2,
        Spec::DocumentDatabase(it) => it.instances < 2,
        Spec::GraphDatabase(it) => it.instances < 2,
        Spec::SearchIndex(it) => !it.serverless && it.nodes < 2,
        Spec::KeyValueStore(it) => it.replicas.is_empty(),
        Spec::KeyValueCache(it) => it.nodes < 3,
        Spec::MessageBroker(it) => !it.multi_zone,
        Spec::KafkaCluster(it) => !it.serverless && it.brokers < 2,
        Spec::FileSystem(it) => it.one_zone,
        Spec::FileServer(it) => !it.multi_zone,
        Spec::Warehouse(it) => !it.serverless && it.nodes < 2,
        Spec::ModelEndpoint(it) => !it.serverless && it.instances_min < 2,
        Spec::NatGateway(it) => !it.per_zone,
        Spec::DirectConnect(it) => !it.redundant,
        _ => false,
    }
}
