//! What a picture shows, before anything has a place.

use super::icons::{Family, Icon, Symbol};
use crate::engine::graph::NodeId;
use crate::engine::requirements::Intent;

/// Everything that is drawn.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    pub title: String,
    /// One line below the title.
    pub subtitle: String,
    /// Outer groups come before those inside them.
    pub groups: Vec<Group>,
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    /// Connections that nesting shows instead of a line.
    pub held: Vec<Held>,
}

/// A frame around nodes and other groups.
#[derive(Clone, Debug)]
pub struct Group {
    /// Unique in its scene, such as `region` or `subnets-private`.
    pub id: String,
    pub label: String,
    /// What stands beside the label in a lighter ink, such as a CIDR block.
    pub note: String,
    pub kind: GroupKind,
    pub parent: Option<usize>,
    /// The component that the frame stands for.
    pub component: Option<NodeId>,
    pub icon: Option<Icon>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupKind {
    Cloud,
    Region,
    Network,
    Zone,
    PublicSubnets,
    PrivateSubnets,
    DataSubnets,
    /// Parts that stand beside the flow, such as monitoring; laid out as a grid.
    Shelf,
}

/// A card.
#[derive(Clone, Debug)]
pub struct Node {
    /// Unique in its scene: the component's id where there is one.
    pub id: String,
    /// None for what is not part of the design, such as the people who use it.
    pub component: Option<NodeId>,
    pub title: String,
    pub subtitle: String,
    pub icon: Symbol,
    pub family: Family,
    pub parent: Option<usize>,
    pub badges: Vec<Badge>,
    /// US dollars a month; none for what has no price of its own.
    pub monthly: Option<f64>,
    pub change: Change,
}

/// A short text on a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Badge {
    pub text: String,
    pub tone: Tone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Good,
    Warning,
    Danger,
}

/// What became of a part between two designs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change {
    #[default]
    Same,
    Added,
    Removed,
    Changed,
}

/// A line from one node to another; connections between the same two in the
/// same direction share it.
#[derive(Clone, Debug)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    /// "reads, writes".
    pub label: String,
    pub intents: Vec<Intent>,
    /// Places in `graph.connections`; empty for what the graph does not know.
    pub connections: Vec<usize>,
    pub change: Change,
}

/// A connection to the frame that the node stands in.
#[derive(Clone, Debug)]
pub struct Held {
    pub node: usize,
    pub group: usize,
    pub intent: Intent,
    pub connection: usize,
}

impl Scene {
    pub fn group(
        &mut self,
        kind: GroupKind,
        id: &str,
        label: &str,
        parent: Option<usize>,
    ) -> usize {
        self.groups.push(Group {
            id: id.to_owned(),
            label: label.to_owned(),
            note: String::new(),
            kind,
            parent,
            component: None,
            icon: None,
        });
        self.groups.len() - 1
    }

    /// Groups directly inside a group, or outermost ones.
    pub fn groups_in(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        (0..self.groups.len()).filter(move |it| self.groups[*it].parent == parent)
    }

    /// Nodes directly inside a group, or outside of all.
    pub fn nodes_in(&self, parent: Option<usize>) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(move |it| self.nodes[*it].parent == parent)
    }

    /// The groups around a group, itself first.
    pub fn around(&self, group: Option<usize>) -> Vec<usize> {
        std::iter::successors(group, |it| self.groups[*it].parent).collect()
    }

    pub fn is_connected(&self, node: usize) -> bool {
        self.edges.iter().any(|it| it.from == node || it.to == node)
    }

    /// Drops groups that hold nothing and stand for no component.
    pub fn prune(&mut self) {
        loop {
            let empty = (0..self.groups.len()).find(|it| {
                self.groups[*it].component.is_none()
                    && self.groups_in(Some(*it)).next().is_none()
                    && self.nodes_in(Some(*it)).next().is_none()
            });
            let Some(gone) = empty else { return };
            self.groups.remove(gone);
            let shift = |at: &mut Option<usize>| {
                if let Some(it) = at
                    && *it > gone
                {
                    *it -= 1;
                }
            };
            for group in &mut self.groups {
                shift(&mut group.parent);
            }
            for node in &mut self.nodes {
                shift(&mut node.parent);
            }
            for held in &mut self.held {
                if held.group > gone {
                    held.group -= 1;
                }
            }
        }
    }

    /// What a screen reader says of a node: name, product, cost, neighbours.
    pub fn spoken(&self, node: usize) -> String {
        let it = &self.nodes[node];
        let mut text = it.title.clone();
        if !it.subtitle.is_empty() && it.subtitle != it.title {
            text.push_str(&format!(", {}", it.subtitle));
        }
        // What can be read on it comes first, and in the same words.
        for badge in &it.badges {
            text.push_str(&format!(", {}", badge.text));
        }
        if let Some(cost) = it.monthly.map(dollars)
            && !it.badges.iter().any(|badge| badge.text.starts_with(&cost))
        {
            text.push_str(&format!(", {cost} a month"));
        }
        match it.change {
            Change::Same => {}
            Change::Added => text.push_str(", added"),
            Change::Removed => text.push_str(", removed"),
            Change::Changed => text.push_str(", changed"),
        }
        for edge in &self.edges {
            if edge.from == node {
                text.push_str(&format!("; {} {}", edge.label, self.nodes[edge.to].title));
            }
        }
        let callers: Vec<&str> = self
            .edges
            .iter()
            .filter(|it| it.to == node)
            .map(|it| self.nodes[it.from].title.as_str())
            .collect();
        if !callers.is_empty() {
            text.push_str(&format!("; reached from {}", callers.join(", ")));
        }
        text
    }
}

/// "$1,234" or, below ten, "$3.20".
pub fn dollars(amount: f64) -> String {
    if amount > 0.0 && amount < 0.005 {
        return "<$0.01".to_owned();
    }
    if amount < 10.0 {
        return if amount == 0.0 { "$0".to_owned() } else { format!("${amount:.2}") };
    }
    let whole = format!("{amount:.0}");
    let mut text = String::from("$");
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How an intent is written on an edge.
pub fn word(intent: Intent) -> &'static str {
    match intent {
        Intent::Reads => "reads",
        Intent::Writes => "writes",
        Intent::Invokes => "invokes",
        Intent::Publishes => "publishes",
        Intent::Subscribes => "subscribes",
        Intent::Streams => "streams",
        Intent::Serves => "serves",
        Intent::Resolves => "resolves",
        Intent::Authenticates => "authenticates",
        Intent::Replicates => "replicates",
    }
}
