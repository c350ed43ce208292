//! The embedded default: a private Postgres when `DATABASE_URL` is not set.
//!
//! [`start`] finds a PostgreSQL with pgvector on this machine, makes a cluster
//! below the data directory at the first start, and keeps it running for as
//! long as [`Running`] lives. What holds:
//!
//! - One server per data directory. The second is refused while the first lives,
//!   however the first one came to its end.
//! - Nothing listens on the network. The only way in is a socket in a directory
//!   of mode 0700, with a password that is kept in a file of mode 0600.
//! - The only role that can sign in owns its database and is no superuser, just
//!   as in production. What takes a superuser is done before Postgres listens.
//! - Postgres never runs as root, and goes when the server goes, `kill -9` of
//!   the server included. When Postgres itself is killed it is started again.
//! - A commit that was acknowledged survives all of that: `fsync` stays on.

mod cluster;
mod install;
mod supervisor;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use sqlx::{Connection as _, PgConnection};

use cluster::Cluster;
use install::Install;
use supervisor::Supervisor;

/// How long a start may take. Long, because after a crash Postgres first replays
/// what it has written since the last checkpoint.
const PATIENCE: Duration = Duration::from_secs(300);

/// The directories that the embedded Postgres uses, by the XDG rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// What must be kept.
    pub data: PathBuf,
    /// What can be fetched again; `scripts/run` puts the programs here.
    pub cache: PathBuf,
}

impl Dirs {
    /// `data_home`, `cache_home` and `home` are `XDG_DATA_HOME`,
    /// `XDG_CACHE_HOME` and `HOME`, where they are set.
    ///
    /// Root gets the directories of system services instead of those in its
    /// home, which the account that Postgres runs under may not enter.
    pub fn new(data_home: Option<&Path>, cache_home: Option<&Path>, home: Option<&Path>) -> Self {
        let root = rustix::process::geteuid().is_root();
        let pick = |xdg: Option<&Path>, system: &str, below_home: &str| match (xdg, home) {
            // The specification says to ignore a relative path.
            (Some(xdg), _) if xdg.is_absolute() => xdg.to_owned(),
            (_, Some(home)) if !root => home.join(below_home),
            _ => PathBuf::from(system),
        };
        Self {
            data: pick(data_home, "/var/lib", ".local/share").join("cloudgen"),
            cache: pick(cache_home, "/var/cache", ".cache").join("cloudgen"),
        }
    }
}

/// A Postgres that belongs to this process.
pub struct Running {
    url: String,
    supervisor: Supervisor,
}

impl Running {
    /// Where to connect, password included. It stays the same when Postgres is
    /// started again.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The process id of Postgres, unless it is just being started again.
    pub fn pid(&self) -> Option<u32> {
        self.supervisor.pid()
    }

    /// Waits until Postgres cannot be kept running, and says why.
    pub async fn failed(&self) -> String {
        self.supervisor.failed().await
    }

    /// Ends Postgres and waits until it has written everything down.
    pub async fn stop(self) -> Result<()> {
        self.supervisor.stop().await
    }
}

impl std::fmt::Debug for Running {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Running").field("pid", &self.pid()).finish_non_exhaustive()
    }
}

/// What is there before anything is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing yet; the first start will make it.
    Absent,
    Stopped,
    /// Another process of ours keeps it running, at this address.
    Running(String),
}

/// Looks, and changes nothing.
pub fn look(dirs: &Dirs) -> Result<State> {
    Cluster::look(dirs)
}

/// The version that the next start will use, or why there is none.
pub fn version(dirs: &Dirs) -> Result<String> {
    Ok(Install::find(&dirs.cache, cluster::made_by(dirs))?.version)
}

/// Starts the Postgres that lives below `dirs.data`, making it first if it is
/// not there, and returns once it answers.
pub async fn start(dirs: &Dirs) -> Result<Running> {
    let begun = Instant::now();
    let dirs = dirs.clone();
    let cluster = tokio::task::spawn_blocking(move || Cluster::prepare(&dirs))
        .await
        .context("preparing Postgres")??;
    let url = cluster.url().to_owned();
    let log = cluster.log_path().to_owned();
    let supervisor = Supervisor::start(cluster)?;

    loop {
        let refusal = match PgConnection::connect(&url).await {
            Ok(connection) => {
                connection.close().await.ok();
                break;
            }
            Err(refusal) => refusal,
        };
        // Dropping the supervisor on these ways out ends Postgres.
        if let Some(why) = supervisor.failure() {
            bail!("Postgres does not start: {why} (its log is {})", log.display());
        }
        if begun.elapsed() > PATIENCE {
            return Err(refusal).with_context(|| {
                format!(
                    "Postgres did not answer within {} s (its log is {})",
                    PATIENCE.as_secs(),
                    log.display()
                )
            });
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tracing::info!(postgres.pid = supervisor.pid(), "Postgres answers after {:?}", begun.elapsed());
    Ok(Running { url, supervisor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_follow_xdg() {
        let dirs = Dirs::new(Some(Path::new("/d")), Some(Path::new("/c")), None);
        assert_eq!(dirs, Dirs { data: "/d/cloudgen".into(), cache: "/c/cloudgen".into() });
    }

    #[test]
    fn a_relative_xdg_directory_is_ignored() {
        let dirs = Dirs::new(Some(Path::new("d")), None, None);
        assert_eq!(dirs.data, Path::new("/var/lib/cloudgen"));
    }

    #[test]
    fn home_is_for_people_and_not_for_root() {
        let dirs = Dirs::new(None, None, Some(Path::new("/home/ada")));
        let root = rustix::process::geteuid().is_root();
        let expected = if root { "/var/lib/cloudgen" } else { "/home/ada/.local/share/cloudgen" };
        assert_eq!(dirs.data, Path::new(expected));
    }
}
