//! AWS Network Firewall: looks into what leaves the network.

use super::ec2_network::subnet_cidr;
use super::kit;
use super::nat_gateway::{GATEWAYS, PRIVATE_TABLES};
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, blocks, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Kind, NetworkFirewall, Spec};

binding! {
    NetworkFirewall {
        service: "network-firewall",
        title: "AWS Network Firewall",
        docs: "https://docs.aws.amazon.com/network-firewall/latest/developerguide/what-is-aws-network-firewall.html",
        sla: Some(Sla {
            availability: 0.9999,
            single: 0.99,
            source: "https://aws.amazon.com/network-firewall/sla/",
        }),
        limits: &[Limit {
            what: "Throughput of an endpoint",
            value: "100 Gbit/s",
            source: "https://docs.aws.amazon.com/network-firewall/latest/developerguide/quotas.html",
        }],
        latency_ms: None,
    }
}

/// Where the firewall's own subnets begin among the 32 parts of the network.
const PART: usize = 18;
/// Where the private subnets begin.
const PRIVATE_PART: usize = 6;

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &NetworkFirewall) {
    let (Some(net), Some((cidr, zones))) = (
        stack.net.clone(),
        stack.graph.first(Kind::Network).and_then(|it| match &it.spec {
            Spec::Network(network) if !network.existing => {
                Some((network.cidr.clone(), network.zones.clamp(1, 6) as usize))
            }
            _ => None,
        }),
    ) else {
        // An existing network has no addresses that are known to be free.
        stack.facet(it, Facet::default());
        return;
    };
    let mut subnets: Vec<Handle> = Vec::new();
    for zone in 0..zones.min(spec.endpoints.max(1) as usize) {
        let letter = char::from(b'a' + zone as u8);
        let name = stack.name_with(it, &letter.to_string());
        let subnet = stack
            .add(it, &format!("subnet_{letter}"), "aws_subnet", "AWS::EC2::Subnet")
            .set("vpc_id", "VpcId", net.vpc_id.clone())
            .set("cidr_block", "CidrBlock", subnet_cidr(&cidr, PART + zone))
            .set("availability_zone", "AvailabilityZone", Expr::Zone(zone))
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name)]))
            .done();
        subnets.push(subnet);
    }
    let policy = policy(stack, it);
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    let protect = kit::protect(stack);
    let tf = subnets.iter().map(|subnet| block([("subnet_id", subnet.id())]));
    let cfn = subnets.iter().map(|subnet| map([("SubnetId", subnet.id())]));
    let mut draft = stack
        .add(it, "", "aws_networkfirewall_firewall", "AWS::NetworkFirewall::Firewall")
        .set("name", "FirewallName", name)
        .set("firewall_policy_arn", "FirewallPolicyArn", policy.att("arn", "FirewallPolicyArn"))
        .set("vpc_id", "VpcId", net.vpc_id.clone())
        .set("delete_protection", "DeleteProtection", protect)
        .set("subnet_change_protection", "SubnetChangeProtection", protect)
        .tf("subnet_mapping", blocks(tf.collect()))
        .cfn("SubnetMappings", Expr::List(cfn.collect()))
        .comment(
            "It stands between the private subnets and their NAT gateways, in both directions.",
        );
    draft = match key {
        Some(key) => draft.tf(
            "encryption_configuration",
            block([("type", "CUSTOMER_KMS".into()), ("key_id", key)]),
        ),
        None => draft.skip(
            "CKV_AWS_345",
            "Sealed with the key of the service; a key of one's own is part of the better option",
        ),
    };
    if !protect {
        draft = draft.skip(
            "CKV_AWS_344",
            "The least costly option can be taken down in one go; the better one is protected",
        );
    }
    let firewall = draft.done();
    logging(stack, it, &firewall);
    routes(stack, it, &cidr, zones, &subnets, &firewall);
    let facet = Facet::default()
        .handle("firewall", &firewall)
        .value("arn", firewall.att("arn", "FirewallArn"));
    stack.facet(it, facet);
}

/// Leads what leaves the private subnets, and its answers, through the firewall.
fn routes(
    stack: &mut Stack<'_>,
    it: &Component,
    cidr: &str,
    zones: usize,
    subnets: &[Handle],
    firewall: &Handle,
) {
    let facet = |stack: &Stack<'_>, kind| {
        let id = stack.graph.first(kind).map(|it| it.id.clone());
        id.and_then(|id| stack.facets.get(&id).map(|facet| (id.clone(), facet.clone())))
    };
    let (Some((network, tables)), Some((_, gateways))) =
        (facet(stack, Kind::Network), facet(stack, Kind::NatGateway))
    else {
        return;
    };
    let Some(net) = stack.net.clone() else { return };
    let gateways: Vec<Handle> =
        GATEWAYS.iter().filter_map(|name| gateways.handles.get(*name).cloned()).collect();
    if gateways.is_empty() || subnets.is_empty() {
        return;
    }
    for (n, subnet) in subnets.iter().enumerate() {
        let letter = char::from(b'a' + n as u8);
        let name = stack.name_with(it, &letter.to_string());
        let table = stack
            .add(it, &format!("routes_{letter}"), "aws_route_table", "AWS::EC2::RouteTable")
            .set("vpc_id", "VpcId", net.vpc_id.clone())
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name)]))
            .done();
        stack
            .add(
                it,
                &format!("association_{letter}"),
                "aws_route_table_association",
                "AWS::EC2::SubnetRouteTableAssociation",
            )
            .set("subnet_id", "SubnetId", subnet.id())
            .set("route_table_id", "RouteTableId", table.id())
            .done();
        stack
            .add(it, &format!("out_{letter}"), "aws_route", "AWS::EC2::Route")
            .set("route_table_id", "RouteTableId", table.id())
            .set("destination_cidr_block", "DestinationCidrBlock", "0.0.0.0/0")
            .set("nat_gateway_id", "NatGatewayId", gateways[n % gateways.len()].id())
            .done();
    }
    let public = Handle(format!("{}_public_routes", network.snake()));
    for (zone, name) in PRIVATE_TABLES.iter().enumerate().take(zones) {
        let Some(table) = tables.handles.get(*name) else { continue };
        let letter = char::from(b'a' + zone as u8);
        let n = zone % subnets.len();
        // Each way of a connection takes the same endpoint, or the firewall drops it.
        let tf = Expr::Hcl(format!(
            "one([for it in aws_networkfirewall_firewall.{}.firewall_status[0].sync_states : it.attachment[0].endpoint_id if it.attachment[0].subnet_id == aws_subnet.{}.id])",
            firewall.key(),
            subnets[n].key(),
        ));
        let pair = Expr::Index(Box::new(firewall.att("id", "EndpointIds")), n);
        let cfn = Expr::Part(Box::new(pair), ":", 1);
        stack
            .add(it, &format!("private_{letter}"), "aws_route", "AWS::EC2::Route")
            .set("route_table_id", "RouteTableId", table.id())
            .set("destination_cidr_block", "DestinationCidrBlock", "0.0.0.0/0")
            .tf("vpc_endpoint_id", tf.clone())
            .cfn("VpcEndpointId", cfn.clone())
            .done();
        stack
            .add(it, &format!("back_{letter}"), "aws_route", "AWS::EC2::Route")
            .set("route_table_id", "RouteTableId", public.id())
            .set(
                "destination_cidr_block",
                "DestinationCidrBlock",
                subnet_cidr(cidr, PRIVATE_PART + zone),
            )
            .tf("vpc_endpoint_id", tf)
            .cfn("VpcEndpointId", cfn)
            .done();
    }
}

fn policy(stack: &mut Stack<'_>, it: &Component) -> Handle {
    let name = stack.name(it);
    let key = stack.key_arn.clone();
    // AWS keeps the first; it drops what is known to be malicious.
    let managed = |name: &str| {
        join![
            "arn:",
            Expr::Partition,
            ":network-firewall:",
            Expr::Region,
            format!(":aws-managed:stateful-rulegroup/{name}")
        ]
    };
    const GROUPS: [&str; 2] =
        ["AbusedLegitMalwareDomainsStrictOrder", "BotNetCommandAndControlDomainsStrictOrder"];
    let tf = GROUPS.iter().enumerate().map(|(n, name)| {
        block([("priority", (n as i64 + 1).into()), ("resource_arn", managed(name))])
    });
    let cfn = GROUPS.iter().enumerate().map(|(n, name)| {
        map([("Priority", (n as i64 + 1).into()), ("ResourceArn", managed(name))])
    });
    let mut draft = stack
        .add(
            it,
            "policy",
            "aws_networkfirewall_firewall_policy",
            "AWS::NetworkFirewall::FirewallPolicy",
        )
        .set("name", "FirewallPolicyName", name)
        .tf(
            "firewall_policy",
            block([
                ("stateless_default_actions", list!["aws:forward_to_sfe"]),
                ("stateless_fragment_default_actions", list!["aws:forward_to_sfe"]),
                ("stateful_default_actions", list!["aws:alert_established"]),
                ("stateful_engine_options", block([("rule_order", "STRICT_ORDER".into())])),
                ("stateful_rule_group_reference", blocks(tf.collect())),
            ]),
        )
        .cfn(
            "FirewallPolicy",
            block([
                ("StatelessDefaultActions", list!["aws:forward_to_sfe"]),
                ("StatelessFragmentDefaultActions", list!["aws:forward_to_sfe"]),
                ("StatefulDefaultActions", list!["aws:alert_established"]),
                ("StatefulEngineOptions", block([("RuleOrder", "STRICT_ORDER".into())])),
                ("StatefulRuleGroupReferences", Expr::List(cfn.collect())),
            ]),
        );
    draft = match key {
        Some(key) => draft.tf(
            "encryption_configuration",
            block([("type", "CUSTOMER_KMS".into()), ("key_id", key)]),
        ),
        None => draft.skip(
            "CKV_AWS_346",
            "Sealed with the key of the service; a key of one's own is part of the better option",
        ),
    };
    draft.done()
}

fn logging(stack: &mut Stack<'_>, it: &Component, firewall: &Handle) {
    let mut tf = Vec::new();
    let mut cfn = Vec::new();
    for kind in ["ALERT", "FLOW"] {
        let word = kind.to_ascii_lowercase();
        let name = join!["/aws/network-firewall/", stack.name(it), format!("/{word}")];
        let group = kit::log_group(stack, it, &format!("{word}_logs"), name);
        tf.push(block([
            ("log_type", kind.into()),
            ("log_destination_type", "CloudWatchLogs".into()),
            ("log_destination", map([("logGroup", group.by_ref("name"))])),
        ]));
        cfn.push(map([
            ("LogType", kind.into()),
            ("LogDestinationType", "CloudWatchLogs".into()),
            ("LogDestination", map([("logGroup", group.by_ref("name"))])),
        ]));
    }
    stack
        .add(
            it,
            "logging",
            "aws_networkfirewall_logging_configuration",
            "AWS::NetworkFirewall::LoggingConfiguration",
        )
        .set("firewall_arn", "FirewallArn", firewall.att("arn", "FirewallArn"))
        .tf("logging_configuration", block([("log_destination_config", blocks(tf))]))
        .cfn("LoggingConfiguration", block([("LogDestinationConfigs", Expr::List(cfn))]))
        .done();
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &NetworkFirewall) {
    let endpoints = f64::from(spec.endpoints.max(1));
    bill.add(
        it,
        "Endpoints",
        "network-firewall",
        "endpoint-hour",
        Quantity::fixed(endpoints * HOURS),
        format!("{endpoints} × 730 h"),
    );
    bill.add(
        it,
        "Data inspected",
        "network-firewall",
        "gb",
        Quantity::usage(spec.gb_per_month),
        "GB through the firewall",
    );
}
