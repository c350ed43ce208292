//! Background work, queued in Postgres.
//!
//! A job is enqueued by the transaction that makes it necessary, and so exists
//! exactly if that commits. It may run more than once (a server can die in the
//! middle), so it must not mind. Failed jobs are tried again with growing
//! pauses; what was tried is in `job_run`.

use std::fmt;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared, join_all};
use graphile_worker::{
    Crontab, CrontabFill, CrontabTimer, IntoTaskHandlerResult, JobDefinition, LocalQueueConfig,
    RefetchDelayConfig, TaskHandler, Worker, WorkerContext, WorkerOptions, WorkerUtils,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::db::{Db, Tx};
use super::state::AppState;

mod housekeeping;

/// Work to be done outside of a request.
pub trait Job: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Like `webhooks.deliver`.
    const NAME: &'static str;
    /// How often it is tried before it is given up.
    const ATTEMPTS: i32 = 10;
    /// Whether its runs are remembered; off for jobs that keep a log of their own.
    const HISTORY: bool = true;

    fn run(self, state: AppState) -> impl Future<Output = anyhow::Result<()>> + Send;

    /// Called when the last attempt failed, for whoever waits for the outcome.
    fn give_up(
        self,
        _state: AppState,
        _error: &str,
    ) -> impl Future<Output = anyhow::Result<()>> + Send {
        async { Ok(()) }
    }
}

/// How a job is known to the worker.
pub struct Handler {
    definition: JobDefinition,
    schedule: Option<Crontab>,
    outbound: bool,
}

impl Handler {
    pub fn of<J: Job>() -> Self {
        Self { definition: JobDefinition::of::<Run<J>>(), schedule: None, outbound: false }
    }

    /// A job that waits for other people's servers. It runs apart from the rest,
    /// which their slowness must not hold up.
    pub fn outbound<J: Job>() -> Self {
        Self { outbound: true, ..Self::of::<J>() }
    }

    /// A job without contents that runs by itself, every hour at `minute`.
    pub fn hourly<J: Job>(minute: u32) -> Self {
        let timer = CrontabTimer::hourly_at(minute).expect("an hour has 60 minutes");
        let mut crontab = Crontab::new(timer, J::NAME);
        // After a long stop once.
        crontab.options.fill = Some(CrontabFill::hours(1));
        // Otherwise it is enqueued with a null, which no job without contents is.
        crontab.payload = Some(serde_json::json!({}));
        Self { schedule: Some(crontab), ..Self::of::<J>() }
    }
}

/// When a job is to run, and whether it replaces one of the same key.
#[derive(Clone, Debug, Default)]
pub struct When {
    pub at: Option<DateTime<Utc>>,
    /// Of several waiting jobs with one key, only the last enqueued runs.
    pub key: Option<String>,
}

/// Enqueues `job` as part of the transaction.
pub async fn enqueue<J: Job>(tx: &mut dyn Tx, job: &J) -> anyhow::Result<()> {
    enqueue_when(tx, job, When::default()).await
}

pub async fn enqueue_when<J: Job>(tx: &mut dyn Tx, job: &J, when: When) -> anyhow::Result<()> {
    sqlx::query("select app.enqueue($1, $2::jsonb::json, $3, $4, $5)")
        .bind(J::NAME)
        .bind(sqlx::types::Json(job))
        .bind(when.at.unwrap_or(tx.now()))
        .bind(J::ATTEMPTS)
        .bind(when.key)
        .execute(tx.conn())
        .await
        .with_context(|| format!("cannot enqueue {}", J::NAME))?;
    Ok(())
}

/// Enqueues `job` behind those of the same queue, which run one after the other.
pub async fn enqueue_in<J: Job>(
    tx: &mut dyn Tx,
    queue: &str,
    job: &J,
    when: When,
) -> anyhow::Result<()> {
    sqlx::query("select app.enqueue_in($1, $2, $3::jsonb::json, $4, $5, $6)")
        .bind(queue)
        .bind(J::NAME)
        .bind(sqlx::types::Json(job))
        .bind(when.at.unwrap_or(tx.now()))
        .bind(J::ATTEMPTS)
        .bind(when.key)
        .execute(tx.conn())
        .await
        .with_context(|| format!("cannot enqueue {}", J::NAME))?;
    Ok(())
}

/// Requests have no way into the queue's schema. The queue turns on row-level
/// security without a policy, and has a view with its owner's rights: neither
/// protects anything here, and both look like the mistakes we search for.
const CLOSE: &str = "
do $$
declare
    it regclass;
begin
    for it in select oid from pg_class
               where relnamespace = 'graphile_worker'::regnamespace and relkind = 'r' and relrowsecurity
    loop
        execute format('alter table %s disable row level security', it);
    end loop;
    for it in select oid from pg_class
               where relnamespace = 'graphile_worker'::regnamespace and relkind = 'v'
                 and not coalesce('security_invoker=true' = any (reloptions), false)
    loop
        execute format('alter view %s set (security_invoker = true)', it);
    end loop;
end
$$";

/// Brings the queue's own tables up to date.
pub(super) async fn migrate(db: &Db) -> anyhow::Result<()> {
    let utils = WorkerUtils::new(db.pool().clone(), graphile_worker::Schema::default());
    utils.migrate().await.context("cannot migrate the job queue")?;
    sqlx::raw_sql(CLOSE).execute(db.pool()).await.context("cannot close the job queue")?;
    Ok(())
}

/// Workers that know `handlers`: one for what waits for other people's servers,
/// and one for the rest. They stop when `stop` is done, after letting what runs
/// finish.
pub fn worker(
    state: &AppState,
    handlers: Vec<Handler>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Workers {
    let tidy = Handler::hourly::<housekeeping::Tidy>(17);
    let (outbound, rest): (Vec<_>, Vec<_>) =
        handlers.into_iter().chain([tidy]).partition(|it| it.outbound);
    let lanes =
        [(rest, state.config.job_concurrency), (outbound, state.config.outbound_concurrency)];
    let lanes = lanes.into_iter().filter(|(handlers, _)| !handlers.is_empty()).collect();
    Workers { state: state.clone(), lanes, stop: stop.boxed().shared() }
}

/// How long a process holds a job that it has no hands for, before another may
/// take it.
const HELD: Duration = Duration::from_secs(5);

/// How long a worker that found nothing waits before it looks again, unless it
/// is told that there is something.
const PAUSE: Duration = Duration::from_millis(250);

/// All that work on jobs in this process.
pub struct Workers {
    state: AppState,
    /// What each worker knows, and how much it does at the same time.
    lanes: Vec<(Vec<Handler>, usize)>,
    stop: Shared<BoxFuture<'static, ()>>,
}

impl Workers {
    /// Works until told to stop. A worker ends when it loses the database; it
    /// is started again until the database is back.
    pub async fn run(&self) {
        join_all(self.lanes.iter().map(|lane| self.keep_running(lane))).await;
    }

    async fn keep_running(&self, lane: &(Vec<Handler>, usize)) {
        loop {
            let ended = async { anyhow::Ok(self.one(lane).await?.run().await?) }.await;
            if self.stop.clone().now_or_never().is_some() {
                return;
            }
            if let Err(err) = ended {
                let error = format!("{err:#}");
                tracing::warn!(error, "the job worker failed and is started again");
            }
            tokio::select! {
                () = self.stop.clone() => return,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
        }
    }

    /// Does what is due now.
    pub async fn run_once(&self) -> anyhow::Result<()> {
        for lane in &self.lanes {
            self.one(lane).await?.run_once().await?;
        }
        Ok(())
    }

    async fn one(&self, (handlers, concurrency): &(Vec<Handler>, usize)) -> anyhow::Result<Worker> {
        let worker = WorkerOptions::default()
            .pg_pool(self.state.db.pool().clone())
            .add_extension(self.state.clone())
            .concurrency(*concurrency)
            .poll_interval(Duration::from_secs(2))
            // Fetches again when what it fetched is done. Without it, what a
            // burst leaves behind is done at `concurrency` for each poll.
            .local_queue(
                LocalQueueConfig::default()
                    .with_size(*concurrency)
                    .with_ttl(HELD)
                    // Without a pause it fetches from an empty queue all the time.
                    .with_refetch_delay(
                        RefetchDelayConfig::default()
                            .with_duration(PAUSE)
                            // Whatever is enqueued ends the pause.
                            .with_max_abort_threshold(1),
                    ),
            )
            .listen_os_shutdown_signals(false)
            .shutdown_signal(self.stop.clone())
            .shutdown_grace_period(self.state.config.shutdown_timeout)
            // Jobs of a server that died are taken over soon: somebody may be
            // waiting for an answer.
            .heartbeat_interval(Duration::from_secs(2))
            .sweep_interval(Duration::from_secs(2))
            .sweep_threshold(Duration::from_secs(10))
            .recovery_delay(Duration::from_millis(200))
            .with_crons(handlers.iter().filter_map(|it| it.schedule.clone()))
            .define_jobs(handlers.iter().map(|it| it.definition.clone()))
            .init()
            .await
            .context("cannot start the job worker")?;
        Ok(worker)
    }
}

/// Adapts a [`Job`] to the queue, and keeps its history.
#[derive(Serialize, Deserialize)]
#[serde(bound = "", transparent)]
struct Run<J: Job>(J);

/// The queue shows errors with `Debug`; the chain of causes reads better.
struct Failure(String);

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<J: Job> TaskHandler for Run<J> {
    const IDENTIFIER: &'static str = J::NAME;

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let Some(state) = ctx.get_ext::<AppState>().cloned() else {
            return Err(Failure("the worker was started without a state".to_owned()));
        };
        let attempt = *ctx.job().attempts();
        let done = if J::HISTORY {
            let job = (*ctx.job().id(), i32::from(attempt));
            record(&state, J::NAME, job, self.0.run(state.clone())).await
        } else {
            self.0.run(state.clone()).await.map_err(|err| {
                let error = format!("{err:#}");
                tracing::warn!(job.name = J::NAME, error, "job {} failed", J::NAME);
                Failure(error)
            })
        };
        if let Err(Failure(error)) = &done
            && attempt >= *ctx.job().max_attempts()
            && let Ok(job) = serde_json::from_value::<J>(ctx.payload().clone())
            && let Err(err) = job.give_up(state, error).await
        {
            let error = format!("{err:#}");
            tracing::error!(job.name = J::NAME, error, "a job could not be given up");
        }
        done
    }
}

async fn record(
    state: &AppState,
    name: &'static str,
    (job_id, attempt): (i64, i32),
    work: impl Future<Output = anyhow::Result<()>>,
) -> Result<(), Failure> {
    let failure = |err: sqlx::Error| Failure(format!("cannot write the job's history: {err}"));
    let id = state.ids.next();
    sqlx::query(
        "insert into job_run (id, job_id, name, attempt, started_at) values ($1, $2, $3, $4, $5)",
    )
    .bind(id)
    .bind(job_id)
    .bind(name)
    .bind(attempt)
    .bind(state.clock.now())
    .execute(state.db.pool())
    .await
    .map_err(failure)?;

    let result = work.await.map_err(|err| format!("{err:#}"));
    let outcome = if result.is_ok() { "done" } else { "failed" };
    metrics::counter!("cloudgen_jobs_total", "name" => name, "outcome" => outcome).increment(1);
    if let Err(error) = &result {
        tracing::warn!(job.name = name, job.id = job_id, attempt, error, "job {name} failed");
    }

    sqlx::query("update job_run set finished_at = $2, error = $3 where id = $1")
        .bind(id)
        .bind(state.clock.now())
        .bind(result.as_ref().err())
        .execute(state.db.pool())
        .await
        .map_err(failure)?;
    result.map_err(Failure)
}
