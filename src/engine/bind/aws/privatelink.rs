//! AWS PrivateLink: a service that other networks reach by a private address.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, list, map};
use crate::engine::bind::stack::{Facet, Stack, Variable, VariableKind};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, PrivateLink, Spec};

binding! {
    PrivateLink {
        service: "vpc-endpoint",
        title: "AWS PrivateLink",
        docs: "https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html",
        sla: None,
        limits: &[Limit {
            what: "Bandwidth of an endpoint in each zone",
            value: "10 Gbit/s, scaling to 100",
            source: "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html",
        }],
        latency_ms: Some((1.0, 3.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, _spec: &PrivateLink) {
    let Some(net) = stack.net.clone() else {
        stack.facet(it, Facet::default());
        return;
    };
    let group = kit::security_group(stack, it, "");
    let protect = kit::protect(stack);
    let name = stack.name(it);
    let prefix: String = it.id.as_str().chars().take(5).collect();
    // Endpoint services stand behind a network load balancer, whatever answers.
    let attribute = |key: &str, value: &str| map([("Key", key.into()), ("Value", value.into())]);
    let door = stack
        .add(it, "", "aws_lb", "AWS::ElasticLoadBalancingV2::LoadBalancer")
        .tf("name_prefix", format!("{}-", prefix.trim_end_matches('-')))
        .tf("load_balancer_type", "network")
        .cfn("Type", "network")
        .tf("internal", true)
        .cfn("Scheme", "internal")
        .set("subnets", "Subnets", Expr::List(net.private.clone()))
        .maybe(
            "security_groups",
            "SecurityGroups",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        )
        .tf("enable_cross_zone_load_balancing", true)
        .tf("enable_deletion_protection", protect)
        .cfn(
            "LoadBalancerAttributes",
            list![
                attribute("load_balancing.cross_zone.enabled", "true"),
                attribute("deletion_protection.enabled", if protect { "true" } else { "false" })
            ],
        )
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name.clone())]))
        .skip(
            "CKV_AWS_91",
            "Connections are in the network's flow logs; requests in those of what answers",
        )
        .skip(
            "CKV_AWS_150",
            "The least costly option can be taken down in one go; the better one is protected",
        )
        .done();
    let service = stack
        .add(it, "service", "aws_vpc_endpoint_service", "AWS::EC2::VPCEndpointService")
        .set("acceptance_required", "AcceptanceRequired", true)
        .set("network_load_balancer_arns", "NetworkLoadBalancerArns", list![door.by_ref("arn")])
        .tf("tags", map([("Name", name)]))
        .done();
    let consumers = stack.variable(
        &format!("{}_consumers", it.id.snake()),
        Variable {
            kind: VariableKind::List,
            description: "ARNs of the accounts that may connect; empty until a partner is known."
                .to_owned(),
            default: Some(Expr::List(Vec::new())),
            pattern: None,
        },
    );
    if let Some(draft) = stack.edit(&service) {
        draft.tf("allowed_principals", consumers).done();
    }
    let mut facet = Facet::default()
        .handle("load_balancer", &door)
        .handle("service", &service)
        .value("vpc_id", net.vpc_id)
        .reference("HOST", door.att("dns_name", "DNSName"));
    if let Some(group) = &group {
        let id = kit::group_id(group);
        kit::ingress(
            stack,
            it,
            "in",
            &id,
            Some((PORT, PORT)),
            kit::Peer::Cidr(net.cidr),
            "Endpoints and callers inside the network",
        );
        facet = facet.listener(id.clone(), PORT).value("group", id);
    }
    stack.facet(it, facet);
}

/// Port that consumers speak to.
pub const PORT: u16 = 443;

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &PrivateLink) {
    bill.add(it, "Load balancer", "nlb", "hour", Quantity::fixed(HOURS), "730 h");
    bill.add(
        it,
        "Load balancer capacity",
        "nlb",
        "lcu-hour",
        // A unit is one GB an hour.
        Quantity::usage(spec.gb_per_month),
        "GB, one for each unit and hour",
    );
    let zones = bill
        .graph
        .components
        .iter()
        .find_map(|it| match &it.spec {
            Spec::Network(network) => Some(f64::from(network.zones)),
            _ => None,
        })
        .unwrap_or(1.0);
    bill.add(
        it,
        "Data between zones",
        "egress",
        "inter-az-gb",
        Quantity::usage(spec.gb_per_month * (1.0 - 1.0 / zones.max(1.0)) * 2.0),
        "GB that cross zones × 2 ends; consumers pay for their own endpoints",
    );
}
