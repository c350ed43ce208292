//! From a design to a [`Scene`]: what stands within which frame.
//!
//! Who is inside the network is not assumed but read from the lowered stack: a
//! component stands in the subnets that its resources name. What serves the whole
//! network is shown by standing in it; what talks to nobody goes to a shelf.

use super::icons::{Family, Icon, Symbol};
use super::scene::{Badge, Change, Edge, GroupKind, Held, Node, Scene, Tone, dollars, word};
use super::{Overlay, Style};
use crate::engine::analysis::Design;
use crate::engine::bind::binding_of;
use crate::engine::bind::expr::Expr;
use crate::engine::bind::stack::Stack;
use crate::engine::cost::catalogue;
use crate::engine::graph::{Component, FirewallScope, Graph, Kind, NodeId, Spec};
use crate::engine::requirements::Intent;
use std::collections::{BTreeMap, BTreeSet};

/// Which subnets a component stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At the provider's edge, in no region.
    Global,
    /// Run by the provider, outside of the network.
    Managed,
    /// In the network, in no particular subnet.
    Network,
    Public,
    Private,
    Data,
}

/// Builds the scene of a design from its graph and what that became in code.
pub fn scene(design: &Design, stack: &Stack<'_>, style: &Style) -> Scene {
    let graph = &design.graph;
    let mut scene =
        Scene { title: design.title.clone(), subtitle: subtitle(design), ..Scene::default() };
    let cloud = scene.group(GroupKind::Cloud, "cloud", "AWS", None);
    scene.groups[cloud].icon = Some(Icon::Cloud);
    let region = scene.group(GroupKind::Region, "region", &graph.region, Some(cloud));
    scene.groups[region].note = region_note(graph);
    let network = graph.first(Kind::Network).map(|it| frame(&mut scene, it, region));
    let tiers = network.map(|it| tiers(&mut scene, graph, it));
    let shelf = scene.group(GroupKind::Shelf, "shared", "Security and operations", Some(region));

    let places = places(graph, stack);
    let mut at: BTreeMap<&NodeId, usize> = BTreeMap::new();
    for component in &graph.components {
        if Some(component.id.as_str())
            == network.and_then(|it| scene.groups[it].component.as_ref()).map(NodeId::as_str)
        {
            continue;
        }
        let place = places.get(&component.id).copied().unwrap_or(Place::Managed);
        let parent = match (place, network, tiers) {
            (Place::Global, ..) => cloud,
            (Place::Network, Some(it), _) => it,
            (Place::Public, _, Some(it)) => it[0],
            (Place::Private, _, Some(it)) => it[1],
            (Place::Data, _, Some(it)) => it[2],
            _ if is_alone(graph, component) => shelf,
            _ => region,
        };
        at.insert(&component.id, scene.nodes.len());
        scene.nodes.push(node(design, component, parent, style.overlay));
    }
    connect(&mut scene, graph, &at, network);
    actors(&mut scene, graph, &at);
    scene.prune();
    scene
}

fn subtitle(design: &Design) -> String {
    let graph = &design.graph;
    let tier = match graph.tier {
        crate::engine::graph::Tier::Good => "Good option",
        crate::engine::graph::Tier::Better => "Better option",
        crate::engine::graph::Tier::Best => "Best option",
    };
    format!(
        "{tier}, {} components, {} a month, {:.2} % promised",
        graph.components.len(),
        dollars(design.cost.monthly),
        design.availability.share * 100.0
    )
}

fn region_note(graph: &Graph) -> String {
    let name = catalogue::region("aws", &graph.region).map(|it| it.city).unwrap_or_default();
    match &graph.recovery_region {
        Some(other) if name.is_empty() => format!("recovers into {other}"),
        Some(other) => format!("{name}, recovers into {other}"),
        None => name.to_owned(),
    }
}

fn frame(scene: &mut Scene, component: &Component, region: usize) -> usize {
    let group = scene.group(GroupKind::Network, component.id.as_str(), "VPC", Some(region));
    scene.groups[group].component = Some(component.id.clone());
    scene.groups[group].icon = Some(Icon::Tree);
    if let Spec::Network(spec) = &component.spec {
        let zones = if spec.zones == 1 { "1 zone".into() } else { format!("{} zones", spec.zones) };
        scene.groups[group].note = if spec.existing {
            format!("existing, {zones}")
        } else {
            format!("{}, {zones}", spec.cidr)
        };
    }
    group
}

fn tiers(scene: &mut Scene, graph: &Graph, network: usize) -> [usize; 3] {
    let zones = match graph.first(Kind::Network).map(|it| &it.spec) {
        Some(Spec::Network(spec)) => spec.zones.clamp(1, 6),
        _ => 1,
    };
    let letters: Vec<String> =
        (0..zones).map(|it| char::from(b'a' + it as u8).to_string()).collect();
    let note =
        if zones == 1 { "zone a".to_owned() } else { format!("zones {}", letters.join(" ")) };
    [
        (GroupKind::PublicSubnets, "subnets-public", "Public subnets"),
        (GroupKind::PrivateSubnets, "subnets-private", "Private subnets"),
        (GroupKind::DataSubnets, "subnets-data", "Data subnets"),
    ]
    .map(|(kind, id, label)| {
        let group = scene.group(kind, id, label, Some(network));
        scene.groups[group].note.clone_from(&note);
        group
    })
}

/// Where every component stands.
pub fn places(graph: &Graph, stack: &Stack<'_>) -> BTreeMap<NodeId, Place> {
    let serves_network: BTreeSet<&NodeId> = graph
        .connections
        .iter()
        .filter(|it| graph.component(&it.to).is_some_and(|it| it.spec.kind() == Kind::Network))
        .map(|it| &it.from)
        .collect();
    let subnets = subnets(stack);
    graph
        .components
        .iter()
        .map(|it| {
            let place = match subnets.get(&it.id) {
                Some(place) => *place,
                None if serves_network.contains(&it.id) => Place::Network,
                None if is_global(graph, it) => Place::Global,
                None => Place::Managed,
            };
            (it.id.clone(), place)
        })
        .collect()
}

/// The subnets that the resources of each component name.
fn subnets(stack: &Stack<'_>) -> BTreeMap<NodeId, Place> {
    let mut found = BTreeMap::new();
    let Some(net) = &stack.net else { return found };
    let home = stack.graph.first(Kind::Network).map(|it| &it.id);
    for resource in stack.resources.iter().filter(|it| Some(&it.component) != home) {
        let Some(side) = resource.tf.as_ref().or(resource.cfn.as_ref()) else { continue };
        let mut named = [false; 3];
        for (_, value) in &side.fields {
            visit(value, &mut |it| {
                named[0] |= net.public.contains(it);
                named[1] |= net.private.contains(it);
                named[2] |= net.data.contains(it);
            });
        }
        // What names several stands where most of it runs.
        let place = match named {
            [_, true, _] => Place::Private,
            [_, _, true] => Place::Data,
            [true, ..] => Place::Public,
            _ => continue,
        };
        let held = found.entry(resource.component.clone()).or_insert(place);
        if *held == Place::Public {
            *held = place;
        }
    }
    found
}

/// Calls `seen` with a value and all values inside it.
pub fn visit(value: &Expr, seen: &mut impl FnMut(&Expr)) {
    seen(value);
    match value {
        Expr::List(items) | Expr::Join(items) | Expr::Call(_, items) => {
            for it in items {
                visit(it, seen);
            }
        }
        Expr::Map(fields) | Expr::Block(fields) => {
            for (_, it) in fields {
                visit(it, seen);
            }
        }
        Expr::Blocks(blocks) => {
            for (_, it) in blocks.iter().flatten() {
                visit(it, seen);
            }
        }
        Expr::Document(it)
        | Expr::Json(it)
        | Expr::Index(it, _)
        | Expr::Part(it, ..)
        | Expr::Joined(it, _)
        | Expr::Either(_, it) => visit(it, seen),
        _ => {}
    }
}

fn is_global(graph: &Graph, component: &Component) -> bool {
    match &component.spec {
        Spec::Cdn(_) | Spec::GlobalAccelerator(_) => true,
        Spec::DnsZone(it) => !it.private,
        Spec::WebFirewall(it) => it.scope == FirewallScope::Global,
        Spec::Certificate(_) => {
            graph.targets(&component.id).any(|(_, it)| it.spec.kind() == Kind::Cdn)
        }
        _ => false,
    }
}

/// Whether nothing is drawn to or from it.
fn is_alone(graph: &Graph, component: &Component) -> bool {
    !graph.connections.iter().any(|it| it.from == component.id || it.to == component.id)
        && !is_entry(graph, component)
}

fn node(design: &Design, component: &Component, parent: usize, overlay: Overlay) -> Node {
    let kind = component.spec.kind();
    let lines = design.cost.lines.iter().filter(|it| it.component == component.id);
    let unpriced = design.cost.unpriced.iter().any(|it| it.component == component.id);
    let has_lines = lines.clone().next().is_some();
    let monthly: f64 = lines.map(|it| it.monthly).sum();
    Node {
        id: component.id.to_string(),
        component: Some(component.id.clone()),
        title: component.title.clone(),
        subtitle: binding_of(&component.spec).map_or(kind.title(), |it| it.title).to_owned(),
        icon: Symbol::of(&component.spec),
        family: Family::of(kind),
        parent: Some(parent),
        badges: badges(design, component, overlay, monthly, unpriced),
        monthly: has_lines.then_some(monthly),
        change: Change::Same,
    }
}

fn badges(
    design: &Design,
    component: &Component,
    overlay: Overlay,
    monthly: f64,
    unpriced: bool,
) -> Vec<Badge> {
    let badge = |text: String, tone| vec![Badge { text, tone }];
    match overlay {
        Overlay::None => Vec::new(),
        Overlay::Cost if unpriced => badge("unpriced".to_owned(), Tone::Warning),
        Overlay::Cost => badge(format!("{}/mo", dollars(monthly)), cost_tone(design, monthly)),
        Overlay::Sla => {
            let part = design.availability.parts.iter().find(|it| it.component == component.id);
            match part {
                Some(it) => badge(
                    format!("{} %", percent(it.share)),
                    if it.single { Tone::Warning } else { Tone::Good },
                ),
                None if design.availability.without_sla.contains(&component.id) => {
                    badge("no SLA".to_owned(), Tone::Plain)
                }
                None => Vec::new(),
            }
        }
        Overlay::Findings => {
            let single = design
                .availability
                .parts
                .iter()
                .any(|it| it.component == component.id && it.single);
            let mut found = Vec::new();
            if single {
                found.push(Badge { text: "one zone".to_owned(), tone: Tone::Warning });
            }
            if unpriced {
                found.push(Badge { text: "unpriced".to_owned(), tone: Tone::Warning });
            }
            found
        }
    }
}

/// What takes more than a quarter of the bill stands out.
fn cost_tone(design: &Design, monthly: f64) -> Tone {
    let share = monthly / design.cost.monthly.max(0.01);
    match share {
        it if it > 0.25 => Tone::Danger,
        it if it > 0.1 => Tone::Warning,
        _ => Tone::Plain,
    }
}

/// 99.9 and 99.99 as they are promised, without zeros behind.
fn percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Draws the connections; those of the same two in the same direction as one line.
fn connect(
    scene: &mut Scene,
    graph: &Graph,
    at: &BTreeMap<&NodeId, usize>,
    network: Option<usize>,
) {
    for (n, connection) in graph.connections.iter().enumerate() {
        let ends = (at.get(&connection.from), at.get(&connection.to));
        let (Some(&from), Some(&to)) = ends else {
            // One end is the network: who serves it stands in it.
            if let (Some(&node), Some(group)) = (ends.0.or(ends.1), network) {
                scene.held.push(Held { node, group, intent: connection.intent, connection: n });
            }
            continue;
        };
        match scene.edges.iter_mut().find(|it| it.from == from && it.to == to) {
            Some(edge) => {
                edge.intents.push(connection.intent);
                edge.connections.push(n);
            }
            None => scene.edges.push(Edge {
                from,
                to,
                label: String::new(),
                intents: vec![connection.intent],
                connections: vec![n],
                change: Change::Same,
            }),
        }
    }
    for edge in &mut scene.edges {
        edge.intents.sort();
        edge.intents.dedup();
        let words: Vec<&str> = edge.intents.iter().map(|it| word(*it)).collect();
        edge.label = words.join(", ");
    }
}

/// Who comes from outside, and what they do there.
fn visitor(spec: &Spec) -> Option<(&'static str, &'static str, Icon, &'static str)> {
    let users = ("users", "Users", Icon::People, "requests");
    match spec {
        Spec::Cdn(_)
        | Spec::GlobalAccelerator(_)
        | Spec::GraphqlApi(_)
        | Spec::WebService(_)
        | Spec::WebHosting(_)
        | Spec::AppPlatform(_)
        | Spec::Chatbot(_) => Some(users),
        Spec::LoadBalancer(it) if !it.internal => Some(users),
        Spec::HttpApi(it) if !it.private => Some(users),
        Spec::VirtualMachines(it) if it.public => Some(users),
        Spec::GameFleet(_) => Some(("players", "Players", Icon::Pad, "play")),
        Spec::IotHub(_) => Some(("devices", "Devices", Icon::Chip, "send")),
        Spec::FileTransfer(_) => Some(("partners", "Partners", Icon::Swap, "exchange files")),
        Spec::Desktops(_) => Some(("staff", "Staff", Icon::People, "work")),
        Spec::ContactCenter(_) => Some(("callers", "Callers", Icon::Headset, "call")),
        Spec::Vpn(it) if it.client => Some(("staff", "Staff", Icon::People, "dial in")),
        Spec::Vpn(_) | Spec::DirectConnect(_) => {
            Some(("site", "Own site", Icon::Server, "connects"))
        }
        _ => None,
    }
}

/// Whether people or devices reach it without passing another such part.
pub fn is_entry(graph: &Graph, component: &Component) -> bool {
    visitor(&component.spec).is_some()
        && !graph.sources(&component.id).any(|(connection, from)| {
            matches!(connection.intent, Intent::Serves | Intent::Invokes)
                && visitor(&from.spec).is_some()
        })
}

fn actors(scene: &mut Scene, graph: &Graph, at: &BTreeMap<&NodeId, usize>) {
    for component in graph.components.iter().filter(|it| is_entry(graph, it)) {
        let Some((id, title, icon, verb)) = visitor(&component.spec) else { continue };
        let Some(&to) = at.get(&component.id) else { continue };
        let id = format!("outside-{id}");
        let from = scene.nodes.iter().position(|it| it.id == id).unwrap_or_else(|| {
            scene.nodes.push(Node {
                id,
                component: None,
                title: title.to_owned(),
                subtitle: "Internet".to_owned(),
                icon: icon.into(),
                family: Family::People,
                parent: None,
                badges: Vec::new(),
                monthly: None,
                change: Change::Same,
            });
            scene.nodes.len() - 1
        });
        scene.edges.push(Edge {
            from,
            to,
            label: verb.to_owned(),
            intents: Vec::new(),
            connections: Vec::new(),
            change: Change::Same,
        });
    }
}
