//! The parts that described workloads are made of: what answers, works, keeps
//! and carries, each added once and only where nothing named does it already.

use super::compute::{self, Demand, Style};
use super::described::{DATABASES, MOST_SERVICES, RUNS_CODE};
use super::named::{id_and_title, spec};
use super::profile::Scope;
use super::{Decision, Draft, Role, edge};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason};
use crate::engine::requirements::{DataClass, Needs, Workload, WorkloadKind as W};
use Kind::*;

/// Adds one part of a kind unless there is one.
pub(super) fn part(draft: &mut Draft, kind: Kind, reason: Reason) {
    if draft.has(kind) {
        return;
    }
    let (id, title) = id_and_title(kind);
    let spec = spec(kind, &draft.ctx, Role::Front, 1);
    draft.add(&id, &title, spec, reason);
}

/// Adds the first of these kinds that may be used, unless one is there.
pub(super) fn part_of(draft: &mut Draft, kinds: &[Kind], reason: Reason) {
    if draft.has_any(kinds) {
        return;
    }
    let kind = draft.ctx.profile.choose(kinds).unwrap_or(kinds[0]);
    part(draft, kind, reason);
}

pub(super) fn set(draft: &mut Draft, change: impl Fn(&mut Spec)) {
    for component in &mut draft.graph.components {
        change(&mut component.spec);
    }
}

pub(super) fn says_relational(draft: &Draft) -> bool {
    says_relational_of(draft.ctx.needs)
}

pub(super) fn says_relational_of(needs: &Needs) -> bool {
    const ENGINES: &[&str] = &[
        "postgres",
        "postgresql",
        "mysql",
        "mariadb",
        "sqlserver",
        "sql server",
        "mssql",
        "oracle",
        "sql",
    ];
    ENGINES.iter().any(|it| needs.stack.contains(*it))
        || needs.workloads.iter().any(|it| it.kind == W::RelationalStore)
}

/// The only web site of the text is one of files: nobody signs in, nothing runs.
pub(super) fn files_only(draft: &Draft) -> bool {
    let needs = draft.ctx.needs;
    let described = |kinds: &[W]| super::profile::described(needs, kinds).is_some();
    described(&[W::StaticSite])
        && !described(&[W::UserSignIn, W::RelationalStore, W::RestApi, W::Ecommerce, W::Cms])
        && needs.load.users.is_none()
        && !compute::serves_pages(&draft.ctx)
}

/// Ids and titles from names in the text: "orders service" is `orders-service`.
pub(super) fn named_after(workload: &Workload, id: &str, title: &str) -> (String, String) {
    let name = workload.name.trim();
    if name.is_empty() || name.len() > 40 {
        (id.to_owned(), title.to_owned())
    } else {
        (name.to_owned(), compute::capital(name))
    }
}

/// The part that answers people, and the way in.
pub(super) fn front(draft: &mut Draft, workload: &Workload) {
    let ctx = draft.ctx;
    let many = ctx
        .needs
        .workloads
        .iter()
        .filter(|it| matches!(it.kind, W::Microservices))
        .count()
        .min(MOST_SERVICES) as u32;
    let fronts = draft.roles.values().filter(|it| **it == Role::Front).count();
    let separate = workload.kind == W::Microservices && fronts > 0 && (fronts as u32) < many;
    if fronts > 0 && !separate {
        enter(draft, workload);
        return;
    }
    let background = |it: &crate::engine::graph::Component| {
        ctx.profile.scope == Scope::Described
            && draft.roles.get(&it.id).is_some_and(|it| *it != Role::Front)
    };
    let answers = |it: &crate::engine::graph::Component| {
        RUNS_CODE.contains(&it.spec.kind()) && !background(it)
    };
    if draft.graph.components.iter().any(answers) && !separate {
        // What is named answers people, unless it only works in the background.
        enter(draft, workload);
        return;
    }
    let Some(style) = compute::style(&ctx) else { return };
    let (id, title) = match workload.kind {
        W::RestApi | W::GraphqlApi | W::MobileBackend => {
            ("app".to_owned(), "Application".to_owned())
        }
        W::Microservices => named_after(workload, "service", "Service"),
        _ => ("web".to_owned(), "Web application".to_owned()),
    };
    let reason =
        Reason::words(format!("{}: {}.", workload_title(workload), style.because), workload.span);
    let parts = if workload.kind == W::Microservices { many.max(1) } else { 1 };
    compute::place(draft, &id, &title, Role::Front, &style, parts, reason);
    enter(draft, workload);
}

pub(super) fn workload_title(workload: &Workload) -> String {
    if workload.name.trim().is_empty() {
        "The application".to_owned()
    } else {
        compute::capital(workload.name.trim())
    }
}

/// A way in to what answers, unless there is one.
pub(super) fn enter(draft: &mut Draft, workload: &Workload) {
    if draft.has_any(&[HttpApi, GraphqlApi, LoadBalancer, WebService, AppPlatform]) {
        return;
    }
    let runs = |it: &&crate::engine::graph::Component| RUNS_CODE.contains(&it.spec.kind());
    let parts = || draft.graph.components.iter().filter(runs);
    // What answers people comes before what works behind them.
    let front = parts().find(|it| draft.roles.get(&it.id) == Some(&Role::Front));
    let backend = front.or_else(|| parts().next()).map(|it| it.spec.kind());
    if let Some(backend) = backend {
        let reason = Reason::words("Requests come in here.", workload.span);
        edge::way_in(draft, backend, reason);
    }
}

/// The database of an application: by need, engine in use and prohibition.
pub(super) fn database(draft: &mut Draft, workload: &Workload, order: &[Kind]) {
    if draft.has_any(DATABASES) && (order != [RelationalDatabase] || draft.has(RelationalDatabase))
    {
        return;
    }
    let ctx = draft.ctx;
    let stack = &ctx.needs.stack;
    const RUN_BY_ONESELF: &[&str] =
        &["postgres", "mysql", "mariadb", "sqlserver", "oracle", "mongodb", "cassandra"];
    if RUN_BY_ONESELF.iter().any(|it| ctx.needs.self_hosted.contains(it))
        && draft.has(VirtualMachines)
    {
        // "Postgres on the same machine": the machine is the database.
        return;
    }
    let other = ctx.needs.workloads.iter().any(|it| {
        matches!(it.kind, W::KeyValueStore | W::DocumentStore | W::GraphStore | W::TimeSeriesStore)
    });
    if other && order != [RelationalDatabase] && !says_relational(draft) {
        // Another workload of the text says which database it is.
        return;
    }
    let mut order = order.to_vec();
    if stack.contains("mongodb") || stack.contains("mongo") {
        order.insert(0, DocumentDatabase);
    } else if stack.contains("cassandra") || stack.contains("scylla") {
        order.insert(0, WideColumnStore);
    } else if stack.contains("neo4j") {
        order.insert(0, GraphDatabase);
    } else if says_relational(draft) {
        order.insert(0, RelationalDatabase);
    } else if ctx.needs.preferences.scale_to_zero
        || ctx.needs.budget.is_some_and(|it| it < compute::IDLE_SERVERS) && draft.has(Function)
    {
        order.insert(0, KeyValueStore);
    } else if ctx.needs.preferences.open_source == Some(true) {
        order.retain(|it| *it != KeyValueStore);
        order.insert(0, RelationalDatabase);
    }
    let Some(kind) = ctx.profile.choose(&order) else { return };
    let (id, title) = id_and_title(kind);
    let spec = spec(kind, &ctx, Role::Front, 1);
    let (because, against): (String, &[(&str, &str)]) = match kind {
        RelationalDatabase => (
            "Records that belong together change together, and questions are not all known yet."
                .into(),
            &[(
                "Key-value store",
                "scales further, but answers only questions it was laid out for",
            )],
        ),
        KeyValueStore => (
            "Items are found by key, it costs nothing while idle and needs no network.".into(),
            &[("Relational database", "runs at all times and has to be reached inside a network")],
        ),
        DocumentDatabase => (
            "MongoDB is in use; its drivers keep working.".into(),
            &[("Relational database", "would mean to rewrite how data is kept")],
        ),
        _ => ("It fits what is in use.".into(), &[]),
    };
    let reason = Reason::words(because.clone(), workload.span);
    let Some(node) = draft.add(&id, &title, spec.clone(), reason) else { return };
    let size = match &spec {
        Spec::RelationalDatabase(it) => format!(
            "Sized for {} requests a second at peak: {} vCPU, {} GiB, {} GB, {}.",
            super::profile::number(ctx.profile.peak_rps),
            it.vcpu,
            it.memory_gib,
            it.storage_gb,
            it.style.name()
        ),
        _ => format!(
            "Charged by the request: {} a month.",
            super::profile::number(ctx.profile.requests_per_month)
        ),
    };
    let mut decision = Decision::new("database", kind.title(), because)
        .so(size)
        .at(Some(workload.span))
        .on([node]);
    for (what, why_not) in against {
        decision = decision.instead_of(*what, *why_not);
    }
    draft.decide(decision);
}

/// A bucket for pages, styles and uploads of an application.
pub(super) fn website(draft: &mut Draft, workload: &Workload, only: bool) {
    if draft.has(ObjectStore) || draft.has(WebHosting) {
        return;
    }
    let mut bucket = spec(ObjectStore, &draft.ctx, Role::Front, 1);
    if let Spec::ObjectStore(it) = &mut bucket {
        it.purpose = if only { ObjectPurpose::Website } else { ObjectPurpose::Files };
        it.cors = !only;
        if only {
            it.storage_gb = it.storage_gb.min(1.0);
        }
    }
    let reason = if only {
        Reason::words("The site is files only.", workload.span)
    } else {
        Reason::words(
            "Pictures, uploads and other files do not belong into the database.",
            workload.span,
        )
    };
    draft.add(
        if only { "website" } else { "files" },
        if only { "Website" } else { "Files" },
        bucket,
        reason,
    );
    if only {
        set(draft, |it| {
            if let Spec::Cdn(it) = it {
                it.single_page = true;
            }
        });
    }
}

/// A queue and what works it off.
pub(super) fn worker(draft: &mut Draft, workload: &Workload, id: &str, why: &str) {
    let queues = [Queue, Stream, KafkaCluster, MessageBroker, EventBus];
    if !draft.has_any(&queues) {
        broker(draft, &[Queue, MessageBroker], Reason::words(why, workload.span));
    }
    worker_compute(draft, workload, id);
}

/// What carries messages: the cloud's own, or open ones when lock-in is to be avoided.
pub(super) fn broker(draft: &mut Draft, kinds: &[Kind], reason: Reason) {
    let ctx = draft.ctx;
    let stack = &ctx.needs.stack;
    let mut order = kinds.to_vec();
    if stack.contains("kafka") {
        order.insert(0, KafkaCluster);
    } else if stack.contains("rabbitmq")
        || stack.contains("activemq")
        || stack.contains("jms")
        || stack.contains("celery")
        || ctx.needs.preferences.open_source == Some(true)
    {
        order.insert(0, MessageBroker);
    }
    let Some(kind) = ctx.profile.choose(&order) else { return };
    if draft.has(kind) {
        return;
    }
    let (id, title) = id_and_title(kind);
    let spec = spec(kind, &ctx, Role::Worker, 1);
    if let Some(node) = draft.add(&id, &title, spec, reason.clone()) {
        let open = matches!(kind, KafkaCluster | MessageBroker);
        draft.decide(
            Decision::new(
                "messaging",
                kind.title(),
                if open {
                    "Its protocol is open and in use on any cloud."
                } else {
                    "It is paid by the message and needs nothing to run."
                },
            )
            .instead_of(
                if open { "Queue of the cloud" } else { "Kafka or RabbitMQ" },
                if open {
                    "speaks a protocol of its own"
                } else {
                    "brokers run and are paid for at all times"
                },
            )
            .at(reason.span)
            .on([node]),
        );
    }
}

/// Seconds of work in a month below which functions cost less than a container
/// with its network: 5 million at 512 MB are about 33 dollars.
const SELDOM_SECONDS: f64 = 5e6;

/// Code that works off events in the background.
pub(super) fn worker_compute(draft: &mut Draft, workload: &Workload, id: &str) {
    if draft.roles.values().any(|it| *it == Role::Worker) {
        return;
    }
    let ctx = draft.ctx;
    let scope = ctx.profile.scope;
    if scope != Scope::Described && draft.has_any(RUNS_CODE) {
        return;
    }
    let Some(mut style) = compute::style(&ctx) else { return };
    let demand = Demand::of(&ctx, Role::Worker, 1);
    let wish = &ctx.needs.preferences;
    let fixed = wish.containers == Some(true)
        || wish.open_source == Some(true)
        || wish.kubernetes == Some(true)
        || wish.virtual_machines == Some(true);
    let shared = compute::serves_pages(&ctx);
    let seldom = !shared && demand.per_month * demand.seconds < SELDOM_SECONDS;
    if !fixed && seldom && ctx.profile.allows(Function) {
        style = Style {
            kind: Function,
            because: "work that comes now and then is cheapest by the call".to_owned(),
            against: vec![("Containers", "would wait idle most of the time".to_owned())],
        };
    } else if style.kind == KubernetesCluster && draft.has(KubernetesCluster) {
        return;
    }
    let (id, title) = (id.to_owned(), compute::capital(id));
    let reason =
        Reason::words(format!("{}: {}.", workload_title(workload), style.because), workload.span);
    compute::place(draft, &id, &title, Role::Worker, &style, 1, reason);
}

/// Code that starts on a timetable.
pub(super) fn job(draft: &mut Draft, workload: &Workload) {
    if draft.roles.values().any(|it| matches!(it, Role::Job | Role::Worker)) {
        return;
    }
    if draft.ctx.profile.scope != Scope::Described && draft.has_any(RUNS_CODE) {
        return;
    }
    let kinds = [Function, ContainerService, BatchCompute, VirtualMachines];
    let Some(kind) = draft.ctx.profile.choose(&kinds) else { return };
    let style = Style {
        kind,
        because: "it runs for minutes a day".to_owned(),
        against: vec![(
            "Containers that always run",
            "would wait idle for most of the day".to_owned(),
        )],
    };
    let (id, title) = named_after(workload, "job", "Job");
    let reason =
        Reason::words(format!("{}: {}.", workload_title(workload), style.because), workload.span);
    compute::place(draft, &id, &title, Role::Job, &style, 1, reason);
}

pub(super) fn realtime(draft: &mut Draft, workload: &Workload) {
    let ctx = draft.ctx;
    let sockets =
        draft.graph.components.iter().any(
            |it| matches!(&it.spec, Spec::HttpApi(it) if it.protocol == ApiProtocol::WebSocket),
        );
    if !sockets && !draft.has_any(&[GraphqlApi, LoadBalancer]) {
        let servers = compute::style(&ctx).is_some_and(|it| it.kind != Function);
        if servers {
            // Servers hold the connections themselves, behind a load balancer.
            front(draft, workload);
            part_of(
                draft,
                &[Cache, DurableCache],
                Reason::words("Copies tell each other who is connected where.", workload.span),
            );
        } else {
            let mut api = spec(HttpApi, &ctx, Role::Front, 1);
            if let Spec::HttpApi(it) = &mut api {
                it.protocol = ApiProtocol::WebSocket;
                it.connection_minutes = edge::connection_minutes(&ctx);
            }
            let reason =
                Reason::words("Open connections carry news to clients at once.", workload.span);
            draft.add("realtime", "Live connections", api, reason);
            front(draft, workload);
        }
    }
    database(draft, workload, &[KeyValueStore, RelationalDatabase]);
}

pub(super) fn stream(draft: &mut Draft, workload: &Workload) {
    if draft.has_any(&[Stream, KafkaCluster, DeliveryStream]) {
        return;
    }
    let kafka = draft.ctx.needs.stack.contains("kafka")
        || draft.ctx.needs.preferences.open_source == Some(true);
    let order: &[Kind] = if kafka { &[KafkaCluster, Stream] } else { &[Stream, KafkaCluster] };
    part_of(
        draft,
        order,
        Reason::words("Records flow in order and can be read again.", workload.span),
    );
}

pub(super) fn lake(draft: &mut Draft, workload: &Workload) {
    if draft.has(ObjectStore) {
        return;
    }
    let mut bucket = spec(ObjectStore, &draft.ctx, Role::Front, 1);
    if let Spec::ObjectStore(it) = &mut bucket {
        it.purpose = ObjectPurpose::Lake;
        it.tiering = true;
        it.infrequent_after_days = None;
        // Files of a lake are written in batches of 64 MB.
        it.writes_per_month = (it.storage_gb / 12.0 / 0.064).max(1000.0);
        it.reads_per_month = it.writes_per_month * 10.0;
    }
    draft.add(
        "lake",
        "Data lake",
        bucket,
        Reason::words("Raw and refined data rests as files.", workload.span),
    );
}

/// Files come in and start the work on them.
pub(super) fn intake(draft: &mut Draft, workload: &Workload) {
    if !draft.has(ObjectStore) {
        let bucket = spec(ObjectStore, &draft.ctx, Role::Front, 1);
        draft.add(
            "uploads",
            "Uploads",
            bucket,
            Reason::words("Files come in here.", workload.span),
        );
    }
    worker_compute(draft, workload, "processor");
    if !draft.has_any(DATABASES) {
        part_of(
            draft,
            &[KeyValueStore, RelationalDatabase],
            Reason::words("What was found out is kept.", workload.span),
        );
    }
}

pub(super) fn gen_ai(draft: &mut Draft, workload: &Workload) {
    part(
        draft,
        FoundationModel,
        Reason::words("A language model writes the answers.", workload.span),
    );
    let knows = draft.has_any(&[SearchIndex, ObjectStore])
        || workload.name.contains("retriev")
        || workload.name.contains("rag");
    if draft.ctx.profile.completes() {
        front(draft, workload);
        if knows || draft.ctx.profile.scope == Scope::Described {
            if !draft.has(ObjectStore) {
                let bucket = spec(ObjectStore, &draft.ctx, Role::Front, 1);
                draft.add(
                    "documents",
                    "Documents",
                    bucket,
                    Reason::words("What the answers draw on.", workload.span),
                );
            }
            if !draft.has(RelationalDatabase) {
                part(
                    draft,
                    SearchIndex,
                    Reason::words(
                        "Passages that fit a question are found by meaning.",
                        workload.span,
                    ),
                );
            }
        }
        if !draft.has_any(DATABASES) {
            part_of(
                draft,
                &[KeyValueStore, RelationalDatabase],
                Reason::words("Conversations are kept.", workload.span),
            );
        }
    }
}

pub(super) fn way_for_players(draft: &mut Draft, workload: &Workload) {
    let lobby = !draft.has_any(RUNS_CODE) && draft.ctx.profile.scope == Scope::Described;
    if lobby {
        let kinds = [Function, ContainerService];
        if let Some(kind) = draft.ctx.profile.choose(&kinds) {
            let style = Style {
                kind,
                because: "lobby, shop and results are requests like others".to_owned(),
                against: Vec::new(),
            };
            let reason = Reason::words("Players meet before the match.", workload.span);
            compute::place(draft, "lobby", "Lobby", Role::Front, &style, 1, reason);
            enter(draft, workload);
        }
    }
}

/// Machines that are asked for as such.
pub(super) fn machines(draft: &mut Draft, workload: &Workload) {
    if draft.has_any(&[VirtualMachines, MachineScaling]) {
        return;
    }
    let ctx = draft.ctx;
    if !ctx.profile.allows(VirtualMachines) {
        front(draft, workload);
        return;
    }
    let style = Style {
        kind: VirtualMachines,
        because: "machines are asked for".to_owned(),
        against: vec![("Containers", "need no patching, but are not machines".to_owned())],
    };
    let reason = Reason::words("Machines are asked for.", workload.span);
    let node: Option<NodeId> =
        compute::place(draft, "servers", "Servers", Role::Front, &style, 1, reason);
    let grouped = node.is_some() && draft.has(MachineScaling);
    let load = &ctx.needs.load;
    let public = load.users.or(load.concurrent_users).or(load.requests_per_second).is_some();
    if grouped && public {
        enter(draft, workload);
    }
}

/// Reads a second from which a cache before the database pays.
const CACHE_FROM: f64 = 200.0;

/// Busy reads are answered from memory.
pub(super) fn read_cache(draft: &mut Draft) {
    let ctx = draft.ctx;
    let profile = ctx.profile;
    let reads = profile.peak_rps * profile.read_share;
    let slow = ctx.needs.latency_ms.is_some_and(|(ms, _)| ms > 0.0 && ms <= 50.0);
    let wanted = profile.scope == Scope::Described
        && draft.has(RelationalDatabase)
        && (reads >= CACHE_FROM || slow && reads >= 20.0);
    if !wanted || draft.has_any(&[Cache, DurableCache]) || !profile.allows(Cache) {
        return;
    }
    let because = format!(
        "{} reads a second at peak: most are repeated and need not reach the database.",
        super::profile::number(reads)
    );
    let spec = spec(Cache, &ctx, Role::Front, 1);
    if let Some(node) = draft.add("cache", "Cache", spec, Reason::rule(because.clone())) {
        draft.decide(
            Decision::new("cache", "Cache before the database", because)
                .instead_of("A larger database", "costs more for each read")
                .so("What is cached may be seconds old.")
                .on([node]),
        );
    }
}

/// Images of containers are kept near where they run.
pub(super) fn registry(draft: &mut Draft) {
    if draft.has_any(&[ContainerService, KubernetesCluster])
        && draft.ctx.profile.allows(ImageRegistry)
    {
        part(
            draft,
            ImageRegistry,
            Reason::rule("Images of the containers are kept and scanned here."),
        );
    }
    let sensitive = draft.ctx.needs.data.contains(&DataClass::Payment);
    if sensitive {
        set(draft, |it| {
            if let Spec::ObjectStore(it) = it {
                it.versioned = true;
            }
        });
    }
}
