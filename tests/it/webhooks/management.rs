//! Looking after webhooks by the API: secrets, replays, lists, refusals.

use chrono::{DateTime, Duration, Utc};
use cloudgen::features::webhooks::event_types::KINDS;
use cloudgen::platform::access::Role;
use serde_json::json;

use super::{back, create, deliveries, listening, only_delivery, workspace};
use crate::support::Receiver;

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
