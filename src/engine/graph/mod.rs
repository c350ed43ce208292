//! The provider-neutral architecture: components, connections, and why they are there.

pub mod pairs;
pub mod specs;

pub use specs::*;

use super::diag::Span;
use super::requirements::Intent;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A name for a component: lowercase letters, digits and single hyphens,
/// starting with a letter. Narrow enough to map one-to-one onto the identifiers
/// of every format we emit, so no emitter has to make names valid or unique.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct NodeId(String);

impl NodeId {
    /// The longest id: leaves room for prefix and environment in names that
    /// clouds limit to 63 characters.
    pub const MAX: usize = 32;

    pub fn parse(text: &str) -> Option<Self> {
        let valid = text.len() <= Self::MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.split('-').all(|word| {
                !word.is_empty()
                    && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            });
        valid.then(|| Self(text.to_owned()))
    }

    /// The closest valid id to any text; `fallback` when nothing of it is left.
    pub fn slug(text: &str, fallback: &str) -> Self {
        let mut slug = String::new();
        for c in text.chars() {
            if c.is_ascii_alphanumeric() {
                slug.push(c.to_ascii_lowercase());
            } else if !slug.is_empty() && !slug.ends_with('-') {
                slug.push('-');
            }
            if slug.len() >= Self::MAX {
                break;
            }
        }
        let slug = slug
            .trim_start_matches(|c: char| !c.is_ascii_lowercase())
            .trim_end_matches('-')
            .to_owned();
        Self::parse(&slug).or_else(|| Self::parse(fallback)).unwrap_or_else(|| Self("part".into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// With underscores, as Terraform names resources.
    pub fn snake(&self) -> String {
        self.0.replace('-', "_")
    }

    /// In upper case with underscores, as environment variables are named.
    pub fn shout(&self) -> String {
        self.snake().to_ascii_uppercase()
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which of the three answers a graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Least cost that meets the hard needs.
    Good,
    /// Balanced: the usual choice for production.
    Better,
    /// Most resilient and best isolated.
    Best,
}

impl Tier {
    pub const ALL: [Self; 3] = [Self::Good, Self::Better, Self::Best];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Better => "better",
            Self::Best => "best",
        }
    }
}

/// Why something is there: a fact of the text or a rule of the planner.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// One sentence for people.
    pub text: String,
    /// The words it follows from, when it follows from words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
}

impl Reason {
    pub fn rule(text: impl Into<String>) -> Self {
        Self { text: text.into(), span: None }
    }

    pub fn words(text: impl Into<String>, span: Span) -> Self {
        Self { text: text.into(), span: Some(span) }
    }
}

/// A part of the architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    pub id: NodeId,
    /// For people: "Orders queue".
    pub title: String,
    pub spec: Spec,
    pub reason: Reason,
}

/// Who talks to whom, and what for.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    pub from: NodeId,
    pub to: NodeId,
    pub intent: Intent,
    pub reason: Reason,
}

/// One architecture.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub tier: Tier,
    /// Short name of the system; names of resources start with it.
    pub project: NodeId,
    /// Main region, as the cloud writes it.
    pub region: String,
    /// Second region, when the option recovers into one.
    pub recovery_region: Option<String>,
    pub components: Vec<Component>,
    pub connections: Vec<Connection>,
}

impl Graph {
    pub fn component(&self, id: &NodeId) -> Option<&Component> {
        self.components.iter().find(|it| it.id == *id)
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Component> {
        self.components.iter().filter(move |it| it.spec.kind() == kind)
    }

    pub fn first(&self, kind: Kind) -> Option<&Component> {
        self.of_kind(kind).next()
    }

    pub fn has(&self, kind: Kind) -> bool {
        self.first(kind).is_some()
    }

    /// An id that no component has yet.
    pub fn free_id(&self, wanted: &str, fallback: &str) -> NodeId {
        let id = NodeId::slug(wanted, fallback);
        if self.component(&id).is_none() {
            return id;
        }
        let stem: String = id.0.chars().take(NodeId::MAX - 4).collect();
        let stem = stem.trim_end_matches('-');
        (2..)
            .map(|n| NodeId(format!("{stem}-{n}")))
            .find(|id| self.component(id).is_none())
            .unwrap_or(id)
    }

    /// Adds a component under a free id like the one that is wanted.
    pub fn add(
        &mut self,
        wanted: &str,
        title: impl Into<String>,
        spec: impl Into<Spec>,
        reason: Reason,
    ) -> NodeId {
        let spec = spec.into();
        let id = self.free_id(wanted, spec.kind().name());
        self.components.push(Component { id: id.clone(), title: title.into(), spec, reason });
        id
    }

    /// Connects two components unless they are connected for this already.
    pub fn connect(&mut self, from: &NodeId, to: &NodeId, intent: Intent, reason: Reason) {
        let known = |it: &Connection| it.from == *from && it.to == *to && it.intent == intent;
        if from != to && !self.connections.iter().any(known) {
            self.connections.push(Connection {
                from: from.clone(),
                to: to.clone(),
                intent,
                reason,
            });
        }
    }

    pub fn connected(&self, from: &NodeId, to: &NodeId) -> bool {
        self.connections.iter().any(|it| it.from == *from && it.to == *to)
    }

    pub fn targets(&self, from: &NodeId) -> impl Iterator<Item = (&Connection, &Component)> {
        let from = from.clone();
        self.connections
            .iter()
            .filter(move |it| it.from == from)
            .filter_map(|it| Some((it, self.component(&it.to)?)))
    }

    pub fn sources(&self, to: &NodeId) -> impl Iterator<Item = (&Connection, &Component)> {
        let to = to.clone();
        self.connections
            .iter()
            .filter(move |it| it.to == to)
            .filter_map(|it| Some((it, self.component(&it.from)?)))
    }
}
