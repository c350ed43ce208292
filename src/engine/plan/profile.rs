//! What the needs come to: load in numbers, hard needs, prohibitions, regions.
//!
//! Computed once for a plan; the same for all three options.

use super::services::{self, Meaning};
use super::{Policy, regions, sizing};
use crate::engine::diag::{Diagnostic, Severity};
use crate::engine::graph::Kind;
use crate::engine::graph::specs::Arch;
use crate::engine::requirements::{
    Assumption, Compliance, DataClass, Intention, Mention, Needs, Stance, Workload, WorkloadKind,
};
use std::collections::BTreeSet;

/// How much of a system the text leaves to the planner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// A few named services to connect: build them, and what they cannot run without.
    Parts,
    /// Named services of a system with users, goals or a budget: complete it.
    Specified,
    /// A system that is described by what it does.
    Described,
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Profile {
    pub scope: Scope,
    pub monthly_users: f64,
    pub requests_per_month: f64,
    pub average_rps: f64,
    pub peak_rps: f64,
    /// People who are there at once.
    pub sessions: f64,
    pub read_share: f64,
    pub item_kb: f64,
    pub messages_per_month: f64,
    /// Messages that are worked off together.
    pub batch: f64,
    pub database_gb: f64,
    pub files_gb: f64,
    pub egress_gb: f64,
    pub growth: f64,
    /// How the load was found, for reasons and decisions.
    pub load_story: String,
    /// Nobody outside reaches it: ways in are private as well.
    pub private_entry: bool,
    /// Regulated or sensitive data: own keys, audit trail, private databases.
    pub strict: bool,
    /// Zones must be able to fail: availability or recovery goals ask for it.
    pub standby_needed: bool,
    /// Regions must be able to fail.
    pub second_region_needed: bool,
    pub region: String,
    /// Where recovery may go, if anywhere.
    pub recovery_region: Option<String>,
    pub excluded: BTreeSet<Kind>,
    pub no_clusters: bool,
    pub arch: Arch,
    /// Processor time of one request.
    pub cpu_seconds: f64,
    /// Least memory of the runtime, in MB.
    pub runtime_mb: u32,
    /// Days that audit records are kept.
    pub audit_days: u32,
    /// Days that logs are kept.
    pub log_days: u32,
    pub diagnostics: Vec<Diagnostic>,
}

/// Single-zone databases promise this on every cloud.
const SINGLE_ZONE_AVAILABILITY: f64 = 0.995;
/// What two zones of one region can promise.
const REGION_AVAILABILITY: f64 = 0.9999;
/// Replacing a lost zone by hand from backups takes about this long.
const RESTORE_MINUTES: f64 = 240.0;
/// Losing a region and recovering from copied backups takes about this long.
const REGION_RESTORE_MINUTES: f64 = 15.0;
/// A megabyte of payload a second is the most that one peer sends, for sanity.
const MOST: f64 = 1e13;

fn sane(value: Option<f64>) -> Option<f64> {
    value.filter(|it| it.is_finite() && *it > 0.0).map(|it| it.min(MOST))
}

/// Kinds of workload that are one component each, which a text can ask for
/// next to services that it names.
pub fn is_single_part(kind: WorkloadKind) -> bool {
    use WorkloadKind::*;
    matches!(
        kind,
        RelationalStore
            | KeyValueStore
            | DocumentStore
            | GraphStore
            | TimeSeriesStore
            | ObjectStore
            | Cache
            | MessageQueue
            | PubSub
            | UserSignIn
            | LoadBalancing
            | Cdn
            | Search
            | Email
            | PushNotification
            | Workflow
    )
}

pub fn wanted(needs: &Needs, mention: &Mention) -> bool {
    stands(needs, mention.stance)
}

fn stands(needs: &Needs, stance: Stance) -> bool {
    match stance {
        Stance::Wanted | Stance::Implied | Stance::Existing => true,
        // What is to be reviewed, compared or moved to is what runs today.
        Stance::Passing => matches!(needs.intent, Intention::Review | Intention::Compare),
        Stance::Replaced | Stance::Excluded => false,
    }
}

impl Profile {
    pub fn of(needs: &Needs, assumptions: &[Assumption], policy: &Policy) -> Self {
        let mut diagnostics = Vec::new();
        let scope = scope(needs);
        let load = load(needs, assumptions, scope);
        let strict = !needs.compliance.is_empty() || sensitive(needs);
        let availability = needs.availability.filter(|it| (0.0..=1.0).contains(it));
        let rto = needs.rto_minutes.filter(|it| it.is_finite());
        let rpo = needs.rpo_minutes.filter(|it| it.is_finite());
        let standby_needed = needs.multi_zone
            || availability.is_some_and(|it| it > SINGLE_ZONE_AVAILABILITY)
            || rto.is_some_and(|it| it < RESTORE_MINUTES)
            || rpo.is_some_and(|it| it < 5.0);
        let second_region_needed = needs.multi_region
            || needs.regions.len() > 1
            || availability.is_some_and(|it| it > REGION_AVAILABILITY);
        let (region, recovery_region) = regions::choose(needs, policy, &mut diagnostics);
        if second_region_needed && recovery_region.is_none() {
            diagnostics.push(
                Diagnostic::new(
                    "no-second-region",
                    Severity::Warning,
                    format!(
                        "No second region is allowed besides {region}, so the design stays in one."
                    ),
                )
                .help("Allow another region of the same residency, or accept one region."),
            );
        } else if rto.is_some_and(|it| it < REGION_RESTORE_MINUTES) && !second_region_needed {
            diagnostics.push(
                Diagnostic::new(
                    "recovery-within-region",
                    Severity::Note,
                    "The recovery time is met when a zone fails; losing the whole region takes longer.",
                )
                .help("Ask for a second region if losing a region must be covered too."),
            );
        }
        let (cpu_seconds, runtime_mb) = runtime(needs);
        let retention = needs.retention_days.filter(|it| it.is_finite() && *it > 0.0);
        let audit_days = audit_days(needs).max(retention.map_or(0, |it| it.min(7300.0) as u32));
        let (excluded, no_clusters) = exclusions(needs, policy);
        Self {
            scope,
            monthly_users: load.users,
            requests_per_month: load.requests,
            average_rps: sizing::average_per_second(load.requests),
            peak_rps: load.peak,
            sessions: sane(needs.load.concurrent_users)
                .unwrap_or(load.peak * sizing::THINK_SECONDS),
            read_share: sane(needs.load.read_share).map_or(sizing::READ_SHARE, |it| it.min(1.0)),
            // Records of streams are small: a kilobyte.
            item_kb: sane(needs.load.item_kb).unwrap_or(if streams(needs) { 1.0 } else { 4.0 }),
            messages_per_month: load.messages,
            batch: if streams(needs) { sizing::RECORDS_PER_BATCH } else { 1.0 },
            database_gb: load.database_gb,
            files_gb: load.files_gb,
            egress_gb: sane(needs.load.egress_gb_per_month)
                .unwrap_or(load.requests * sizing::ANSWER_KB / 1e6),
            growth: sane(needs.load.growth_per_year).unwrap_or(0.2),
            load_story: load.story,
            private_entry: needs.preferences.private_only
                && (needs.preferences.inside_only || !people_outside(needs)),
            strict,
            standby_needed,
            second_region_needed,
            region,
            recovery_region,
            excluded,
            no_clusters,
            arch: if needs.preferences.arm == Some(false) || windows(needs) {
                Arch::X86
            } else {
                Arch::Arm64
            },
            cpu_seconds,
            runtime_mb,
            audit_days,
            log_days: if strict { 365 } else { 30 },
            diagnostics,
        }
    }

    pub fn allows(&self, kind: Kind) -> bool {
        !self.excluded.contains(&kind)
    }

    /// The first of these kinds that may be used.
    pub fn choose(&self, kinds: &[Kind]) -> Option<Kind> {
        kinds.iter().copied().find(|it| self.allows(*it))
    }

    pub fn completes(&self) -> bool {
        self.scope != Scope::Parts
    }
}

/// Data whose loss or leak has consequences in law.
fn sensitive(needs: &Needs) -> bool {
    needs.data.iter().any(|it| {
        matches!(
            it,
            DataClass::Health
                | DataClass::Payment
                | DataClass::Financial
                | DataClass::Children
                | DataClass::Government
        )
    })
}

/// "No internet access" of the parts inside does not keep customers out.
fn people_outside(needs: &Needs) -> bool {
    use WorkloadKind::*;
    let load = &needs.load;
    load.users.is_some()
        || load.monthly_active_users.is_some()
        || load.daily_active_users.is_some()
        || load.concurrent_users.is_some()
        || load.visits_per_month.is_some()
        || described(needs, &[MobileBackend, Ecommerce, StaticSite, Cms]).is_some()
}

/// What arrives flows without end: records of devices or of clicks.
pub fn streams(needs: &Needs) -> bool {
    described(needs, &[WorkloadKind::IotIngest, WorkloadKind::StreamProcessing]).is_some()
        || needs.load.ingest_gb_per_day.is_some()
}

/// Players talk to game servers, seldom to the rest.
fn plays(needs: &Needs) -> bool {
    described(needs, &[WorkloadKind::GameServer]).is_some()
        || needs.mentions.iter().any(|it| {
            wanted(needs, it)
                && services::meaning(it.cloud, it.service) == Some(Meaning::Part(Kind::GameFleet))
        })
}

/// Something that keeps files is asked for, so stated volumes are theirs.
fn keeps_files(needs: &Needs) -> bool {
    use WorkloadKind::*;
    const FILES: &[WorkloadKind] = &[
        ObjectStore,
        DataLake,
        FileShare,
        FileTransfer,
        BackupArchive,
        VideoProcessing,
        DocumentProcessing,
        ImageAnalysis,
    ];
    described(needs, FILES).is_some()
        || needs.mentions.iter().any(|it| {
            wanted(needs, it)
                && matches!(
                    services::meaning(it.cloud, it.service),
                    Some(Meaning::Part(Kind::ObjectStore | Kind::FileSystem | Kind::FileServer))
                )
        })
}

/// Programs for Windows do not run on ARM machines.
pub fn windows(needs: &Needs) -> bool {
    ["windows", ".net framework", "iis", "active directory"]
        .iter()
        .any(|it| needs.stack.contains(*it))
}

fn scope(needs: &Needs) -> Scope {
    // A service that a later turn adds or drops completes nothing else.
    let then = needs.first.as_deref();
    let count = then.map_or(needs.mentions.len(), <[Stance]>::len);
    let first = || {
        let stance = |nth: usize, it: &Mention| then.map_or(it.stance, |all| all[nth]);
        needs.mentions.iter().take(count).enumerate().filter_map(move |(nth, it)| {
            let stance = stance(nth, it);
            match services::meaning(it.cloud, it.service) {
                Some(Meaning::Part(kind)) if stands(needs, stance) => Some((kind, stance)),
                _ => None,
            }
        })
    };
    let named = first()
        .filter(|(kind, stance)| *stance != Stance::Implied && services::shapes_the_design(*kind));
    let load = &needs.load;
    let goals = needs.availability.is_some()
        || needs.budget.is_some()
        || needs.rto_minutes.is_some()
        || needs.rpo_minutes.is_some()
        || !needs.compliance.is_empty()
        || load.users.is_some()
        || load.monthly_active_users.is_some()
        || load.daily_active_users.is_some()
        || load.concurrent_users.is_some()
        || load.visits_per_month.is_some()
        || needs.residency.is_some()
        || needs.latency_ms.is_some()
        || load.peak_requests_per_second.is_some()
        || needs.multi_zone
        || needs.multi_region
        || needs.extended
        || needs.intent != Intention::Design;
    let describes = needs.workloads.iter().any(|it| !is_single_part(it.kind));
    let implied: Vec<Kind> = needs
        .mentions
        .iter()
        .filter(|it| it.stance == Stance::Implied)
        .filter_map(|it| match services::meaning(it.cloud, it.service) {
            Some(Meaning::Part(kind)) if services::shapes_the_design(kind) => Some(kind),
            _ => None,
        })
        .collect();
    let runs = implied.iter().any(|it| {
        matches!(
            it,
            Kind::Function
                | Kind::ContainerService
                | Kind::KubernetesCluster
                | Kind::VirtualMachines
                | Kind::MachineScaling
        )
    });
    // Databases are named and what uses them is only described.
    let lacks_compute = describes && !first().any(|(kind, _)| works(kind));
    let stated = goals || load.requests_per_second.is_some() || load.files_per_month.is_some();
    match named.count() {
        // What is implied is all there is to it.
        0 if !implied.is_empty() && !describes && !goals => Scope::Parts,
        0 if implied.len() >= 2 && runs && !goals && needs.workloads.len() <= 1 => Scope::Parts,
        0 => Scope::Described,
        // One or two named choices within a system that is described with goals.
        1 | 2 if stated && describes => Scope::Described,
        _ if lacks_compute => Scope::Described,
        _ if goals => Scope::Specified,
        _ => Scope::Parts,
    }
}

/// Whether a part does something by itself, be it run, moved or answered.
fn works(kind: Kind) -> bool {
    use super::Kind::*;
    services::shapes_the_design(kind)
        && !matches!(
            kind,
            RelationalDatabase
                | KeyValueStore
                | DocumentDatabase
                | Cache
                | DurableCache
                | SearchIndex
                | ObjectStore
                | Warehouse
                | FileSystem
                | FileServer
                | FoundationModel
                | UserDirectory
                | EventBus
                | Schedule
                | Vpn
                | DirectConnect
        )
}

struct Numbers {
    users: f64,
    requests: f64,
    peak: f64,
    messages: f64,
    database_gb: f64,
    files_gb: f64,
    story: String,
}

fn load(needs: &Needs, assumptions: &[Assumption], scope: Scope) -> Numbers {
    let assumed = |kind: &str| {
        let found = assumptions.iter().find(|it| it.kind == kind);
        sane(found.and_then(|it| it.value.as_f64()))
    };
    let load = &needs.load;
    let factor = sane(load.peak_factor)
        .or(assumed("load.peak_factor"))
        .unwrap_or(sizing::PEAK_FACTOR)
        .clamp(1.0, 1000.0);
    let users = sane(load.monthly_active_users)
        .or(sane(load.users))
        .or(sane(load.daily_active_users).map(|it| it / sizing::DAILY_SHARE))
        .or(sane(load.concurrent_users).map(|it| it * 10.0))
        .or(sane(load.visits_per_month).map(|it| it * sizing::MEMBER_SHARE));
    let think = if plays(needs) { sizing::PLAY_SECONDS } else { sizing::THINK_SECONDS };
    let concurrent = sane(load.concurrent_users).map(|it| sizing::rate_of_concurrent(it, think));
    let peak_stated = sane(load.peak_requests_per_second).or(concurrent);
    let (requests, story) = if let Some(rps) = sane(load.requests_per_second) {
        (sizing::per_month(rps), format!("{} requests a second are stated", number(rps)))
    } else if let Some(requests) = sane(load.requests_per_month) {
        (requests, format!("{} requests a month are stated", number(requests)))
    } else if let Some(peak) = peak_stated {
        let story = match concurrent {
            Some(_) if load.peak_requests_per_second.is_none() => format!(
                "people who are there at once ask every {} s, which is {} requests a second at peak",
                think,
                number(peak)
            ),
            _ => format!("{} requests a second at peak are stated", number(peak)),
        };
        (sizing::per_month(peak / factor), story)
    } else if let Some(daily) = sane(load.daily_active_users) {
        (
            daily * sizing::REQUESTS_PER_ACTIVE_DAY * 30.0,
            format!(
                "{} people a day x {} requests each",
                number(daily),
                sizing::REQUESTS_PER_ACTIVE_DAY
            ),
        )
    } else if let Some(visits) = sane(load.visits_per_month) {
        (
            visits * sizing::REQUESTS_PER_VISIT,
            format!("{} visits x {} requests each", number(visits), sizing::REQUESTS_PER_VISIT),
        )
    } else if let Some(users) = users {
        (
            sizing::requests_of_users(users),
            format!(
                "{} users x {} % of them on a day x {} requests each",
                number(users),
                sizing::DAILY_SHARE * 100.0,
                sizing::REQUESTS_PER_ACTIVE_DAY
            ),
        )
    } else if let Some(devices) = sane(load.devices) {
        // One message a minute from each device.
        let requests = sane(load.messages_per_month).unwrap_or(devices * 43_800.0);
        (requests, format!("{} devices that report once a minute", number(devices)))
    } else if let Some(messages) =
        sane(load.messages_per_month).or(sane(load.messages_per_second).map(sizing::per_month))
    {
        (messages, format!("{} messages a month are stated", number(messages)))
    } else if let Some(jobs) = sane(load.jobs_per_day) {
        (jobs * 30.0, format!("{} jobs a day are stated", number(jobs)))
    } else if let Some(files) = sane(load.files_per_month) {
        (files, format!("{} files a month are stated", number(files)))
    } else if let Some(users) = assumed("load.monthly_active_users") {
        (
            sizing::requests_of_users(users),
            format!(
                "no load is stated: {} users x {} % of them on a day x {} requests each",
                number(users),
                sizing::DAILY_SHARE * 100.0,
                sizing::REQUESTS_PER_ACTIVE_DAY
            ),
        )
    } else if let Some(requests) = assumed("load.requests_per_month") {
        (requests, format!("no load is stated: {} operations a month", number(requests)))
    } else if scope == Scope::Parts {
        (sizing::REQUESTS_SAMPLE, "no load is stated: 100 thousand requests a month".to_owned())
    } else {
        (sizing::REQUESTS_UNSTATED, "no load is stated: 1 million requests a month".to_owned())
    };
    let average = sizing::average_per_second(requests);
    let peak = peak_stated.unwrap_or(average * factor).max(average);
    let people = users.unwrap_or(sizing::USERS_UNSTATED);
    let ingest = sane(load.ingest_gb_per_day).map(|it| it * 30.0);
    let messages = sane(load.messages_per_month)
        .or(sane(load.messages_per_second).map(sizing::per_month))
        .or(sane(load.devices).map(|it| it * 43_800.0))
        .or(sane(load.jobs_per_day).map(|it| it * 30.0))
        .or(sane(load.files_per_month))
        // A record of a stream has one kilobyte.
        .or(ingest.map(|it| it * 1e6 / sane(load.item_kb).unwrap_or(1.0)))
        // One request in ten leaves work for later.
        .unwrap_or(requests * 0.1);
    let stored = sane(load.storage_gb);
    let small = scope == Scope::Parts;
    // A year of what arrives, or as long as it is kept.
    let months = sane(needs.retention_days).map_or(12.0, |it| (it / 30.0).min(12.0));
    let records = sane(load.messages_per_month)
        .or(sane(load.messages_per_second).map(sizing::per_month))
        .filter(|_| streams(needs))
        .map(|it| it * sane(load.item_kb).unwrap_or(1.0) / 1e6);
    let files = sane(load.files_per_month)
        .map(|it| it * sane(load.item_kb).unwrap_or(500.0) / 1e6 * 12.0)
        .or(ingest.or(records).map(|it| it * months));
    Numbers {
        users: people,
        requests,
        peak,
        messages,
        database_gb: stored.filter(|_| !keeps_files(needs)).unwrap_or_else(|| {
            if small { 5.0 } else { (people * sizing::ROWS_GB_PER_USER).max(5.0) }
        }),
        files_gb: stored.or(files).unwrap_or_else(|| {
            if small { 10.0 } else { (people * sizing::FILES_GB_PER_USER).max(20.0) }
        }),
        story,
    }
}

/// Numbers as people write them: `1.5 million`, `20,000`, `0.4`.
pub fn number(value: f64) -> String {
    if !value.is_finite() {
        return "unknown".to_owned();
    }
    if value >= 1e9 {
        return format!("{} billion", trim(value / 1e9));
    }
    if value >= 1e6 {
        return format!("{} million", trim(value / 1e6));
    }
    if value >= 1000.0 {
        let digits = format!("{value:.0}");
        let mut out = String::new();
        for (i, c) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                out.push(',');
            }
            out.push(c);
        }
        return out;
    }
    trim(value)
}

fn trim(value: f64) -> String {
    let text = if value >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Processor seconds of a request and memory of a copy, by language. Our
/// assumptions: compiled and JIT languages work faster, the JVM and .NET take
/// more memory.
fn runtime(needs: &Needs) -> (f64, u32) {
    let has = |names: &[&str]| names.iter().any(|it| needs.stack.contains(*it));
    if has(&["java", "kotlin", "scala", "spring", "spring boot"]) {
        (0.02, 1024)
    } else if has(&[".net", "dotnet", "c#", "asp.net"]) {
        (0.02, 512)
    } else if has(&["go", "golang", "rust"]) {
        (0.01, 256)
    } else if has(&["node", "node.js", "nodejs", "typescript", "javascript", "express", "next.js"])
    {
        (0.02, 512)
    } else if has(&["ruby", "rails", "ruby on rails", "php", "laravel", "wordpress", "drupal"]) {
        (0.05, 512)
    } else {
        (0.03, 512)
    }
}

/// How long audit records are kept: HIPAA asks for six years (45 CFR
/// 164.316(b)(2)), PCI DSS for one (10.5.1), FedRAMP for three (M-21-31 for
/// what federal agencies keep, cold), the others for none: one year.
fn audit_days(needs: &Needs) -> u32 {
    needs
        .compliance
        .iter()
        .map(|it| match it {
            Compliance::Hipaa => 2192,
            Compliance::FedRamp => 1096,
            _ => 365,
        })
        .max()
        .unwrap_or(365)
}

/// Kinds that may not be used, and whether relational clusters (Aurora) may.
fn exclusions(needs: &Needs, policy: &Policy) -> (BTreeSet<Kind>, bool) {
    let mut excluded = BTreeSet::new();
    let mut no_clusters = false;
    for mention in needs.mentions.iter().filter(|it| it.stance == Stance::Excluded) {
        let Some(Meaning::Part(kind)) = services::meaning(mention.cloud, mention.service) else {
            continue;
        };
        let variant = mention.details.get("variant").map_or("", String::as_str);
        if kind == Kind::RelationalDatabase && variant.contains("aurora") {
            no_clusters = true;
            continue;
        }
        // "No Oracle" or "no memcached" forbids the engine and not the service.
        let by_engine = mention.details.contains_key("engine")
            && matches!(kind, Kind::RelationalDatabase | Kind::Cache | Kind::MessageBroker);
        if !by_engine && (variant.is_empty() || !has_variants(kind)) {
            excluded.insert(kind);
        }
    }
    let preferences = &needs.preferences;
    if preferences.kubernetes == Some(false) {
        excluded.insert(Kind::KubernetesCluster);
    }
    if preferences.virtual_machines == Some(false) {
        excluded.extend([Kind::VirtualMachines, Kind::MachineScaling]);
    }
    if preferences.serverless == Some(false) {
        excluded.insert(Kind::Function);
    }
    if preferences.containers == Some(false) {
        excluded.extend([Kind::ContainerService, Kind::KubernetesCluster, Kind::WebService]);
    }
    for kind in Kind::ALL {
        if !policy.allows_service(services::service_of(*kind)) {
            excluded.insert(*kind);
        }
    }
    // Wanted by name beats forbidden by preference; only the policy is stronger.
    for mention in needs.mentions.iter().filter(|it| it.stance == Stance::Wanted) {
        if let Some(Meaning::Part(kind)) = services::meaning(mention.cloud, mention.service) {
            let banned_by_name = needs.mentions.iter().any(|it| {
                it.stance == Stance::Excluded
                    && services::meaning(it.cloud, it.service) == Some(Meaning::Part(kind))
            });
            if !banned_by_name && policy.allows_service(services::service_of(kind)) {
                excluded.remove(&kind);
            }
        }
    }
    (excluded, no_clusters)
}

/// Services whose variants are chosen one by one: forbidding "REST API" still
/// leaves an HTTP API.
fn has_variants(kind: Kind) -> bool {
    matches!(kind, Kind::HttpApi | Kind::LoadBalancer | Kind::ContainerService | Kind::Queue)
}

/// The first workload of one of these kinds.
pub fn described<'a>(needs: &'a Needs, kinds: &[WorkloadKind]) -> Option<&'a Workload> {
    needs.workloads.iter().find(|it| kinds.contains(&it.kind))
}
