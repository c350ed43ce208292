//! The servers that somebody is signed in to, in a file that only they can read.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::PathBuf;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::client::{address, shown};
use crate::cli::state;
use crate::platform::crypto::{hex, random};

#[derive(Debug, Default, Deserialize, Serialize)]
pub struct Logins {
    /// The server that is meant when none is named.
    pub current: Option<String>,
    pub servers: BTreeMap<String, Login>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Login {
    pub token: String,
    #[serde(default)]
    pub organisation: Option<String>,
}

/// Where a server is when nothing says so: where `cloudgen serve` listens.
const HERE: &str = "http://127.0.0.1:8080";

pub fn path() -> anyhow::Result<PathBuf> {
    Ok(state::folder("XDG_CONFIG_HOME", ".config")?.join("logins.json"))
}

impl Logins {
    pub fn load() -> anyhow::Result<Self> {
        // Without a home there is nobody who could have signed in.
        let Ok(path) = path() else { return Ok(Self::default()) };
        match fs::metadata(&path) {
            Ok(it) if it.mode() & 0o077 != 0 => bail!(
                "others can read {0}, which holds your tokens: run chmod 600 {0}, and revoke them if others have access to this machine",
                path.display()
            ),
            Err(err) if err.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Ok(_) | Err(_) => {}
        }
        Ok(state::read_json(&path, "run cloudgen login again")?.unwrap_or_default())
    }

    pub fn save(&self) -> anyhow::Result<()> {
        let path = path()?;
        let folder = path.parent().context("the file has a directory")?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
        let part = folder.join(format!("logins.{}.part", hex(&random::<6>())));
        let write = || {
            let mut file =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part)?;
            // The mode of `open` is narrowed by the umask, never widened.
            file.set_permissions(Permissions::from_mode(0o600))?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.sync_all()?;
            fs::rename(&part, &path)
        };
        write().or_else(|err: std::io::Error| {
            let _ = fs::remove_file(&part);
            Err(err).with_context(|| format!("cannot write {}", path.display()))
        })
    }

    /// The server that is meant, in one form.
    pub fn server(&self, named: Option<&str>) -> anyhow::Result<String> {
        let named = named.filter(|it| !it.trim().is_empty());
        Ok(shown(&address(named.or(self.current.as_deref()).unwrap_or(HERE))?))
    }
}

/// The token of the environment, which goes before that of the file.
pub fn token_from_env() -> Option<String> {
    let token = std::env::var_os("CLOUDGEN_TOKEN")?.into_string().ok()?;
    Some(token.trim().to_owned()).filter(|it| !it.is_empty())
}
