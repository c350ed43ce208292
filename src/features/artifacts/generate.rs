//! Making a set: asked for in one transaction, generated outside of any, kept
//! in another one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
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
}

/// Asks for a set; the one there is, when there is one that is not given up.
pub async fn ask(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<Set> {
    let (set, new) = insert(tx, of, account_id).await?;
    if new {
        let job = Generate { org_id: tx.org_id(), set_id: set.id };
        jobs::enqueue(tx, &job).await?;
        tell(tx, &set, "queued").await?;
    }
    Ok(set)
}

async fn insert(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<(Set, bool)> {
    let at = (of.session_id, of.analysis);
    let (set, new) = store::insert(tx, at, of.tier.name(), of.format.name(), account_id).await?;
    if new {
        let requested = Event::new("artifacts.requested").on("session", of.session_id);
        events::emit(tx, requested.after(about(&set)));
    }
    Ok((set, new))
}

/// Generates a set in this very transaction.
pub async fn now(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<Set> {
    let (set, _) = insert(tx, of, account_id).await?;
    if set.state != "ready" {
        let brief = analyses::brief(tx, of.session_id, of.analysis).await?;
        let package = package(move || make(&brief.analyze(), &brief, of.tier, of.format)).await?;
        keep(tx, &set, &package).await?;
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
    let cancelled = Event::new("artifacts.cancelled").on("session", set.session_id);
    events::emit(tx, cancelled.after(about(&set)));
    tell(tx, &set, "cancelled").await
}

fn about(set: &Set) -> serde_json::Value {
    json!({
        "id": set.id, "mode": set.mode, "analysis": set.analysis, "option": set.tier,
        "format": set.format,
    })
}

async fn tell(tx: &mut TenantTx, set: &Set, state: &str) -> Result<()> {
    let mut data = about(set);
    data["state"] = state.into();
    live::tell(tx, set.session_id, "artifacts", data).await
}

async fn keep(tx: &mut TenantTx, set: &Set, package: &Package) -> Result<()> {
    let kept =
        store::complete(tx, set.id, &package.manifest, &package.archive, &package.checksum).await?;
    // Otherwise it was cancelled meanwhile, or another attempt was quicker.
    if kept {
        let ready = Event::new("artifacts.ready").on("session", set.session_id);
        let mut after = about(set);
        after["files"] = package.manifest.len().into();
        after["sha256"] = hex(&package.checksum).into();
        events::emit(tx, ready.after(after));
        tell(tx, set, "ready").await?;
    }
    Ok(())
}

async fn package(make: impl FnOnce() -> Option<Package> + Send + 'static) -> Result<Package> {
    // A fault of the engine is this set's failure, with a message of ours.
    work::run(make).await.ok().flatten().ok_or_else(|| {
        Error::conflict("not_generated", "this option could not be turned into code")
    })
}

fn make(analysis: &Analysis, brief: &Brief, tier: Tier, format: Format) -> Option<Package> {
    let design = analysis.options.iter().find(|it| it.graph.tier == tier)?;
    write(design, format, &brief.code(), &|_, content| content)
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
    let mut files = analysis::generate(&design.graph, format, settings);
    for file in &mut files {
        file.content = edit(&file.path, std::mem::take(&mut file.content));
    }
    let stack = bind::lower(&design.graph);
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
            // It would be the same another time.
            Err(err @ Error::Conflict { .. }) => {
                self.fail(&state, &err.body().message).await?;
                Ok(())
            }
            done => Ok(done?),
        }
    }

    async fn give_up(self, state: AppState, _: &str) -> anyhow::Result<()> {
        Ok(self.fail(&state, "something went wrong on our side; try again").await?)
    }
}

impl Generate {
    async fn generate(&self, state: &AppState) -> Result<()> {
        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        if !store::set_state(&mut tx, self.set_id, &["queued", "running"], "running", None).await? {
            return Ok(());
        }
        let set = store::find(&mut tx, self.set_id).await?;
        tell(&mut tx, &set, "running").await?;
        let brief = analyses::brief(&mut tx, set.session_id, set.analysis).await?;
        let replay = analyses::replay(state, &mut tx, set.session_id, set.analysis).await?;
        tx.commit().await?;

        let tier = Tier::parse(&set.tier).ok_or(Error::NotFound("option"))?;
        let format = Format::parse(&set.format).ok_or(Error::NotFound("format"))?;
        let analysis = replay.make(state).await?;
        let package = package(move || make(&analysis, &brief, tier, format)).await?;

        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        keep(&mut tx, &set, &package).await?;
        tx.commit().await
    }

    async fn fail(&self, state: &AppState, why: &str) -> Result<()> {
        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        let unfinished = &["queued", "running"];
        if store::set_state(&mut tx, self.set_id, unfinished, "failed", Some(why)).await? {
            let set = store::find(&mut tx, self.set_id).await?;
            let failed = Event::new("artifacts.failed").on("session", set.session_id).failed();
            events::emit(&mut tx, failed.after(about(&set)));
            tell(&mut tx, &set, "failed").await?;
        }
        tx.commit().await
    }
}
