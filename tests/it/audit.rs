//! The audit trail: complete, readable, and not to be tampered with unseen.

use cloudgen::platform::access::Role;
use cloudgen::platform::events::{self, Event, Who};
use insta::assert_snapshot;
use serde_json::json;
use sqlx::{AssertSqlSafe, Executor};
use uuid::Uuid;

use crate::support::App;

async fn write(app: &App, org: Uuid, count: usize) {
    for i in 0..count {
        let mut tx = app.state.db.tenant(org, Who::system()).await.unwrap();
        let event = Event::new("test.happened")
            .before(json!({ "n": i }))
            .after(json!({ "n": i + 1, "x": 0.1 }));
        events::emit(&mut tx, event);
        tx.commit().await.unwrap();
    }
}

async fn verify(app: &App, org: Uuid) -> String {
    let mut conn = app.pool().acquire().await.unwrap();
    match events::verify(&mut conn, org).await.unwrap() {
        Ok(count) => format!("{count} hold"),
        Err(broken) => format!("{}: {}", broken.seq, broken.what),
    }
}

#[tokio::test]
async fn a_chain_that_nobody_touched_holds() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    write(&app, org, 5).await;
    assert_snapshot!(verify(&app, org).await, @"7 hold");
    assert_snapshot!(app.events(org).await.join(" "), @"org.created workspace.created test.happened test.happened test.happened test.happened test.happened");
}

/// ASVS V16.4.2
#[tokio::test]
async fn neither_requests_nor_the_owner_of_the_tables_can_change_history() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    for statement in [
        "update event set name = 'x.y'",
        "delete from event",
        "truncate event",
        "delete from event_head",
        "truncate event_head",
        "update event_head set hash = sha256('x')",
        "update event_head set seq = 1",
    ] {
        for setup in
            ["", "set local role cloudgen_app;", "set local session_replication_role = replica;"]
        {
            let mut tx = app.pool().begin().await.unwrap();
            // Without the right to become a replica, that is refused already.
            let allowed = tx.execute(AssertSqlSafe(setup)).await.is_ok();
            let done = tx.execute(AssertSqlSafe(statement)).await;
            assert!(!allowed || done.is_err(), "{setup} {statement}: {done:?}");
        }
    }
    assert_snapshot!(verify(&app, org).await, @"2 hold");
}

#[tokio::test]
async fn requests_cannot_write_into_another_chain() {
    let app = App::new().await;
    let (ours, theirs) = (app.org("Ours").await, app.org("Theirs").await);
    let mut tx = app.state.db.tenant(ours, Who::system()).await.unwrap();
    let done =
        sqlx::query("select app.event_lock($1, sha256('x'))").bind(theirs).execute(&mut *tx).await;
    assert!(done.unwrap_err().to_string().contains("another organisation"));
}

/// What someone can do who gets around the triggers.
/// ASVS V16.4.2
#[tokio::test]
async fn tampering_shows() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    write(&app, org, 8).await;
    let mut found = String::new();
    for (what, statement) in [
        ("edit", "update event set after = '{\"n\": 99}' where seq = 5"),
        ("edit of who", "update event set actor_label = 'someone else' where seq = 5"),
        ("edit of when", "update event set at = at + interval '1 microsecond' where seq = 5"),
        ("delete", "delete from event where seq = 5"),
        ("delete the first", "delete from event where seq = 1"),
        ("cut the tail", "delete from event where seq > 7"),
        ("renumber", "update event set seq = seq + 100 where seq = 5"),
        (
            "swap",
            "update event e set seq = -1 where seq = 4; update event set seq = 4 where seq = 5; update event set seq = 5 where seq = -1",
        ),
        ("new hash", "update event set name = 'x.y', hash = sha256('x') where seq = 5"),
        ("new hash of the last", "update event set hash = sha256('x') where seq = 10"),
        ("move the head", "update event_head set seq = 12"),
        ("drop the head", "delete from event_head"),
        ("all gone", "delete from event"),
    ] {
        let mut tx = app.pool().begin().await.unwrap();
        tx.execute("alter table event disable trigger user; alter table event_head disable trigger user; alter table event drop constraint event_seq_check").await.unwrap();
        tx.execute(AssertSqlSafe(statement)).await.unwrap();
        let result = events::verify(&mut tx, org).await.unwrap();
        let broken = result.expect_err(what);
        let said: String = broken.what.chars().take(60).collect();
        found += &format!("{what}: {} {said}\n", broken.seq);
    }
    assert_snapshot!(without_hashes(&found), @r"
    edit: 5 was altered: its contents hash to …
    edit of who: 5 was altered: its contents hash to …
    edit of when: 5 was altered: its contents hash to …
    delete: 5 is missing; the next one there is 6
    delete the first: 1 is missing; the next one there is 2
    cut the tail: 8 is missing; the chain once reached event 10
    renumber: 5 is missing; the next one there is 6
    swap: 4 does not continue event 3, which hashes to …
    new hash: 5 was altered: its contents hash to …
    new hash of the last: 10 was altered: its contents hash to …
    move the head: 11 is missing; the chain once reached event 12
    drop the head: 1 the recorded head of the chain is missing
    all gone: 1 is missing; the chain once reached event 10
    ");
    assert_snapshot!(verify(&app, org).await, @"10 hold");
}

/// Hashes differ from run to run; what matters is that they are named.
fn without_hashes(text: &str) -> String {
    text.lines()
        .map(|line| {
            let words: Vec<_> = line
                .split(' ')
                .map(|word| {
                    let is_hash = word.len() >= 6 && word.chars().all(|c| c.is_ascii_hexdigit());
                    if is_hash { "…" } else { word }
                })
                .collect();
            words.join(" ") + "\n"
        })
        .collect()
}

#[tokio::test]
async fn eight_writers_that_roll_back_now_and_then_leave_no_gap() {
    let app = App::with(|it| it.pool_size = 10).await;
    let org = app.org("Acme").await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let db = app.state.db.clone();
        writers.spawn(async move {
            for i in 0..20 {
                let mut tx = db.tenant(org, Who::system()).await.unwrap();
                let event = Event::new("test.happened").after(json!({ "writer": writer, "i": i }));
                events::emit(&mut tx, event);
                if i % 5 != 4 {
                    tx.commit().await.unwrap();
                }
            }
        });
    }
    writers.join_all().await;
    assert_snapshot!(verify(&app, org).await, @"130 hold");
}

#[tokio::test]
async fn the_trail_outlives_its_organisation() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    sqlx::query("delete from org where id = $1").bind(org).execute(app.pool()).await.unwrap();
    assert_snapshot!(verify(&app, org).await, @"2 hold");
}

/// ASVS V16.3.2
#[tokio::test]
async fn a_refusal_is_an_event_with_its_circumstances() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let viewer = app.member(org, Role::Viewer).await.with("user-agent", "curl/8");
    let refused = viewer.get("/api/v1/events").await.expect(403);

    let admin = app.member(org, Role::Admin).await;
    let events = admin.get("/api/v1/events?name=access&limit=1").await.expect(200).json();
    let event = &events["items"][0];
    assert_eq!(event["name"], "access.refused");
    assert_eq!(event["outcome"], "refused");
    assert_eq!(event["actor_id"], json!(viewer.account));
    assert_eq!(event["user_agent"], "curl/8");
    assert_eq!(event["request_id"], refused.header("x-request-id"));
    assert_eq!(event["after"], json!({ "action": "ViewEvents" }));
}

#[tokio::test]
async fn the_trail_is_read_page_by_page_and_filtered() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    write(&app, org, 5).await;
    let stranger = app.owner().await;
    let admin = app.member(org, Role::Admin).await;
    let mut seen = Vec::new();
    let mut path = "/api/v1/events?limit=3".to_owned();
    loop {
        let part = admin.get(&path).await.expect(200).json();
        for event in part["items"].as_array().unwrap() {
            seen.push(event["seq"].as_i64().unwrap());
        }
        let Some(next) = part["next"].as_str() else { break };
        path = format!("/api/v1/events?limit=3&cursor={next}");
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);

    let count = async |query: &str| {
        admin.get(&format!("/api/v1/events?{query}")).await.expect(200).json()["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count("name=test").await, 5);
    assert_eq!(count("name=org.created").await, 1);
    assert_eq!(count("outcome=refused").await, 0);
    assert_eq!(count(&format!("subject_id={org}")).await, 1);
    assert_eq!(count("from=2026-11-22T12:00:01Z").await, 0);
    assert_eq!(count("until=2026-11-22T12:00:01Z").await, 7);
    admin.get("/api/v1/events?cursor=x").await.expect(422);
    admin.get("/api/v1/events?limit=0").await.expect(422);

    let theirs = stranger.get("/api/v1/events?name=test").await.expect(200).json();
    assert_eq!(theirs["items"], json!([]));
}

/// Runs `cloudgen audit verify`, as somebody on the server would.
fn verify_command(app: &App) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_cloudgen"))
        .args(["audit", "verify"])
        .env("DATABASE_URL", &app.database.url)
        .env("CLOUDGEN_SECRET_KEY", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=")
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_command_names_the_first_broken_link() {
    let app = App::new().await;
    let (org, other) = (app.org("Acme").await, app.org("Other").await);
    write(&app, org, 3).await;
    let (code, said) = verify_command(&app);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains(&format!("intact  {org}: 5 events")), "{said}");

    let tamper = "alter table event disable trigger user;
                  update event set outcome = 'failed' where name = 'test.happened' and seq >= 4";
    sqlx::raw_sql(tamper).execute(app.pool()).await.unwrap();
    let (code, said) = verify_command(&app);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("BROKEN  organisation {org}, event 4: was altered")), "{said}");
    assert!(said.contains(&format!("intact  {other}: 2 events")), "{said}");
}
