//! Amazon VPC: the network, its subnets in each zone and their routes.

use super::kit;
use crate::engine::bind::Limit;
use crate::engine::bind::binding;
use crate::engine::bind::expr::{Expr, join, map};
use crate::engine::bind::stack::{Facet, Handle, Net, Stack, Variable, VariableKind};
use crate::engine::cost::bill::{Bill, Quantity};
use crate::engine::graph::{Component, Kind, Network};

binding! {
    Network {
        service: "vpc",
        title: "Amazon VPC",
        docs: "https://docs.aws.amazon.com/vpc/latest/userguide/what-is-amazon-vpc.html",
        sla: None,
        limits: &[Limit {
            what: "Rules of a security group",
            value: "60 in, 60 out",
            source: "https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html",
        }],
        latency_ms: None,
    }
}

fn lower(stack: &mut Stack<'_>, it: &Component, spec: &Network) {
    if spec.existing {
        existing(stack, it, spec);
        return;
    }
    let name = stack.name(it);
    let mut draft = stack.add(it, "", "aws_vpc", "AWS::EC2::VPC");
    if !spec.flow_logs {
        draft = draft.skip("CKV2_AWS_11", "Flow logs are part of the better option");
    }
    let vpc = draft
        .set("cidr_block", "CidrBlock", spec.cidr.as_str())
        .set("enable_dns_support", "EnableDnsSupport", true)
        .set("enable_dns_hostnames", "EnableDnsHostnames", true)
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name.clone())]))
        .done();
    // The group that comes with every network allows all traffic among its members: empty it.
    stack.tf_only(it, "default", "aws_default_security_group").tf("vpc_id", vpc.id()).done();

    let zones = spec.zones.clamp(1, 6) as usize;
    let mut public = Vec::new();
    let mut private = Vec::new();
    let mut data = Vec::new();
    for zone in 0..zones {
        if spec.public_subnets {
            public.push(subnet(stack, it, spec, &vpc, Shelf::Public, zone));
        }
        private.push(subnet(stack, it, spec, &vpc, Shelf::Private, zone));
        data.push(subnet(stack, it, spec, &vpc, Shelf::Data, zone));
    }
    let mut route_tables = Vec::new();
    let mut gateway = None;
    if spec.public_subnets {
        let (table, internet) = internet(stack, it, &vpc, &name);
        for (zone, subnet) in public.iter().enumerate() {
            associate(stack, it, &format!("public_{}", letter(zone)), subnet, &table);
        }
        gateway = Some(internet);
    }
    // One table per zone, so that each can have the NAT gateway of its own zone.
    let mut private_tables = Vec::new();
    for (zone, subnet) in private.iter().enumerate() {
        let table = route_table(stack, it, &format!("private_{}", letter(zone)), &vpc);
        associate(stack, it, &format!("private_{}", letter(zone)), subnet, &table);
        route_tables.push(table.id());
        private_tables.push(table);
    }
    let table = route_table(stack, it, "data", &vpc);
    for (zone, subnet) in data.iter().enumerate() {
        associate(stack, it, &format!("data_{}", letter(zone)), subnet, &table);
    }
    route_tables.push(table.id());
    if spec.flow_logs {
        flow_logs(stack, it, &vpc);
    }
    stack.output("vpc_id", "Id of the network.", vpc.id());
    let ids = |subnets: &[Handle]| subnets.iter().map(Handle::id).collect::<Vec<_>>();
    let has_nat = stack.graph.has(Kind::NatGateway);
    stack.net = Some(Net {
        vpc_id: vpc.id(),
        cidr: spec.cidr.as_str().into(),
        public: ids(&public),
        private: ids(&private),
        data: ids(&data),
        route_tables,
        has_nat,
    });
    let mut facet = Facet::default().handle("vpc", &vpc).value("vpc_id", vpc.id());
    const TABLES: [&str; 6] = [
        "private_table_0",
        "private_table_1",
        "private_table_2",
        "private_table_3",
        "private_table_4",
        "private_table_5",
    ];
    for (name, table) in TABLES.iter().zip(&private_tables) {
        facet = facet.handle(name, table);
    }
    if let Some(gateway) = &gateway {
        facet = facet.handle("internet_gateway", gateway);
    }
    stack.facet(it, facet);
}

/// Which tier a subnet serves.
#[derive(Clone, Copy)]
enum Shelf {
    Public,
    Private,
    Data,
}

fn letter(zone: usize) -> char {
    char::from(b'a' + zone as u8)
}

fn subnet(
    stack: &mut Stack<'_>,
    it: &Component,
    spec: &Network,
    vpc: &Handle,
    shelf: Shelf,
    zone: usize,
) -> Handle {
    let (word, block) = match shelf {
        Shelf::Public => ("public", zone),
        Shelf::Private => ("private", 6 + zone),
        Shelf::Data => ("data", 12 + zone),
    };
    let suffix = format!("{word}_{}", letter(zone));
    let name = stack.name_with(it, &suffix.replace('_', "-"));
    let zone = Expr::Zone(zone);
    stack
        .add(it, &suffix, "aws_subnet", "AWS::EC2::Subnet")
        .set("vpc_id", "VpcId", vpc.id())
        .set("cidr_block", "CidrBlock", subnet_cidr(&spec.cidr, block))
        .set("availability_zone", "AvailabilityZone", zone)
        .set("map_public_ip_on_launch", "MapPublicIpOnLaunch", false)
        .tf("tags", map([("Name", name.clone()), ("Tier", word.into())]))
        .cfn("Tags", kit::tag_list(&[("Name", name), ("Tier", word.into())]))
        .done()
}

/// The n-th of 32 equal parts of a block, such as a /21 of a /16.
pub fn subnet_cidr(cidr: &str, n: usize) -> String {
    let (address, bits) = cidr.split_once('/').unwrap_or((cidr, "16"));
    let bits: u32 = bits.parse().unwrap_or(16).clamp(8, 23);
    let base = address
        .split('.')
        .fold(0u32, |sum, part| (sum << 8) | u32::from(part.parse::<u8>().unwrap_or(0)));
    let base = base & (u32::MAX << (32 - bits));
    let part = base + ((n as u32) << (32 - bits - 5));
    let [a, b, c, d] = part.to_be_bytes();
    format!("{a}.{b}.{c}.{d}/{}", bits + 5)
}

fn internet(stack: &mut Stack<'_>, it: &Component, vpc: &Handle, name: &Expr) -> (Handle, Handle) {
    let gateway = stack
        .add(it, "internet", "aws_internet_gateway", "AWS::EC2::InternetGateway")
        .tf("vpc_id", vpc.id())
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name.clone())]))
        .done();
    let attachment = stack
        .cfn_only(it, "internet_attachment", "AWS::EC2::VPCGatewayAttachment")
        .cfn("VpcId", vpc.id())
        .cfn("InternetGatewayId", gateway.by_ref("id"))
        .done();
    let table = route_table(stack, it, "public", vpc);
    stack
        .add(it, "public_internet", "aws_route", "AWS::EC2::Route")
        .set("route_table_id", "RouteTableId", table.id())
        .set("destination_cidr_block", "DestinationCidrBlock", "0.0.0.0/0")
        .set("gateway_id", "GatewayId", gateway.id())
        .after(&attachment)
        .done();
    (table, gateway)
}

fn route_table(stack: &mut Stack<'_>, it: &Component, suffix: &str, vpc: &Handle) -> Handle {
    let name = stack.name_with(it, &suffix.replace('_', "-"));
    stack
        .add(it, &format!("{suffix}_routes"), "aws_route_table", "AWS::EC2::RouteTable")
        .set("vpc_id", "VpcId", vpc.id())
        .tf("tags", map([("Name", name.clone())]))
        .cfn("Tags", kit::tag_list(&[("Name", name)]))
        .done()
}

fn associate(stack: &mut Stack<'_>, it: &Component, suffix: &str, subnet: &Handle, table: &Handle) {
    stack
        .add(
            it,
            &format!("{suffix}_association"),
            "aws_route_table_association",
            "AWS::EC2::SubnetRouteTableAssociation",
        )
        .set("subnet_id", "SubnetId", subnet.id())
        .set("route_table_id", "RouteTableId", table.id())
        .done();
}

fn flow_logs(stack: &mut Stack<'_>, it: &Component, vpc: &Handle) {
    let name = join!["/aws/vpc/", stack.name(it)];
    let group = kit::log_group(stack, it, "flow_logs", name);
    let role = kit::role(stack, it, "flow_role", "vpc-flow-logs.amazonaws.com", &[]);
    let actions = [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
    ];
    let statement = kit::allow(&actions, vec![join![log_arn(&group), ":*"]]);
    kit::role_policy(stack, it, "flow_policy", &role, &[statement]);
    stack
        .add(it, "flow_log", "aws_flow_log", "AWS::EC2::FlowLog")
        .tf("vpc_id", vpc.id())
        .cfn("ResourceId", vpc.id())
        .cfn("ResourceType", "VPC")
        .set("traffic_type", "TrafficType", "ALL")
        .tf("log_destination", group.arn())
        .cfn("LogGroupName", group.id())
        .tf("iam_role_arn", role.arn())
        .cfn("DeliverLogsPermissionArn", role.arn())
        .done();
}

/// The ARN of a log group without the star that CloudFormation ends it with.
pub fn log_arn(group: &Handle) -> Expr {
    match group.by_ref("name") {
        Expr::Attr(attr) => kit::arn("logs", join!["log-group:", Expr::Attr(attr)]),
        other => other,
    }
}

/// A network that is there already: its parts are inputs.
fn existing(stack: &mut Stack<'_>, it: &Component, spec: &Network) {
    let vpc_id = stack.variable(
        "vpc_id",
        Variable {
            kind: VariableKind::String,
            description: "Id of the existing network.".to_owned(),
            default: None,
            pattern: Some((
                "^vpc-[0-9a-f]+$".to_owned(),
                "The network's id looks like vpc-0abc123.".to_owned(),
            )),
        },
    );
    let mut subnets = |name: &str, what: &str| -> Vec<Expr> {
        let list = stack.variable(
            name,
            Variable {
                kind: VariableKind::List,
                description: format!("Ids of the existing {what} subnets, one per zone."),
                default: None,
                pattern: Some((
                    "^subnet-[0-9a-f]+$".to_owned(),
                    "A subnet's id looks like subnet-0abc123.".to_owned(),
                )),
            },
        );
        (0..spec.zones as usize).map(|n| Expr::Index(Box::new(list.clone()), n)).collect()
    };
    let public =
        if spec.public_subnets { subnets("public_subnet_ids", "public") } else { Vec::new() };
    let private = subnets("private_subnet_ids", "private");
    stack.net = Some(Net {
        vpc_id: vpc_id.clone(),
        cidr: spec.cidr.as_str().into(),
        public,
        data: private.clone(),
        private,
        route_tables: Vec::new(),
        has_nat: true,
    });
    stack.facet(it, Facet::default().value("vpc_id", vpc_id));
}

fn cost(bill: &mut Bill<'_>, it: &Component, spec: &Network) {
    if spec.flow_logs && !spec.existing {
        bill.add(
            it,
            "Flow logs",
            "cloudwatch",
            "logs-gb",
            Quantity::usage(spec.flow_log_gb_per_month),
            "GB of flow logs in a month",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::subnet_cidr;

    #[test]
    fn a_block_is_cut_into_32_parts() {
        assert_eq!(subnet_cidr("10.0.0.0/16", 0), "10.0.0.0/21");
        assert_eq!(subnet_cidr("10.0.0.0/16", 17), "10.0.136.0/21");
        assert_eq!(subnet_cidr("172.20.128.0/20", 6), "172.20.131.0/25");
    }
}
