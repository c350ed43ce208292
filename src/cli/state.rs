//! The last analysis of this machine, below the XDG state directory.

use crate::engine::brief::Brief;
use anyhow::{Context, bail};
use std::path::PathBuf;

fn path() -> anyhow::Result<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let base = set("XDG_STATE_HOME").or_else(|| set("HOME").map(|it| it.join(".local/state")));
    let base = base.context(
        "neither XDG_STATE_HOME nor HOME is set: there is no place to keep the analysis",
    )?;
    Ok(base.join("cloudgen/last.json"))
}

pub fn save(last: &Brief) -> anyhow::Result<()> {
    let path = path()?;
    let folder = path.parent().context("the state file has no directory")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let part = path.with_extension("part");
    std::fs::write(&part, serde_json::to_vec_pretty(last)?)
        .with_context(|| format!("cannot write {}", part.display()))?;
    std::fs::rename(&part, &path).with_context(|| format!("cannot write {}", path.display()))
}

pub fn load() -> anyhow::Result<Brief> {
    let path = path()?;
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => {
            bail!("there is no analysis yet: start with cloudgen analyze \"…\"")
        }
        Err(err) => {
            return Err(err).with_context(|| format!("cannot read {}", path.display()));
        }
    };
    serde_json::from_slice(&bytes).with_context(|| {
        format!("{} is damaged: delete it and run cloudgen analyze again", path.display())
    })
}
