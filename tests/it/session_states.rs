//! What a session can look like, seen by everyone: each state on a phone and on a
//! desk, in the light and in the dark; and texts that mean harm.

use cloudgen::platform::access::Role;
use serde_json::{Value, json};

use crate::browser::{Browser, View};
use crate::session_journey::{prepared, sit_down};
use crate::support::{App, Caller};

async fn say(app: &App, caller: &Caller, session: &str, text: &str) {
    caller.submit(&format!("{session}/messages"), &[("text", text)]).await.expect(303);
    app.run_jobs().await;
}

/// Opens what is folded away, so that it is judged as well, and lets nothing stay
/// above what is scrolled: what is half under a bar is not too small.
const UNFOLD: &str = "document.querySelectorAll('main details').forEach((it) => { it.removeAttribute('name'); it.open = true; }); document.querySelectorAll('body *').forEach((it) => { if (getComputedStyle(it).position === 'sticky') it.style.position = 'static'; })";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_state_of_a_session_is_for_everyone() {
    let (app, base) = App::served().await;
    let org = app.org("Acme").await;
    let (member, viewer) =
        (app.member(org, Role::Member).await, app.member(org, Role::Viewer).await);

    // One session in which everything happened.
    let session = prepared(&app, &member).await;
    say(&app, &member, &session, "hello").await;
    say(&app, &member, &session, "What costs most?").await;
    say(&app, &member, &session, "Add OpenSearch for product search").await;
    let setting = [("kind", "availability"), ("value", "0.9995")];
    member.submit(&format!("{session}/settings"), &setting).await.expect(303);
    app.run_jobs().await;
    say(&app, &member, &session, "The budget is $50 a month").await;
    let page = member.get(&session).await.expect(200);
    let edited = page.text.rsplit("?edit=").next().unwrap()[..36].to_owned();
    let branch = [("text", "The budget is $2,000 a month"), ("edits", edited.as_str())];
    member.submit(&format!("{session}/messages"), &branch).await.expect(303);
    app.run_jobs().await;
    let page = member.get(&session).await.expect(200);
    let edited = page.text.rsplit("?edit=").next().unwrap()[..36].to_owned();

    // And others for what only one can be.
    let archived = member.submit(&format!("{session}/duplicate"), &[]).await.location().to_owned();
    member.submit(&format!("{archived}/archive"), &[("archived", "true")]).await.expect(303);
    let deleted = member.submit(&format!("{session}/duplicate"), &[]).await.location().to_owned();
    member.submit(&format!("{deleted}/delete"), &[]).await.expect(303);
    let refused = member.submit("/sessions", &[("text", "hello")]).await.location().to_owned();
    app.run_jobs().await;
    let stopped =
        member.submit("/sessions", &[("text", "A blog with MySQL")]).await.location().to_owned();
    let answer =
        member.get(&stopped).await.text.rsplit("data-steps=\"").next().unwrap()[..36].to_owned();
    member.submit(&format!("{stopped}/messages/{answer}/stop"), &[]).await.expect(303);
    let waiting =
        member.submit("/sessions", &[("text", "A blog with MySQL")]).await.location().to_owned();

    let at = |path: &str| format!("{session}{path}");
    let states: Vec<(&Caller, String, &str)> = vec![
        (&member, "/sessions".into(), ""),
        (&member, "/sessions?q=nothing-like-it".into(), ""),
        (&member, "/sessions?state=archived".into(), ""),
        (&member, "/sessions?state=deleted".into(), ""),
        (&member, "/sessions/new".into(), UNFOLD),
        (&member, waiting, ""),
        (&member, stopped, ""),
        (&member, refused, ""),
        (&member, session.clone(), UNFOLD),
        (&member, at("?all=1"), "document.getElementById('palette').showModal()"),
        (&member, at(&format!("?edit={edited}")), ""),
        (&member, at("/analyses/1"), "document.getElementById('shortcuts').showModal()"),
        (&member, at("/rename"), ""),
        (&member, at("/analyses/2/good/diagram"), ""),
        (&member, at("/analyses/2/better/costs"), UNFOLD),
        (&member, at("/analyses/2/better/code"), ""),
        (&member, at("/analyses/2/best/why"), UNFOLD),
        (&member, at("/artifacts"), ""),
        (&member, archived, ""),
        (&viewer, session.clone(), ""),
    ];
    let browser = Browser::start().await;
    let mut problems = Vec::new();
    let mut before: *const Caller = std::ptr::null();
    for (caller, path, script) in states {
        if !std::ptr::eq(before, caller) {
            sit_down(&browser, &base, caller).await;
            before = caller;
        }
        problems.extend(browser.survey_after(&format!("{base}{path}"), script).await);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_picture_and_every_public_page_is_for_everyone() {
    let (app, base) = App::served().await;
    let member = app.member(app.org("Acme").await, Role::Owner).await;
    let stranger = app.anonymous();
    let session = prepared(&app, &member).await;
    say(&app, &member, &session, "Add OpenSearch for product search").await;
    let id = session.rsplit('/').next().unwrap();
    let new = json!({ "hidden": ["people"] });
    let made = member.post(&format!("/api/v1/sessions/{id}/shares"), new).await.expect(201).json();
    let public = made["url"].as_str().unwrap();
    let public = public[public.find("/s/").unwrap()..].to_owned();
    let over = member.post(&format!("/api/v1/sessions/{id}/shares"), json!({})).await.expect(201);
    let over = over.json();
    let revoke = format!("/api/v1/sessions/{id}/shares/{}", over["id"].as_str().unwrap());
    member.delete(&revoke).await.expect(204);
    let revoked = over["url"].as_str().unwrap();
    let revoked = revoked[revoked.find("/s/").unwrap()..].to_owned();
    let page = member.get(&format!("{session}/artifacts")).await.expect(200).text;
    let plain = page.replace("&#x2f;", "/");
    let set = plain.split(&format!("{session}/artifacts/")).nth(1).unwrap();
    let set = format!("{session}/artifacts/{}", &set[..36]);
    let deleted = member.submit(&format!("{session}/duplicate"), &[]).await.location().to_owned();
    app.run_jobs().await;
    member.submit(&format!("{deleted}/delete"), &[]).await.expect(303);

    let at = |rest: &str| format!("{session}/analyses/2/better/diagram{rest}");
    let component = {
        let page = member.get(&at("")).await.expect(200).text;
        let found = page.split("data-component=\"").skip(1).find(|it| !it.starts_with('"'));
        found.unwrap().split('"').next().unwrap().to_owned()
    };
    let mut states: Vec<(&Caller, String, &str)> = vec![
        (&member, at("?kind=network"), ""),
        (&member, at("?kind=sequence"), ""),
        (&member, at("?kind=data-flow"), ""),
        (&member, at("?kind=cost"), ""),
        (
            &member,
            at("?overlay=cost"),
            "document.querySelectorAll('main details').forEach((it) => { it.open = true; })",
        ),
        (&member, at("?overlay=sla&direction=down"), ""),
        (&member, at("?overlay=findings"), ""),
        (&member, at("?against=1"), ""),
        (&member, at(&format!("?component={component}")), ""),
        (&member, set, ""),
        (&member, format!("{session}/share"), UNFOLD),
        (&member, deleted, ""),
        (&stranger, public.clone(), ""),
        (&stranger, revoked, ""),
    ];
    for tab in ["diagram", "costs", "code", "why"] {
        states.push((&stranger, format!("{public}/best/{tab}"), UNFOLD));
    }
    let browser = Browser::start().await;
    let mut problems = Vec::new();
    sit_down(&browser, &base, &member).await;
    let mut signed_in = true;
    for (caller, path, script) in states {
        if signed_in && std::ptr::eq(caller, &stranger) {
            browser.become_caller(&base, None).await;
            signed_in = false;
        }
        problems.extend(browser.survey_after(&format!("{base}{path}"), script).await);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// Text that a browser could take for something to do.
const MARKUP: &str = "A web shop with PostgreSQL in Frankfurt <script>window.harm = 1</script>\
    <img src=x onerror=\"window.harm = 2\"><svg onload='window.harm = 3'> [go](javascript:window.harm=4) \
    ${7*7} {{7*7}} \u{1b}]0;harm\u{7}\u{1b}[31mred \u{202e}gnp.exe";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_means_harm_does_none_in_a_browser() {
    let (app, base) = App::served().await;
    let member = app.member(app.org("<b>Acme</b>").await, Role::Owner).await;
    member
        .patch("/api/v1/me", json!({ "name": "<i>Eve</i><script>window.harm = 5</script>" }))
        .await
        .expect(200);
    let session = member.submit("/sessions", &[("text", MARKUP)]).await.location().to_owned();
    app.run_jobs().await;
    let title = "<script>window.harm = 6</script> & \"quotes\" 'single'";
    let id = session.rsplit('/').next().unwrap();
    member.patch(&format!("/api/v1/sessions/{id}"), json!({ "title": title })).await.expect(200);
    let browser = Browser::start().await;
    sit_down(&browser, &base, &member).await;
    for view in [View::DESK, View::PHONE] {
        browser.look(view).await;
        for path in [
            "",
            "/analyses/1/better/diagram",
            "/analyses/1/better/costs",
            "/analyses/1/better/code",
            "/analyses/1/better/why",
            "/artifacts",
        ] {
            browser.goto(&format!("{base}{session}{path}")).await.unwrap();
            let seen = browser
                .execute(
                    "return [window.harm ?? null, document.querySelectorAll('main :is(script, img[src=x], svg[onload], h1 b)').length,
                             [...document.links].filter((it) => it.protocol === 'javascript:').length,
                             document.documentElement.scrollWidth <= document.documentElement.clientWidth]",
                    vec![],
                )
                .await
                .unwrap();
            assert_eq!(seen, json!([Value::Null, 0, 0, true]), "{path} at {view}");
        }
        browser.goto(&format!("{base}{session}")).await.unwrap();
        let shown = browser.execute("return [document.querySelector('h1').textContent, document.querySelector('.turn.mine .said').textContent]", vec![]).await.unwrap();
        assert_eq!(shown[0], title, "as it was typed");
        assert!(shown[1].as_str().unwrap().contains("<script>window.harm = 1</script>"), "{shown}");
        assert_eq!(browser.title().await.unwrap(), format!("{title} · CloudGen"));
    }
}
