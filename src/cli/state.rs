//! What the commands remember between them, below the XDG state directory: the
//! last analysis of this machine, and the last session of each server.

use super::failure::{Failure, Kind};
use crate::engine::brief::Brief;
use anyhow::Context;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A directory of ours below one that the XDG variables name.
pub fn folder(variable: &str, below_home: &str) -> anyhow::Result<PathBuf> {
    let set = |name| std::env::var_os(name).map(PathBuf::from).filter(|it| it.is_absolute());
    let base = set(variable).or_else(|| set("HOME").map(|it| it.join(below_home)));
    let base =
        base.with_context(|| format!("neither {variable} nor HOME is set: nothing can be kept"))?;
    Ok(base.join("cloudgen"))
}

fn path(name: &str) -> anyhow::Result<PathBuf> {
    Ok(folder("XDG_STATE_HOME", ".local/state")?.join(name))
}

/// Writes a file whole or not at all.
pub fn write_file(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file needs a directory")?;
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    std::fs::write(&part, content).with_context(|| format!("cannot write {}", part.display()))?;
    std::fs::rename(&part, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Reads JSON; `None` when there is no such file.
pub fn read_json<T: DeserializeOwned>(path: &Path, instead: &str) -> anyhow::Result<Option<T>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(err) => return Err(err).with_context(|| format!("cannot read {}", path.display())),
    };
    let read = serde_json::from_slice(&bytes);
    read.map(Some)
        .with_context(|| format!("{} is damaged: delete it and {instead}", path.display()))
}

pub fn save(last: &Brief) -> anyhow::Result<()> {
    write_file(&path("last.json")?, &serde_json::to_vec_pretty(last)?)
}

pub fn load() -> anyhow::Result<Brief> {
    match read_json(&path("last.json")?, "run cloudgen analyze again")? {
        Some(last) => Ok(last),
        None => {
            let message = "there is no analysis yet: start with cloudgen analyze \"…\"";
            Err(Failure::new(Kind::NotFound, message).into())
        }
    }
}

/// The session of the last analysis, by server.
type Sessions = BTreeMap<String, String>;

fn sessions() -> anyhow::Result<Sessions> {
    Ok(read_json(&path("sessions.json")?, "name the session with --session-id")?
        .unwrap_or_default())
}

pub fn save_session(server: &str, id: &str) -> anyhow::Result<()> {
    // A damaged file is as good as none here.
    let mut all = sessions().unwrap_or_default();
    all.insert(server.to_owned(), id.to_owned());
    write_file(&path("sessions.json")?, &serde_json::to_vec_pretty(&all)?)
}

pub fn load_session(server: &str) -> anyhow::Result<Option<String>> {
    Ok(sessions()?.remove(server))
}
