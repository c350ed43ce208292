//! AWS Cloud Map: names of services inside the network.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Facet, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, ServiceDiscovery};
use crate::engine::requirements::Intent;

binding! {
    ServiceDiscovery {
        service: "cloud-map",
        title: "AWS Cloud Map",
        docs: "https://docs.aws.amazon.com/cloud-map/latest/dg/what-is-cloud-map.html",
        sla: Some(Sla {
            availability: 0.999,
            single: 0.999,
            source: "https://aws.amazon.com/cloud-map/sla/",
        }),
        limits: &[Limit {
            what: "Instances of a service",
            value: "1,000",
            source: "https://docs.aws.amazon.com/cloud-map/latest/dg/cloud-map-limits.html",
        }],
        latency_ms: Some((1.0, 5.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &ServiceDiscovery) {
    let domain = crate::engine::bind::expr::join![Expr::Var("name_prefix".to_owned()), ".internal"];
    let text = kit::ascii(&it.title);
    let net = stack.net.clone();
    let namespace = match net {
        Some(net) => stack
            .add(
                it,
                "",
                "aws_service_discovery_private_dns_namespace",
                "AWS::ServiceDiscovery::PrivateDnsNamespace",
            )
            .set("name", "Name", domain.clone())
            .set("description", "Description", text)
            .set("vpc", "Vpc", net.vpc_id)
            .done(),
        None => stack
            .add(
                it,
                "",
                "aws_service_discovery_http_namespace",
                "AWS::ServiceDiscovery::HttpNamespace",
            )
            .set("name", "Name", domain.clone())
            .set("description", "Description", text)
            .done(),
    };
    let facet = Facet::default()
        .handle("namespace", &namespace)
        .value("arn", namespace.arn())
        .reference("NAMESPACE", domain)
        .grant(
            &[Intent::Reads],
            // Discovery asks by name, not by ARN.
            &["servicediscovery:DiscoverInstances"],
            vec!["*".into()],
        );
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &ServiceDiscovery) {
    bill.unpriced(
        it,
        "Registered instances",
        f64::from(spec.instances),
        "cloud-map instance-month",
    );
    bill.add(
        it,
        "Zone",
        "route53",
        "zone-month",
        Quantity::fixed(1.0),
        "private zone of the namespace",
    );
}
