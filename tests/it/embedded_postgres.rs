//! The Postgres that CloudGen brings along: what it survives, and who gets in.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use cloudgen::platform::postgres::{self, Running, State};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection as _, PgConnection};

use crate::home::Home;

fn below(home: &Home, path: &str) -> PathBuf {
    home.dirs().data.join("postgres").join(path)
}

async fn connect(running: &Running) -> PgConnection {
    PgConnection::connect(running.url()).await.unwrap()
}

/// Connects again to a Postgres that is just being started again.
async fn reconnect(running: &Running) -> PgConnection {
    tokio::time::timeout(std::time::Duration::from_secs(60), async {
        loop {
            if let Ok(connection) = PgConnection::connect(running.url()).await {
                return connection;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("Postgres should come back")
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

fn kill_hard(pid: u32) {
    kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
}

async fn write(connection: &mut PgConnection, name: &str) {
    sqlx::query("insert into written values ($1)").bind(name).execute(connection).await.unwrap();
}

async fn written(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar("select name from written order by name")
        .fetch_all(connection)
        .await
        .unwrap()
}

/// ASVS V13.2.2
#[tokio::test]
async fn the_first_start_makes_a_database_that_its_role_owns_but_does_not_rule() {
    let home = Home::new();
    let running = postgres::start(&home.dirs()).await.unwrap();
    let mut db = connect(&running).await;

    let (role, superuser, creates_roles, owns): (String, bool, bool, bool) = sqlx::query_as(
        "select current_user::text, rolsuper, rolcreaterole, datdba = pg_roles.oid
           from pg_roles join pg_database on datname = current_database()
          where rolname = current_user",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!((role.as_str(), superuser, creates_roles, owns), ("cloudgen", false, true, true));

    let distance: f64 = sqlx::query_scalar("select '[1,2]'::vector <-> '[4,6]'::vector")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert!((distance - 5.0).abs() < 1e-9, "pgvector computes: {distance}");

    let fsync: String =
        sqlx::query_scalar("select current_setting('fsync')").fetch_one(&mut db).await.unwrap();
    assert_eq!(fsync, "on");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn only_the_owner_gets_to_the_files_and_only_the_role_gets_in() {
    let home = Home::new();
    let running = postgres::start(&home.dirs()).await.unwrap();

    assert_eq!(mode(&below(&home, "data")), 0o700);
    assert_eq!(mode(&below(&home, "run")), 0o700);
    assert_eq!(mode(&below(&home, "password")), 0o600);
    assert_eq!(mode(&below(&home, "log")), 0o600);
    assert_eq!(mode(&below(&home, "")) & 0o066, 0, "others may pass at most");
    let owner = std::fs::metadata(below(&home, "data")).unwrap().uid();
    assert_ne!(owner, 0, "Postgres must not run as root");
    let process = std::fs::metadata(format!("/proc/{}", running.pid().unwrap())).unwrap();
    assert_eq!(process.uid(), owner);

    let mut db = connect(&running).await;
    let listens: String = sqlx::query_scalar("select current_setting('listen_addresses')")
        .fetch_one(&mut db)
        .await
        .unwrap();
    assert_eq!(listens, "", "no network");
    let password = std::fs::read_to_string(below(&home, "password")).unwrap();
    for (was, is) in [(password.as_str(), "guess"), ("cloudgen:", "postgres:")] {
        let url = running.url().replacen(was, is, 1);
        assert_ne!(url, running.url());
        let refused = PgConnection::connect(&url).await;
        assert!(refused.is_err(), "{is} must not get in");
    }
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_second_server_is_refused_by_name_until_the_first_is_gone() {
    let home = Home::new();
    assert_eq!(postgres::look(&home.dirs()).unwrap(), State::Absent);
    let first = postgres::start(&home.dirs()).await.unwrap();
    assert_eq!(postgres::look(&home.dirs()).unwrap(), State::Running(first.url().to_owned()));

    let refusal = postgres::start(&home.dirs()).await.unwrap_err().to_string();
    assert!(refusal.contains(&format!("process {}", std::process::id())), "{refusal}");
    assert!(refusal.contains("XDG_DATA_HOME"), "it should say what to do: {refusal}");
    connect(&first).await.ping().await.unwrap();

    first.stop().await.unwrap();
    assert_eq!(postgres::look(&home.dirs()).unwrap(), State::Stopped);
    postgres::start(&home.dirs()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_postgres_comes_back_with_every_acknowledged_write() {
    let home = Home::new();
    let running = postgres::start(&home.dirs()).await.unwrap();
    let mut db = connect(&running).await;
    sqlx::query("create table written (name text primary key)").execute(&mut db).await.unwrap();

    for round in ["1", "2"] {
        write(&mut db, round).await;
        let killed = running.pid().unwrap();
        kill_hard(killed);
        db = reconnect(&running).await;
        assert_ne!(running.pid(), Some(killed));
    }
    assert_eq!(written(&mut db).await, ["1", "2"]);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_stop_and_a_start_keep_the_data_and_the_address() {
    let home = Home::new();
    let running = postgres::start(&home.dirs()).await.unwrap();
    let url = running.url().to_owned();
    let mut db = connect(&running).await;
    sqlx::query("create table written (name text primary key)").execute(&mut db).await.unwrap();
    write(&mut db, "kept").await;
    running.stop().await.unwrap();
    assert!(!below(&home, "data/postmaster.pid").exists(), "it ended in order");

    // A crash leaves such a file, and its number may since be anybody's: here
    // that of a process that lives and is no Postgres.
    let stale = format!("1\n{}\n0\n5432\n\n\n  0 0\nready   \n", below(&home, "data").display());
    std::fs::write(below(&home, "data/postmaster.pid"), stale).unwrap();

    let running = postgres::start(&home.dirs()).await.unwrap();
    assert_eq!(running.url(), url);
    assert_eq!(written(&mut connect(&running).await).await, ["kept"]);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_lost_password_file_is_replaced() {
    let home = Home::new();
    postgres::start(&home.dirs()).await.unwrap().stop().await.unwrap();
    let before = std::fs::read_to_string(below(&home, "password")).unwrap();
    std::fs::remove_file(below(&home, "password")).unwrap();

    let running = postgres::start(&home.dirs()).await.unwrap();
    connect(&running).await.ping().await.unwrap();
    assert_ne!(std::fs::read_to_string(below(&home, "password")).unwrap(), before);
    running.stop().await.unwrap();
}

#[tokio::test]
async fn an_interrupted_first_start_is_begun_afresh() {
    let home = Home::new();
    std::fs::create_dir_all(below(&home, "data.new/base")).unwrap();
    std::fs::write(below(&home, "data.new/PG_VERSION"), "18\n").unwrap();

    let running = postgres::start(&home.dirs()).await.unwrap();
    connect(&running).await.ping().await.unwrap();
    assert!(!below(&home, "data.new").exists());
    running.stop().await.unwrap();
}
