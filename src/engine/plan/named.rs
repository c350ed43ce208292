//! Services that the text names, exactly as it names them.

use super::compute::{self, Demand};
use super::profile::Scope;
use super::services::{self, Meaning};
use super::{
    Ctx, Draft, Role, data, details, edge, identity, messaging, network, observability, profile,
    recovery, special,
};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason};
use crate::engine::requirements::{Cloud, Intent, Mention, Stance, WorkloadKind as W};

/// Parts that one mention makes at most; beyond that one stands for many.
const MOST_OF_A_KIND: u32 = 8;

/// A part of any kind, sized for its share of the load.
pub(super) fn spec(kind: Kind, ctx: &Ctx, role: Role, parts: u32) -> Spec {
    use Kind::*;
    match kind {
        Function | ContainerService | KubernetesCluster | VirtualMachines | MachineScaling
        | BatchCompute | WebService | AppPlatform => {
            compute::spec(kind, ctx, Demand::of(ctx, role, parts))
        }
        LoadBalancer | HttpApi | GraphqlApi | Cdn | DnsZone | Certificate | WebFirewall
        | GlobalAccelerator | WebHosting => edge::spec(kind, ctx, parts),
        Queue | Topic | EventBus | EventPipe | Schedule | Workflow | Stream | DeliveryStream
        | KafkaCluster | MessageBroker => messaging::spec(kind, ctx, parts),
        UserDirectory | EncryptionKey | Secret | PolicyStore => identity::spec(kind, ctx),
        LogStore | Tracing | AuditTrail | ThreatDetection | DataDiscovery => {
            observability::spec(kind, ctx)
        }
        BackupPlan => recovery::spec(ctx, ctx.profile.database_gb).into(),
        Vpn | DirectConnect | NetworkFirewall | ServiceNetwork => network::spec(kind, ctx),
        RelationalDatabase | KeyValueStore | KeyValueCache | DocumentDatabase | GraphDatabase
        | WideColumnStore | TimeSeriesStore | Cache | DurableCache | SearchIndex | Warehouse
        | ObjectStore | ExpressStore | TableStore | FileSystem | FileServer => {
            data::spec(kind, ctx, parts)
        }
        _ => special::spec(kind, ctx),
    }
}

/// A short id and a title for a part that has no name of its own.
fn names(kind: Kind) -> (&'static str, &'static str) {
    use Kind::*;
    match kind {
        ContainerService => ("service", "Service"),
        KubernetesCluster => ("cluster", "Kubernetes cluster"),
        VirtualMachines => ("servers", "Servers"),
        MachineScaling => ("scaling", "Auto scaling"),
        BatchCompute => ("batch", "Batch jobs"),
        WebService => ("web", "Web service"),
        AppPlatform => ("app", "Application"),
        WebHosting => ("website", "Website"),
        LoadBalancer => ("balancer", "Load balancer"),
        HttpApi => ("api", "API"),
        GraphqlApi => ("graphql", "GraphQL API"),
        Cdn => ("cdn", "Content delivery"),
        DnsZone => ("dns", "Domain"),
        Certificate => ("certificate", "Certificate"),
        WebFirewall => ("firewall", "Web firewall"),
        GlobalAccelerator => ("accelerator", "Global accelerator"),
        NatGateway => ("nat", "NAT gateway"),
        NetworkEndpoints => ("endpoints", "Private endpoints"),
        RelationalDatabase => ("database", "Database"),
        KeyValueStore => ("table", "Table"),
        DocumentDatabase => ("documents", "Document database"),
        GraphDatabase => ("graph", "Graph database"),
        SearchIndex => ("search", "Search"),
        ObjectStore => ("bucket", "Bucket"),
        BackupPlan => ("backup", "Backup"),
        EventBus => ("bus", "Event bus"),
        EventPipe => ("pipe", "Event pipe"),
        DeliveryStream => ("delivery", "Delivery stream"),
        KafkaCluster => ("kafka", "Kafka"),
        MessageBroker => ("broker", "Message broker"),
        EtlJob => ("etl", "ETL jobs"),
        QueryService => ("queries", "Queries"),
        ModelEndpoint => ("model", "Model"),
        FoundationModel => ("llm", "Foundation model"),
        UserDirectory => ("users", "User sign-in"),
        EncryptionKey => ("key", "Encryption key"),
        Secret => ("secrets", "Secrets"),
        AuditTrail => ("audit", "Audit trail"),
        ThreatDetection => ("threats", "Threat detection"),
        ConfigRecorder => ("configuration", "Configuration history"),
        SecurityPosture => ("posture", "Security posture"),
        DataDiscovery => ("discovery", "Sensitive data discovery"),
        VulnerabilityScan => ("scanner", "Vulnerability scanning"),
        ImageRegistry => ("images", "Container registry"),
        _ => ("", ""),
    }
}

pub(super) fn id_and_title(kind: Kind) -> (String, String) {
    match names(kind) {
        ("", _) => (kind.name().replace('_', "-"), kind.title().to_owned()),
        (id, title) => (id.to_owned(), title.to_owned()),
    }
}

/// Places each service that is wanted by name.
pub(super) fn place(draft: &mut Draft) {
    let needs = draft.ctx.needs;
    for (i, mention) in needs.mentions.iter().enumerate() {
        if !profile::wanted(needs, mention) {
            continue;
        }
        if replaced_by_schedule(draft, mention) {
            continue;
        }
        let elsewhere = mention.cloud != Cloud::Aws && mention.service != "entra-id";
        if elsewhere && needs.clouds == [Cloud::Aws] {
            draft.diagnostics.push(
                Diagnostic::new(
                    "service-of-another-cloud",
                    Severity::Note,
                    format!("{} is not of the cloud that is designed for.", mention.service),
                )
                .help("Say so if an equivalent is wanted here.")
                .at(mention.span),
            );
            continue;
        }
        let kind = match services::meaning(mention.cloud, mention.service) {
            Some(Meaning::Part(kind)) => kind,
            Some(Meaning::Detail(how)) => {
                draft.diagnostics.push(
                    Diagnostic::new(
                        "service-is-detail",
                        Severity::Note,
                        format!("{} is no part of its own: {how}.", mention.service),
                    )
                    .at(mention.span),
                );
                continue;
            }
            Some(Meaning::Unsupported) | None => {
                draft.diagnostics.push(
                    Diagnostic::new(
                        "service-without-binding",
                        Severity::Warning,
                        format!("{} is known by name but cannot be built yet.", mention.service),
                    )
                    .help("Build it by hand next to the design, or name another service.")
                    .at(mention.span),
                );
                continue;
            }
        };
        if kind == Kind::VirtualMachines && runs_games(draft, mention) {
            draft.diagnostics.push(
                Diagnostic::new(
                    "service-is-detail",
                    Severity::Note,
                    "The machines belong to the game fleet, which runs them itself.",
                )
                .at(mention.span),
            );
            continue;
        }
        if !draft.ctx.profile.allows(kind) {
            let service = services::service_of(kind);
            let by_policy = !draft.ctx.policy.allows_service(service);
            let (code, message) = if by_policy {
                (
                    "service-forbidden",
                    format!("The organisation does not allow {service}, which the text asks for."),
                )
            } else {
                (
                    "conflicting-wishes",
                    format!("{service} is both asked for and excluded; it is left out."),
                )
            };
            draft.diagnostics.push(
                Diagnostic::new(code, Severity::Error, message)
                    .help("Name another service, or lift the rule.")
                    .at(mention.span),
            );
            continue;
        }
        if mention.service == "entra-id" && !needs.clouds.contains(&Cloud::Azure) {
            draft.diagnostics.push(
                Diagnostic::new(
                    "sign-in-elsewhere",
                    Severity::Note,
                    "People keep signing in with Entra ID; the user directory of the design trusts it.",
                )
                .help("Register the design there and give its metadata to the user directory.")
                .at(mention.span),
            );
        } else if mention.cloud != Cloud::Aws {
            draft.diagnostics.push(
                Diagnostic::new(
                    "service-translated",
                    Severity::Note,
                    format!(
                        "{} is built as its equivalent, {}.",
                        mention.service,
                        services::service_of(kind)
                    ),
                )
                .at(mention.span),
            );
        }
        if mention.stance == Stance::Existing && kind != Kind::Network {
            draft.diagnostics.push(
                Diagnostic::new(
                    "existing-service",
                    Severity::Warning,
                    format!(
                        "{} runs already; the code describes it so that the design is whole.",
                        mention.service
                    ),
                )
                .help("Import it into the state before the first apply.")
                .at(mention.span),
            );
        }
        draft.named[i] = components(draft, mention, kind);
    }
    group_machines(draft);
    received_mail(draft);
}

/// Mail that comes in needs the records of its domain.
fn received_mail(draft: &mut Draft) {
    let ctx = draft.ctx;
    let mails = draft.ids(&[Kind::Email]);
    let comes_in = ctx.needs.flows.iter().find(|flow| {
        draft.named.get(flow.from).is_some_and(|it| it.iter().any(|id| mails.contains(id)))
    });
    let Some(flow) = comes_in else { return };
    for component in &mut draft.graph.components {
        if let Spec::Email(it) = &mut component.spec {
            it.receive = true;
        }
    }
    let zone = spec(Kind::DnsZone, &ctx, Role::Front, 1);
    let reason = Reason::words("Mail finds its way by the records of the domain.", flow.span);
    let id = draft.ensure("dns", "Domain", zone, reason);
    if let (Some(id), Some(mail)) = (id, mails.first()) {
        let why = "Mail for the domain arrives here.";
        super::connect::link(draft, &id, Intent::Resolves, mail, why);
    }
}

/// A group without machines keeps those of the usual size.
fn group_machines(draft: &mut Draft) {
    let ctx = draft.ctx;
    if draft.has(Kind::MachineScaling)
        && !draft.has_any(&[Kind::VirtualMachines, Kind::ContainerService, Kind::KubernetesCluster])
    {
        let text = "An auto scaling group keeps machines.";
        let reason = draft
            .graph
            .first(Kind::MachineScaling)
            .and_then(|it| it.reason.span)
            .map_or_else(|| Reason::rule(text), |span| Reason::words(text, span));
        let spec = spec(Kind::VirtualMachines, &ctx, Role::Front, 1);
        if let Some(id) = draft.add("servers", "Servers", spec, reason) {
            draft.roles.insert(id, Role::Front);
        }
    }
}

/// A timetable that is only implied is placed with the workload that follows it.
fn replaced_by_schedule(draft: &Draft, mention: &Mention) -> bool {
    const TIMED: &[W] = &[W::Scheduled, W::Batch, W::Etl];
    mention.stance == Stance::Implied
        && draft.ctx.profile.scope == Scope::Described
        && services::meaning(mention.cloud, mention.service) == Some(Meaning::Part(Kind::EventBus))
        && profile::described(draft.ctx.needs, TIMED).is_some()
}

/// Machines with an instance type in a text about a game fleet are the fleet's.
fn runs_games(draft: &mut Draft, mention: &Mention) -> bool {
    let Some(instance) = mention.details.get("instance") else { return false };
    let spot = mention.details.get("purchase").is_some_and(|it| it == "spot");
    for component in &mut draft.graph.components {
        if let Spec::GameFleet(it) = &mut component.spec {
            it.instance_type.get_or_insert_with(|| instance.clone());
            it.spot |= spot;
            return true;
        }
    }
    false
}

/// One of which a design has only one, however often it is named.
fn is_single(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Network
            | NetworkEndpoints
            | NatGateway
            | Monitoring
            | LogStore
            | Tracing
            | AuditTrail
            | ConfigRecorder
            | ThreatDetection
            | SecurityPosture
            | VulnerabilityScan
            | DataDiscovery
            | EncryptionKey
            | WebFirewall
            | DnsZone
            | Certificate
            | BackupPlan
            | ImageRegistry
            | Secret
            | Parameter
            | DdosProtection
    )
}

fn components(draft: &mut Draft, mention: &Mention, kind: Kind) -> Vec<NodeId> {
    if is_single(kind)
        && let Some(known) = draft.graph.first(kind)
    {
        return vec![known.id.clone()];
    }
    let ctx = draft.ctx;
    let many = mention.count.max(1);
    // Machines are counted in their own part.
    let within = matches!(
        kind,
        Kind::VirtualMachines
            | Kind::MachineScaling
            | Kind::KubernetesCluster
            | Kind::Cache
            | Kind::HadoopCluster
    ) || is_single(kind);
    let parts = if within { 1 } else { many.min(MOST_OF_A_KIND) };
    if !within && many > parts {
        draft.diagnostics.push(
            Diagnostic::new(
                "stands-for-many",
                Severity::Note,
                format!(
                    "{parts} of {many} {} are drawn; each carries its share of the load.",
                    mention.service
                ),
            )
            .at(mention.span),
        );
    }
    let role = role(draft, kind);
    let (id, title) = match mention.details.get("name") {
        Some(name) if !name.trim().is_empty() => (name.clone(), compute::capital(name.trim())),
        _ => id_and_title(kind),
    };
    let total = total(draft, kind).max(parts);
    let mut made = Vec::new();
    for n in 0..parts {
        let mut spec = spec(kind, &ctx, role, total);
        details::apply(&mut spec, &mention.details, many);
        let title = if parts > 1 { format!("{title} {}", n + 1) } else { title.clone() };
        let text = match mention.stance {
            Stance::Implied => "What the text describes cannot be built without it.",
            Stance::Existing => "It runs already, says the text.",
            _ => "The text names it.",
        };
        let id = draft.graph.add(&id, title, spec, Reason::words(text, mention.span));
        if matches!(
            kind,
            Kind::Function
                | Kind::ContainerService
                | Kind::KubernetesCluster
                | Kind::VirtualMachines
                | Kind::WebService
                | Kind::AppPlatform
        ) {
            draft.roles.insert(id.clone(), role);
        }
        made.push(id);
    }
    made
}

/// How many parts of a kind the text asks for, which share the load.
fn total(draft: &Draft, kind: Kind) -> u32 {
    let needs = draft.ctx.needs;
    let of = |it: &&Mention| {
        profile::wanted(needs, it)
            && services::meaning(it.cloud, it.service) == Some(Meaning::Part(kind))
    };
    needs
        .mentions
        .iter()
        .filter(of)
        .map(|it| it.count.clamp(1, MOST_OF_A_KIND))
        .fold(0u32, u32::saturating_add)
        .clamp(1, 100)
}

/// Named compute works off messages when the text has nothing that answers people.
fn role(draft: &Draft, kind: Kind) -> Role {
    let needs = draft.ctx.needs;
    let has = |kinds: &[W]| profile::described(needs, kinds).is_some();
    let named = |kind: Kind| {
        needs.mentions.iter().any(|it| {
            profile::wanted(needs, it)
                && services::meaning(it.cloud, it.service) == Some(Meaning::Part(kind))
        })
    };
    let way_in =
        [Kind::HttpApi, Kind::LoadBalancer, Kind::GraphqlApi, Kind::Cdn].into_iter().any(named);
    if way_in || matches!(kind, Kind::WebService | Kind::AppPlatform) {
        Role::Front
    } else if named(Kind::Schedule) || has(&[W::Scheduled]) && needs.workloads.len() == 1 {
        Role::Job
    } else if named(Kind::Queue)
        || named(Kind::Stream)
        || has(&[W::EventDriven, W::Worker, W::StreamProcessing])
    {
        Role::Worker
    } else {
        Role::Front
    }
}

/// Adds what named parts cannot do anything without.
pub(super) fn complete(draft: &mut Draft) {
    let ctx = draft.ctx;
    let span = |draft: &Draft, kind: Kind| draft.graph.first(kind).and_then(|it| it.reason.span);
    let backed = draft.has_any(&[
        Kind::Function,
        Kind::ContainerService,
        Kind::KubernetesCluster,
        Kind::VirtualMachines,
        Kind::WebService,
        Kind::AppPlatform,
        Kind::Workflow,
        Kind::BatchCompute,
        Kind::ModelEndpoint,
        Kind::FoundationModel,
    ]);
    // An API or a schedule that nothing answers.
    let direct = |draft: &Draft, kind: Kind| {
        ctx.needs.flows.iter().any(|flow| {
            draft.named.get(flow.from).is_some_and(|ids| {
                ids.iter()
                    .any(|id| draft.graph.component(id).is_some_and(|it| it.spec.kind() == kind))
            })
        })
    };
    if !backed
        && draft.has(Kind::HttpApi)
        && !direct(draft, Kind::HttpApi)
        && !draft.has_any(&[
            Kind::Queue,
            Kind::Topic,
            Kind::EventBus,
            Kind::Stream,
            Kind::DeliveryStream,
            Kind::LoadBalancer,
        ])
    {
        let text = "An API needs something that answers.";
        let reason = span(draft, Kind::HttpApi)
            .map_or_else(|| Reason::rule(text), |span| Reason::words(text, span));
        if ctx.profile.allows(Kind::Function) {
            let spec = spec(Kind::Function, &ctx, Role::Front, 1);
            if let Some(id) = draft.add("function", "Function", spec, reason) {
                draft.roles.insert(id, Role::Front);
            }
        }
    }
    if draft.has(Kind::StreamAnalytics) && !draft.has_any(&[Kind::Stream, Kind::KafkaCluster]) {
        let text = "Stream analytics reads from a stream.";
        let reason = span(draft, Kind::StreamAnalytics)
            .map_or_else(|| Reason::rule(text), |span| Reason::words(text, span));
        if let Some(kind) = ctx.profile.choose(&[Kind::Stream, Kind::KafkaCluster]) {
            let (id, title) = id_and_title(kind);
            draft.add(&id, &title, spec(kind, &ctx, Role::Worker, 1), reason);
        }
    }
    public_machines(draft);
}

/// Machines that nothing stands before are reached from the internet.
fn public_machines(draft: &mut Draft) {
    let ctx = draft.ctx;
    let guarded = draft.has_any(&[
        Kind::LoadBalancer,
        Kind::Vpn,
        Kind::DirectConnect,
        Kind::HttpApi,
        Kind::GlobalAccelerator,
        Kind::FleetManager,
        Kind::NatGateway,
    ]);
    let public = !guarded
        && !ctx.profile.completes()
        && !ctx.needs.preferences.private_only
        && !ctx.profile.strict;
    for component in &mut draft.graph.components {
        if let Spec::VirtualMachines(it) = &mut component.spec {
            it.public |= public;
        }
    }
}
