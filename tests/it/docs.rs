//! The manual: complete, true, and its snippets run.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use cloudgen::features::docs::problems;
use cloudgen::platform::access::{Role, Scope};
use cloudgen::platform::api_key::Mode;
use fantoccini::Locator;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::keys::{make, make_in};
use crate::support::{App, between};

/// Every Rust file below `src`, tests in them left out.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            into.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
        }
    }
}

/// The words in quotes that follow `before`, with only white space between.
fn quoted_after(text: &str, before: &str, into: &mut BTreeSet<String>) {
    for (at, _) in text.match_indices(before) {
        let rest = text[at + before.len()..].trim_start();
        if let Some(word) = rest.strip_prefix('"').and_then(|it| it.split('"').next()) {
            into.insert(word.to_owned());
        }
    }
}

#[test]
fn every_problem_that_the_source_can_give_is_in_the_catalogue() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut codes = BTreeSet::new();
    let mut files = Vec::new();
    sources(&root.join("features"), &mut files);
    sources(&root.join("platform"), &mut files);
    for text in &files {
        quoted_after(text, "Error::conflict(", &mut codes);
        quoted_after(text, "Self::conflict(", &mut codes);
        quoted_after(text, "Conflict { code:", &mut codes);
    }
    let error = std::fs::read_to_string(root.join("platform/error.rs")).unwrap();
    for status in error.split("StatusCode::").skip(1) {
        let name = status.split(|it: char| !it.is_ascii_uppercase() && it != '_').next().unwrap();
        quoted_after(status, &format!("{name},"), &mut codes);
    }
    // What a status alone is told as.
    let of_status = between(&error, "pub fn of_status", "errors: Vec::new()");
    quoted_after(of_status, "=> (", &mut codes);
    quoted_after(of_status, "=> {\n                (", &mut codes);
    let listed: BTreeSet<_> = problems::ALL.iter().map(|it| it.code.to_owned()).collect();
    assert!(codes.len() > 25, "the search finds too little: {codes:?}");
    assert_eq!(listed, codes, "the catalogue (left) and the source (right) differ");
    let statuses: Vec<_> = problems::ALL.iter().map(|it| it.status).collect();
    assert!(statuses.is_sorted());
}

#[tokio::test]
async fn the_type_of_a_problem_is_a_page_that_tells_what_to_do() {
    let app = App::new().await;
    let problem = app.anonymous().get("/api/v1/org").await.expect(401).json();
    let page = app.anonymous().get(problem["type"].as_str().unwrap()).await.expect(200);
    assert!(page.text.contains("What to do"));
    for kind in problems::ALL {
        let path = format!("/docs/problems/{}", kind.code);
        let page = app.anonymous().get(&path).await.expect(200);
        assert!(page.text.contains(kind.code), "{path}");
    }
    app.anonymous().get("/docs/problems/nothing").await.expect(404);
}

/// Every address on the pages of the manual, as far as it is one of ours.
#[tokio::test]
async fn no_link_of_the_manual_leads_nowhere() {
    let app = App::new().await;
    let reader = app.anonymous();
    let mut pages = std::collections::BTreeMap::new();
    let mut open = vec!["/docs/overview".to_owned()];
    while let Some(path) = open.pop() {
        if pages.contains_key(&path) {
            continue;
        }
        let page = reader.get(&path).await;
        assert!([200, 303, 308].contains(&page.status), "{path} answers {}", page.status);
        if path.starts_with("/docs") {
            for link in page.text.split("href=\"").skip(1) {
                let link = link.split('"').next().unwrap().replace("&#x2f;", "/");
                let target = link.split('#').next().unwrap().to_owned();
                if target.starts_with("/docs") || target == "/api/v1/openapi.json" {
                    open.push(target);
                }
            }
        }
        pages.insert(path, page.text);
    }
    assert!(pages.len() > 60, "{}", pages.len());
    for (path, text) in &pages {
        for link in text.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap().replace("&#x2f;", "/");
            let Some((target, anchor)) = link.split_once('#') else { continue };
            let target = if target.is_empty() { path } else { target };
            let Some(page) = pages.get(target) else { continue };
            assert!(
                page.contains(&format!("id=\"{anchor}\"")),
                "{path} links to {target}#{anchor}"
            );
        }
    }
}

#[tokio::test]
async fn a_reader_who_is_signed_in_finds_the_way_back() {
    let app = App::new().await;
    let owner = app.owner().await;
    for (reader, way, other) in [
        (&owner, "Back to CloudGen", ">Sign in<"),
        (&app.anonymous(), ">Sign in<", "Back to CloudGen"),
    ] {
        for path in ["/docs/analyze", "/docs/api/sessions", "/docs/problems", "/docs/search?q=key"]
        {
            let page = reader.get(path).await.expect(200).text;
            assert!(page.contains(way) && !page.contains(other), "{path}");
        }
    }
}

#[tokio::test]
async fn the_manual_can_be_searched_and_read_as_text() {
    let app = App::new().await;
    let reader = app.anonymous();
    let found = reader.get("/docs/search?q=idempotency").await.expect(200);
    let text = found.text.replace("&#x2f;", "/");
    assert!(text.contains("/docs/idempotency"), "{text}");
    let none = reader.get("/docs/search?q=%3Cb%3Exyzzy").await.expect(200);
    assert!(none.text.contains("&lt;b&gt;xyzzy"));
    let llms = reader.get("/llms.txt").await.expect(200);
    assert!(llms.header("content-type").starts_with("text/plain"));
    let links = llms.text.split("](").skip(1).map(|it| it.split(')').next().unwrap());
    for address in links.filter(|it| !it.starts_with("https://")) {
        reader.get(address).await.expect(200);
    }
    assert_eq!(reader.get("/docs").await.location(), "/docs/overview");
}

/// The fences of a guide in one language, in their order.
fn snippets(source: &str, language: &str) -> Vec<String> {
    source
        .split(&format!("```{language}\n"))
        .skip(1)
        .map(|it| it.split("```").next().unwrap().to_owned())
        .collect()
}

const GUIDES: &[&str] = &[
    "guides/overview",
    "guides/authentication",
    "guides/test-mode",
    "guides/analyze",
    "guides/implement",
    "guides/artifacts",
    "webhooks",
    "guides/idempotency",
    "guides/pagination",
    "guides/conditional-requests",
];

/// Runs a language's snippets one after the other against a server, in one folder.
async fn run(language: &'static str, program: &'static str, arguments: &'static [&'static str]) {
    let (app, base) = App::served().await;
    let org = app.org("Acme").await;
    sqlx::query("update org set plan = 'enterprise'").execute(app.pool()).await.unwrap();
    let owner = app.member(org, Role::Owner).await;
    let key = make(&app, org, owner.account.unwrap(), Scope::ALL).await;
    let token = key.secret.reveal().to_owned();
    let done = tokio::task::spawn_blocking(move || {
        let folder =
            std::env::temp_dir().join(format!("cloudgen-docs-{}-{language}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut count = 0;
        for guide in GUIDES {
            let path = format!("{}/docs/{guide}.md", env!("CARGO_MANIFEST_DIR"));
            for snippet in snippets(&std::fs::read_to_string(path).unwrap(), language) {
                let out = Command::new(program)
                    .args(arguments)
                    .arg(&snippet)
                    .current_dir(&folder)
                    .env("CLOUDGEN_SERVER", &base)
                    .env("CLOUDGEN_TOKEN", &token)
                    .output()
                    .unwrap();
                assert!(
                    out.status.success(),
                    "{guide}:\n{snippet}\n{}{}",
                    String::from_utf8_lossy(&out.stdout),
                    String::from_utf8_lossy(&out.stderr)
                );
                count += 1;
            }
        }
        std::fs::remove_dir_all(&folder).unwrap();
        count
    });
    assert!(done.await.unwrap() >= 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_snippets_for_a_shell_run() {
    run("sh", "bash", &["-euo", "pipefail", "-c"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_snippets_in_python_run() {
    run("python", "python3", &["-c"]).await;
}

/// They are written so that they are JavaScript, too; their types are for the
/// referee of the API to judge.
#[tokio::test(flavor = "multi_thread")]
async fn the_snippets_in_typescript_run() {
    run("ts", "node", &["--input-type=module", "-e"]).await;
}

/// What the guide tells to do by hand believes what came from us and nothing else.
#[test]
fn a_signature_can_be_verified_by_hand() {
    let guide = include_str!("../../docs/webhooks.md");
    let [by_hand] = snippets(guide, "bash").try_into().unwrap();
    let folder = std::env::temp_dir().join(format!("cloudgen-by-hand-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    // The example of the specification.
    let verdict = |body: &str, signature: &str| {
        std::fs::write(folder.join("body.json"), body).unwrap();
        let out = Command::new("bash")
            .args(["-euo", "pipefail", "-c", &by_hand])
            .current_dir(&folder)
            .env("CLOUDGEN_WEBHOOK_SECRET", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
            .env("id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
            .env("timestamp", "1614265330")
            .env("signature", signature)
            .output()
            .unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    let (body, ours) =
        (r#"{"test": 2432232314}"#, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_eq!(verdict(body, ours), "genuine\n");
    assert_eq!(verdict(body, &format!("v1,b3RoZXI= {ours}")), "genuine\n");
    assert_eq!(verdict(&body.replace('3', "4"), ours), "forged\n");
    assert_eq!(verdict(body, ""), "forged\n");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A reader with a key of their own, at a browser.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operations_can_be_tried_with_a_test_key_and_no_other() {
    let (app, base) = App::served().await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await.account.unwrap();
    let live = make(&app, org, owner, Scope::ALL).await;
    let test = make_in(Mode::Test, &app, org, owner, Scope::ALL).await;
    let browser = Browser::start().await;
    browser.goto(&format!("{base}/docs/api/sessions")).await.unwrap();
    let key = browser.find(Locator::Id("try-key")).await.unwrap();
    let attempt = async |method: &str, path: &str, starts: &str| {
        let form = format!("form[data-method='{method}'][data-path='{path}']");
        let send = format!(
            "const it = document.querySelector(\"{form}\"); it.closest('details').open = true;
             it.querySelector('button').click();"
        );
        browser.execute(&send, Vec::new()).await.unwrap();
        let told = format!(
            "//form[@data-method='{method}'][@data-path='{path}']//output[starts-with(., '{starts}')]"
        );
        let told = browser.wait().for_element(Locator::XPath(&told)).await.unwrap();
        told.text().await.unwrap()
    };
    attempt("POST", "/api/v1/analyze", "Put a test key").await;
    key.send_keys(live.secret.reveal()).await.unwrap();
    attempt("POST", "/api/v1/analyze", "Put a test key").await;
    key.clear().await.unwrap();
    key.send_keys(test.secret.reveal()).await.unwrap();
    let made = attempt("POST", "/api/v1/analyze", "200").await;
    assert!(made.contains("\"mode\": \"test\"") && made.contains("ratelimit: \"test\""), "{made}");
    // The ids of what was made are filled in.
    let option = "/api/v1/sessions/{id}/analyses/{number}/options/{option}";
    let found = attempt("GET", option, "200").await;
    assert!(found.contains("\"tier\": \"good\""), "{found}");
    attempt("GET", &format!("{option}/costs"), "200").await;
    let listed = attempt("GET", "/api/v1/sessions", "200").await;
    assert_eq!(listed.matches("\"mode\": \"test\"").count(), 1, "{listed}");
    attempt("DELETE", "/api/v1/sessions/{id}", "204").await;
    attempt("GET", "/api/v1/sessions/{id}", "404").await;
    let leaked = browser.execute("return document.documentElement.outerHTML", Vec::new()).await;
    assert!(!leaked.unwrap().to_string().contains(test.secret.reveal()));
}

/// A script of another site, as its browser sends it.
#[tokio::test]
async fn other_sites_call_the_api_only_where_they_are_named() {
    let portal = "https://portal.example.com";
    let app = App::with(|it| it.cors_origins = vec![portal.to_owned()]).await;
    let org = app.org("Acme").await;
    let owner = app.member(org, Role::Owner).await;
    let key = make(&app, org, owner.account.unwrap(), Scope::ALL).await;
    let bearer = format!("Bearer {}", key.secret.reveal());
    let preflight = |origin: &str| {
        let caller = app.anonymous().with("origin", origin);
        let caller = caller.with("access-control-request-method", "POST");
        async move { caller.send("OPTIONS", "/api/v1/sessions", None).await }
    };
    let answer = preflight(portal).await.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), portal);
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"));
    assert!(answer.header("access-control-allow-methods").contains("POST"));
    assert_eq!(answer.header("access-control-allow-credentials"), "");
    let answer = preflight("https://evil.example.com").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (405, ""));
    assert!(answer.headers.get_all("vary").iter().any(|it| it == "origin"));

    let there = |origin: &'static str| {
        app.anonymous().with("origin", origin).with("sec-fetch-site", "cross-site")
    };
    let made = there("https://portal.example.com").with("authorization", bearer.clone());
    let made = made.post("/api/v1/sessions", json!({})).await.expect(201);
    assert_eq!(made.header("access-control-allow-origin"), portal);
    assert!(made.header("access-control-expose-headers").contains("ratelimit"));
    let stranger = there("https://evil.example.com").with("authorization", bearer.clone());
    stranger.post("/api/v1/sessions", json!({})).await.expect(403);
    // A cookie is no way in from elsewhere, not even from a site that is named.
    let cookie = owner.clone().with("origin", portal).with("sec-fetch-site", "cross-site");
    cookie.get("/api/v1/me").await.expect(401);

    let closed = App::new().await;
    let caller =
        closed.anonymous().with("origin", portal).with("access-control-request-method", "GET");
    let answer = caller.send("OPTIONS", "/api/v1/me", None).await.expect(405);
    assert_eq!(answer.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn lists_link_to_their_next_part_and_what_is_known_is_not_sent_again() {
    let app = App::new().await;
    let owner = app.owner().await;
    for title in ["a", "b", "c"] {
        owner.post("/api/v1/sessions", json!({ "title": title })).await.expect(201);
    }
    let first = owner.get("/api/v1/sessions?limit=2&state=active").await.expect(200);
    let link = first.header("link").to_owned();
    let next = between(&link, "<", ">");
    assert!(link.ends_with("; rel=\"next\""), "{link}");
    let second = owner.get(next).await.expect(200);
    assert_eq!(second.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(second.header("link"), "");

    let tag = second.header("etag").to_owned();
    let again = owner.clone().with("if-none-match", tag.clone()).get(next).await.expect(304);
    assert_eq!((again.text.as_str(), again.header("etag")), ("", tag.as_str()));
    owner.post("/api/v1/sessions", json!({ "title": "d" })).await.expect(201);
    owner.clone().with("if-none-match", tag).get("/api/v1/sessions").await.expect(200);
}

#[tokio::test]
async fn a_refused_body_is_told_with_its_place() {
    let app = App::new().await;
    let owner = app.owner().await;
    for (body, status, pointer) in [
        (json!({ "name": "x", "scopes": ["org:read", "nothing"] }), 422, "/scopes/1"),
        (json!({ "name": "x\u{0}", "scopes": ["org:read"] }), 422, "/name"),
    ] {
        let problem = owner.post("/api/v1/keys", body).await.expect(status).json();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let answer = owner.send("POST", "/api/v1/keys", Some(("text/plain", "{}".to_owned()))).await;
    assert_eq!(answer.expect(415).json_code().as_deref(), Some("unsupported_media_type"));
    let nul = owner.get("/api/v1/sessions?q=%00").await;
    assert_eq!(nul.expect(422).json_code().as_deref(), Some("invalid"));
    let _: Value = owner.get("/api/v1/me").await.expect(200).json();
}
