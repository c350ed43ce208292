//! What must hold for any needs, and what some systems are expected to become.

use super::services::{self, Meaning};
use super::{Economy, Plan, Policy, plan};
use crate::engine::graph::specs::{RelationalStyle, Spec};
use crate::engine::graph::{Graph, Kind, Tier, pairs};
use crate::engine::requirements::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn mention(service: &'static str) -> Mention {
    Mention {
        service,
        cloud: Cloud::Aws,
        stance: Stance::Wanted,
        count: 1,
        details: BTreeMap::new(),
        span: [0, 1],
        confidence: 1.0,
    }
}

fn workload(kind: WorkloadKind) -> Workload {
    Workload { kind, name: String::new(), span: [0, 1] }
}

fn needs() -> Needs {
    Needs { describes_system: true, title: "Test system".to_owned(), ..Needs::default() }
}

fn named(services: &[&'static str], flows: &[(usize, Intent, usize)]) -> Needs {
    Needs {
        mentions: services.iter().map(|it| mention(it)).collect(),
        flows: flows
            .iter()
            .map(|(from, intent, to)| Flow { from: *from, to: *to, intent: *intent, span: [0, 1] })
            .collect(),
        ..needs()
    }
}

fn planned(needs: Needs) -> Plan {
    let requirements = Requirements { needs, ..Requirements::default() };
    plan(&requirements, &Policy::default(), Economy::default())
}

fn good(plan: &Plan) -> &Graph {
    &plan.graphs[0]
}

/// The services of a graph that shape its design, in order of their names.
fn shape(graph: &Graph) -> Vec<&'static str> {
    let kinds = graph.components.iter().map(|it| it.spec.kind());
    let shaping = kinds.filter(|it| services::shapes_the_design(*it));
    let names: BTreeSet<_> = shaping.map(services::service_of).collect();
    names.into_iter().collect()
}

fn lines(graph: &Graph) -> Vec<String> {
    let line = |it: &crate::engine::graph::Connection| {
        format!("{} {} {}", it.from, format!("{:?}", it.intent).to_lowercase(), it.to)
    };
    graph.connections.iter().map(line).collect()
}

#[test]
fn three_named_services_become_three_services() {
    let plan = planned(named(
        &["s3", "lambda", "dynamodb"],
        &[(0, Intent::Invokes, 1), (1, Intent::Writes, 2)],
    ));
    assert_eq!(shape(good(&plan)), ["dynamodb", "lambda", "s3"]);
    assert_eq!(lines(good(&plan)), ["bucket invokes function", "function writes table"]);
    assert!(!good(&plan).has(Kind::Network));
    assert_eq!(shape(&plan.graphs[2]), ["dynamodb", "lambda", "s3"]);
}

#[test]
fn a_function_that_reads_from_a_queue_is_invoked_by_it() {
    let plan = planned(named(&["lambda", "sqs"], &[(0, Intent::Reads, 1)]));
    assert_eq!(lines(good(&plan)), ["queue invokes function"]);
}

#[test]
fn an_api_that_nothing_answers_gets_a_function() {
    let plan = planned(named(&["api-gateway"], &[]));
    assert_eq!(shape(good(&plan)), ["api-gateway", "lambda"]);
}

#[test]
fn a_function_is_inside_the_network_only_to_reach_a_database() {
    let plan = planned(named(&["lambda", "rds"], &[]));
    let inside = |it: &crate::engine::graph::Component| matches!(&it.spec, Spec::Function(it) if it.in_network);
    assert!(good(&plan).components.iter().any(inside));
    assert!(good(&plan).has(Kind::Network));
    assert!(!good(&plan).has(Kind::NatGateway));
}

fn portal() -> Needs {
    Needs {
        workloads: vec![workload(WorkloadKind::WebApp)],
        load: Load { users: Some(50_000.0), ..Load::default() },
        compliance: [Compliance::Hipaa].into(),
        data: [DataClass::Health].into(),
        residency: Some("eu".to_owned()),
        ..needs()
    }
}

#[test]
fn a_described_portal_is_completed() {
    let plan = planned(portal());
    let graph = good(&plan);
    assert_eq!(graph.region, "eu-west-1");
    assert_eq!(shape(graph), ["cloudfront", "cognito", "ecs", "elb", "rds", "s3"]);
    for kind in [
        Kind::EncryptionKey,
        Kind::AuditTrail,
        Kind::BackupPlan,
        Kind::WebFirewall,
        Kind::Secret,
        Kind::Monitoring,
        Kind::Network,
        Kind::Certificate,
    ] {
        assert!(graph.has(kind), "{} is missing", kind.name());
    }
    let kept = graph.components.iter().find_map(|it| match &it.spec {
        Spec::AuditTrail(it) => Some(it.retention_days),
        _ => None,
    });
    assert_eq!(kept, Some(2192));
    insta::assert_snapshot!(lines(graph).join("\n"), @r"
    web reads secrets
    balancer serves web
    cdn serves files
    cdn serves balancer
    web reads database
    web writes database
    dns resolves cdn
    users authenticates balancer
    web reads files
    web writes files
    certificate authenticates cdn
    firewall serves cdn
    backup reads database
    nat serves network
    endpoints serves network
    ");
}

#[test]
fn options_differ_in_what_matters() {
    let plan = planned(portal());
    let styles: Vec<_> = plan
        .graphs
        .iter()
        .flat_map(|it| &it.components)
        .filter_map(|it| match &it.spec {
            Spec::RelationalDatabase(it) => Some((it.style, it.replicas)),
            _ => None,
        })
        .collect();
    assert_eq!(
        styles,
        [
            (RelationalStyle::Single, 0),
            (RelationalStyle::MultiZone, 0),
            (RelationalStyle::Cluster, 2)
        ]
    );
    let best = &plan.graphs[2];
    assert!(best.has(Kind::ThreatDetection) && best.has(Kind::SecurityPosture));
    assert_eq!(best.recovery_region.as_deref(), Some("eu-central-1"));
}

#[test]
fn an_availability_goal_holds_for_the_cheapest_option_too() {
    let plan = planned(Needs { availability: Some(0.9995), ..portal() });
    let style = good(&plan).components.iter().find_map(|it| match &it.spec {
        Spec::RelationalDatabase(it) => Some(it.style),
        _ => None,
    });
    assert_eq!(style, Some(RelationalStyle::MultiZone));
}

#[test]
fn serverless_is_obeyed() {
    let preferences = Preferences { serverless: Some(true), ..Preferences::default() };
    let plan = planned(Needs { preferences, ..portal() });
    for graph in &plan.graphs {
        assert!(graph.has(Kind::Function) && !graph.has(Kind::ContainerService));
    }
}

#[test]
fn lock_in_is_avoided_with_open_engines() {
    let preferences = Preferences { open_source: Some(true), ..Preferences::default() };
    let workloads = vec![workload(WorkloadKind::WebApp), workload(WorkloadKind::Worker)];
    let plan = planned(Needs { preferences, workloads, ..portal() });
    let services = shape(good(&plan));
    assert!(services.contains(&"mq") && services.contains(&"rds"), "{services:?}");
    assert!(!services.contains(&"sqs"), "{services:?}");
}

#[test]
fn what_the_organisation_forbids_is_an_error_and_not_built() {
    let policy = Policy { forbidden_services: ["dynamodb".to_owned()].into(), ..Policy::default() };
    let needs = named(&["lambda", "dynamodb"], &[]);
    let requirements = Requirements { needs, ..Requirements::default() };
    let plan = plan(&requirements, &policy, Economy::default());
    assert!(!good(&plan).has(Kind::KeyValueStore));
    assert!(plan.diagnostics.iter().any(|it| it.code == "service-forbidden"));
}

#[test]
fn more_users_make_a_larger_system() {
    let small = planned(portal());
    let load = Load { users: Some(20_000_000.0), ..Load::default() };
    let large = planned(Needs { load, ..portal() });
    let tasks = |plan: &Plan| {
        good(plan).components.iter().find_map(|it| match &it.spec {
            Spec::ContainerService(it) => Some(it.tasks_max),
            _ => None,
        })
    };
    assert!(tasks(&large) > tasks(&small));
    assert!(good(&large).has(Kind::Cache) && !good(&small).has(Kind::Cache));
}

const WORKLOADS: [WorkloadKind; 50] = {
    use WorkloadKind::*;
    [
        WebApp,
        StaticSite,
        RestApi,
        GraphqlApi,
        Realtime,
        MobileBackend,
        Microservices,
        Worker,
        Scheduled,
        Batch,
        EventDriven,
        StreamProcessing,
        DataLake,
        Warehouse,
        Etl,
        Dashboards,
        MlTraining,
        MlInference,
        GenAi,
        DocumentProcessing,
        ImageAnalysis,
        SpeechToText,
        Search,
        IotIngest,
        VideoProcessing,
        FileTransfer,
        FileShare,
        Email,
        PushNotification,
        Workflow,
        CiCd,
        Cms,
        Ecommerce,
        GameServer,
        Migration,
        BackupArchive,
        Desktop,
        VirtualMachine,
        ContainerPlatform,
        RelationalStore,
        KeyValueStore,
        DocumentStore,
        GraphStore,
        TimeSeriesStore,
        ObjectStore,
        Cache,
        MessageQueue,
        PubSub,
        UserSignIn,
        LoadBalancing,
    ]
};

#[test]
fn every_described_workload_becomes_something() {
    for kind in WORKLOADS {
        let plan = planned(Needs { workloads: vec![workload(kind)], ..needs() });
        let parts = shape(good(&plan));
        assert!(!parts.is_empty(), "{kind:?} becomes nothing");
        let lonely = plan.diagnostics.iter().find(|it| it.code == "unconnected-component");
        assert_eq!(lonely, None, "{kind:?}: {parts:?}");
    }
}

fn amount() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        4 => Just(None),
        4 => (0.0..1e9f64).prop_map(Some),
        1 => proptest::num::f64::ANY.prop_map(Some),
    ]
}

fn stance() -> impl Strategy<Value = Stance> {
    prop_oneof![
        6 => Just(Stance::Wanted),
        1 => Just(Stance::Existing),
        1 => Just(Stance::Replaced),
        2 => Just(Stance::Excluded),
        1 => Just(Stance::Passing),
        1 => Just(Stance::Implied),
    ]
}

fn any_mention() -> impl Strategy<Value = Mention> {
    (0..services::AWS.len(), stance(), 0u32..20, any::<bool>()).prop_map(
        |(service, stance, count, detail)| Mention {
            stance,
            count,
            details: if detail {
                [("variant", "aurora".to_owned()), ("nodes", "3".to_owned())].into()
            } else {
                BTreeMap::new()
            },
            ..mention(services::AWS[service].0)
        },
    )
}

fn any_needs() -> impl Strategy<Value = Needs> {
    let intents = prop_oneof![
        Just(Intent::Reads),
        Just(Intent::Writes),
        Just(Intent::Invokes),
        Just(Intent::Publishes),
        Just(Intent::Subscribes),
        Just(Intent::Streams),
        Just(Intent::Serves),
        Just(Intent::Resolves),
        Just(Intent::Authenticates),
        Just(Intent::Replicates),
    ];
    let flow = (0usize..12, 0usize..12, intents).prop_map(|(from, to, intent)| Flow {
        from,
        to,
        intent,
        span: [0, 1],
    });
    let wish = || proptest::option::of(any::<bool>());
    (
        proptest::collection::vec(any_mention(), 0..12),
        proptest::collection::vec(
            (0..WORKLOADS.len()).prop_map(|it| workload(WORKLOADS[it])),
            0..6,
        ),
        proptest::collection::vec(flow, 0..10),
        (amount(), amount(), amount(), amount(), amount()),
        (amount(), amount(), amount(), amount()),
        (wish(), wish(), wish(), wish(), wish(), any::<bool>(), any::<bool>()),
        (any::<bool>(), any::<bool>(), proptest::option::of("eu|us|de|mars")),
    )
        .prop_map(|(mentions, workloads, flows, load, goals, wishes, flags)| Needs {
            mentions,
            workloads,
            flows,
            load: Load {
                users: load.0,
                concurrent_users: load.1,
                requests_per_second: load.2,
                storage_gb: load.3,
                item_kb: load.4,
                ..Load::default()
            },
            availability: goals.0,
            rto_minutes: goals.1,
            rpo_minutes: goals.2,
            budget: goals.3,
            preferences: Preferences {
                serverless: wishes.0,
                kubernetes: wishes.1,
                containers: wishes.2,
                virtual_machines: wishes.3,
                open_source: wishes.4,
                private_only: wishes.5,
                scale_to_zero: wishes.6,
                ..Preferences::default()
            },
            multi_region: flags.0,
            compliance: if flags.1 { [Compliance::Hipaa].into() } else { BTreeSet::new() },
            residency: flags.2,
            ..needs()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_needs_become_three_sound_graphs(needs in any_needs(), level in 0u8..5) {
        let requirements = Requirements { needs: needs.clone(), ..Requirements::default() };
        let first = plan(&requirements, &Policy::default(), Economy::level(level));
        prop_assert_eq!(&first, &plan(&requirements, &Policy::default(), Economy::level(level)));
        let tiers: Vec<_> = first.graphs.iter().map(|it| it.tier).collect();
        prop_assert_eq!(tiers, Tier::ALL.to_vec());
        for graph in &first.graphs {
            let ids: BTreeSet<_> = graph.components.iter().map(|it| &it.id).collect();
            prop_assert_eq!(ids.len(), graph.components.len(), "an id is used twice");
            for it in &graph.connections {
                let (from, to) = (graph.component(&it.from), graph.component(&it.to));
                prop_assert!(from.is_some() && to.is_some(), "{} -> {}", it.from, it.to);
                let (from, to) = (from.unwrap().spec.kind(), to.unwrap().spec.kind());
                prop_assert!(pairs::supported(from, it.intent, to), "{from:?} {:?} {to:?}", it.intent);
            }
            for mention in &needs.mentions {
                let Some(Meaning::Part(kind)) = services::meaning(mention.cloud, mention.service) else { continue };
                if mention.stance == Stance::Excluded && mention.details.is_empty() {
                    prop_assert!(!graph.has(kind), "{} is excluded", mention.service);
                }
                let told = first.diagnostics.iter().any(|it| {
                    matches!(it.code, "service-forbidden" | "conflicting-wishes") && it.message.contains(mention.service)
                });
                if mention.stance == Stance::Wanted {
                    prop_assert!(graph.has(kind) || told, "{} is lost", mention.service);
                }
            }
            for component in &graph.components {
                for (field, value) in component.spec.fields() {
                    let number = value.as_f64().unwrap_or(0.0);
                    prop_assert!(number >= 0.0 && number.is_finite(), "{} {field} {value}", component.id);
                }
                prop_assert!(!component.reason.text.is_empty());
            }
        }
    }
}
