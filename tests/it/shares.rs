//! Public links: who may make them, what they show, and that what they hide is
//! in nothing that they lead to.

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use chrono::Duration;
use cloudgen::platform::access::Role;
use serde_json::{Value, json};

use crate::pages::well_made;
use crate::support::{Answer, App, Caller};

/// Names that nobody uses by accident, in every place that a name can be in.
const TEXT: &str = "A customer portal called Crumplehorn for Zyxorg Holding, asked for by Quillon Vark of \
    Blorptown: a Crumplehorn-orders service and a wumbo reports API on AWS with PostgreSQL for 20,000 \
    visitors a day, budget 200 dollars.";
const NAMES: [&str; 6] = ["zyxorg", "quillon", "vark", "blorptown", "wumbo", "crumplehorn"];

async fn designed(app: &App, caller: &Caller, text: &str) -> String {
    let title = text.split(" for ").next().unwrap();
    let new = json!({ "text": text, "title": title });
    let made = caller.post("/api/v1/analyze", new).await.expect(200).json();
    app.run_jobs().await;
    made["session_id"].as_str().unwrap().to_owned()
}

async fn link(caller: &Caller, id: &str, new: Value) -> String {
    let made = caller.post(&format!("/api/v1/sessions/{id}/shares"), new).await.expect(201).json();
    let url = made["url"].as_str().unwrap();
    url[url.find("/s/").unwrap()..].to_owned()
}

fn plain(html: &str) -> String {
    html.replace("&#x2f;", "/").replace("&amp;", "&").replace("&#x27;", "'")
}

/// Everything that can be reached from a link without leaving it.
async fn all_below(caller: &Caller, base: &str) -> Vec<(String, Answer)> {
    let mut wanted = vec![base.to_owned()];
    let mut seen = BTreeSet::new();
    let mut out = Vec::new();
    while let Some(path) = wanted.pop() {
        if !seen.insert(path.clone()) || seen.len() > 250 {
            continue;
        }
        let answer = caller.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        if answer.header("content-type").starts_with("text/html") {
            let text = plain(&answer.text);
            for attribute in ["href=\"", "src=\"", "srcset=\"", "action=\"", "data-figures=\""] {
                for rest in text.split(attribute).skip(1) {
                    let found = rest.split(['"', '#', ' ']).next().unwrap();
                    let below = found.starts_with(&format!("{base}/"));
                    // One component and one file each stand for all.
                    let one_of_many = found.contains("&file=") || found.contains("component=");
                    let example = found.ends_with("README.md") || found.ends_with("main.tf");
                    if below && (example || !one_of_many) {
                        wanted.push(found.to_owned());
                    }
                }
            }
        }
        out.push((path, answer));
    }
    out
}

/// All texts of an answer, those within an archive, too.
fn texts(answer: &Answer) -> Vec<String> {
    let mut out = Vec::new();
    if answer.header("content-type") != "application/zip" {
        out.push(answer.text.clone());
    } else {
        let mut zip = zip::ZipArchive::new(Cursor::new(answer.bytes.clone())).unwrap();
        for n in 0..zip.len() {
            let mut entry = zip.by_index(n).unwrap();
            let mut text = entry.name().unwrap().into_owned();
            entry.read_to_string(&mut text).unwrap();
            out.push(text);
        }
    }
    let headers = answer.headers.iter();
    out.extend(headers.map(|it| format!("{} {}", it.0, it.1.to_str().unwrap_or_default())));
    out
}

async fn people(app: &App) -> (uuid::Uuid, Caller, Caller) {
    let org = app.org("Zyxorg Holding").await;
    let account = app.account("Quillon Vark").await;
    let admin = app.member(org, Role::Owner).await;
    sqlx::query(
        "insert into member (org_id, account_id, role, created_at) values ($1, $2, 'member', $3)",
    )
    .bind(org)
    .bind(account)
    .bind(app.state.clock.now())
    .execute(app.pool())
    .await
    .unwrap();
    let quillon = app.sign_in(account, Some(org)).await;
    sqlx::query("update workspace set name = 'Blorptown' where org_id = $1")
        .bind(org)
        .execute(app.pool())
        .await
        .unwrap();
    let form =
        [("name_prefix", "wumbo"), ("tags", "owner = quillon"), ("domain", "zyxorg.example")];
    admin.submit("/settings/defaults", &form).await.expect(303);
    (org, admin, quillon)
}

#[tokio::test]
async fn what_a_link_hides_is_in_nothing_that_it_leads_to() {
    let app = App::new().await;
    let (_, _, quillon) = people(&app).await;
    let id = designed(&app, &quillon, TEXT).await;
    let other = app.member(app.org("Foreigners").await, Role::Owner).await;
    let foreign = designed(&app, &other, "A Gnarlfoot shop on AWS with PostgreSQL").await;
    let base = link(&quillon, &id, json!({ "words": ["Crumplehorn"] })).await;
    let stranger = app.anonymous();
    let all = all_below(&stranger, &base).await;
    for kind in ["/costs.csv", "/code.zip", "/diagram.svg", "/figures", "/why", "/file?"] {
        assert!(all.iter().any(|it| it.0.contains(kind)), "{kind} was looked at");
    }
    for (path, answer) in &all {
        for text in texts(answer) {
            let text = plain(&text).to_lowercase();
            for name in NAMES.into_iter().chain(["gnarlfoot", "foreigners", foreign.as_str(), &id])
            {
                assert!(!text.contains(name), "{name} is in {path}");
            }
        }
        if answer.template.as_deref() == Some("shares/show.html") {
            well_made(path, &answer.text);
            assert!(answer.text.contains("noindex"), "{path}");
        }
        assert!(answer.header("x-robots-tag").contains("noindex"), "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }

    // The same test sees the names where nothing is hidden.
    let open = link(&quillon, &id, json!({ "hidden": [] })).await;
    let all = all_below(&stranger, &open).await;
    let text: String = all.iter().flat_map(|it| texts(&it.1)).collect();
    let text = plain(&text).to_lowercase();
    for name in NAMES {
        assert!(text.contains(name), "{name} is to be seen");
    }
    assert!(!text.contains("gnarlfoot") && !text.contains(&foreign));
}

#[tokio::test]
async fn a_link_without_costs_names_no_amount() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let id = designed(&app, &ann, TEXT).await;
    let base = link(&ann, &id, json!({ "shown": ["diagram", "code", "why"], "hidden": [] })).await;
    let stranger = app.anonymous();
    for (path, answer) in all_below(&stranger, &base).await {
        for text in texts(&answer) {
            let amount =
                text.split('$').skip(1).any(|it| it.starts_with(|c: char| c.is_ascii_digit()));
            assert!(!amount && !text.contains(" dollars"), "{path} tells an amount");
        }
    }
    for path in ["costs", "costs.csv", "figures"] {
        stranger.get(&format!("{base}/good/{path}")).await.expect(404);
    }
    let bare = link(&ann, &id, json!({ "shown": [] })).await;
    for path in ["diagram", "diagram.svg", "code", "code.zip", "file?file=main.tf", "why"] {
        stranger.get(&format!("{bare}/good/{path}")).await.expect(404);
    }
    well_made(&bare, &stranger.get(&bare).await.expect(200).text);
}

#[tokio::test]
async fn a_link_ends_by_itself_and_can_be_taken_back() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let admin = app.member(org, Role::Admin).await;
    let id = designed(&app, &ann, TEXT).await;
    let page = format!("/sessions/{id}/share");
    let form = [
        ("days", "7"),
        ("shown", "costs"),
        ("shown", "why"),
        ("hidden", "people"),
        ("words", "Crumplehorn\n"),
    ];
    let made = ann.submit(&page, &form).await.expect(201);
    assert_eq!(made.template.as_deref(), Some("shares/index.html"));
    well_made(&page, &made.text);
    let text = plain(&made.text);
    let at = text.find("/s/").unwrap();
    let base = text[at..].split('"').next().unwrap().to_owned();
    let token = base.trim_start_matches("/s/");
    assert_eq!(token.len(), 43, "256 bits");
    let kept: Vec<String> =
        sqlx::query_scalar("select l::text from share_link l").fetch_all(app.pool()).await.unwrap();
    assert!(kept.iter().all(|it| !it.contains(token)), "only a hash is kept");
    let again = ann.get(&page).await.expect(200);
    assert!(!again.text.contains(token) && again.text.contains("Never seen"));

    let stranger = app.anonymous();
    stranger.get(&base).await.expect(200);
    stranger.get(&format!("{base}/good/costs")).await.expect(200);
    assert!(
        ann.get(&page).await.expect(200).text.contains("Seen 1 time,"),
        "within a minute it is one look"
    );
    let shares = ann.get(&format!("/api/v1/sessions/{id}/shares")).await.expect(200).json();
    let share = shares["items"][0]["id"].as_str().unwrap().to_owned();

    // What is said later is not shown.
    ann.post(
        &format!("/api/v1/sessions/{id}/messages"),
        json!({ "text": "Add a Redis cache named Plumbus" }),
    )
    .await
    .expect(200);
    app.run_jobs().await;
    assert!(!stranger.get(&format!("{base}/best/why")).await.expect(200).text.contains("Plumbus"));

    admin
        .submit("/settings/security", &[("idle_minutes", "60"), ("absolute_minutes", "480")])
        .await
        .expect(303);
    let off = stranger.get(&base).await.expect(410);
    assert_eq!(off.template.as_deref(), Some("shares/over.html"));
    well_made(&base, &off.text);
    assert!(ann.get(&page).await.expect(200).text.contains("turned off"));
    let refused = ann.post(&format!("/api/v1/sessions/{id}/shares"), json!({})).await.expect(409);
    assert_eq!(refused.json_code().as_deref(), Some("public_links_off"));
    admin.patch("/api/v1/org", json!({ "public_links": true })).await.expect(200);
    stranger.get(&base).await.expect(200);

    app.advance(Duration::days(8));
    let ann = app.member(org, Role::Member).await;
    let over = stranger.get(&base).await.expect(410);
    assert!(over.text.contains("has ended"));
    let short = link(&ann, &id, json!({ "days": 1 })).await;
    let shares = ann.get(&format!("/api/v1/sessions/{id}/shares")).await.expect(200).json();
    let newest = shares["items"][0]["id"].as_str().unwrap().to_owned();
    assert_ne!(newest, share);
    ann.submit(&format!("{page}/{newest}/revoke"), &[]).await.expect(303);
    let gone = stranger.get(&format!("{short}/good/diagram.svg")).await.expect(410);
    assert!(!gone.text.contains("<svg class=\"diagram"));
    assert!(stranger.get(&short).await.expect(410).text.contains("taken back"));
    ann.delete(&format!("/api/v1/sessions/{id}/shares/{newest}")).await.expect(204);

    let events = app.events(org).await;
    assert_eq!(events.iter().filter(|it| *it == "share.created").count(), 2);
    assert_eq!(events.iter().filter(|it| *it == "share.revoked").count(), 1);
}

#[tokio::test]
async fn links_are_made_by_those_who_may_and_as_they_may_be() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Member).await;
    let viewer = app.member(org, Role::Viewer).await;
    let eve = app.member(app.org("Other").await, Role::Owner).await;
    let id = designed(&app, &ann, TEXT).await;
    let shares = format!("/api/v1/sessions/{id}/shares");
    viewer.get(&format!("/sessions/{id}/share")).await.expect(403);
    for path in [format!("/sessions/{id}/share"), shares.clone()] {
        eve.get(&path).await.expect(404);
    }
    eve.post(&shares, json!({})).await.expect(404);
    for wrong in [
        json!({ "days": 0 }),
        json!({ "days": 999 }),
        json!({ "shown": ["chat"] }),
        json!({ "hidden": ["all"] }),
        json!({ "words": ["x"] }),
        json!({ "title": "For Crumplehorn", "words": ["Crumplehorn"] }),
        json!({ "words": ["resource"] }),
        json!({ "analysis": 9, "surprise": true }),
    ] {
        ann.post(&shares, wrong).await.expect(422);
    }
    ann.post(&shares, json!({ "analysis": 9 })).await.expect(404);
    let hostile = json!({ "title": "<script>alert(1)</script>\u{202e}", "hidden": [] });
    let base = link(&ann, &id, hostile).await;
    let shown = app.anonymous().get(&base).await.expect(200);
    assert!(!shown.text.contains("<script>alert"));
    let empty = ann.post("/api/v1/sessions", json!({})).await.expect(201).json();
    let empty = empty["id"].as_str().unwrap();
    ann.post(&format!("/api/v1/sessions/{empty}/shares"), json!({})).await.expect(409);
    assert!(
        ann.get(&format!("/sessions/{empty}/share"))
            .await
            .expect(200)
            .text
            .contains("Nothing to share")
    );

    ann.delete(&format!("/api/v1/sessions/{id}")).await.expect(204);
    app.anonymous().get(&base).await.expect(410);

    let stranger = app.anonymous();
    let mut refused = 0;
    for nth in 0..40 {
        let missed = stranger.get(&format!("/s/{nth}")).await;
        assert!([404, 429].contains(&missed.status));
        refused += usize::from(missed.status == 429);
    }
    assert!(refused > 10, "who guesses is slowed down: {refused}");
}
