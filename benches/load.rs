//! Fifty people who describe a design at the same moment.
//!
//! `cargo bench --bench load` starts the program as it is installed, with a
//! Postgres of its own, and lets everyone send a description and listen to what
//! comes of it. It prints how long it took from sending until
//!
//! - the first event of the stream, which says that the message is there;
//! - the first step that the engine has taken;
//! - the answer, with its three options,
//!
//! and what the program's memory was before, at most, and after.

mod support;

use std::error::Error;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cloudgen::features::orgs;
use cloudgen::platform::clock::Clock;
use cloudgen::platform::db::{Db, Tx as _};
use cloudgen::platform::events::Who;
use cloudgen::platform::ids::Ids;
use cloudgen::platform::login::{self, Level};
use cloudgen::platform::postgres::{self, State};
use sqlx::PgPool;
use support::{Home, Result, account, say, settle};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const PEOPLE: usize = 50;
const ROUNDS: usize = 5;

/// The aims that the figures are held against.
const AIM_FIRST_MS: f64 = 300.0;
const AIM_COMPLETE_MS: f64 = 2_000.0;

/// Designs of several kinds and sizes; everyone adds a number of their own.
const TEXTS: [&str; 5] = [
    "A web shop for {} visitors a day with card payments and PostgreSQL in Frankfurt. Under $900 a month.",
    "A patient portal for {} users under HIPAA: web application, documents of up to 20 MB, 99.95 % availability.",
    "{} sensors report once a minute over MQTT. Alert within ten seconds, keep raw data for two years.",
    "A chatbot that answers questions over {} PDF documents for 3,000 employees with single sign-on.",
    "A data pipeline that ingests {} click events per second and has them in a data warehouse within five minutes.",
];

/// The program and its data.
struct Server {
    home: Home,
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        // It stops its Postgres, too.
        if let Some(pid) = rustix::process::Pid::from_raw(self.process.id().cast_signed()) {
            rustix::process::kill_process(pid, rustix::process::Signal::TERM).ok();
        }
        self.process.wait().ok();
    }
}

fn main() -> Result<()> {
    if support::is_test() {
        return Ok(());
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Result<()> {
    let home = Home::new()?;
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let process = Command::new(env!("CARGO_BIN_EXE_cloudgen"))
        .arg("serve")
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("XDG_DATA_HOME", home.path())
        .env("XDG_CACHE_HOME", home.dirs.cache.parent().ok_or("no cache")?)
        .env("CLOUDGEN_BIND", address.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Server { home, process };
    let begun = Instant::now();
    while !matches!(get(address, "/readyz", "").await, Ok(answer) if answer.starts_with("HTTP/1.1 200"))
    {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err("the server does not answer".into());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let State::Running(url) = postgres::look(&server.home.dirs)? else {
        return Err("no Postgres".into());
    };
    let pool = PgPool::connect(&url).await?;
    let cookies = people(&pool).await?;

    // One alone first: what is read once is read, and it is the floor.
    let alone = design(address, cookies[0].clone(), text(0, 0)).await?;
    settle(&pool).await?;
    let before = memory(&server)?;
    let (mut first, mut step, mut complete, mut errors) = (vec![], vec![], vec![], 0);
    let mut most = before;
    for round in 1..=ROUNDS {
        let tasks: Vec<_> = cookies
            .iter()
            .enumerate()
            .map(|(n, cookie)| tokio::spawn(design(address, cookie.clone(), text(round, n))))
            .collect();
        for task in tasks {
            match task.await? {
                Ok(times) => {
                    first.push(times.first);
                    step.push(times.step);
                    complete.push(times.complete);
                }
                Err(err) => {
                    errors += 1;
                    say(&format!("error: {err}"));
                }
            }
        }
        most = most.max(memory(&server)?);
        settle(&pool).await?;
    }
    // What was looked at is kept at hand for a minute.
    tokio::time::sleep(Duration::from_secs(90)).await;
    let after = memory(&server)?;

    say(&format!("{ROUNDS} rounds of {PEOPLE} people at once; times in ms from sending"));
    say(&format!(
        "alone          first {:>7.0}   step {:>7.0}   complete {:>7.0}",
        alone.first, alone.step, alone.complete
    ));
    row("first event", &mut first, Some(AIM_FIRST_MS));
    row("first step", &mut step, None);
    row("complete", &mut complete, Some(AIM_COMPLETE_MS));
    say(&format!("errors         {errors}"));
    say(&format!(
        "memory         {before} MB before, {most} MB at most, {after} MB when all is quiet"
    ));
    Ok(())
}

fn text(round: usize, n: usize) -> String {
    TEXTS[n % TEXTS.len()].replace("{}", &(1_000 + 100 * n + 10 * round).to_string())
}

fn row(name: &str, times: &mut [f64], aim: Option<f64>) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| {
        times
            .get((times.len() * share).div_ceil(100).saturating_sub(1))
            .copied()
            .unwrap_or(f64::NAN)
    };
    let aim = aim.map(|it| format!("   (aim: p95 at most {it:.0})")).unwrap_or_default();
    say(&format!(
        "{name:<14} p50 {:>7.0}   p95 {:>7.0}   most {:>7.0}{aim}",
        at(50),
        at(95),
        at(100)
    ));
}

/// People of one organisation that has room for all they do.
async fn people(pool: &PgPool) -> Result<Vec<String>> {
    let db = Db::new(pool.clone(), Clock::system(), Ids::random());
    let mut tx = db.system(Who::system()).await?;
    let mut org = None;
    let mut cookies = Vec::new();
    for n in 0..PEOPLE {
        let (account, now) = (account(&mut tx, n).await?, tx.now());
        let org = match org {
            Some(org) => {
                sqlx::query(
                    "insert into member (org_id, account_id, role, created_at) values ($1, $2, 'member', $3)",
                )
                .bind(org)
                .bind(account)
                .bind(now)
                .execute(&mut *tx)
                .await?;
                org
            }
            None => *org.insert(orgs::found(&mut tx, account, "Acme").await?),
        };
        let token = login::create(&mut tx, account, Some(org), Level::Password).await?;
        cookies.push(format!("cloudgen={}", token.reveal()));
    }
    sqlx::query("update org set plan = 'enterprise'").execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(cookies)
}

struct Times {
    first: f64,
    step: f64,
    complete: f64,
}

/// Sends a description and listens until it is answered.
async fn design(address: SocketAddr, cookie: String, text: String) -> Result<Times> {
    let begun = Instant::now();
    let body: String = text
        .bytes()
        .map(|it| {
            if it.is_ascii_alphanumeric() {
                char::from(it).to_string()
            } else {
                format!("%{it:02X}")
            }
        })
        .collect();
    let body = format!("text={body}");
    let mut connection = TcpStream::connect(address).await?;
    connection.set_nodelay(true)?;
    let request = format!(
        "POST /sessions HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nSec-Fetch-Site: same-origin\r\n\
         Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await?;
    let answer = read_until(&mut connection, "\r\n\r\n").await?;
    let session = answer
        .lines()
        .find_map(|it| it.strip_prefix("location: "))
        .ok_or_else(|| answer.clone())?
        .to_owned();
    drop(connection);

    let mut connection = TcpStream::connect(address).await?;
    let request = format!(
        "GET {session}/events?after=0 HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await?;
    let (mut read, mut buffer) = (String::new(), [0; 8192]);
    let (mut first, mut step) = (None, None);
    loop {
        let got =
            tokio::time::timeout(Duration::from_secs(30), connection.read(&mut buffer)).await??;
        if got == 0 {
            return Err(format!("the stream ended: {read}").into());
        }
        read.push_str(&String::from_utf8_lossy(&buffer[..got]));
        let now = begun.elapsed().as_secs_f64() * 1000.0;
        if first.is_none() && read.contains("event: message") {
            first = Some(now);
        }
        if step.is_none() && read.contains("event: step") {
            step = Some(now);
        }
        if read.contains("event: answer") {
            if !read.contains("\"analysis\":1") {
                return Err(format!("an answer without an analysis: {read}").into());
            }
            let missing = || -> Box<dyn Error + Send + Sync> { "an event is missing".into() };
            return Ok(Times {
                first: first.ok_or_else(missing)?,
                step: step.ok_or_else(missing)?,
                complete: now,
            });
        }
    }
}

async fn read_until(connection: &mut TcpStream, end: &str) -> Result<String> {
    let (mut read, mut buffer) = (String::new(), [0; 4096]);
    while !read.contains(end) {
        let got =
            tokio::time::timeout(Duration::from_secs(30), connection.read(&mut buffer)).await??;
        if got == 0 {
            break;
        }
        read.push_str(&String::from_utf8_lossy(&buffer[..got]));
    }
    Ok(read)
}

async fn get(address: SocketAddr, path: &str, cookie: &str) -> Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"
    );
    connection.write_all(request.as_bytes()).await?;
    read_until(&mut connection, "\r\n\r\n").await
}

/// What the program holds, in megabytes, without Postgres.
fn memory(server: &Server) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id()))?;
    let resident = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(resident.trim().trim_end_matches(" kB").parse::<u64>()? / 1024)
}
