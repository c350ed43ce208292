//! Nothing acknowledged is lost and nothing happens twice, however server and
//! database come to their end.
//!
//! Writers create workspaces, or have designs made and turned into code, each
//! under a key of its own, and ask again with the same key until they get a
//! clear answer. Meanwhile the server, its Postgres and, where jobs are left to
//! one, the worker are killed in turns, and some answers are never read. In the end the database is compared with what
//! the writers were told, and so is what arrived at a webhook.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudgen::features::orgs;
use cloudgen::platform::clock::Clock;
use cloudgen::platform::db::{Db, Tx as _};
use cloudgen::platform::events::{self, Who};
use cloudgen::platform::ids::Ids;
use cloudgen::platform::login::{self, Level};
use sqlx::PgPool;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use uuid::Uuid;

use crate::program::{Server, ask};
use crate::support::{Receiver, between};

const WRITERS: usize = 6;

/// Kills of the server, of Postgres and of the worker, in turns.
const KILLS: usize = 6;

/// One answer in so many is not read.
const CUT_ONE_IN: usize = 6;

/// What the writers were told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<String>,
    refused: BTreeMap<String, String>,
    attempts: usize,
}

/// What a writer does again and again.
#[derive(Clone, Copy)]
enum Deed {
    Workspace,
    /// Analyses a text, asks about the result and has it implemented in another
    /// format than that of the files that come with it.
    Design,
}

#[derive(Clone)]
struct Writer {
    number: usize,
    deed: Deed,
    address: SocketAddr,
    cookie: String,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
    progress: watch::Sender<usize>,
}

impl Writer {
    async fn run(self) {
        let mut attempts = self.number;
        for n in 0.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let name = format!("w{}-{n}", self.number);
            let outcome = match self.deed {
                Deed::Workspace => {
                    let body = format!(r#"{{"name":"{name}"}}"#);
                    self.post("/api/v1/workspaces", &body, &mut attempts).await.map(|_| ())
                }
                Deed::Design => self.design(&name, &mut attempts).await,
            };
            let mut told = self.told.lock().unwrap();
            match outcome {
                Ok(()) => {
                    told.acknowledged.insert(name);
                    self.progress.send_modify(|it| *it += 1);
                }
                Err(answer) => {
                    told.refused.insert(name, answer);
                }
            }
        }
    }

    async fn design(&self, name: &str, attempts: &mut usize) -> Result<(), String> {
        let text = "A static site for 2,000 visitors a month";
        let body = format!(r#"{{"text":"{text}","title":"{name}"}}"#);
        let answer = self.post("/api/v1/analyze", &body, attempts).await?;
        let session = between(&answer, "\"session_id\":\"", "\"");
        let path = format!("/api/v1/sessions/{session}/messages");
        self.post(&path, r#"{"text":"What costs most?"}"#, attempts).await?;
        let body = format!(
            r#"{{"session_id":"{session}","option":"good","analysis":1,"format":"cloudformation"}}"#
        );
        self.post("/api/v1/implement", &body, attempts).await.map(|_| ())
    }

    /// The answer, or why it was refused. All but the analysis itself is left to
    /// jobs.
    async fn post(&self, path: &str, body: &str, attempts: &mut usize) -> Result<String, String> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
             Sec-Fetch-Site: same-origin\r\nCookie: {1}\r\nIdempotency-Key: {2}\r\n\
             {4}Content-Type: application/json\r\nContent-Length: {3}\r\n\
             Connection: close\r\n\r\n{body}",
            self.address,
            self.cookie,
            Ids::random().next(),
            body.len(),
            if path.ends_with("analyze") { "" } else { "Prefer: respond-async\r\n" },
        );
        loop {
            *attempts += 1;
            self.told.lock().unwrap().attempts += 1;
            if attempts.is_multiple_of(CUT_ONE_IN) {
                self.hang_up_on(&request).await;
                continue;
            }
            match ask(self.address, &request).await {
                Ok((200..=299, answer)) => return Ok(answer),
                Ok((400..=499, answer)) if !answer.contains("idempotency_key_in_use") => {
                    return Err(answer);
                }
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Sends the request and does not wait for what becomes of it.
    async fn hang_up_on(&self, request: &str) {
        if let Ok(mut stream) = TcpStream::connect(self.address).await {
            stream.write_all(request.as_bytes()).await.ok();
        }
    }
}

/// Somebody who owns an organisation without limits, and their cookie.
pub async fn sign_in(pool: &PgPool) -> (Uuid, String) {
    let db = Db::new(pool.clone(), Clock::system(), Ids::random());
    let mut tx = db.system(Who::system()).await.unwrap();
    let account = tx.new_id();
    let now = tx.now();
    sqlx::query(
        "insert into account (id, email, name, email_verified_at, created_at)
         values ($1, 'ada@example.com', 'Ada', $2, $2)",
    )
    .bind(account)
    .bind(now)
    .execute(&mut *tx)
    .await
    .unwrap();
    let org = orgs::found(&mut tx, account, "Acme").await.unwrap();
    sqlx::query("update org set plan = 'enterprise' where id = $1")
        .bind(org)
        .execute(&mut *tx)
        .await
        .unwrap();
    let token = login::create(&mut tx, account, Some(org), Level::Password).await.unwrap();
    tx.commit().await.unwrap();
    (org, format!("cloudgen={}", token.reveal()))
}

/// Has `url` told of events of one name; returns the webhook's secret.
async fn listen(server: &Server, cookie: &str, url: &str, event: &str) -> String {
    let body = format!(r#"{{"url":"{url}","events":["{event}"]}}"#);
    let request = format!(
        "POST /api/v1/webhooks HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nCookie: {cookie}\r\n\
         Content-Type: application/json\r\nContent-Length: {1}\r\nConnection: close\r\n\r\n{body}",
        server.address,
        body.len(),
    );
    let (status, answer) = ask(server.address, &request).await.unwrap();
    assert_eq!(status, 201, "{answer}");
    between(&answer, "\"secret\":\"", "\"").to_owned()
}

/// A server with people who write while it is killed again and again.
struct Scene {
    server: Server,
    receiver: Receiver,
    secret: String,
    org: Uuid,
    told: Told,
}

impl Scene {
    async fn play(
        mut server: Server,
        deed: Deed,
        event: &str,
        writes_between_kills: usize,
    ) -> Self {
        let turns = if server.has_worker() { 3 } else { 2 };
        let pool = PgPool::connect(&server.database_url()).await.unwrap();
        let (org, cookie) = sign_in(&pool).await;
        let receiver = Receiver::start().await;
        let secret = listen(&server, &cookie, &receiver.url, event).await;

        let (progress, mut written) = watch::channel(0);
        let writer = Writer {
            number: 0,
            deed,
            address: server.address,
            cookie,
            told: Arc::default(),
            stop: Arc::default(),
            progress,
        };
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| tokio::spawn(Writer { number, ..writer.clone() }.run()))
            .collect();
        for kill in 0..KILLS {
            let goal = *written.borrow() + writes_between_kills;
            let reached = written.wait_for(|it| *it >= goal);
            let reached = tokio::time::timeout(Duration::from_secs(60), reached).await.is_ok();
            let refused = writer.told.lock().unwrap().refused.values().next().cloned();
            assert!(reached, "the writers get nowhere: {refused:?}");
            match kill % turns {
                0 => {
                    server.kill();
                    server.launch().await;
                }
                1 => server.kill_postgres().await,
                _ => {
                    server.kill_worker();
                    server.launch_worker();
                }
            }
        }
        writer.stop.store(true, Ordering::SeqCst);
        for writer in writers {
            tokio::time::timeout(Duration::from_secs(60), writer).await.unwrap().unwrap();
        }
        let told = std::mem::take(&mut *writer.told.lock().unwrap());
        assert!(told.refused.is_empty(), "nothing was wrong with any: {:?}", told.refused);
        assert!(told.acknowledged.len() >= KILLS * writes_between_kills);
        assert!(told.attempts > told.acknowledged.len(), "no answer was ever unclear");
        Self { server, receiver, secret, org, told }
    }

    async fn pool(&self) -> PgPool {
        PgPool::connect(&self.server.database_url()).await.unwrap()
    }

    /// How often each name is in the answer.
    async fn count(&self, query: &'static str) -> BTreeMap<String, i32> {
        let rows: Vec<String> =
            sqlx::query_scalar(query).bind(self.org).fetch_all(&self.pool().await).await.unwrap();
        let mut counted = BTreeMap::new();
        for name in rows {
            *counted.entry(name).or_insert(0) += 1;
        }
        counted
    }

    /// All that was acknowledged is there, once, and nothing else is.
    fn compare(&self, present: &BTreeMap<String, i32>) {
        let told = &self.told.acknowledged;
        let lost: Vec<_> = told.iter().filter(|it| !present.contains_key(*it)).collect();
        let duplicate: Vec<_> = present.iter().filter(|(_, times)| **times != 1).collect();
        let phantom: Vec<_> = present.keys().filter(|it| !told.contains(*it)).collect();
        assert_eq!((lost, duplicate, phantom), (vec![], vec![], vec![]));
    }

    /// Waits until there was a message about each of `subjects`, which `pointers`
    /// find in it; returns how many different ones there were.
    async fn arrivals(&self, subjects: &BTreeSet<String>, pointers: &[&str]) -> usize {
        let mut missing = subjects.clone();
        let mut ids = BTreeSet::new();
        let everything = async {
            while !missing.is_empty() {
                for message in self.receiver.take() {
                    assert!(message.is_signed_with(&self.secret));
                    let body = message.json();
                    let parts = pointers.iter().map(|it| body.pointer(it).unwrap().as_str());
                    missing.remove(&parts.map(Option::unwrap).collect::<Vec<_>>().join(" "));
                    ids.insert(message.header("webhook-id").to_owned());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // Jobs of a server that died are taken over after some seconds.
        if tokio::time::timeout(Duration::from_secs(180), everything).await.is_err() {
            let jobs: Vec<String> = sqlx::query_scalar(
                "select concat_ws(' ', t.identifier, j.payload, j.attempts, j.run_at, j.locked_at,
                                  j.locked_by, j.last_error)
                   from graphile_worker._private_jobs j
                   join graphile_worker._private_tasks t on t.id = j.task_id",
            )
            .fetch_all(&self.pool().await)
            .await
            .unwrap();
            let failed: Vec<String> =
                sqlx::query_scalar("select name || ': ' || error from job_run where error <> ''")
                    .fetch_all(&self.pool().await)
                    .await
                    .unwrap();
            let count = subjects.len();
            panic!("of {count} not told: {missing:?}; jobs: {jobs:#?}; failed: {failed:#?}");
        }
        ids.len()
    }

    async fn all_are_answered(&self) {
        let unanswered = "select body from message where org_id = $1 and state <> 'done'";
        let all = async {
            while !self.count(unanswered).await.is_empty() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // Jobs of a server that died are taken over after some seconds.
        tokio::time::timeout(Duration::from_secs(60), all).await.expect("all are answered");
    }

    async fn chain_holds(&self) {
        let mut conn = self.pool().await.acquire().await.unwrap();
        let chain = events::verify(&mut conn, self.org).await.unwrap();
        assert!(chain.is_ok(), "the chain of events has a broken link: {chain:?}");
    }
}

/// ASVS V2.3.3, V16.5.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_server_and_database_lose_nothing_and_repeat_nothing() {
    let scene = Scene::play(Server::start().await, Deed::Workspace, "workspace.created", 12).await;
    let present =
        scene.count("select name from workspace where org_id = $1 and name like 'w%-%'").await;
    let audited = scene
        .count(
            "select after ->> 'name' from event
              where org_id = $1 and name = 'workspace.created' and after ->> 'name' like 'w%-%'",
        )
        .await;
    scene.compare(&present);
    assert_eq!(audited, present, "each write and its event are one");
    scene.chain_holds().await;

    let told = &scene.told.acknowledged;
    let distinct = scene.arrivals(told, &["/data/after/name"]).await;
    assert!(distinct >= told.len(), "each change has a message of its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_interrupt_designs_and_none_is_lost_or_made_twice() {
    let server = Server::start_with_worker().await;
    let scene = Scene::play(server, Deed::Design, "artifacts.ready", 4).await;
    let sessions = scene.count("select title from session where org_id = $1").await;
    let audited = scene
        .count("select after ->> 'title' from event where org_id = $1 and name = 'session.created'")
        .await;
    scene.compare(&sessions);
    assert_eq!(audited, sessions, "each write and its event are one");

    // Those that come with the analysis, and those that were asked for.
    let sets =
        "select concat_ws(' ', session_id, tier, format) from artifact_set where org_id = $1";
    let sets: BTreeSet<String> = scene.count(sets).await.into_keys().collect();
    let pointers = ["/data/subject/id", "/data/after/option", "/data/after/format"];
    scene.arrivals(&sets, &pointers).await;

    // What jobs were at when they died was taken up again, and ended once.
    scene.compare(
        &scene
            .count(
                "select s.title from session s join analysis a on a.session_id = s.id
                  where s.org_id = $1",
            )
            .await,
    );
    scene.all_are_answered().await;
    let with_it = "select s.title from session s join artifact_set a on a.session_id = s.id
                    where s.org_id = $1 and a.tier = 'good' and a.format = 'terraform'
                      and a.state = 'ready'";
    scene.compare(&scene.count(with_it).await);
    let asked_for = "select s.title from session s join artifact_set a on a.session_id = s.id
                      where s.org_id = $1 and a.format = 'cloudformation' and a.state = 'ready'";
    scene.compare(&scene.count(asked_for).await);
    scene.chain_holds().await;
}
