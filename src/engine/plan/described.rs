//! Parts that the text describes by what they do: one rule for each kind of workload.
//!
//! A need that a named service covers already adds nothing, so that texts which
//! name everything get exactly that.

use super::compute::{self, Demand, Style};
use super::named::{id_and_title, spec};
use super::profile::{Scope, is_single_part};
use super::{Decision, Draft, Role, edge};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, NodeId, Reason, Tier};
use crate::engine::requirements::{DataClass, Workload, WorkloadKind as W};
use Kind::*;

const RUNS_CODE: &[Kind] =
    &[Function, ContainerService, KubernetesCluster, VirtualMachines, WebService, AppPlatform];
const DATABASES: &[Kind] = &[
    RelationalDatabase,
    KeyValueStore,
    DocumentDatabase,
    GraphDatabase,
    WideColumnStore,
    TimeSeriesStore,
    DurableCache,
];

/// Services of one system that are told apart at most.
const MOST_SERVICES: usize = 6;

/// Adds what the workloads need.
pub(super) fn place(draft: &mut Draft) {
    let scope = draft.ctx.profile.scope;
    let needs = draft.ctx.needs;
    let shaping =
        |it: &&crate::engine::graph::Component| super::services::shapes_the_design(it.spec.kind());
    // Who names three services has thought of what works in the background.
    let named = draft.graph.components.iter().filter(shaping).count() >= 3;
    for workload in &needs.workloads {
        // A text that only connects named services is taken at its word.
        if scope == Scope::Parts {
            continue;
        }
        if scope == Scope::Specified
            && !is_single_part(workload.kind)
            && (named && !faces_people(workload.kind) || covered(draft, workload.kind))
        {
            continue;
        }
        one(draft, workload);
    }
    if needs.workloads.is_empty() && scope == Scope::Described && draft.graph.components.is_empty()
    {
        // A system without any described part: what most systems are.
        let span = needs.mentions.first().map_or([0, 0], |it| it.span);
        one(draft, &Workload { kind: W::WebApp, name: "app".to_owned(), span });
    }
    if draft.ctx.profile.completes() {
        guarded(draft);
        read_cache(draft);
        registry(draft);
    }
}

/// What stands before a public address needs one, and what answers there.
fn guarded(draft: &mut Draft) {
    let guards = [WebFirewall, DdosProtection, UserDirectory, Cdn, Certificate];
    let before = draft.graph.components.iter().find(|it| guards.contains(&it.spec.kind()));
    let Some(before) = before else { return };
    let span = before.reason.span.unwrap_or([0, 0]);
    let guard = matches!(before.spec.kind(), WebFirewall | DdosProtection);
    let servers = draft.has_any(&[ContainerService, KubernetesCluster]);
    let ways =
        [HttpApi, GraphqlApi, LoadBalancer, WebService, AppPlatform, GlobalAccelerator, WebHosting];
    let open = draft.has_any(&ways) || (guard && draft.has(Cdn));
    if draft.ctx.profile.private_entry || open || !(servers || guard) {
        return;
    }
    let name = "application".to_owned();
    front(draft, &Workload { kind: W::WebApp, name, span });
}

/// Workloads that need something which answers people.
fn faces_people(kind: W) -> bool {
    matches!(
        kind,
        W::WebApp
            | W::StaticSite
            | W::RestApi
            | W::GraphqlApi
            | W::Realtime
            | W::MobileBackend
            | W::Microservices
            | W::Ecommerce
            | W::Cms
            | W::ContainerPlatform
    )
}

/// Named services do this kind of work already.
fn covered(draft: &Draft, kind: W) -> bool {
    let runs = draft.has_any(RUNS_CODE);
    match kind {
        W::DataLake | W::Etl => draft.has_any(&[EtlJob, QueryService, HadoopCluster]),
        W::StreamProcessing => draft.has_any(&[Stream, KafkaCluster, StreamAnalytics]),
        W::MlTraining | W::MlInference => draft.has(ModelEndpoint),
        W::GenAi => draft.has_any(&[FoundationModel, ModelEndpoint]),
        W::Migration => draft.has_any(&[DatabaseMigration, DataSync]),
        W::GameServer => draft.has(GameFleet),
        W::IotIngest => {
            draft.has_any(&[IotHub, Stream, KafkaCluster, StreamAnalytics, DeliveryStream])
        }
        W::CiCd => draft.has_any(&[Pipeline, Build]),
        W::Dashboards => draft.has(Dashboards),
        W::VideoProcessing => draft.has(VideoTranscoder),
        W::StaticSite => draft.has_any(&[Cdn, WebHosting, ObjectStore]),
        _ => runs,
    }
}

/// The rule of each kind of workload.
fn one(draft: &mut Draft, workload: &Workload) {
    let because = |text: &str| Reason::words(text, workload.span);
    match workload.kind {
        // "Website" next to "static" says nothing new.
        W::WebApp if files_only(draft) => website(draft, workload, true),
        W::WebApp => {
            front(draft, workload);
            database(draft, workload, &[RelationalDatabase, KeyValueStore, DocumentDatabase]);
            website(draft, workload, false);
        }
        W::Ecommerce => {
            front(draft, workload);
            database(draft, workload, &[RelationalDatabase, KeyValueStore]);
            website(draft, workload, false);
            part(
                draft,
                Cache,
                because("Carts, sessions and catalogue pages are read all the time."),
            );
            worker(
                draft,
                workload,
                "orders",
                "Orders are worked off without making customers wait.",
            );
        }
        W::Cms => {
            front(draft, workload);
            database(draft, workload, &[RelationalDatabase, DocumentDatabase]);
            if draft.roles.len() == 1 && draft.has_any(&[ContainerService, VirtualMachines]) {
                part(draft, FileSystem, because("Editors' files are shared by all copies."));
            } else {
                website(draft, workload, false);
            }
        }
        W::StaticSite => {
            website(draft, workload, true);
            if draft.ctx.profile.scope == Scope::Described {
                part(draft, Cdn, because("Files are served from near their readers, encrypted."));
            }
        }
        W::RestApi | W::MobileBackend => {
            front(draft, workload);
            let order: &[Kind] = if draft.has(Function) && !says_relational(draft) {
                &[KeyValueStore, RelationalDatabase, DocumentDatabase]
            } else {
                &[RelationalDatabase, KeyValueStore, DocumentDatabase]
            };
            database(draft, workload, order);
        }
        W::GraphqlApi => {
            part(draft, GraphqlApi, because("Clients ask with GraphQL."));
            front(draft, workload);
            database(draft, workload, &[KeyValueStore, RelationalDatabase, DocumentDatabase]);
        }
        W::Realtime => realtime(draft, workload),
        W::Microservices => {
            front(draft, workload);
            database(draft, workload, &[RelationalDatabase, KeyValueStore, DocumentDatabase]);
            let messages = [EventBus, Topic, Queue, KafkaCluster, MessageBroker, Stream];
            if !draft.has_any(&messages) {
                broker(
                    draft,
                    &[EventBus, Queue],
                    because("Services tell each other what happened without waiting."),
                );
            }
        }
        W::Worker => worker(draft, workload, "worker", "Work is done after the answer was given."),
        // Devices that report every minute are no timetable.
        W::Scheduled if super::profile::streams(draft.ctx.needs) => {}
        W::Scheduled => {
            job(draft, workload);
            part(draft, Schedule, because("It runs on a timetable."));
        }
        W::Batch => {
            if !draft.has_any(&[BatchCompute, HadoopCluster, EtlJob]) {
                let heavy = draft.ctx.needs.preferences.serverless != Some(true)
                    && draft.ctx.profile.allows(BatchCompute);
                if heavy {
                    part(
                        draft,
                        BatchCompute,
                        because("Jobs wait in line for capacity that comes and goes."),
                    );
                } else {
                    job(draft, workload);
                }
            }
            part(draft, Schedule, because("Batches start on a timetable."));
            part(draft, ObjectStore, because("Input and results of the jobs are files."));
        }
        W::EventDriven => {
            if !draft.has_any(&[EventBus, Topic, Queue, Stream, KafkaCluster]) {
                broker(
                    draft,
                    &[EventBus, Queue, KafkaCluster],
                    because("Parts react to events of others."),
                );
            }
            worker_compute(draft, workload, "handler");
        }
        W::StreamProcessing => {
            stream(draft, workload);
            let analysis = draft.ctx.profile.completes()
                && (draft.has(KafkaCluster) || draft.ctx.needs.stack.contains("flink"));
            if analysis {
                part(draft, StreamAnalytics, because("Records are analysed while they pass."));
            } else {
                worker_compute(draft, workload, "processor");
            }
            if !draft.has_any(&[ObjectStore, Warehouse, TimeSeriesStore, KeyValueStore]) {
                lake(draft, workload);
            }
        }
        W::DataLake => {
            lake(draft, workload);
            part(draft, EtlJob, because("Raw files become tables that can be asked."));
            part(draft, QueryService, because("People ask the lake in SQL."));
            part(
                draft,
                LakePermissions,
                because("Who may read which table is ruled in one place."),
            );
            if draft.ctx.needs.load.ingest_gb_per_day.is_some() {
                part(
                    draft,
                    DeliveryStream,
                    because("What arrives is written to the lake in batches."),
                );
            }
        }
        W::Warehouse => {
            part(draft, Warehouse, because("Questions over all data are answered in columns."));
            part(draft, ObjectStore, because("Data is loaded from files."));
        }
        W::Etl => {
            part(draft, EtlJob, because("Data is taken out, changed and loaded."));
            lake(draft, workload);
            part(draft, Schedule, because("Loads start on a timetable."));
        }
        W::Dashboards => {
            part(draft, Dashboards, because("People look at numbers."));
            if !draft.has_any(&[Warehouse, QueryService, RelationalDatabase, TimeSeriesStore]) {
                part(draft, QueryService, because("Dashboards ask the files in SQL."));
                lake(draft, workload);
            }
        }
        W::MlTraining => {
            part(draft, ModelEndpoint, because("Models are trained here."));
            set(draft, |it: &mut Spec| {
                if let Spec::ModelEndpoint(it) = it {
                    it.training_hours_per_month = it.training_hours_per_month.max(20.0);
                }
            });
            lake(draft, workload);
        }
        W::MlInference => {
            part(draft, ModelEndpoint, because("A model answers requests."));
            part(draft, ObjectStore, because("Models are files."));
            front(draft, workload);
        }
        W::GenAi => gen_ai(draft, workload),
        W::DocumentProcessing => {
            part(draft, DocumentExtraction, because("Text and fields are read out of documents."));
            intake(draft, workload);
        }
        W::ImageAnalysis => {
            part(draft, ImageAnalysis, because("What is in pictures is recognised."));
            intake(draft, workload);
        }
        W::SpeechToText => {
            part(draft, SpeechToText, because("Speech becomes text."));
            intake(draft, workload);
        }
        W::VideoProcessing => {
            part(draft, VideoTranscoder, because("Video is turned into formats for all devices."));
            intake(draft, workload);
            if draft.ctx.profile.completes() {
                part(draft, Cdn, because("Video is watched from near its viewers."));
            }
        }
        W::Search => part(draft, SearchIndex, because("People search in text.")),
        W::IotIngest => {
            part(draft, IotHub, because("Devices report with certificates of their own."));
            stream(draft, workload);
            worker_compute(draft, workload, "telemetry");
            if !draft.has_any(&[TimeSeriesStore, KeyValueStore, RelationalDatabase]) {
                part_of(
                    draft,
                    &[TimeSeriesStore, KeyValueStore],
                    because("Measured values are kept by time."),
                );
            }
            lake(draft, workload);
        }
        W::FileTransfer => {
            part(draft, FileTransfer, because("Partners bring files over SFTP."));
            part(draft, ObjectStore, because("Transferred files rest here."));
        }
        W::FileShare => {
            let windows = super::profile::windows(draft.ctx.needs);
            part_of(
                draft,
                if windows { &[FileServer, FileSystem] } else { &[FileSystem, FileServer] },
                because("Machines and people share files."),
            );
        }
        W::Email => {
            part(draft, Email, because("The system sends mail."));
        }
        W::PushNotification => {
            part_of(draft, &[Topic, CustomerMessaging], because("People are notified."));
        }
        W::Workflow => {
            part(draft, Workflow, because("Steps follow each other, with retries."));
            if !draft.has_any(RUNS_CODE) && !draft.has_any(&[BatchCompute, EtlJob]) {
                worker_compute(draft, workload, "step");
            }
        }
        W::CiCd => {
            part(draft, Pipeline, because("Changes are built, tested and delivered."));
            part(draft, Build, because("Changes are built and tested."));
            part(draft, ImageRegistry, because("Built images are kept."));
        }
        W::GameServer => {
            part(draft, GameFleet, because("Matches are played on servers near the players."));
            if !draft.has_any(DATABASES) {
                part_of(
                    draft,
                    &[KeyValueStore, RelationalDatabase],
                    because("Profiles and results are kept."),
                );
            }
            if draft.ctx.profile.completes() {
                way_for_players(draft, workload);
            }
        }
        W::Migration => {
            let relational = says_relational(draft) || draft.has(RelationalDatabase);
            let files = draft.has_any(&[FileSystem, FileServer, ObjectStore]);
            if relational || !files {
                database(draft, workload, &[RelationalDatabase, DocumentDatabase]);
                part(
                    draft,
                    DatabaseMigration,
                    because("Data moves over while the old system runs."),
                );
            }
            if files {
                part(draft, DataSync, because("Files move over and stay in step until the end."));
            }
            if draft.ctx.profile.scope == Scope::Described && !draft.has_any(RUNS_CODE) {
                front(draft, workload);
            }
        }
        W::BackupArchive => {
            let mut archive = spec(ObjectStore, &draft.ctx, Role::Front, 1);
            if let Spec::ObjectStore(it) = &mut archive {
                it.purpose = ObjectPurpose::Archive;
                it.archive_after_days = Some(30);
                it.infrequent_after_days = None;
                let strict = draft.ctx.profile.strict && draft.ctx.tier == Tier::Best;
                it.lock_days = strict.then_some(draft.ctx.profile.audit_days);
            }
            if !draft.has(ObjectStore) {
                draft.add(
                    "archive",
                    "Archive",
                    archive,
                    because("Copies rest where storage costs least."),
                );
            }
            part(draft, BackupPlan, because("Copies are made on a timetable and kept."));
        }
        W::Desktop => {
            part(draft, Desktops, because("People work on desktops in the cloud."));
            part(draft, Directory, because("Desktops know their people from a directory."));
        }
        W::VirtualMachine => machines(draft, workload),
        W::ContainerPlatform => {
            front(draft, workload);
            part(draft, ImageRegistry, because("Images are kept near where they run."));
        }
        W::RelationalStore => database(draft, workload, &[RelationalDatabase]),
        W::KeyValueStore => part(draft, KeyValueStore, because("Items are found by their key.")),
        W::DocumentStore => {
            let mongo = draft.ctx.needs.stack.contains("mongodb");
            part_of(
                draft,
                if mongo {
                    &[DocumentDatabase, KeyValueStore]
                } else {
                    &[KeyValueStore, DocumentDatabase]
                },
                because("Documents are kept as they are."),
            );
        }
        W::GraphStore => {
            part(draft, GraphDatabase, because("Relations between things are followed."))
        }
        W::TimeSeriesStore => {
            part_of(draft, &[TimeSeriesStore, KeyValueStore], because("Values are kept by time."));
        }
        W::ObjectStore => part(draft, ObjectStore, because("Files are kept.")),
        W::Cache => part_of(
            draft,
            &[Cache, DurableCache],
            because("Repeated reads are answered from memory."),
        ),
        W::MessageQueue => {
            let messages = [Queue, KafkaCluster, MessageBroker, Stream];
            if !draft.has_any(&messages) {
                broker(draft, &[Queue, MessageBroker], because("Work waits in line."));
            }
        }
        W::PubSub => {
            if !draft.has_any(&[Topic, EventBus, KafkaCluster, MessageBroker]) {
                broker(
                    draft,
                    &[Topic, EventBus],
                    because("One message reaches several listeners."),
                );
            }
        }
        // Sign-in belongs to identity, which sees all ways in.
        W::UserSignIn => {}
        W::LoadBalancing => {
            if !draft.has_any(&[LoadBalancer, HttpApi]) {
                part(draft, LoadBalancer, because("Requests are spread over copies."));
            }
        }
        W::Cdn => part(draft, Cdn, because("Files are served from near their readers.")),
    }
}

/// Adds one part of a kind unless there is one.
fn part(draft: &mut Draft, kind: Kind, reason: Reason) {
    if draft.has(kind) {
        return;
    }
    let (id, title) = id_and_title(kind);
    let spec = spec(kind, &draft.ctx, Role::Front, 1);
    draft.add(&id, &title, spec, reason);
}

/// Adds the first of these kinds that may be used, unless one is there.
fn part_of(draft: &mut Draft, kinds: &[Kind], reason: Reason) {
    if draft.has_any(kinds) {
        return;
    }
    let kind = draft.ctx.profile.choose(kinds).unwrap_or(kinds[0]);
    part(draft, kind, reason);
}

fn set(draft: &mut Draft, change: impl Fn(&mut Spec)) {
    for component in &mut draft.graph.components {
        change(&mut component.spec);
    }
}

fn says_relational(draft: &Draft) -> bool {
    let needs = draft.ctx.needs;
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
fn files_only(draft: &Draft) -> bool {
    let needs = draft.ctx.needs;
    let described = |kinds: &[W]| super::profile::described(needs, kinds).is_some();
    described(&[W::StaticSite])
        && !described(&[W::UserSignIn, W::RelationalStore, W::RestApi, W::Ecommerce, W::Cms])
        && needs.load.users.is_none()
        && !compute::serves_pages(&draft.ctx)
}

/// Ids and titles from names in the text: "orders service" is `orders-service`.
fn named_after(workload: &Workload, id: &str, title: &str) -> (String, String) {
    let name = workload.name.trim();
    if name.is_empty() || name.len() > 40 {
        (id.to_owned(), title.to_owned())
    } else {
        (name.to_owned(), compute::capital(name))
    }
}

/// The part that answers people, and the way in.
fn front(draft: &mut Draft, workload: &Workload) {
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

fn workload_title(workload: &Workload) -> String {
    if workload.name.trim().is_empty() {
        "The application".to_owned()
    } else {
        compute::capital(workload.name.trim())
    }
}

/// A way in to what answers, unless there is one.
fn enter(draft: &mut Draft, workload: &Workload) {
    if draft.has_any(&[HttpApi, GraphqlApi, LoadBalancer, WebService, AppPlatform]) {
        return;
    }
    let backend = draft.ctx.profile.choose(RUNS_CODE).and_then(|_| {
        draft.graph.components.iter().map(|it| it.spec.kind()).find(|it| RUNS_CODE.contains(it))
    });
    if let Some(backend) = backend {
        let reason = Reason::words("Requests come in here.", workload.span);
        edge::way_in(draft, backend, reason);
    }
}

/// The database of an application: by need, engine in use and prohibition.
fn database(draft: &mut Draft, workload: &Workload, order: &[Kind]) {
    if draft.has_any(DATABASES) && (order != [RelationalDatabase] || draft.has(RelationalDatabase))
    {
        return;
    }
    let ctx = draft.ctx;
    let stack = &ctx.needs.stack;
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
    } else if ctx.needs.preferences.scale_to_zero {
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
fn website(draft: &mut Draft, workload: &Workload, only: bool) {
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
fn worker(draft: &mut Draft, workload: &Workload, id: &str, why: &str) {
    let queues = [Queue, Stream, KafkaCluster, MessageBroker, EventBus];
    if !draft.has_any(&queues) {
        broker(draft, &[Queue, MessageBroker], Reason::words(why, workload.span));
    }
    worker_compute(draft, workload, id);
}

/// What carries messages: the cloud's own, or open ones when lock-in is to be avoided.
fn broker(draft: &mut Draft, kinds: &[Kind], reason: Reason) {
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
fn worker_compute(draft: &mut Draft, workload: &Workload, id: &str) {
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
fn job(draft: &mut Draft, workload: &Workload) {
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

fn realtime(draft: &mut Draft, workload: &Workload) {
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

fn stream(draft: &mut Draft, workload: &Workload) {
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

fn lake(draft: &mut Draft, workload: &Workload) {
    if draft.has(ObjectStore) {
        return;
    }
    let mut bucket = spec(ObjectStore, &draft.ctx, Role::Front, 1);
    if let Spec::ObjectStore(it) = &mut bucket {
        it.purpose = ObjectPurpose::Lake;
        it.tiering = true;
        it.infrequent_after_days = None;
    }
    draft.add(
        "lake",
        "Data lake",
        bucket,
        Reason::words("Raw and refined data rests as files.", workload.span),
    );
}

/// Files come in and start the work on them.
fn intake(draft: &mut Draft, workload: &Workload) {
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

fn gen_ai(draft: &mut Draft, workload: &Workload) {
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

fn way_for_players(draft: &mut Draft, workload: &Workload) {
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
fn machines(draft: &mut Draft, workload: &Workload) {
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
fn read_cache(draft: &mut Draft) {
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
fn registry(draft: &mut Draft) {
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
