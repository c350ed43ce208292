//! The pages of design sessions: every state is reachable, by those who may see
//! it, and shows hostile text as text.

use cloudgen::platform::access::Role;

use crate::pages::well_made;
use crate::support::{Answer, App, Caller};

const SHOP: &str = "A web shop for 20,000 visitors a day with card payments, PostgreSQL, in Frankfurt. Under $900 a month.";

/// Starts a session on a page, and has it answered. Returns its address.
async fn started(app: &App, caller: &Caller, text: &str) -> String {
    let answer = caller.submit("/sessions", &[("text", text)]).await;
    let base = answer.location().to_owned();
    app.run_jobs().await;
    base
}

fn made_of(page: &Answer) -> &str {
    page.template.as_deref().unwrap_or("nothing")
}

/// The id of the last element that `before` opens.
fn last_id<'a>(html: &'a str, before: &str) -> &'a str {
    html.rsplit(before).next().and_then(|it| it.get(..36)).unwrap()
}

#[tokio::test]
async fn a_description_becomes_three_options_on_a_page() {
    let app = App::new().await;
    let ada = app.owner().await;
    let answer = ada.submit("/sessions", &[("text", SHOP)]).await;
    let base = answer.location().to_owned();
    let waiting = ada.get(&base).await.expect(200);
    assert!(waiting.text.contains("data-steps="), "{}", waiting.text);
    assert!(waiting.text.contains("http-equiv=\"refresh\""), "it does not show without script");

    app.run_jobs().await;
    let page = ada.get(&base).await.expect(200);
    assert_eq!(made_of(&page), "workbench/overview.html");
    well_made(&base, &page.text);
    assert!(page.text.contains(">Frankfurt</mark>"), "what was understood is marked");
    assert!(page.text.contains("Region: Frankfurt (eu-central-1)"), "and what as");
    assert!(page.text.contains("is recommended."));
    for tier in ["Good", "Better", "Best"] {
        assert!(page.text.contains(&format!(">{tier}</span>")), "{tier}");
    }
    assert_eq!(page.text.matches("archive?analysis=1&amp;").count(), 3, "the code of each");

    for tier in ["good", "better", "best"] {
        let whole = ada.get(&format!("{base}/analyses/1/{tier}")).await.expect(200);
        assert_eq!(made_of(&whole), "workbench/option/diagram.html");
        for (tab, template) in [
            ("diagram", "workbench/option/diagram.html"),
            ("costs", "workbench/option/costs.html"),
            ("code", "workbench/option/code.html"),
            ("why", "workbench/option/why.html"),
        ] {
            let path = format!("{base}/analyses/1/{tier}/{tab}");
            let page = ada.get(&path).await.expect(200);
            assert_eq!(made_of(&page), template);
            well_made(&path, &page.text);
        }
    }
    // A component that is chosen has an address, and the picture leads to it.
    let tab = format!("{base}/analyses/1/better/diagram");
    let page = ada.get(&tab).await.expect(200).text;
    let link = page.split("<a href=\"").map(|it| it.split('"').next().unwrap_or_default());
    let link = link.into_iter().find(|it| it.contains("diagram?component=")).expect("a link");
    let chosen = ada.get(&link.replace("&amp;", "&")).await.expect(200);
    well_made(link, &chosen.text);
    for part in ["Why it is here", "Settings", "Promised uptime", "aria-current=\"true\""] {
        assert!(chosen.text.contains(part), "{part}");
    }
    for overlay in ["cost", "sla", "findings"] {
        let page = ada.get(&format!("{tab}?overlay={overlay}&direction=down")).await.expect(200);
        well_made(overlay, &page.text);
    }
    for (file, kind, start) in [
        ("architecture.svg", "image/svg+xml", "<svg"),
        ("network.svg?theme=dark", "image/svg+xml", "<svg"),
        ("architecture.pdf", "application/pdf", "%PDF"),
    ] {
        let file = ada.get(&format!("{tab}/{file}")).await.expect(200);
        assert_eq!(file.header("content-type"), kind);
        assert!(file.header("content-disposition").starts_with("attachment"));
        assert!(file.text.starts_with(start));
    }
    for missing in ["architecture.exe", "nothing.svg", "architecture", "architecture.svg?against=9"]
    {
        ada.get(&format!("{tab}/{missing}")).await.expect(404);
    }
    let drawing = ada.get(&format!("{base}/analyses/1/good/diagram.svg")).await.expect(200);
    assert_eq!(drawing.header("content-type"), "image/svg+xml");
    assert!(drawing.text.starts_with("<svg"));
    for missing in [
        "/analyses/2",
        "/analyses/1/worst/diagram.svg",
        "/analyses/1/worst",
        "/analyses/1/good/smell",
        "/analyses/x",
    ] {
        ada.get(&format!("{base}{missing}")).await.expect(404);
    }
}

#[tokio::test]
async fn what_was_assumed_is_changed_in_place_and_shows_what_it_changed() {
    let app = App::new().await;
    let ada = app.owner().await;
    let base = started(&app, &ada, SHOP).await;
    let settings = format!("{base}/settings");
    let fields = [("kind", "availability"), ("value", "0.9995")];
    assert_eq!(ada.submit(&settings, &fields).await.location(), base);
    app.run_jobs().await;
    let page = ada.get(&base).await.expect(200);
    assert!(page.text.contains("data-number=\"2\""), "a new analysis");
    assert!(page.text.contains("Availability: 99.95 %"), "as it stands in the conversation");
    assert!(page.text.contains("class=\"deltas\""), "what changed");

    let earlier = ada.get(&format!("{base}/analyses/1")).await.expect(200);
    assert!(earlier.text.contains("an earlier state"));

    let wrong = [("kind", "availability"), ("value", "always")];
    assert_eq!(ada.submit(&settings, &wrong).await.location(), base);
    let page = ada.get(&base).await.expect(200);
    assert!(page.text.contains("give a share from 50 %"), "why it was refused");
}

#[tokio::test]
async fn a_message_is_rewritten_on_a_branch_and_the_branches_are_switched() {
    let app = App::new().await;
    let ada = app.owner().await;
    let base = started(&app, &ada, SHOP).await;
    let page = ada.get(&base).await.expect(200);
    let first = last_id(&page.text, "?edit=").to_owned();
    let editing = ada.get(&format!("{base}?edit={first}")).await.expect(200);
    assert!(editing.text.contains("name=\"edits\""));

    let messages = format!("{base}/messages");
    let fields = [("text", "A blog with MySQL in Paris"), ("edits", first.as_str())];
    ada.submit(&messages, &fields).await;
    app.run_jobs().await;
    let page = ada.get(&base).await.expect(200);
    assert!(page.text.contains("<span>2/2</span>") && page.text.contains(">Paris</mark>"));
    assert!(!page.text.contains("card payments"));

    ada.submit(&format!("{base}/branch"), &[("message", first.as_str())]).await;
    let page = ada.get(&base).await.expect(200);
    assert!(page.text.contains("<span>1/2</span>") && page.text.contains(">Frankfurt</mark>"));
}

#[tokio::test]
async fn an_answer_is_stopped_and_tried_again() {
    let app = App::new().await;
    let ada = app.owner().await;
    let base = ada.submit("/sessions", &[("text", SHOP)]).await.location().to_owned();
    let page = ada.get(&base).await.expect(200);
    let answer = last_id(&page.text, "data-steps=\"").to_owned();
    let again = ada.submit(&format!("{base}/messages"), &[("text", "add a cache")]).await;
    assert_eq!(again.status, 409);
    assert!(again.text.contains("still answering") && again.text.contains(">\nadd a cache<"));

    ada.submit(&format!("{base}/messages/{answer}/stop"), &[]).await;
    let page = ada.get(&base).await.expect(200);
    assert!(page.text.contains("Stopped before it was done.") && page.text.contains("Try again"));
    // Once more is no complaint: it is stopped.
    let stop = ada.submit(&format!("{base}/messages/{answer}/stop"), &[]).await;
    assert_eq!(stop.location(), base);
    ada.submit(&format!("{base}/messages/{answer}/retry"), &[]).await;
    app.run_jobs().await;
    assert!(ada.get(&base).await.text.contains("is recommended."));
}

#[tokio::test]
async fn sessions_are_found_renamed_copied_put_away_and_brought_back() {
    let app = App::new().await;
    let ada = app.owner().await;
    let empty = ada.get("/sessions").await.expect(200);
    assert!(empty.text.contains("No sessions yet"));
    let base = started(&app, &ada, SHOP).await;

    assert_eq!(made_of(&ada.get(&format!("{base}/rename")).await), "workbench/rename.html");
    ada.submit(&format!("{base}/rename"), &[("title", "Shop of ours")]).await;
    let refused = ada.submit(&format!("{base}/rename"), &[("title", " ")]).await.expect(422);
    assert!(refused.text.contains("Must have 1 to 200 characters"));
    let list = ada.get("/sessions?q=of+ours").await.expect(200);
    assert_eq!(made_of(&list), "workbench/list.html");
    assert!(list.text.contains("Shop of ours") && list.text.contains("eu-central-1"));
    assert!(ada.get("/sessions?q=nowhere").await.text.contains("Nothing found"));
    assert_eq!(made_of(&ada.get("/sessions/jump").await), "workbench/jump.html");
    assert!(ada.get("/").await.text.contains("Shop of ours"), "on the start page, too");

    let copy = ada.submit(&format!("{base}/duplicate"), &[]).await;
    assert!(ada.get(copy.location()).await.text.contains("Copy of Shop of ours"));

    ada.submit(&format!("{base}/archive"), &[("archived", "true")]).await;
    assert!(ada.get("/sessions?state=archived").await.text.contains("Shop of ours"));
    let archived = ada.get(&base).await.expect(200);
    assert!(archived.text.contains("This session is archived"));
    assert!(!archived.text.contains("id=\"composer\""));
    ada.submit(&format!("{base}/archive"), &[("archived", "false")]).await;

    ada.submit(&format!("{base}/delete"), &[]).await;
    let list = ada.get("/sessions").await.expect(200);
    assert!(list.text.contains("form=\"undo\""), "it can be taken back");
    ada.get(&base).await.expect(404);
    ada.submit(&format!("{base}/restore"), &[]).await;
    ada.get(&base).await.expect(200);
}

#[tokio::test]
async fn a_form_says_what_a_person_would_have_written() {
    let app = App::new().await;
    let ada = app.owner().await;
    let page = ada.get("/sessions/new").await.expect(200);
    assert_eq!(made_of(&page), "workbench/new.html");
    let fields = [
        ("by", "fields"),
        ("workload", "rest_api"),
        ("users", "50k"),
        ("region", "eu-central-1"),
        ("budget", "$400"),
    ];
    let base = ada.submit("/sessions", &fields).await.location().to_owned();
    app.run_jobs().await;
    let page = ada.get(&base).await.expect(200);
    assert!(page.text.contains(">REST API</mark>") && page.text.contains("is recommended."));

    let wrong = [("by", "fields"), ("workload", "rest_api"), ("users", "many")];
    let refused = ada.submit("/sessions", &wrong).await.expect(422);
    assert!(refused.text.contains("value=\"many\"") && refused.text.contains("aria-invalid"));
    ada.submit("/sessions", &[("text", "  ")]).await.expect(422);
}

#[tokio::test]
async fn nobody_else_learns_of_a_session_and_viewers_only_look() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let (ada, viewer) = (app.member(org, Role::Member).await, app.member(org, Role::Viewer).await);
    let stranger = app.owner().await;
    let base = started(&app, &ada, SHOP).await;
    let message = last_id(&ada.get(&base).await.text, "id=\"m-").to_owned();

    let pages = [
        "",
        "/analyses/1",
        "/analyses/1/good",
        "/analyses/1/good/why",
        "/analyses/1/good/diagram.svg",
        "/rename",
        "/events",
    ];
    for page in pages {
        let answer = stranger.get(&format!("{base}{page}")).await;
        assert_eq!(answer.status, 404, "{page}");
        assert!(!answer.text.contains("card payments"));
    }
    let (stop, retry) = (format!("/messages/{message}/stop"), format!("/messages/{message}/retry"));
    let forms: [(&str, &[(&str, &str)]); 9] = [
        ("/messages", &[("text", "hello")]),
        ("/settings", &[("kind", "budget"), ("value", "7")]),
        ("/branch", &[("message", &message)]),
        ("/rename", &[("title", "Mine")]),
        ("/duplicate", &[]),
        ("/archive", &[("archived", "true")]),
        ("/delete", &[]),
        (&stop, &[]),
        (&retry, &[]),
    ];
    for (form, fields) in forms {
        let path = format!("{base}{form}");
        assert_eq!(stranger.submit(&path, fields).await.status, 404, "{form}");
        assert_eq!(viewer.submit(&path, fields).await.status, 403, "{form}");
    }
    viewer.submit("/sessions", &[("text", SHOP)]).await.expect(403);
    let page = viewer.get(&base).await.expect(200);
    assert!(page.text.contains("You can read along") && !page.text.contains("id=\"composer\""));
    well_made(&base, &page.text);
}

#[tokio::test]
async fn hostile_text_is_shown_as_text() {
    let app = App::new().await;
    let ada = app.owner().await;
    let hostile = "<img src=x onerror=alert(1)> **bold** \u{1b}[31mred \u{202e}gnp.exe {{ 7*7 }} </textarea><script>alert(2)</script> A REST API with PostgreSQL in Frankfurt";
    let base = started(&app, &ada, hostile).await;
    for path in [base.as_str(), "/sessions", "/", "/sessions/jump"] {
        let page = ada.get(path).await.expect(200);
        assert!(!page.text.contains("<img src=x") && !page.text.contains("alert(2)</script>"));
        assert!(!page.text.contains("49 </"), "{path}: a template in a text is no template");
    }
    let page = ada.get(&base).await;
    assert!(page.text.contains("&lt;img src=x"), "it is there, as text");
    assert!(page.text.contains(">Frankfurt</mark>"), "and still understood");
    well_made(&base, &page.text);

    let long = "x".repeat(20_001);
    let refused = ada.submit(&format!("{base}/messages"), &[("text", long.as_str())]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("the free plan takes up to 20000"));
}

#[tokio::test]
async fn a_long_conversation_is_shown_from_its_end() {
    let app = App::new().await;
    let ada = app.owner().await;
    let base = started(&app, &ada, SHOP).await;
    for nth in 0..13 {
        let text = format!("What costs most? Number {nth}.");
        ada.submit(&format!("{base}/messages"), &[("text", text.as_str())]).await;
        app.run_jobs().await;
    }
    let page = ada.get(&base).await.expect(200);
    assert!(
        page.text.contains("Show 4 earlier messages") && !page.text.contains(">Frankfurt</mark>")
    );
    let whole = ada.get(&format!("{base}?all=1")).await.expect(200);
    assert!(whole.text.contains(">Frankfurt</mark>"));
}
