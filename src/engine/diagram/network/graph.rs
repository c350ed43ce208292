//! The network as a scene, for the forms that draw boxes and lines: tiers of
//! subnets as frames, and a line for every rule of who may reach whom.

use super::facts::{self, Network, Peer};
use crate::engine::analysis::Design;
use crate::engine::bind::{self, binding_of};
use crate::engine::diagram::icons::{Family, Icon, Symbol};
use crate::engine::diagram::scene::{Badge, Change, Edge, GroupKind, Node, Scene, Tone};
use crate::engine::graph::{Graph, Kind, NodeId};

/// The scene of a design's network; without one it only says so.
pub fn scene(design: &Design) -> Scene {
    let stack = bind::lower(&design.graph);
    let mut scene =
        Scene { title: super::title(design), subtitle: WITHOUT.to_owned(), ..Scene::default() };
    let Some(network) = facts::read(&stack) else {
        plain(&mut scene, "provider", "Run by the provider", Icon::Cloud, None);
        return scene;
    };
    scene.subtitle = format!(
        "{} zones, {} subnets, {} rules between security groups",
        network.zones,
        network.subnets.len(),
        network.rules.len()
    );
    Builder { graph: &design.graph, network: &network, scene }.build()
}

pub(super) const WITHOUT: &str =
    "All parts are run by the provider: there is no network of one's own.";

struct Builder<'n> {
    graph: &'n Graph,
    network: &'n Network,
    scene: Scene,
}

impl Builder<'_> {
    fn build(mut self) -> Scene {
        let network = self.network;
        let id = network.id.as_ref().map_or("network", NodeId::as_str);
        let vpc = self.scene.group(GroupKind::Network, id, "VPC", None);
        self.scene.groups[vpc].note =
            if network.existing { "existing".to_owned() } else { network.cidr.clone() };
        self.scene.groups[vpc].component = network.id.clone();
        self.scene.groups[vpc].icon = Some(Icon::Tree);
        for (tier, key, label) in [
            (GroupKind::PublicSubnets, "subnets-public", "Public subnets"),
            (GroupKind::PrivateSubnets, "subnets-private", "Private subnets"),
            (GroupKind::DataSubnets, "subnets-data", "Data subnets"),
        ] {
            self.tier(vpc, tier, key, label);
        }
        for gateway in &network.gateways {
            let icon = if gateway.internet { Icon::Globe } else { Icon::Tunnel };
            let key = format!("gateway-{}", gateway.title.to_lowercase().replace(' ', "-"));
            plain(&mut self.scene, &key, &gateway.title, icon, Some(vpc));
        }
        for (n, it) in network.endpoints.iter().enumerate() {
            let title = format!("Endpoint: {}", it.service);
            let node =
                plain(&mut self.scene, &format!("endpoint-{n}"), &title, Icon::Tunnel, Some(vpc));
            self.scene.nodes[node].subtitle =
                if it.interface { "private address" } else { "route" }.to_owned();
        }
        for rule in &network.rules {
            let from = match &rule.from {
                Peer::Internet => self.outside("internet", "Internet", Icon::Globe),
                Peer::Block(it) => self.outside(&slug(it), it, Icon::Tunnel),
                Peer::Component(id) => self.component(id, Some(vpc)),
            };
            let to = self.component(&rule.to, Some(vpc));
            let known = self.scene.edges.iter_mut().find(|it| it.from == from && it.to == to);
            match known {
                Some(edge) => edge.label.push_str(&format!(", {}", rule.ports)),
                None => self.scene.edges.push(Edge {
                    from,
                    to,
                    label: format!("port {}", rule.ports),
                    intents: Vec::new(),
                    connections: Vec::new(),
                    change: Change::Same,
                }),
            }
        }
        self.scene.prune();
        self.scene
    }

    /// Subnets of one tier are alike but for zone and block of addresses.
    fn tier(&mut self, vpc: usize, tier: GroupKind, key: &str, label: &str) {
        let of_tier: Vec<_> = self.network.subnets.iter().filter(|it| it.shelf == tier).collect();
        if of_tier.is_empty() {
            return;
        }
        let group = self.scene.group(tier, key, label, Some(vpc));
        let blocks: Vec<&str> =
            of_tier.iter().map(|it| it.cidr.as_str()).filter(|it| !it.is_empty()).collect();
        self.scene.groups[group].note = blocks.join(", ");
        for id in of_tier.iter().flat_map(|it| &it.components) {
            self.component(id, Some(group));
        }
    }

    fn outside(&mut self, key: &str, title: &str, icon: Icon) -> usize {
        plain(&mut self.scene, &format!("outside-{key}"), title, icon, None)
    }

    fn component(&mut self, id: &NodeId, parent: Option<usize>) -> usize {
        if let Some(known) = self.scene.nodes.iter().position(|it| it.id == id.as_str()) {
            return known;
        }
        let component = self.graph.component(id);
        let kind = component.map_or(Kind::Network, |it| it.spec.kind());
        let badges = if self.network.is_open(id) {
            vec![Badge { text: "open to the internet".to_owned(), tone: Tone::Danger }]
        } else {
            Vec::new()
        };
        self.scene.nodes.push(Node {
            id: id.to_string(),
            component: Some(id.clone()),
            title: component.map_or_else(|| id.to_string(), |it| it.title.clone()),
            subtitle: component
                .and_then(|it| binding_of(&it.spec))
                .map_or(kind.title(), |it| it.title)
                .to_owned(),
            icon: component.map_or(Icon::of(kind).into(), |it| Symbol::of(&it.spec)),
            family: Family::of(kind),
            parent,
            badges,
            monthly: None,
            change: Change::Same,
        });
        self.scene.nodes.len() - 1
    }
}

/// A node for what is no component; there is one of each key.
fn plain(scene: &mut Scene, key: &str, title: &str, icon: Icon, parent: Option<usize>) -> usize {
    if let Some(known) = scene.nodes.iter().position(|it| it.id == key) {
        return known;
    }
    scene.nodes.push(Node {
        id: key.to_owned(),
        component: None,
        title: title.to_owned(),
        subtitle: String::new(),
        icon: icon.into(),
        family: if parent.is_none() { Family::People } else { Family::Network },
        parent,
        badges: Vec::new(),
        monthly: None,
        change: Change::Same,
    });
    scene.nodes.len() - 1
}

fn slug(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
