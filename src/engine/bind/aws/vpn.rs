//! AWS VPN: tunnels to a site, or for people with laptops.

use super::kit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, block, join, list, map};
use crate::engine::bind::stack::{Facet, Handle, Stack, Variable, VariableKind};
use crate::engine::bind::{Limit, Sla};
use crate::engine::cost::bill::{Bill, HOURS, Quantity};
use crate::engine::graph::{Component, Kind, Spec, Vpn};

binding! {
    Vpn {
        service: "vpn",
        title: "AWS VPN",
        docs: "https://docs.aws.amazon.com/vpn/latest/s2svpn/VPC_VPN.html",
        sla: Some(Sla {
            availability: 0.9995,
            single: 0.9995,
            source: "https://aws.amazon.com/vpn/site-to-site-vpn-sla/",
        }),
        limits: &[Limit {
            what: "Throughput of a tunnel",
            value: "1.25 Gbit/s",
            source: "https://docs.aws.amazon.com/vpn/latest/s2svpn/vpn-limits.html",
        }],
        latency_ms: Some((30.0, 60.0)),
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Vpn) {
    if spec.client {
        client(stack, it);
    } else {
        site(stack, it, spec);
    }
}

/// The hub that a connection ends at, when the graph has one for it.
pub fn hub(stack: &Stack<'_>, it: &Component) -> Option<Handle> {
    let (_, target) =
        stack.graph.targets(&it.id).find(|(_, to)| to.spec.kind() == Kind::TransitGateway)?;
    stack.facets.get(&target.id)?.handles.get("gateway").cloned()
}

/// A gateway of the network for private lines, whose routes spread to its tables.
pub fn gateway(stack: &mut Stack<'_>, it: &Component) -> Option<Handle> {
    let net = stack.net.clone()?;
    let name = stack.name(it);
    let gateway = stack
        .add(it, "gateway", "aws_vpn_gateway", "AWS::EC2::VPNGateway")
        .tf("vpc_id", net.vpc_id.clone())
        .cfn("Type", "ipsec.1")
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]))
        .done();
    let attachment = stack
        .cfn_only(it, "gateway_attachment", "AWS::EC2::VPCGatewayAttachment")
        .cfn("VpcId", net.vpc_id)
        .cfn("VpnGatewayId", gateway.by_ref("id"))
        .done();
    for (n, table) in net.route_tables.iter().enumerate() {
        stack
            .tf_only(it, &format!("routes_{n}"), "aws_vpn_gateway_route_propagation")
            .tf("vpn_gateway_id", gateway.id())
            .tf("route_table_id", table)
            .done();
    }
    if !net.route_tables.is_empty() {
        stack
            .cfn_only(it, "routes", "AWS::EC2::VPNGatewayRoutePropagation")
            .cfn("VpnGatewayId", gateway.by_ref("id"))
            .cfn("RouteTableIds", Expr::List(net.route_tables))
            .after(&attachment)
            .done();
    }
    Some(gateway)
}

fn site(stack: &mut Stack<'_>, it: &Component, spec: &Vpn) {
    let hub = hub(stack, it);
    let gateway = match hub {
        Some(_) => None,
        None => gateway(stack, it),
    };
    let log_name = join!["/aws/vpn/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let mut facet = Facet::default();
    for n in 1..=spec.connections.clamp(1, 10) {
        let variable = format!("{}_customer_gateway_ip_{n}", it.id.snake());
        let address = stack.variable(
            &variable,
            Variable {
                kind: VariableKind::String,
                description: format!(
                    "Public address of the router at the site, of connection {n}."
                ),
                default: None,
                pattern: Some((
                    r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$".to_owned(),
                    "An IPv4 address, such as 198.51.100.7.".to_owned(),
                )),
            },
        );
        let name = stack.name_with(it, &n.to_string());
        let customer = stack
            .add(it, &format!("customer_{n}"), "aws_customer_gateway", "AWS::EC2::CustomerGateway")
            .tf("bgp_asn", spec.customer_asn.to_string())
            .cfn("BgpAsn", spec.customer_asn)
            .set("ip_address", "IpAddress", address)
            .set("type", "Type", "ipsec.1")
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name.clone())]))
            .done();
        let tunnel = || {
            block([
                ("IKEVersions", list![block([("Value", "ikev2".into())])]),
                (
                    "LogOptions",
                    block([(
                        "CloudwatchLogOptions",
                        block([
                            ("LogEnabled", true.into()),
                            ("LogGroupArn", super::ec2_network::log_arn(&logs)),
                            ("LogOutputFormat", "json".into()),
                        ]),
                    )]),
                ),
            ])
        };
        let log = block([(
            "cloudwatch_log_options",
            block([
                ("log_enabled", true.into()),
                ("log_group_arn", logs.arn()),
                ("log_output_format", "json".into()),
            ]),
        )]);
        let connection = stack
            .add(it, &n.to_string(), "aws_vpn_connection", "AWS::EC2::VPNConnection")
            .set("customer_gateway_id", "CustomerGatewayId", customer.id())
            .set("type", "Type", "ipsec.1")
            .maybe("transit_gateway_id", "TransitGatewayId", hub.as_ref().map(Handle::id))
            .maybe("vpn_gateway_id", "VpnGatewayId", gateway.as_ref().map(Handle::id))
            .set("static_routes_only", "StaticRoutesOnly", false)
            .tf("tunnel1_ike_versions", list!["ikev2"])
            .tf("tunnel2_ike_versions", list!["ikev2"])
            .tf("tunnel1_log_options", log.clone())
            .tf("tunnel2_log_options", log)
            .cfn("VpnTunnelOptionsSpecifications", list![tunnel(), tunnel()])
            .tf("tags", map([("Name", name.clone())]))
            .cfn("Tags", kit::tag_list(&[("Name", name)]))
            .done();
        facet = facet.handle("connection", &connection);
    }
    stack.facet(it, facet);
}

fn client(stack: &mut Stack<'_>, it: &Component) {
    let Some(net) = stack.net.clone() else {
        stack.facet(it, Facet::default());
        return;
    };
    let mut certificate = |name: &str, text: &str| {
        stack.variable(
            &format!("{}_{name}", it.id.snake()),
            Variable {
                kind: VariableKind::String,
                description: text.to_owned(),
                default: None,
                pattern: Some((
                    "^arn:aws[a-z-]*:acm:".to_owned(),
                    "The ARN of a certificate in ACM.".to_owned(),
                )),
            },
        )
    };
    let server =
        certificate("server_certificate_arn", "Certificate that the endpoint shows (ACM).");
    let root = certificate(
        "client_root_certificate_arn",
        "Certificate in ACM of the authority that signs the clients' certificates.",
    );
    let group = kit::security_group(stack, it, "");
    if let Some(group) = &group {
        kit::egress(
            stack,
            it,
            "network_out",
            &kit::group_id(group),
            None,
            kit::Peer::Cidr(net.cidr.clone()),
            "People reach the network",
        );
    }
    let log_name = join!["/aws/client-vpn/", stack.name(it)];
    let logs = kit::log_group(stack, it, "logs", log_name);
    let endpoint = stack
        .add(it, "", "aws_ec2_client_vpn_endpoint", "AWS::EC2::ClientVpnEndpoint")
        .set("description", "Description", kit::ascii(&it.title))
        .set("client_cidr_block", "ClientCidrBlock", "172.31.0.0/22")
        .set("server_certificate_arn", "ServerCertificateArn", server)
        .tf(
            "authentication_options",
            block([
                ("type", "certificate-authentication".into()),
                ("root_certificate_chain_arn", root.clone()),
            ]),
        )
        .cfn(
            "AuthenticationOptions",
            list![block([
                ("Type", "certificate-authentication".into()),
                ("MutualAuthentication", block([("ClientRootCertificateChainArn", root)]),),
            ])],
        )
        .tf(
            "connection_log_options",
            block([("enabled", true.into()), ("cloudwatch_log_group", logs.by_ref("name"))]),
        )
        .cfn(
            "ConnectionLogOptions",
            block([("Enabled", true.into()), ("CloudwatchLogGroup", logs.by_ref("name"))]),
        )
        .set("split_tunnel", "SplitTunnel", true)
        .set("session_timeout_hours", "SessionTimeoutHours", 12)
        .set("vpc_id", "VpcId", net.vpc_id.clone())
        .maybe(
            "security_group_ids",
            "SecurityGroupIds",
            group.as_ref().map(|group| list![kit::group_id(group)]),
        )
        .done();
    for (n, subnet) in net.private.iter().take(2).enumerate() {
        let letter = char::from(b'a' + n as u8);
        stack
            .add(
                it,
                &format!("network_{letter}"),
                "aws_ec2_client_vpn_network_association",
                "AWS::EC2::ClientVpnTargetNetworkAssociation",
            )
            .set("client_vpn_endpoint_id", "ClientVpnEndpointId", endpoint.id())
            .set("subnet_id", "SubnetId", subnet)
            .done();
    }
    stack
        .add(
            it,
            "everyone",
            "aws_ec2_client_vpn_authorization_rule",
            "AWS::EC2::ClientVpnAuthorizationRule",
        )
        .set("client_vpn_endpoint_id", "ClientVpnEndpointId", endpoint.id())
        .set("target_network_cidr", "TargetNetworkCidr", net.cidr)
        .set("authorize_all_groups", "AuthorizeAllGroups", true)
        .set("description", "Description", "Whoever has a certificate reaches the network")
        .done();
    let mut facet = Facet::default().handle("endpoint", &endpoint);
    if let Some(group) = &group {
        facet = facet.value("group", kit::group_id(group));
    }
    stack.facet(it, facet);
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Vpn) {
    if spec.client {
        let zones = bill
            .graph
            .components
            .iter()
            .find_map(|it| match &it.spec {
                Spec::Network(network) => Some(network.zones.min(2)),
                _ => None,
            })
            .unwrap_or(1);
        bill.add(
            it,
            "Endpoint in each zone",
            "client-vpn",
            "association-hour",
            Quantity::fixed(f64::from(zones) * HOURS),
            format!("{zones} × 730 h"),
        );
        // People work about 160 hours a month.
        bill.add(
            it,
            "Connected people",
            "client-vpn",
            "connection-hour",
            Quantity::usage(f64::from(spec.clients.max(1)) * 160.0),
            format!("{} people × 160 h", spec.clients.max(1)),
        );
    } else {
        let count = f64::from(spec.connections.clamp(1, 10));
        bill.add(
            it,
            "Connections",
            "vpn",
            "connection-hour",
            Quantity::fixed(count * HOURS),
            format!("{count} × 730 h"),
        );
    }
    bill.add(
        it,
        "Data to the site",
        "egress",
        "internet-gb",
        Quantity::usage(spec.gb_per_month),
        "GB out of AWS",
    );
}
