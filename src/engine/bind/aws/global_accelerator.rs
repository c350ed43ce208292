//! AWS Global Accelerator: two fixed addresses at the edge of the AWS network.

use super::wire::Ends;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, list, map};
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, GlobalAccelerator, Kind, Spec};

binding! {
    GlobalAccelerator {
        service: "global-accelerator",
        title: "AWS Global Accelerator",
        docs: "https://docs.aws.amazon.com/global-accelerator/latest/dg/what-is-global-accelerator.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.9999,
            source: "https://aws.amazon.com/global-accelerator/sla/",
        }),
        limits: &[Limit {
            what: "Accelerators of an account",
            value: "20",
            source: "https://docs.aws.amazon.com/global-accelerator/latest/dg/limits-global-accelerator.html",
        }],
        latency_ms: Some((2.0, 8.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &GlobalAccelerator) {
    let name = stack.name(it);
    let accelerator = stack
        .add(it, "", "aws_globalaccelerator_accelerator", "AWS::GlobalAccelerator::Accelerator")
        .set("name", "Name", name)
        .set("enabled", "Enabled", true)
        .set("ip_address_type", "IpAddressType", "IPV4")
        .skip(
            "CKV_AWS_75",
            "Requests are logged by what it leads to; flow logs add no address that is not there",
        )
        .done();
    // It has the ports of what it leads to.
    let mut ports: Vec<u32> = stack
        .graph
        .targets(&it.id)
        .filter_map(|(_, to)| match &to.spec {
            Spec::LoadBalancer(spec) if spec.port == 443 => Some(443),
            Spec::LoadBalancer(spec) => Some(spec.port),
            Spec::VirtualMachines(spec) => Some(spec.port),
            Spec::GameFleet(_) => Some(7777),
            _ => None,
        })
        .collect();
    if ports.contains(&443) || ports.is_empty() {
        ports.extend([80, 443]);
    }
    ports.sort_unstable();
    ports.dedup();
    let ranges: Vec<(Expr, Expr)> = ports
        .iter()
        .map(|port| {
            let port = Expr::from(*port);
            (
                block([("from_port", port.clone()), ("to_port", port.clone())]),
                map([("FromPort", port.clone()), ("ToPort", port)]),
            )
        })
        .collect();
    let (tf, cfn): (Vec<Expr>, Vec<Expr>) = ranges.into_iter().unzip();
    let listener = stack
        .add(it, "listener", "aws_globalaccelerator_listener", "AWS::GlobalAccelerator::Listener")
        .tf("accelerator_arn", accelerator.by_ref("arn"))
        .cfn("AcceleratorArn", accelerator.by_ref("arn"))
        .set("protocol", "Protocol", "TCP")
        .tf("port_range", crate::engine::bind::expr::blocks(tf))
        .cfn("PortRanges", Expr::List(cfn))
        .done();
    let host = accelerator.att("dns_name", "DnsName");
    stack.output(
        &format!("{}_host", it.id.snake()),
        "Name of the accelerator's fixed addresses.",
        host.clone(),
    );
    let facet = Facet::default()
        .handle("accelerator", &accelerator)
        .handle("listener", &listener)
        .value("arn", accelerator.by_ref("arn"))
        .value("host", host.clone())
        // Hosted zone of all accelerators.
        .value("zone_id", "Z2BJ6XQ5FK7U4H")
        .reference("HOST", host);
    stack.facet(it, facet);
}

/// Leads the accelerator to load balancers or machines of this region.
pub fn connect(stack: &mut Stack<'_>, ends: &Ends<'_>) -> Option<()> {
    let listener = ends.source.handles.get("listener")?.clone();
    let target = match ends.to.spec.kind() {
        Kind::LoadBalancer => ends.target.handles.get("load_balancer")?.by_ref("arn"),
        Kind::VirtualMachines => ends.target.values.get("instance_id")?.clone(),
        _ => return None,
    };
    let group = crate::engine::bind::stack::Handle(format!("{}_endpoints", ends.from.id.snake()));
    let endpoint = |camel: bool| {
        let (id, weight, keep) = if camel {
            ("EndpointId", "Weight", "ClientIPPreservationEnabled")
        } else {
            ("endpoint_id", "weight", "client_ip_preservation_enabled")
        };
        block([(id, target.clone()), (weight, 100.into()), (keep, true.into())])
    };
    // One group for a listener and a region holds all its endpoints.
    if let Some(resource) = stack.resources.iter_mut().find(|it| it.key == group.0) {
        for (side, camel) in [(&mut resource.tf, false), (&mut resource.cfn, true)] {
            for (name, value) in side.iter_mut().flat_map(|side| &mut side.fields) {
                match (name.as_str(), value) {
                    ("endpoint_configuration", Expr::Blocks(items)) => {
                        if let Expr::Block(fields) = endpoint(camel) {
                            items.push(fields);
                        }
                    }
                    ("EndpointConfigurations", Expr::List(items)) => items.push(endpoint(camel)),
                    _ => {}
                }
            }
        }
        return Some(());
    }
    let port = match &ends.to.spec {
        Spec::VirtualMachines(spec) => spec.port,
        Spec::LoadBalancer(spec) => spec.port,
        _ => 443,
    };
    stack
        .add(
            ends.from,
            "endpoints",
            "aws_globalaccelerator_endpoint_group",
            "AWS::GlobalAccelerator::EndpointGroup",
        )
        .tf("listener_arn", listener.by_ref("arn"))
        .cfn("ListenerArn", listener.by_ref("arn"))
        .set("endpoint_group_region", "EndpointGroupRegion", Expr::Region)
        .set("health_check_port", "HealthCheckPort", port)
        .set("health_check_protocol", "HealthCheckProtocol", "TCP")
        .tf("endpoint_configuration", crate::engine::bind::expr::blocks(vec![endpoint(false)]))
        .cfn("EndpointConfigurations", list![endpoint(true)])
        .done();
    Some(())
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &GlobalAccelerator) {
    bill.add(it, "Hours", "global-accelerator", "hour", Quantity::fixed(HOURS), "730 h");
    bill.add(
        it,
        "Premium data transfer",
        "global-accelerator",
        "premium-out-gb",
        Quantity::usage(spec.gb_per_month),
        "GB in the dominant direction",
    );
}
