//! The first hour with CloudGen, in a browser: an account, an organisation, two
//! factors, a colleague, and the trail of it all. What is shown on the way is for
//! everyone, too.

use std::time::Duration;

use fantoccini::Locator;

use crate::browser::Browser;
use crate::support::{App, PASSWORD, link};

/// Somebody at the browser.
struct Visitor<'a> {
    browser: &'a Browser,
    base: &'a str,
    problems: Vec<String>,
}

impl Visitor<'_> {
    async fn go(&mut self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    async fn fill(&self, field: &str, text: &str) {
        let field = self.browser.find(Locator::Id(field)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// The field for a code sends itself off when it is full.
    async fn show_code(&self, code: &str) {
        self.browser.find(Locator::Id("code")).await.unwrap().send_keys(code).await.unwrap();
    }

    /// Presses the main button of the form, and waits for the page that follows.
    async fn press(&mut self, form: &str) {
        let button = format!("{form} button.primary");
        self.browser.find(Locator::Css(&button)).await.unwrap().click().await.unwrap();
    }

    /// Waits for a page with this heading, and looks at it.
    async fn see(&mut self, heading: &str) {
        let path = format!("//h1[contains(normalize-space(.), '{heading}')]");
        let wait = self.browser.wait().at_most(Duration::from_secs(20));
        if wait.for_element(Locator::XPath(&path)).await.is_err() {
            let at = self.browser.current_url().await.unwrap();
            let text = self.text("body").await;
            panic!("no heading “{heading}” at {at}:\n{text}");
        }
        let problems = self.browser.problems().await;
        self.problems.extend(problems.into_iter().map(|it| format!("{heading}: {it}")));
    }

    async fn text(&self, css: &str) -> String {
        self.browser.find(Locator::Css(css)).await.unwrap().text().await.unwrap()
    }

    async fn path(&self) -> String {
        self.browser.current_url().await.unwrap().path().to_owned()
    }
}

/// ASVS V2.3.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_signs_up_turns_on_two_factors_and_invites_a_colleague() {
    let (app, base) = App::served().await;
    let browser = Browser::start().await;
    let mut ada = Visitor { browser: &browser, base: &base, problems: Vec::new() };

    // An account, which is the first one, and an organisation.
    ada.go("/sign-up").await;
    ada.see("Create your account").await;
    ada.fill("name", "Ada").await;
    ada.fill("email", "ada@example.com").await;
    ada.fill("password", PASSWORD).await;
    ada.press("form.form").await;
    ada.see("organisation").await;
    ada.fill("name", "Acme").await;
    ada.press("form[action='/orgs/new']").await;
    ada.browser.wait().for_element(Locator::Css("nav")).await.unwrap();
    assert_eq!(ada.path().await, "/");

    // Two factors.
    ada.go("/account/two-factor").await;
    ada.see("Turn on two-factor authentication").await;
    let secret = ada.text("#totp-secret").await;
    ada.show_code(&app.code(&secret, 0)).await;
    ada.see("Keep your backup codes").await;
    let codes = ada.text("#backup-codes").await;
    assert_eq!(codes.lines().count(), 10, "{codes}");

    // A password alone no longer does, nor does knowing where to go.
    app.advance(chrono::Duration::minutes(2));
    browser.become_caller(&base, None).await;
    ada.go("/sign-in").await;
    ada.fill("email", "ada@example.com").await;
    ada.fill("password", PASSWORD).await;
    ada.press("form.form").await;
    ada.see("Enter your code").await;
    ada.go("/settings/members").await;
    assert_eq!(ada.path().await, "/sign-in");
    ada.go("/sign-in/two-factor").await;
    ada.see("Enter your code").await;
    ada.show_code(&app.code(&secret, 0)).await;
    ada.browser.wait().for_element(Locator::Css("nav")).await.unwrap();

    // A colleague.
    ada.go("/settings/members/invite").await;
    ada.see("Invite people to Acme").await;
    ada.fill("email", "grace@example.com").await;
    ada.press("form[action='/settings/members/invite']").await;
    ada.see("Organisation settings").await;
    assert!(ada.text("main").await.contains("grace@example.com"));
    let invitation = link(&app.mail("invitation", "grace@example.com").await, "/invitations/");

    browser.become_caller(&base, None).await;
    let mut grace = Visitor { browser: &browser, base: &base, problems: ada.problems };
    grace.go(&invitation).await;
    grace.see("Join Acme").await;
    let sign_up = Locator::LinkText("Create an account");
    browser.find(sign_up).await.unwrap().click().await.unwrap();
    grace.see("Create your account").await;
    grace.fill("name", "Grace").await;
    grace.fill("email", "grace@example.com").await;
    grace.fill("password", PASSWORD).await;
    grace.press("form.form").await;
    grace.see("Join Acme").await;
    grace.press("form.form").await;
    grace.browser.wait().for_element(Locator::Css("nav")).await.unwrap();
    grace.go("/orgs").await;
    assert!(grace.text("main").await.contains("Acme"));

    // What happened, in order, and who did it.
    let org: uuid::Uuid =
        sqlx::query_scalar("select id from org").fetch_one(app.pool()).await.unwrap();
    let events = app.events(org).await;
    let order = ["org.created", "invitation.created", "member.joined"];
    let at = order.map(|name| events.iter().position(|it| it == name));
    assert!(at.is_sorted() && at[0].is_some(), "{order:?} in {events:?}");

    assert!(grace.problems.is_empty(), "{:#?}", grace.problems);
}
