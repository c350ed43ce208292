//! From [`Requirements`] to three graphs: good, better and best.
//!
//! One way for each option: what the text names is placed as it is named
//! ([`named`]); what it describes is completed by rule ([`described`]); parts
//! are connected as the text says, then as their kinds ask for ([`connect`]);
//! what an option adds for resilience and isolation follows ([`tiers`]), and
//! last the network that all this needs ([`network`]). Sizes are computed from
//! load by the file of each concern with the formulas of [`sizing`].
//!
//! What holds: named services are in every option or a diagnostic says why not;
//! nothing excluded is in any; every connection is one of
//! [`pairs`](super::graph::pairs); equal requirements give equal plans.

mod compute;
mod connect;
mod data;
mod described;
mod details;
mod edge;
mod habits;
mod identity;
mod messaging;
mod named;
mod network;
mod observability;
mod parts;
pub mod profile;
mod recovery;
mod regions;
pub mod services;
pub mod sizing;
mod special;
mod tiers;

#[cfg(test)]
mod tests;

pub use super::policy::Policy;

use super::diag::{Diagnostic, Severity, Span};
use super::graph::specs::Spec;
use super::graph::{Graph, Kind, NodeId, Reason, Tier};
use super::requirements::{Needs, Requirements};
use profile::Profile;
use serde::Serialize;
use std::collections::BTreeMap;

/// How hard money presses. Each level drops what the least hard need requires:
/// 1 detection and comfort, 2 spare copies and zones, 3 standbys that no goal
/// asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Economy(u8);

impl Economy {
    pub const MOST: u8 = 3;

    pub fn level(level: u8) -> Self {
        Self(level.min(Self::MOST))
    }

    pub fn get(self) -> u8 {
        self.0
    }
}

/// The three options and why they are as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Good, better, best; empty when the text describes no system.
    pub graphs: Vec<Graph>,
    pub decisions: Vec<Decision>,
    pub diagnostics: Vec<Diagnostic>,
    pub demand: Demand,
}

/// The load that sizes were computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Demand {
    pub requests_per_month: f64,
    pub average_rps: f64,
    pub peak_rps: f64,
    /// What one request keeps a processor busy.
    pub cpu_seconds: f64,
}

/// A choice with what spoke for it and what for the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// What is decided: `compute`, `database`, `recovery` …
    pub topic: &'static str,
    pub choice: String,
    pub because: String,
    /// What else there is, and why not.
    pub alternatives: Vec<(String, String)>,
    /// What follows from it, good or bad.
    pub consequence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    pub components: Vec<NodeId>,
    /// The options it holds for.
    pub tiers: Vec<Tier>,
}

/// What the rules look at while an option is made.
#[derive(Clone, Copy)]
struct Ctx<'a> {
    needs: &'a Needs,
    policy: &'a Policy,
    profile: &'a Profile,
    tier: Tier,
    economy: u8,
}

impl Ctx<'_> {
    /// Share of a processor that may be busy at peak.
    fn utilisation(&self) -> f64 {
        if self.economy >= 1 { sizing::LEAN_UTILISATION } else { sizing::TARGET_UTILISATION }
    }

    /// Data survives the loss of a zone without being restored.
    fn standby(&self) -> bool {
        self.profile.standby_needed || (self.tier >= Tier::Better && self.economy < 3)
    }

    fn zones(&self) -> u32 {
        if self.tier == Tier::Best && self.economy < 2 { 3 } else { 2 }
    }

    /// Copies that serve reads.
    fn replicas(&self) -> u32 {
        u32::from(self.tier == Tier::Best && self.economy < 2)
    }

    /// Least copies of a program.
    fn copies(&self) -> u32 {
        match self.tier {
            _ if self.economy >= 3 && !self.profile.standby_needed => 1,
            Tier::Good => 1 + u32::from(self.profile.standby_needed),
            Tier::Better => 2,
            Tier::Best => self.zones().min(3),
        }
    }

    /// Keys of one's own, longer backups, firewalls: usual in production.
    fn hardened(&self) -> bool {
        self.profile.strict || (self.tier >= Tier::Better && self.economy < 3)
    }

    /// Detection, configuration history, private endpoints, copies elsewhere.
    fn fortified(&self) -> bool {
        self.tier == Tier::Best && self.economy < 1
    }

    fn multi_region(&self) -> bool {
        self.profile.second_region_needed && self.profile.recovery_region.is_some()
    }
}

/// An option in the making.
struct Draft<'a> {
    ctx: Ctx<'a>,
    graph: Graph,
    decisions: Vec<Decision>,
    diagnostics: Vec<Diagnostic>,
    /// What became of each mention.
    named: Vec<Vec<NodeId>>,
    /// What a computing part is for.
    roles: BTreeMap<NodeId, Role>,
}

/// What a computing part is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    /// Answers people and other systems.
    Front,
    /// Works off what others leave for it.
    Worker,
    /// Starts on a timetable.
    Job,
}

impl<'a> Draft<'a> {
    fn new(ctx: Ctx<'a>, project: NodeId) -> Self {
        let graph = Graph {
            tier: ctx.tier,
            project,
            region: ctx.profile.region.clone(),
            recovery_region: None,
            components: Vec::new(),
            connections: Vec::new(),
        };
        Self {
            ctx,
            graph,
            decisions: Vec::new(),
            diagnostics: Vec::new(),
            named: vec![Vec::new(); ctx.needs.mentions.len()],
            roles: BTreeMap::new(),
        }
    }

    /// Adds a component of an allowed kind; `None`, with a note, when the kind
    /// is excluded.
    fn add(
        &mut self,
        id: &str,
        title: &str,
        spec: impl Into<Spec>,
        reason: Reason,
    ) -> Option<NodeId> {
        let spec = spec.into();
        if !self.ctx.profile.allows(spec.kind()) {
            let message = format!(
                "{} would be needed here but may not be used: {}",
                spec.kind().title(),
                reason.text
            );
            self.diagnostics.push(
                Diagnostic::new("excluded-but-needed", Severity::Warning, message)
                    .help("Lift the exclusion, or name what should take its place."),
            );
            return None;
        }
        Some(self.graph.add(id, title, spec, reason))
    }

    /// The first component of a kind, or a new one.
    fn ensure(
        &mut self,
        id: &str,
        title: &str,
        spec: impl Into<Spec>,
        reason: Reason,
    ) -> Option<NodeId> {
        let spec = spec.into();
        match self.graph.first(spec.kind()) {
            Some(known) => Some(known.id.clone()),
            None => self.add(id, title, spec, reason),
        }
    }

    fn has(&self, kind: Kind) -> bool {
        self.graph.has(kind)
    }

    fn has_any(&self, kinds: &[Kind]) -> bool {
        kinds.iter().any(|it| self.graph.has(*it))
    }

    fn ids(&self, kinds: &[Kind]) -> Vec<NodeId> {
        let of = |it: &&super::graph::Component| kinds.contains(&it.spec.kind());
        self.graph.components.iter().filter(of).map(|it| it.id.clone()).collect()
    }

    fn decide(&mut self, decision: Decision) {
        self.decisions.push(decision);
    }
}

impl Decision {
    fn new(topic: &'static str, choice: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            topic,
            choice: choice.into(),
            because: because.into(),
            alternatives: Vec::new(),
            consequence: String::new(),
            span: None,
            components: Vec::new(),
            tiers: Vec::new(),
        }
    }

    fn instead_of(mut self, what: impl Into<String>, why_not: impl Into<String>) -> Self {
        self.alternatives.push((what.into(), why_not.into()));
        self
    }

    fn so(mut self, consequence: impl Into<String>) -> Self {
        self.consequence = consequence.into();
        self
    }

    fn at(mut self, span: Option<Span>) -> Self {
        self.span = span;
        self
    }

    fn on(mut self, components: impl IntoIterator<Item = NodeId>) -> Self {
        self.components.extend(components);
        self
    }
}

/// Plans three options. `economy` asks for leaner ones when a budget is missed.
pub fn plan(requirements: &Requirements, policy: &Policy, economy: Economy) -> Plan {
    let needs = &requirements.needs;
    let mut plan = Plan::default();
    if !needs.describes_system {
        return plan;
    }
    let profile = Profile::of(needs, &requirements.assumptions, policy);
    plan.diagnostics.extend(profile.diagnostics.iter().cloned());
    plan.demand = Demand {
        requests_per_month: profile.requests_per_month,
        average_rps: profile.average_rps,
        peak_rps: profile.peak_rps,
        cpu_seconds: profile.cpu_seconds,
    };
    let title = policy.project.as_deref().unwrap_or(&needs.title);
    let project = project_name(title, policy.name_prefix.as_deref().unwrap_or_default());
    for tier in Tier::ALL {
        let ctx = Ctx { needs, policy, profile: &profile, tier, economy: economy.get() };
        let draft = draft(ctx, project.clone());
        for decision in draft.decisions {
            keep_decision(&mut plan.decisions, decision, tier);
        }
        for diagnostic in draft.diagnostics {
            if !plan.diagnostics.contains(&diagnostic) {
                plan.diagnostics.push(diagnostic);
            }
        }
        plan.graphs.push(draft.graph);
    }
    plan
}

fn draft(ctx: Ctx<'_>, project: NodeId) -> Draft<'_> {
    let mut draft = Draft::new(ctx, project);
    named::place(&mut draft);
    described::place(&mut draft);
    named::complete(&mut draft);
    edge::place(&mut draft);
    identity::place(&mut draft);
    connect::flows(&mut draft);
    connect::infer(&mut draft);
    tiers::place(&mut draft);
    observability::place(&mut draft);
    recovery::place(&mut draft);
    network::place(&mut draft);
    connect::check(&mut draft);
    tiers::explain(&mut draft);
    draft
}

/// Longest name of a project: names of resources start with it.
const PROJECT_LENGTH: usize = 20;

fn project_name(title: &str, prefix: &str) -> NodeId {
    let mut short = prefix.to_owned();
    for word in title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|it| !it.is_empty()) {
        if short.len() + word.len() + 1 > PROJECT_LENGTH {
            break;
        }
        if !short.is_empty() {
            short.push('-');
        }
        short.push_str(word);
    }
    NodeId::slug(&short, "system")
}

/// The same decision in several options is told once.
fn keep_decision(kept: &mut Vec<Decision>, mut decision: Decision, tier: Tier) {
    let same = |it: &&mut Decision| {
        it.topic == decision.topic && it.choice == decision.choice && it.because == decision.because
    };
    if let Some(known) = kept.iter_mut().find(same) {
        known.tiers.push(tier);
        for id in decision.components {
            if !known.components.contains(&id) {
                known.components.push(id);
            }
        }
    } else {
        decision.tiers = vec![tier];
        kept.push(decision);
    }
}
