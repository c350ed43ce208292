//! Amazon Web Services: one file per service, and how connections become real.

pub mod kit;
pub mod wire;

mod api_gateway;
mod cloudwatch_logs;
mod dynamodb;
mod ec2_network;
mod eventbridge;
mod firehose;
mod kinesis;
mod kms;
mod lambda;
mod nat_gateway;
mod parameter_store;
mod password;
mod pipes;
mod rds;
mod s3;
mod scheduler;
mod secrets_manager;
pub mod sizing;
mod sns;
mod sqs;
mod step_functions;
mod vpc_endpoint;

use super::Binding;
use super::expr::Expr;
use super::stack::{Concern, Stack};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::{Graph, Kind};

/// The binding of a kind, or none where AWS has nothing for it.
pub fn binding(kind: Kind) -> Option<&'static Binding> {
    Some(match kind {
        Kind::EncryptionKey => &kms::BINDING,
        Kind::Function => &lambda::BINDING,
        Kind::HttpApi => &api_gateway::BINDING,
        Kind::KeyValueStore => &dynamodb::BINDING,
        Kind::Network => &ec2_network::BINDING,
        Kind::Queue => &sqs::BINDING,
        Kind::NatGateway => &nat_gateway::BINDING,
        Kind::NetworkEndpoints => &vpc_endpoint::BINDING,
        Kind::RelationalDatabase => &rds::BINDING,
        Kind::ObjectStore => &s3::BINDING,
        Kind::Topic => &sns::BINDING,
        Kind::EventBus => &eventbridge::BINDING,
        Kind::Schedule => &scheduler::BINDING,
        Kind::Workflow => &step_functions::BINDING,
        Kind::Stream => &kinesis::BINDING,
        Kind::Secret => &secrets_manager::BINDING,
        Kind::Parameter => &parameter_store::BINDING,
        Kind::LogStore => &cloudwatch_logs::BINDING,
        Kind::DeliveryStream => &firehose::BINDING,
        Kind::EventPipe => &pipes::BINDING,
        _ => return None,
    })
}

/// Which file a kind's resources are written to.
fn concern(kind: Kind) -> Concern {
    use Kind::*;
    match kind {
        Network | NatGateway | NetworkEndpoints | PrivateLink | Vpn | DirectConnect
        | TransitGateway | NetworkPeering | NetworkFirewall | ServiceNetwork | ServiceDiscovery => {
            Concern::Network
        }
        EncryptionKey | Secret | Parameter | AuditTrail | ThreatDetection | ConfigRecorder
        | SecurityPosture | DataDiscovery | VulnerabilityScan | WebFirewall | DdosProtection => {
            Concern::Security
        }
        UserDirectory | PolicyStore | Directory => Concern::Identity,
        RelationalDatabase | KeyValueStore | KeyValueCache | DocumentDatabase | GraphDatabase
        | WideColumnStore | TimeSeriesStore | Cache | DurableCache | SearchIndex | Warehouse
        | ObjectStore | ExpressStore | TableStore | FileSystem | FileServer | BackupPlan
        | DatabaseMigration | DataSync | FileTransfer => Concern::Data,
        Queue | Topic | EventBus | EventPipe | Schedule | Workflow | Stream | DeliveryStream
        | KafkaCluster | MessageBroker | Email | CustomerMessaging | IotHub => Concern::Messaging,
        Function | ContainerService | KubernetesCluster | VirtualMachines | MachineScaling
        | BatchCompute | WebService | AppPlatform | GameFleet | Desktops | VideoTranscoder => {
            Concern::Compute
        }
        LoadBalancer | HttpApi | GraphqlApi | Cdn | DnsZone | Certificate | GlobalAccelerator
        | WebHosting => Concern::Edge,
        EtlJob | QueryService | HadoopCluster | LakePermissions | Dashboards | Airflow
        | StreamAnalytics | IngestionPipeline => Concern::Analytics,
        ModelEndpoint | FoundationModel | DocumentExtraction | TextAnalysis | ImageAnalysis
        | SpeechToText | EnterpriseSearch | Chatbot | ContactCenter | Location => {
            Concern::Intelligence
        }
        Monitoring | LogStore | Tracing | FleetManager | AppConfig => Concern::Operations,
        ImageRegistry | Build | Pipeline | SourceRepository | Deployment => Concern::Delivery,
    }
}

/// What others refer to while they are lowered comes first.
fn rank(kind: Kind) -> u8 {
    match kind {
        Kind::EncryptionKey => 0,
        Kind::Network => 1,
        Kind::DnsZone | Kind::Certificate | Kind::ImageRegistry => 2,
        _ => 3,
    }
}

/// Lowers a graph: resources of every component, then of every connection.
pub fn lower(graph: &Graph) -> Stack<'_> {
    let mut stack = Stack::new(graph);
    let mut order: Vec<_> = graph.components.iter().collect();
    order.sort_by_key(|it| rank(it.spec.kind()));
    for component in order {
        let kind = component.spec.kind();
        stack.begin(concern(kind));
        match binding(kind) {
            Some(binding) => (binding.lower)(&mut stack, component),
            None => stack.diagnose(
                Diagnostic::new(
                    "service-without-binding",
                    Severity::Error,
                    format!("{} has no code on AWS yet.", component.title),
                )
                .help("Leave it out, or add it to the code by hand.")
                .on(component.id.as_str()),
            ),
        }
    }
    wire::connect(&mut stack);
    finish(&mut stack);
    stack
}

/// Writes what wiring collected into the resources: permissions and settings.
fn finish(stack: &mut Stack<'_>) {
    let permissions = std::mem::take(&mut stack.permissions);
    for (id, statements) in &permissions {
        let Some(component) = stack.graph.component(id) else { continue };
        let role =
            stack.facets.get(id).and_then(|it| it.principal.as_ref()).map(|it| it.role.clone());
        let Some(role) = role else { continue };
        stack.begin(concern(component.spec.kind()));
        kit::role_policy(stack, component, "policy", &role, statements);
    }
    stack.permissions = permissions;
    let environment = stack.environment.clone();
    for resource in &mut stack.resources {
        for side in [&mut resource.tf, &mut resource.cfn].into_iter().flatten() {
            for (_, value) in &mut side.fields {
                fill(value, &environment);
            }
            side.fields.retain(|(_, value)| !is_hollow(value));
        }
    }
}

type Environment = std::collections::BTreeMap<
    crate::engine::graph::NodeId,
    std::collections::BTreeMap<String, Expr>,
>;

fn fill(value: &mut Expr, environment: &Environment) {
    match value {
        Expr::EnvOf(id) => {
            let fields = environment.get(id).cloned().unwrap_or_default();
            *value = Expr::Map(fields.into_iter().collect());
        }
        Expr::EnvListOf(id) => {
            let fields = environment.get(id).cloned().unwrap_or_default();
            let item = |(name, value): (String, Expr)| {
                super::expr::map([("name", name.into()), ("value", value)])
            };
            *value = Expr::List(fields.into_iter().map(item).collect());
        }
        Expr::List(items) | Expr::Join(items) => {
            items.iter_mut().for_each(|it| fill(it, environment));
        }
        Expr::Map(fields) | Expr::Block(fields) => {
            fields.iter_mut().for_each(|(_, it)| fill(it, environment));
        }
        Expr::Blocks(items) => {
            items.iter_mut().flatten().for_each(|(_, it)| fill(it, environment));
        }
        Expr::Document(it) | Expr::Json(it) | Expr::Index(it, _) => fill(it, environment),
        _ => {}
    }
}

/// A block that only holds an empty object says nothing.
fn is_hollow(value: &Expr) -> bool {
    match value {
        Expr::Block(fields) => {
            fields.iter().all(|(_, it)| matches!(it, Expr::Map(inner) if inner.is_empty()))
        }
        _ => false,
    }
}
