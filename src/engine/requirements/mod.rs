//! From text to [`Requirements`]: what was asked for, in the person's own words.
//!
//! Each [`Fact`] keeps the span it came from and a confidence. [`Needs`] is the
//! same content resolved for the planner: one value per question, contradictions
//! settled (and reported). What is missing becomes an [`Assumption`] with its
//! reason; what only the person can decide becomes a [`Question`].

mod context;
mod details;
mod draft;
mod facts;
mod flows;
mod heard;
mod implied;
mod load;
mod mentions;
mod orders;
mod people;
mod phrases;
mod places;
mod quantities;
mod regions;
mod resolve;
mod revise;
pub mod settings;
mod settle;
mod stance;
#[cfg(test)]
mod tests;
mod tokens;
mod vocabulary;
mod workloads;

pub use resolve::{ServiceNamed, fills_the_role, services_named, understand, understand_with};
pub use revise::{revise, revise_with};

use super::diag::{Diagnostic, Span};
use super::policy::Policy;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was understood.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Requirements {
    /// The text as given; for a conversation, its turns joined by newlines.
    pub text: String,
    pub facts: Vec<Fact>,
    pub assumptions: Vec<Assumption>,
    pub questions: Vec<Question>,
    /// What was set by hand and still holds.
    #[serde(skip)]
    pub(super) set: BTreeMap<&'static str, serde_json::Value>,
    #[serde(skip)]
    pub needs: Needs,
    #[serde(skip)]
    pub diagnostics: Vec<Diagnostic>,
}

/// One thing that the text says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// Dotted, stable: `service`, `service.excluded`, `workload`, `load.users`,
    /// `load.requests_per_second`, `compliance`, `region`, `budget`, `rto` …
    pub kind: &'static str,
    /// The value in the canonical unit of its kind.
    pub value: serde_json::Value,
    /// The words, exactly as in the text.
    pub text: String,
    pub span: Span,
    /// 0 to 1.
    pub confidence: f64,
}

/// A default that stands until somebody says otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assumption {
    /// Same vocabulary as [`Fact::kind`].
    pub kind: &'static str,
    pub value: serde_json::Value,
    pub reason: String,
    pub source: Source,
}

/// Who says what no text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A rule of the engine.
    Engine,
    /// A person who set it by hand.
    Hand,
    /// Defaults and rules of the organisation.
    Organisation,
}

/// Something only the person can decide.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    pub kind: &'static str,
    pub text: String,
    /// Answers that can be picked; empty when free text is wanted.
    pub choices: Vec<String>,
}

/// What the planner works from: facts and assumptions, resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// False when the text describes no system: there is nothing to plan.
    pub describes_system: bool,
    /// A short name for the system, from its own words: "patient portal".
    pub title: String,
    /// What the first turn made of its services: later turns add to a design and
    /// do not change how much of it is completed.
    pub first: Option<Vec<Stance>>,
    /// A later turn asked for parts by what they do.
    pub extended: bool,
    /// Which clouds are asked for; empty means no preference.
    pub clouds: Vec<Cloud>,
    /// Parts that are described rather than named: "REST API", "nightly report".
    pub workloads: Vec<Workload>,
    /// Services that are named, in order of first mention.
    pub mentions: Vec<Mention>,
    /// What is said to talk to what, as indexes into `mentions`.
    pub flows: Vec<Flow>,
    pub load: Load,
    /// Share of time, such as 0.9995.
    pub availability: Option<f64>,
    /// Response time in milliseconds that is asked for, with its percentile.
    pub latency_ms: Option<(f64, f64)>,
    pub rto_minutes: Option<f64>,
    pub rpo_minutes: Option<f64>,
    pub retention_days: Option<f64>,
    pub data: BTreeSet<DataClass>,
    pub compliance: BTreeSet<Compliance>,
    /// Cloud region codes asked for, main region first.
    pub regions: Vec<String>,
    /// Residency group that data may not leave: `eu`, `us`, `de` …
    pub residency: Option<String>,
    pub multi_region: bool,
    /// A zone may fail without being noticed.
    pub multi_zone: bool,
    /// Residency group in which most of its people are: `eu`, `jp` …
    pub audience: Option<String>,
    /// Region codes and residency groups that are refused.
    pub avoided: Vec<String>,
    /// US dollars a month.
    pub budget: Option<f64>,
    /// Languages, frameworks and engines that are in use, lowercase.
    pub stack: BTreeSet<String>,
    /// Engines that run on machines of the design and not as a service.
    pub self_hosted: BTreeSet<&'static str>,
    pub preferences: Preferences,
    pub network: ExistingNetwork,
    /// The text compares, reviews or migrates something that exists.
    pub intent: Intention,
}

impl Needs {
    /// Whether the text refuses a region, or the part of the world it lies in.
    pub fn avoids(&self, region: &str) -> bool {
        self.avoided.iter().any(|it| it == region || regions::within(region, it))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    Aws,
    Azure,
    Gcp,
}

impl Cloud {
    pub fn named(text: &str) -> Option<Self> {
        vocabulary::provider(&text.to_ascii_lowercase())
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Aws => "AWS",
            Self::Azure => "Azure",
            Self::Gcp => "Google Cloud",
        }
    }
}

/// What the person wants done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intention {
    #[default]
    Design,
    Review,
    Migrate,
    Compare,
}

/// A part of the system that is described by what it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    pub kind: WorkloadKind,
    /// From the text where it has a name ("orders service"), else of the kind.
    pub name: String,
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkloadKind {
    /// Server-rendered site or application with users.
    WebApp,
    /// Files only: single-page application, documentation, landing page.
    StaticSite,
    RestApi,
    GraphqlApi,
    /// WebSocket, chat, presence, live updates.
    Realtime,
    MobileBackend,
    Microservices,
    /// Asynchronous workers behind a queue.
    Worker,
    /// Something on a timetable.
    Scheduled,
    Batch,
    /// Reacts to uploads, messages or changes.
    EventDriven,
    StreamProcessing,
    DataLake,
    Warehouse,
    Etl,
    Dashboards,
    MlTraining,
    MlInference,
    /// Language model application: chat assistant, retrieval, summaries.
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
    /// A database or store that is asked for by kind, not by product.
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
    Cdn,
}

/// A service named by any of its usual names.
#[derive(Clone, Debug, PartialEq)]
pub struct Mention {
    /// Canonical name of the service in `data/services.csv`.
    pub service: &'static str,
    pub cloud: Cloud,
    pub stance: Stance,
    /// How many the text asks for; 1 unless it says so.
    pub count: u32,
    /// What is said about it, in canonical keys: `engine` = `postgres`,
    /// `instance` = `db.m5.large`, `nodes` = `3`, `multi_az` = `true`,
    /// `variant` = `http` | `rest` | `websocket` | `fifo` | `aurora` |
    /// `aurora-serverless` | `application` | `network` | `fargate` …
    pub details: BTreeMap<&'static str, String>,
    pub span: Span,
    pub confidence: f64,
}

/// Where a named service stands in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    /// Part of what is to be built.
    Wanted,
    /// Runs already and stays: connect to it.
    Existing,
    /// Runs today and is to be replaced: "migrate from", "instead of".
    Replaced,
    /// Must not be used.
    Excluded,
    /// Named as one of several choices or in passing.
    Passing,
    /// Not named, but what is described cannot be built without it.
    Implied,
}

/// What is said to talk to what.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    pub from: usize,
    pub to: usize,
    pub intent: Intent,
    pub span: Span,
}

/// What a connection is for. On every cloud it becomes a network path, a
/// permission and a reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Intent {
    Reads,
    Writes,
    Invokes,
    Publishes,
    Subscribes,
    Streams,
    Serves,
    Resolves,
    Authenticates,
    Replicates,
}

/// How much of it, in canonical units. `None` is what the text does not say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    pub users: Option<f64>,
    pub monthly_active_users: Option<f64>,
    pub daily_active_users: Option<f64>,
    pub concurrent_users: Option<f64>,
    /// People who come by, most of whom never sign in.
    pub visits_per_month: Option<f64>,
    pub requests_per_second: Option<f64>,
    pub peak_requests_per_second: Option<f64>,
    pub requests_per_month: Option<f64>,
    pub messages_per_second: Option<f64>,
    pub messages_per_month: Option<f64>,
    pub devices: Option<f64>,
    pub jobs_per_day: Option<f64>,
    pub files_per_month: Option<f64>,
    /// Typical size of a request body, message or file.
    pub item_kb: Option<f64>,
    /// Data at rest now, in GB (10^9 bytes).
    pub storage_gb: Option<f64>,
    pub ingest_gb_per_day: Option<f64>,
    pub egress_gb_per_month: Option<f64>,
    /// 0.2 is 20 % more each year.
    pub growth_per_year: Option<f64>,
    /// Peak over average.
    pub peak_factor: Option<f64>,
    /// Share of requests that read.
    pub read_share: Option<f64>,
}

impl Load {
    /// What grows when there are more people, machines or files.
    fn traffic(&mut self) -> [&mut Option<f64>; 15] {
        self.parts().0
    }

    /// All figures.
    fn fields(&mut self) -> impl Iterator<Item = &mut Option<f64>> {
        let (traffic, rest) = self.parts();
        traffic.into_iter().chain(rest)
    }

    fn parts(&mut self) -> ([&mut Option<f64>; 15], [&mut Option<f64>; 5]) {
        let traffic = [
            &mut self.users,
            &mut self.monthly_active_users,
            &mut self.daily_active_users,
            &mut self.concurrent_users,
            &mut self.visits_per_month,
            &mut self.requests_per_second,
            &mut self.peak_requests_per_second,
            &mut self.requests_per_month,
            &mut self.messages_per_second,
            &mut self.messages_per_month,
            &mut self.devices,
            &mut self.jobs_per_day,
            &mut self.files_per_month,
            &mut self.ingest_gb_per_day,
            &mut self.egress_gb_per_month,
        ];
        let rest = [
            &mut self.item_kb,
            &mut self.storage_gb,
            &mut self.growth_per_year,
            &mut self.peak_factor,
            &mut self.read_share,
        ];
        (traffic, rest)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    Personal,
    Health,
    Payment,
    Financial,
    Children,
    Government,
    Confidential,
    Public,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Compliance {
    Hipaa,
    PciDss,
    Soc2,
    Gdpr,
    FedRamp,
    Iso27001,
}

impl Compliance {
    pub const ALL: [Self; 6] =
        [Self::Hipaa, Self::PciDss, Self::Soc2, Self::Gdpr, Self::FedRamp, Self::Iso27001];

    /// By any of its usual spellings: `hipaa`, `PCI DSS`, `soc-2`.
    pub fn named(text: &str) -> Option<Self> {
        let plain: String =
            text.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
        Some(match plain.as_str() {
            "hipaa" => Self::Hipaa,
            "pci" | "pcidss" => Self::PciDss,
            "soc2" => Self::Soc2,
            "gdpr" => Self::Gdpr,
            "fedramp" => Self::FedRamp,
            "iso27001" => Self::Iso27001,
            _ => return None,
        })
    }

    pub fn title(self) -> &'static str {
        match self {
            Self::Hipaa => "HIPAA",
            Self::PciDss => "PCI DSS",
            Self::Soc2 => "SOC 2",
            Self::Gdpr => "GDPR",
            Self::FedRamp => "FedRAMP",
            Self::Iso27001 => "ISO 27001",
        }
    }
}

impl<'de> Deserialize<'de> for Compliance {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::named(&text).ok_or_else(|| {
            serde::de::Error::custom(format!(
                "{text} is no framework that is known; known are hipaa, pci, soc2, gdpr, fedramp, iso27001"
            ))
        })
    }
}

/// Wishes and prohibitions about how it is built.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Preferences {
    /// `Some(true)` wanted, `Some(false)` forbidden.
    pub serverless: Option<bool>,
    pub kubernetes: Option<bool>,
    pub containers: Option<bool>,
    pub virtual_machines: Option<bool>,
    pub managed_services: Option<bool>,
    pub open_source: Option<bool>,
    pub arm: Option<bool>,
    pub spot: Option<bool>,
    pub scale_to_zero: bool,
    pub private_only: bool,
    /// Its people come in over a private network: "only over VPN", "from our office".
    pub inside_only: bool,
    pub low_operations: bool,
    pub cost_first: bool,
}

/// What is there already that the design has to fit into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExistingNetwork {
    pub vpc_id: Option<String>,
    pub cidr: Option<String>,
    pub vpn: bool,
    pub direct_connect: bool,
    pub on_premises: bool,
    pub domain: Option<String>,
}

/// What is known besides the text: flags of the command, fields of a form. A
/// hint wins over an assumption and loses to a fact of the text.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Hints {
    pub cloud: Option<Cloud>,
    pub region: Option<String>,
    pub budget: Option<f64>,
    pub compliance: BTreeSet<Compliance>,
}

/// All that a text is read with.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    pub hints: &'a Hints,
    pub policy: &'a Policy,
    /// Set by hand before the text was written: they hold where it says nothing.
    pub before: &'a [(&'a str, &'a serde_json::Value)],
    /// Set by hand after the text was written: they hold whatever it says.
    pub after: &'a [(&'a str, &'a serde_json::Value)],
}
