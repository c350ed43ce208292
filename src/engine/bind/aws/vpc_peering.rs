//! VPC peering: two networks side by side.

use super::kit;
use super::nat_gateway::PRIVATE_TABLES;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{block, map};
use crate::engine::bind::stack::{Facet, Stack, Variable, VariableKind};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Kind, NetworkPeering};

binding! {
    NetworkPeering {
        service: "vpc-peering",
        title: "VPC peering",
        docs: "https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html",
        sla: None,
        limits: &[Limit {
            what: "Peerings of a network",
            value: "50 (125 on request)",
            source: "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &NetworkPeering) {
    let Some(net) = stack.net.clone() else {
        stack.facet(it, Facet::default());
        return;
    };
    let word = it.id.snake();
    let peer = stack.variable(
        &format!("{word}_vpc_id"),
        Variable {
            kind: VariableKind::String,
            description: "Id of the other network, in this account and region.".to_owned(),
            default: None,
            pattern: Some((
                "^vpc-[0-9a-f]+$".to_owned(),
                "The network's id looks like vpc-0abc123.".to_owned(),
            )),
        },
    );
    let cidr = kit::text_input(
        stack,
        &format!("{word}_cidr"),
        "Addresses of the other network; they may not overlap with this one's.",
        Some("10.100.0.0/16"),
    );
    let name = stack.name(it);
    let peering = stack
        .add(it, "", "aws_vpc_peering_connection", "AWS::EC2::VPCPeeringConnection")
        .set("vpc_id", "VpcId", net.vpc_id)
        .set("peer_vpc_id", "PeerVpcId", peer)
        .tf("auto_accept", true)
        .tf("requester", block([("allow_remote_vpc_dns_resolution", true.into())]))
        .tf("accepter", block([("allow_remote_vpc_dns_resolution", true.into())]))
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]))
        .comment(
            "The other network needs the routes back and the rules of its own security groups.",
        )
        .done();
    let network = stack
        .graph
        .first(Kind::Network)
        .and_then(|it| stack.facets.get(&it.id))
        .cloned()
        .unwrap_or_default();
    for (zone, table) in
        PRIVATE_TABLES.iter().filter_map(|name| network.handles.get(*name)).enumerate()
    {
        let letter = char::from(b'a' + zone as u8);
        stack
            .add(it, &format!("route_{letter}"), "aws_route", "AWS::EC2::Route")
            .set("route_table_id", "RouteTableId", table.id())
            .set("destination_cidr_block", "DestinationCidrBlock", cidr.clone())
            .set("vpc_peering_connection_id", "VpcPeeringConnectionId", peering.id())
            .done();
    }
    let facet = Facet::default().handle("peering", &peering);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &NetworkPeering) {
    bill.add(
        it,
        "Data between zones",
        "egress",
        "inter-az-gb",
        // Charged on both ends.
        Quantity::usage(spec.gb_per_month * 2.0),
        "GB × 2 ends",
    );
}
