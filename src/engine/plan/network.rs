//! The network that parts need, and its ways in and out.
//!
//! Made last, since who needs it follows from the connections: a function is
//! inside only when it has to reach something there.

use super::{Ctx, Decision, Draft, sizing};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::Intent;

/// What lives inside a network.
const INSIDE: &[Kind] = &[
    Kind::RelationalDatabase,
    Kind::DocumentDatabase,
    Kind::GraphDatabase,
    Kind::Cache,
    Kind::DurableCache,
    Kind::KeyValueCache,
    Kind::KafkaCluster,
    Kind::MessageBroker,
    Kind::FileSystem,
    Kind::FileServer,
    Kind::Warehouse,
    Kind::DatabaseMigration,
    Kind::ContainerService,
    Kind::KubernetesCluster,
    Kind::VirtualMachines,
    Kind::MachineScaling,
    Kind::LoadBalancer,
    Kind::BatchCompute,
    Kind::AppPlatform,
    Kind::HadoopCluster,
    Kind::Airflow,
    Kind::Desktops,
    Kind::Directory,
    Kind::GlobalAccelerator,
    Kind::Vpn,
    Kind::DirectConnect,
    Kind::TransitGateway,
    Kind::NetworkPeering,
    Kind::NetworkFirewall,
    Kind::PrivateLink,
    Kind::NatGateway,
    Kind::NetworkEndpoints,
];

/// What only answers inside the network. Public brokers and search domains are
/// reached over the internet with credentials.
const PRIVATE_TARGETS: &[Kind] = &[
    Kind::RelationalDatabase,
    Kind::DocumentDatabase,
    Kind::GraphDatabase,
    Kind::Cache,
    Kind::DurableCache,
    Kind::KeyValueCache,
    Kind::KafkaCluster,
    Kind::FileSystem,
    Kind::FileServer,
];

/// What pulls images and packages from outside when it starts.
const PULLING: &[Kind] = &[
    Kind::ContainerService,
    Kind::KubernetesCluster,
    Kind::BatchCompute,
    Kind::AppPlatform,
    Kind::HadoopCluster,
    Kind::Airflow,
];

/// Endpoint services that a function inside needs for what it talks to.
fn endpoint(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Queue => "sqs",
        Kind::Topic => "sns",
        Kind::EventBus => "events",
        Kind::Workflow => "states",
        Kind::Secret => "secretsmanager",
        Kind::Parameter => "ssm",
        Kind::EncryptionKey => "kms",
        Kind::Stream => "kinesis-streams",
        Kind::DeliveryStream => "kinesis-firehose",
        Kind::FoundationModel => "bedrock-runtime",
        Kind::ModelEndpoint => "sagemaker.runtime",
        Kind::DocumentExtraction => "textract",
        Kind::TextAnalysis => "comprehend",
        Kind::ImageAnalysis => "rekognition",
        Kind::SpeechToText => "transcribe",
        Kind::Email => "email",
        _ => return None,
    })
}

/// What a NAT gateway and an interface endpoint cost for each hour, in the same
/// unit (dollars in us-east-1): how many endpoints are cheaper than a gateway.
const NAT_HOUR: f64 = 0.045;
const ENDPOINT_HOUR: f64 = 0.01;

/// Traffic of parts inside to what is outside, in GB.
fn outside_gb(ctx: &Ctx) -> f64 {
    (ctx.profile.egress_gb * 0.1).max(5.0)
}

/// Places functions, makes the network and its ways out.
pub(super) fn place(draft: &mut Draft) {
    functions(draft);
    let ctx = draft.ctx;
    let inside = draft.has_any(INSIDE) || draft.graph.components.iter().any(in_network);
    let wanted = draft.has(Kind::Network);
    if !inside && !wanted {
        return;
    }
    let existing = ctx.policy.existing_network || ctx.needs.network.vpc_id.is_some();
    let cidr = ctx
        .needs
        .network
        .cidr
        .clone()
        .or_else(|| ctx.policy.cidr.clone())
        .unwrap_or_else(|| Network::default().cidr);
    let zones = ctx.zones();
    let flow_logs = ctx.hardened() || ctx.tier > Tier::Good;
    let spec = Network {
        cidr,
        zones,
        existing,
        public_subnets: !ctx.needs.preferences.private_only,
        flow_logs,
        flow_log_gb_per_month: (ctx.profile.egress_gb * 0.02).max(0.5),
    };
    let span = ctx
        .needs
        .mentions
        .iter()
        .zip(&draft.named)
        .find(|(_, ids)| {
            ids.iter().any(|id| {
                draft.graph.component(id).is_some_and(|it| it.spec.kind() == Kind::Network)
            })
        })
        .map(|(mention, _)| mention.span);
    let network = draft.ensure(
        "network",
        "Network",
        spec.clone(),
        Reason::rule(format!("Databases and servers live in private subnets of {zones} zones.")),
    );
    // A network that the text names is set by the same rule.
    if let Some(id) = &network
        && let Some(it) = draft.graph.components.iter_mut().find(|it| it.id == *id)
    {
        it.spec = spec.into();
        if let Some(span) = span {
            it.reason = Reason::words("A network is asked for.", span);
        }
    }
    let Some(network) = network else { return };
    ways_out(draft);
    let around = [
        Kind::NatGateway,
        Kind::NetworkEndpoints,
        Kind::NetworkFirewall,
        Kind::Vpn,
        Kind::DirectConnect,
        Kind::TransitGateway,
        Kind::NetworkPeering,
    ];
    for id in draft.ids(&around) {
        let through =
            draft.graph.targets(&id).any(|(_, it)| it.spec.kind() == Kind::TransitGateway);
        if !through {
            super::connect::link(draft, &id, Intent::Serves, &network, "Connects the network.");
        }
    }
}

fn in_network(component: &crate::engine::graph::Component) -> bool {
    matches!(&component.spec, Spec::Function(it) if it.in_network)
}

/// Functions are inside when they reach something that only answers there, or
/// when the text wants all of it private.
fn functions(draft: &mut Draft) {
    let ctx = draft.ctx;
    let all = ctx.needs.preferences.private_only
        || (ctx.profile.strict && draft.has(Kind::NetworkEndpoints));
    let mut inside: Vec<NodeId> = Vec::new();
    for id in draft.ids(&[Kind::Function]) {
        let reaches =
            draft.graph.targets(&id).any(|(_, it)| PRIVATE_TARGETS.contains(&it.spec.kind()));
        let fed = draft.graph.sources(&id).any(|(_, it)| it.spec.kind() == Kind::KafkaCluster);
        let named = matches!(draft.graph.component(&id).map(|it| &it.spec), Some(Spec::Function(it)) if it.in_network);
        if all || reaches || fed || named {
            inside.push(id);
        }
    }
    for component in &mut draft.graph.components {
        if let Spec::Function(it) = &mut component.spec {
            it.in_network = inside.contains(&component.id);
        }
    }
}

/// Endpoints where few are needed, a gateway where many are; both in the best option.
fn ways_out(draft: &mut Draft) {
    let ctx = draft.ctx;
    let mut gateway: Vec<&'static str> = Vec::new();
    if draft.has(Kind::ObjectStore) || draft.has_any(PULLING) {
        gateway.push("s3");
    }
    if draft.has(Kind::KeyValueStore) {
        gateway.push("dynamodb");
    }
    let insiders: Vec<NodeId> = draft
        .graph
        .components
        .iter()
        .filter(|it| {
            in_network(it)
                || PULLING.contains(&it.spec.kind())
                || it.spec.kind() == Kind::VirtualMachines
        })
        .map(|it| it.id.clone())
        .collect();
    let mut interface: Vec<&'static str> = Vec::new();
    for id in &insiders {
        for (_, target) in draft.graph.targets(id) {
            interface.extend(endpoint(target.spec.kind()));
        }
    }
    let pulls = draft.has_any(PULLING);
    // Machines with public addresses go out through the gateway of the network.
    let private_machines = draft
        .graph
        .components
        .iter()
        .any(|it| matches!(&it.spec, Spec::VirtualMachines(it) if !it.public));
    if pulls {
        interface.extend(["ecr.api", "ecr.dkr", "logs"]);
    }
    interface.sort_unstable();
    interface.dedup();
    let zones = ctx.zones();
    let endpoints_hour = interface.len() as f64 * f64::from(zones) * ENDPOINT_HOUR;
    let private = ctx.needs.preferences.private_only;
    let needs_out = pulls || private_machines || !interface.is_empty();
    let named_nat = draft.has(Kind::NatGateway);
    let by_endpoints = private
        || (ctx.fortified() && !named_nat && !pulls && !private_machines)
        || (needs_out && !named_nat && !pulls && !private_machines && endpoints_hour <= NAT_HOUR);
    let nat = needs_out && !by_endpoints && !private;
    if nat || named_nat {
        let per_zone = (ctx.profile.standby_needed && ctx.tier > Tier::Good
            || ctx.tier == Tier::Best)
            && ctx.economy < 2;
        let spec = NatGateway {
            per_zone,
            count: if per_zone { zones } else { 1 },
            gb_per_month: outside_gb(&ctx),
        };
        let why = if per_zone {
            "Parts in private subnets reach the internet; each zone on its own."
        } else {
            "Parts in private subnets reach the internet; one gateway serves all zones."
        };
        let id = draft.ensure("nat", "NAT gateway", spec.clone(), Reason::rule(why));
        if let Some(id) = id
            && let Some(it) = draft.graph.components.iter_mut().find(|it| it.id == id)
        {
            it.spec = spec.into();
        }
        draft.decide(
            Decision::new("network", if per_zone { "A NAT gateway in each zone" } else { "One NAT gateway" }, why)
                .instead_of(
                    "Private endpoints only",
                    format!(
                        "{} of them in {zones} zones cost {:.0} dollars a month and do not reach the internet",
                        interface.len(),
                        endpoints_hour * sizing::HOURS_PER_MONTH
                    ),
                )
                .so("Each gateway costs 33 dollars a month and 0.045 for each GB."),
        );
    }
    let all = private || by_endpoints || ctx.fortified();
    if gateway.is_empty() && (interface.is_empty() || !all) && !draft.has(Kind::NetworkEndpoints) {
        return;
    }
    if insiders.is_empty() && !draft.has(Kind::NetworkEndpoints) {
        return;
    }
    let mut chosen = if all { interface } else { Vec::new() };
    if gateway.is_empty() && chosen.is_empty() {
        gateway.push("s3");
    }
    chosen.sort_unstable();
    let spec =
        NetworkEndpoints { gateway, interface: chosen, zones, gb_per_month: outside_gb(&ctx) };
    let reason = Reason::rule("Traffic to the cloud's own services stays off the internet.");
    let id = draft.ensure("endpoints", "Private endpoints", spec.clone(), reason);
    if let Some(id) = id
        && let Some(it) = draft.graph.components.iter_mut().find(|it| it.id == id)
    {
        it.spec = spec.into();
    }
}

/// A part of the network that the text names.
pub(super) fn spec(kind: Kind, ctx: &Ctx) -> Spec {
    let gb = outside_gb(ctx);
    match kind {
        Kind::Vpn => Vpn { gb_per_month: gb.max(50.0), ..Vpn::default() }.into(),
        Kind::DirectConnect => DirectConnect {
            redundant: ctx.standby() && ctx.tier == Tier::Best,
            ..DirectConnect::default()
        }
        .into(),
        Kind::NetworkFirewall => {
            NetworkFirewall { endpoints: ctx.zones(), gb_per_month: gb.max(10.0) }.into()
        }
        Kind::ServiceNetwork => ServiceNetwork {
            requests_per_month: ctx.profile.requests_per_month,
            gb_per_month: gb,
            ..ServiceNetwork::default()
        }
        .into(),
        _ => Spec::default_of(kind),
    }
}
