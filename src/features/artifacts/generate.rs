//! Making sets. Those of an analysis are written with it and kept in its
//! transaction; any other is asked for in one transaction, generated outside of
//! any, and kept in another one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::browser::Texts;
use super::store::{self, Block, File, Set};
use crate::engine::analysis::{self, Analysis, Design, Format};
use crate::engine::bind;
use crate::engine::brief::Brief;
use crate::engine::emit::terraform::Settings;
use crate::engine::emit::{index, package};
use crate::engine::graph::Tier;
use crate::features::analyses;
use crate::platform::api_key::Mode;
use crate::platform::crypto::{hex, sha256};
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event, Who};
use crate::platform::jobs::{self, Job};
use crate::platform::live;
use crate::platform::state::AppState;
use crate::platform::work;

/// What a set is made of.
#[derive(Clone, Copy, Debug)]
pub struct Of {
    pub session_id: Uuid,
    pub analysis: i32,
    pub tier: Tier,
    pub format: Format,
}

/// Files that were generated, and their archive.
pub struct Package {
    pub manifest: Vec<File>,
    /// Paths and contents of those that are text.
    pub texts: Arc<Texts>,
    pub archive: Vec<u8>,
    checksum: [u8; 32],
}

impl Package {
    /// About what it takes up in memory.
    pub fn weight(&self) -> usize {
        let texts: usize = self.texts.iter().map(|it| it.0.len() + it.1.len()).sum();
        texts + self.archive.len() + (64 << 10)
    }

    pub fn checksum_hex(&self) -> String {
        hex(&self.checksum)
    }

    fn pack(self) -> Option<Packed> {
        let files = self.manifest.len();
        let manifest = serde_json::to_string(&self.manifest).ok()?;
        Some(Packed { manifest, archive: self.archive, checksum: self.checksum, files })
    }
}

/// A package as it is kept. Nothing of it is as large as its texts.
pub struct Packed {
    /// As JSON.
    pub manifest: String,
    pub archive: Vec<u8>,
    pub checksum: [u8; 32],
    files: usize,
}

/// The files of an option of an analysis, unless it could not be turned into code.
pub struct Written {
    pub tier: Tier,
    pub packed: Option<Packed>,
}

/// Why a set has no files.
const NOT_GENERATED: &str = "this option could not be turned into code";

/// Asks for a set; the one there is, when there is one that is not given up.
pub async fn ask(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<Set> {
    let (set, new) = insert(tx, of, account_id).await?;
    if new {
        let job = Generate { org_id: tx.org_id(), set_id: set.id };
        jobs::enqueue(tx, &job).await?;
        tell(tx, &About::of(&set), "queued");
    }
    Ok(set)
}

async fn insert(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<(Set, bool)> {
    let at = (of.session_id, of.analysis);
    let (set, new) = store::insert(tx, at, of.tier.name(), of.format.name(), account_id).await?;
    if new {
        let requested = Event::new("artifacts.requested").on("session", set.session_id);
        events::emit(tx, requested.after(About::of(&set).json()));
    }
    Ok((set, new))
}

/// Generates a set in this very transaction.
pub async fn now(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<Set> {
    let (set, _) = insert(tx, of, account_id).await?;
    if set.state != "ready" {
        let brief = analyses::brief(tx, of.session_id, of.analysis).await?;
        let packed = work::run(move || make(&brief.analyze(), &brief, of.tier, of.format));
        keep(tx, &set, &packed.await.ok().flatten().ok_or_else(not_generated)?).await?;
    }
    store::find(tx, set.id).await
}

/// Gives up a set that is not ready.
pub async fn cancel(tx: &mut TenantTx, id: Uuid) -> Result<()> {
    let set = store::find(tx, id).await?;
    if !store::set_state(tx, id, &["queued", "running"], "cancelled", None).await? {
        let message = format!("this set is {} already", set.state);
        return Err(Error::conflict("not_cancellable", message));
    }
    let about = About::of(&set);
    let cancelled = Event::new("artifacts.cancelled").on("session", set.session_id);
    events::emit(tx, cancelled.after(about.json()));
    tell(tx, &about, "cancelled");
    Ok(())
}

/// What events and notices tell of a set.
struct About<'a> {
    id: Uuid,
    session_id: Uuid,
    mode: Mode,
    analysis: i32,
    tier: &'a str,
    format: &'a str,
}

impl<'a> About<'a> {
    fn of(set: &'a Set) -> Self {
        let Set { id, session_id, mode, analysis, ref tier, ref format, .. } = *set;
        Self { id, session_id, mode, analysis, tier, format }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "mode": self.mode, "analysis": self.analysis, "option": self.tier,
            "format": self.format,
        })
    }
}

fn tell(tx: &mut TenantTx, about: &About<'_>, state: &str) {
    let mut data = about.json();
    data["state"] = state.into();
    live::tell(tx, about.session_id, "artifacts", data);
}

async fn keep(tx: &mut TenantTx, set: &Set, packed: &Packed) -> Result<()> {
    // Otherwise it was cancelled meanwhile, or another attempt was quicker.
    if store::complete(tx, set.id, packed).await? {
        ready(tx, &About::of(set), packed);
    }
    Ok(())
}

fn ready(tx: &mut TenantTx, about: &About<'_>, packed: &Packed) {
    let mut after = about.json();
    after["files"] = packed.files.into();
    after["sha256"] = hex(&packed.checksum).into();
    events::emit(tx, Event::new("artifacts.ready").on("session", about.session_id).after(after));
    tell(tx, about, "ready");
}

fn failed(tx: &mut TenantTx, about: &About<'_>) {
    let failed = Event::new("artifacts.failed").on("session", about.session_id).failed();
    events::emit(tx, failed.after(about.json()));
    tell(tx, about, "failed");
}

/// Writes the files of all options, as the brief wants them.
pub fn write_all(analysis: &Analysis, brief: &Brief) -> Vec<Written> {
    let (format, settings) = (brief.format(), brief.code());
    let written = analysis.options.iter().map(|it| {
        // A fault of the engine is this option's alone.
        let written = || write(it, format, &settings, &|_, content| content)?.pack();
        let packed = catch_unwind(AssertUnwindSafe(written)).ok().flatten();
        Written { tier: it.graph.tier, packed }
    });
    written.collect()
}

/// Keeps what was written with an analysis that is kept in this transaction.
pub async fn keep_all(
    tx: &mut TenantTx,
    (session_id, analysis, mode): (Uuid, i32, Mode),
    format: Format,
    written: &[Written],
    account_id: Option<Uuid>,
) -> Result<()> {
    let format = format.name();
    let at = (session_id, analysis);
    let ids = store::insert_made(tx, at, format, written, NOT_GENERATED, account_id).await?;
    for (id, written) in ids.into_iter().zip(written) {
        let about = About { id, session_id, mode, analysis, tier: written.tier.name(), format };
        match &written.packed {
            Some(packed) => ready(tx, &about, packed),
            None => failed(tx, &about),
        }
    }
    Ok(())
}

fn not_generated() -> Error {
    Error::conflict("not_generated", NOT_GENERATED)
}

fn make(analysis: &Analysis, brief: &Brief, tier: Tier, format: Format) -> Option<Packed> {
    let design = analysis.options.iter().find(|it| it.graph.tier == tier)?;
    write(design, format, &brief.code(), &|_, content| content)?.pack()
}

/// Paths and texts of the files of an option.
pub fn texts_of(design: &Design, format: Format, settings: &Settings) -> Texts {
    let files = analysis::generate(&design.graph, format, settings).into_iter();
    files.filter_map(|it| Some((it.path, String::from_utf8(it.content).ok()?))).collect()
}

/// The archive of an option: its files in order of their paths, each as `edit`
/// leaves it, then `manifest.json`, which lists them with their checksums.
pub fn write(
    design: &Design,
    format: Format,
    settings: &Settings,
    edit: &dyn Fn(&str, Vec<u8>) -> Vec<u8>,
) -> Option<Package> {
    let stack = bind::lower(&design.graph);
    let mut files = analysis::files(&stack, &design.cost, format, settings);
    for file in &mut files {
        file.content = edit(&file.path, std::mem::take(&mut file.content));
    }
    let blocks = index::blocks(&stack, format, &files);
    let manifest: Vec<File> = files
        .iter()
        .map(|it| File {
            path: it.path.clone(),
            bytes: it.content.len(),
            lines: it.content.iter().filter(|c| **c == b'\n').count(),
            sha256: hex(&sha256(&it.content)),
            blocks: blocks
                .iter()
                .filter(|block| block.path == it.path)
                .map(|block| Block {
                    component: block.component.to_string(),
                    resource: block.resource.clone(),
                    first: block.lines.0,
                    last: block.lines.1,
                })
                .collect(),
        })
        .collect();
    let text = serde_json::to_string_pretty(&json!({
        "option": design.graph.tier.name(),
        "format": format.name(),
        "engine": env!("CARGO_PKG_VERSION"),
        "files": manifest,
    }));
    let text = format!("{}\n", text.ok()?);
    let entries = files.iter().map(|it| (it.path.as_str(), it.content.as_slice()));
    let archive = package::zip(entries.chain([("manifest.json", text.as_bytes())]));
    let checksum = sha256(&archive);
    let texts = files
        .into_iter()
        .filter_map(|it| Some((it.path, String::from_utf8(it.content).ok()?)))
        .collect();
    Some(Package { manifest, texts: Arc::new(texts), archive, checksum })
}

/// Generates a set that was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Generate {
    org_id: Uuid,
    set_id: Uuid,
}

impl Job for Generate {
    const NAME: &'static str = "artifacts.generate";
    const ATTEMPTS: i32 = 5;
    // The set tells how far it is.
    const HISTORY: bool = false;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        match self.generate(&state).await {
            // Its session is gone.
            Err(Error::NotFound(_)) => Ok(()),
            done => Ok(done?),
        }
    }

    async fn give_up(self, state: AppState, _: &str) -> anyhow::Result<()> {
        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        fail(&mut tx, self.set_id, "something went wrong on our side; try again").await?;
        Ok(tx.commit().await?)
    }
}

impl Generate {
    async fn generate(&self, state: &AppState) -> Result<()> {
        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        // Unless it was cancelled, or made by another attempt.
        let Some(set) = store::start(&mut tx, self.set_id).await? else { return Ok(()) };
        tell(&mut tx, &About::of(&set), "running");
        let brief = analyses::brief(&mut tx, set.session_id, set.analysis).await?;
        let replay = analyses::replay(state, &mut tx, set.session_id, set.analysis).await?;
        tx.commit().await?;

        let tier = Tier::parse(&set.tier).ok_or(Error::NotFound("option"))?;
        let format = Format::parse(&set.format).ok_or(Error::NotFound("format"))?;
        let analysis = replay.make(state).await?;
        let packed = work::run(move || make(&analysis, &brief, tier, format)).await;

        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        match packed.ok().flatten() {
            Some(packed) => keep(&mut tx, &set, &packed).await?,
            // A fault of the engine: it would be the same another time.
            None => fail(&mut tx, set.id, NOT_GENERATED).await?,
        }
        tx.commit().await
    }
}

/// Marks a set as failed, unless it is not to be made any more.
async fn fail(tx: &mut TenantTx, id: Uuid, why: &str) -> Result<()> {
    if store::set_state(tx, id, &["queued", "running"], "failed", Some(why)).await? {
        let set = store::find(tx, id).await?;
        failed(tx, &About::of(&set));
    }
    Ok(())
}
