//! The program as people run it: a process, with its data in a [`Home`].

use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use cloudgen::platform::postgres::{self, State};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::home::{self, Home};

/// The program, its data and where it listens.
pub struct Server {
    pub home: Home,
    pub address: SocketAddr,
    process: Option<Child>,
    /// What works on its jobs, if it does not do so itself.
    worker: Option<Child>,
    /// What it is started with.
    arguments: &'static [&'static str],
    variables: Vec<(&'static str, String)>,
}

impl Server {
    pub async fn start() -> Self {
        Self::start_with(&["serve"], Vec::new()).await
    }

    /// One that leaves its jobs to a process of their own.
    pub async fn start_with_worker() -> Self {
        let mut server = Self::start_with(&["serve", "--without-jobs"], Vec::new()).await;
        server.launch_worker();
        server
    }

    /// One that shares a database with others.
    pub async fn start_on(database: &str) -> Self {
        Self::start_with(&["serve"], vec![("DATABASE_URL", database.to_owned())]).await
    }

    /// One that is told more than where its data is.
    pub async fn start_with(
        arguments: &'static [&'static str],
        variables: Vec<(&'static str, String)>,
    ) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let home = Home::new();
        let mut server = Self { home, address, process: None, worker: None, arguments, variables };
        server.launch().await;
        server
    }

    /// The command that starts it, with nothing of our environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cloudgen"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("XDG_DATA_HOME", self.home.path())
            .env("XDG_CACHE_HOME", home::cache().parent().unwrap())
            .env("CLOUDGEN_BIND", self.address.to_string())
            // Where the tests' receivers of webhooks are.
            .env("CLOUDGEN_OUTBOUND_ALLOW", "127.0.0.1")
            .envs(self.variables.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null());
        command
    }

    pub fn has_worker(&self) -> bool {
        self.worker.is_some()
    }

    fn spawn(&self, mut command: Command) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.home.path().join("log"))
            .unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
    }

    pub async fn launch(&mut self) {
        self.process = Some(self.spawn(self.command(self.arguments)));
        self.ready().await;
    }

    pub fn launch_worker(&mut self) {
        let mut command = self.command(&["worker"]);
        command.env("DATABASE_URL", self.database_url());
        self.worker = Some(self.spawn(command));
    }

    /// Waits until it answers with its database.
    async fn ready(&self) {
        let answered = async {
            let request = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
            while !matches!(ask(self.address, request).await, Ok((200, _))) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), answered).await.is_err() {
            let log = std::fs::read_to_string(self.home.path().join("log")).unwrap_or_default();
            let tail: Vec<_> = log.lines().rev().take(30).collect();
            panic!("the server does not answer; its log, last line first: {tail:#?}");
        }
    }

    pub fn database_url(&self) -> String {
        match postgres::look(&self.home.dirs()).unwrap() {
            State::Running(url) => url,
            other => panic!("the server should keep Postgres running, not {other:?}"),
        }
    }

    /// Ends it without a chance to tidy up.
    pub fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends what works on its jobs in the same way.
    pub fn kill_worker(&mut self) {
        let mut worker = self.worker.take().unwrap();
        assert!(worker.try_wait().unwrap().is_none(), "the worker has ended by itself");
        worker.kill().unwrap();
        worker.wait().unwrap();
    }

    /// Asks it to end, as an init system does, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        let mut process = self.process.take().unwrap();
        let pid = Pid::from_raw(process.id().cast_signed()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        process.wait().unwrap()
    }

    /// The process id of its Postgres.
    pub fn postgres_pid(&self) -> Pid {
        self.find_postgres().expect("Postgres should be running")
    }

    fn find_postgres(&self) -> Option<Pid> {
        let file = self.home.dirs().data.join("postgres/data/postmaster.pid");
        let text = std::fs::read_to_string(file).ok()?;
        Pid::from_raw(text.lines().next()?.parse().ok()?)
    }

    /// The server has to notice and to start it again by itself.
    pub async fn kill_postgres(&self) {
        let killed = self.postgres_pid();
        kill_process(killed, Signal::KILL).unwrap();
        // Its children still answer for a moment.
        let replaced = async {
            while self.find_postgres().is_none_or(|it| it == killed) {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), replaced)
            .await
            .expect("the server should start Postgres again");
        self.ready().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        for process in [&mut self.worker, &mut self.process] {
            if let Some(mut process) = process.take() {
                process.kill().ok();
                process.wait().ok();
            }
        }
        // Postgres goes by itself, and may write until it has.
        for _ in 0..100 {
            match postgres::look(&self.home.dirs()) {
                Ok(State::Running(_)) => std::thread::sleep(Duration::from_millis(20)),
                _ => break,
            }
        }
    }
}

/// Sends a request and returns status and text of the answer.
pub async fn ask(address: SocketAddr, request: &str) -> std::io::Result<(u16, String)> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let status = answer.split(' ').nth(1).and_then(|it| it.parse().ok());
        let status = status.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        Ok((status, answer))
    };
    tokio::time::timeout(Duration::from_secs(10), exchange)
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
}
