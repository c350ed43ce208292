//! NAT gateways: the private subnets' way to the internet.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::map;
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Kind, NatGateway, Network, Spec};

binding! {
    NatGateway {
        service: "nat-gateway",
        title: "NAT gateway",
        docs: "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html",
        sla: None,
        limits: &[Limit {
            what: "Connections at once to one destination, for each address",
            value: "55,000",
            source: "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
        }],
        latency_ms: None,
    }
}

/// How many there are: one for each zone, or as many as the spec says.
fn count(spec: &NatGateway, zones: usize) -> usize {
    let wanted = if spec.per_zone { zones } else { spec.count as usize };
    wanted.clamp(1, zones.max(1))
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &NatGateway) {
    let public = stack.net.as_ref().map(|net| net.public.clone()).unwrap_or_default();
    let network = stack
        .graph
        .first(Kind::Network)
        .and_then(|it| stack.facets.get(&it.id))
        .cloned()
        .unwrap_or_default();
    // An existing network brings its own way out.
    let internet = network.handles.get("internet_gateway").cloned();
    let mut gateways: Vec<Handle> = Vec::new();
    for (zone, subnet) in public.iter().take(count(spec, public.len())).enumerate() {
        let Some(internet) = &internet else { break };
        let letter = char::from(b'a' + zone as u8);
        let name = stack.name_with(it, &letter.to_string());
        let address = stack
            .add(it, &format!("address_{letter}"), "aws_eip", "AWS::EC2::EIP")
            .set("domain", "Domain", "vpc")
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name.clone())]))
            .after(internet)
            .skip("CKV2_AWS_19", "Held by the NAT gateway, which is no instance")
            .done();
        let gateway = stack
            .add(it, &letter.to_string(), "aws_nat_gateway", "AWS::EC2::NatGateway")
            .set("allocation_id", "AllocationId", address.att("id", "AllocationId"))
            .set("subnet_id", "SubnetId", subnet)
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name)]))
            .after(internet)
            .done();
        gateways.push(gateway);
    }
    let mut facet = Facet::default();
    if let Some(first) = gateways.first() {
        facet = facet.handle("gateway", first);
        for (name, gateway) in GATEWAYS.iter().zip(&gateways) {
            facet = facet.handle(name, gateway);
        }
        // With a firewall in between, it makes these routes.
        let direct = !stack.graph.has(Kind::NetworkFirewall);
        for (zone, name) in PRIVATE_TABLES.iter().enumerate().filter(|_| direct) {
            let Some(table) = network.handles.get(*name) else { break };
            let gateway = &gateways[zone % gateways.len()];
            let letter = char::from(b'a' + zone as u8);
            stack
                .add(it, &format!("route_{letter}"), "aws_route", "AWS::EC2::Route")
                .set("route_table_id", "RouteTableId", table.id())
                .set("destination_cidr_block", "DestinationCidrBlock", "0.0.0.0/0")
                .set("nat_gateway_id", "NatGatewayId", gateway.id())
                .done();
        }
    }
    stack.facet(it, facet);
}

/// Names under which the gateways are offered, in order of zones.
pub const GATEWAYS: [&str; 6] =
    ["gateway_0", "gateway_1", "gateway_2", "gateway_3", "gateway_4", "gateway_5"];

/// Names under which the network offers the route tables of its private subnets.
pub const PRIVATE_TABLES: [&str; 6] = [
    "private_table_0",
    "private_table_1",
    "private_table_2",
    "private_table_3",
    "private_table_4",
    "private_table_5",
];

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &NatGateway) {
    let zones = match bill.graph.first(Kind::Network).map(|it| &it.spec) {
        Some(Spec::Network(Network { existing: true, .. })) => return,
        Some(Spec::Network(network)) => network.zones as usize,
        _ => 1,
    };
    let count = count(spec, zones) as f64;
    bill.add(
        it,
        "Gateways",
        "nat",
        "hour",
        Quantity::fixed(count * HOURS),
        format!("{count} × 730 h"),
    );
    bill.add(
        it,
        "Public addresses",
        "vpc",
        "public-ipv4-hour",
        Quantity::fixed(count * HOURS),
        format!("{count} × 730 h"),
    );
    bill.add(
        it,
        "Data processed",
        "nat",
        "gb",
        Quantity::usage(spec.gb_per_month),
        "GB through the gateways",
    );
}

#[cfg(test)]
mod tests {
    use crate::engine::bind::testing::{empty, terraform_of};
    use crate::engine::graph::{NatGateway, Network, Reason, Tier};

    #[test]
    fn every_zone_leaves_through_its_own_gateway_when_asked() {
        let mut graph = empty(Tier::Best);
        let reason = || Reason::rule("A test asks for it.");
        graph.add("network", "Network", Network { zones: 3, ..Network::default() }, reason());
        graph.add("nat", "NAT", NatGateway { per_zone: true, ..NatGateway::default() }, reason());
        let text = terraform_of(&graph);
        assert_eq!(text.matches("resource \"aws_nat_gateway\"").count(), 3, "{text}");
        assert!(text.contains("nat_gateway_id         = aws_nat_gateway.nat_c.id"), "{text}");
    }
}
