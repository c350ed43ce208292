//! Design sessions: what is said, what comes of it, and who sees it.

use std::sync::Arc;
use std::time::Duration;

use cloudgen::engine::analysis::Format;
use cloudgen::engine::graph::Tier;
use cloudgen::features::artifacts;
use cloudgen::platform::access::{Role, Scope};
use cloudgen::platform::api_key::Mode;
use cloudgen::platform::crypto::{hex, sha256};
use cloudgen::platform::events::Who;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::keys::{keyed, with_key};
use crate::support::{App, Caller};

const SHOP: &str = "A web shop for 20,000 visitors a day with card payments, PostgreSQL, in Frankfurt. Under $900 a month.";

async fn analyze(caller: &Caller, text: &str) -> Value {
    caller.post("/api/v1/analyze", json!({ "text": text })).await.expect(200).json()
}

fn tiers(analysis: &Value) -> Vec<&str> {
    analysis["options"].as_array().unwrap().iter().map(|it| it["tier"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_description_becomes_a_session_with_three_options() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let made = analyze(&ann, SHOP).await;
    assert_eq!(made["number"], 1);
    assert_eq!(tiers(&made["analysis"]), ["good", "better", "best"]);
    assert_eq!(made["answer"]["state"], "done");

    let id = made["session_id"].as_str().unwrap();
    let session = ann.get(&format!("/api/v1/sessions/{id}")).await.expect(200).json();
    assert_eq!(session["headline"]["region"], "eu-central-1");
    assert_eq!(session["headline"]["options"][0]["tier"], "good");
    let kept = ann.get(&format!("/api/v1/sessions/{id}/analyses/1")).await.expect(200).json();
    assert_eq!(kept["analysis"], made["analysis"]);
    let best = format!("/api/v1/sessions/{id}/analyses/1/options/best");
    assert_eq!(ann.get(&best).await.expect(200).json(), made["analysis"]["options"][2]);

    let sets = ann.get(&format!("/api/v1/artifacts/{id}")).await.expect(200).json();
    let sets = sets["items"].as_array().unwrap();
    assert_eq!(sets.len(), 3, "one for each option, as soon as it is answered");
    assert!(sets.iter().all(|it| it["state"] == "ready"), "{sets:?}");
    let archive = ann.get(&format!("/api/v1/artifacts/{id}/archive?option=best")).await.expect(200);
    let best = sets.iter().find(|it| it["option"] == "best").unwrap();
    assert_eq!(hex(&sha256(&archive.bytes)), best["checksum"]);
    let names = app.events(org).await;
    for name in ["session.created", "message.sent", "analysis.completed", "artifacts.ready"] {
        assert!(names.iter().any(|it| it == name), "{name} in {names:?}");
    }
}

/// A fault of the engine costs the files of one option, not the analysis.
#[tokio::test]
async fn an_option_that_could_not_be_turned_into_code_says_so_and_can_be_tried_again() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let made = analyze(&ann, SHOP).await;
    let id = made["session_id"].as_str().unwrap();
    let mut tx = app.state.db.tenant(org, Who::system()).await.unwrap();
    let none = [artifacts::Written { tier: Tier::Best, packed: None }];
    let at = (id.parse().unwrap(), 1, Mode::Live);
    artifacts::keep_all(&mut tx, at, Format::CloudFormation, &none, None).await.unwrap();
    tx.commit().await.unwrap();

    let path = format!("/api/v1/artifacts/{id}");
    let failed = ann.get(&path).await.expect(200).json()["items"][0].clone();
    assert_eq!((&failed["state"], &failed["format"]), (&json!("failed"), &json!("cloudformation")));
    assert_eq!(failed["error"], "this option could not be turned into code");
    assert_eq!((&failed["files"], &failed["checksum"]), (&Value::Null, &Value::Null));
    assert_eq!(app.events(org).await.pop().unwrap(), "artifacts.failed failed");
    let page = format!("/sessions/{id}/analyses/1/best/code?format=cloudformation");
    assert!(ann.get(&page).await.expect(200).text.contains("could not be turned into code"));
    let ask = json!({ "session_id": id, "option": "best", "format": "cloudformation" });
    assert_eq!(ann.post("/api/v1/implement", ask).await.expect(200).json()["state"], "ready");
}

#[tokio::test]
async fn a_later_turn_makes_the_next_analysis_and_says_what_changed() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let made = analyze(&ann, SHOP).await;
    let id = made["session_id"].as_str().unwrap();
    let messages = format!("/api/v1/sessions/{id}/messages");
    let next = json!({ "text": "Add OpenSearch for product search" });
    let next = ann.post(&messages, next).await.expect(200).json();
    assert_eq!(next["number"], 2);
    let services = next["analysis"]["options"][0]["components"].to_string();
    assert!(services.contains("opensearch"), "{services}");
    let diff = ann.get(&format!("/api/v1/sessions/{id}/analyses/2/diff")).await.expect(200).json();
    assert_eq!((&diff["number"], &diff["against"]), (&json!(2), &json!(1)));
    assert!(!diff["options"][0]["added"].as_array().unwrap().is_empty(), "{diff}");

    let why = json!({ "text": "Why is there a load balancer?" });
    let why = ann.post(&messages, why).await.expect(200).json();
    assert_eq!(
        (&why["number"], &why["answer"]["content"]["kind"]),
        (&json!(null), &json!("answer"))
    );
    let setting = json!({ "setting": { "kind": "region", "value": "eu-west-1" } });
    let moved = ann.post(&messages, setting).await.expect(200).json();
    assert_eq!(moved["analysis"]["options"][0]["region"], "eu-west-1");
    let bad = json!({ "setting": { "kind": "region", "value": "moon-1" } });
    ann.post(&messages, bad).await.expect(422);
    ann.post(&messages, json!({})).await.expect(422);

    // A branch from the first text knows nothing of the search.
    let first = made["message"]["parent_id"].clone();
    assert!(first.is_null());
    let other = json!({ "text": "Make it cheaper", "parent_id": made["answer"]["id"] });
    let other = ann.post(&messages, other).await.expect(200).json();
    assert_eq!(other["number"], 4);
    let branch = ann.get(&format!("/api/v1/sessions/{id}/analyses/4")).await.expect(200).json();
    assert_eq!(branch["previous"], 1);
    assert!(!branch["analysis"]["options"][0]["components"].to_string().contains("opensearch"));
    let all = ann.get(&messages).await.expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn an_answer_that_is_waited_for_comes_from_a_job_and_ends_once() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let body = json!({ "text": SHOP });
    let accepted = ann.clone().with("prefer", "respond-async");
    let accepted = accepted.post("/api/v1/analyze", body.clone()).await.expect(202);
    let made = accepted.json();
    assert_eq!(made["answer"]["state"], "running");
    let id = made["session_id"].as_str().unwrap();
    let answer = made["answer"]["id"].as_str().unwrap();
    assert_eq!(accepted.header("location"), format!("/api/v1/operations/{answer}"));
    let operation = accepted.header("location").to_owned();
    assert_eq!(ann.get(&operation).await.expect(200).json()["state"], "running");
    let again = json!({ "text": "Add a cache" });
    ann.post(&format!("/api/v1/sessions/{id}/messages"), again).await.expect(409);
    app.run_jobs().await;
    let session = ann.get(&format!("/api/v1/sessions/{id}")).await.expect(200).json();
    assert_eq!(session["analyses"], 1);
    let done = ann.get(&operation).await.expect(200).json();
    assert_eq!(done["state"], "succeeded");
    ann.get(done["result"].as_str().unwrap()).await.expect(200);
    ann.post(&format!("{operation}/cancel"), json!({})).await.expect(409);
    let steps: Vec<String> = sqlx::query_scalar(
        "select data->'step'->>'step' from live_notice where name = 'step' order by seq",
    )
    .fetch_all(app.pool())
    .await
    .unwrap();
    assert_eq!(steps.first().map(String::as_str), Some("understood"));
    assert_eq!(steps.iter().filter(|it| *it == "priced").count(), 3);

    let stopped = ann.clone().with("prefer", "respond-async");
    let stopped = stopped.post("/api/v1/analyze", body).await.expect(202).json();
    let id = stopped["session_id"].as_str().unwrap();
    let stop = format!(
        "/api/v1/sessions/{id}/messages/{}/stop",
        stopped["answer"]["id"].as_str().unwrap()
    );
    ann.post(&stop, json!({})).await.expect(204);
    ann.post(&stop, json!({})).await.expect(409);
    app.run_jobs().await;
    let session = ann.get(&format!("/api/v1/sessions/{id}")).await.expect(200).json();
    assert_eq!(session["analyses"], 0, "what was stopped makes nothing");
    let retry = stop.replace("/stop", "/retry");
    ann.post(&retry, json!({})).await.expect(202);
    app.run_jobs().await;
    let session = ann.get(&format!("/api/v1/sessions/{id}")).await.expect(200).json();
    assert_eq!(session["analyses"], 1);
}

#[tokio::test]
async fn text_that_cannot_be_used_is_refused_and_leaves_nothing() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let long = "a web shop ".repeat(3000);
    for text in ["", "  \n ", "What a lovely day", "a\0b", &long] {
        let refused = ann.post("/api/v1/analyze", json!({ "text": text })).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], "/text", "{refused}");
    }
    let sessions = ann.get("/api/v1/sessions").await.expect(200).json();
    assert_eq!(sessions["items"], json!([]));
}

#[tokio::test]
async fn a_session_is_renamed_put_away_copied_deleted_and_taken_back() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let made = analyze(&ann, SHOP).await;
    let path = format!("/api/v1/sessions/{}", made["session_id"].as_str().unwrap());
    let renamed = ann.patch(&path, json!({ "title": " Web  shop " })).await.expect(200).json();
    assert_eq!(renamed["title"], "Web shop");
    ann.patch(&path, json!({ "title": "" })).await.expect(422);
    let copy = ann.post(&format!("{path}/duplicate"), json!({})).await.expect(201).json();
    assert_eq!((&copy["title"], &copy["analyses"]), (&json!("Copy of Web shop"), &json!(1)));
    let list = |query: &'static str| {
        let ann = ann.clone();
        async move {
            let found = ann.get(&format!("/api/v1/sessions{query}")).await.expect(200).json();
            found["items"].as_array().unwrap().len()
        }
    };
    assert_eq!(list("?q=card+payments").await, 2, "words of the conversation are found");
    assert_eq!(list("?q=copy").await, 1);
    ann.patch(&path, json!({ "archived": true })).await.expect(200);
    assert_eq!((list("").await, list("?state=archived").await), (1, 1));
    ann.delete(&path).await.expect(204);
    ann.get(&path).await.expect(404);
    assert_eq!(list("?state=deleted").await, 1);
    ann.post(&format!("{path}/restore"), json!({})).await.expect(200);
    ann.get(&path).await.expect(200);
}

#[tokio::test]
async fn files_come_with_a_manifest_and_can_be_fetched_in_parts() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let made = analyze(&ann, SHOP).await;
    let id = made["session_id"].as_str().unwrap();
    let ask = json!({ "session_id": id, "option": "best", "format": "cloudformation" });
    let set = ann.post("/api/v1/implement", ask.clone()).await.expect(200).json();
    assert_eq!(set["state"], "ready");
    let again = ann.post("/api/v1/implement", ask).await.expect(200).json();
    assert_eq!(set, again, "the same files are not made twice");
    let query = "option=best&format=cloudformation";
    let file = format!("/api/v1/artifacts/{id}/files/template.yaml?{query}");
    let whole = ann.get(&file).await.expect(200);
    let listed = set["files"].as_array().unwrap().iter().find(|it| it["path"] == "template.yaml");
    assert_eq!(listed.unwrap()["bytes"], whole.text.len());
    let part = ann.clone().with("range", "bytes=0-9").get(&file).await.expect(206);
    assert_eq!(part.text, whole.text[..10]);
    let etag = whole.header("etag").to_owned();
    ann.clone().with("if-none-match", etag).get(&file).await.expect(304);
    ann.get(&file.replace("template", "nothing")).await.expect(404);
    ann.get(&format!("/api/v1/artifacts/{id}/archive?{query}")).await.expect(200);
    ann.get(&format!("/api/v1/artifacts/{id}/archive?analysis=9")).await.expect(404);
    app.run_jobs().await;
}

#[tokio::test]
async fn what_the_organisation_prescribes_holds_for_every_design() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let admin = app.member(org, Role::Admin).await;
    let policy =
        json!({ "region": "eu-west-3", "tags": { "team": "blue" }, "format": "cloudformation" });
    admin
        .send("PUT", "/api/v1/org/defaults", Some(("application/json", policy.to_string())))
        .await
        .expect(200);
    let wrong = json!({ "region": "moon-1", "cidr": "300.0.0.0/8" }).to_string();
    let wrong = admin.send("PUT", "/api/v1/org/defaults", Some(("application/json", wrong))).await;
    assert_eq!(wrong.expect(422).json()["errors"].as_array().unwrap().len(), 2);
    let made = analyze(&admin, "A REST API with PostgreSQL for 1,000 users").await;
    assert_eq!(made["analysis"]["options"][0]["region"], "eu-west-3");
    app.run_jobs().await;
    let id = made["session_id"].as_str().unwrap();
    let sets = admin.get(&format!("/api/v1/artifacts/{id}")).await.expect(200).json();
    assert_eq!(sets["items"][0]["format"], "cloudformation");
}

/// ASVS V8.2.2
#[tokio::test]
async fn nothing_of_a_session_is_seen_from_another_organisation() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Owner).await;
    let eve = app.member(app.org("Other").await, Role::Owner).await;
    let made = analyze(&ann, &format!("{SHOP} CANARY-7261")).await;
    app.run_jobs().await;
    let id = made["session_id"].as_str().unwrap();
    let paths = [
        "",
        "/messages",
        "/events",
        "/analyses",
        "/analyses/1",
        "/analyses/1/options/good",
        "/analyses/1/diff?against=1",
    ];
    for path in paths {
        let answer = eve.get(&format!("/api/v1/sessions/{id}{path}")).await.expect(404);
        assert!(!answer.text.contains("CANARY"), "{path}");
    }
    for path in ["", "/files/main.tf", "/archive"] {
        eve.get(&format!("/api/v1/artifacts/{id}{path}")).await.expect(404);
    }
    let ask = json!({ "text": "Add a cache", "session_id": id });
    eve.post("/api/v1/analyze", ask).await.expect(404);
    eve.post("/api/v1/implement", json!({ "session_id": id })).await.expect(404);
    eve.post(&format!("/api/v1/sessions/{id}/duplicate"), json!({})).await.expect(404);
    assert!(!eve.get("/api/v1/sessions?q=CANARY").await.expect(200).text.contains(id));
    assert_ne!(Uuid::parse_str(id).unwrap(), Uuid::nil());
}

/// Asks for each session as each caller, all at once and several times: what each
/// caller was told of each session, which is the same every time.
async fn read_at_once(callers: &[Arc<Caller>], sessions: &[String]) -> Vec<Vec<u16>> {
    let mut reads = JoinSet::new();
    for _ in 0..5 {
        for (who, caller) in callers.iter().enumerate() {
            for (what, id) in sessions.iter().enumerate() {
                let (caller, id) = (caller.clone(), id.clone());
                reads.spawn(async move {
                    let answer = caller.get(&format!("/api/v1/sessions/{id}")).await;
                    if answer.status == 200 {
                        assert_eq!(answer.json()["id"], id.as_str());
                        assert!(answer.json()["headline"]["options"].is_array());
                    }
                    (who, what, answer.status)
                });
            }
        }
    }
    let mut told = vec![vec![0; sessions.len()]; callers.len()];
    for (who, what, status) in reads.join_all().await {
        assert!([0, status].contains(&told[who][what]), "{who} {what} {status}");
        told[who][what] = status;
    }
    told
}

#[tokio::test]
async fn of_what_many_read_at_once_each_sees_their_own() {
    let app = App::with(|it| it.pool_size = 12).await;
    let (acme, blue) = (app.org("Acme").await, app.org("Blue").await);
    app.set_plan(acme, "pro").await;
    let scopes = [Scope::SessionsRead, Scope::SessionsWrite];
    let (ann, owner, _) = keyed(&app, acme, Role::Admin, &scopes).await;
    let bob = app.member(blue, Role::Viewer).await;
    let maker = app.member(blue, Role::Member).await;

    let place = owner.post("/api/v1/workspaces", json!({ "name": "Away" })).await.expect(201);
    let confined = json!({
        "name": "confined", "mode": "live", "scopes": ["sessions:read"],
        "workspace_id": place.json()["id"],
    });
    let confined = owner.post("/api/v1/keys", confined).await.expect(201).json();
    let trying =
        json!({ "name": "trying", "mode": "test", "scopes": ["sessions:read", "sessions:write"] });
    let trying = owner.post("/api/v1/keys", trying).await.expect(201).json();
    let confined = with_key(&app, confined["secret"].as_str().unwrap());
    let trying = with_key(&app, trying["secret"].as_str().unwrap());
    let (nothing, _, _) = keyed(&app, acme, Role::Admin, &[Scope::OrgRead]).await;

    let mut sessions = Vec::new();
    for maker in [&ann, &trying, &maker] {
        sessions.push(analyze(maker, SHOP).await["session_id"].as_str().unwrap().to_owned());
    }
    sessions.push(Uuid::nil().to_string());
    let callers = [ann.clone(), confined, trying, nothing, bob, app.anonymous()].map(Arc::new);
    let told = read_at_once(&callers, &sessions).await;
    let expected = [
        [200, 200, 404, 404],
        [404, 404, 404, 404],
        [404, 200, 404, 404],
        [403, 403, 403, 403],
        [404, 404, 200, 404],
        [401, 401, 401, 401],
    ];
    assert_eq!(told, expected);
    let refused = app.events(acme).await;
    assert_eq!(refused.iter().filter(|it| it.starts_with("access.refused")).count(), 20);

    ann.delete(&format!("/api/v1/sessions/{}", sessions[0])).await.expect(204);
    let told = read_at_once(&callers[..3], &sessions[..2]).await;
    assert_eq!(told, [[404, 200], [404, 404], [404, 200]]);
}

/// What is read in a transaction that others began is as new as can be, and no
/// connection stays in one.
#[tokio::test]
async fn what_was_changed_is_read_at_once_however_busy_it_is() {
    let app = App::with(|it| it.pool_size = 12).await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let id = analyze(&ann, SHOP).await["session_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/{id}");
    let mut busy = JoinSet::new();
    for _ in 0..4 {
        let (reader, path) = (app.member(org, Role::Viewer).await, path.clone());
        busy.spawn(async move {
            // Fewer than a login may ask for in a minute.
            for _ in 0..300 {
                reader.get(&path).await.expect(200);
            }
        });
    }
    for n in 0..40 {
        let title = format!("Take {n}");
        ann.patch(&path, json!({ "title": title })).await.expect(200);
        assert_eq!(ann.get(&path).await.expect(200).json()["title"], title);
    }
    busy.join_all().await;
    let open = "select count(*) from pg_stat_activity
                 where datname = current_database() and state like 'idle in transaction%'";
    let left = async || -> i64 { sqlx::query_scalar(open).fetch_one(app.pool()).await.unwrap() };
    let none_left = async {
        while left().await > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), none_left).await.expect("none stays open");
}

#[tokio::test]
async fn a_read_that_fails_spoils_none_of_the_next() {
    let app = App::with(|it| it.pool_size = 2).await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let id = analyze(&ann, SHOP).await["session_id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/{id}");
    let rename = async |from: &str, to: &str| {
        let sql = format!("alter table {from} rename to {to}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(app.pool()).await.unwrap();
    };
    ann.get(&path).await.expect(200);
    rename("session", "gone").await;
    for _ in 0..6 {
        ann.get(&path).await.expect(500);
    }
    rename("gone", "session").await;
    for _ in 0..6 {
        ann.get(&path).await.expect(200);
        ann.get("/api/v1/workspaces").await.expect(200);
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_no_other_organisations_failure() {
    let app = App::with(|it| it.pool_size = 12).await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let bob = app.member(app.org("Blue").await, Role::Member).await;
    let mut sessions = Vec::new();
    for maker in [&ann, &bob] {
        sessions.push(analyze(maker, SHOP).await["session_id"].as_str().unwrap().to_owned());
    }
    for sql in [
        "alter table session alter column title drop not null",
        "update session set title = null where org_id in (select id from org where name = 'Acme')",
    ] {
        sqlx::query(sql).execute(app.pool()).await.unwrap();
    }
    let (ann, bob) = ([Arc::new(ann)], [Arc::new(bob)]);
    let told = tokio::join!(read_at_once(&ann, &sessions[..1]), read_at_once(&bob, &sessions));
    assert_eq!(told, (vec![vec![500]], vec![vec![404, 200]]));
}

#[tokio::test]
async fn notices_of_one_transaction_are_numbered_as_they_were_told() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let made = analyze(&ann, SHOP).await;
    app.run_jobs().await;
    let told: Vec<(i64, String, Value)> = sqlx::query_as(
        "select seq, name, data from live_notice where topic = $1::text::uuid order by seq",
    )
    .bind(made["session_id"].as_str().unwrap())
    .fetch_all(app.pool())
    .await
    .unwrap();
    let names: Vec<_> = told
        .iter()
        .map(|(_, name, data)| match name.as_str() {
            "artifacts" => {
                format!("{} {}", data["option"].as_str().unwrap(), data["state"].as_str().unwrap())
            }
            _ => name.clone(),
        })
        .collect();
    let expected = ["message", "good ready", "better ready", "best ready", "answer"];
    assert_eq!(names, expected);
    assert!(told.iter().map(|it| it.0).eq(1..=5), "{told:?}");
}
