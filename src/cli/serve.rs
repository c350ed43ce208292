//! `cloudgen serve`: configuration, database, migrations, jobs, and then the
//! door is opened. Told to stop, it finishes what runs and closes in reverse.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args as ClapArgs;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::app;
use crate::platform::clock::Clock;
use crate::platform::config::{Config, LogFormat};
use crate::platform::ids::Ids;
use crate::platform::postgres::{self, Dirs, Running, State};
use crate::platform::state::AppState;
use crate::platform::{http, jobs, telemetry, usage};

#[derive(ClapArgs)]
pub struct Args {
    /// Leave background jobs to `cloudgen worker`
    #[arg(long)]
    without_jobs: bool,
}

/// The configured Postgres, or a private one that lives as long as we do.
pub struct Database {
    url: String,
    private: Option<Running>,
}

impl Database {
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        if let Some(url) = &config.database_url {
            return Ok(Self { url: url.expose_secret().to_owned(), private: None });
        }
        let running = postgres::start(&dirs(config)).await?;
        Ok(Self { url: running.url().to_owned(), private: Some(running) })
    }

    /// For what runs beside a server: the private Postgres that one keeps
    /// running is used and left alone.
    pub async fn join(config: &Config) -> anyhow::Result<Self> {
        if config.database_url.is_none()
            && let State::Running(url) = postgres::look(&dirs(config))?
        {
            return Ok(Self { url, private: None });
        }
        Self::open(config).await
    }

    pub fn state(&self, config: Config) -> anyhow::Result<AppState> {
        app::state(config, &self.url, Clock::system(), Ids::random())
    }

    pub async fn close(self) -> anyhow::Result<()> {
        match self.private {
            Some(running) => running.stop().await,
            None => Ok(()),
        }
    }

    /// Waits until the private Postgres cannot be kept running.
    async fn failed(&self) -> String {
        match &self.private {
            Some(running) => running.failed().await,
            None => std::future::pending().await,
        }
    }
}

fn dirs(config: &Config) -> Dirs {
    Dirs { data: config.data_dir.clone(), cache: config.cache_dir.clone() }
}

pub async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = Config::from_env()?;
    telemetry::log(config.log);
    let metrics = telemetry::measure()?;
    let database = Database::open(&config).await?;
    let state = database.state(config)?;
    state.db.migrate().await.context("cannot bring the database up to date")?;

    let (stop, stopped) = watch::channel(false);
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is a stop as well.
        let _ = stopped.wait_for(|it| *it).await;
    };
    let worker = if args.without_jobs {
        None
    } else {
        let worker = jobs::worker(&state, app::jobs(), wait(stopped.clone()));
        Some(tokio::spawn(async move { worker.run().await }))
    };
    if let Some(address) = state.config.metrics_bind {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen on {address}; set CLOUDGEN_METRICS_BIND to another address")
        })?;
        let serving = telemetry::serve_metrics(state.clone(), metrics, listener);
        tokio::spawn(async move {
            if let Err(err) = serving.await {
                tracing::error!(error = format!("{err:#}"), "no metrics");
            }
        });
    }

    let counting = tokio::spawn(usage::run(state.clone()));
    let tidying = {
        let state = state.clone();
        tokio::spawn(async move { state.cache.tidy().await })
    };

    let bind = state.config.bind;
    let listener = TcpListener::bind(bind).await.with_context(|| {
        format!("cannot listen on {bind}; set CLOUDGEN_BIND to another address")
    })?;
    let router = app::router(state.clone());
    let server = http::serve(listener, router, http::HEAD_TIMEOUT, wait(stopped));
    let mut server = tokio::spawn(server);
    greet(&state);

    let failure = tokio::select! {
        () = stop_signal() => None,
        why = database.failed() => Some(format!("the private Postgres failed: {why}")),
        ended = &mut server => bail!("the server ended by itself: {ended:?}"),
    };
    tracing::info!("stopping: finishing what runs");
    stop.send_replace(true);
    state.live.close();
    let patience = state.config.shutdown_timeout;
    // All that ends does so at the same time, not one after the other: who
    // stopped us does not wait for long before using force.
    let latest = Instant::now() + patience + Duration::from_secs(5);
    if timeout(patience, &mut server).await.is_err() {
        tracing::warn!("requests were still running after {} s", patience.as_secs());
    }
    if let Some(worker) = worker {
        match timeout_at(latest, worker).await {
            Ok(Ok(())) => {}
            other => tracing::warn!("the job worker did not end well: {other:?}"),
        }
    }
    counting.abort();
    tidying.abort();
    if let Err(err) = state.usage.flush(&state).await {
        tracing::warn!(error = format!("{err:#}"), "what keys were last used for is not counted");
    }
    // Waits for connections to come back, which those of unfinished requests do not.
    if timeout_at(latest, state.db.pool().close()).await.is_err() {
        tracing::warn!("connections to the database were still in use");
    }
    database.close().await?;
    match failure {
        Some(why) => bail!(why),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn greet(state: &AppState) {
    let url = &state.config.public_url;
    tracing::info!("listening on {}, reached at {url}", state.config.bind);
    if state.config.log == LogFormat::Json {
        // Whoever reads the log is a program.
        return;
    }
    eprintln!("\nCloudGen is ready.\n");
    eprintln!("  Open {url} and create an account; the first one");
    eprintln!("  becomes the owner of the first organisation.");
    if let crate::platform::config::MailTo::Directory(path) = &state.config.mail {
        eprintln!("  Mail is written to {} (set CLOUDGEN_MAIL to send it).", path.display());
    }
    eprintln!("  Ctrl-C stops.\n");
}

/// Done when the process is asked to end.
pub async fn stop_signal() {
    let listen = |kind| signal(kind).expect("signals can be listened to on Unix");
    let (mut terminate, mut interrupt) =
        (listen(SignalKind::terminate()), listen(SignalKind::interrupt()));
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
