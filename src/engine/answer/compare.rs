//! The three options side by side, and which to take.

use super::failure::{back, lost};
use super::fit::controls;
use super::money::{range, rounded};
use super::words::Words;
use super::{Answer, View, capital, enumerate, lower_first, money};
use crate::engine::analysis::{Analysis, Design, minutes_text};
use crate::engine::estimate::is_single;
use crate::engine::graph::{Kind, Spec, Tier};
use crate::engine::plan::profile::number;
use crate::engine::requirements::settings::percent;
use serde::Serialize;

/// One line of the cards: what is compared, and its value for good, better, best.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// `cost`, `availability`, `zone` …
    pub key: &'static str,
    pub label: &'static str,
    pub values: [String; 3],
    /// What lies behind a value; empty where there is no more to say.
    pub notes: [String; 3],
    /// Whether an option differs from its neighbour to the left.
    pub differs: [bool; 3],
}

/// The cards' lines; empty when there are no options.
pub fn compare(analysis: &Analysis) -> Vec<Row> {
    let [good, better, best] = analysis.options.as_slice() else { return Vec::new() };
    let all = [good, better, best];
    let row = |key, label, of: &dyn Fn(&Design) -> (String, String)| {
        let [a, b, c] = all.map(of);
        let differs = [false, a.0 != b.0, b.0 != c.0];
        Row { key, label, values: [a.0, b.0, c.0], notes: [a.1, b.1, c.1], differs }
    };
    let scenario = |name: &'static str| {
        move |it: &Design| {
            let found = it.recovery.scenarios.iter().find(|it| it.name == name);
            found.map_or_else(Default::default, |it| {
                let value = match it.rto_minutes {
                    None => "not recovered".to_owned(),
                    Some(rto) if rto < 1.0 && it.rpo_minutes.is_some_and(|it| it < 1.0) => {
                        "goes on working".to_owned()
                    }
                    Some(_) => format!("back: {}; data lost: {}", back(it), lost(it)),
                };
                (value, it.how.to_owned())
            })
        }
    };
    vec![
        row("cost", "Monthly cost", &|it| {
            (money(it.cost.monthly), format!("{} at half and at twice the load", range(it)))
        }),
        row("availability", "Availability", &|it| {
            (
                percent(rounded(it.availability.share)),
                format!(
                    "{} of downtime a month, as the agreements of all parts promise",
                    minutes_text(it.availability.downtime_minutes_per_month)
                ),
            )
        }),
        row("zone", "When a zone fails", &scenario("zone")),
        row("mistake", "When data is deleted by mistake", &scenario("mistake")),
        row("region", "When the region fails", &scenario("region")),
        row("latency", "Response time", &|it| {
            if it.latency.path.is_empty() {
                return ("nobody waits".to_owned(), String::new());
            }
            (
                format!("{:.0} ms, {:.0} ms at p95", it.latency.p50_ms, it.latency.p95_ms),
                String::new(),
            )
        }),
        row("throughput", "Most requests a second", &|it| match (
            it.latency.max_rps,
            &it.latency.bottleneck,
        ) {
            (Some(most), Some(id)) => (
                number(most.round()),
                it.graph
                    .component(id)
                    .map_or_else(String::new, |it| format!("limited by {}", it.title)),
            ),
            _ => ("no known limit".to_owned(), String::new()),
        }),
        row("security", "Security", &|it| (posture(it), controls(&it.graph).join(" "))),
        row("operations", "Operations", &operations),
        row("gives_up", "What you give up", &|it| (gives_up(analysis, it), String::new())),
    ]
}

/// Protection in a few words.
fn posture(it: &Design) -> String {
    let graph = &it.graph;
    let mut out = Vec::new();
    for (kind, text) in [
        (Kind::EncryptionKey, "own keys"),
        (Kind::WebFirewall, "web firewall"),
        (Kind::AuditTrail, "audit trail"),
        (Kind::ThreatDetection, "threat detection"),
        (Kind::ConfigRecorder, "configuration history"),
        (Kind::SecurityPosture, "posture checks"),
        (Kind::NetworkEndpoints, "private endpoints"),
        (Kind::DdosProtection, "DDoS protection"),
    ] {
        if graph.has(kind) {
            out.push(text);
        }
    }
    if out.is_empty() { "encryption, least privilege".to_owned() } else { enumerate(&out) }
}

/// How much there is to look after, and what makes it so.
fn operations(it: &Design) -> (String, String) {
    let of = |wanted: &dyn Fn(&Spec) -> bool| -> Vec<&str> {
        let all = it.graph.components.iter().filter(|it| wanted(&it.spec));
        all.map(|it| it.title.as_str()).collect()
    };
    let patched = of(&|it| {
        matches!(it, Spec::VirtualMachines(_) | Spec::HadoopCluster(_))
            || matches!(it, Spec::KubernetesCluster(it) if !it.serverless_nodes)
            || matches!(it, Spec::ContainerService(it) if it.instance_type.is_some())
    });
    let watched = of(&|it| match it {
        Spec::KafkaCluster(it) => !it.serverless,
        Spec::SearchIndex(it) => !it.serverless,
        Spec::Warehouse(it) => !it.serverless,
        Spec::Cache(it) => !it.serverless,
        Spec::RelationalDatabase(_)
        | Spec::DocumentDatabase(_)
        | Spec::GraphDatabase(_)
        | Spec::MessageBroker(_) => true,
        _ => false,
    });
    let parts = it.graph.components.len();
    let (level, why) = if !patched.is_empty() {
        ("much", format!("machines to patch: {}", enumerate(&patched)))
    } else if !watched.is_empty() {
        ("some", format!("sizes and versions to watch: {}", enumerate(&watched)))
    } else {
        ("little", "every part is run by the provider".to_owned())
    };
    (format!("{level}: {parts} parts"), capital(&why))
}

fn gives_up(analysis: &Analysis, it: &Design) -> String {
    let mut out = Vec::new();
    let single: Vec<&str> = it
        .graph
        .components
        .iter()
        .filter(|component| {
            is_single(&it.graph, component) && !matches!(component.spec, Spec::KeyValueStore(_))
        })
        .map(|it| it.title.as_str())
        .collect();
    if !single.is_empty() {
        out.push(format!("{} in one zone", enumerate(&single)));
    }
    let region = it.recovery.scenarios.iter().find(|it| it.name == "region");
    if region.is_some_and(|it| it.rto_minutes.is_none()) {
        out.push("recovery from a lost region".to_owned());
    }
    if let Some(least) = analysis.options.first() {
        let more = it.cost.monthly - least.cost.monthly;
        if more >= 0.5 {
            out.push(format!("{} a month over {}", money(more), least.graph.tier.name()));
        }
    }
    if out.is_empty() { "nothing that was asked for".to_owned() } else { out.join("; ") }
}

/// Which option to take, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommendation {
    pub tier: Tier,
    /// One or two sentences with the figures that decide.
    pub reason: String,
}

/// The cheapest option that meets what was asked for; without goals the one that
/// survives a zone, unless money comes first.
pub fn recommend(analysis: &Analysis) -> Recommendation {
    let needs = &analysis.requirements.needs;
    let options = &analysis.options;
    let at = |tier: Tier| options.iter().find(|it| it.graph.tier == tier);
    let choose = |tier: Tier, reason: String| Recommendation { tier, reason };
    let (Some(good), Some(better), Some(best)) = (at(Tier::Good), at(Tier::Better), at(Tier::Best))
    else {
        return choose(Tier::Better, "Nothing is designed yet.".to_owned());
    };
    let price = |it: &Design| format!("{} a month", money(it.cost.monthly));
    let affordable = |it: &&Design| needs.budget.is_none_or(|most| it.cost.monthly <= most);
    let within: Vec<&Design> = options.iter().filter(affordable).collect();
    if let (Some(budget), true) = (needs.budget, within.len() < 3) {
        return match within.last() {
            None => choose(
                Tier::Good,
                format!(
                    "No option fits the budget of {}; good comes closest with {}.",
                    money(budget),
                    price(good)
                ),
            ),
            Some(last) => {
                // The best that money allows, but not more than is usual.
                let pick = if last.graph.tier == Tier::Best { better } else { *last };
                choose(
                    pick.graph.tier,
                    format!(
                        "It is the most that the budget of {} allows: {}, and the next one costs {}.",
                        money(budget),
                        price(pick),
                        price(
                            options
                                .iter()
                                .find(|it| it.graph.tier > pick.graph.tier)
                                .unwrap_or(best)
                        )
                    ),
                )
            }
        };
    }
    let unmet = |it: &Design| unmet(analysis, it);
    let (misses_good, misses_better, misses_best) = (unmet(good), unmet(better), unmet(best));
    if misses_best.len() < misses_better.len() {
        return choose(
            Tier::Best,
            format!(
                "Only best gives you {}; it costs {}, {} more than better.",
                enumerate(&gained(&misses_better, &misses_best)),
                price(best),
                money(best.cost.monthly - better.cost.monthly)
            ),
        );
    }
    let more = better.cost.monthly - good.cost.monthly;
    if needs.preferences.cost_first && misses_good.len() <= misses_better.len() {
        return choose(
            Tier::Good,
            format!(
                "You put cost first, and good meets every goal that you stated for {}; better costs {} more.",
                price(good),
                money(more)
            ),
        );
    }
    if misses_better.len() < misses_good.len() {
        return choose(
            Tier::Better,
            format!(
                "It gives you {} for {} more than good.",
                enumerate(&gained(&misses_good, &misses_better)),
                money(more)
            ),
        );
    }
    let zone = |it: &Design| it.recovery.scenarios.iter().find(|it| it.name == "zone").cloned();
    let over = best.cost.monthly - better.cost.monthly;
    let mut reason = match (zone(good), zone(better)) {
        (Some(then), Some(now)) if then.rto_minutes != now.rto_minutes => format!(
            "When a zone fails it is back after {} instead of {}, for {} a month more than good.",
            lower_first(&back(&now)),
            lower_first(&back(&then)),
            money(more)
        ),
        _ => format!(
            "It is the usual choice for production and costs {} a month more than good.",
            money(more)
        ),
    };
    if over >= 0.5 {
        reason
            .push_str(&format!(" Best costs {} on top for more than was asked for.", money(over)));
    }
    choose(Tier::Better, reason)
}

fn gained(less: &[String], more: &[String]) -> Vec<String> {
    less.iter().filter(|it| !more.contains(it)).cloned().collect()
}

/// Goals that were stated and that an option misses.
fn unmet(analysis: &Analysis, it: &Design) -> Vec<String> {
    let needs = &analysis.requirements.needs;
    let mut out = Vec::new();
    if let Some(target) = needs.availability
        && analysis.requirements.facts.iter().any(|it| it.kind == "availability")
        && it.availability.share < target
    {
        out.push(format!("an availability of {}", percent(target)));
    }
    for scenario in
        it.recovery.scenarios.iter().filter(|it| it.name != "region" || needs.multi_region)
    {
        if let Some(goal) = needs.rto_minutes
            && scenario.rto_minutes.is_none_or(|it| it > goal)
        {
            out.push(format!(
                "a recovery within {} ({})",
                minutes_text(goal),
                lower_first(scenario.title)
            ));
        }
        if let Some(goal) = needs.rpo_minutes
            && scenario.rpo_minutes.is_none_or(|it| it > goal)
        {
            out.push(format!(
                "a data loss of at most {} ({})",
                minutes_text(goal),
                lower_first(scenario.title)
            ));
        }
    }
    if needs.multi_region && it.graph.recovery_region.is_none() {
        out.push("a second region".to_owned());
    }
    out
}

/// "Which option should I take?"
pub(super) fn recommendation(view: &View, asked: &Words) -> Option<Answer> {
    let asks = asked.has(
        "recommend|recommendation|recommended|suggest|advise|which option|which one|which should|which of them|which of the three|what should i take|\
         should i take|should we take|should i choose|should i pick|should we pick|should we choose|should i use better|should i go with|your pick|best choice|right choice|which is best|which is right|which plan|which tier",
    );
    if !asks {
        return None;
    }
    let it = recommend(view.analysis);
    let mut rows =
        vec![vec![String::new(), "good".to_owned(), "better".to_owned(), "best".to_owned()]];
    for row in compare(view.analysis) {
        if matches!(row.key, "cost" | "availability" | "zone" | "region") {
            let mut cells = vec![row.label.to_owned()];
            cells.extend(row.values);
            rows.push(cells);
        }
    }
    let mut answer = Answer::on("recommendation")
        .text(format!("{}. {}", capital(it.tier.name()), it.reason))
        .table(rows);
    answer.tier = Some(it.tier);
    Some(answer)
}

/// "What is the difference between better and best?"
pub(super) fn difference(view: &View, asked: &Words) -> Option<Answer> {
    let named: Vec<Tier> = Tier::ALL.into_iter().filter(|it| asked.has(it.name())).collect();
    let asks = asked.has("difference|differences|differ|differs|compare|compared|comparison|vs|versus|extra|more than|upgrade|worth it|side by side|instead of|or|over");
    let options = asked.has("options|three options|option|them|all three|the three|tiers|plans");
    if !asks
        || !(named.len() >= 2
            || options
                && asked
                    .has("difference|differences|differ|compare|comparison|vs|versus|side by side")
            || named.len() == 1 && asked.has("difference|worth it|extra|compared|upgrade|compare"))
    {
        return None;
    }
    let (from, to) = match named.as_slice() {
        [from, .., to] => (*from, *to),
        [Tier::Good] | [] => (Tier::Good, Tier::Best),
        [one] => (if *one == Tier::Best { Tier::Better } else { Tier::Good }, *one),
    };
    let all = if named.is_empty() { vec![0, 1, 2] } else { vec![from as usize, to as usize] };
    let mut rows = vec![{
        let mut head = vec![String::new()];
        head.extend(all.iter().map(|it| Tier::ALL[*it].name().to_owned()));
        head
    }];
    for row in compare(view.analysis) {
        let values: Vec<&String> = all.iter().map(|it| &row.values[*it]).collect();
        if values.windows(2).any(|it| it[0] != it[1]) {
            let mut cells = vec![row.label.to_owned()];
            cells.extend(values.into_iter().cloned());
            rows.push(cells);
        }
    }
    let at = |tier: Tier| view.analysis.options.iter().find(|it| it.graph.tier == tier);
    let (less, more) = (at(from)?, at(to)?);
    let added: Vec<&crate::engine::graph::Component> =
        more.graph.components.iter().filter(|it| less.graph.component(&it.id).is_none()).collect();
    let mut answer = Answer::on("difference").text(format!(
        "{} costs {} a month more than {}.",
        capital(to.name()),
        money(more.cost.monthly - less.cost.monthly),
        from.name()
    ));
    answer.tier = Some(to);
    answer = answer.table(rows);
    if !added.is_empty() {
        let names: Vec<String> = added.iter().map(|it| super::subject::called(it)).collect();
        answer = answer
            .text(format!("{} adds {}.", capital(to.name()), enumerate(&names)))
            .about(added.iter().map(|it| &it.id));
    }
    Some(answer)
}
