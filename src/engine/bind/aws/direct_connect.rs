//! AWS Direct Connect: a line of one's own.

use super::{kit, vpn};
use crate::engine::bind::binding;
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, DirectConnect, Kind, Network, Spec};

binding! {
    DirectConnect {
        service: "direct-connect",
        title: "AWS Direct Connect",
        docs: "https://docs.aws.amazon.com/directconnect/latest/UserGuide/Welcome.html",
        sla: Some(Sla {
            // Lines at two locations; a single line has 0.95.
            availability: 0.999,
            single: 0.95,
            source: "https://aws.amazon.com/directconnect/sla/",
        }),
        limits: &[Limit {
            what: "Bandwidth of a port",
            value: "1, 10, 100 or 400 Gbit/s",
            source: "https://docs.aws.amazon.com/directconnect/latest/UserGuide/limits.html",
        }],
        latency_ms: Some((10.0, 20.0)),
    }
}

fn ports(spec: &DirectConnect) -> u32 {
    if spec.redundant { 2 } else { 1 }
}

fn bandwidth(spec: &DirectConnect) -> &'static str {
    match spec.gbps {
        0 | 1 => "1Gbps",
        2..=10 => "10Gbps",
        11..=100 => "100Gbps",
        _ => "400Gbps",
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &DirectConnect) {
    let name = stack.name(it);
    let world = stack
        .add(it, "", "aws_dx_gateway", "AWS::DirectConnect::DirectConnectGateway")
        .set("name", "DirectConnectGatewayName", name)
        .set("amazon_side_asn", "AmazonSideAsn", "64512")
        .done();
    for n in 1..=ports(spec) {
        let location = kit::text_input(
            stack,
            &format!("{}_location_{n}", it.id.snake()),
            "Code of the Direct Connect location, such as EqFA5; the provider's list has them.",
            None,
        );
        let name = stack.name_with(it, &n.to_string());
        stack
            .add(it, &format!("port_{n}"), "aws_dx_connection", "AWS::DirectConnect::Connection")
            .set("name", "ConnectionName", name)
            .set("bandwidth", "Bandwidth", bandwidth(spec))
            .set("location", "Location", location)
            .comment("Once the port is up, add its virtual interface with the VLAN and ASN of your side.")
            .done();
    }
    let hub = vpn::hub(stack, it);
    let end = match &hub {
        Some(hub) => Some(hub.clone()),
        None => vpn::gateway(stack, it),
    };
    if let Some(end) = &end {
        let mut prefixes: Vec<Expr> = stack.net.iter().map(|net| net.cidr.clone()).collect();
        if prefixes.is_empty() {
            prefixes = stack
                .graph
                .of_kind(Kind::Network)
                .filter_map(|it| match &it.spec {
                    Spec::Network(Network { cidr, .. }) => Some(cidr.as_str().into()),
                    _ => None,
                })
                .collect();
        }
        stack
            .add(
                it,
                "network",
                "aws_dx_gateway_association",
                "AWS::DirectConnect::DirectConnectGatewayAssociation",
            )
            .tf("dx_gateway_id", world.id())
            .cfn("DirectConnectGatewayId", world.att("id", "DirectConnectGatewayId"))
            .set("associated_gateway_id", "AssociatedGatewayId", Handle::id(end))
            .set("allowed_prefixes", "AllowedPrefixesToDirectConnectGateway", Expr::List(prefixes))
            .done();
    }
    let facet = Facet::default().handle("gateway", &world);
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &DirectConnect) {
    let count = f64::from(ports(spec));
    if bandwidth(spec) == "1Gbps" {
        bill.add(
            it,
            "Ports",
            "direct-connect",
            "port-1g-hour",
            Quantity::fixed(count * HOURS),
            format!("{count} × 730 h"),
        );
    } else {
        let key = format!("direct-connect port {} hour", bandwidth(spec));
        bill.unpriced(it, "Ports", count * HOURS, &key);
    }
    bill.add(
        it,
        "Data to the site",
        "direct-connect",
        "out-gb",
        Quantity::usage(spec.gb_per_month),
        "GB out of AWS",
    );
}
