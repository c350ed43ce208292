//! Whether it fits: rules, security, speed, capacity, availability, place.

use super::money::{beside, rounded};
use super::subject::{Subject, called, in_option};
use super::words::Words;
use super::{Answer, View, brief_of, enumerate};
use crate::engine::analysis::minutes_text;
use crate::engine::brief::Brief;
use crate::engine::cost::catalogue;
use crate::engine::diag::Severity;
use crate::engine::graph::{Graph, Kind, Spec};
use crate::engine::plan::profile::number;
use crate::engine::requirements::Compliance;
use crate::engine::requirements::settings::percent;

/// "Is it HIPAA compliant?"
pub(super) fn compliance(view: &View, brief: &Brief, asked: &Words) -> Option<Answer> {
    const NAMES: &[(Compliance, &str)] = &[
        (Compliance::Hipaa, "hipaa|hippa|phi"),
        (Compliance::PciDss, "pci|pci dss|pci compliant"),
        (Compliance::Soc2, "soc 2|soc2"),
        (Compliance::Gdpr, "gdpr|dsgvo"),
        (Compliance::FedRamp, "fedramp"),
        (Compliance::Iso27001, "iso 27001|iso27001|iso"),
    ];
    let named: Vec<Compliance> = NAMES.iter().filter(|it| asked.has(it.1)).map(|it| it.0).collect();
    let general = asked.has(
        "compliant|compliance|comply|complies|regulation|regulations|certified|auditor|audit ready",
    );
    if named.is_empty() && !general {
        return None;
    }
    let designed = &view.analysis.requirements.needs.compliance;
    let mut answer = Answer::on("compliance").of(view);
    if named.is_empty() && designed.is_empty() {
        return Some(answer.text(
            "No framework was named, so none is designed for. Known are HIPAA, PCI DSS, SOC 2, GDPR, FedRAMP and ISO 27001: name the one that applies.",
        ));
    }
    let laws: Vec<Compliance> =
        if named.is_empty() { designed.iter().copied().collect() } else { named };
    for law in laws {
        let title = law.title();
        if designed.contains(&law) {
            answer = answer
                .text(format!(
                    "The {} option is designed for {title}: it has the technical controls below. Being compliant also takes what no infrastructure can give.",
                    view.design.graph.tier.name()
                ))
                .list(controls(&view.design.graph))
                .text(remains(law));
            let about: Vec<_> = protecting(&view.design.graph).map(|it| &it.id).collect();
            answer = answer.about(about);
        } else {
            let say = format!("it has to comply with {title}");
            let other = brief_of(brief, &say).analyze();
            answer = answer.text(format!(
                "{title} was not asked for, so it is not designed for. Say \"{say}\" to have it."
            ));
            answer.blocks.extend(beside(view, &other, "compliance").blocks);
            answer = answer.text(remains(law));
        }
    }
    let open: Vec<String> = view
        .analysis
        .diagnostics
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .map(|it| it.message.clone())
        .collect();
    Some(answer.list(open))
}

/// What people and papers have to do.
fn remains(law: Compliance) -> &'static str {
    match law {
        Compliance::Hipaa => {
            "Left to you: a business associate agreement with AWS, a risk analysis, and policies and training for people who see health data."
        }
        Compliance::PciDss => {
            "Left to you: keeping card data out of all other systems, quarterly scans, penetration tests, and the assessment itself."
        }
        Compliance::Soc2 => {
            "Left to you: the controls of the organisation, evidence over months, and an auditor's report."
        }
        Compliance::Gdpr => {
            "Left to you: a legal basis and a record of the processing, answers to the people whose data it is, and agreements with all processors."
        }
        Compliance::FedRamp => {
            "Left to you: an authorisation with its documents and an assessor; most agencies ask for the GovCloud regions."
        }
        Compliance::Iso27001 => {
            "Left to you: the management system around it, and the certification."
        }
    }
}

fn protecting(graph: &Graph) -> impl Iterator<Item = &crate::engine::graph::Component> {
    graph.components.iter().filter(|it| {
        matches!(
            it.spec.kind(),
            Kind::EncryptionKey
                | Kind::AuditTrail
                | Kind::WebFirewall
                | Kind::ThreatDetection
                | Kind::ConfigRecorder
                | Kind::SecurityPosture
                | Kind::BackupPlan
                | Kind::Secret
                | Kind::UserDirectory
                | Kind::Certificate
                | Kind::NetworkEndpoints
                | Kind::VulnerabilityScan
                | Kind::DataDiscovery
                | Kind::NetworkFirewall
                | Kind::DdosProtection
        )
    })
}

/// Protection in words, each from a component that is there.
pub(super) fn controls(graph: &Graph) -> Vec<String> {
    let mut out = Vec::new();
    for it in protecting(graph) {
        let text = match &it.spec {
            Spec::EncryptionKey(_) => {
                "data at rest is encrypted with a key of your own, whose use is recorded".to_owned()
            }
            Spec::AuditTrail(trail) => {
                format!("who did what is recorded and kept {} days", trail.retention_days)
            }
            Spec::WebFirewall(_) => "requests are filtered before they come in".to_owned(),
            Spec::ThreatDetection(_) => "stolen credentials and odd traffic are noticed".to_owned(),
            Spec::ConfigRecorder(_) => "changes of settings are recorded and checked".to_owned(),
            Spec::SecurityPosture(_) => "the account is checked against known practice".to_owned(),
            Spec::BackupPlan(plan) => {
                format!("daily copies are kept {} days", plan.daily_retention_days)
            }
            Spec::Secret(_) => "passwords are kept out of the code".to_owned(),
            Spec::UserDirectory(users) if users.mfa_required => {
                "people sign in with a second factor".to_owned()
            }
            Spec::UserDirectory(_) => "people sign in".to_owned(),
            Spec::Certificate(_) => "everything on the way is encrypted".to_owned(),
            Spec::NetworkEndpoints(_) => {
                "traffic to the cloud's own services stays off the internet".to_owned()
            }
            Spec::VulnerabilityScan(_) => "programs are scanned for known weaknesses".to_owned(),
            Spec::DataDiscovery(_) => "sensitive data in the wrong place is found".to_owned(),
            Spec::NetworkFirewall(_) => "traffic between networks is inspected".to_owned(),
            _ => "attacks by sheer volume are fended off".to_owned(),
        };
        out.push(format!("{}: {text}.", called(it)));
    }
    out
}

/// "Is it secure?", "is the database public?"
pub(super) fn security(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    if !asked.has("secure|security|safe|encrypted|encryption|encrypt|public|exposed|reachable|private|attack|attacks|attackers|hackers|protected|protect|protects|who can access|who can see|ddos|access to|permissions|least privilege") {
        return None;
    }
    if asked.has("why|what is the|what does") && !subject.is_none() {
        return None;
    }
    let graph = &view.design.graph;
    let mut answer = Answer::on("security").of(view);
    let entries: Vec<_> = graph
        .components
        .iter()
        .filter(|it| match &it.spec {
            Spec::LoadBalancer(it) => !it.internal,
            Spec::HttpApi(it) => !it.private,
            Spec::VirtualMachines(it) => it.public,
            Spec::Cdn(_)
            | Spec::GraphqlApi(_)
            | Spec::WebService(_)
            | Spec::WebHosting(_)
            | Spec::AppPlatform(_)
            | Spec::FileTransfer(_) => true,
            _ => false,
        })
        .collect();
    for component in subject.parts.iter().take(2) {
        let open = entries.iter().any(|it| it.id == component.id);
        let callers: Vec<&str> =
            graph.sources(&component.id).map(|(_, it)| it.title.as_str()).collect();
        let mut callers = callers;
        callers.dedup();
        answer = answer
            .text(if open {
                format!("{} can be reached from the internet: it is the way in.", called(component))
            } else if callers.is_empty() {
                format!("{} cannot be reached from the internet.", called(component))
            } else {
                format!(
                    "{} cannot be reached from the internet; {} may use it, each with permissions for just that.",
                    called(component),
                    enumerate(&callers)
                )
            })
            .about([&component.id]);
    }
    let names: Vec<String> = entries.iter().map(|it| called(it)).collect();
    answer = answer.text(if names.is_empty() {
        format!("Nothing {} can be reached from the internet.", in_option(graph.tier))
    } else {
        format!("From the internet one reaches {}; all else is private. Stores are encrypted, and each part has a role with only the permissions that its connections need.", enumerate(&names))
    });
    Some(answer.list(controls(graph)).about(protecting(graph).map(|it| &it.id)))
}

/// "How fast is it?"
pub(super) fn speed(view: &View, asked: &Words) -> Option<Answer> {
    if !asked.has("latency|response time|response times|how fast|slow|slowest|quick|milliseconds|ms|p95|p99|how quickly|speed|delay|lag") {
        return None;
    }
    let it = &view.design.latency;
    if it.path.is_empty() {
        return Some(Answer::on("latency").of(view).text("No part of this answers requests while somebody waits, so there is no response time to speak of."));
    }
    let graph = &view.design.graph;
    let mut rows =
        vec![vec!["On the way".to_owned(), "Median".to_owned(), "95th percentile".to_owned()]];
    for hop in &it.path {
        let title = graph.component(&hop.component).map_or_else(String::new, called);
        rows.push(vec![title, format!("{:.0} ms", hop.p50_ms), format!("{:.0} ms", hop.p95_ms)]);
    }
    let mut answer = Answer::on("latency")
        .of(view)
        .text(format!(
            "A request takes {:.0} ms at the median and {:.0} ms at the 95th percentile {}, at the expected peak of {} requests a second.",
            it.p50_ms,
            it.p95_ms,
            in_option(graph.tier),
            number(view.analysis.demand.peak_rps)
        ))
        .table(rows)
        .about(it.path.iter().map(|it| &it.component));
    if let Some((target, share)) = view.analysis.requirements.needs.latency_ms {
        answer = answer.text(format!("Asked for: {target:.0} ms at percentile {share:.0}."));
    }
    Some(answer.text("Figures of the providers' services are typical values; what your own code does is assumed."))
}

/// "How many requests can it handle?", "will it scale?"
pub(super) fn capacity(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    let asks = asked.has(
        "handle|handles|bottleneck|scale|scales|scaling|throughput|capacity|max requests|maximum|cope|copes|spike|spikes|peak|bursts|load|\
         how many users|how many requests|how many people|enough|traffic|limit|limits|saturated|overloaded",
    );
    if !asks || asked.has("load balancer|why") && !subject.is_none() {
        return None;
    }
    let it = &view.design.latency;
    let graph = &view.design.graph;
    let demand = &view.analysis.demand;
    let mut answer = Answer::on("capacity").of(view).text(format!(
        "It is sized for {} requests a month: {} a second on average and {} at the peak.",
        number(demand.requests_per_month),
        number(demand.average_rps),
        number(demand.peak_rps)
    ));
    if let (Some(most), Some(id)) = (it.max_rps, &it.bottleneck) {
        let title = graph.component(id).map_or_else(String::new, called);
        let times = most / demand.peak_rps.max(1e-9);
        answer = answer
            .text(format!(
                "At most it serves about {} requests a second {}, {} times the expected peak. {title} is the first to reach its limit.",
                number(most.round()),
                in_option(graph.tier),
                number(times)
            ))
            .about([id]);
    } else {
        answer = answer.text("No part on the way of a request has a known limit near that.");
    }
    let grows: Vec<String> = graph
        .components
        .iter()
        .filter_map(|it| match &it.spec {
            Spec::ContainerService(spec) => {
                Some(format!("{}: {} to {} copies.", called(it), spec.tasks_min, spec.tasks_max))
            }
            Spec::KubernetesCluster(spec) => {
                Some(format!("{}: {} to {} nodes.", called(it), spec.nodes_min, spec.nodes_max))
            }
            Spec::MachineScaling(spec) => {
                Some(format!("{}: {} to {} machines.", called(it), spec.min, spec.max))
            }
            Spec::WebService(spec) => Some(format!(
                "{}: {} to {} copies.",
                called(it),
                spec.instances_min,
                spec.instances_max
            )),
            Spec::Function(_) => Some(format!(
                "{}: as many at once as calls come in, up to the limit of the account.",
                called(it)
            )),
            _ => None,
        })
        .collect();
    Some(
        answer.list(grows).text(
            "To size it for more, say for how much: \"200k users\" or \"double the traffic\".",
        ),
    )
}

/// "What is the availability?", "how much downtime?"
pub(super) fn availability(view: &View, asked: &Words, subject: &Subject) -> Option<Answer> {
    if !asked.has("availability|available|sla|slas|uptime|downtime|reliable|reliability|nines|highly available|redundant|resilient") {
        return None;
    }
    let it = &view.design.availability;
    let graph = &view.design.graph;
    if let Some(component) = subject.parts.first()
        && let Some(part) = it.parts.iter().find(|it| it.component == component.id)
    {
        return Some(
            Answer::on("availability")
                .of(view)
                .text(format!(
                    "The provider promises {} for {} as it is built here. Source: {}",
                    percent(part.share),
                    called(component),
                    part.source
                ))
                .about([&component.id]),
        );
    }
    let mut rows =
        vec![vec!["Option".to_owned(), "Availability".to_owned(), "Downtime a month".to_owned()]];
    for option in &view.analysis.options {
        rows.push(vec![
            option.graph.tier.name().to_owned(),
            percent(rounded(option.availability.share)),
            minutes_text(option.availability.downtime_minutes_per_month),
        ]);
    }
    let mut parts: Vec<_> = it.parts.iter().collect();
    parts.sort_by(|a, b| a.share.total_cmp(&b.share));
    let weakest: Vec<String> = parts
        .iter()
        .take(3)
        .filter(|it| it.share < 1.0)
        .filter_map(|it| {
            Some(format!("{} ({})", graph.component(&it.component)?.title, percent(it.share)))
        })
        .collect();
    let mut answer = Answer::on("availability")
        .of(view)
        .text("What the providers' service level agreements promise for all parts that a request needs, multiplied:")
        .table(rows)
        .about(parts.iter().take(3).map(|it| &it.component));
    if !weakest.is_empty() {
        answer = answer.text(format!(
            "The weakest promises {} are those of {}.",
            in_option(graph.tier),
            enumerate(&weakest)
        ));
    }
    if let Some(target) = view.analysis.requirements.needs.availability {
        answer = answer.text(format!("Designed for: {}.", percent(target)));
    }
    Some(answer)
}

/// "Where is the data stored?"
pub(super) fn place(view: &View, asked: &Words) -> Option<Answer> {
    if !asked.has("where|which region|what region|region|regions|located|location|country|countries|leave the eu|data residency|residency|jurisdiction")
        || asked.has("why")
    {
        return None;
    }
    let graph = &view.design.graph;
    let name = |code: &str| {
        catalogue::region("aws", code)
            .map_or_else(|| code.to_owned(), |it| format!("{}, {} ({code})", it.city, it.country))
    };
    let mut answer = Answer::on("place")
        .of(view)
        .text(format!("It runs in {}, and its data is kept there.", name(&graph.region)));
    if let Some(second) = &graph.recovery_region {
        answer = answer.text(format!("Copies to recover from are kept in {}.", name(second)));
    }
    if let Some(it) = graph.first(Kind::Cdn) {
        answer = answer
            .text(format!(
                "{} keeps copies of what it serves for a while near the people who ask for it.",
                called(it)
            ))
            .about([&it.id]);
    }
    let assumed = view.analysis.requirements.assumptions.iter().find(|it| it.kind == "region");
    if let Some(it) = assumed {
        answer =
            answer.text(format!("That was not said by you: {}", super::lower_first(&it.reason)));
    }
    Some(answer)
}
