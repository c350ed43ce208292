//! VPC endpoints: private addresses of AWS services.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, NetworkEndpoints};

binding! {
    NetworkEndpoints {
        service: "vpc-endpoint",
        title: "VPC endpoints",
        docs: "https://docs.aws.amazon.com/vpc/latest/privatelink/concepts.html",
        sla: None,
        limits: &[Limit {
            what: "Bandwidth of an interface endpoint in each zone",
            value: "10 Gbit/s, scaling to 100",
            source: "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &NetworkEndpoints) {
    let Some(net) = stack.net.clone() else {
        stack.facet(it, Facet::default());
        return;
    };
    let mut facet = Facet::default();
    if !net.route_tables.is_empty() {
        for service in &spec.gateway {
            let name = stack.name_with(it, service);
            let endpoint = stack
                .add(it, &word(service), "aws_vpc_endpoint", "AWS::EC2::VPCEndpoint")
                .set("vpc_id", "VpcId", net.vpc_id.clone())
                .set("service_name", "ServiceName", service_name(service))
                .set("vpc_endpoint_type", "VpcEndpointType", "Gateway")
                .set("route_table_ids", "RouteTableIds", Expr::List(net.route_tables.clone()))
                .tf("tags", map([("Name", name.clone())]))
                .cfn("Tags", kit::tag_list(&[("Name", name)]))
                .done();
            facet = facet.handle(service, &endpoint);
        }
    }
    if !spec.interface.is_empty()
        && let Some(group) = kit::security_group(stack, it, "")
    {
        let group_id = kit::group_id(&group);
        kit::ingress(
            stack,
            it,
            "https_in",
            &group_id,
            Some((443, 443)),
            kit::Peer::Cidr(net.cidr.clone()),
            "HTTPS from the network",
        );
        // One subnet of each zone: the endpoint's address there serves the zone.
        let zones = (spec.zones as usize).clamp(1, net.private.len().max(1));
        let subnets: Vec<Expr> = net.private.iter().take(zones).cloned().collect();
        for service in &spec.interface {
            let name = stack.name_with(it, &service.replace('.', "-"));
            let endpoint = stack
                .add(it, &word(service), "aws_vpc_endpoint", "AWS::EC2::VPCEndpoint")
                .set("vpc_id", "VpcId", net.vpc_id.clone())
                .set("service_name", "ServiceName", service_name(service))
                .set("vpc_endpoint_type", "VpcEndpointType", "Interface")
                .set("private_dns_enabled", "PrivateDnsEnabled", true)
                .set("subnet_ids", "SubnetIds", Expr::List(subnets.clone()))
                .set("security_group_ids", "SecurityGroupIds", list![group_id.clone()])
                .tf("tags", map([("Name", name.clone())]))
                .cfn("Tags", kit::tag_list(&[("Name", name)]))
                .done();
            facet = facet.handle(service, &endpoint);
        }
        facet = facet.value("group", group_id);
    }
    stack.facet(it, facet);
}

fn word(service: &str) -> String {
    service.replace(['.', '-'], "_")
}

fn service_name(service: &str) -> Expr {
    join!["com.amazonaws.", Expr::Region, format!(".{service}")]
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &NetworkEndpoints) {
    let addresses = spec.interface.len() as f64 * f64::from(spec.zones);
    bill.add(
        it,
        "Interface endpoints",
        "privatelink",
        "endpoint-hour",
        Quantity::fixed(addresses * HOURS),
        format!("{} services × {} zones × 730 h", spec.interface.len(), spec.zones),
    );
    if addresses > 0.0 {
        bill.add(
            it,
            "Data processed",
            "privatelink",
            "gb",
            Quantity::usage(spec.gb_per_month),
            "GB through interface endpoints; gateway endpoints are free",
        );
    }
}
