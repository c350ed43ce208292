//! What it costs, what drives it, what would make it cheaper, and what if.

use super::subject::{Subject, called, in_option, monthly};
use super::words::Words;
use super::{Answer, View, brief_of, enumerate, money};
use crate::engine::analysis::{Analysis, Design};
use crate::engine::brief::Brief;
use crate::engine::graph::{Component, Kind, Spec};
use crate::engine::requirements::settings::percent;

const MONEY: &str =
    "cost|costs|price|prices|expensive|bill|money|spend|spending|pay|paying|dollars|budget|$";

/// "What costs most?", "where does the money go?"
pub(super) fn drivers(view: &View, asked: &Words) -> Option<Answer> {
    let most = asked.has("most|biggest|highest|largest|dearest|top|main|drives|driver|drivers|breakdown|break down|where does|why is it so|so much|goes into|most expensive|split");
    if !(asked.has(MONEY) && most) {
        return None;
    }
    let cost = &view.design.cost;
    let parts = dearest(view);
    let total = cost.monthly.max(0.01);
    let mut rows = vec![vec!["Component".to_owned(), "A month".to_owned(), "Share".to_owned()]];
    for (component, sum) in parts.iter().take(6) {
        rows.push(vec![called(component), money(*sum), format!("{:.0} %", sum / total * 100.0)]);
    }
    let top: f64 = parts.iter().take(3).map(|it| it.1).sum();
    let mut answer = Answer::on("cost").of(view);
    if let Some((first, sum)) = parts.first() {
        answer = answer
            .text(format!(
                "{} costs most {}: {} of {} a month. The three dearest parts make up {:.0} %.",
                called(first),
                in_option(view.design.graph.tier),
                money(*sum),
                money(cost.monthly),
                top / total * 100.0
            ))
            .table(rows)
            .about(parts.iter().take(6).map(|it| &it.0.id));
        if let Some(line) = cost
            .lines
            .iter()
            .filter(|it| it.component == first.id)
            .max_by(|a, b| a.monthly.total_cmp(&b.monthly))
        {
            answer = answer.text(format!(
                "Its largest line is {}: {} ({}).",
                line.item,
                money(line.monthly),
                line.formula
            ));
        }
    }
    Some(unpriced(answer, view))
}

fn dearest<'a>(view: &View<'a>) -> Vec<(&'a Component, f64)> {
    let all = view.design.graph.components.iter();
    let mut parts: Vec<(&Component, f64)> =
        all.map(|it| (it, monthly(view, it))).filter(|it| it.1 >= 0.005).collect();
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    parts
}

fn unpriced(answer: Answer, view: &View) -> Answer {
    let unknown: Vec<&str> = view.design.cost.unpriced.iter().map(|it| it.item.as_str()).collect();
    if unknown.is_empty() {
        return answer;
    }
    answer.text(format!("Not in these figures, since no price is known: {}.", enumerate(&unknown)))
}

/// "How much is it?", "what does the database cost?"
pub(super) fn cost(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    if !(asked.has(MONEY) || asked.has("how much is|how much are|how much per month|how much does|how much will|how much do|cheap|free")) {
        return None;
    }
    let answer = Answer::on("cost");
    if let Some(component) = subject.parts.first()
        && !asked.has("budget")
    {
        let lines = view.design.cost.lines.iter().filter(|it| it.component == component.id);
        let items: Vec<String> = lines
            .clone()
            .filter(|it| it.monthly >= 0.005)
            .map(|it| format!("{}: {} ({})", it.item, money(it.monthly), it.formula))
            .collect();
        let low: f64 = lines.clone().map(|it| it.low).sum();
        let high: f64 = lines.map(|it| it.high).sum();
        let sum = monthly(view, component);
        let text = if sum < 0.005 {
            format!(
                "{} costs nothing of its own {}.",
                called(component),
                in_option(view.design.graph.tier)
            )
        } else {
            format!(
                "{} costs {} a month {}; {} at half the load, {} at twice the load.",
                called(component),
                money(sum),
                in_option(view.design.graph.tier),
                money(low),
                money(high)
            )
        };
        return Some(answer.of(view).text(text).list(items).about([&component.id]));
    }
    let mut rows =
        vec![vec!["Option".to_owned(), "A month".to_owned(), "Half to twice the load".to_owned()]];
    for it in &view.analysis.options {
        rows.push(vec![it.graph.tier.name().to_owned(), money(it.cost.monthly), range(it)]);
    }
    let mut answer = answer.text("The monthly cost at list prices, in US dollars:").table(rows);
    if let Some(budget) = view.analysis.requirements.needs.budget {
        let within: Vec<&str> = view
            .analysis
            .options
            .iter()
            .filter(|it| it.cost.monthly <= budget)
            .map(|it| it.graph.tier.name())
            .collect();
        answer = answer.text(if within.is_empty() {
            format!("None is within the budget of {}.", money(budget))
        } else {
            format!("Within the budget of {}: {}.", money(budget), enumerate(&within))
        });
    }
    Some(unpriced(answer, view))
}

/// "$350 to $640".
pub(super) fn range(it: &Design) -> String {
    format!("{} to {}", money(it.cost.low), money(it.cost.high))
}

/// "How can I make it cheaper?"
pub(super) fn levers(view: &View, brief: &Brief, asked: &Words) -> Option<Answer> {
    let cheaper = asked.has(
        "cheaper|save money|save costs|save|reduce cost|reduce costs|reduce the cost|reduce the costs|reduce the bill|lower the cost|lower the costs|\
         lower the bill|lower costs|cut costs|cut cost|cut the cost|cut the bill|less expensive|bring down|bring the cost|spend less|pay less|optimize costs|optimise costs|cost less",
    );
    // "Would it be cheaper in Ohio?" compares with a change.
    if !cheaper || asked.has("what if|if we|would it be cheaper in|would it be cheaper with|would it be cheaper on|cheaper with|cheaper on|cheaper in|cheaper without") {
        return None;
    }
    let mut items: Vec<(f64, String)> = Vec::new();
    let mut offer = |text: &str, say: &str| {
        let other = brief_of(brief, say).analyze();
        let Some(now) = other.options.iter().find(|it| it.graph.tier == view.design.graph.tier)
        else {
            return;
        };
        let saved = view.design.cost.monthly - now.cost.monthly;
        if saved >= 0.5 {
            items.push((saved, format!("{text} Saves {} a month: say \"{say}\".", money(saved))));
        }
    };
    let graph = &view.design.graph;
    let needs = &view.analysis.requirements.needs;
    if !needs.preferences.cost_first {
        offer("Put cost first: leaner sizes, and what no goal asks for goes.", "make it cheaper");
    }
    if graph.recovery_region.is_some() && needs.multi_region {
        offer("Stay in one region.", "use a single region");
    }
    if needs.availability.is_some_and(|it| it > 0.995) {
        offer(
            "Ask for less availability: a single database may then be restored from backup.",
            "99.5% availability is enough",
        );
    }
    if graph.has(Kind::Cache) {
        offer("Do without the cache; the database then answers all reads.", "drop the cache");
    }
    if graph.has(Kind::Cdn)
        && !graph
            .components
            .iter()
            .any(|it| matches!(&it.spec, Spec::Cdn(cdn) if cdn.gb_per_month > 1000.0))
    {
        offer("Do without the content delivery network.", "drop the CDN");
    }
    if graph.components.iter().any(|it| matches!(&it.spec, Spec::ContainerService(it) if !it.spot))
        || graph
            .components
            .iter()
            .any(|it| matches!(&it.spec, Spec::VirtualMachines(it) if !it.spot))
    {
        offer("Run on interruptible capacity, where work can be repeated.", "use spot instances");
    }
    if needs.preferences.serverless.is_none() && graph.has(Kind::ContainerService) {
        offer("Run code only when it is called.", "make it serverless");
    }
    let home = crate::engine::cost::catalogue::region("aws", &graph.region);
    if graph.region != "us-east-1"
        && needs.residency.is_none()
        && home.is_some_and(|it| it.residency == "us")
    {
        offer("Move to the region with the lowest prices.", "move to us-east-1");
    }
    items.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut answer = Answer::on("savings").of(view);
    let index =
        view.analysis.options.iter().position(|it| it.graph.tier == graph.tier).unwrap_or(0);
    if let Some(less) = index.checked_sub(1).and_then(|it| view.analysis.options.get(it)) {
        let saved = view.design.cost.monthly - less.cost.monthly;
        if saved >= 0.5 {
            items.push((
                saved,
                format!(
                    "Take the {} option instead. Saves {} a month; {}.",
                    less.graph.tier.name(),
                    money(saved),
                    gives_up(less)
                ),
            ));
        }
    }
    let parts = dearest(view);
    let top: Vec<String> =
        parts.iter().take(3).map(|it| format!("{} ({})", it.0.title, money(it.1))).collect();
    answer = answer.text(format!(
        "The {} option costs {} a month, most of it for {}.",
        graph.tier.name(),
        money(view.design.cost.monthly),
        enumerate(&top)
    ));
    answer = if items.is_empty() {
        answer.text(
            "No single change that was tried saves anything: a lower load or fewer parts would.",
        )
    } else {
        answer.text("What was tried, and what it saves:").list(items.into_iter().map(|it| it.1))
    };
    Some(answer.about(parts.iter().take(3).map(|it| &it.0.id)))
}

fn gives_up(less: &Design) -> String {
    let zone = less.recovery.scenarios.iter().find(|it| it.name == "zone");
    zone.map_or_else(String::new, |it| {
        format!("a failed zone then means: back after {}", super::failure::back(it))
    })
}

/// "How much for 10x the users?", "what if we move to Frankfurt?"
pub(super) fn what_if(view: &View, brief: &Brief, asked: &Words) -> Option<Answer> {
    let strong = asked.has(
        "what if|suppose|imagine|if we|if i|if traffic|if the traffic|if the load|if load|if it|would it cost|would that cost|would this cost|\
         how much would|how much more|how much less|what would|would it be|what happens if we|what happens when we|say we|with twice|with double",
    );
    let weak = asked.has("how much for|how much with|how much at|how much in|what about|cost for|cost with|cost at|cost in|costs for|and for|and with|and in|price for");
    if !strong && !weak {
        return None;
    }
    let other = brief_of(brief, &asked.text);
    let then = &view.analysis.requirements.needs;
    let read = other.requirements();
    let now = &read.needs;
    let moved = now.load != then.load
        || now.regions != then.regions
        || now.availability != then.availability
        || now.multi_region != then.multi_region
        || now.compliance != then.compliance
        || now.preferences != then.preferences;
    let changed = moved
        || strong && now.mentions != then.mentions
        || strong && now.workloads != then.workloads;
    if !changed {
        return None;
    }
    Some(beside(view, &other.analyze(), "what_if"))
}

/// Both analyses, option by option.
pub(super) fn beside(view: &View, other: &Analysis, topic: &'static str) -> Answer {
    let mut rows = vec![vec![
        "Option".to_owned(),
        "Now".to_owned(),
        "Then".to_owned(),
        "Difference".to_owned(),
        "Availability then".to_owned(),
    ]];
    for (now, then) in view.analysis.options.iter().zip(&other.options) {
        let more = then.cost.monthly - now.cost.monthly;
        rows.push(vec![
            now.graph.tier.name().to_owned(),
            money(now.cost.monthly),
            money(then.cost.monthly),
            if more > 0.5 { format!("+{}", money(more)) } else { money(more) },
            percent(rounded(then.availability.share)),
        ]);
    }
    let mut answer = Answer::on(topic).text("Worked out without changing the design:").table(rows);
    let ids =
        |it: &Design| -> Vec<_> { it.graph.components.iter().map(|it| it.id.clone()).collect() };
    let same = view.analysis.options.iter().zip(&other.options).all(|(now, then)| {
        (now.cost.monthly - then.cost.monthly).abs() < 0.5 && ids(now) == ids(then)
    });
    if same {
        answer.blocks.clear();
        return answer.text("No part and no cost would change: the options meet that already.");
    }
    let tier = view.design.graph.tier;
    if let Some(then) = other.options.iter().find(|it| it.graph.tier == tier) {
        let missing = |of: &Design, other: &Design| -> Vec<String> {
            let all = of.graph.components.iter();
            all.filter(|it| other.graph.component(&it.id).is_none()).map(called).collect()
        };
        let (added, removed) = (missing(then, view.design), missing(view.design, then));
        let mut items = Vec::new();
        if !added.is_empty() {
            items.push(format!("The {} option gains {}.", tier.name(), enumerate(&added)));
        }
        if !removed.is_empty() {
            items.push(format!("The {} option loses {}.", tier.name(), enumerate(&removed)));
        }
        if then.graph.region != view.design.graph.region {
            items.push(format!(
                "It runs in {} instead of {}.",
                then.graph.region, view.design.graph.region
            ));
        }
        answer = answer.list(items);
    }
    let new: Vec<String> = other
        .diagnostics
        .iter()
        .filter(|it| it.severity == crate::engine::diag::Severity::Error)
        .filter(|it| !view.analysis.diagnostics.contains(it))
        .map(|it| it.message.clone())
        .collect();
    answer.list(new).text("Say it as an order to make it so.")
}

/// A share as SLAs write it: no more digits than they promise.
pub(super) fn rounded(share: f64) -> f64 {
    (share * 1e5).round() / 1e5
}
