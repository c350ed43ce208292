//! Passkeys, with a browser that has a device of its own.

use std::time::Duration;

use fantoccini::Locator;
use serde_json::json;

use crate::browser::Browser;
use crate::pages::well_made;
use crate::support::{App, PASSWORD, address};

async fn arrive(browser: &Browser, url: &str) {
    let url: url::Url = url.parse().unwrap();
    let wait = browser.wait().at_most(Duration::from_secs(20));
    if wait.for_url(&url).await.is_err() {
        panic!("at {} instead of {url}", browser.current_url().await.unwrap());
    }
}

async fn press(browser: &Browser, form: &str) {
    let button = format!("{form} button.primary");
    browser.find(Locator::Css(&button)).await.unwrap().click().await.unwrap();
}

/// ASVS V6.3.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passkey_stands_in_for_the_code() {
    let (app, base) = App::served().await;
    let robin = app.newcomer("Robin").await;
    app.turn_on_two_factor(&robin).await;
    app.mails().await;
    let browser = Browser::start().await;
    browser.devtools("WebAuthn.enable", json!({})).await;
    let device = json!({ "options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
        "hasUserVerification": true, "isUserVerified": true, "automaticPresenceSimulation": true,
    } });
    browser.devtools("WebAuthn.addVirtualAuthenticator", device).await;

    let cookie = robin.cookie("cloudgen").unwrap();
    browser.become_caller(&base, Some(("cloudgen", &cookie))).await;
    browser.goto(&format!("{base}/account/passkeys/new")).await.unwrap();
    browser.find(Locator::Id("name")).await.unwrap().send_keys("Work laptop").await.unwrap();
    press(&browser, "[data-passkey]").await;
    arrive(&browser, &format!("{base}/account/security")).await;
    app.mail("passkey_added", &address("Robin")).await;

    // The same device is known.
    browser.goto(&format!("{base}/account/passkeys/new")).await.unwrap();
    browser.find(Locator::Id("name")).await.unwrap().send_keys("Again").await.unwrap();
    press(&browser, "[data-passkey]").await;
    let problem = Locator::Css("[data-passkey-problem]:not([hidden])");
    let problem = browser.wait().for_element(problem).await.unwrap();
    assert!(problem.text().await.unwrap().contains("already known"));

    browser.become_caller(&base, None).await;
    browser.goto(&format!("{base}/sign-in")).await.unwrap();
    for (field, text) in [("email", address("Robin")), ("password", PASSWORD.to_owned())] {
        browser.find(Locator::Id(field)).await.unwrap().send_keys(&text).await.unwrap();
    }
    press(&browser, "form.form").await;
    arrive(&browser, &format!("{base}/sign-in/two-factor")).await;
    press(&browser, "[data-passkey]").await;
    arrive(&browser, &format!("{base}/orgs/new")).await;

    let (id, used): (uuid::Uuid, bool) =
        sqlx::query_as("select id, last_used_at is not null from passkey")
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert!(used);
    let stranger = app.newcomer("Stranger").await;
    let path = format!("/account/passkeys/{id}");
    stranger.submit(&format!("{path}/rename"), &[("name", "Mine")]).await.expect(404);
    stranger.get(&format!("{path}/rename")).await.expect(404);
    stranger.submit(&format!("{path}/remove"), &[]).await.expect(404);
    let page = robin.get(&format!("{path}/rename")).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("account/passkey.html"));
    well_made("/account/passkeys/{id}/rename", &page.text);
    robin.submit(&format!("{path}/rename"), &[("name", " ")]).await.expect(422);
    robin.submit(&format!("{path}/rename"), &[("name", "Home laptop")]).await.expect(303);
    assert!(robin.get("/account/security").await.text.contains("Home laptop"));
    robin.submit(&format!("{path}/remove"), &[]).await.expect(303);
    app.mail("passkey_removed", &address("Robin")).await;
    assert!(!robin.get("/account/security").await.text.contains("Home laptop"));
}
