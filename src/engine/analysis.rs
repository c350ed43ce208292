//! From text to three complete options: the whole engine in one call.

use super::bind::stack::Stack;
use super::bind::{self, binding_of};
use super::brief::Step;
use super::cost::bill::Bill;
use super::diag::{Diagnostic, Severity};
use super::emit::terraform::Settings;
use super::emit::{self, Artifact};
use super::estimate::availability::{Availability, availability};
use super::estimate::latency::{Latency, latency};
use super::estimate::recovery::{Recovery, recovery};
use super::graph::{Graph, Tier};
use super::plan::{self, Decision, Demand, Economy, Policy};
use super::requirements::{self, Given, Hints, Requirements, Source};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What was understood, and the three options made of it.
pub struct Analysis {
    pub requirements: Requirements,
    /// Good, better, best; empty when the text describes no system.
    pub options: Vec<Design>,
    pub decisions: Vec<Decision>,
    pub demand: Demand,
    pub diagnostics: Vec<Diagnostic>,
}

/// One option with all that is known about it.
pub struct Design {
    pub graph: Graph,
    pub title: String,
    pub summary: String,
    pub cost: Cost,
    pub wired: Vec<bool>,
    pub availability: Availability,
    pub latency: Latency,
    pub recovery: Recovery,
    pub trade_offs: Vec<String>,
}

/// The bill, added up.
pub struct Cost {
    pub monthly: f64,
    pub low: f64,
    pub high: f64,
    pub lines: Vec<super::cost::bill::Line>,
    pub unpriced: Vec<super::cost::bill::Unpriced>,
}

/// Which code is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Terraform,
    CloudFormation,
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Terraform, Self::CloudFormation];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::CloudFormation => "cloudformation",
        }
    }
}

/// Analyses the first text of a conversation.
pub fn analyze(text: &str, hints: &Hints, policy: &Policy) -> Analysis {
    let given = Given { hints, policy, before: &[], after: &[] };
    complete(requirements::understand_with(text, &given), policy, &mut |_| ())
}

/// Analyses what a later turn makes of earlier requirements.
pub fn revise(previous: &Requirements, text: &str, hints: &Hints, policy: &Policy) -> Analysis {
    let given = Given { hints, policy, before: &[], after: &[] };
    complete(requirements::revise_with(previous, text, &given), policy, &mut |_| ())
}

/// Plans, prices and estimates. When the good option costs more than the
/// budget, leaner plans are tried in turn; what they give up is said.
pub(super) fn complete(
    mut requirements: Requirements,
    policy: &Policy,
    step: &mut dyn FnMut(Step),
) -> Analysis {
    let mut plan = plan::plan(&requirements, policy, Economy::default());
    let mut diagnostics = requirements.diagnostics.clone();
    if requirements.needs.preferences.cost_first {
        leaner(&requirements, policy, &mut plan);
    }
    if let Some(budget) = requirements.needs.budget {
        let mut good = plan.graphs.first().map_or(0.0, |it| price(it).monthly);
        let mut level = 0;
        while good > budget && level < Economy::MOST {
            level += 1;
            // Only the least-cost option gives something up; the others keep what they are for.
            let leaner = plan::plan(&requirements, policy, Economy::level(level));
            let Some(graph) = leaner.graphs.into_iter().next() else { break };
            let cost = price(&graph).monthly;
            if cost < good {
                good = cost;
                plan.graphs[0] = graph;
                adopt(&mut plan.diagnostics, leaner.diagnostics, Tier::Good);
            }
        }
        if good > budget {
            diagnostics.push(
                Diagnostic::new(
                    "budget-infeasible",
                    Severity::Error,
                    format!(
                        "The budget of ${budget:.0} a month does not cover this: the least is ${good:.0}."
                    ),
                )
                .help(give_up(&plan.graphs)),
            );
        }
    }
    diagnostics.extend(plan.diagnostics);
    let demand = plan.demand;
    plan.graphs.iter().for_each(|it| step(Step::Planned(it)));
    let mut options: Vec<Design> = Vec::new();
    for graph in plan.graphs {
        let stack = bind::lower(&graph);
        for diagnostic in &stack.diagnostics {
            if !diagnostics.contains(diagnostic) {
                diagnostics.push(diagnostic.clone());
            }
        }
        let wired = stack.wired.clone();
        drop(stack);
        step(Step::Wired(&graph, &wired));
        let cost = price(&graph);
        step(Step::Priced(&graph, &cost));
        options.push(Design {
            title: title(&graph, &requirements),
            summary: summary(&graph),
            cost,
            wired,
            availability: availability(&graph),
            latency: latency(&graph, demand.peak_rps, demand.cpu_seconds),
            recovery: recovery(&graph),
            trade_offs: Vec::new(),
            graph,
        });
    }
    if requirements.facts.iter().any(|it| it.kind == "availability")
        && let Some(target) = requirements.needs.availability
    {
        diagnostics.extend(options.iter().filter_map(|it| below_target(it, target)));
    }
    if let Some(good) = options.first() {
        promised(&mut requirements, good.availability.share);
    }
    for n in 0..options.len() {
        options[n].trade_offs = trade_offs(&options, n);
    }
    Analysis { requirements, options, decisions: plan.decisions, demand, diagnostics }
}

/// Money comes first: better gets along with lean sizes, and good also without
/// what no goal asks for. What that gives up is said.
fn leaner(requirements: &Requirements, policy: &Policy, plan: &mut plan::Plan) {
    for (nth, level) in [(0, 2), (1, 1)] {
        let lean = plan::plan(requirements, policy, Economy::level(level));
        let (Some(now), Some(graph)) = (plan.graphs.get_mut(nth), lean.graphs.into_iter().nth(nth))
        else {
            continue;
        };
        if price(&graph).monthly < price(now).monthly {
            *now = graph;
            let tier = Tier::ALL[nth];
            adopt(&mut plan.diagnostics, lean.diagnostics, tier);
        }
    }
}

/// Takes over the remarks of a leaner plan of which one option is used.
fn adopt(known: &mut Vec<Diagnostic>, leaner: Vec<Diagnostic>, tier: Tier) {
    let own = format!("the {} option", tier.name());
    for it in leaner {
        let of_another = it.code == "given-up-for-budget" && !it.message.contains(&own);
        if !of_another && !known.contains(&it) {
            known.push(it);
        }
    }
}

/// Where no availability is asked for, what is assumed is what the least-cost
/// option holds.
fn promised(requirements: &mut Requirements, share: f64) {
    let assumed = requirements
        .assumptions
        .iter_mut()
        .find(|it| it.kind == "availability" && it.source == Source::Engine);
    let Some(it) = assumed else { return };
    if it.value.as_f64().is_some_and(|it| share < it) {
        let held = GOALS.into_iter().find(|it| *it <= share);
        it.value = json!(held.unwrap_or((share * 100.0).floor() / 100.0));
        it.reason = "No availability is asked for; the SLAs of the least-cost option hold this, \
                     and the better options give more."
            .to_owned();
    }
}

/// Availabilities that people agree upon.
const GOALS: [f64; 7] = [0.999, 0.995, 0.99, 0.98, 0.97, 0.95, 0.9];

/// The remark about an option whose services promise less than was asked for.
fn below_target(design: &Design, target: f64) -> Option<Diagnostic> {
    let share = design.availability.share;
    if share >= target {
        return None;
    }
    let mut parts: Vec<_> = design.availability.parts.iter().collect();
    parts.sort_by(|a, b| a.share.total_cmp(&b.share));
    let weakest: Vec<String> = parts
        .iter()
        .take(3)
        .map(|it| format!("{} ({:.3} %)", it.component, it.share * 100.0))
        .collect();
    Some(
        Diagnostic::new(
            "availability-not-promised",
            Severity::Warning,
            format!(
                "The SLAs of the {} option multiply to {:.3} %, below the {:.3} % asked for; the weakest are {}.",
                design.graph.tier.name(),
                share * 100.0,
                target * 100.0,
                weakest.join(", ")
            ),
        )
        .help("Providers usually do better than they promise; to be promised more, take parts off the request path or run them in two regions."),
    )
}

/// What an option costs a month.
pub fn price(graph: &Graph) -> Cost {
    price_at(graph, 1.0)
}

/// What it costs at a multiple of the expected load: sizes stay as designed,
/// usage and what scales by itself move.
pub fn price_at(graph: &Graph, load: f64) -> Cost {
    let mut bill = Bill::at(graph, load);
    for component in &graph.components {
        if let Some(binding) = binding_of(&component.spec) {
            (binding.cost)(&mut bill, component);
        }
    }
    Cost {
        monthly: bill.lines.iter().map(|it| it.monthly).sum(),
        low: bill.lines.iter().map(|it| it.low).sum(),
        high: bill.lines.iter().map(|it| it.high).sum(),
        lines: bill.lines,
        unpriced: bill.unpriced,
    }
}

/// The files of an option in one format.
pub fn generate(graph: &Graph, format: Format, settings: &Settings) -> Vec<Artifact> {
    files(&bind::lower(graph), &price(graph), format, settings)
}

/// The same, of what is lowered and priced already.
pub fn files(stack: &Stack<'_>, cost: &Cost, format: Format, settings: &Settings) -> Vec<Artifact> {
    let mut files = match format {
        Format::Terraform => emit::terraform::files(stack, settings),
        Format::CloudFormation => emit::cloudformation::files(stack, &settings.tags),
    };
    if format == Format::Terraform {
        files.extend(programs(stack));
    }
    let readme = emit::readme::text(stack, format, cost, &files);
    files.push(Artifact::text("README.md", readme));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn programs(stack: &Stack<'_>) -> Vec<Artifact> {
    stack
        .files
        .iter()
        .map(|(path, content)| Artifact { path: path.clone(), content: content.clone() })
        .collect()
}

/// The dearest parts, as what to look at first when money is short.
fn give_up(graphs: &[Graph]) -> String {
    let Some(graph) = graphs.first() else { return String::new() };
    let cost = price(graph);
    let mut sums: Vec<(String, f64)> = graph
        .components
        .iter()
        .map(|it| {
            let sum = cost
                .lines
                .iter()
                .filter(|line| line.component == it.id)
                .map(|line| line.monthly)
                .sum();
            (it.title.clone(), sum)
        })
        .collect();
    sums.sort_by(|a, b| b.1.total_cmp(&a.1));
    let most: Vec<String> = sums
        .iter()
        .take(3)
        .filter(|it| it.1 > 0.0)
        .map(|(title, sum)| format!("{title} (${sum:.0})"))
        .collect();
    format!(
        "Most of it is {}. Raise the budget, lower the load, or drop one of these.",
        most.join(", ")
    )
}

fn title(graph: &Graph, requirements: &Requirements) -> String {
    let name = &requirements.needs.title;
    let what = match graph.tier {
        Tier::Good => "least cost",
        Tier::Better => "balanced",
        Tier::Best => "most resilient",
    };
    if name.is_empty() { what.to_owned() } else { format!("{name}, {what}") }
}

/// The main services, in the order that requests reach them.
fn summary(graph: &Graph) -> String {
    let mut names: Vec<&str> = Vec::new();
    for component in super::estimate::request_path(graph) {
        if let Some(binding) = binding_of(&component.spec)
            && !names.contains(&binding.title)
        {
            names.push(binding.title);
        }
    }
    let rest = graph.components.len().saturating_sub(names.len());
    let shown: Vec<&str> = names.into_iter().take(6).collect();
    let mut text = shown.join(", ");
    if rest > 0 {
        text.push_str(&format!(" and {rest} more in {}", graph.region));
    }
    text
}

/// How an option differs from its neighbours, in figures.
fn trade_offs(options: &[Design], n: usize) -> Vec<String> {
    let own = &options[n];
    let mut out = Vec::new();
    if n > 0 {
        let less = &options[n - 1];
        let name = less.graph.tier.name();
        out.push(format!(
            "Costs ${:.0} a month more than {name}.",
            own.cost.monthly - less.cost.monthly
        ));
        let minutes = less.availability.downtime_minutes_per_month
            - own.availability.downtime_minutes_per_month;
        if minutes >= 0.5 {
            out.push(format!("Promises {minutes:.0} minutes less downtime a month than {name}."));
        }
        for (own, less) in own.recovery.scenarios.iter().zip(&less.recovery.scenarios) {
            match (own.rto_minutes, less.rto_minutes) {
                (Some(now), Some(then)) if then - now >= 1.0 => out.push(format!(
                    "{}: back after {} instead of {}.",
                    own.title,
                    minutes_text(now),
                    minutes_text(then)
                )),
                (Some(now), None) => out.push(format!(
                    "{}: back after {}; {name} does not recover from it.",
                    own.title,
                    minutes_text(now)
                )),
                _ => {}
            }
        }
        let more: Vec<&str> = own
            .graph
            .components
            .iter()
            .filter(|it| less.graph.component(&it.id).is_none())
            .map(|it| it.title.as_str())
            .collect();
        if !more.is_empty() {
            out.push(format!("Adds {}.", more.join(", ")));
        }
    }
    if let Some(more) = options.get(n + 1) {
        let saved = more.cost.monthly - own.cost.monthly;
        if saved >= 0.5 {
            out.push(format!("Saves ${saved:.0} a month against {}.", more.graph.tier.name()));
        }
        let singles: Vec<&str> = own
            .graph
            .components
            .iter()
            .filter(|it| {
                super::estimate::is_single(&own.graph, it)
                    && more
                        .graph
                        .component(&it.id)
                        .is_some_and(|other| !super::estimate::is_single(&more.graph, other))
            })
            .map(|it| it.title.as_str())
            .collect();
        if !singles.is_empty() {
            out.push(format!("A failed zone stops {}.", singles.join(", ")));
        }
    }
    out
}

/// A duration for people.
pub fn minutes_text(minutes: f64) -> String {
    if minutes < 1.0 {
        "no time".to_owned()
    } else if minutes < 120.0 {
        format!("{minutes:.0} min")
    } else if minutes < 2880.0 {
        format!("{:.0} h", minutes / 60.0)
    } else {
        format!("{:.0} days", minutes / 1440.0)
    }
}
