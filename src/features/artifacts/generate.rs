//! Making a set: asked for in one transaction, generated outside of any, kept
//! in another one.

use std::sync::Arc;

use futures_util::future::join_all;
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
        let job = Generate { org_id: tx.org_id(), set_id: set.id, others: Vec::new() };
        jobs::enqueue(tx, &job).await?;
        tell(tx, &set, "queued");
    }
    Ok(set)
}

/// Asks for the sets of all options of an analysis, made by one job.
pub async fn ask_all(
    tx: &mut TenantTx,
    (session_id, analysis): (Uuid, i32),
    format: Format,
    account_id: Option<Uuid>,
) -> Result<()> {
    let tiers = Tier::ALL.map(Tier::name);
    let at = (session_id, analysis);
    let new = store::insert_all(tx, at, &tiers, format.name(), account_id).await?;
    for set in &new {
        requested(tx, set);
        tell(tx, set, "queued");
    }
    let ids: Vec<Uuid> = new.iter().map(|it| it.id).collect();
    if let Some((set_id, others)) = ids.split_first() {
        let job = Generate { org_id: tx.org_id(), set_id: *set_id, others: others.to_vec() };
        jobs::enqueue(tx, &job).await?;
    }
    Ok(())
}

async fn insert(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<(Set, bool)> {
    let at = (of.session_id, of.analysis);
    let (set, new) = store::insert(tx, at, of.tier.name(), of.format.name(), account_id).await?;
    if new {
        requested(tx, &set);
    }
    Ok((set, new))
}

fn requested(tx: &mut TenantTx, set: &Set) {
    let requested = Event::new("artifacts.requested").on("session", set.session_id);
    events::emit(tx, requested.after(about(set)));
}

/// Generates a set in this very transaction.
pub async fn now(tx: &mut TenantTx, of: Of, account_id: Option<Uuid>) -> Result<Set> {
    let (set, _) = insert(tx, of, account_id).await?;
    if set.state != "ready" {
        let brief = analyses::brief(tx, of.session_id, of.analysis).await?;
        let package = package(move || make(&brief.analyze(), &brief, of.tier, of.format)).await?;
        keep(tx, &[(&set, &package)]).await?;
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
    tell(tx, &set, "cancelled");
    Ok(())
}

fn about(set: &Set) -> serde_json::Value {
    json!({
        "id": set.id, "mode": set.mode, "analysis": set.analysis, "option": set.tier,
        "format": set.format,
    })
}

fn tell(tx: &mut TenantTx, set: &Set, state: &str) {
    let mut data = about(set);
    data["state"] = state.into();
    live::tell(tx, set.session_id, "artifacts", data);
}

async fn keep(tx: &mut TenantTx, made: &[(&Set, &Package)]) -> Result<()> {
    let done: Vec<_> = made
        .iter()
        .map(|(set, it)| store::Complete {
            id: set.id,
            manifest: &it.manifest,
            archive: &it.archive,
            checksum: &it.checksum,
        })
        .collect();
    let kept = store::complete(tx, &done).await?;
    // The others were cancelled meanwhile, or another attempt was quicker.
    for (set, package) in made.iter().filter(|it| kept.contains(&it.0.id)) {
        let ready = Event::new("artifacts.ready").on("session", set.session_id);
        let mut after = about(set);
        after["files"] = package.manifest.len().into();
        after["sha256"] = hex(&package.checksum).into();
        events::emit(tx, ready.after(after));
        tell(tx, set, "ready");
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

/// Generates sets of one analysis that were asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct Generate {
    org_id: Uuid,
    set_id: Uuid,
    /// Asked for together with the first.
    #[serde(default)]
    others: Vec<Uuid>,
}

impl Job for Generate {
    const NAME: &'static str = "artifacts.generate";
    const ATTEMPTS: i32 = 5;
    // The set tells how far it is.
    const HISTORY: bool = false;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        match self.generate(&state).await {
            // Their session is gone.
            Err(Error::NotFound(_)) => Ok(()),
            done => Ok(done?),
        }
    }

    async fn give_up(self, state: AppState, _: &str) -> anyhow::Result<()> {
        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        for id in self.ids() {
            fail(&mut tx, id, "something went wrong on our side; try again").await?;
        }
        Ok(tx.commit().await?)
    }
}

impl Generate {
    fn ids(&self) -> Vec<Uuid> {
        [self.set_id].into_iter().chain(self.others.iter().copied()).collect()
    }

    async fn generate(&self, state: &AppState) -> Result<()> {
        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        // Without those that were cancelled, or made by another attempt.
        let sets = store::start(&mut tx, &self.ids()).await?;
        let Some(first) = sets.first() else { return Ok(()) };
        for set in &sets {
            tell(&mut tx, set, "running");
        }
        let at = (first.session_id, first.analysis);
        let brief = Arc::new(analyses::brief(&mut tx, at.0, at.1).await?);
        let replay = analyses::replay(state, &mut tx, at.0, at.1).await?;
        tx.commit().await?;

        let analysis = replay.make(state).await?;
        let packages = join_all(sets.iter().map(async |set| {
            let tier = Tier::parse(&set.tier).ok_or(Error::NotFound("option"))?;
            let format = Format::parse(&set.format).ok_or(Error::NotFound("format"))?;
            let (analysis, brief) = (analysis.clone(), brief.clone());
            package(move || make(&analysis, &brief, tier, format)).await
        }));
        let packages = packages.await;

        let mut tx = state.db.tenant(self.org_id, Who::system()).await?;
        let made = sets.iter().zip(&packages);
        let made: Vec<_> = made.filter_map(|(set, it)| Some((set, it.as_ref().ok()?))).collect();
        keep(&mut tx, &made).await?;
        for (set, package) in sets.iter().zip(packages) {
            match package {
                Ok(_) => {}
                // It would be the same another time.
                Err(err @ Error::Conflict { .. }) => {
                    fail(&mut tx, set.id, &err.body().message).await?;
                }
                Err(err) => return Err(err),
            }
        }
        tx.commit().await
    }
}

/// Marks a set as failed, unless it is not to be made any more.
async fn fail(tx: &mut TenantTx, id: Uuid, why: &str) -> Result<()> {
    if store::set_state(tx, id, &["queued", "running"], "failed", Some(why)).await? {
        let set = store::find(tx, id).await?;
        let failed = Event::new("artifacts.failed").on("session", set.session_id).failed();
        events::emit(tx, failed.after(about(&set)));
        tell(tx, &set, "failed");
    }
    Ok(())
}
