//! Networks: what joins them is made by the bindings; here it is told apart from what is not.

use super::Ends;
use crate::engine::bind::expr::{block, list};
use crate::engine::bind::stack::Stack;
use crate::engine::graph::Kind;
use crate::engine::requirements::Intent;

pub fn wire(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    match (ends.from.spec.kind(), ends.to.spec.kind(), ends.connection.intent) {
        (
            Kind::Vpn
            | Kind::DirectConnect
            | Kind::TransitGateway
            | Kind::NetworkPeering
            | Kind::NatGateway
            | Kind::NetworkEndpoints
            | Kind::NetworkFirewall,
            Kind::Network,
            Intent::Serves,
        ) => {
            // Their routes are in the tables of this very network, or there is none.
            stack.net.as_ref()?;
            Some(())
        }
        (Kind::Vpn | Kind::DirectConnect, Kind::TransitGateway, Intent::Serves) => {
            ends.target.handles.get("gateway").map(|_| ())
        }
        (Kind::ServiceDiscovery, Kind::ContainerService, Intent::Resolves) => {
            named_service(stack, ends)
        }
        (Kind::Directory, Kind::FileServer, Intent::Authenticates) => {
            // The file server joined while it was lowered.
            ends.source.handles.get("directory").map(|_| ())
        }
        _ => None,
    }
}

/// Containers that register under a name of the namespace.
fn named_service(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let namespace = ends.source.handles.get("namespace")?;
    let service = ends.target.handles.get("service")?;
    let record = stack
        .add(
            ends.from,
            &ends.suffix(),
            "aws_service_discovery_service",
            "AWS::ServiceDiscovery::Service",
        )
        .set("name", "Name", ends.to.id.as_str())
        .tf(
            "dns_config",
            block([
                ("namespace_id", namespace.id()),
                ("routing_policy", "MULTIVALUE".into()),
                ("dns_records", block([("ttl", 10.into()), ("type", "A".into())])),
            ]),
        )
        .cfn(
            "DnsConfig",
            block([
                ("NamespaceId", namespace.id()),
                ("RoutingPolicy", "MULTIVALUE".into()),
                ("DnsRecords", list![block([("TTL", 10.into()), ("Type", "A".into())])]),
            ]),
        )
        .done();
    stack
        .edit(service)?
        .tf("service_registries", block([("registry_arn", record.arn())]))
        .cfn("ServiceRegistries", list![block([("RegistryArn", record.arn())])])
        .done();
    Some(())
}
