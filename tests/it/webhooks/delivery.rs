//! Sending: signed, on a schedule, until it arrives or is given up.

use chrono::Duration;
use cloudgen::platform::events::{self, Event, Who};
use serde_json::{Value, json};

use super::{back, create, deliveries, listening, moment, only_delivery, workspace};
use crate::support::Receiver;

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
    events::emit(&mut tx, event);
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
        events::emit(&mut tx, Event::new("workspace.created"));
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
