//! Which class of data is where.
//!
//! What the requirements say about the data holds for every store that the
//! system writes to: to say less, somebody would have to say which store holds
//! what. What the graph itself tells is finer: sign-in holds accounts, a bucket
//! that only a CDN reads holds what is public anyway.

use crate::engine::diagram::icons::Family;
use crate::engine::estimate::waits;
use crate::engine::graph::{Component, Connection, Graph, Kind, NodeId};
use crate::engine::requirements::{Compliance, DataClass, Intent, Requirements};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Health,
    Payment,
    Personal,
    Financial,
    Children,
    Government,
    Confidential,
    /// Data of the system that nothing is said about.
    Unclassified,
    Public,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Payment => "payment",
            Self::Personal => "personal",
            Self::Financial => "financial",
            Self::Children => "children's",
            Self::Government => "government",
            Self::Confidential => "confidential",
            Self::Unclassified => "unclassified",
            Self::Public => "public",
        }
    }

    fn of(data: DataClass) -> Self {
        match data {
            DataClass::Health => Self::Health,
            DataClass::Payment => Self::Payment,
            DataClass::Personal => Self::Personal,
            DataClass::Financial => Self::Financial,
            DataClass::Children => Self::Children,
            DataClass::Government => Self::Government,
            DataClass::Confidential => Self::Confidential,
            DataClass::Public => Self::Public,
        }
    }
}

/// "health, personal".
pub fn names(classes: &[Class]) -> String {
    classes.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ")
}

/// The classes of a design's data, and why.
pub struct Classes {
    /// What the stores of the system hold.
    pub system: BTreeSet<Class>,
    /// Why each class is there.
    pub reasons: BTreeMap<Class, String>,
    /// What each component that keeps data holds.
    pub stores: BTreeMap<NodeId, BTreeSet<Class>>,
}

impl Classes {
    pub fn of(requirements: &Requirements, graph: &Graph) -> Self {
        let mut reasons: BTreeMap<Class, String> = BTreeMap::new();
        for data in &requirements.needs.data {
            let class = Class::of(*data);
            let words = requirements.facts.iter().find(|it| {
                it.kind.starts_with("data")
                    && serde_json::to_value(data).is_ok_and(|value| it.value == value)
            });
            let reason = match words {
                Some(it) => format!("the requirements say \"{}\"", it.text),
                None => "the requirements imply it".to_owned(),
            };
            reasons.insert(class, reason);
        }
        for law in &requirements.needs.compliance {
            let class = match law {
                Compliance::Hipaa => Class::Health,
                Compliance::PciDss => Class::Payment,
                Compliance::Gdpr => Class::Personal,
                Compliance::FedRamp => Class::Government,
                Compliance::Soc2 | Compliance::Iso27001 => continue,
            };
            reasons
                .entry(class)
                .or_insert_with(|| format!("{} is there to protect it", law.title()));
        }
        let mut system: BTreeSet<Class> = reasons.keys().copied().collect();
        if system.iter().any(|it| *it != Class::Public) {
            system.remove(&Class::Public);
        }
        if system.is_empty() {
            system.insert(Class::Unclassified);
            let reason = "the requirements say nothing of the data".to_owned();
            reasons.insert(Class::Unclassified, reason);
        }
        let mut stores = BTreeMap::new();
        for it in graph.components.iter().filter(|it| keeps(it.spec.kind())) {
            let held = match it.spec.kind() {
                Kind::UserDirectory | Kind::Directory => BTreeSet::from([Class::Personal]),
                Kind::ObjectStore if is_content(graph, it) => BTreeSet::from([Class::Public]),
                _ => system.clone(),
            };
            for class in &held {
                reasons.entry(*class).or_insert_with(|| match class {
                    Class::Personal => format!("{} holds accounts of people", it.title),
                    Class::Public => format!("{} holds what visitors download", it.title),
                    _ => String::new(),
                });
            }
            stores.insert(it.id.clone(), held);
        }
        Self { system, reasons, stores }
    }

    /// Whether data of the system is in it or passes through it.
    pub fn handles(&self, graph: &Graph, id: &NodeId) -> bool {
        graph.component(id).is_some_and(|it| keeps(it.spec.kind()) || works(it.spec.kind()))
    }

    /// What a component has to do with.
    pub fn at(&self, graph: &Graph, id: &NodeId) -> Vec<Class> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::from([id.clone()]);
        let mut open = vec![id.clone()];
        while let Some(id) = open.pop() {
            if let Some(held) = self.stores.get(&id) {
                found.extend(held.iter().copied());
                continue;
            }
            for connection in graph.connections.iter().filter(|it| it.from == id) {
                let next = &connection.to;
                if (waits(connection.intent) || connection.intent == Intent::Subscribes)
                    && self.handles(graph, next)
                    && seen.insert(next.clone())
                {
                    open.push(next.clone());
                }
            }
        }
        // A part that reaches no store works with what it is given.
        if found.is_empty() {
            found.extend(self.system.iter().copied());
        }
        // Of public and other data together, the other matters.
        if found.iter().any(|it| *it != Class::Public) {
            found.remove(&Class::Public);
        }
        found.into_iter().collect()
    }

    /// What goes over a connection.
    pub fn on(&self, graph: &Graph, connection: &Connection) -> Vec<Class> {
        match (self.stores.get(&connection.to), self.stores.get(&connection.from)) {
            (Some(held), _) => held.iter().copied().collect(),
            (None, Some(held)) => held.iter().copied().collect(),
            (None, None) if connection.intent == Intent::Resolves => vec![Class::Public],
            (None, None) => self.at(graph, &connection.to),
        }
    }

    /// "Handles health and personal data."
    pub fn summary(&self) -> String {
        let mut all = self.system.clone();
        all.extend(self.stores.values().flatten().copied());
        if all.iter().any(|it| *it != Class::Unclassified && *it != Class::Public) {
            all.remove(&Class::Public);
        }
        let names: Vec<&str> = all.into_iter().map(Class::name).collect();
        format!("Handles {} data.", names.join(", "))
    }
}

/// A bucket that nothing but delivery reads, and no program writes to.
fn is_content(graph: &Graph, store: &Component) -> bool {
    let mut delivered = false;
    for (connection, from) in graph.sources(&store.id) {
        match from.spec.kind() {
            Kind::Cdn | Kind::WebHosting => delivered = true,
            Kind::Build | Kind::Pipeline | Kind::Deployment => {}
            _ if connection.intent == Intent::Replicates => {}
            _ => return false,
        }
    }
    delivered && graph.targets(&store.id).next().is_none()
}

/// What keeps data, for long or until it has been worked on.
pub fn keeps(kind: Kind) -> bool {
    use Kind::*;
    match Family::of(kind) {
        Family::Database => kind != KeyValueCache,
        Family::Storage => !matches!(kind, DataSync | FileTransfer),
        _ => matches!(
            kind,
            Queue
                | Topic
                | Stream
                | DeliveryStream
                | KafkaCluster
                | MessageBroker
                | SearchIndex
                | Warehouse
                | UserDirectory
                | Directory
                | LogStore
                | EnterpriseSearch
                | VideoStream
        ),
    }
}

/// What works with data or passes it on.
fn works(kind: Kind) -> bool {
    use Kind::*;
    match Family::of(kind) {
        Family::Compute | Family::Analytics | Family::Intelligence | Family::Devices => {
            !matches!(kind, MachineScaling | LakePermissions)
        }
        Family::Network => matches!(
            kind,
            WebHosting
                | LoadBalancer
                | HttpApi
                | GraphqlApi
                | Cdn
                | GlobalAccelerator
                | PrivateLink
        ),
        Family::Integration => true,
        Family::Database => true,
        Family::Storage => matches!(kind, DataSync | FileTransfer),
        Family::Delivery => kind == DatabaseMigration,
        Family::Security | Family::Operations | Family::People => false,
    }
}
