//! The files of the embedded Postgres: who owns them, and how they come to be.
//!
//! ```text
//! DATA/postgres/      lock  password  version  log
//!               data/     the cluster itself, belongs to the account it runs under
//!               run/      its socket
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown,
};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sha2::{Digest as _, Sha256};

use super::install::Install;
use super::{Dirs, State};

/// The role that signs in, and its database.
const NAME: &str = "cloudgen";

/// Who may connect: the one role, by its password, over the socket.
const HBA: &str = "local all cloudgen scram-sha-256\nlocal all all reject\n";

/// The longest path of a socket that the kernel takes, less its terminator.
const SOCKET_PATH_MAX: usize = 107;

/// What Postgres names the lock file beside its socket, the longer of the two.
const SOCKET_LOCK: &str = ".s.PGSQL.5432.lock";

/// When the log is this large, a start puts it aside.
const LOG_MAX: u64 = 8 << 20;

/// The account that Postgres runs under when we are root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    pub uid: u32,
    pub gid: u32,
}

/// A cluster that is ready to be started, and ours for as long as this lives.
#[derive(Debug)]
pub struct Cluster {
    install: Install,
    account: Option<Account>,
    base: PathBuf,
    data: PathBuf,
    run: PathBuf,
    log: PathBuf,
    url: String,
    /// Held, never read: the system releases it when the process ends.
    _lock: File,
}

impl Cluster {
    /// Locks the directory, and makes the cluster if there is none.
    pub fn prepare(dirs: &Dirs) -> Result<Self> {
        let base = dirs.data.join("postgres");
        let data = base.join("data");
        let account = account(&data)?;

        // Somebody else's account has to get through to its own directories;
        // 0711 lets it pass and shows it nothing.
        let mode = if account.is_some() { 0o711 } else { 0o700 };
        private_dir(&dirs.data, mode, account, None)?;
        private_dir(&base, mode, account, None)?;
        if let Some(account) = account {
            ensure_reachable(&base, account)?;
        }
        let lock = lock(&base.join("lock"), &dirs.data)?;

        let made_by = made_by(dirs);
        let install = Install::find(&dirs.cache, made_by)?;
        if let Some(account) = account {
            ensure_reachable(&install.bin, account)
                .context("the programs of Postgres are out of its reach")?;
        }

        let run = socket_dir(&base);
        private_dir(&run, 0o700, account, account)?;
        let password = password(&base.join("password"))?;
        let url = url(&password.text, &run);
        let log = base.join("log");
        let cluster = Self { install, account, base, data, run, log, url, _lock: lock };

        if made_by.is_none() {
            cluster.create(&password.text)?;
        } else {
            cluster.adopt()?;
            if password.new {
                cluster.set_password(&password.text)?;
            }
            cluster.update_extension()?;
        }
        Ok(cluster)
    }

    pub fn look(dirs: &Dirs) -> Result<State> {
        let base = dirs.data.join("postgres");
        let Ok(lock) = File::open(base.join("lock")) else { return Ok(State::Absent) };
        match lock.try_lock() {
            Ok(()) if made_by(dirs).is_none() => Ok(State::Absent),
            Ok(()) => Ok(State::Stopped),
            Err(TryLockError::WouldBlock) => {
                let path = base.join("password");
                let password = fs::read_to_string(&path)
                    .with_context(|| format!("reading {}", path.display()))?;
                Ok(State::Running(url(&password, &socket_dir(&base))))
            }
            Err(TryLockError::Error(why)) => Err(why).context("looking at the lock"),
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The command that runs Postgres in the foreground.
    pub fn command(&self) -> Result<Command> {
        if fs::metadata(&self.log).is_ok_and(|it| it.len() > LOG_MAX) {
            fs::rename(&self.log, self.base.join("log.old"))?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)
            .with_context(|| format!("opening {}", self.log.display()))?;

        let mut command = match setpriv() {
            // The kernel ends Postgres when we die, even by `kill -9`. Without
            // this program the next start finds it and ends it.
            Some(setpriv) => {
                let mut command = Command::new(setpriv);
                command.args(["--pdeathsig", "INT", "--no-new-privs"]);
                if let Some(Account { uid, gid }) = self.account {
                    command.args([format!("--reuid={uid}"), format!("--regid={gid}")]);
                    command.args(["--clear-groups", "--inh-caps=-all"]);
                }
                command.arg("--").arg(self.install.program("postgres"));
                command
            }
            None => self.program("postgres"),
        };
        command
            .arg("-D")
            .arg(&self.data)
            .arg("-k")
            .arg(&self.run)
            .args(["-c", "listen_addresses="])
            .args(["-c", "unix_socket_permissions=0700"])
            .args(["-c", "timezone=UTC"])
            .args(["-c", "log_timezone=UTC"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C in a terminal is for the server, which ends Postgres after
            // the last request.
            .process_group(0);
        quiet_environment(&mut command);
        Ok(command)
    }

    /// How much the log holds by now.
    pub fn log_len(&self) -> u64 {
        fs::metadata(&self.log).map_or(0, |it| it.len())
    }

    /// What the log says went wrong after its first `since` bytes.
    pub fn complaint(&self, since: u64) -> Option<String> {
        let log = fs::read(&self.log).ok()?;
        let log = String::from_utf8_lossy(log.get(usize::try_from(since).ok()?..)?).into_owned();
        log.lines().rev().find_map(|line| {
            let (_, said) = line.split_once("FATAL:").or_else(|| line.split_once("PANIC:"))?;
            Some(said.trim().to_owned())
        })
    }

    /// Waits out, or ends, a Postgres that an earlier server left behind.
    pub fn clear_orphan(&self) -> Result<()> {
        let path = self.data.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&path) else { return Ok(()) };
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let Some(pid) = first.trim().parse().ok().and_then(Pid::from_raw) else { return Ok(()) };
        if test_kill_process(pid).is_err() {
            // Postgres sees for itself that the file is stale.
            return Ok(());
        }
        if !self.is_used_by(pid) {
            // The number has been given to somebody else. Postgres would refuse
            // to start; it does not when the number is that of its parent. We
            // do not remove the file, because it also names the shared memory
            // that children of a dead Postgres may still be using.
            let text = format!("{}\n{rest}", std::process::id());
            return fs::write(&path, text).with_context(|| format!("mending {}", path.display()));
        }
        tracing::info!(
            postgres.pid = pid.as_raw_nonzero(),
            "ending a Postgres that was left behind"
        );
        for (signal, patience) in [(Signal::INT, 60), (Signal::QUIT, 10), (Signal::KILL, 10)] {
            kill_process(pid, signal).ok();
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(patience) {
                if !self.is_used_by(pid) {
                    return Ok(());
                }
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        bail!("process {} uses {} and does not end", pid.as_raw_nonzero(), self.data.display());
    }

    /// Whether the process is a Postgres that works on this cluster: it makes
    /// the data its working directory.
    fn is_used_by(&self, pid: Pid) -> bool {
        let cwd = fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero()));
        cwd.is_ok_and(|cwd| fs::canonicalize(&self.data).is_ok_and(|data| data == cwd))
    }

    /// Makes the cluster beside its place and moves it there when it is whole,
    /// so that an interrupted first start leaves nothing half done.
    fn create(&self, password: &str) -> Result<()> {
        let begun = Instant::now();
        let new = self.base.join("data.new");
        if new.exists() {
            fs::remove_dir_all(&new).with_context(|| format!("removing {}", new.display()))?;
        }
        ensure!(
            !self.data.exists() || fs::read_dir(&self.data)?.next().is_none(),
            "{} holds files but no database; move it away to start afresh",
            self.data.display()
        );
        private_dir(&new, 0o700, self.account, self.account)?;
        let mut initdb = self.program("initdb");
        initdb.arg("-D").arg(&new).args([
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth=reject",
        ]);
        run(&mut initdb, "").context("making the database cluster")?;
        fs::write(new.join("pg_hba.conf"), HBA)?;

        // Databases made later are copies of template1.
        self.single_user(
            &new,
            "template1",
            &format!(
                "create extension vector;\n\
             create role {NAME} login createrole createdb password '{password}';\n\
             create database {NAME} owner {NAME};\n"
            ),
        )?;
        fs::write(self.base.join("version"), &self.install.version)?;
        if self.data.exists() {
            fs::remove_dir(&self.data)?;
        }
        fs::rename(&new, &self.data)?;
        File::open(&self.base)?.sync_all()?;
        tracing::info!("made a database in {} within {:?}", self.data.display(), begun.elapsed());
        Ok(())
    }

    /// Makes sure that an existing cluster is at rest and only its owner's.
    fn adopt(&self) -> Result<()> {
        self.clear_orphan()?;
        private_dir(&self.data, 0o700, self.account, None)
    }

    fn set_password(&self, password: &str) -> Result<()> {
        let sql = format!("alter role {NAME} password '{password}';\n");
        self.single_user(&self.data, "postgres", &sql).context("setting a new password")
    }

    /// A newer Postgres may come with a newer pgvector, which wants to be told.
    fn update_extension(&self) -> Result<()> {
        let path = self.base.join("version");
        if fs::read_to_string(&path).is_ok_and(|it| it == self.install.version) {
            return Ok(());
        }
        for database in ["template1", NAME] {
            self.single_user(&self.data, database, "alter extension vector update;\n")
                .context("updating pgvector")?;
        }
        Ok(fs::write(path, &self.install.version)?)
    }

    /// Runs statements, one a line, as the superuser who cannot sign in.
    fn single_user(&self, data: &Path, database: &str, sql: &str) -> Result<()> {
        let mut postgres = self.program("postgres");
        postgres.arg("--single").arg("-D").arg(data).args(["-c", "exit_on_error=on", database]);
        run(&mut postgres, sql).context("setting up the database")
    }

    /// One of the programs, under the account that owns the data.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.install.program(name));
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        quiet_environment(&mut command);
        command
    }
}

/// The major version that made the cluster, if there is one.
pub fn made_by(dirs: &Dirs) -> Option<u32> {
    let text = fs::read_to_string(dirs.data.join("postgres/data/PG_VERSION")).ok()?;
    text.trim().parse().ok()
}

fn url(password: &str, run: &Path) -> String {
    format!("postgres://{NAME}:{password}@localhost/{NAME}?host={}", percent_encoded(run))
}

/// Nothing of our environment, which holds secrets, and no locale of the host's.
fn quiet_environment(command: &mut Command) {
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .current_dir("/");
}

/// Runs a command to its end and returns what it said if it failed.
fn run(command: &mut Command, input: &str) -> Result<()> {
    let name = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {name}"))?;
    // A program that ends early breaks the pipe; what it said tells more.
    child.stdin.take().context("no input")?.write_all(input.as_bytes()).ok();
    let done = child.wait_with_output()?;
    ensure!(
        done.status.success(),
        "{name} failed ({}): {}",
        done.status,
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}

/// Who Postgres is to run as: nobody else if we are not root, else the owner of
/// the data, else our own account if there is one, else `nobody`.
fn account(data: &Path) -> Result<Option<Account>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    if let Ok(it) = fs::metadata(data)
        && it.uid() != 0
    {
        return Ok(Some(Account { uid: it.uid(), gid: it.gid() }));
    }
    let passwd = fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
    [NAME, "nobody"].into_iter().find_map(|name| account_named(&passwd, name)).map(Some).context(
        "Postgres does not run as root, and neither `cloudgen` nor `nobody` is an account here",
    )
}

fn account_named(passwd: &str, name: &str) -> Option<Account> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(Account { uid, gid }).filter(|it| it.uid != 0)
    })
}

/// Makes the directory if need be, sets its mode, and gives it away if asked to.
/// It has to be ours, or the account's: what somebody else has put there, in
/// `/tmp` say, is not to be trusted.
fn private_dir(
    path: &Path,
    mode: u32,
    account: Option<Account>,
    give_to: Option<Account>,
) -> Result<()> {
    let why = || format!("making {} private", path.display());
    DirBuilder::new().recursive(true).mode(mode).create(path).with_context(why)?;
    // Of the link, if it is one.
    let owner = fs::symlink_metadata(path).with_context(why)?.uid();
    ensure!(
        owner == rustix::process::geteuid().as_raw() || account.is_some_and(|it| it.uid == owner),
        "{} belongs to somebody else (uid {owner})",
        path.display()
    );
    if let Some(Account { uid, gid }) = give_to {
        chown(path, Some(uid), Some(gid)).with_context(why)?;
    }
    if fs::metadata(path).with_context(why)?.mode() & 0o777 != mode {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).with_context(why)?;
    }
    Ok(())
}

/// Fails with the directory that the account cannot pass through.
fn ensure_reachable(path: &Path, account: Account) -> Result<()> {
    let path = fs::canonicalize(path)?;
    for ancestor in path.ancestors() {
        let it = fs::metadata(ancestor)?;
        let bit = if it.uid() == account.uid {
            0o100
        } else if it.gid() == account.gid {
            0o010
        } else {
            0o001
        };
        ensure!(
            it.mode() & bit != 0,
            "Postgres does not run as root, and the account it runs under (uid {}) may not enter {}.\n\
             Let it pass with `chmod o+x`, or set XDG_DATA_HOME and XDG_CACHE_HOME to directories \
             outside, such as /var/lib and /var/cache.",
            account.uid,
            ancestor.display()
        );
    }
    Ok(())
}

/// Takes the lock that says whose directory this is.
fn lock(path: &Path, data_dir: &Path) -> Result<File> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("opening {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            writeln!(file, "{}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok();
            bail!(
                "{} is in use by another CloudGen server (process {}).\n\
                 Stop that one, or give this one a data directory of its own with XDG_DATA_HOME.",
                data_dir.display(),
                holder.trim()
            )
        }
        Err(TryLockError::Error(why)) => {
            Err(why).with_context(|| format!("locking {}", path.display()))
        }
    }
}

struct Password {
    text: String,
    new: bool,
}

/// Reads the password, or makes one. It is plain hexadecimal, so it needs no
/// quoting in SQL or in a URL.
fn password(path: &Path) -> Result<Password> {
    match fs::read_to_string(path) {
        Ok(text) if text.len() == 64 && text.bytes().all(|it| it.is_ascii_hexdigit()) => {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
            Ok(Password { text, new: false })
        }
        _ => {
            let text = hex(&rand::random::<[u8; 32]>());
            // Written whole or not at all.
            let partial = path.with_extension("new");
            fs::remove_file(&partial).ok();
            let mut file =
                OpenOptions::new().create_new(true).write(true).mode(0o600).open(&partial)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&partial, path)?;
            Ok(Password { text, new: true })
        }
    }
}

/// Where the socket goes: below the base, unless its path would be too long.
fn socket_dir(base: &Path) -> PathBuf {
    let run = base.join("run");
    if run.as_os_str().len() + 1 + SOCKET_LOCK.len() <= SOCKET_PATH_MAX {
        return run;
    }
    let digest = Sha256::digest(base.as_os_str().as_encoded_bytes());
    PathBuf::from(format!("/tmp/cloudgen-{}", hex(&digest[..8])))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn percent_encoded(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                text.push(byte.into());
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The program of util-linux that sets a signal for the death of the parent.
/// BusyBox has one of the same name that cannot.
fn setpriv() -> Option<&'static Path> {
    ["/usr/bin/setpriv", "/bin/setpriv"]
        .into_iter()
        .map(Path::new)
        .find(|path| fs::canonicalize(path).is_ok_and(|it| !it.ends_with("busybox")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533::/:/bin/false\n";
        assert_eq!(account_named(passwd, "nobody"), Some(Account { uid: 65534, gid: 65533 }));
        assert_eq!(account_named(passwd, "nobod"), None);
        assert_eq!(account_named(passwd, "root"), None);
    }

    #[test]
    fn the_socket_moves_when_its_path_would_be_too_long() {
        assert_eq!(socket_dir(Path::new("/d/postgres")), Path::new("/d/postgres/run"));
        let long = format!("/{}/postgres", "x".repeat(120));
        let moved = socket_dir(Path::new(&long));
        assert!(moved.starts_with("/tmp") && moved.as_os_str().len() < 60, "{}", moved.display());
        assert_eq!(moved, socket_dir(Path::new(&long)), "it has to be found again");
    }

    #[test]
    fn odd_characters_survive_in_the_url() {
        assert_eq!(percent_encoded(Path::new("/a b/ä&?")), "/a%20b/%C3%A4%26%3F");
    }
}
