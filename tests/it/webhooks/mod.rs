//! Webhooks: what is told, to whom, how often, and what of it is kept.

mod delivery;
mod management;
mod messages;
mod pages;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::support::{Answer, App, Caller, Receiver};

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
