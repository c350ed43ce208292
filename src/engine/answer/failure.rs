//! What happens when something fails, and what comes back.

use super::subject::{Subject, called, in_option};
use super::words::Words;
use super::{Answer, View, enumerate, lower_first};
use crate::engine::analysis::minutes_text;
use crate::engine::estimate::is_single;
use crate::engine::estimate::recovery::Scenario;
use crate::engine::graph::{Component, Kind, Spec};
use serde_json::Value;

const FAILS: &str = "fail|fails|failed|failing|failure|down|dies|die|crash|crashes|breaks|break|broken|outage|unavailable|lost|lose|loses|\
    stops|stop|goes offline|offline|disaster|burns|destroyed|gone|falls over|fall over|disappears|unreachable|goes dark|survive|survives|tolerate|withstand";

/// "What happens when a zone fails?", "does it survive the loss of the region?"
pub(super) fn failure(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    let by_mistake = asked.has(
        "deletes|deleted|delete the data|by mistake|by accident|accidentally|drop table|drops a table|drops the table|\
         corrupt|corrupted|corruption|ransomware|wrong data|data loss|hacked|human error|wipes|overwritten",
    );
    if !asked.has(FAILS) && !by_mistake {
        return None;
    }
    // "Will it break at 10k users?" is about load.
    if asked.has("users|requests|traffic|load|spike|rps") && !asked.has("zone|region|az") {
        return None;
    }
    let name = if by_mistake {
        "mistake"
    } else if asked.has("zone|zones|az|azs|availability zone|data center|data centre|datacenter") {
        "zone"
    } else if asked.has("region|regions") {
        "region"
    } else if let Some(component) = subject.parts.first() {
        return Some(of_component(view, component));
    } else {
        return Some(all(view, "failure"));
    };
    let scenario = view.design.recovery.scenarios.iter().find(|it| it.name == name)?;
    let mut answer =
        Answer::on("failure").of(view).text(told(view, scenario)).about(&scenario.because);
    if name == "zone" {
        let single: Vec<&Component> = stopped(view);
        answer = if single.is_empty() {
            answer.text("Every part on the way of a request runs in more than one zone, or is run by the provider in several.")
        } else {
            let names: Vec<&str> = single.iter().map(|it| it.title.as_str()).collect();
            let verb = if names.len() == 1 { "runs" } else { "run" };
            answer
                .text(format!(
                    "{} {verb} in one zone at a time: if it is that one, this part stops until it is started in another.",
                    enumerate(&names)
                ))
                .about(single.iter().map(|it| &it.id))
        };
    }
    if name == "region" && view.design.graph.recovery_region.is_none() {
        answer = answer
            .text("Say \"add a second region\" to see what it costs to recover in another one.");
    }
    Some(beside(answer, view, name))
}

/// What the neighbours promise for the same case.
fn beside(answer: Answer, view: &View, name: &str) -> Answer {
    let mut rows = vec![vec!["Option".to_owned(), "Back after".to_owned(), "Data lost".to_owned()]];
    for option in &view.analysis.options {
        if let Some(it) = option.recovery.scenarios.iter().find(|it| it.name == name) {
            rows.push(vec![option.graph.tier.name().to_owned(), back(it), lost(it)]);
        }
    }
    let differ = rows.iter().skip(2).any(|it| it[1..] != rows[1][1..]);
    if differ { answer.table(rows) } else { answer.text("All three options are alike in this.") }
}

pub(super) fn back(it: &Scenario) -> String {
    it.rto_minutes.map_or_else(
        || "not recovered".to_owned(),
        |it| if it < 1.0 { "at once".to_owned() } else { minutes_text(it) },
    )
}

pub(super) fn lost(it: &Scenario) -> String {
    it.rpo_minutes.map_or_else(
        || "all of it".to_owned(),
        |it| if it < 1.0 { "none".to_owned() } else { format!("the last {}", minutes_text(it)) },
    )
}

fn told(view: &View, it: &Scenario) -> String {
    let graph = &view.design.graph;
    let by = it.because.as_ref().and_then(|id| graph.component(id));
    let whose = by.map_or_else(String::new, |by| format!(" {} decides that.", called(by)));
    let case = match it.name {
        "zone" => "When a zone fails",
        "mistake" => "When data is deleted by mistake",
        _ => "When the region fails",
    };
    let option = graph.tier.name();
    match (it.rto_minutes, it.rpo_minutes) {
        (Some(rto), Some(rpo)) if rto < 1.0 && rpo < 1.0 => {
            format!("{case}, the {option} option goes on working and no data is lost. {}", it.how)
        }
        (Some(rto), Some(rpo)) => format!(
            "{case}, the {option} option is back {} and {}. {}{whose}",
            if rto < 1.0 { "at once".to_owned() } else { format!("after {}", minutes_text(rto)) },
            if rpo < 1.0 {
                "no data is lost".to_owned()
            } else {
                format!("up to {} of data is lost", minutes_text(rpo))
            },
            it.how,
        ),
        _ => format!("{case}, the {option} option does not recover. {}{whose}", it.how),
    }
}

/// Parts that one zone takes with it.
fn stopped<'a>(view: &View<'a>) -> Vec<&'a Component> {
    let graph = &view.design.graph;
    let all = graph.components.iter();
    all.filter(|it| is_single(graph, it) && !matches!(it.spec, Spec::KeyValueStore(_))).collect()
}

fn of_component(view: &View, component: &Component) -> Answer {
    let graph = &view.design.graph;
    let mut answer = Answer::on("failure").of(view).about([&component.id]);
    let users: Vec<&str> = graph
        .sources(&component.id)
        .filter(|(_, it)| !matches!(it.spec.kind(), Kind::BackupPlan | Kind::Monitoring))
        .map(|(_, it)| it.title.as_str())
        .collect();
    let mut users: Vec<&str> = users;
    users.dedup();
    let runs_once =
        is_single(graph, component) && !matches!(component.spec, Spec::KeyValueStore(_));
    answer = answer.text(if runs_once {
        format!(
            "{} runs once {}. While it is down, {}.",
            called(component),
            in_option(graph.tier),
            if users.is_empty() {
                "what it does stands still".to_owned()
            } else {
                format!("{} cannot use it", enumerate(&users))
            }
        )
    } else {
        format!(
            "{} has more than one copy, or the provider runs it in several zones {}: when one copy fails, the others go on.",
            called(component),
            in_option(graph.tier)
        )
    });
    let decided = view
        .design
        .recovery
        .scenarios
        .iter()
        .filter(|it| it.because.as_ref() == Some(&component.id));
    let cases: Vec<String> = decided
        .map(|it| {
            format!("{}: {}, data lost: {}. {}", it.title, lower_first(&back(it)), lost(it), it.how)
        })
        .collect();
    answer = answer.list(cases);
    let buffered: Vec<&str> = graph
        .sources(&component.id)
        .filter(|(_, it)| {
            matches!(
                it.spec.kind(),
                Kind::Queue | Kind::Stream | Kind::KafkaCluster | Kind::MessageBroker
            )
        })
        .map(|(_, it)| it.title.as_str())
        .collect();
    if !buffered.is_empty() {
        answer = answer.text(format!(
            "What arrives meanwhile waits in {} and is worked off later.",
            enumerate(&buffered)
        ));
    }
    answer
}

/// "What is the RTO?", "how fast do we recover?"
pub(super) fn recovery(view: &View, asked: &Words) -> Option<Answer> {
    let asks = asked.has(
        "rto|rpo|recovery time|recovery point|recover|recovery|disaster recovery|dr plan|how long until it is back|\
         how much data can we lose|how much data could we lose|how much data would we lose|how much data do we lose|restore time",
    );
    let particular = asked.has("zone|region|deletes|mistake|backup|backups");
    (asks && !particular).then(|| {
        let answer = all(view, "recovery");
        let needs = &view.analysis.requirements.needs;
        let mut goals = Vec::new();
        if let Some(rto) = needs.rto_minutes {
            goals.push(format!("to be back within {}", minutes_text(rto)));
        }
        if let Some(rpo) = needs.rpo_minutes {
            goals.push(format!("to lose at most {} of data", minutes_text(rpo)));
        }
        if goals.is_empty() {
            answer.text("No recovery goal was stated. Say one to have the options sized for it: \"RTO 1 hour, RPO 5 minutes\".")
        } else {
            answer.text(format!("The goal is {}.", enumerate(&goals)))
        }
    })
}

fn all(view: &View, topic: &'static str) -> Answer {
    let mut rows = vec![vec![
        "Case".to_owned(),
        "Back after (RTO)".to_owned(),
        "Data lost (RPO)".to_owned(),
        "How".to_owned(),
    ]];
    for it in &view.design.recovery.scenarios {
        rows.push(vec![it.title.to_owned(), back(it), lost(it), it.how.to_owned()]);
    }
    let decides = view.design.recovery.scenarios.iter().filter_map(|it| it.because.as_ref());
    Answer::on(topic)
        .of(view)
        .text(format!("When something fails {}:", in_option(view.design.graph.tier)))
        .table(rows)
        .about(decides)
}

/// "How long is the backup kept?", "how long do you keep logs?"
pub(super) fn backups(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    let backup = asked.has("backup|backups|backed up|back up|snapshot|snapshots|point in time");
    let kept = asked.has("kept|keep|keeps|retained|retention|retain|store logs|stored for|how long|how many days|how often");
    let kept_of = asked.has("log|logs|audit|data|records|retention|history|files|versions");
    if !(backup || kept && kept_of && asked.has("kept|keep|retained|retention|retain|how long")) {
        return None;
    }
    // "Why is there a backup?" asks for its reason.
    if asked.has("why|cost|costs|expensive|need|for what|what for") {
        return None;
    }
    let graph = &view.design.graph;
    let mut items = Vec::new();
    let mut about = Vec::new();
    for component in &graph.components {
        let fields = component.spec.fields();
        let days = |name: &str| {
            fields.iter().find(|it| it.0 == name).and_then(|it| it.1.as_u64()).filter(|it| *it > 0)
        };
        let line = match component.spec.kind() {
            Kind::BackupPlan => days("daily_retention_days").map(|daily| {
                let monthly = days("monthly_retention_days")
                    .map_or_else(String::new, |it| format!(", monthly copies for {it} days"));
                let away = match &component.spec {
                    Spec::BackupPlan(it) if it.copy_to_region => ", and a copy in another region",
                    _ => "",
                };
                let locked = match &component.spec {
                    Spec::BackupPlan(it) if it.locked => "; nobody can delete them before",
                    _ => "",
                };
                let what: Vec<&str> =
                    graph.targets(&component.id).map(|(_, it)| it.title.as_str()).collect();
                let of = if what.is_empty() {
                    String::new()
                } else {
                    format!(" of {}", enumerate(&what))
                };
                format!(
                    "{}: daily copies{of} are kept {daily} days{monthly}{away}{locked}.",
                    called(component)
                )
            }),
            Kind::RelationalDatabase
            | Kind::DocumentDatabase
            | Kind::GraphDatabase
            | Kind::FileServer => days("backup_days").map(|it| {
                format!(
                    "{}: can be restored to any minute of the last {it} days.",
                    called(component)
                )
            }),
            Kind::KeyValueStore
                if fields.contains(&("point_in_time_recovery", Value::Bool(true))) =>
            {
                // DynamoDB keeps 35 days of continuous backups.
                // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html
                Some(format!(
                    "{}: can be restored to any second of the last 35 days.",
                    called(component)
                ))
            }
            Kind::Cache => days("snapshot_days")
                .map(|it| format!("{}: daily snapshots are kept {it} days.", called(component))),
            Kind::ObjectStore => match &component.spec {
                Spec::ObjectStore(it) => {
                    let mut text = if it.versioned {
                        format!("{}: earlier versions of files are kept", called(component))
                    } else {
                        format!("{}: files are kept without earlier versions", called(component))
                    };
                    if let Some(days) = it.expire_after_days {
                        text.push_str(&format!("; files are deleted after {days} days"));
                    }
                    if let Some(days) = it.lock_days {
                        text.push_str(&format!("; nobody can delete them for {days} days"));
                    }
                    text.push('.');
                    Some(text)
                }
                _ => None,
            },
            Kind::LogStore => days("retention_days")
                .map(|it| format!("{}: logs are kept {it} days.", called(component))),
            Kind::AuditTrail => days("retention_days")
                .map(|it| format!("{}: audit records are kept {it} days.", called(component))),
            _ => None,
        };
        let meant = subject.parts.is_empty()
            || component.spec.kind() == Kind::BackupPlan && backup
            || subject.parts.iter().any(|it| it.id == component.id)
            || subject.parts.iter().any(|it| it.spec.kind() == Kind::BackupPlan);
        if let Some(line) = line
            && meant
        {
            items.push(line);
            about.push(&component.id);
        }
    }
    let answer = Answer::on("backup").of(view);
    Some(if items.is_empty() {
        answer.text(format!(
            "Nothing is backed up {}: no part of it keeps data that would be lost.",
            in_option(graph.tier)
        ))
    } else {
        answer.list(items).about(about)
    })
}
