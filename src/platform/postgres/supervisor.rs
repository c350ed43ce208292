//! Keeps Postgres running until it is told to stop.
//!
//! One thread per Postgres starts it, waits for it and starts it again. It has
//! to be one thread that lives as long as the process: the kernel's "tell me when
//! my parent dies" means the *thread* that started the child.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::watch;

use super::cluster::Cluster;

/// A Postgres that lived this long was well.
const WELL: Duration = Duration::from_secs(10);

/// How often it may fail in a row. The children of a killed Postgres hold its
/// shared memory for a moment, so the first restarts may fail for good reason.
const ATTEMPTS: u32 = 8;

pub struct Supervisor {
    shared: Arc<Shared>,
    phase: watch::Receiver<Phase>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    Alive,
    /// It ended, because it was asked to.
    Ended,
    /// It cannot be kept running.
    Failed(String),
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Wakes the thread from its pause between two attempts.
    wake: Condvar,
}

#[derive(Default)]
struct State {
    pid: Option<u32>,
    stopping: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change of the state is a single assignment, so it is whole even
        // if a thread panicked with the lock in its hand.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the signal to Postgres, if it is there. The lock makes sure that
    /// the process is still ours: it is not reaped while we hold it.
    fn signal(&self, signal: Signal) {
        let state = self.lock();
        if let Some(pid) = state.pid.and_then(|it| Pid::from_raw(it.cast_signed())) {
            kill_process(pid, signal).ok();
        }
    }
}

impl Supervisor {
    /// Starts Postgres and the thread that keeps it running.
    pub fn start(cluster: Cluster) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let (say, phase) = watch::channel(Phase::Alive);
        std::thread::Builder::new()
            .name("postgres".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || {
                    let end = match keep_running(&cluster, &shared) {
                        Ok(()) => Phase::Ended,
                        Err(why) => Phase::Failed(format!("{why:#}")),
                    };
                    // The directory is free before anybody hears that we ended.
                    drop(cluster);
                    say.send_replace(end);
                }
            })
            .context("starting the thread for Postgres")?;
        Ok(Self { shared, phase })
    }

    pub fn pid(&self) -> Option<u32> {
        self.shared.lock().pid
    }

    /// Why it cannot be kept running, if that is so.
    pub fn failure(&self) -> Option<String> {
        match &*self.phase.borrow() {
            Phase::Failed(why) => Some(why.clone()),
            Phase::Alive | Phase::Ended => None,
        }
    }

    pub async fn failed(&self) -> String {
        let mut phase = self.phase.clone();
        loop {
            if let Phase::Failed(why) = &*phase.borrow_and_update() {
                return why.clone();
            }
            if phase.changed().await.is_err() {
                // It ended in order, so it will never fail.
                std::future::pending::<()>().await;
            }
        }
    }

    pub async fn stop(mut self) -> Result<()> {
        self.shared.lock().stopping = true;
        self.shared.wake.notify_all();
        // Fast shutdown breaks open connections and writes a checkpoint.
        for (signal, patience) in [(Signal::INT, 30), (Signal::QUIT, 10), (Signal::KILL, 10)] {
            self.shared.signal(signal);
            let ended = self.phase.wait_for(|it| *it != Phase::Alive);
            match tokio::time::timeout(Duration::from_secs(patience), ended).await {
                Ok(Ok(phase)) => match &*phase {
                    Phase::Failed(why) => bail!("Postgres ended badly: {why}"),
                    Phase::Alive | Phase::Ended => return Ok(()),
                },
                Ok(Err(_)) => return Ok(()),
                Err(_) => tracing::warn!("Postgres does not end; trying harder"),
            }
        }
        bail!("Postgres does not end");
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.shared.lock().stopping = true;
        self.shared.wake.notify_all();
        self.shared.signal(Signal::INT);
    }
}

/// The thread's work: returns when Postgres was told to stop and has, or when it
/// cannot be kept running.
fn keep_running(cluster: &Cluster, shared: &Shared) -> Result<()> {
    let mut failures = 0;
    loop {
        let begun = Instant::now();
        cluster.clear_orphan()?;
        let Some((mut child, log_len)) = spawn(cluster, shared)? else { return Ok(()) };
        let end = wait(&mut child, shared)?;

        let state = shared.lock();
        if state.stopping {
            return Ok(());
        }
        failures = if begun.elapsed() > WELL { 1 } else { failures + 1 };
        // The log says more than an exit code; a signal leaves nothing there.
        let why = match end.signal() {
            Some(signal) => format!("it was ended by signal {signal}"),
            None => cluster.complaint(log_len).unwrap_or_else(|| format!("it ended with {end}")),
        };
        if failures >= ATTEMPTS {
            bail!("{why}");
        }
        tracing::warn!("Postgres ended and is started again: {why}");
        let pause = Duration::from_millis(50 << failures);
        let (state, _) = shared
            .wake
            .wait_timeout_while(state, pause, |it| !it.stopping)
            .unwrap_or_else(PoisonError::into_inner);
        if state.stopping {
            return Ok(());
        }
    }
}

/// Starts Postgres, unless it was told to stop in the meantime. Also says how
/// much its log held before.
fn spawn(cluster: &Cluster, shared: &Shared) -> Result<Option<(Child, u64)>> {
    let mut command = cluster.command()?;
    let log_len = cluster.log_len();
    let mut state = shared.lock();
    if state.stopping {
        return Ok(None);
    }
    let child = command.spawn().context("starting Postgres")?;
    state.pid = Some(child.id());
    Ok(Some((child, log_len)))
}

/// Waits for the end of the child, without reaping it while somebody signals.
fn wait(child: &mut Child, shared: &Shared) -> Result<std::process::ExitStatus> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let pid = Pid::from_raw(child.id().cast_signed()).context("a process without a number")?;
    // Leaves the process as it is, so its number cannot be given away yet.
    let leave = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(why) = waitid(WaitId::Pid(pid), leave) {
        if why != rustix::io::Errno::INTR {
            return Err(why).context("waiting for Postgres");
        }
    }
    shared.lock().pid = None;
    child.wait().context("waiting for Postgres")
}
