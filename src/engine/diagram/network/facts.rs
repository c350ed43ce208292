//! What the code says of the network: read from the lowered stack, not from the graph.

use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::{Handle, Resource, Stack};
use crate::engine::diagram::groups::visit;
use crate::engine::diagram::scene::GroupKind;
use crate::engine::graph::{Kind, NodeId};

/// The network of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    pub id: Option<NodeId>,
    pub cidr: String,
    pub existing: bool,
    pub zones: usize,
    pub subnets: Vec<Subnet>,
    /// Components that join the network to something outside of it.
    pub gateways: Vec<Gateway>,
    pub endpoints: Vec<Endpoint>,
    pub rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Subnet {
    /// Key of its resource; empty in a network that is there already.
    pub key: String,
    pub shelf: GroupKind,
    pub zone: usize,
    pub cidr: String,
    /// Who stands in it.
    pub components: Vec<NodeId>,
    /// "0.0.0.0/0 to NAT gateway".
    pub routes: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    pub title: String,
    pub component: NodeId,
    pub internet: bool,
}

/// A private address, or a route, to one of the cloud's own services.
#[derive(Clone, Debug, PartialEq)]
pub struct Endpoint {
    pub service: String,
    pub interface: bool,
}

/// Who may reach whom, and on which ports.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    pub from: Peer,
    pub to: NodeId,
    pub ports: String,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Peer {
    Internet,
    /// A block of addresses.
    Block(String),
    Component(NodeId),
}

impl Network {
    /// Whether anybody on the internet may open a connection to it.
    pub fn is_open(&self, component: &NodeId) -> bool {
        self.rules.iter().any(|it| it.from == Peer::Internet && it.to == *component)
    }
}

/// Reads the network; none where the design has none.
pub fn read(stack: &Stack<'_>) -> Option<Network> {
    let net = stack.net.as_ref()?;
    let home = stack.graph.first(Kind::Network)?;
    let mut network = Network {
        id: Some(home.id.clone()),
        cidr: text(&net.cidr),
        zones: net.private.len().max(net.public.len()).max(1),
        ..Network::default()
    };
    network.subnets = subnets(stack);
    if network.subnets.is_empty() {
        network.existing = true;
        for (shelf, list) in
            [(GroupKind::PublicSubnets, &net.public), (GroupKind::PrivateSubnets, &net.private)]
        {
            network.subnets.extend(list.iter().enumerate().map(|(zone, it)| Subnet {
                key: String::new(),
                shelf,
                zone,
                cidr: String::new(),
                components: residents(stack, it),
                routes: Vec::new(),
            }));
        }
    }
    network.gateways = gateways(stack);
    network.endpoints = endpoints(stack);
    network.rules = rules(stack, &network.cidr);
    Some(network)
}

fn of_kind<'s>(stack: &'s Stack<'_>, kind: &'static str) -> impl Iterator<Item = &'s Resource> {
    stack.resources.iter().filter(move |it| it.tf.as_ref().is_some_and(|it| it.kind == kind))
}

fn field<'r>(resource: &'r Resource, name: &str) -> Option<&'r Expr> {
    resource.tf.as_ref()?.fields.iter().find(|it| it.0 == name).map(|it| &it.1)
}

/// The key of the resource that a value refers to.
fn target(value: &Expr) -> Option<&str> {
    match value {
        Expr::Attr(attr) => Some(&attr.resource),
        Expr::Either(_, it) | Expr::Index(it, _) => target(it),
        _ => None,
    }
}

/// What of a value is known before it is deployed.
fn text(value: &Expr) -> String {
    match value {
        Expr::Str(it) => it.clone(),
        Expr::Int(it) => it.to_string(),
        Expr::Join(parts) => parts.iter().map(text).collect(),
        _ => String::new(),
    }
}

fn subnets(stack: &Stack<'_>) -> Vec<Subnet> {
    let mut subnets: Vec<Subnet> = of_kind(stack, "aws_subnet")
        .map(|it| {
            let shelf = match field(it, "tags") {
                Some(Expr::Map(tags)) => {
                    tags.iter().find(|it| it.0 == "Tier").map(|it| text(&it.1)).unwrap_or_default()
                }
                _ => String::new(),
            };
            let zone = match field(it, "availability_zone") {
                Some(Expr::Zone(zone)) => *zone,
                _ => 0,
            };
            let own = Handle(it.key.clone()).id();
            let components = residents(stack, &own);
            Subnet {
                key: it.key.clone(),
                shelf: match shelf.as_str() {
                    "public" => GroupKind::PublicSubnets,
                    "data" => GroupKind::DataSubnets,
                    _ => GroupKind::PrivateSubnets,
                },
                zone,
                cidr: field(it, "cidr_block").map(text).unwrap_or_default(),
                components,
                routes: routes(stack, &it.key),
            }
        })
        .collect();
    subnets.sort_by_key(|it| (it.shelf, it.zone));
    subnets
}

/// Components whose resources name a subnet; the network itself does not count.
fn residents(stack: &Stack<'_>, subnet: &Expr) -> Vec<NodeId> {
    let mut found: Vec<NodeId> = Vec::new();
    for component in &stack.graph.components {
        if component.spec.kind() == Kind::Network {
            continue;
        }
        let named = stack.resources.iter().filter(|it| it.component == component.id).any(|it| {
            let mut named = false;
            for (_, value) in it.tf.iter().flat_map(|it| &it.fields) {
                visit(value, &mut |it| named |= it == subnet);
            }
            named
        });
        if named {
            found.push(component.id.clone());
        }
    }
    found
}

/// Where the routes of a subnet's table lead besides the network itself.
fn routes(stack: &Stack<'_>, subnet: &str) -> Vec<String> {
    let Some(table) = of_kind(stack, "aws_route_table_association")
        .find(|it| field(it, "subnet_id").and_then(target) == Some(subnet))
        .and_then(|it| field(it, "route_table_id"))
        .and_then(target)
    else {
        return Vec::new();
    };
    let mut out: Vec<String> = of_kind(stack, "aws_route")
        .filter(|it| field(it, "route_table_id").and_then(target) == Some(table))
        .map(|it| {
            let to = field(it, "destination_cidr_block").map(text).unwrap_or_default();
            let through = [
                ("nat_gateway_id", "NAT gateway"),
                ("gateway_id", "internet gateway"),
                ("transit_gateway_id", "transit gateway"),
                ("vpc_peering_connection_id", "peering"),
                ("vpc_endpoint_id", "network firewall"),
                ("egress_only_gateway_id", "egress gateway"),
            ]
            .into_iter()
            .find(|(name, _)| field(it, name).is_some());
            let (name, what) = through.unwrap_or(("", "elsewhere"));
            // Of several gateways of a kind, say which.
            let which = field(it, name)
                .and_then(target)
                .and_then(|key| key.rsplit_once('_'))
                .map(|it| it.1)
                .filter(|it| name == "nat_gateway_id" && it.len() == 1)
                .map(|it| format!(" {it}"))
                .unwrap_or_default();
            let to = if to.is_empty() { "other networks".to_owned() } else { to };
            format!("{to} via {what}{which}")
        })
        .collect();
    let through_endpoints: Vec<String> = of_kind(stack, "aws_vpc_endpoint")
        .filter(|it| {
            let mut named = false;
            if let Some(tables) = field(it, "route_table_ids") {
                visit(tables, &mut |it| named |= target(it) == Some(table));
            }
            named
        })
        .map(service)
        .collect();
    if !through_endpoints.is_empty() {
        out.push(format!("{} via endpoint", through_endpoints.join(", ")));
    }
    out
}

/// The last word of an endpoint's service name.
fn service(endpoint: &Resource) -> String {
    let name = field(endpoint, "service_name").map(text).unwrap_or_default();
    let name = name.trim_start_matches("com.amazonaws.").trim_start_matches('.');
    if name.is_empty() { "service".to_owned() } else { name.to_owned() }
}

fn gateways(stack: &Stack<'_>) -> Vec<Gateway> {
    let kinds = [
        ("aws_internet_gateway", "Internet gateway", true),
        ("aws_vpn_gateway", "VPN gateway", false),
        ("aws_ec2_client_vpn_endpoint", "Client VPN", false),
        ("aws_dx_gateway", "Direct Connect gateway", false),
        ("aws_ec2_transit_gateway", "Transit gateway", false),
        ("aws_vpc_peering_connection", "VPC peering", false),
    ];
    kinds
        .into_iter()
        .flat_map(|(kind, title, internet)| {
            of_kind(stack, kind).take(1).map(move |it| Gateway {
                title: title.to_owned(),
                component: it.component.clone(),
                internet,
            })
        })
        .collect()
}

fn endpoints(stack: &Stack<'_>) -> Vec<Endpoint> {
    let mut endpoints: Vec<Endpoint> = of_kind(stack, "aws_vpc_endpoint")
        .map(|it| Endpoint {
            service: service(it),
            interface: field(it, "vpc_endpoint_type").map(text).as_deref() == Some("Interface"),
        })
        .collect();
    endpoints.sort_by(|a, b| (a.interface, &a.service).cmp(&(b.interface, &b.service)));
    endpoints
}

fn rules(stack: &Stack<'_>, cidr: &str) -> Vec<Rule> {
    let owner = |value: &Expr| {
        let key = target(value)?;
        stack.resources.iter().find(|it| it.key == key).map(|it| it.component.clone())
    };
    let mut rules: Vec<Rule> = Vec::new();
    for it in of_kind(stack, "aws_vpc_security_group_ingress_rule") {
        let Some(to) = field(it, "security_group_id").and_then(owner) else { continue };
        let from = match (field(it, "referenced_security_group_id"), field(it, "cidr_ipv4")) {
            (Some(group), _) => match owner(group) {
                Some(component) => Peer::Component(component),
                None => Peer::Block("another group".to_owned()),
            },
            (None, Some(block)) => match text(block).as_str() {
                "0.0.0.0/0" => Peer::Internet,
                it if it == cidr => Peer::Block("the whole network".to_owned()),
                "" => Peer::Block("given addresses".to_owned()),
                it => Peer::Block(it.to_owned()),
            },
            (None, None) => Peer::Block("given addresses".to_owned()),
        };
        let port = |name| field(it, name).map(text).unwrap_or_default();
        let ports = match (port("from_port"), port("to_port")) {
            (from, to) if from.is_empty() && to.is_empty() => "all ports".to_owned(),
            (from, to) if from == to => from,
            (from, to) => format!("{from} to {to}"),
        };
        let rule = Rule { from, to, ports };
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules.sort_by_key(|it| it.from != Peer::Internet);
    rules
}
