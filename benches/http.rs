//! What the platform costs, measured against what it stands on.
//!
//! `cargo bench --bench http` prints
//!
//! - requests per second of `GET /api/v1/me`, signed in, and of
//!   `GET /api/v1/sessions/{id}` with a key, beside those of a bare axum handler
//!   that does one indexed select on the same pool, in turns in one run, so that
//!   whatever else the machine does hits both;
//! - analyses per second of `POST /api/v1/analyze`, kept, told, audited and with
//!   the files of all options made and kept behind them, until the last is there,
//!   beside those of the engine alone on the same text, with the same files;
//! - the time from a warm start of the program to its first answer;
//! - the memory of the idle program, without Postgres, and what it takes of a
//!   processor.
//!
//! Uses a private Postgres of its own, and stops by itself.

mod support;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use cloudgen::app;
use cloudgen::engine::brief::Brief;
use cloudgen::engine::emit::package;
use cloudgen::engine::{analysis, bind, report};
use cloudgen::platform::config::LogFormat;
use cloudgen::platform::jobs;
use cloudgen::platform::postgres::{self, Dirs};
use cloudgen::platform::telemetry;
use serde_json::{Value, json};
use sqlx::PgPool;
use support::{Home, Result, say, settle};
use uuid::Uuid;

/// Connections that ask all the time: few, and as many as a busy pipeline opens.
const CONNECTIONS: [usize; 2] = [8, 32];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

/// What is analysed.
const TEXT: &str = "A web shop for 20,000 visitors a day with card payments and PostgreSQL in Frankfurt. Under $900 a month.";
/// As many as there are cores that could analyse.
const ANALYSTS: usize = 2;
/// Who asks for analyses: while one's is written to the disk, another's is made.
const CLIENTS: usize = 2 * ANALYSTS;

/// The aims that the figures are held against.
const AIM_ME: f64 = 0.60;
const AIM_SESSION: f64 = 0.50;
const AIM_ANALYZE: f64 = 0.60;
const AIM_MEMORY_MB: u64 = 120;
const AIM_IDLE: f64 = 2.0;

fn main() -> Result<()> {
    if support::is_test() {
        return Ok(());
    }
    // The server writes a line for each request; the work of making it counts.
    telemetry::log_to(LogFormat::Json, std::io::sink, false);
    let home = Home::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(throughput(&home.dirs))?;
    drop(runtime);
    start_and_memory(&home)
}

async fn throughput(dirs: &Dirs) -> Result<()> {
    let postgres = postgres::start(dirs).await?;
    let state = support::service(dirs, postgres.url()).await?;
    let owner = support::owner(&state).await?;
    let pool = state.db.pool().clone();
    // Nobody is to be refused for asking as much as a benchmark does.
    let generous = tokio::spawn(forget_quotas(pool.clone()));
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let workers = jobs::worker(&state, app::jobs(), async move { stopped.await.unwrap_or(()) });
    let working = tokio::spawn(async move { workers.run().await });

    let ours = serve(app::router(state)).await?;
    let bare = Router::new().route("/me", get(bare_me)).with_state((pool.clone(), owner.account));
    let bare = serve(bare).await?;
    let cookie = format!(
        "Cookie: {}\r\nOrigin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n",
        owner.cookie
    );
    let new =
        json!({ "name": "bench", "mode": "live", "scopes": ["sessions:read", "sessions:write"] });
    let key = post(ours, "/api/v1/keys", &cookie, &new).await?;
    let key = format!("Authorization: Bearer {}\r\n", key["secret"].as_str().ok_or("no key")?);
    let made = post(ours, "/api/v1/analyze", &key, &json!({ "text": TEXT })).await?;
    let session = format!("/api/v1/sessions/{}", made["session_id"].as_str().ok_or("no session")?);

    let bare = (bare, request("GET", "/me", "", None));
    let me = (ours, request("GET", "/api/v1/me", &cookie, None));
    let find = (ours, request("GET", &session, &key, None));
    for connections in CONNECTIONS {
        say(&format!("{connections} connections"));
        compare("GET /api/v1/me, signed in", &me, &bare, connections, AIM_ME).await?;
        compare("GET /api/v1/sessions/{id}, key", &find, &bare, connections, AIM_SESSION).await?;
    }

    let analyze = request("POST", "/api/v1/analyze", &key, Some(&json!({ "text": TEXT })));
    let (mut ours_rates, mut engine_rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let answered = answers(ours, &analyze, CLIENTS, ROUND).await?;
        settle(&pool).await?;
        ours_rates.push(f64::from(answered) / begun.elapsed().as_secs_f64());
        engine_rates.push(engine_rate(ROUND).await?);
    }
    let names = ("POST /api/v1/analyze, to the last file", "the engine alone");
    tell(names, (median(ours_rates), median(engine_rates)), AIM_ANALYZE);

    generous.abort();
    drop(stop);
    working.await?;
    pool.close().await;
    postgres.stop().await?;
    Ok(())
}

/// Measures both in turns.
async fn compare(
    name: &str,
    ours: &(SocketAddr, String),
    bare: &(SocketAddr, String),
    connections: usize,
    aim: f64,
) -> Result<()> {
    // Fills caches, and shows that both answer.
    for (address, request) in [ours, bare] {
        rate(*address, request, connections, Duration::from_millis(500)).await?;
    }
    let (mut ours_rates, mut bare_rates) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours_rates.push(rate(ours.0, &ours.1, connections, ROUND).await?);
        bare_rates.push(rate(bare.0, &bare.1, connections, ROUND).await?);
    }
    let rates = (median(ours_rates), median(bare_rates));
    tell((name, "bare axum, one select"), rates, aim);
    Ok(())
}

fn tell((name, other): (&str, &str), (ours, theirs): (f64, f64), aim: f64) {
    say(&format!("{name:<30}{ours:>9.0} per second"));
    say(&format!("{other:<30}{theirs:>9.0} per second"));
    let (share, aim) = (100.0 * ours / theirs, 100.0 * aim);
    say(&format!("{:<30}{share:>9.0} %   (aim: at least {aim:.0} %)", "share"));
}

async fn forget_quotas(pool: PgPool) {
    loop {
        sqlx::query("update quota set used = 0").execute(&pool).await.ok();
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
}

/// An analysis, its report and the files of its options, with nothing around them.
fn engine_alone() {
    let brief = Brief::of(TEXT);
    let made = brief.analyze();
    std::hint::black_box(report::analysis(&made).to_string());
    for option in &made.options {
        let stack = bind::lower(&option.graph);
        let files = analysis::files(&stack, &option.cost, brief.format(), &brief.code());
        let entries = files.iter().map(|it| (it.path.as_str(), it.content.as_slice()));
        std::hint::black_box(package::zip(entries));
    }
}

/// How many of those a second.
async fn engine_rate(time: Duration) -> Result<f64> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..ANALYSTS)
        .map(|_| {
            tokio::task::spawn_blocking(move || {
                let mut done = 0;
                while begun.elapsed() < time {
                    engine_alone();
                    done += 1;
                }
                done
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await?;
    }
    Ok(f64::from(done) / begun.elapsed().as_secs_f64())
}

async fn bare_me(State((pool, id)): State<(PgPool, Uuid)>) -> String {
    let (email, name): (String, String) =
        sqlx::query_as("select email, name from account where id = $1")
            .bind(id)
            .fetch_one(&pool)
            .await
            .expect("the account is there");
    format!(r#"{{"id":"{id}","email":"{email}","name":"{name}"}}"#)
}

async fn serve(router: Router) -> Result<SocketAddr> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Ok(address)
}

fn request(method: &str, path: &str, headers: &str, body: Option<&Value>) -> String {
    let body = body.map(Value::to_string).unwrap_or_default();
    let about = match body.len() {
        0 => String::new(),
        it => format!("Content-Type: application/json\r\nContent-Length: {it}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{headers}{about}\r\n{body}")
}

/// Sends one request; what it is answered.
async fn post(address: SocketAddr, path: &str, headers: &str, body: &Value) -> Result<Value> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let headers = format!("{headers}Connection: close\r\n");
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(request("POST", path, &headers, Some(body)).as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match answer.split_once("\r\n\r\n") {
        Some((head, body)) if head.starts_with("HTTP/1.1 20") => Ok(serde_json::from_str(body)?),
        _ => Err(answer.into()),
    }
}

/// How many requests per second are answered with 200.
async fn rate(
    address: SocketAddr,
    request: &str,
    connections: usize,
    time: Duration,
) -> Result<f64> {
    let begun = Instant::now();
    let answered = answers(address, request, connections, time).await?;
    Ok(f64::from(answered) / begun.elapsed().as_secs_f64())
}

/// How many are answered that begin within a time.
async fn answers(
    address: SocketAddr,
    request: &str,
    connections: usize,
    time: Duration,
) -> Result<u32> {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::spawn(ask_until(address, request.to_owned(), begun + time)))
        .collect();
    let mut answers = 0;
    for task in tasks {
        answers += task.await??;
    }
    Ok(answers)
}

async fn ask_until(address: SocketAddr, request: String, end: Instant) -> Result<u32> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answers = 0;
    let mut buffer = Vec::with_capacity(8192);
    while Instant::now() < end {
        stream.write_all(request.as_bytes()).await?;
        buffer.clear();
        while answer_length(&buffer)?.is_none_or(|it| buffer.len() < it) {
            if stream.read_buf(&mut buffer).await? == 0 {
                return Err("the server hung up".into());
            }
        }
        answers += 1;
    }
    Ok(answers)
}

/// The length of the answer that the buffer begins with, once its head is there.
fn answer_length(buffer: &[u8]) -> Result<Option<usize>> {
    let Some(head) = buffer.windows(4).position(|it| it == b"\r\n\r\n") else { return Ok(None) };
    let text = std::str::from_utf8(&buffer[..head])?.to_ascii_lowercase();
    if !text.starts_with("http/1.1 200") {
        return Err(text.into());
    }
    let length = text
        .lines()
        .find_map(|it| it.strip_prefix("content-length:"))
        .ok_or("an answer without a length")?;
    Ok(Some(head + 4 + length.trim().parse::<usize>()?))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The program itself, as it is installed.
struct Server(Child);

impl Server {
    fn start(home: &Home, address: SocketAddr) -> Result<Self> {
        let child = Command::new(env!("CARGO_BIN_EXE_cloudgen"))
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
        Ok(Self(child))
    }

    /// How long until it answers.
    fn first_answer(&mut self, address: SocketAddr, begun: Instant) -> Result<Duration> {
        while begun.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.0.try_wait()? {
                return Err(format!("the server ended with {status}").into());
            }
            if is_up(address).unwrap_or(false) {
                return Ok(begun.elapsed());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        Err("the server does not answer".into())
    }

    fn stop(&mut self) -> Result<()> {
        let pid = rustix::process::Pid::from_raw(self.0.id().cast_signed()).ok_or("no pid")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM)?;
        self.0.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

fn start_and_memory(home: &Home) -> Result<()> {
    let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        let mut server = Server::start(home, address)?;
        times.push(server.first_answer(address, begun)?.as_secs_f64() * 1000.0);
        server.stop()?;
    }
    say(&format!("warm start to first answer    {:>9.0} ms", median(times)));

    let mut server = Server::start(home, address)?;
    server.first_answer(address, Instant::now())?;
    // Whatever it still does after a start, it does by then.
    std::thread::sleep(Duration::from_secs(3));
    let before = processor_time(&server)?;
    std::thread::sleep(Duration::from_secs(5));
    let share = 100.0 * (processor_time(&server)? - before).as_secs_f64() / 5.0;
    say(&format!("idle, share of one processor  {share:>9.1} %    (aim: at most {AIM_IDLE:.0} %)"));
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.0.id()))?;
    let resident = status.lines().find_map(|it| it.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    let kilobytes: u64 = resident.trim().trim_end_matches(" kB").parse()?;
    say(&format!(
        "idle memory, without Postgres {:>9} MB   (aim: at most {AIM_MEMORY_MB} MB)",
        kilobytes / 1024
    ));
    server.stop()
}

/// What the program has had of processors so far, in the kernel's hundredths.
fn processor_time(server: &Server) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", server.0.id()))?;
    // The name of the program ends with the last parenthesis.
    let fields = stat.rsplit(')').next().ok_or("no fields")?.split_whitespace();
    let ticks: u64 =
        fields.skip(11).take(2).map(str::parse::<u64>).sum::<std::result::Result<u64, _>>()?;
    Ok(Duration::from_millis(10 * ticks))
}

fn is_up(address: SocketAddr) -> Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}
