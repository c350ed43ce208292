//! The resources of one option on one cloud, before they are written down.
//!
//! A binding adds [`Resource`]s, each with its Terraform and its CloudFormation
//! side, so both formats hold the same components by construction. What other
//! components may use of it, it leaves in a [`Facet`]; wiring reads those.

use super::expr::{Attr, Cfn, Expr, pascal};
use crate::engine::diag::Diagnostic;
use crate::engine::graph::{Component, Graph, NodeId, Tier};
use crate::engine::requirements::Intent;
use std::collections::{BTreeMap, BTreeSet};

/// Which file of the output a resource belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Concern {
    Network,
    Security,
    Identity,
    Data,
    Messaging,
    Compute,
    Edge,
    Analytics,
    Intelligence,
    Operations,
    Delivery,
}

impl Concern {
    /// Name of the file without its extension.
    pub fn file(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Security => "security",
            Self::Identity => "identity",
            Self::Data => "data",
            Self::Messaging => "messaging",
            Self::Compute => "compute",
            Self::Edge => "edge",
            Self::Analytics => "analytics",
            Self::Intelligence => "intelligence",
            Self::Operations => "operations",
            Self::Delivery => "delivery",
        }
    }
}

/// One resource in every format that has it.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Unique in its stack; Terraform's name, and CloudFormation's in camel case.
    pub key: String,
    pub component: NodeId,
    pub concern: Concern,
    pub tf: Option<Side>,
    pub cfn: Option<Side>,
    /// Keys of resources that must be there first without being referenced.
    pub depends_on: BTreeSet<String>,
    /// The same in CloudFormation only, where Terraform has a resource in between.
    pub cfn_depends_on: BTreeSet<String>,
    /// Why it is set as it is, where that is not obvious.
    pub comment: Option<String>,
    /// Checks of static analysis that do not apply, with a reviewer's reason.
    pub skips: Vec<(&'static str, &'static str)>,
    /// Keep the data when the stack is deleted or the resource replaced.
    pub retain: bool,
    pub place: Place,
}

/// Where a resource has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In the region of the design.
    #[default]
    Main,
    /// In us-east-1 wherever the rest is, as what CloudFront uses.
    Global,
    /// In the region that takes over, before all that copies there.
    Recovery,
    /// In that region too, but after what it follows: the second member of a database.
    Standby,
}

impl Place {
    pub fn name(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Global => "global",
            Self::Recovery => "recovery",
            Self::Standby => "standby",
        }
    }

    /// The provider that makes it: there is one for each region.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Main | Self::Global | Self::Recovery => self.name(),
            Self::Standby => Self::Recovery.name(),
        }
    }

    /// The region that it means for a design; what comes first is deployed first.
    pub fn region(self, graph: &Graph) -> &str {
        match self {
            Self::Main => &graph.region,
            Self::Global => "us-east-1",
            Self::Recovery | Self::Standby => {
                graph.recovery_region.as_deref().unwrap_or(&graph.region)
            }
        }
    }
}

/// A resource in one format: its type and properties in the order given.
#[derive(Clone, Debug)]
pub struct Side {
    pub kind: &'static str,
    pub fields: Vec<(String, Expr)>,
}

/// A resource that was added, for references to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle(pub String);

impl Handle {
    /// An attribute that CloudFormation reads with `Fn::GetAtt`.
    pub fn att(&self, tf: &'static str, cfn: &'static str) -> Expr {
        Expr::Attr(Attr { resource: self.0.clone(), tf, cfn: Cfn::GetAtt(cfn) })
    }

    /// An attribute that is the `Ref` of the resource in CloudFormation.
    pub fn by_ref(&self, tf: &'static str) -> Expr {
        Expr::Attr(Attr { resource: self.0.clone(), tf, cfn: Cfn::Ref })
    }

    /// The usual pair: `arn` and `Arn`.
    pub fn arn(&self) -> Expr {
        self.att("arn", "Arn")
    }

    /// The usual pair: `id` and `Ref`.
    pub fn id(&self) -> Expr {
        self.by_ref("id")
    }

    pub fn key(&self) -> &str {
        &self.0
    }
}

/// Adds properties to a resource; made by [`Stack::add`].
pub struct Draft<'a> {
    resource: &'a mut Resource,
}

impl Draft<'_> {
    /// The same value under Terraform's and CloudFormation's name.
    pub fn set(self, tf: &str, cfn: &str, value: impl Into<Expr>) -> Self {
        let value = value.into();
        self.tf(tf, value.clone()).cfn(cfn, value)
    }

    pub fn tf(self, name: &str, value: impl Into<Expr>) -> Self {
        if let Some(side) = &mut self.resource.tf {
            side.fields.push((name.to_owned(), value.into()));
        }
        self
    }

    pub fn cfn(self, name: &str, value: impl Into<Expr>) -> Self {
        if let Some(side) = &mut self.resource.cfn {
            side.fields.push((name.to_owned(), value.into()));
        }
        self
    }

    /// Like [`set`](Self::set) when there is a value, nothing otherwise.
    pub fn maybe(self, tf: &str, cfn: &str, value: Option<impl Into<Expr>>) -> Self {
        match value {
            Some(value) => self.set(tf, cfn, value),
            None => self,
        }
    }

    /// Terraform's side alone, when there is a value.
    pub fn tf_maybe(self, name: &str, value: Option<impl Into<Expr>>) -> Self {
        match value {
            Some(value) => self.tf(name, value),
            None => self,
        }
    }

    /// CloudFormation's side alone, when there is a value.
    pub fn cfn_maybe(self, name: &str, value: Option<impl Into<Expr>>) -> Self {
        match value {
            Some(value) => self.cfn(name, value),
            None => self,
        }
    }

    /// The same block in both: its fields are in snake case here and become
    /// Pascal case in CloudFormation.
    pub fn nested(self, tf: &str, cfn: &str, value: Expr) -> Self {
        self.tf(tf, value.clone()).cfn(cfn, pascal(value))
    }

    pub fn after(self, other: &Handle) -> Self {
        self.resource.depends_on.insert(other.0.clone());
        self
    }

    /// Like [`after`](Self::after) in CloudFormation only.
    pub fn cfn_after(self, other: &Handle) -> Self {
        self.resource.cfn_depends_on.insert(other.0.clone());
        self
    }

    pub fn comment(self, text: impl Into<String>) -> Self {
        self.resource.comment = Some(text.into());
        self
    }

    /// States why a check of static analysis does not apply here.
    pub fn skip(self, check: &'static str, reason: &'static str) -> Self {
        self.resource.skips.push((check, reason));
        self
    }

    /// Keeps the data when the stack is deleted.
    pub fn retain(self) -> Self {
        self.resource.retain = true;
        self
    }

    /// Puts it into us-east-1, wherever the rest is.
    pub fn global(self) -> Self {
        self.resource.place = Place::Global;
        self
    }

    /// Puts it into the region that takes over.
    pub fn recovery(self) -> Self {
        self.resource.place = Place::Recovery;
        self
    }

    /// Puts it there, after what it follows in the region of the design.
    pub fn standby(self) -> Self {
        self.resource.place = Place::Standby;
        self
    }

    pub fn done(self) -> Handle {
        Handle(self.resource.key.clone())
    }
}

/// An input of the stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub kind: VariableKind,
    pub description: String,
    /// Without one, whoever deploys must give a value.
    pub default: Option<Expr>,
    /// A regular expression that a value must match, and the sentence to show.
    pub pattern: Option<(String, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    String,
    Number,
    Bool,
    /// A list of strings.
    List,
}

/// A value that the stack tells once it is deployed.
#[derive(Clone, Debug)]
pub struct Output {
    pub description: String,
    pub value: Expr,
}

/// A statement of an identity policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    pub actions: Vec<String>,
    pub resources: Vec<Expr>,
    /// Operator, key and value, such as `StringEquals`, `iam:PassedToService`.
    pub condition: Option<(String, String, Expr)>,
}

/// Something that acts: it can be given permissions, settings and a network path.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Role that its permissions are attached to.
    pub role: Handle,
    /// Its security group, when it is inside the network.
    pub group: Option<Expr>,
    /// Whether it reads its settings from environment variables.
    pub environment: bool,
}

/// Something that listens inside the network.
#[derive(Clone, Debug)]
pub struct Listener {
    pub group: Expr,
    pub port: u16,
}

/// What other components may use of a component.
#[derive(Clone, Debug, Default)]
pub struct Facet {
    /// Main resources by role, for pair-specific wiring: `function`, `queue`, `target_group`.
    pub handles: BTreeMap<&'static str, Handle>,
    /// Values by name, for pair-specific wiring and as references: `arn`, `url`.
    pub values: BTreeMap<&'static str, Expr>,
    /// What a caller is told: suffix of the environment variable and value, such as `URL`.
    pub references: Vec<(&'static str, Expr)>,
    /// Actions and resources that each intent towards this component needs.
    pub grants: BTreeMap<Intent, Vec<Statement>>,
    pub principal: Option<Principal>,
    pub listener: Option<Listener>,
}

impl Facet {
    pub fn handle(mut self, name: &'static str, handle: &Handle) -> Self {
        self.handles.insert(name, handle.clone());
        self
    }

    pub fn value(mut self, name: &'static str, value: impl Into<Expr>) -> Self {
        self.values.insert(name, value.into());
        self
    }

    /// Tells callers a value, as environment variable `<COMPONENT>_<SUFFIX>`.
    pub fn reference(mut self, suffix: &'static str, value: impl Into<Expr>) -> Self {
        self.references.push((suffix, value.into()));
        self
    }

    /// Allows callers with one of these intents some actions on some resources.
    pub fn grant(mut self, intents: &[Intent], actions: &[&str], resources: Vec<Expr>) -> Self {
        for intent in intents {
            self.grants.entry(*intent).or_default().push(Statement {
                actions: actions.iter().map(|it| (*it).to_owned()).collect(),
                resources: resources.clone(),
                condition: None,
            });
        }
        self
    }

    pub fn principal(mut self, role: &Handle, group: Option<Expr>, environment: bool) -> Self {
        self.principal = Some(Principal { role: role.clone(), group, environment });
        self
    }

    pub fn listener(mut self, group: Expr, port: u16) -> Self {
        self.listener = Some(Listener { group, port });
        self
    }
}

/// Where the network's parts are, for components inside it.
#[derive(Clone, Debug)]
pub struct Net {
    pub vpc_id: Expr,
    pub cidr: Expr,
    pub public: Vec<Expr>,
    /// Subnets of the application tier, with a way out where there is NAT.
    pub private: Vec<Expr>,
    /// Subnets of the data tier, without a way out.
    pub data: Vec<Expr>,
    /// Route tables of the private and data subnets.
    pub route_tables: Vec<Expr>,
    /// The default security group has no rules; endpoints have a group of their own.
    pub has_nat: bool,
}

/// All that one option becomes on one cloud.
#[derive(Debug)]
pub struct Stack<'g> {
    pub graph: &'g Graph,
    pub resources: Vec<Resource>,
    keys: BTreeSet<String>,
    pub variables: BTreeMap<String, Variable>,
    pub outputs: BTreeMap<String, Output>,
    pub facets: BTreeMap<NodeId, Facet>,
    /// Environment variables that wiring gave to each component.
    pub environment: BTreeMap<NodeId, BTreeMap<String, Expr>>,
    /// Permissions that wiring and bindings gave to each component's role.
    pub permissions: BTreeMap<NodeId, Vec<Statement>>,
    /// Set by the network binding, which is lowered first.
    pub net: Option<Net>,
    /// ARN of the customer-managed key, when the option has one.
    pub key_arn: Option<Expr>,
    /// Programs that come with the code: path and content.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Resources that several components share, such as a container cluster.
    pub shared: BTreeMap<&'static str, Handle>,
    /// For each connection of the graph, whether wiring made it real.
    pub wired: Vec<bool>,
    pub diagnostics: Vec<Diagnostic>,
    concern: Concern,
}

impl<'g> Stack<'g> {
    pub fn new(graph: &'g Graph) -> Self {
        Self {
            graph,
            resources: Vec::new(),
            keys: BTreeSet::new(),
            variables: BTreeMap::new(),
            outputs: BTreeMap::new(),
            facets: BTreeMap::new(),
            environment: BTreeMap::new(),
            permissions: BTreeMap::new(),
            net: None,
            key_arn: None,
            files: BTreeMap::new(),
            shared: BTreeMap::new(),
            wired: Vec::new(),
            diagnostics: Vec::new(),
            concern: Concern::Operations,
        }
    }

    /// From here on, resources belong to this file.
    pub fn begin(&mut self, concern: Concern) {
        self.concern = concern;
    }

    pub fn tier(&self) -> Tier {
        self.graph.tier
    }

    /// Whether a resource of this type has these fields already: rules and
    /// attachments that say the same are refused a second time.
    pub fn has(&self, tf_kind: &str, fields: &[(&str, &Expr)]) -> bool {
        self.resources.iter().filter_map(|it| it.tf.as_ref()).any(|side| {
            side.kind == tf_kind
                && fields.iter().all(|(name, value)| {
                    side.fields.iter().any(|it| it.0 == *name && it.1 == **value)
                })
        })
    }

    /// Adds a resource that both formats have. `suffix` tells apart the
    /// resources of one component; its main one has none.
    pub fn add(
        &mut self,
        component: &Component,
        suffix: &str,
        tf: &'static str,
        cfn: &'static str,
    ) -> Draft<'_> {
        self.push(component, suffix, Some(tf), Some(cfn))
    }

    /// Adds a resource that only Terraform needs, such as a part of another.
    pub fn tf_only(
        &mut self,
        component: &Component,
        suffix: &str,
        kind: &'static str,
    ) -> Draft<'_> {
        self.push(component, suffix, Some(kind), None)
    }

    /// Adds a resource that only CloudFormation needs.
    pub fn cfn_only(
        &mut self,
        component: &Component,
        suffix: &str,
        kind: &'static str,
    ) -> Draft<'_> {
        self.push(component, suffix, None, Some(kind))
    }

    fn push(
        &mut self,
        component: &Component,
        suffix: &str,
        tf: Option<&'static str>,
        cfn: Option<&'static str>,
    ) -> Draft<'_> {
        let stem = component.id.snake();
        let mut key = if suffix.is_empty() { stem } else { format!("{stem}_{suffix}") };
        if self.keys.contains(&key) {
            let free = (2..).find(|n| !self.keys.contains(&format!("{key}_{n}"))).unwrap_or(2);
            key = format!("{key}_{free}");
        }
        self.keys.insert(key.clone());
        let side = |kind| Side { kind, fields: Vec::new() };
        self.resources.push(Resource {
            key,
            component: component.id.clone(),
            concern: self.concern,
            tf: tf.map(side),
            cfn: cfn.map(side),
            depends_on: BTreeSet::new(),
            cfn_depends_on: BTreeSet::new(),
            comment: None,
            skips: Vec::new(),
            retain: false,
            place: Place::Main,
        });
        let at = self.resources.len() - 1;
        Draft { resource: &mut self.resources[at] }
    }

    /// Goes on with a resource that was added before.
    pub fn edit(&mut self, handle: &Handle) -> Option<Draft<'_>> {
        let resource = self.resources.iter_mut().find(|it| it.key == handle.0)?;
        Some(Draft { resource })
    }

    /// Declares an input and answers with its value. A second declaration of
    /// the same name is the same input.
    pub fn variable(&mut self, name: &str, variable: Variable) -> Expr {
        self.variables.entry(name.to_owned()).or_insert(variable);
        Expr::Var(name.to_owned())
    }

    pub fn output(&mut self, name: &str, description: &str, value: impl Into<Expr>) {
        self.outputs.insert(
            name.to_owned(),
            Output { description: description.to_owned(), value: value.into() },
        );
    }

    /// Gives a component an environment variable.
    pub fn env(&mut self, component: &NodeId, name: impl Into<String>, value: impl Into<Expr>) {
        self.environment.entry(component.clone()).or_default().insert(name.into(), value.into());
    }

    /// Gives a component's role a permission.
    pub fn allow(&mut self, component: &NodeId, statement: Statement) {
        let held = self.permissions.entry(component.clone()).or_default();
        if !held.contains(&statement) {
            held.push(statement);
        }
    }

    pub fn facet(&mut self, component: &Component, facet: Facet) {
        self.facets.insert(component.id.clone(), facet);
    }

    /// The physical name of a component's resource: `<prefix>-<environment>-<id>`.
    pub fn name(&self, component: &Component) -> Expr {
        self.name_with(component, "")
    }

    /// The same with a suffix where a component has several named resources.
    pub fn name_with(&self, component: &Component, suffix: &str) -> Expr {
        let tail = if suffix.is_empty() {
            format!("-{}", component.id)
        } else {
            format!("-{}-{suffix}", component.id)
        };
        Expr::Join(vec![Expr::Var("name_prefix".to_owned()), tail.into()])
    }

    pub fn diagnose(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}
