//! What keys in test mode make: marked, apart from the rest, and counted by itself.

use cloudgen::platform::access::{Role, Scope};
use cloudgen::platform::api_key::Mode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::keys::{make, make_in, with_key};
use crate::support::{App, Caller};

/// Somebody, and their live and their test key.
async fn three(app: &App) -> (Uuid, Caller, Caller, Caller) {
    let org = app.org("Acme").await;
    let person = app.member(org, Role::Owner).await;
    let account = person.account.unwrap();
    let live = make(app, org, account, Scope::ALL).await;
    let test = make_in(Mode::Test, app, org, account, Scope::ALL).await;
    let of = |secret: &str| with_key(app, secret);
    (org, person, of(live.secret.reveal()), of(test.secret.reveal()))
}

async fn design(caller: &Caller, title: &str) -> Value {
    let body = json!({ "text": "A web shop with PostgreSQL for 100 users", "title": title });
    caller.post("/api/v1/analyze", body).await.expect(200).json()
}

fn titles(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|it| it["title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn what_a_test_key_makes_is_marked_wherever_it_is_told_of() {
    let app = App::new().await;
    let (org, person, live, test) = three(&app).await;
    for (key, mode) in [(&live, "live"), (&test, "test")] {
        let made = design(key, mode).await;
        assert_eq!(made["mode"], mode);
        let session = made["session_id"].as_str().unwrap();
        let at = format!("/api/v1/sessions/{session}");
        let answer = made["answer"]["id"].as_str().unwrap();
        app.run_jobs().await;
        for who in [key, &person, &live] {
            assert_eq!(who.get(&at).await.expect(200).json()["mode"], mode);
            for path in [format!("{at}/analyses"), format!("/api/v1/artifacts/{session}")] {
                let list = who.get(&path).await.expect(200).json();
                let items = list["items"].as_array().unwrap();
                assert!(!items.is_empty() && items.iter().all(|it| it["mode"] == mode), "{list}");
            }
            let whole = who.get(&format!("{at}/analyses/1")).await.expect(200).json();
            assert_eq!(whole["mode"], mode);
            let operation = who.get(&format!("/api/v1/operations/{answer}")).await.expect(200);
            assert_eq!(operation.json()["mode"], mode);
            let body = json!({ "session_id": session, "option": "good" });
            let set = who.post("/api/v1/implement", body).await.expect(200).json();
            assert_eq!(set["mode"], mode);
            let id = set["id"].as_str().unwrap();
            let operation = who.get(&format!("/api/v1/operations/{id}")).await.expect(200).json();
            assert_eq!(operation["mode"], mode);
        }
        let page = person.get(&format!("/sessions/{session}")).await.expect(200).text;
        assert_eq!(page.contains(">Test</span>"), mode == "test");
    }
    let told: Vec<(String, String)> = sqlx::query_as(
        "select name, after ->> 'mode' from event where org_id = $1
            and name in ('session.created', 'analysis.completed', 'artifacts.ready') order by seq",
    )
    .bind(org)
    .fetch_all(app.pool())
    .await
    .unwrap();
    let of = |mode: &str| -> Vec<&str> {
        told.iter().filter(|it| it.1 == mode).map(|it| it.0.as_str()).collect()
    };
    assert_eq!((of("live"), of("test").len()), (of("test"), 5), "{told:?}");
}

#[tokio::test]
async fn either_kind_can_be_left_out_of_lists() {
    let app = App::new().await;
    let (_, person, live, test) = three(&app).await;
    let page = person.get("/sessions").await.expect(200).text;
    assert!(!page.contains("Live and test"), "nothing to choose from");
    design(&live, "Earnest").await;
    design(&test, "Trial").await;
    for who in [&person, &live] {
        for (query, expected) in [
            ("", vec!["Trial", "Earnest"]),
            ("?mode=live", vec!["Earnest"]),
            ("?mode=test", vec!["Trial"]),
        ] {
            let list = who.get(&format!("/api/v1/sessions{query}")).await.expect(200).json();
            assert_eq!(titles(&list), expected, "{query}");
        }
    }
    person.get("/api/v1/sessions?mode=prod").await.expect(400);
    let shows = |text: &str| (text.contains("Earnest"), text.contains("Trial"));
    for (query, expected) in
        [("", (true, true)), ("?mode=live", (true, false)), ("?mode=test", (false, true))]
    {
        let page = person.get(&format!("/sessions{query}")).await.expect(200).text;
        assert!(page.contains("Live and test"));
        assert_eq!(shows(&page), expected, "{query}");
        assert_eq!(page.matches(">Test</span>").count(), usize::from(expected.1), "{query}");
    }
}

#[tokio::test]
async fn a_test_key_sees_and_changes_nothing_live() {
    let app = App::new().await;
    let (org, person, live, test) = three(&app).await;
    app.set_plan(org, "enterprise").await;
    let made = design(&live, "Earnest").await;
    let session = made["session_id"].as_str().unwrap();
    let answer = made["answer"]["id"].as_str().unwrap();
    app.run_jobs().await;
    let share = person.post(&format!("/api/v1/sessions/{session}/shares"), json!({})).await;
    share.expect(201);
    let own = design(&test, "Trial").await["session_id"].as_str().unwrap().to_owned();

    let at = format!("/api/v1/sessions/{session}");
    for path in [
        at.clone(),
        format!("{at}/messages"),
        format!("{at}/events"),
        format!("{at}/analyses"),
        format!("{at}/analyses/1"),
        format!("{at}/analyses/1/options/better"),
        format!("{at}/analyses/1/options/better/costs"),
        format!("{at}/analyses/1/options/better/diagrams"),
        format!("{at}/shares"),
        format!("/api/v1/operations/{answer}"),
        format!("/api/v1/artifacts/{session}"),
        format!("/api/v1/artifacts/{session}/archive"),
    ] {
        test.get(&path).await.expect(404);
    }
    let text = json!({ "text": "Add a cache", "session_id": session });
    test.post("/api/v1/analyze", text).await.expect(404);
    test.post("/api/v1/implement", json!({ "session_id": session })).await.expect(404);
    test.post(&format!("{at}/shares"), json!({})).await.expect(404);
    test.post(&format!("{at}/duplicate"), json!({})).await.expect(404);
    test.patch(&at, json!({ "title": "Mine" })).await.expect(404);
    test.delete(&at).await.expect(404);
    let list = test.get("/api/v1/sessions").await.expect(200).json();
    assert_eq!(titles(&list), ["Trial"]);
    assert_eq!(person.get(&at).await.expect(200).json()["title"], "Earnest");

    // Who is not confined to what is tried can make it real.
    let copy = live.post(&format!("/api/v1/sessions/{own}/duplicate"), json!({})).await.expect(201);
    assert_eq!(copy.json()["mode"], "live");
    let copy = test.post(&format!("/api/v1/sessions/{own}/duplicate"), json!({})).await.expect(201);
    assert_eq!(copy.json()["mode"], "test");
}

#[tokio::test]
async fn test_mode_has_limits_of_its_own() {
    let app = App::new().await;
    let (org, person, live, test) = three(&app).await;
    let answer = test.get("/api/v1/org").await.expect(200);
    assert_eq!(answer.header("ratelimit-policy"), "\"test\";q=30;w=60");
    assert_eq!(answer.json()["limits"]["test_sessions"], 20);
    let first = test.post("/api/v1/sessions", json!({})).await.expect(201).json();
    let first = format!("/api/v1/sessions/{}", first["id"].as_str().unwrap());
    // Elsewhere, where a key of another workspace does not look.
    sqlx::query(
        "with shelf as (
             insert into workspace (id, org_id, name, slug, created_at)
             values (gen_random_uuid(), $1, 'Other', 'other', now()) returning id)
         insert into session (id, org_id, workspace_id, title, created_at, updated_at, mode)
         select gen_random_uuid(), $1, shelf.id, 'Trial', now(), now(), 'test'
           from shelf, generate_series(1, 19)",
    )
    .bind(org)
    .execute(app.pool())
    .await
    .unwrap();
    sqlx::query("update api_key set workspace_id = (select id from workspace where name = 'General') where mode = 'test'")
        .execute(app.pool())
        .await
        .unwrap();
    let full = test.post("/api/v1/sessions", json!({})).await.expect(409).json();
    assert_eq!(full["code"], "plan_limit_reached");
    assert_eq!(full["detail"], "the free plan has room for 20 sessions in test mode");
    live.post("/api/v1/sessions", json!({})).await.expect(201);
    test.delete(&first).await.expect(204);
    test.post("/api/v1/sessions", json!({})).await.expect(201);
    person.post(&format!("{first}/restore"), json!({})).await.expect(409);

    // What is tried takes nothing away from what is real.
    sqlx::query(
        "insert into session (id, org_id, workspace_id, title, created_at, updated_at)
         select gen_random_uuid(), $1, id, 'Earnest', now(), now()
           from workspace, generate_series(1, 48) where org_id = $1 and name = 'General'",
    )
    .bind(org)
    .execute(app.pool())
    .await
    .unwrap();
    person.post("/api/v1/sessions", json!({})).await.expect(201);
    person.post("/api/v1/sessions", json!({})).await.expect(409);
}

#[tokio::test]
async fn a_test_key_gets_hold_of_no_live_secret() {
    let app = App::new().await;
    let (_, person, _, test) = three(&app).await;
    let body = json!({ "name": "real", "scopes": ["org:read"] });
    test.post("/api/v1/keys", body.clone()).await.expect(422);
    let made = person.post("/api/v1/keys", body).await.expect(201).json();
    let path = format!("/api/v1/keys/{}/rotate", made["id"].as_str().unwrap());
    let refused = test.post(&path, json!({})).await.expect(422).json();
    assert_eq!(refused["errors"][0]["pointer"], "/mode");
    person.post(&path, json!({})).await.expect(200);
}
