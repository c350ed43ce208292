//! What a question is about: options and components.

use super::View;
use super::words::Words;
use crate::engine::bind::binding_of;
use crate::engine::graph::{Component, Graph, Kind, RelationalStyle, Spec, Tier};
use crate::engine::requirements;

/// The components that a question names, and the services that no option has.
pub(super) struct Subject<'a> {
    /// Of the option in view.
    pub parts: Vec<&'a Component>,
    /// Of another option, where the one in view has none of them.
    pub elsewhere: Vec<(Tier, &'a Component)>,
    /// Named, and in no option: canonical name and how it was written.
    pub absent: Vec<(&'static str, String)>,
}

impl<'a> Subject<'a> {
    pub(super) fn of(view: &View<'a>, asked: &Words) -> Self {
        let named = requirements::services_named(&asked.text);
        let graph = &view.design.graph;
        let mut parts = find(graph, asked, &named);
        let mut elsewhere = Vec::new();
        if parts.is_empty() {
            for other in &view.analysis.options {
                if other.graph.tier != graph.tier && elsewhere.is_empty() {
                    let found = find(&other.graph, asked, &named);
                    elsewhere.extend(found.into_iter().map(|it| (other.graph.tier, it)));
                }
            }
        }
        let mut absent: Vec<(&'static str, String)> = Vec::new();
        for it in &named {
            let there = view.analysis.options.iter().any(|option| {
                option.graph.components.iter().any(|component| is_meant(component, it))
            });
            if !there && !absent.iter().any(|known| known.0 == it.service) {
                absent.push((it.service, it.text.clone()));
            }
        }
        if parts.len() > 1 {
            narrow(&mut parts, asked);
        }
        Self { parts, elsewhere, absent }
    }

    pub(super) fn is_none(&self) -> bool {
        self.parts.is_empty() && self.elsewhere.is_empty()
    }
}

fn find<'a>(
    graph: &'a Graph,
    asked: &Words,
    named: &[requirements::ServiceNamed],
) -> Vec<&'a Component> {
    let by_title = |it: &&Component| {
        // A title of one common word is matched by kind below, not here.
        let title = Words::of(&it.title);
        let id = it.id.as_str().replace('-', " ");
        asked.has(title_text(&title).as_str()) || asked.has(&id)
    };
    let by_service = |it: &&Component| named.iter().any(|named| is_meant(it, named));
    let by_kind =
        |it: &&Component| kind_words(it.spec.kind()).is_some_and(|words| asked.has(words));
    let mut out: Vec<&Component> = graph.components.iter().filter(by_title).collect();
    if out.is_empty() {
        out = graph.components.iter().filter(by_service).collect();
    }
    // "NAT gateway" is not some other gateway: a product is meant, or none.
    if out.is_empty() && named.iter().all(|it| it.by_kind) {
        out = graph.components.iter().filter(by_kind).collect();
    }
    out
}

fn title_text(title: &Words) -> String {
    title.iter().collect::<Vec<_>>().join(" ")
}

/// Whether a named service is this component: the product itself, or its kind.
fn is_meant(component: &Component, named: &requirements::ServiceNamed) -> bool {
    let Some(binding) = binding_of(&component.spec) else { return false };
    if let Spec::RelationalDatabase(it) = &component.spec
        && named.service == "rds"
        && let Some(aurora) = named.aurora
    {
        let is = matches!(it.style, RelationalStyle::Cluster | RelationalStyle::Serverless);
        return is == aurora;
    }
    binding.service == named.service
        || named.by_kind && requirements::fills_the_role(binding.service, named.service)
}

/// What people call a kind besides its products.
fn kind_words(kind: Kind) -> Option<&'static str> {
    use Kind::*;
    Some(match kind {
        RelationalDatabase | KeyValueStore | DocumentDatabase | GraphDatabase | WideColumnStore
        | TimeSeriesStore => "database|databases|db|data store|datastore",
        Cache | DurableCache | KeyValueCache => "cache|caching|caches",
        ObjectStore => "bucket|buckets|object storage|object store|file storage",
        NatGateway => "nat|nat gateway|nat gateways|nat gw",
        LoadBalancer => "load balancer|balancer|alb|nlb",
        Cdn => "cdn|content delivery",
        Network => "network|vpc|subnets|subnet",
        NetworkEndpoints => "endpoints|private endpoints|vpc endpoints|endpoint",
        DnsZone => "dns|domain",
        Certificate => "certificate|certificates|tls|ssl",
        WebFirewall => "firewall|waf|web firewall",
        Function => "function|functions|lambda|lambdas",
        ContainerService => "container|containers|fargate|ecs|web application|application|app",
        KubernetesCluster => "kubernetes|k8s|cluster",
        VirtualMachines => {
            "vm|vms|virtual machine|virtual machines|server|servers|machines|instances"
        }
        MachineScaling => "auto scaling|autoscaling",
        HttpApi => "api|api gateway|gateway|rest api",
        GraphqlApi => "graphql|api|graphql api",
        Queue => "queue|queues",
        Topic => "topic|topics|notifications",
        EventBus => "event bus|bus|events",
        Stream => "stream|streams",
        Workflow => "workflow|state machine",
        Schedule => "schedule|scheduler|timetable|cron",
        SearchIndex => "search|search index",
        Warehouse => "warehouse|data warehouse",
        FileSystem | FileServer => "file system|shared files|file share",
        BackupPlan => "backup|backups",
        UserDirectory => "sign in|login|user pool|users table|authentication",
        EncryptionKey => "key|keys|encryption key|kms",
        Secret => "secret|secrets|passwords",
        AuditTrail => "audit|audit trail|audit log|cloudtrail",
        ThreatDetection => "threat detection|guardduty",
        Monitoring => "monitoring|alarms|metrics|alerts|dashboard",
        LogStore => "logs|log store|logging",
        Tracing => "tracing|traces",
        ImageRegistry => "registry|container registry|images",
        FoundationModel => "model|language model|llm",
        _ => return None,
    })
}

/// Of several that fit, those whose own title is said.
fn narrow(parts: &mut Vec<&Component>, asked: &Words) {
    let said: Vec<&Component> = parts
        .iter()
        .copied()
        .filter(|it| {
            let title = Words::of(&it.title);
            let mut long = title.iter().filter(|word| word.len() > 3).peekable();
            long.peek().is_some() && long.all(|word| asked.has(word))
        })
        .collect();
    if !said.is_empty() {
        *parts = said;
    }
}

/// The option that a question names.
pub(super) fn tier(asked: &Words) -> Option<Tier> {
    Tier::ALL.into_iter().find(|tier| {
        let name = tier.name();
        ["option", "one", "tier", "design", "variant", "plan", "version"]
            .iter()
            .any(|noun| asked.has(&format!("{name} {noun}")))
            || ["in", "of", "for", "with", "under", "option", "about"]
                .iter()
                .any(|before| asked.has(&format!("{before} {name}")))
                && !asked.has("best for|good for|better for|of good quality")
    })
}

/// "Database (Amazon Aurora)": what it is here, and what the provider calls it.
pub(super) fn called(component: &Component) -> String {
    let product = product(component);
    if product.is_empty()
        || component.title.contains(&product)
        || product.contains(&component.title)
    {
        return if product.len() > component.title.len() {
            product
        } else {
            component.title.clone()
        };
    }
    format!("{} ({product})", component.title)
}

/// The provider's name, as particular as it can be.
pub(super) fn product(component: &Component) -> String {
    let title = binding_of(&component.spec).map_or("", |it| it.title);
    match &component.spec {
        Spec::RelationalDatabase(it) => {
            let engine = match it.engine.name() {
                "postgres" => "PostgreSQL",
                "mysql" => "MySQL",
                "mariadb" => "MariaDB",
                "sqlserver" => "SQL Server",
                _ => "Oracle",
            };
            match it.style {
                RelationalStyle::Cluster => format!("Amazon Aurora {engine}"),
                RelationalStyle::Serverless => format!("Amazon Aurora Serverless {engine}"),
                _ => format!("{title} for {engine}"),
            }
        }
        _ => title.to_owned(),
    }
}

/// What a component costs a month in its option.
pub(super) fn monthly(view: &View, component: &Component) -> f64 {
    let own = view.design.cost.lines.iter().filter(|it| it.component == component.id);
    own.map(|it| it.monthly).sum()
}

/// "in the better option".
pub(super) fn in_option(tier: Tier) -> String {
    format!("in the {} option", tier.name())
}
