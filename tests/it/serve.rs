//! The program from the first start to the last: what an operator relies on.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use cloudgen::platform::postgres::{self, State};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::program::{Server, ask};

async fn get(server: &Server, path: &str) -> u16 {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    ask(server.address, &request).await.unwrap().0
}

/// Waits until the Postgres that the server has kept is gone.
async fn postgres_ended(pid: rustix::process::Pid) {
    let ended = async {
        while test_kill_process(pid).is_ok() && std::fs::read_link(cwd(pid)).is_ok() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("Postgres should end");
}

fn cwd(pid: rustix::process::Pid) -> String {
    format!("/proc/{}/cwd", pid.as_raw_nonzero())
}

#[tokio::test]
async fn it_starts_from_nothing_and_takes_its_postgres_along_when_told_to_stop() {
    let mut server = Server::start().await;
    assert_eq!(get(&server, "/healthz").await, 200);
    assert_eq!(get(&server, "/").await, 200);
    let postgres = server.postgres_pid();

    assert!(server.stop().success());
    assert!(std::fs::read_link(cwd(postgres)).is_err(), "it waits for Postgres");
    assert_eq!(postgres::look(&server.home.dirs()).unwrap(), State::Stopped);
}

#[tokio::test]
async fn postgres_goes_with_a_server_that_was_killed() {
    let mut server = Server::start().await;
    let postgres = server.postgres_pid();
    server.kill();
    postgres_ended(postgres).await;
}

#[tokio::test]
async fn a_second_server_on_the_same_data_says_who_is_in_the_way() {
    let server = Server::start().await;
    let second = server.command(&["serve"]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("is in use by another CloudGen server (process "), "{said}");
    assert_eq!(get(&server, "/healthz").await, 200);
}

#[tokio::test]
async fn doctor_finds_a_running_server_well_and_names_what_is_not() {
    let server = Server::start().await;
    let well = server.command(&["doctor"]).output().unwrap();
    let said = String::from_utf8(well.stdout).unwrap();
    assert!(well.status.success(), "{said}");
    assert!(said.contains("with pgvector") && said.ends_with("All is well.\n"), "{said}");

    let unwell = server
        .command(&["doctor", "--json"])
        .env("CLOUDGEN_MAIL", "smtp://ada:hunter2@127.0.0.1:1")
        .output()
        .unwrap();
    assert_eq!(unwell.status.code(), Some(1));
    let said = String::from_utf8(unwell.stdout).unwrap();
    assert!(!said.contains("hunter2"), "{said}");
    let report: serde_json::Value = serde_json::from_str(&said).unwrap();
    let problems: Vec<_> = report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["ok"] == false)
        .map(|it| it["name"].as_str().unwrap())
        .collect();
    assert_eq!(problems, ["mail"]);
}

#[tokio::test]
async fn a_server_whose_postgres_was_killed_answers_again_by_itself() {
    let server = Server::start().await;
    let killed = server.postgres_pid();
    server.kill_postgres().await;
    assert_ne!(server.postgres_pid(), killed);
    assert_eq!(get(&server, "/readyz").await, 200);
}

#[tokio::test]
async fn what_operators_run_works_beside_a_server_with_a_private_postgres() {
    let server = Server::start().await;
    for command in [&["audit", "verify"][..], &["orgs", "list"], &["migrate"]] {
        let done = server.command(command).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{command:?}: {said}");
    }
    assert_eq!(get(&server, "/readyz").await, 200, "its Postgres was left alone");
}

#[tokio::test]
async fn jobs_can_be_left_to_a_worker_apart() {
    let server = Server::start_with(&["serve", "--without-jobs"], Vec::new()).await;
    let post = async |path: &str, body: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {1}\r\nConnection: close\r\n\r\n{body}",
            server.address,
            body.len(),
        );
        ask(server.address, &request).await.unwrap().0
    };
    let person = "name=Ada&email=ada%40example.com&password=a+lake+of+quiet+herons";
    assert_eq!(post("/sign-up", person).await, 303);
    assert!(post("/forgot-password", "email=ada%40example.com").await < 400);
    let mails = server.home.dirs().data.join("mail");
    let arrived = || std::fs::read_dir(&mails).map_or(0, Iterator::count);
    assert_eq!(arrived(), 0);

    let mut worker = server.command(&["worker"]).spawn().unwrap();
    let delivered = async {
        while arrived() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let delivered = tokio::time::timeout(Duration::from_secs(60), delivered).await;
    kill_process(Pid::from_raw(worker.id().cast_signed()).unwrap(), Signal::TERM).unwrap();
    assert!(worker.wait().unwrap().success());
    delivered.expect("the worker should deliver the mail");
    assert_eq!(get(&server, "/readyz").await, 200, "the server and its Postgres stay");
}

#[tokio::test]
async fn metrics_have_a_listener_of_their_own() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let bind = || vec![("CLOUDGEN_METRICS_BIND", address.to_string())];
    drop(listener);
    let server = Server::start_with(&["serve"], bind()).await;
    let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (status, metrics) = ask(address, request).await.unwrap();
    assert!(status == 200 && metrics.contains("cloudgen_db_connections{state="), "{metrics}");
    assert_ne!(get(&server, "/metrics").await, 200, "the public does not reach them");

    // Whoever wants metrics does not want a server without.
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = server
        .command(&["serve"])
        .env("DATABASE_URL", server.database_url())
        .env("CLOUDGEN_METRICS_BIND", other.local_addr().unwrap().to_string())
        .output()
        .unwrap();
    let said = String::from_utf8(taken.stderr).unwrap();
    assert!(!taken.status.success() && said.contains("CLOUDGEN_METRICS_BIND"), "{said}");
}

/// ASVS V16.2.5
#[tokio::test]
async fn the_log_holds_no_secret_that_people_send() {
    let mut server = Server::start().await;
    let send = async |path: &str, more: &str, body: &str| {
        let kind = if body.starts_with('{') { "json" } else { "x-www-form-urlencoded" };
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\n{more}\
             Content-Type: application/{kind}\r\nContent-Length: {1}\r\nConnection: close\r\n\r\n{body}",
            server.address,
            body.len(),
        );
        ask(server.address, &request).await.unwrap()
    };
    let password = "a+lake+of+quiet+herons";
    let person = format!("name=Ada&email=ada%40example.com&password={password}");
    assert_eq!(send("/sign-up", "", &person).await.0, 303, "the first account is let in");
    let wrong = "email=ada%40example.com&password=wrong-hunter2-wrong";
    assert_eq!(send("/sign-in", "", wrong).await.0, 422);
    let cookie = "Cookie: cloudgen=canary-of-a-cookie\r\n";
    assert_eq!(send("/api/v1/workspaces", cookie, r#"{"name":"A"}"#).await.0, 401);
    let bearer = "Authorization: Bearer cg_live_canary-of-a-key\r\n";
    assert_eq!(send("/api/v1/workspaces", bearer, r#"{"name":"A"}"#).await.0, 401);
    let query = "/verify/canary-of-a-link?code=canary-of-a-code";
    send(query, "", "").await;
    server.stop();

    let log = std::fs::read_to_string(server.home.path().join("log")).unwrap();
    assert!(log.contains("/sign-in") && log.contains("/api/v1/workspaces"), "{log}");
    for secret in ["quiet", "hunter2", "canary-of"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
