//! Webhooks: what is told, to whom, how often, and what of it is kept.

use std::path::Path;

use chrono::{DateTime, Duration, Utc};
use cloudgen::features::webhooks::event_types::{KINDS, UNTOLD};
use cloudgen::platform::access::Role;
use cloudgen::platform::events::{self, Event, Who};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::pages::well_made;
use crate::support::{Answer, App, Caller, Receiver, between};

/// A service with a receiver that hears of `events`, and the webhook.
async fn listening(events: &[&str]) -> (App, Caller, Receiver, Webhook) {
    let app = App::new().await;
    let owner = app.owner().await;
    let receiver = Receiver::start().await;
    let webhook = create(&owner, &receiver, events).await;
    (app, owner, receiver, webhook)
}

struct Webhook {
    path: String,
    secret: String,
}

async fn create(owner: &Caller, receiver: &Receiver, events: &[&str]) -> Webhook {
    let new = json!({ "url": receiver.url, "events": events });
    let created = owner.post("/api/v1/webhooks", new).await.expect(201).json();
    let text = |name: &str| created[name].as_str().unwrap().to_owned();
    Webhook { path: format!("/api/v1/webhooks/{}", text("id")), secret: text("secret") }
}

async fn workspace(owner: &Caller, name: &str) -> Answer {
    owner.post("/api/v1/workspaces", json!({ "name": name })).await.expect(201)
}

async fn deliveries(owner: &Caller, webhook: &Webhook) -> Vec<Value> {
    let answer = owner.get(&format!("{}/deliveries", webhook.path)).await.expect(200);
    answer.json()["items"].as_array().unwrap().clone()
}

async fn only_delivery(owner: &Caller, webhook: &Webhook) -> Value {
    let mut all = deliveries(owner, webhook).await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// Signs in again, after a time in which logins end.
async fn back(app: &App, owner: &Caller) -> Caller {
    app.sign_in(owner.account.unwrap(), owner.org).await
}

fn moment(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap_or_else(|| panic!("no moment: {value}")).parse().unwrap()
}

#[tokio::test]
async fn a_change_is_told_with_a_signature_that_the_receiver_can_verify() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    let made = workspace(&owner, "Payments").await.json();
    app.run_jobs().await;
    let [told] = <[_; 1]>::try_from(receiver.take()).unwrap();
    assert!(told.is_signed_with(&webhook.secret));
    let mut altered = told.clone();
    altered.body = altered.body.replace("Payments", "Expenses");
    assert!(!altered.is_signed_with(&webhook.secret));
    assert_eq!(told.header("content-type"), "application/json");
    assert_eq!(told.header("webhook-timestamp"), app.state.clock.now().timestamp().to_string());
    let message = told.json();
    assert_eq!(message["type"], "workspace.created");
    assert_eq!(message["data"]["org_id"], owner.org.unwrap().to_string());
    assert_eq!(message["data"]["subject"], json!({ "kind": "workspace", "id": made["id"] }));
    assert_eq!(message["data"]["after"], json!({ "name": "Payments" }));

    let delivery = only_delivery(&owner, &webhook).await;
    assert_eq!((&delivery["status"], &delivery["response"]), (&json!("delivered"), &json!(204)));
    assert_eq!(delivery["message_id"], told.header("webhook-id"));
    let path = format!("{}/deliveries/{}", webhook.path, delivery["id"].as_str().unwrap());
    let detail = owner.get(&path).await.expect(200).json();
    assert_eq!(detail["body"], told.body);
    assert_eq!(detail["log"][0]["response"], 204);
    let sent = detail["log"][0]["request_headers"].as_array().unwrap();
    assert!(sent.contains(&json!(["webhook-signature", told.header("webhook-signature")])));

    // Nothing more happens to what arrived.
    app.advance(Duration::days(2));
    app.run_jobs().await;
    assert_eq!(receiver.take().len(), 0);
}

#[tokio::test]
async fn what_is_undone_is_not_told() {
    let (app, owner, receiver, _) = listening(&[]).await;
    let mut tx = app.state.db.tenant(owner.org.unwrap(), Who::system()).await.unwrap();
    let event = Event::new("workspace.created").after(json!({ "name": "Ghost" }));
    events::emit(&mut tx, event).await.unwrap();
    drop(tx);
    app.run_jobs().await;
    assert!(receiver.take().iter().all(|it| !it.body.contains("Ghost")));
}

#[tokio::test]
async fn an_endpoint_hears_of_what_it_chose_and_of_its_own_organisation() {
    let (app, owner, receiver, _) = listening(&["workspace.deleted", "member.joined"]).await;
    let everything = Receiver::start().await;
    create(&owner, &everything, &[]).await;
    let stranger = app.owner().await;
    workspace(&stranger, "Not ours").await;
    let made = workspace(&owner, "Payments").await.json();
    owner.delete(&format!("/api/v1/workspaces/{}", made["id"].as_str().unwrap())).await.expect(204);
    app.run_jobs().await;
    let types = |receiver: &Receiver| -> Vec<String> {
        let mut types: Vec<_> = receiver
            .take()
            .iter()
            .map(|it| it.json()["type"].as_str().unwrap().to_owned())
            .collect();
        types.sort();
        types
    };
    assert_eq!(types(&receiver), ["workspace.deleted"]);
    // The webhook that hears of everything hears of its own creation, too.
    assert_eq!(types(&everything), ["webhook.created", "workspace.created", "workspace.deleted"]);
}

#[tokio::test]
async fn failures_are_retried_on_the_schedule_under_the_same_id_and_then_given_up() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers(500);
    workspace(&owner, "Payments").await;
    app.run_jobs().await;
    let pauses = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
    for pause in pauses {
        let owner = back(&app, &owner).await;
        let delivery = only_delivery(&owner, &webhook).await;
        assert_eq!(delivery["status"], "pending");
        let wait = moment(&delivery["next_at"]) - app.state.clock.now();
        let seconds = wait.num_milliseconds() as f64 / 1000.0;
        let range = f64::from(pause)..=f64::from(pause) * 1.1;
        assert!(range.contains(&seconds), "{seconds} s after a pause of {pause} s");
        // Not a moment too early.
        app.advance(wait - Duration::milliseconds(1));
        let before = receiver.count();
        app.run_jobs().await;
        assert_eq!(receiver.count(), before);
        app.advance(Duration::milliseconds(1));
        app.run_jobs().await;
    }
    let told = receiver.take();
    assert_eq!(told.len(), 10);
    for again in &told {
        assert_eq!(again.header("webhook-id"), told[0].header("webhook-id"));
        assert_eq!(again.body, told[0].body);
        assert!(again.is_signed_with(&webhook.secret));
    }
    assert_ne!(told[0].header("webhook-timestamp"), told[9].header("webhook-timestamp"));
    let owner = back(&app, &owner).await;
    let delivery = only_delivery(&owner, &webhook).await;
    assert_eq!((&delivery["status"], &delivery["attempts"]), (&json!("failed"), &json!(10)));
    assert_eq!(delivery["next_at"], Value::Null);
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers_once(429, &[("retry-after", "120")]);
    workspace(&owner, "Payments").await;
    app.run_jobs().await;
    let delivery = only_delivery(&owner, &webhook).await;
    assert_eq!(moment(&delivery["next_at"]), app.state.clock.now() + Duration::seconds(120));
    app.advance(Duration::seconds(120));
    app.run_jobs().await;
    assert_eq!(only_delivery(&owner, &webhook).await["status"], "delivered");
    assert_eq!(receiver.take().len(), 2);
}

#[tokio::test]
async fn redirects_and_refused_addresses_are_failures() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    let inside = Receiver::start().await;
    receiver.answers_once(302, &[("location", &inside.url)]);
    workspace(&owner, "Payments").await;
    app.run_jobs().await;
    let delivery = only_delivery(&owner, &webhook).await;
    assert_eq!((&delivery["status"], &delivery["response"]), (&json!("pending"), &json!(302)));
    assert!(inside.take().is_empty());

    // What was let in once is checked again with every attempt.
    sqlx::query("update webhook_endpoint set url = 'https://169.254.169.254/latest/meta-data/'")
        .execute(app.pool())
        .await
        .unwrap();
    app.advance(Duration::seconds(6));
    app.run_jobs().await;
    let delivery = only_delivery(&owner, &webhook).await;
    assert_eq!((&delivery["attempts"], &delivery["response"]), (&json!(2), &Value::Null));
    assert_eq!(delivery["error"], "the address must be a public one");
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_disabled_at_once_and_its_owner_told() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers_once(410, &[]);
    workspace(&owner, "Payments").await;
    let mails = app.mails().await;
    let kinds: Vec<_> = mails.iter().map(|it| it.kind.as_str()).collect();
    // The founder and the owner.
    assert_eq!(kinds, ["webhook_disabled", "webhook_disabled"]);
    assert!(mails[0].text.contains(&receiver.url) && mails[0].text.contains("410"));
    let shown = owner.get(&webhook.path).await.expect(200).json();
    assert_eq!((&shown["status"], &shown["disabled_reason"]), (&json!("disabled"), &json!("gone")));
    assert_eq!(only_delivery(&owner, &webhook).await["status"], "failed");
    assert!(app.events(owner.org.unwrap()).await.contains(&"webhook.disabled".to_owned()));

    // Nothing is kept for it, and trying it says why.
    workspace(&owner, "Billing").await;
    app.run_jobs().await;
    assert_eq!(deliveries(&owner, &webhook).await.len(), 1);
    let refused = owner.post(&format!("{}/test", webhook.path), json!({})).await.expect(409);
    assert_eq!(refused.json()["code"], "webhook_disabled");

    // Until somebody makes it active.
    owner.patch(&webhook.path, json!({ "status": "active" })).await.expect(200);
    let span = json!({ "from": app.state.clock.now() - Duration::hours(1),
                       "until": app.state.clock.now() + Duration::seconds(1) });
    let replayed = owner.post(&format!("{}/replay", webhook.path), span).await.expect(202);
    assert_eq!(replayed.json(), json!({ "queued": 1, "more": false }));
    app.run_jobs().await;
    assert_eq!(only_delivery(&owner, &webhook).await["status"], "delivered");
}

#[tokio::test]
async fn an_endpoint_that_fails_for_days_is_disabled() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers(503);
    for day in 0..6 {
        let owner = back(&app, &owner).await;
        let mut tx = app.state.db.tenant(owner.org.unwrap(), Who::system()).await.unwrap();
        events::emit(&mut tx, Event::new("workspace.created")).await.unwrap();
        tx.commit().await.unwrap();
        app.run_jobs().await;
        let status = owner.get(&webhook.path).await.expect(200).json()["status"].clone();
        assert_eq!(status, if day < 5 { "active" } else { "disabled" }, "day {day}");
        app.advance(Duration::days(1));
    }
    let mails = app.mails().await;
    assert_eq!(mails.iter().filter(|it| it.kind == "webhook_disabled").count(), 2);
    assert!(mails[0].text.contains("5 days"), "{}", mails[0].text);
    // What waited is given up, and no job comes back for it.
    receiver.take();
    app.advance(Duration::days(3));
    app.run_jobs().await;
    assert!(receiver.take().is_empty());
    let owner = back(&app, &owner).await;
    assert!(deliveries(&owner, &webhook).await.iter().all(|it| it["status"] == "failed"));
}

#[tokio::test]
async fn a_success_forgets_the_failures_before_it() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers_once(500, &[]);
    workspace(&owner, "Payments").await;
    app.run_jobs().await;
    assert!(owner.get(&webhook.path).await.json()["failing_since"].is_string());
    app.advance(Duration::seconds(6));
    app.run_jobs().await;
    assert!(owner.get(&webhook.path).await.json()["failing_since"].is_null());
}

#[tokio::test]
async fn what_happens_during_a_pause_is_sent_after_it() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers_once(500, &[]);
    workspace(&owner, "Before").await;
    app.run_jobs().await;
    owner.patch(&webhook.path, json!({ "status": "paused" })).await.expect(200);
    receiver.take();
    workspace(&owner, "Meanwhile").await;
    app.advance(Duration::minutes(1));
    app.run_jobs().await;
    assert!(receiver.take().is_empty());
    assert!(deliveries(&owner, &webhook).await.iter().all(|it| it["status"] == "held"));
    owner.patch(&webhook.path, json!({ "status": "active" })).await.expect(200);
    app.run_jobs().await;
    let names: Vec<_> =
        receiver.take().iter().map(|it| it.json()["data"]["after"]["name"].clone()).collect();
    assert_eq!(names, ["Before", "Meanwhile"]);
    let refused = owner.patch(&webhook.path, json!({ "status": "disabled" })).await.expect(422);
    assert_eq!(refused.json()["errors"][0]["pointer"], "/status");
}

#[tokio::test]
async fn both_secrets_sign_until_the_old_one_runs_out() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    let rotate = format!("{}/rotate", webhook.path);
    let rotated = owner.post(&rotate, json!({ "overlap_hours": 2 })).await.expect(200).json();
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, webhook.secret);
    workspace(&owner, "Payments").await;
    app.run_jobs().await;
    let [told] = <[_; 1]>::try_from(receiver.take()).unwrap();
    assert!(told.is_signed_with(new) && told.is_signed_with(&webhook.secret));
    app.advance(Duration::hours(2));
    workspace(&owner, "Billing").await;
    app.run_jobs().await;
    let [told] = <[_; 1]>::try_from(receiver.take()).unwrap();
    assert!(told.is_signed_with(new) && !told.is_signed_with(&webhook.secret));
    owner.post(&rotate, json!({ "overlap_hours": 169 })).await.expect(422);
}

/// ASVS V13.3.1
#[tokio::test]
async fn a_secret_is_shown_once_and_kept_sealed() {
    let (app, owner, _, webhook) = listening(&[]).await;
    let secret = &webhook.secret["whsec_".len()..];
    for path in ["/api/v1/webhooks", &webhook.path, "/api/v1/events"] {
        assert!(!owner.get(path).await.expect(200).text.contains(secret), "{path}");
    }
    let kept: Vec<u8> = sqlx::query_scalar("select secret from webhook_endpoint")
        .fetch_one(app.pool())
        .await
        .unwrap();
    use base64::Engine as _;
    let plain = base64::engine::general_purpose::STANDARD.decode(secret).unwrap();
    assert!(!kept.windows(plain.len()).any(|it| it == plain));
}

#[tokio::test]
async fn one_delivery_or_those_of_a_span_are_sent_again_under_their_old_ids() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    let begun = app.state.clock.now();
    for name in ["One", "Two"] {
        workspace(&owner, name).await;
        app.run_jobs().await;
        app.advance(Duration::hours(1));
    }
    let first = receiver.take();
    let all = deliveries(&owner, &webhook).await;
    assert_eq!(all.len(), 2);
    let one = format!("{}/deliveries/{}/replay", webhook.path, all[0]["id"].as_str().unwrap());
    assert_eq!(owner.post(&one, json!({})).await.expect(202).json()["status"], "pending");
    app.run_jobs().await;
    let again = receiver.take();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].header("webhook-id"), first[1].header("webhook-id"));

    let replay = format!("{}/replay", webhook.path);
    let span = |status: &str, until: DateTime<Utc>| json!({ "from": begun, "until": until, "status": status });
    let none = owner.post(&replay, span("failed", app.state.clock.now())).await.expect(202);
    assert_eq!(none.json()["queued"], 0);
    let half = owner.post(&replay, span("delivered", begun + Duration::minutes(30))).await;
    assert_eq!(half.expect(202).json()["queued"], 1);
    app.run_jobs().await;
    let again = receiver.take();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].header("webhook-id"), first[0].header("webhook-id"));
    owner.post(&replay, span("pending", app.state.clock.now())).await.expect(422);
    owner.post(&replay, span("failed", begun)).await.expect(422);
    let names = app.events(owner.org.unwrap()).await;
    assert_eq!(names.iter().filter(|it| *it == "webhook.replayed").count(), 3);
}

#[tokio::test]
async fn a_test_sends_the_example_of_a_type_once() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    receiver.answers(500);
    let test = format!("{}/test", webhook.path);
    for kind in KINDS {
        let sent = owner.post(&test, json!({ "type": kind.name })).await.expect(202).json();
        assert_eq!((&sent["type"], &sent["test"]), (&json!(kind.name), &json!(true)));
    }
    app.run_jobs().await;
    let told = receiver.take();
    assert_eq!(told.len(), KINDS.len());
    assert!(told.iter().all(|it| it.is_signed_with(&webhook.secret)));
    // A failed test is not tried again, and says nothing about the endpoint.
    app.advance(Duration::days(1));
    app.run_jobs().await;
    assert!(receiver.take().is_empty());
    let owner = back(&app, &owner).await;
    assert!(owner.get(&webhook.path).await.json()["failing_since"].is_null());
    owner.post(&test, json!({ "type": "no.such" })).await.expect(422);
}

#[tokio::test]
async fn deliveries_are_listed_by_status_and_type_and_part_by_part() {
    let (app, owner, receiver, webhook) = listening(&[]).await;
    receiver.answers_once(500, &[]);
    app.run_jobs().await;
    for name in ["One", "Two"] {
        let id = workspace(&owner, name).await.json()["id"].as_str().unwrap().to_owned();
        owner.delete(&format!("/api/v1/workspaces/{id}")).await.expect(204);
    }
    app.run_jobs().await;
    let list = async |query: &str| -> Vec<String> {
        let path = format!("{}/deliveries?{query}", webhook.path);
        let items = owner.get(&path).await.expect(200).json()["items"].clone();
        items.as_array().unwrap().iter().map(|it| it["type"].as_str().unwrap().to_owned()).collect()
    };
    let [created, deleted] = ["workspace.created", "workspace.deleted"];
    assert_eq!(list("").await, [deleted, created, deleted, created, "webhook.created"]);
    assert_eq!(list("status=pending").await, ["webhook.created"]);
    assert_eq!(list("type=workspace.created").await, [created, created]);
    assert_eq!(list("type=workspace.created&status=failed").await, [""; 0]);
    assert_eq!(list("type=workspace.created&status=delivered").await, [created, created]);
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let path = format!("{}/deliveries?limit=2&cursor={cursor}", webhook.path);
        let page = owner.get(&path).await.expect(200).json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|it| it["id"].clone()));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn what_is_not_acceptable_is_refused_with_its_place() {
    let (_app, owner, receiver, webhook) = listening(&[]).await;
    for (url, what) in [
        ("http://example.com/", "must begin with https://"),
        ("https://10.0.0.1/", "must be a public one"),
        ("https://localhost/", "must be a public one"),
        ("https://user:pw@example.com/", "must not contain a user name or password"),
        ("nonsense", "is not a web address"),
    ] {
        for answer in [
            owner.post("/api/v1/webhooks", json!({ "url": url })).await,
            owner.patch(&webhook.path, json!({ "url": url })).await,
        ] {
            assert_eq!(answer.status, 422, "{url}: {}", answer.text);
            let error = &answer.json()["errors"][0];
            assert_eq!((&error["pointer"], &error["message"]), (&json!("/url"), &json!(what)));
        }
    }
    let unknown = json!({ "url": receiver.url, "events": ["workspace.created", "no.such"] });
    let answer = owner.post("/api/v1/webhooks", unknown).await.expect(422);
    assert_eq!(answer.json()["errors"][0]["pointer"], "/events");
    let long = json!({ "url": receiver.url, "description": "x".repeat(201) });
    owner.post("/api/v1/webhooks", long).await.expect(422);
    // The free plan has room for two.
    let new = json!({ "url": receiver.url });
    owner.post("/api/v1/webhooks", new.clone()).await.expect(201);
    let full = owner.post("/api/v1/webhooks", new).await.expect(409);
    assert_eq!(full.json()["detail"], "the free plan has room for 2 webhooks");
}

/// ASVS V8.2.2
#[tokio::test]
async fn another_organisation_does_not_learn_that_a_webhook_exists() {
    let (app, owner, _, webhook) = listening(&[]).await;
    app.run_jobs().await;
    let delivery = only_delivery(&owner, &webhook).await["id"].as_str().unwrap().to_owned();
    let stranger = app.owner().await;
    let at = |rest: &str| format!("{}{rest}", webhook.path);
    for path in [at(""), at("/deliveries"), at(&format!("/deliveries/{delivery}"))] {
        stranger.get(&path).await.expect(404);
    }
    for path in [at("/rotate"), at("/test"), at(&format!("/deliveries/{delivery}/replay"))] {
        stranger.post(&path, json!({})).await.expect(404);
    }
    let span = json!({ "from": app.state.clock.now() - Duration::hours(1) });
    stranger.post(&at("/replay"), span).await.expect(404);
    stranger.patch(&webhook.path, json!({ "status": "paused" })).await.expect(404);
    stranger.delete(&webhook.path).await.expect(404);
    assert_eq!(stranger.get("/api/v1/webhooks").await.json()["items"], json!([]));
    let member = app.member(owner.org.unwrap(), Role::Member).await;
    member.get(&webhook.path).await.expect(403);
    // A delivery is found under its own webhook only.
    let other = create(&stranger, &Receiver::start().await, &[]).await;
    stranger.get(&format!("{}/deliveries/{delivery}", other.path)).await.expect(404);
}

#[tokio::test]
async fn a_deleted_webhook_is_silent() {
    let (app, owner, receiver, webhook) = listening(&["workspace.created"]).await;
    workspace(&owner, "Payments").await;
    owner.delete(&webhook.path).await.expect(204);
    app.run_jobs().await;
    assert!(receiver.take().is_empty());
    owner.get(&webhook.path).await.expect(404);
    let names = app.events(owner.org.unwrap()).await;
    assert!(names.ends_with(&["workspace.created".to_owned(), "webhook.deleted".to_owned()]));
}

#[tokio::test]
async fn old_deliveries_are_forgotten_unless_they_wait() {
    let (app, owner, _, webhook) = listening(&["workspace.created"]).await;
    workspace(&owner, "Old").await;
    app.run_jobs().await;
    owner.patch(&webhook.path, json!({ "status": "paused" })).await.expect(200);
    workspace(&owner, "Held").await;
    app.advance(Duration::days(31));
    sqlx::query("select app.enqueue('webhooks.tidy', '{}', $1, 1, null)")
        .bind(app.state.clock.now())
        .execute(app.pool())
        .await
        .unwrap();
    app.run_jobs().await;
    let owner = back(&app, &owner).await;
    assert_eq!(only_delivery(&owner, &webhook).await["status"], "held");
    let attempts: i64 = sqlx::query_scalar("select count(*) from webhook_attempt")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(attempts, 0);
}

/// Whether `value` is what `schema` says, as far as our schemas say anything.
fn fits(value: &Value, schema: &Value, at: &str) {
    if let Some(expected) = schema.get("const") {
        assert_eq!(value, expected, "{at}");
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(expected) => assert_eq!(kind, expected, "{at}"),
        Value::Array(choices) => assert!(choices.iter().any(|it| it == kind), "{at}: {value}"),
        _ => {}
    }
    let properties = &schema["properties"];
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(value.get(name.as_str().unwrap()).is_some(), "{at}: no {name}");
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        if let Some(schema) = properties.get(name) {
            fits(value, schema, &format!("{at}/{name}"));
        }
    }
}

#[tokio::test]
async fn messages_are_as_their_types_say() {
    let (app, owner, receiver, webhook) = listening(&[]).await;
    let types = owner.get("/api/v1/event-types").await.expect(200).json();
    let types = types["items"].as_array().unwrap().clone();
    for it in &types {
        fits(&it["example"], &it["schema"], it["name"].as_str().unwrap());
    }

    let org = owner.org.unwrap();
    let id = |answer: Answer| answer.json()["id"].as_str().unwrap().to_owned();
    let made = id(workspace(&owner, "Payments").await);
    let path = format!("/api/v1/workspaces/{made}");
    owner.patch(&path, json!({ "name": "Billing" })).await.expect(200);
    owner.delete(&path).await.expect(204);
    let new = json!({ "email": "sam@example.com", "role": "viewer" });
    let invited = id(owner.post("/api/v1/invitations", new).await.expect(201));
    let path = format!("/api/v1/invitations/{invited}");
    owner.post(&format!("{path}/resend"), json!({})).await.expect(200);
    owner.delete(&path).await.expect(204);
    let member = app.member(org, Role::Viewer).await;
    let path = format!("/api/v1/members/{}", member.account.unwrap());
    owner.patch(&path, json!({ "role": "member" })).await.expect(200);
    owner.post(&format!("{path}/sign-out"), json!({})).await.expect(204);
    owner.delete(&path).await.expect(204);
    let member = app.member(org, Role::Viewer).await;
    member.post("/api/v1/org/leave", json!({})).await.expect(204);
    owner
        .patch("/api/v1/org", json!({ "name": "Acme Cloud", "idle_minutes": 60 }))
        .await
        .expect(200);
    owner.delete("/api/v1/org").await.expect(200);
    owner.post("/api/v1/org/restore", json!({})).await.expect(200);
    owner.patch(&webhook.path, json!({ "description": "Ours" })).await.expect(200);
    owner.post(&format!("{}/rotate", webhook.path), json!({})).await.expect(200);
    let other = create(&owner, &Receiver::start().await, &[]).await;
    owner.delete(&other.path).await.expect(204);
    let heir = app.member(org, Role::Admin).await;
    let to = json!({ "account_id": heir.account.unwrap() });
    owner.post("/api/v1/org/transfer", to).await.expect(204);

    app.run_jobs().await;
    let told = receiver.take();
    let mut seen = Vec::new();
    for message in told.iter().map(|it| it.json()) {
        let name = message["type"].as_str().unwrap().to_owned();
        let it = types.iter().find(|it| it["name"] == name.as_str()).unwrap();
        fits(&message, &it["schema"], &name);
        // What is shown as an example is what there is.
        for side in ["before", "after"] {
            let fields = |of: &Value| -> Vec<String> {
                of["data"][side].as_object().into_iter().flatten().map(|it| it.0.clone()).collect()
            };
            if !name.ends_with(".updated") {
                assert_eq!(fields(&message), fields(&it["example"]), "{name} {side}");
            }
        }
        seen.push(name);
    }
    // What this test does not do is done by others, or by slices to come.
    let elsewhere = [
        "session.",
        "message.",
        "analysis.",
        "artifacts.",
        "key.",
        "member.joined",
        "org.defaults_changed",
        "org.plan_changed",
        "share.",
        "webhook.disabled",
    ];
    for kind in KINDS.iter().filter(|it| !elsewhere.iter().any(|e| it.name.starts_with(e))) {
        assert!(seen.iter().any(|it| it == kind.name), "{} was not told", kind.name);
    }
}

#[tokio::test]
async fn a_webhook_is_looked_after_on_pages() {
    let app = App::new().await;
    let owner = app.owner().await;
    let receiver = Receiver::start().await;
    let none = [("url", receiver.url.as_str()), ("description", ""), ("which", "some")];
    let page = owner.submit("/settings/webhooks/new", &none).await.expect(422);
    assert!(page.text.contains("Choose at least one type of event"));
    let url = [("url", "http://localhost/"), ("description", "Ours"), ("which", "all")];
    let page = owner.submit("/settings/webhooks/new", &url).await.expect(422);
    assert!(page.text.contains("Must be a public one") && page.text.contains("Ours"));
    let chosen = [
        ("url", receiver.url.as_str()),
        ("description", "Ours"),
        ("which", "some"),
        ("events", "workspace.created"),
        ("events", "workspace.deleted"),
    ];
    let page = owner.submit("/settings/webhooks/new", &chosen).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("webhooks/secret.html"));
    well_made("secret", &page.text);
    let secret = between(&page.text, "<code id=\"secret\">", "<").to_owned();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let listed = owner.get("/api/v1/webhooks").await.expect(200).json()["items"][0].clone();
    assert_eq!(listed["events"], json!(["workspace.created", "workspace.deleted"]));
    let path = format!("/settings/webhooks/{}", listed["id"].as_str().unwrap());
    let look = async |path: &str, template: &str| {
        let page = owner.get(path).await.expect(200);
        assert_eq!(page.template.as_deref(), Some(template), "{path}");
        well_made(path, &page.text);
        assert!(!page.text.contains(&secret), "{path} shows the secret");
        page
    };
    look(&path, "webhooks/show.html").await;
    look(&format!("{path}/edit"), "webhooks/form.html").await;
    look(&format!("{path}/rotate"), "webhooks/rotate.html").await;
    look(&format!("{path}/test"), "webhooks/test.html").await;
    look(&format!("{path}/replay"), "webhooks/replay.html").await;

    // A test that fails, sent again when the receiver works.
    receiver.answers_once(500, &[("x-reason", "<script>alert(1)</script>")]);
    let sent = owner.submit(&format!("{path}/test"), &[("type", "workspace.created")]).await;
    let delivery = sent.location().to_owned();
    look(&delivery, "webhooks/delivery.html").await;
    app.run_jobs().await;
    let page = look(&delivery, "webhooks/delivery.html").await;
    assert!(page.text.contains("Failed") && page.text.contains("x-reason"));
    assert!(!page.text.contains("<script>alert"), "an answer is shown as text");
    let answer = owner.submit(&format!("{delivery}/replay"), &[]).await;
    assert_eq!(answer.location(), delivery);
    app.run_jobs().await;
    assert!(look(&delivery, "webhooks/delivery.html").await.text.contains("Delivered"));
    let some = format!("{path}?status=delivered&type=workspace.created");
    assert!(
        look(&some, "webhooks/show.html").await.text.contains(delivery.rsplit('/').next().unwrap())
    );
    let page = look(&format!("{path}?status=failed"), "webhooks/show.html").await;
    assert!(page.text.contains("None that match"));
    assert!(look("/settings/webhooks", "webhooks/index.html").await.text.contains("50 %"));

    let paused = owner.submit(&format!("{path}/status"), &[("status", "paused")]).await;
    assert_eq!(paused.location(), path);
    assert!(look(&path, "webhooks/show.html").await.text.contains("is paused"));
    owner.submit(&format!("{path}/status"), &[("status", "active")]).await.expect(303);
    let everything = [("url", receiver.url.as_str()), ("description", "All"), ("which", "all")];
    owner.submit(&format!("{path}/edit"), &everything).await.expect(303);
    assert!(look(&path, "webhooks/show.html").await.text.contains("All events"));
    owner.submit(&format!("{path}/edit"), &url).await.expect(422);
    let rotated = owner.submit(&format!("{path}/rotate"), &[("hours", "24")]).await.expect(200);
    assert!(!rotated.text.contains(&secret) && rotated.text.contains("whsec_"));
    owner.submit(&format!("{path}/rotate"), &[("hours", "999")]).await.expect(422);
    let span = |from| [("from", from), ("until", "2026-11-22T13:00"), ("status", "delivered")];
    let again = owner.submit(&format!("{path}/replay"), &span("2026-11-22T11:00")).await;
    assert_eq!(again.location(), path);
    let page = owner.submit(&format!("{path}/replay"), &span("yesterday")).await.expect(422);
    assert!(page.text.contains("Is not a day and a time"));
    owner.submit(&format!("{path}/delete"), &[]).await.expect(303);
    owner.get(&path).await.expect(404);
    let viewer = app.member(owner.org.unwrap(), Role::Viewer).await;
    viewer.get("/settings/webhooks/new").await.expect(403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_a_webhook_are_for_everyone() {
    let (app, base) = App::served().await;
    let owner = app.owner().await;
    let receiver = Receiver::start().await;
    receiver.answers_once(500, &[("content-type", "text/plain")]);
    let webhook = create(&owner, &receiver, &["workspace.created", "workspace.deleted"]).await;
    for name in ["One", "Two"] {
        workspace(&owner, name).await;
    }
    app.run_jobs().await;
    let path = webhook.path.replace("/api/v1", "/settings");
    let delivery = deliveries(&owner, &webhook).await[0]["id"].as_str().unwrap().to_owned();
    let browser = Browser::start().await;
    let cookie = owner.cookie("cloudgen");
    browser.become_caller(&base, cookie.as_deref().map(|it| ("cloudgen", it))).await;
    let mut problems = Vec::new();
    for rest in ["", "/edit", "/rotate", "/test", "/replay", &format!("/deliveries/{delivery}")] {
        problems.extend(browser.survey(&format!("{base}{path}{rest}")).await);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Every name that the sources give to an event.
fn emitted(directory: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            emitted(&path, names);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            for rest in code.split("Event::new(\"").skip(1) {
                names.push(rest.split('"').next().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn every_event_is_told_or_not_by_decision() {
    let mut names = Vec::new();
    emitted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    assert!(names.len() > 30, "{names:?}");
    let told = |name: &str| KINDS.iter().any(|it| it.name == name);
    let undecided: Vec<_> =
        names.iter().filter(|it| !told(it) && !UNTOLD.contains(&it.as_str())).collect();
    assert!(undecided.is_empty(), "say in webhooks::event_types who hears of {undecided:?}");
}
