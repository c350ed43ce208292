//! Parts that the text describes by what they do: one rule for each kind of workload.
//!
//! A need that a named service covers already adds nothing, so that texts which
//! name everything get exactly that.

use super::named::spec;
use super::parts::*;
use super::profile::{Scope, is_single_part};
use super::{Draft, Role};
use crate::engine::graph::specs::*;
use crate::engine::graph::{Kind, Reason, Tier};
use crate::engine::requirements::{Workload, WorkloadKind as W};
use Kind::*;

pub(super) const RUNS_CODE: &[Kind] =
    &[Function, ContainerService, KubernetesCluster, VirtualMachines, WebService, AppPlatform];
pub(super) const DATABASES: &[Kind] = &[
    RelationalDatabase,
    KeyValueStore,
    DocumentDatabase,
    GraphDatabase,
    WideColumnStore,
    TimeSeriesStore,
    DurableCache,
];

/// Services of one system that are told apart at most.
pub(super) const MOST_SERVICES: usize = 6;

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
        if scope == Scope::Parts && !(workload.kind == W::Workflow && only_implied(draft)) {
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
    let span = needs.mentions.first().map_or([0, 0], |it| it.span);
    if needs.workloads.is_empty() && scope == Scope::Described && draft.graph.components.is_empty()
    {
        // A system without any described part: what most systems are, or what
        // keeps the data that is all the text speaks of.
        let load = &needs.load;
        let data = load.storage_gb.or(load.ingest_gb_per_day).is_some() && !served(needs);
        let kind = if data { W::ObjectStore } else { W::WebApp };
        one(draft, &Workload { kind, name: "app".to_owned(), span });
    } else if scope == Scope::Specified && served(needs) && only_keeps(draft) {
        // Who states requests and names a database needs what answers them.
        one(draft, &Workload { kind: W::WebApp, name: "app".to_owned(), span });
    }
    if draft.ctx.profile.completes() {
        guarded(draft);
        read_cache(draft);
        registry(draft);
    }
}

/// People or requests are counted.
fn served(needs: &crate::engine::requirements::Needs) -> bool {
    let load = &needs.load;
    load.users
        .or(load.monthly_active_users)
        .or(load.daily_active_users)
        .or(load.concurrent_users)
        .or(load.visits_per_month)
        .or(load.requests_per_second)
        .or(load.peak_requests_per_second)
        .or(load.requests_per_month)
        .is_some()
}

/// Nothing but stores is there so far.
fn only_keeps(draft: &Draft) -> bool {
    const KEEPS: &[Kind] =
        &[RelationalDatabase, KeyValueStore, DocumentDatabase, Cache, ObjectStore, SearchIndex];
    let shaping =
        |it: &&crate::engine::graph::Component| super::services::shapes_the_design(it.spec.kind());
    draft.has_any(DATABASES)
        && draft.graph.components.iter().filter(shaping).all(|it| KEEPS.contains(&it.spec.kind()))
}

/// The text names no service that shapes the design.
fn only_implied(draft: &Draft) -> bool {
    use crate::engine::requirements::Stance;
    draft
        .ctx
        .needs
        .mentions
        .iter()
        .all(|it| matches!(it.stance, Stance::Implied | Stance::Passing | Stance::Excluded))
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
            | W::GenAi
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
            if workload.name.contains("webhook") && draft.ctx.profile.completes() {
                let why = "Senders are answered at once, and nothing they send is lost.";
                worker(draft, workload, "receiver", why);
            }
            // What a model answers is not kept by the interface in front of it.
            let needs = draft.ctx.needs;
            let users = needs.load.users.or(needs.load.monthly_active_users);
            let model = super::profile::described(needs, &[W::MlInference]).is_some();
            if model && users.is_none() && !says_relational(draft) && workload.kind == W::RestApi {
                return;
            }
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
            if !draft.has_any(&[BatchCompute, EtlJob, HadoopCluster, Airflow]) {
                job(draft, workload);
            }
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
        // A store of files tells by itself what came in.
        W::EventDriven if workload.name.contains("upload") || workload.name.contains("file") => {
            part(draft, ObjectStore, because("Files come in here and start the work."));
            worker_compute(draft, workload, "handler");
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
            let loaded = super::profile::described(draft.ctx.needs, &[W::Warehouse]).is_some()
                || draft.has(Warehouse);
            if analysis {
                part(draft, StreamAnalytics, because("Records are analysed while they pass."));
            } else if loaded && draft.ctx.profile.allows(DeliveryStream) {
                let text = "Records are gathered for a minute and loaded together.";
                part(draft, DeliveryStream, because(text));
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
            let timed = [W::Scheduled, W::Batch];
            let asked = [W::RestApi, W::WebApp, W::MobileBackend, W::Realtime, W::Ecommerce];
            let rate = draft.ctx.needs.load.requests_per_second;
            // Predictions of the night are asked for by the timetable.
            let nightly = super::profile::described(draft.ctx.needs, &timed).is_some()
                && super::profile::described(draft.ctx.needs, &asked).is_none()
                && rate.or(draft.ctx.needs.load.peak_requests_per_second).is_none();
            if !nightly {
                front(draft, workload);
            }
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
        W::Search => {
            part(draft, SearchIndex, because("People search in text."));
            // What arrives all day is written in batches, and kept for longer than it is searched.
            if draft.ctx.needs.load.ingest_gb_per_day.is_some()
                && !draft.has_any(&[DeliveryStream, Stream, KafkaCluster])
                && draft.ctx.profile.completes()
            {
                part(draft, DeliveryStream, because("What arrives is indexed in batches."));
                lake(draft, workload);
            }
        }
        W::IotIngest => {
            part(draft, IotHub, because("Devices report with certificates of their own."));
            stream(draft, workload);
            worker_compute(draft, workload, "telemetry");
            if !draft.has_any(&[TimeSeriesStore, KeyValueStore, RelationalDatabase]) {
                part_of(
                    draft,
                    &[KeyValueStore, TimeSeriesStore],
                    because("The latest values of each device are found by its key."),
                );
            }
            lake(draft, workload);
        }
        W::FileTransfer => {
            part(draft, FileTransfer, because("Partners bring files over SFTP."));
            part(draft, ObjectStore, because("Transferred files rest here."));
            if draft.ctx.profile.completes() && draft.has_any(DATABASES) {
                worker_compute(draft, workload, "importer");
            }
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
            // Who names what moves the data speaks of nothing else.
            let only_data = draft.has_any(&[DatabaseMigration, DataSync]);
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
            let described = draft.ctx.profile.scope == Scope::Described;
            let shares = super::profile::described(draft.ctx.needs, &[W::FileShare]).is_some();
            // Shares that move over run no application.
            let runs = relational || !shares;
            let there = only_data || draft.has_any(RUNS_CODE);
            if described && runs && !there {
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
