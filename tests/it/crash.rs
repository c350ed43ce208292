//! Nothing acknowledged is lost and nothing happens twice, however server and
//! database come to their end.
//!
//! Writers create workspaces, each under a key of its own, and ask again with
//! the same key until they get a clear answer. Meanwhile the program and its
//! Postgres are killed in turns, and some answers are never read. In the end the
//! database is compared with what the writers were told.

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

const WRITERS: usize = 6;

/// Kills of the server and of Postgres, in turns.
const KILLS: usize = 6;

/// How much is written between two kills.
const WRITES_BETWEEN_KILLS: usize = 12;

/// One answer in so many is not read.
const CUT_ONE_IN: usize = 6;

/// What the writers were told.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<String>,
    refused: BTreeMap<String, String>,
    attempts: usize,
}

struct Writer {
    number: usize,
    address: SocketAddr,
    cookie: String,
    told: Arc<Mutex<Told>>,
    stop: Arc<AtomicBool>,
    progress: watch::Sender<usize>,
}

impl Writer {
    async fn run(self) {
        let ids = Ids::random();
        let mut attempts = self.number;
        for n in 0.. {
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
            let name = format!("w{}-{n}", self.number);
            let body = format!(r#"{{"name":"{name}"}}"#);
            let request = format!(
                "POST /api/v1/workspaces HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
                 Sec-Fetch-Site: same-origin\r\nCookie: {1}\r\nIdempotency-Key: {2}\r\n\
                 Content-Type: application/json\r\nContent-Length: {3}\r\nConnection: close\r\n\r\n{body}",
                self.address,
                self.cookie,
                ids.next(),
                body.len(),
            );
            // A refusal counts as clean only if nothing before it was unclear.
            let mut unclear = false;
            loop {
                attempts += 1;
                self.told.lock().unwrap().attempts += 1;
                if attempts.is_multiple_of(CUT_ONE_IN) {
                    self.hang_up_on(&request).await;
                    unclear = true;
                    continue;
                }
                match ask(self.address, &request).await {
                    Ok((200..=299, _)) => {
                        self.told.lock().unwrap().acknowledged.insert(name);
                        self.progress.send_modify(|it| *it += 1);
                        break;
                    }
                    Ok((400..=499, answer)) if !answer.starts_with("HTTP/1.1 409") => {
                        if !unclear {
                            self.told.lock().unwrap().refused.insert(name, answer);
                        }
                        break;
                    }
                    _ => {
                        unclear = true;
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                }
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
async fn sign_in(pool: &PgPool) -> (Uuid, String) {
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

/// ASVS V2.3.3, V16.5.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_server_and_database_lose_nothing_and_repeat_nothing() {
    let mut server = Server::start().await;
    let pool = PgPool::connect(&server.database_url()).await.unwrap();
    let (org, cookie) = sign_in(&pool).await;

    let told = Arc::new(Mutex::new(Told::default()));
    let stop = Arc::new(AtomicBool::new(false));
    let (progress, mut written) = watch::channel(0);
    let writers: Vec<_> = (0..WRITERS)
        .map(|number| {
            let writer = Writer {
                number,
                address: server.address,
                cookie: cookie.clone(),
                told: Arc::clone(&told),
                stop: Arc::clone(&stop),
                progress: progress.clone(),
            };
            tokio::spawn(writer.run())
        })
        .collect();

    for kill in 0..KILLS {
        let goal = *written.borrow() + WRITES_BETWEEN_KILLS;
        let reached = written.wait_for(|it| *it >= goal);
        let reached = tokio::time::timeout(Duration::from_secs(60), reached).await.is_ok();
        let refused = told.lock().unwrap().refused.values().next().cloned();
        assert!(reached, "the writers get nowhere: {refused:?}");
        if kill % 2 == 0 {
            {
                server.kill();
                server.launch().await;
            }
        } else {
            server.kill_postgres().await
        }
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        tokio::time::timeout(Duration::from_secs(60), writer).await.unwrap().unwrap();
    }

    let pool = PgPool::connect(&server.database_url()).await.unwrap();
    let count = |rows: Vec<String>| {
        let mut counted = BTreeMap::new();
        for name in rows.into_iter().filter(|it| it.starts_with('w')) {
            *counted.entry(name).or_insert(0) += 1;
        }
        counted
    };
    let present = count(
        sqlx::query_scalar("select name from workspace where org_id = $1")
            .bind(org)
            .fetch_all(&pool)
            .await
            .unwrap(),
    );
    let audited = count(
        sqlx::query_scalar(
            "select after ->> 'name' from event where org_id = $1 and name = 'workspace.created'",
        )
        .bind(org)
        .fetch_all(&pool)
        .await
        .unwrap(),
    );

    let mut conn = pool.acquire().await.unwrap();
    let chain = events::verify(&mut conn, org).await.unwrap();
    assert!(chain.is_ok(), "the chain of events has a broken link: {chain:?}");

    let told = told.lock().unwrap();
    let lost: Vec<_> = told.acknowledged.iter().filter(|it| !present.contains_key(*it)).collect();
    let duplicate: Vec<_> = present.iter().filter(|(_, times)| **times != 1).collect();
    let phantom: Vec<_> = told.refused.keys().filter(|it| present.contains_key(*it)).collect();
    assert!(told.refused.is_empty(), "nothing was wrong with any: {:?}", told.refused);
    assert_eq!((lost, duplicate, phantom), (vec![], vec![], vec![]));
    assert_eq!(audited, present, "each write and its event are one");
    assert!(told.acknowledged.len() >= KILLS * WRITES_BETWEEN_KILLS);
    assert!(told.attempts > told.acknowledged.len(), "no answer was ever unclear");
}
