//! Looking after webhooks on pages.

use cloudgen::platform::access::Role;
use serde_json::json;

use super::{create, deliveries, workspace};
use crate::browser::Browser;
use crate::pages::well_made;
use crate::support::{App, Receiver, between};

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
