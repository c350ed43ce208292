//! The files of a set as a page shows them: a tree, a file, a search, or a
//! comparison with another set.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::browse::{self, Difference, Entry, Hit, Part, Source};
use super::store::{self, File, Set};
use crate::engine::analysis::Format;
use crate::features::analyses;
use crate::platform::db::TenantTx;
use crate::platform::error::{Error, Result};
use crate::platform::state::AppState;

/// Paths and contents of files.
pub type Texts = Vec<(String, String)>;

/// What is asked of the files.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Asked {
    pub format: Option<String>,
    pub file: Option<String>,
    /// Words to search for.
    pub q: Option<String>,
    pub component: Option<String>,
    /// The set to compare with: its id, or `previous`.
    pub against: Option<String>,
    /// `split` for side by side.
    pub layout: Option<String>,
}

#[derive(Serialize)]
pub struct Browser {
    pub tree: Vec<Entry>,
    pub parts: Vec<Part>,
    pub file: Option<File>,
    pub source: Option<Source>,
    /// Which lines belong to the component that was asked for; empty when none was.
    pub marked: Vec<bool>,
    pub asked: Asked,
    pub hits: Vec<Hit>,
    pub more: bool,
    pub differences: Option<Vec<Difference>>,
    /// In words: what it is compared with.
    pub against: Option<String>,
}

/// The texts of a set that is ready; unpacked once and then kept for a while.
pub async fn texts(state: &AppState, tx: &mut TenantTx, set: &Set) -> Result<Arc<Texts>> {
    if let Some(texts) = state.cache.get::<Texts>("files", set.id, 0) {
        return Ok(texts);
    }
    let archive = store::archive(tx, set.id).await?;
    let unpacked = tokio::task::spawn_blocking(move || store::unpack(archive));
    let texts = Arc::new(unpacked.await.map_err(anyhow::Error::from)??);
    let weight = texts.iter().map(|it| it.0.len() + it.1.len() + 48).sum();
    state.cache.put("files", set.id, 0, &texts, weight);
    Ok(texts)
}

/// A set that another one of the same format can be compared with.
#[derive(Serialize)]
pub struct Other {
    pub id: Uuid,
    pub label: String,
    pub chosen: bool,
}

/// The newest set of an option in a format, the ones it can be compared with,
/// and the address of the same option in each format.
#[derive(Serialize)]
pub struct Choice {
    pub set: Option<Set>,
    pub others: Vec<Other>,
    pub formats: Vec<(&'static str, bool)>,
    pub format: &'static str,
}

fn label(set: &Set) -> String {
    let mut tier = set.tier.clone();
    tier[..1].make_ascii_uppercase();
    format!("#{} {tier}", set.analysis)
}

/// Chooses the set that is meant among all of a session.
fn choose(all: &[Set], number: i32, tier: &str, format: Format, asked: &Asked) -> Choice {
    let of = |format: Format| {
        let mut fitting = all.iter().filter(move |it| {
            it.analysis == number && it.tier == tier && it.format == format.name()
        });
        let alive = |it: &&Set| !matches!(it.state.as_str(), "failed" | "cancelled");
        fitting.clone().find(alive).or_else(|| fitting.next())
    };
    let set = of(format).cloned();
    let comparable = |it: &&Set| {
        it.state == "ready"
            && it.format == format.name()
            && (it.analysis != number || it.tier != tier)
    };
    let mut others: Vec<&Set> = all.iter().filter(comparable).collect();
    others.sort_by_key(|it| (-it.analysis, it.tier != tier, it.created_at));
    let previous = others.iter().find(|it| it.tier == tier && it.analysis < number);
    let chosen = match asked.against.as_deref() {
        Some("previous") => previous.map(|it| it.id),
        Some(id) => id.parse().ok(),
        None => None,
    };
    let others = others
        .into_iter()
        .map(|it| Other { id: it.id, label: label(it), chosen: Some(it.id) == chosen })
        .collect();
    let formats = Format::ALL.map(|it| (it.name(), of(it).is_some())).to_vec();
    Choice { set, others, formats, format: format.name() }
}

/// What the page of an option's code shows. The second half, [`look`], needs
/// no transaction.
pub async fn browser(
    state: &AppState,
    tx: &mut TenantTx,
    (session_id, number): (Uuid, i32),
    tier: &str,
    asked: &Asked,
) -> Result<(Choice, Option<(Arc<Texts>, Option<Arc<Texts>>)>)> {
    let format = match asked.format.as_deref().filter(|it| !it.is_empty()) {
        Some(name) => Format::parse(name).ok_or(Error::NotFound("format"))?,
        None => analyses::brief(tx, session_id, number).await?.format(),
    };
    let all = store::list(tx, session_id, None).await?;
    let choice = choose(&all, number, tier, format, asked);
    let Some(set) = choice.set.as_ref().filter(|it| it.state == "ready") else {
        return Ok((choice, None));
    };
    let texts_of_set = texts(state, tx, set).await?;
    let wanted = choice.others.iter().find(|it| it.chosen).map(|it| it.id);
    let against = match all.iter().find(|it| Some(it.id) == wanted) {
        Some(other) => Some(texts(state, tx, other).await?),
        None if asked.against.as_deref().is_some_and(|it| !it.is_empty() && it != "previous") => {
            return Err(Error::NotFound("artifact set"));
        }
        None => None,
    };
    Ok((choice, Some((texts_of_set, against))))
}

fn marked(file: Option<&File>, component: Option<&str>) -> Vec<bool> {
    let (Some(file), Some(component)) = (file, component) else { return Vec::new() };
    let mut out = vec![false; file.lines + 1];
    for block in file.blocks.iter().filter(|it| it.component == component) {
        for line in block.first..=block.last.min(out.len()) {
            out[line.saturating_sub(1)] = true;
        }
    }
    out
}

/// Looks through files; comparing long ones is work for a thread that nobody
/// else waits for.
pub async fn look(
    files: Vec<File>,
    texts: Arc<Texts>,
    against: Option<(String, Arc<Texts>)>,
    asked: Asked,
) -> Result<Browser> {
    let looked = tokio::task::spawn_blocking(move || {
        let of_component = asked.component.as_deref().and_then(|component| {
            files.iter().find(|it| it.blocks.iter().any(|block| block.component == component))
        });
        let file = match asked.file.as_deref().filter(|it| !it.is_empty()) {
            Some(path) => {
                Some(files.iter().find(|it| it.path == path).ok_or(Error::NotFound("file"))?)
            }
            None => of_component.or_else(|| browse::first(&files)),
        };
        let file = file.cloned();
        let text = file.as_ref().and_then(|it| texts.iter().find(|text| text.0 == it.path));
        let current = file.as_ref().map(|it| it.path.as_str());
        let (hits, more) = browse::search(&texts, asked.q.as_deref().unwrap_or_default());
        let differences = against.as_ref().map(|(_, before)| browse::differences(before, &texts));
        Ok(Browser {
            tree: browse::tree(&files, current),
            parts: browse::parts(&files, current),
            marked: marked(file.as_ref(), asked.component.as_deref()),
            source: text.map(|(path, text)| browse::source(path, text)),
            file,
            hits,
            more,
            differences,
            against: against.map(|it| it.0),
            asked,
        })
    });
    looked.await.map_err(anyhow::Error::from)?
}
