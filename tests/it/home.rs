//! Directories for a program that a test runs as somebody would run it.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use cloudgen::platform::ids::Ids;
use cloudgen::platform::postgres::Dirs;

/// Empty at first, and removed when dropped.
pub struct Home(PathBuf);

impl Home {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("cloudgen-it-{}", Ids::random().next()));
        // Others may pass: as root, Postgres runs under another account.
        std::fs::DirBuilder::new().mode(0o711).create(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Data of its own, and the downloads that `scripts/test` has made for all.
    pub fn dirs(&self) -> Dirs {
        Dirs { data: self.0.join("cloudgen"), cache: cache() }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Where `scripts/test` puts its downloads.
pub fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    Dirs::new(None, variable("XDG_CACHE_HOME").as_deref(), variable("HOME").as_deref()).cache
}
