//! The workbench in the browser, as far as it goes without script.

use cloudgen::platform::access::Role;
use serde_json::json;

use crate::pages::well_made;
use crate::support::{App, Caller};

const SHOP: &str =
    "A web shop for 20,000 visitors a day with card payments, PostgreSQL, in Frankfurt.";

async fn start(app: &App, caller: &Caller, text: &str) -> String {
    let started = caller.submit("/sessions", &[("message", text)]).await.expect(303);
    let path = started.location().to_owned();
    app.run_jobs().await;
    path
}

#[tokio::test]
async fn a_person_describes_looks_changes_and_downloads_without_script() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    assert_eq!(ann.get("/sessions").await.expect(303).location(), "/sessions/new");
    let new = ann.get("/sessions/new").await.expect(200);
    assert_eq!(new.template.as_deref(), Some("workbench/new.html"));
    let started = ann.submit("/sessions", &[("message", SHOP)]).await.expect(303);
    let path = started.location().to_owned();
    let waiting = ann.get(&path).await.expect(200);
    assert!(waiting.text.contains("data-running=\"yes\"") && waiting.text.contains("Stop"));
    well_made(&path, &waiting.text);
    app.run_jobs().await;

    let page = ann.get(&path).await.expect(200);
    assert_eq!(page.template.as_deref(), Some("workbench/overview.html"));
    well_made(&path, &page.text);
    assert!(
        page.text.contains("data-understood=\"Region: Frankfurt (eu-central-1)"),
        "{}",
        page.text
    );
    assert!(page.text.contains("recommended"));

    let kind = [("kind", "availability"), ("value", "99.95 %")];
    ann.submit(&format!("{path}/settings"), &kind).await.expect(303);
    app.run_jobs().await;
    let asked = [("text", "What costs most?")];
    ann.submit(&format!("{path}/messages"), &asked).await.expect(303);
    app.run_jobs().await;
    let page = ann.get(&path).await.expect(200);
    assert!(page.text.contains("Analysis 2") && page.text.contains("Availability: 99.95"));

    for (tab, template) in [
        ("diagram", "workbench/option/diagram.html"),
        ("costs", "workbench/option/costs.html"),
        ("code", "workbench/option/code.html"),
        ("why", "workbench/option/why.html"),
    ] {
        let pane = format!("{path}/analyses/1/best/{tab}");
        let page = ann.get(&pane).await.expect(200);
        assert_eq!(page.template.as_deref(), Some(template));
        well_made(&pane, &page.text);
    }
    let option = format!("{path}/analyses/2/better");
    let first = ann.get(&option).await.expect(303);
    assert_eq!(first.location(), format!("{option}/diagram"));
    let ask = [("format", "cloudformation")];
    let made = ann.submit(&format!("{option}/generate"), &ask).await.expect(303);
    let code = ann.get(made.location()).await.expect(200);
    assert!(code.text.contains("AWSTemplateFormatVersion"));
    let zip = ann.get(&format!("{option}/download/cloudformation")).await.expect(200);
    assert_eq!(zip.header("content-type"), "application/zip");
    for nothing in ["/analyses/9", "/analyses/1/worst/costs", "/analyses/1/good/dreams"] {
        ann.get(&format!("{path}{nothing}")).await.expect(404);
    }
}

#[tokio::test]
async fn fields_become_words_and_complaints_stand_beside_them() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let wrong = [("workload", "rest_api"), ("users", "many"), ("budget", "-3")];
    let refused = ann.submit("/sessions/form", &wrong).await.expect(422);
    assert!(refused.text.contains("must be a number"), "{}", refused.text);
    assert!(refused.text.contains("value=\"many\""), "what was typed stays");
    let fields = [("workload", "rest_api"), ("users", "5,000"), ("region", "eu-west-1")];
    let started = ann.submit("/sessions/form", &fields).await.expect(303);
    app.run_jobs().await;
    let page = ann.get(started.location()).await.expect(200);
    assert!(page.text.contains("eu-west-1"));
    let empty = ann.submit("/sessions", &[("message", "  ")]).await.expect(422);
    assert!(empty.text.contains("say what you need") || empty.text.contains("Say what you need"));
}

#[tokio::test]
async fn an_edited_message_is_a_branch_to_switch_to_and_fro() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let path = start(&app, &ann, SHOP).await;
    let edit = [("text", "A REST API with PostgreSQL in Ireland for 400 users"), ("parent_id", "")];
    ann.submit(&format!("{path}/messages"), &edit).await.expect(303);
    app.run_jobs().await;
    let page = ann.get(&path).await.expect(200);
    assert!(page.text.contains("2 / 2") && !page.text.contains("20,000"));
    let messages = ann.get(&format!("/api/v1{path}/messages")).await.json();
    let first = messages["items"][0]["id"].as_str().unwrap();
    ann.submit(&format!("{path}/branch"), &[("message_id", first)]).await.expect(303);
    let page = ann.get(&path).await.expect(200);
    assert!(page.text.contains("1 / 2") && page.text.contains("20,000"));
}

#[tokio::test]
async fn the_list_finds_puts_away_and_takes_back() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let path = start(&app, &ann, SHOP).await;
    ann.submit(&format!("{path}/rename"), &[("title", "The shop")]).await.expect(303);
    let list = ann.get("/sessions?q=shop").await.expect(200);
    assert_eq!(list.template.as_deref(), Some("workbench/index.html"));
    well_made("/sessions", &list.text);
    assert!(list.text.contains("The shop") && list.text.contains(&path));
    assert!(!ann.get("/sessions?q=zebra").await.expect(200).text.contains(&path));
    ann.submit(&format!("{path}/archive"), &[("archived", "true")]).await.expect(303);
    assert!(ann.get("/sessions?state=archived").await.expect(200).text.contains(&path));
    ann.submit(&format!("{path}/duplicate"), &[]).await.expect(303);
    ann.submit(&format!("{path}/delete"), &[]).await.expect(303);
    ann.get(&path).await.expect(404);
    assert!(ann.get("/sessions?state=deleted").await.expect(200).text.contains("Take back"));
    ann.submit(&format!("{path}/restore"), &[]).await.expect(303);
    ann.get(&path).await.expect(200);
}

/// ASVS V8.2.2
#[tokio::test]
async fn strangers_see_nothing_and_viewers_change_nothing() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let path = start(&app, &ann, &format!("{SHOP} CANARY-9921")).await;
    let eve = app.member(app.org("Other").await, Role::Owner).await;
    let viewer = app.member(org, Role::Viewer).await;
    let message = [("text", "Add a cache")];
    let pages = [
        "",
        "/events",
        "/analyses/1",
        "/analyses/1/good",
        "/analyses/1/good/costs",
        "/analyses/1/good/code",
        "/analyses/1/good/download/terraform",
    ];
    for page in pages {
        let answer = eve.get(&format!("{path}{page}")).await;
        // The redirect to the first tab tells nothing.
        assert!(answer.status == 404 || answer.status == 303, "{page}: {}", answer.status);
        assert!(!answer.text.contains("CANARY"), "{page}");
    }
    for action in
        ["/messages", "/settings", "/branch", "/rename", "/archive", "/duplicate", "/delete"]
    {
        let fields = [
            ("text", "x"),
            ("kind", "region"),
            ("value", "eu-west-1"),
            ("title", "x"),
            ("archived", "true"),
            ("message_id", "00000000-0000-0000-0000-000000000001"),
        ];
        eve.submit(&format!("{path}{action}"), &fields).await.expect(404);
        viewer.submit(&format!("{path}{action}"), &fields).await.expect(403);
    }
    let seen = viewer.get(&path).await.expect(200);
    assert!(seen.text.contains("CANARY") && !seen.text.contains("id=\"composer\""));
    viewer.submit(&format!("{path}/messages"), &message).await.expect(403);
}

/// ASVS V1.2.1
#[tokio::test]
async fn hostile_text_is_shown_harmlessly() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let hostile = "A web app for 900 users <script>alert(1)</script> \"><img src=x onerror=alert(1)> \
                   {{ 7*7 }} \u{1b}[31mred\u{1b}[0m \u{202e}gnp.exe [a](javascript:alert(1))";
    let path = start(&app, &ann, hostile).await;
    for page in ["", "/analyses/1/good/diagram", "/analyses/1/good/why", "/analyses/1/good/code"] {
        let page = ann.get(&format!("{path}{page}")).await.expect(200);
        assert!(
            !page.text.contains("<script>alert") && !page.text.contains("<img src=x"),
            "{}",
            page.text
        );
    }
    let list = ann.get("/sessions").await.expect(200);
    assert!(!list.text.contains("<script>alert"));
    let body = json!({ "text": hostile });
    let again = ann.post("/api/v1/analyze", body).await.expect(200).json();
    assert_eq!(again["message"]["body"].as_str().unwrap(), hostile.trim());
    app.run_jobs().await;
}
