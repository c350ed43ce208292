//! AWS Transit Gateway: one hub for many networks.

use super::kit;
use super::nat_gateway::PRIVATE_TABLES;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Kind, TransitGateway};

binding! {
    TransitGateway {
        service: "transit-gateway",
        title: "AWS Transit Gateway",
        docs: "https://docs.aws.amazon.com/vpc/latest/tgw/what-is-transit-gateway.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/transit-gateway/sla/",
        }),
        limits: &[Limit {
            what: "Attachments of a gateway",
            value: "5,000",
            source: "https://docs.aws.amazon.com/vpc/latest/tgw/transit-gateway-quotas.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &TransitGateway) {
    let name = stack.name(it);
    let gateway = stack
        .add(it, "", "aws_ec2_transit_gateway", "AWS::EC2::TransitGateway")
        .set("description", "Description", kit::ascii(&it.title))
        .set("auto_accept_shared_attachments", "AutoAcceptSharedAttachments", "disable")
        .set("default_route_table_association", "DefaultRouteTableAssociation", "enable")
        .set("default_route_table_propagation", "DefaultRouteTablePropagation", "enable")
        .set("dns_support", "DnsSupport", "enable")
        .set("vpn_ecmp_support", "VpnEcmpSupport", "enable")
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name.clone())]))
        .done();
    if let Some(net) = stack.net.clone() {
        let attachment = stack
            .add(
                it,
                "network",
                "aws_ec2_transit_gateway_vpc_attachment",
                "AWS::EC2::TransitGatewayAttachment",
            )
            .set("transit_gateway_id", "TransitGatewayId", gateway.id())
            .set("vpc_id", "VpcId", net.vpc_id.clone())
            .set("subnet_ids", "SubnetIds", Expr::List(net.private.clone()))
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name)]))
            .done();
        let network = stack
            .graph
            .first(Kind::Network)
            .and_then(|it| stack.facets.get(&it.id))
            .cloned()
            .unwrap_or_default();
        let cidr = kit::text_input(
            stack,
            "other_networks_cidr",
            "Addresses of the networks behind the transit gateway.",
            Some("172.16.0.0/12"),
        );
        for (zone, table) in
            PRIVATE_TABLES.iter().filter_map(|name| network.handles.get(*name)).enumerate()
        {
            let letter = char::from(b'a' + zone as u8);
            stack
                .add(it, &format!("route_{letter}"), "aws_route", "AWS::EC2::Route")
                .set("route_table_id", "RouteTableId", table.id())
                .set("destination_cidr_block", "DestinationCidrBlock", cidr.clone())
                .set("transit_gateway_id", "TransitGatewayId", gateway.id())
                .after(&attachment)
                .done();
        }
    }
    stack.output(
        &format!("{}_id", it.id.snake()),
        "Transit gateway that other networks attach to.",
        gateway.id(),
    );
    let facet = Facet::default().handle("gateway", &gateway);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &TransitGateway) {
    let attachments = f64::from(spec.attachments.max(1));
    bill.add(
        it,
        "Attachments",
        "transit-gateway",
        "attachment-hour",
        Quantity::fixed(attachments * HOURS),
        format!("{attachments} × 730 h"),
    );
    bill.add(
        it,
        "Data processed",
        "transit-gateway",
        "gb",
        Quantity::usage(spec.gb_per_month),
        "GB through the gateway",
    );
}
