//! Logs and metrics.

use std::io::IsTerminal;

use anyhow::Context;
use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::config::LogFormat;
use super::state::AppState;

/// `RUST_LOG` chooses what is logged. The job queue logs what jobs carry below
/// `warn`, so that is not to be had by default.
const DEFAULT: &str = "info,graphile_worker=warn,sqlx=warn";

/// Starts logging to standard error. Called once, by the command line.
pub fn log(format: LogFormat) {
    log_to(format, std::io::stderr, std::io::stderr().is_terminal());
}

/// Starts logging to wherever `writer` says.
pub fn log_to<W>(format: LogFormat, writer: W, ansi: bool)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(ansi).with_writer(writer);
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        // A request's span is the outermost and the only one: no list of them.
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).init(),
    }
}

/// Starts collecting metrics. Called once, before anything is measured.
pub fn measure() -> anyhow::Result<PrometheusHandle> {
    let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)?
        .install_recorder()
        .context("cannot collect metrics")
}

/// Serves `/metrics` on a listener of its own, which need not be public.
pub async fn serve_metrics(
    state: AppState,
    handle: PrometheusHandle,
    listener: TcpListener,
) -> anyhow::Result<()> {
    let page = move || async move {
        gauges(&state).await;
        handle.run_upkeep();
        handle.render()
    };
    let router = Router::new().route("/metrics", get(page));
    axum::serve(listener, router).await.context("serving metrics")
}

/// What is only known by asking.
async fn gauges(state: &AppState) {
    let pool = state.db.pool();
    let idle = u32::try_from(pool.num_idle()).unwrap_or(u32::MAX);
    metrics::gauge!("cloudgen_db_connections", "state" => "idle").set(idle);
    metrics::gauge!("cloudgen_db_connections", "state" => "used")
        .set(pool.size().saturating_sub(idle));
    let queue: Result<(i64, Option<f64>), _> = sqlx::query_as(
        "select count(*), extract(epoch from now() - min(run_at))::float8
           from graphile_worker.jobs where run_at <= now() and locked_at is null",
    )
    .fetch_one(pool)
    .await;
    match queue {
        Ok((waiting, oldest)) => {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            metrics::gauge!("cloudgen_jobs_waiting").set(waiting as f64);
            metrics::gauge!("cloudgen_jobs_oldest_seconds").set(oldest.unwrap_or(0.0));
        }
        Err(err) => tracing::warn!(error = %err, "cannot count waiting jobs"),
    }
}
