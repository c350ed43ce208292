//! The command line against a server: the real program, the real API.

use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, response::IntoResponse};
use cloudgen::platform::access::{Role, Scope};
use cloudgen::platform::api_key::Mode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use crate::cli::{PROGRAM, Place};
use crate::keys;
use crate::support::{App, Receiver};

/// Somebody at a terminal, with a home of their own.
pub struct Shell {
    pub place: Place,
    more: Vec<(&'static str, String)>,
}

#[derive(Debug)]
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Shell {
    pub fn new(name: &str) -> Self {
        Self { place: Place::new(name), more: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        let more = self.more.iter().map(|(name, value)| (*name, value.clone()));
        command
            .args(arguments)
            .env_clear()
            .envs(self.place.environment())
            .envs(more)
            .current_dir(&self.place.0)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> Done {
        let output = self.command(PROGRAM, arguments).output().await.unwrap();
        Done {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn expect(done: Done) -> String {
        assert_eq!(done.code, 0, "{done:?}");
        done.out
    }

    pub async fn ok(&self, arguments: &[&str]) -> String {
        Self::expect(self.run(arguments).await)
    }

    pub async fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.ok(&arguments).await).unwrap()
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8_lossy(&std::fs::read(self.place.0.join(path)).unwrap()).into_owned()
    }
}

pub const TEXT: &str = "API Gateway to Lambda to DynamoDB, 2 million requests a month, us-east-1";

/// A served application, and the key of one of its owners.
async fn served() -> (App, String, String) {
    let (app, base) = App::served().await;
    let org = app.org("Acme").await;
    // Time stands still here, so that a small quota would never fill again.
    sqlx::query("update org set plan = 'enterprise' where id = $1")
        .bind(org)
        .execute(app.pool())
        .await
        .unwrap();
    let owner = app.member(org, Role::Owner).await;
    let made = keys::make(&app, org, owner.account.unwrap(), Scope::ALL).await;
    (app, base, made.secret.reveal().to_owned())
}

/// Somebody who is signed in by environment, as a pipeline is.
pub async fn signed_in(name: &str) -> (App, String, Shell) {
    let (app, base, key) = served().await;
    let shell = Shell::new(name).with("CLOUDGEN_SERVER", &base).with("CLOUDGEN_TOKEN", key);
    (app, base, shell)
}

#[tokio::test]
async fn a_design_is_made_changed_and_written_on_the_server_as_it_is_here() {
    let (_app, _base, shell) = signed_in("journey").await;
    let analysis = shell.json(&["analyze", TEXT]).await;
    let id = analysis["session_id"].as_str().unwrap().to_owned();
    assert_eq!(analysis["number"], 1);
    let here = shell.json(&["analyze", TEXT, "--local"]).await;
    for part in ["requirements", "options", "decisions", "diagnostics"] {
        assert_eq!(analysis[part], here[part], "{part}");
    }
    // What people read is the same, too.
    let component = here["options"][1]["components"][0]["id"].as_str().unwrap();
    for command in [&["cost"][..], &["explain", component], &["ask", "what costs most?"]] {
        let local: Vec<&str> = command.iter().copied().chain(["--local"]).collect();
        let (there, here) = (shell.run(command).await, shell.run(&local).await);
        assert_eq!((there.code, &there.out), (here.code, &here.out), "{command:?}");
    }
    shell.ok(&["generate", "--out", "there"]).await;
    shell.ok(&["generate", "--out", "here", "--local"]).await;
    assert_eq!(shell.read("there/versions.tf"), shell.read("here/versions.tf"));

    let edited = shell.json(&["edit", "add a Redis cache"]).await;
    assert_eq!(edited["number"], 2);
    assert!(edited["changes"][0]["added"].to_string().to_lowercase().contains("cache"));
    let drawn = shell.ok(&["diagram", "--option", "better"]).await;
    let compared = shell.ok(&["diagram", "--option", "better", "--against", "1"]).await;
    assert!(drawn.starts_with("<svg") && compared.starts_with("<svg") && drawn != compared);
    let never = shell.run(&["diagram", "--against", "7"]).await;
    assert!(never.code == 4 && never.err.contains("analysis"), "{never:?}");
    let network = shell.run(&["diagram", "--kind", "network", "--against", "1"]).await;
    assert!(network.code != 0 && network.err.contains("architecture"), "{network:?}");
    let own_rules = shell.run(&["analyze", TEXT, "--tag", "team=payments"]).await;
    assert!(own_rules.code == 2 && own_rules.err.contains("organisation"), "{own_rules:?}");
    let refused = shell.run(&["ask", "remove the cache"]).await;
    assert!(refused.code == 1 && refused.err.contains("cloudgen edit"), "{refused:?}");

    shell.ok(&["sessions", "rename", &id, "Orders"]).await;
    let listed = shell.ok(&["sessions"]).await;
    assert!(listed.contains("Orders") && listed.contains(&id), "{listed}");
    assert!(!listed.contains('\u{1b}'));
    shell.ok(&["sessions", "archive", &id]).await;
    assert_eq!(shell.json(&["sessions", "list"]).await["items"], json!([]));
    shell.ok(&["sessions", "archive", &id, "--undo"]).await;
    assert_eq!(shell.ok(&["sessions", "show", &id, "--field", "title"]).await, "Orders\n");
    assert!(shell.ok(&["open"]).await.ends_with(&format!("/sessions/{id}\n")));
    shell.ok(&["sessions", "delete", &id]).await;
    assert_eq!(shell.run(&["cost"]).await.code, 4);
    shell.ok(&["sessions", "delete", &id, "--undo"]).await;
    shell.ok(&["cost"]).await;
}

#[tokio::test]
async fn what_was_tried_is_marked_and_can_be_left_out() {
    let (app, _, shell) = signed_in("trial").await;
    shell.ok(&["analyze", TEXT]).await;
    let org: uuid::Uuid =
        sqlx::query_scalar("select org_id from api_key").fetch_one(app.pool()).await.unwrap();
    let owner = app.member(org, Role::Owner).await.account.unwrap();
    let test = keys::make_in(Mode::Test, &app, org, owner, Scope::ALL).await;
    let trial = shell.json(&["sessions", "list"]).await["items"][0]["id"].clone();
    let shell = shell.with("CLOUDGEN_TOKEN", test.secret.reveal());
    assert_eq!(shell.run(&["sessions", "show", trial.as_str().unwrap()]).await.code, 4);
    shell.ok(&["analyze", TEXT]).await;
    assert_eq!(shell.json(&["sessions", "list"]).await["items"].as_array().unwrap().len(), 1);
    let live = keys::make(&app, org, owner, Scope::ALL).await;
    let shell = shell.with("CLOUDGEN_TOKEN", live.secret.reveal());
    assert_eq!(shell.ok(&["sessions"]).await.matches("(test)").count(), 1);
    let real = shell.ok(&["sessions", "list", "--mode", "live"]).await;
    assert!(!real.contains("(test)") && real.contains(trial.as_str().unwrap()), "{real}");
    shell.ok(&["sessions", "list", "--mode", "test"]).await;
}

#[tokio::test]
async fn what_the_server_refuses_is_told_with_the_way_on() {
    let (app, base, shell) = signed_in("refusals").await;
    let missing = shell.run(&["sessions", "show", "00000000-0000-0000-0000-000000000000"]).await;
    assert_eq!(missing.code, 4);
    for part in ["Not Found (404): no such session", "try: cloudgen sessions list", "request: "] {
        assert!(missing.err.contains(part), "{missing:?}");
    }
    let region = shell.run(&["analyze", TEXT, "--region", "mars-1"]).await;
    assert_eq!(region.code, 6, "{region:?}");
    assert!(region.err.contains("/region: mars-1 is no region of AWS"), "{region:?}");
    let nothing = shell.run(&["analyze", "hello there"]).await;
    assert_eq!(nothing.code, 6, "{nothing:?}");

    let stranger = Shell::new("stranger")
        .with("CLOUDGEN_SERVER", &base)
        .with("CLOUDGEN_TOKEN", "cg_live_nothing");
    let refused = stranger.run(&["sessions"]).await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.err.contains(&format!("try: cloudgen login --server {base}")), "{refused:?}");
    let ended = "update api_key set expires_at = $1";
    sqlx::query(ended).bind(app.state.clock.now()).execute(app.pool()).await.unwrap();
    let expired = shell.run(&["auth", "status"]).await;
    assert_eq!(expired.code, 3, "{expired:?}");
    assert!(expired.err.contains("has expired or is revoked"), "{expired:?}");
    let nobody = Shell::new("nobody").with("CLOUDGEN_SERVER", &base);
    assert_eq!(nobody.run(&["analyze", TEXT]).await.code, 3);
    nobody.ok(&["analyze", TEXT, "--local"]).await;
    let away = Shell::new("away").with("CLOUDGEN_TOKEN", "cg_live_nothing");
    let away = away.run(&["sessions", "--server", "http://127.0.0.1:1"]).await;
    assert!(away.code == 7 && away.err.contains("cannot reach http://127.0.0.1:1"), "{away:?}");
}

#[tokio::test]
async fn what_is_asked_of_lists_may_stand_before_and_behind_their_command() {
    let (_app, base, shell) = signed_in("order").await;
    let shell = shell.with("CLOUDGEN_SERVER", "http://127.0.0.1:1");
    shell.ok(&["api", "sessions", "-f", "title=Orders", "--server", &base]).await;
    for arguments in [
        &["sessions", "--server", &base, "--field", "items[].title"][..],
        &["sessions", "--field", "items[].title", "list", "--server", &base],
        &["sessions", "--server", &base, "list", "--field", "items[].title"],
    ] {
        assert_eq!(shell.ok(arguments).await, "Orders\n", "{arguments:?}");
    }
    for list in ["keys", "webhooks"] {
        let listed = shell.json(&[list, "--server", &base]).await;
        assert!(listed["items"].is_array(), "{listed}");
    }
    let id = shell.ok(&["sessions", "--server", &base, "--field", "items[0].id"]).await;
    let renamed = ["sessions", "rename", id.trim(), "Shop", "--server", &base, "--field", "title"];
    assert_eq!(shell.ok(&renamed).await, "Shop\n");
}

#[tokio::test]
async fn any_request_can_be_sent() {
    let (_app, _base, shell) = signed_in("api").await;
    for title in ["One", "Two", "Three"] {
        let field = format!("title={title}");
        let made = shell.ok(&["api", "sessions", "-f", &field, "--field", "title"]).await;
        assert_eq!(made, format!("{title}\n"));
    }
    let two = shell.json(&["api", "sessions", "-X", "GET", "-F", "limit=2"]).await;
    assert_eq!(two["items"].as_array().unwrap().len(), 2);
    assert!(two["next"].is_string());
    let all = shell.json(&["api", "/api/v1/sessions?limit=2", "--paginate"]).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 3);
    let head = shell.ok(&["api", "me", "--include"]).await;
    assert!(head.starts_with("HTTP/1.1 200 OK\n") && head.contains("x-request-id: "), "{head}");
    std::fs::write(shell.place.0.join("body.json"), r#"{"title":5}"#).unwrap();
    let refused = shell.run(&["api", "sessions", "--input", "body.json"]).await;
    assert_eq!(refused.code, 6, "{refused:?}");
    let problem: Value = serde_json::from_str(&refused.out).unwrap();
    assert!(problem["status"].as_u64().unwrap() >= 400, "the body is printed as it came");
    assert_eq!(shell.run(&["api", "//example.com/x"]).await.code, 2);
}

#[tokio::test]
async fn a_key_is_kept_where_only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_app, base, key) = served().await;
    let shell = Shell::new("with-token");
    let mut login = shell.command(PROGRAM, &["login", "--with-token", "--server", &base]);
    let mut login = login.stdin(Stdio::piped()).spawn().unwrap();
    login.stdin.take().unwrap().write_all(format!("{key}\n").as_bytes()).await.unwrap();
    assert!(login.wait().await.unwrap().success());
    let file = shell.place.0.join("config/cloudgen/logins.json");
    let mode = |of: &std::path::Path| std::fs::metadata(of).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);

    let status = shell.json(&["auth", "status"]).await;
    assert_eq!(status["me"]["org"]["name"], "Acme");
    assert_eq!(status["server"], base);
    assert!(!shell.ok(&["auth", "status"]).await.contains(&key));
    shell.ok(&["analyze", TEXT]).await;

    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = shell.run(&["sessions"]).await;
    assert!(open.code == 1 && open.err.contains("chmod 600"), "{open:?}");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    shell.ok(&["auth", "logout"]).await;
    assert_eq!(shell.run(&["auth", "status"]).await.code, 3);
}

/// A server as far as signing in goes, where nobody has to wait.
async fn device_server(decisions: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let polls = Arc::new(AtomicUsize::new(0));
    let (asked, polled, page) = (seen.clone(), seen.clone(), base.clone());
    let code = move |body: Bytes| async move {
        asked.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        axum::Json(json!({
            "device_code": "secret code", "user_code": "WDJB-MJHT", "interval": 0, "expires_in": 60,
            "verification_uri": format!("{page}/device"),
        }))
    };
    let token = move |body: Bytes| async move {
        polled.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        match decisions[polls.fetch_add(1, Ordering::SeqCst)] {
            "approved" => axum::Json(json!({ "access_token": "cg_live_made" })).into_response(),
            "down" => StatusCode::BAD_GATEWAY.into_response(),
            error => {
                (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": error }))).into_response()
            }
        }
    };
    let me =
        async || axum::Json(json!({ "email": "robin@example.com", "org": { "name": "Acme" } }));
    let router = Router::new()
        .route("/api/v1/device/code", post(code))
        .route("/api/v1/device/token", post(token))
        .route("/api/v1/me", get(me));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (base, seen)
}

#[tokio::test]
async fn somebody_lets_a_terminal_in_through_the_browser() {
    const WAITING: &str = "authorization_pending";
    // That the server is away for a moment does not end it.
    let (base, seen) = device_server(&[WAITING, "down", "approved"]).await;
    let shell = Shell::new("device");
    let done = shell.run(&["login", "--server", &base]).await;
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.err.contains(&format!("Open {base}/device and enter the code WDJB-MJHT")));
    assert!(done.err.contains("as robin@example.com, Acme"), "{done:?}");
    assert!(!done.err.contains('\u{1b}') && !done.err.contains("cg_live_made"));
    let seen = seen.lock().unwrap();
    assert!(seen[0].starts_with("client_id=cloudgen-cli&device_name="), "{seen:?}");
    let poll = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code\
                &device_code=secret+code&client_id=cloudgen-cli";
    assert_eq!(seen[1..], [poll, poll, poll]);
    assert!(shell.read("config/cloudgen/logins.json").contains("cg_live_made"));
}

#[tokio::test]
async fn what_is_let_in_acts_for_who_let_it_in_until_it_signs_out() {
    let (app, base) = App::served().await;
    let owner = app.owner().await;
    let shell = Shell::new("let-in");
    let mut command = shell.command(PROGRAM, &["login", "--server", &base]);
    let mut login = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(login.stderr.take().unwrap()).lines();
    let first = said.next_line().await.unwrap().unwrap();
    let code = first.rsplit(' ').next().unwrap();
    assert!(first.contains(&format!("Open {base}/device ")), "{first}");
    let org = owner.org.unwrap().to_string();
    let decision = [("code", code), ("decision", "approve"), ("org_id", org.as_str())];
    owner.submit("/device/decide", &decision).await.expect(200);
    assert!(login.wait().await.unwrap().success());

    let status = shell.json(&["auth", "status"]).await;
    assert_eq!(status["me"]["id"], json!(owner.account));
    shell.ok(&["analyze", TEXT]).await;
    let made = ["keys", "create", "ci", "--scope", "sessions:read", "--test", "--expires-in", "7"];
    let made = shell.json(&made).await;
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    assert!(secret.starts_with("cg_test_"), "{made}");
    let listed = shell.ok(&["keys"]).await;
    assert!(listed.contains(id) && !listed.contains(secret), "{listed}");
    let rotated = shell.ok(&["keys", "rotate", id, "--field", "secret"]).await;
    assert!(rotated.starts_with("cg_test_") && rotated.trim() != secret);
    shell.ok(&["keys", "revoke", id]).await;

    let out = shell.run(&["auth", "logout"]).await;
    assert!(out.code == 0 && out.err.contains("the key is revoked"), "{out:?}");
    let keys = owner.get("/api/v1/keys").await.expect(200).json();
    assert!(keys["items"].as_array().unwrap().iter().all(|it| it["status"] == "revoked"));
}

#[tokio::test]
async fn somebody_turns_a_terminal_down_or_lets_it_wait() {
    const DENIED: &[&str] = &["access_denied"];
    const EXPIRED: &[&str] = &["authorization_pending", "expired_token"];
    for (decisions, code, words) in
        [(DENIED, 5, "turned this machine down"), (EXPIRED, 3, "run cloudgen login again")]
    {
        let (base, _seen) = device_server(decisions).await;
        let shell = Shell::new("denied");
        let done = shell.run(&["login", "--server", &base]).await;
        assert!(done.code == code && done.err.contains(words), "{done:?}");
        assert!(!shell.place.0.join("config").exists());
    }
}

/// What becomes of a connection of which not everything was passed on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Ends,
    Hangs,
}

/// Stands before a server and passes on so many bytes of archives.
pub async fn faulty(server: &str, after: usize, then: Then) -> (String, Arc<Mutex<Vec<String>>>) {
    let upstream = server.strip_prefix("http://").unwrap().replace("localhost", "127.0.0.1");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (upstream, requests) = (upstream.clone(), requests.clone());
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(client.read_u8().await?);
                }
                let head = String::from_utf8(head).unwrap();
                let mut server = TcpStream::connect(upstream).await?;
                // One request for each connection, so that each is seen.
                let shown = head.trim_end().to_owned() + "\r\nconnection: close\r\n\r\n";
                server.write_all(shown.as_bytes()).await?;
                let mut answer = Vec::new();
                server.read_to_end(&mut answer).await?;
                if head.contains("/archive?") {
                    let body = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4;
                    answer.truncate(body + after);
                    requests.lock().unwrap().push(head.to_lowercase());
                }
                client.write_all(&answer).await?;
                if then == Then::Hangs && head.contains("/archive?") {
                    std::future::pending::<()>().await;
                }
                client.shutdown().await
            });
        }
    });
    (base, seen)
}

#[tokio::test]
async fn a_download_that_breaks_off_goes_on_where_it_was() {
    let (_app, base, shell) = signed_in("download").await;
    let analysis = shell.json(&["analyze", TEXT]).await;
    let id = analysis["session_id"].as_str().unwrap();
    let nothing = shell.run(&["download", "--format", "cloudformation"]).await;
    assert!(nothing.code == 4 && nothing.err.contains("cloudgen generate"), "{nothing:?}");
    shell.ok(&["generate", "--option", "good", "--out", "whole"]).await;

    let (proxy, seen) = faulty(&base, 3000, Then::Ends).await;
    let from = ["download", "--session-id", id, "--option", "good", "--server", &proxy];
    let arguments: Vec<&str> = from.iter().copied().chain(["--out", "parts"]).collect();
    let got = shell.json(&arguments).await;
    let files = got["files"].as_array().unwrap();
    assert!(files.len() > 3);
    for file in files {
        let path = file["path"].as_str().unwrap();
        assert_eq!(shell.read(path), shell.read(&path.replacen("parts", "whole", 1)), "{path}");
    }
    let hidden =
        |it: &std::fs::DirEntry| it.file_name().to_string_lossy().starts_with(".cloudgen-");
    let left = || {
        let entries = std::fs::read_dir(shell.place.0.join("parts")).unwrap();
        entries.map(Result::unwrap).filter(hidden).map(|it| it.path()).collect::<Vec<_>>()
    };
    assert!(left().is_empty(), "the archive goes when the files are there");
    let requests = std::mem::take(&mut *seen.lock().unwrap());
    assert!(requests.len() > 2, "{requests:?}");
    let etag = format!("if-range: \"{}\"", got["sha256"].as_str().unwrap());
    assert!(!requests[0].contains("range:"));
    assert!(requests[1].contains("range: bytes=3000-") && requests[1].contains(&etag));
    assert!(requests[2].contains("range: bytes=6000-"));

    // What a run left that ended before it was done is taken up by the next.
    let part = format!("parts/.cloudgen-{}.zip.part", got["sha256"].as_str().unwrap());
    let path = format!("api/v1/artifacts/{id}/archive?option=good&format=terraform");
    let mut archive = shell.command(PROGRAM, &["api", &format!("/{path}")]).output().await.unwrap();
    archive.stdout.truncate(archive.stdout.len() - 100);
    std::fs::write(shell.place.0.join(&part), &archive.stdout).unwrap();
    shell.json(&arguments).await;
    let requests = std::mem::take(&mut *seen.lock().unwrap());
    assert_eq!(requests.len(), 1);
    assert!(requests[0].contains(&format!("range: bytes={}-", archive.stdout.len())));

    // Damage is noticed, nothing is written, and the next run starts anew.
    std::fs::write(shell.place.0.join(&part), vec![0; archive.stdout.len()]).unwrap();
    let fresh: Vec<&str> = from.iter().copied().chain(["--out", "parts", "--force"]).collect();
    std::fs::write(shell.place.0.join("parts/versions.tf"), "mine").unwrap();
    let damaged = shell.run(&fresh).await;
    assert!(damaged.code == 1 && damaged.err.contains("SHA-256"), "{damaged:?}");
    assert_eq!(shell.read("parts/versions.tf"), "mine");
    let kept = shell.run(&arguments).await;
    assert!(kept.code == 1 && kept.err.contains("--force"), "{kept:?}");
    assert_eq!(shell.read("parts/versions.tf"), "mine");
    shell.ok(&fresh).await;
    assert_eq!(shell.read("parts/versions.tf"), shell.read("whole/versions.tf"));

    // Where nothing arrives at all it ends, and says how to go on.
    let (proxy, _seen) = faulty(&base, 0, Then::Ends).await;
    let none = ["download", "--option", "good", "--session-id", id, "--server", &proxy];
    let none: Vec<&str> = none.iter().copied().chain(["--out", "none"]).collect();
    let none = shell.run(&none).await;
    assert!(none.code == 7 && none.err.contains("goes on where this one ended"), "{none:?}");
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let keys = Arc::new(Mutex::new(Vec::new()));
    let seen = keys.clone();
    let answer = move |headers: axum::http::HeaderMap| async move {
        let mut seen = seen.lock().unwrap();
        seen.push(headers.get("idempotency-key").cloned());
        match seen.len() {
            1 => (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "0")], "").into_response(),
            2 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")], "").into_response(),
            _ => axum::Json(json!({ "done": true })).into_response(),
        }
    };
    let router = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });
    let shell =
        Shell::new("busy").with("CLOUDGEN_TOKEN", "cg_live_x").with("CLOUDGEN_SERVER", &base);
    assert_eq!(shell.ok(&["api", "x", "-X", "POST", "--field", "done"]).await, "true\n");
    let keys = keys.lock().unwrap();
    assert_eq!(keys.len(), 3);
    assert!(keys[0].is_some() && keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
}

#[tokio::test]
async fn what_happens_is_forwarded_to_this_machine() {
    use rustix::process::{Pid, Signal, kill_process};
    let (app, _base, shell) = signed_in("listen").await;
    let receiver = Receiver::start().await;
    let listen = ["webhooks", "listen", "--forward-to", &receiver.url];
    let mut command = shell.command(PROGRAM, &listen);
    let command = command.args(["--events", "session.created"]);
    let mut listening = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(listening.stderr.take().unwrap()).lines();
    let first = said.next_line().await.unwrap().unwrap();
    let secret = first.split_once("the secret is ").unwrap().1.to_owned();
    let listed = shell.ok(&["webhooks"]).await;
    assert!(listed.contains("paused") && listed.contains("session.created"), "{listed}");

    shell.ok(&["api", "sessions", "-f", "title=Orders"]).await;
    app.run_jobs().await;
    let mut lines = BufReader::new(listening.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().unwrap();
    assert!(line.starts_with("session.created msg_") && line.ends_with(" 204"), "{line}");
    let received = receiver.take();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].json()["type"], "session.created");
    assert!(received[0].is_signed_with(&secret));

    let pid = Pid::from_raw(listening.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::INT).unwrap();
    assert!(listening.wait().await.unwrap().success());
    assert_eq!(shell.json(&["webhooks", "list"]).await["items"], json!([]));
}

/// The steps of the example that run a shell, in order.
fn steps(workflow: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    let mut inside = false;
    for line in workflow.lines() {
        if line == "        run: |" {
            inside = true;
            steps.push(String::new());
        } else if inside && (line.is_empty() || line.starts_with("          ")) {
            let step = steps.last_mut().unwrap();
            step.push_str(line.trim_start_matches("          "));
            step.push('\n');
        } else {
            inside = false;
        }
    }
    steps
}

#[tokio::test]
async fn the_example_for_github_actions_runs() {
    let (_app, _base, shell) = signed_in("actions").await;
    let in_place = |name: &str| shell.place.0.join(name).display().to_string();
    std::fs::create_dir(shell.place.0.join("docs")).unwrap();
    std::fs::write(shell.place.0.join("docs/architecture.md"), TEXT).unwrap();
    let steps = steps(include_str!("../../examples/github-actions/cloudgen.yml"));
    assert_eq!(steps.len(), 3);
    for step in steps {
        // What a step leaves in GITHUB_ENV is the environment of the next.
        let kept = std::fs::read_to_string(in_place("env")).unwrap_or_default();
        let kept: Vec<_> = kept.lines().filter_map(|it| it.split_once('=')).collect();
        let output = shell
            .command("bash", &["--noprofile", "--norc", "-eo", "pipefail", "-c", &step])
            .envs(kept)
            .env("OPTION", "better")
            .env("FORMAT", "terraform")
            .env("GITHUB_RUN_ID", "42")
            .env("GITHUB_ENV", in_place("env"))
            .env("GITHUB_STEP_SUMMARY", in_place("summary"))
            .output()
            .await
            .unwrap();
        assert!(output.status.success(), "{step}\n{output:?}");
    }
    assert_eq!(shell.read("summary").lines().count(), 3);
    let analysis: Value = serde_json::from_str(&shell.read("analysis.json")).unwrap();
    let id = analysis["session_id"].as_str().unwrap();
    shell.ok(&["download", "--session-id", id, "--option", "better", "--out", "here"]).await;
    assert_eq!(shell.read("infrastructure/versions.tf"), shell.read("here/versions.tf"));
}
