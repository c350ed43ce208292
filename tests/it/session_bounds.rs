//! What holds a session together at its edges: other organisations, texts that
//! mean harm, and sizes.

use std::time::{Duration, Instant};

use cloudgen::platform::access::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::access::ACCESS;
use crate::browser::Browser;
use crate::pages::{Looker, PAGES};
use crate::session_journey::{Stream, prepared};
use crate::support::{App, Caller, Receiver};

/// Written wherever one organisation can write, and never to be read by another.
const CANARY: &str = "zqcanary";

/// What the addresses of one organisation's things are made of.
struct Theirs {
    org: Uuid,
    account: Uuid,
    session: String,
    workspace: String,
    answer: String,
    set: String,
    component: String,
}

impl Theirs {
    /// A pattern of the router as the address of something of theirs.
    fn address(&self, pattern: &str) -> String {
        let mut before = "";
        let mut parts = Vec::new();
        for part in pattern.split('/') {
            parts.push(match part {
                "{id}" if before == "orgs" => self.org.to_string(),
                "{id}" if before == "members" => self.account.to_string(),
                "{id}" if before == "workspaces" => self.workspace.clone(),
                "{id}" if before == "operations" => self.set.clone(),
                "{number}" => "1".to_owned(),
                "{tier}" | "{option}" => "better".to_owned(),
                "{tab}" => "costs".to_owned(),
                "{set}" => self.set.clone(),
                "{message_id}" => self.answer.clone(),
                "{component}" => self.component.clone(),
                "{path}" | "{*path}" | "{file}" | "{name}" => "main.tf".to_owned(),
                it if it.starts_with('{') => self.session.clone(),
                it => it.to_owned(),
            });
            before = part;
        }
        parts.join("/")
    }
}

/// Every pattern that a slice gives to the router.
fn patterns() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders =
        vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src/features"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let source = std::fs::read_to_string(path).unwrap();
                let routes = source.split(".route(").skip(1);
                let routes =
                    routes.filter_map(|it| it.trim_start().strip_prefix('"')?.split('"').next());
                found.extend(routes.map(str::to_owned));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// An organisation that has written its canary everywhere.
async fn marked(app: &App) -> (Caller, Theirs) {
    let org = app.org(&format!("Org {CANARY}")).await;
    let ann = app.member(org, Role::Owner).await;
    ann.patch("/api/v1/me", json!({ "name": format!("Ann {CANARY}") })).await.expect(200);
    let workspaces = ann.get("/api/v1/workspaces").await.expect(200).json();
    let workspace = workspaces["items"][0]["id"].as_str().unwrap().to_owned();
    let renamed = json!({ "name": format!("Shelf {CANARY}") });
    ann.patch(&format!("/api/v1/workspaces/{workspace}"), renamed).await.expect(200);
    let defaults = json!({ "name_prefix": CANARY, "tags": { "owner": CANARY }, "domain": format!("{CANARY}.example.com") });
    ann.send("PUT", "/api/v1/org/defaults", Some(("application/json", defaults.to_string())))
        .await
        .expect(200);
    let text = format!(
        "A web shop called {CANARY} for 20,000 visitors a day with PostgreSQL in Frankfurt"
    );
    let session = ann.submit("/sessions", &[("text", &text)]).await.location().to_owned();
    app.run_jobs().await;
    let session = session.rsplit('/').next().unwrap().to_owned();
    let title = json!({ "title": format!("Design {CANARY}") });
    ann.patch(&format!("/api/v1/sessions/{session}"), title).await.expect(200);
    let messages =
        ann.get(&format!("/api/v1/sessions/{session}/messages")).await.expect(200).json();
    let sets = ann.get(&format!("/api/v1/artifacts/{session}")).await.expect(200).json();
    let better = format!("/api/v1/sessions/{session}/analyses/1/options/better");
    let option = ann.get(&better).await.expect(200).json();
    let theirs = Theirs {
        org,
        account: ann.account.unwrap(),
        workspace,
        answer: messages["items"][1]["id"].as_str().unwrap().to_owned(),
        set: sets["items"][0]["id"].as_str().unwrap().to_owned(),
        component: option["components"][0]["id"].as_str().unwrap().to_owned(),
        session,
    };
    (ann, theirs)
}

/// ASVS V8.2.2, V8.4.1
#[tokio::test]
async fn nothing_of_one_organisation_is_read_or_changed_by_another() {
    let app = App::new().await;
    let (ann, theirs) = marked(&app).await;
    let bob = app.member(app.org("Other").await, Role::Owner).await;
    let own = prepared(&app, &bob).await;
    let before = ann.get(&format!("/sessions/{}", theirs.session)).await.expect(200).text;
    let shows = |text: &str| text.to_lowercase().contains(CANARY);

    // The canary sings where it lives, or the rest would prove nothing.
    let (mut sang, mut asked, mut leaks) = (0, 0, Vec::new());
    let body = format!(
        "title=x&text=x&kind=region&value=eu-west-1&archived=true&name=x&format=terraform&option=better&analysis=1&message={}",
        theirs.answer
    );
    let form = Some(("application/x-www-form-urlencoded", body));
    for pattern in patterns() {
        let address = theirs.address(&pattern);
        let api = format!("/api/v1{pattern}");
        let of_session = pattern.contains('{') && pattern.contains("sessions/");
        if of_session && !pattern.ends_with("/events") {
            sang += usize::from(shows(&ann.get(&address).await.text));
        }
        let query = if pattern.ends_with("/file") { "?file=main.tf&path=main.tf" } else { "" };
        let found = bob.get(&format!("{address}{query}")).await;
        // From address to address, without a look at what is there.
        let found = match found.header("location") {
            to if found.status == 303 && to.starts_with("/sessions/") => bob.get(to).await,
            _ => found,
        };
        asked += 1;
        if shows(&found.text) || (of_session && found.status != 404 && found.status != 405) {
            leaks.push(format!(
                "get {address}: {} {}",
                found.status,
                found.text.get(..300).unwrap_or(&found.text)
            ));
        }
        // What changes nothing of one's own when it is refused may be tried as well.
        if of_session && !ACCESS.iter().any(|it| it.0.ends_with(&api)) {
            let done = bob.send("POST", &address, form.clone()).await;
            asked += 1;
            if shows(&done.text) || (done.status != 404 && done.status != 405) {
                leaks.push(format!("post {address}: {} {}", done.status, done.header("location")));
            }
        }
    }
    for &(operation, _, body) in ACCESS {
        let (method, pattern) = operation.split_once(' ').unwrap();
        let mine = !pattern.contains('{');
        if mine && method != "get" {
            continue;
        }
        let address = theirs.address(pattern);
        if !mine && method == "get" && !pattern.ends_with("/events") {
            sang += usize::from(shows(&ann.get(&address).await.text));
        }
        let body = (!body.is_empty()).then(|| ("application/json", body.to_owned()));
        let found = bob.send(&method.to_uppercase(), &address, body).await;
        asked += 1;
        let refused = mine || (400..500).contains(&found.status);
        if shows(&found.text) || !refused {
            leaks.push(format!("{operation}: {} {}", found.status, found.text));
        }
    }
    // What is searched, listed and exported.
    for path in [
        "/sessions?q=zqcan",
        "/sessions?state=deleted",
        "/sessions/jump",
        "/settings/audit?q=zqcan",
        "/api/v1/sessions?q=zqcan",
        "/api/v1/events?limit=100",
        &own,
    ] {
        asked += 1;
        if shows(&bob.get(path).await.text) {
            leaks.push(path.to_owned());
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
    assert!(sang >= 12, "the canary is only in {sang} places of its own");
    assert!(asked >= 120, "only {asked} requests were made");

    let after = ann.get(&format!("/sessions/{}", theirs.session)).await.expect(200).text;
    let thread = |text: &str| {
        text.split("id=\"thread\"").nth(1).unwrap().split("id=\"foot\"").next().unwrap().to_owned()
    };
    assert_eq!(thread(&before), thread(&after), "nothing of theirs was changed");
}

/// ASVS V8.4.1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_tells_nothing_of_another_organisation() {
    let (app, base) = App::served().await;
    let (ann, theirs) = marked(&app).await;
    let bob = app.member(app.org("Other").await, Role::Owner).await;
    let own = prepared(&app, &bob).await;
    let cookie = format!("cloudgen={}", bob.cookie("cloudgen").unwrap());
    let host = base.trim_start_matches("http://");
    let mut stream = Stream::open(host, &cookie, &format!("{own}/events?after=0"), None).await;
    let say = |text: String| [("text", text)];
    for caller in [&ann, &bob] {
        let session = if std::ptr::eq(caller, &raw const ann) {
            format!("/sessions/{}", theirs.session)
        } else {
            own.clone()
        };
        let [(name, text)] = say("Add OpenSearch for product search".to_owned());
        caller.submit(&format!("{session}/messages"), &[(name, text.as_str())]).await.expect(303);
        app.run_jobs().await;
    }
    let mut names = Vec::new();
    loop {
        let told = stream.next().await.expect("the stream goes on");
        assert!(!told.data.to_string().contains(CANARY), "{told:?}");
        assert_ne!(told.data["id"], theirs.answer.as_str());
        let end = told.name == "answer" && told.data["analysis"] == 2;
        names.push(told.id);
        if end {
            break;
        }
    }
    let ids: Vec<i64> = names.into_iter().flatten().collect();
    assert!(ids.windows(2).all(|it| it[1] == it[0] + 1), "only notices of its own: {ids:?}");
}

/// Characters that a terminal or an editor acts upon, rather than shows.
fn acted_upon(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[tokio::test]
async fn texts_that_mean_harm_reach_no_code_and_no_export() {
    let app = App::new().await;
    let org = app.org("Acme").await;
    let ann = app.member(org, Role::Owner).await;
    let shop = "A web shop with PostgreSQL in Frankfurt";
    for harm in [
        "</textarea></script><script>alert(1)</script>",
        "# heading\n**bold** [x](javascript:alert(1)) ![x](http://evil.example/x.png)",
        "\u{1b}]0;title\u{7}\u{1b}[2J\u{1b}[31m",
        "\u{202e}gnp.exe \u{2066}isolated\u{2069}",
        "\"; ${file(\"/etc/passwd\")} %{ if true } EOT\nEOT\n*/ }}",
        "=cmd|' /C calc'!A0",
        "مرحبا بالعالم متجر",
    ] {
        let text = format!("{harm} {shop}. Call it {harm}");
        let session = ann.submit("/sessions", &[("text", &text)]).await.location().to_owned();
        app.run_jobs().await;
        let id = session.rsplit('/').next().unwrap();
        for path in [
            "",
            "/analyses/1",
            "/analyses/1/better/costs",
            "/analyses/1/better/why",
            "/analyses/1/better/diagram.svg",
        ] {
            let page = ann.get(&format!("{session}{path}")).await.expect(200).text;
            for live in
                ["<script>alert", "</textarea></script>", "href=\"javascript:", "src=\"http://evil"]
            {
                assert!(!page.contains(live), "{live} of {harm:?} at {path}");
            }
        }
        let csv = format!("/api/v1/sessions/{id}/analyses/1/options/better/costs.csv");
        let csv = ann.get(&csv).await.expect(200).text;
        assert!(
            !csv.split([',', '\n']).any(|it| it.trim_matches('"').starts_with(['=', '@'])),
            "{csv}"
        );
        let sets = ann.get(&format!("/api/v1/artifacts/{id}")).await.expect(200).json();
        for set in sets["items"].as_array().unwrap() {
            assert_eq!(set["state"], "ready", "{harm:?}: {set}");
        }
        for file in sets["items"][0]["files"]
            .as_array()
            .or(sets["items"][0]["manifest"].as_array())
            .unwrap()
        {
            let path = file["path"].as_str().unwrap();
            if path.ends_with(".zip") {
                continue;
            }
            let tier =
                sets["items"][0]["option"].as_str().or(sets["items"][0]["tier"].as_str()).unwrap();
            let file = ann
                .get(&format!(
                    "/api/v1/artifacts/{id}/files/{}?option={tier}",
                    path.replace('/', "%2F")
                ))
                .await
                .expect(200);
            let acts: Vec<char> = file.text.chars().filter(|it| acted_upon(*it)).collect();
            assert_eq!(acts, Vec::<char>::new(), "{harm:?} in {path}");
            assert!(!file.text.contains("${file("), "{harm:?} in {path}: {}", file.text);
        }
    }
    let session = ann.submit("/sessions", &[("text", shop)]).await.location().to_owned();
    let api = format!("/api/v1{session}");
    let refused = ann.patch(&api, json!({ "title": "a\u{1b}[31mb" })).await.expect(422);
    assert!(refused.text.contains("title"), "{}", refused.text);
    app.run_jobs().await;
}

/// What would run if a page took it for a script, or for anything but text.
const SCRIPT: &str =
    "</script><script>window.__ran=1</script><img src=x onerror=window.__ran=2>\u{2028}<!--";

/// ASVS V1.2.3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_becomes_a_script() {
    let (app, base) = App::served().await;
    let ann = app.member(app.org(&format!("Acme {SCRIPT}")).await, Role::Owner).await;
    let receiver = Receiver::start().await;
    ann.patch("/api/v1/me", json!({ "name": SCRIPT })).await.expect(200);
    ann.post("/api/v1/workspaces", json!({ "name": SCRIPT })).await.expect(201);
    let hook = json!({ "url": receiver.url, "events": [], "description": SCRIPT });
    ann.post("/api/v1/webhooks", hook).await.expect(201);
    let key = json!({ "name": SCRIPT, "mode": "test", "scopes": ["sessions:read"] });
    ann.post("/api/v1/keys", key).await.expect(201);
    let text = format!("A web shop with PostgreSQL in Frankfurt. Call it {SCRIPT}");
    let session = ann.submit("/sessions", &[("text", &text)]).await.location().to_owned();
    app.run_jobs().await;
    let title = json!({ "title": SCRIPT });
    ann.patch(&format!("/api/v1{session}"), title).await.expect(200);
    ann.submit(&format!("{session}/messages"), &[("text", SCRIPT)]).await.expect(303);
    app.run_jobs().await;

    let browser = Browser::start().await;
    let cookie = ann.cookie("cloudgen");
    browser.become_caller(&base, cookie.as_deref().map(|it| ("cloudgen", it))).await;
    let own = ["", "/analyses/1", "/analyses/1/better/diagram", "/analyses/1/better/costs"]
        .into_iter()
        .chain(["/analyses/1/better/code", "/analyses/1/better/why"])
        .map(|it| format!("{session}{it}"));
    let pages = PAGES.iter().filter(|it| it.1 == Looker::Owner).map(|it| it.2.to_owned());
    let mut shown = 0;
    for path in own.chain(pages) {
        browser.goto(&format!("{base}{path}")).await.unwrap();
        let found = browser
            .execute(
                "const bad = [];
                 if (window.__ran !== undefined) bad.push('a text was run');
                 if (document.querySelector('script:not([src])')) bad.push('an inline script');
                 if (document.querySelector('img[src=x]')) bad.push('a picture that nobody put there');
                 for (const it of document.querySelectorAll('*'))
                     for (const { name, value } of it.attributes) {
                         if (name.startsWith('on')) bad.push(name);
                         // A revision is compared, not read.
                         if (!/^[[{]/.test(value) || !/^(data|hx)-(?!rev$)/.test(name)) continue;
                         try { JSON.parse(value) } catch { bad.push(name + ' is no JSON: ' + value) }
                     }
                 return [bad, document.body.innerText.includes('window.__ran=1')]",
                vec![],
            )
            .await
            .unwrap();
        assert_eq!(found[0], json!([]), "{path}");
        shown += usize::from(found[1] == true);
    }
    assert!(shown >= 10, "the text is shown on {shown} pages only");
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_in_plain_words() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let session = prepared(&app, &ann).await;
    let megabyte = "a web shop ".repeat(90_000);
    for path in ["/sessions".to_owned(), format!("{session}/messages")] {
        let refused = ann.submit(&path, &[("text", &megabyte)]).await;
        match refused.status {
            413 => assert!(
                refused.text.contains("too large") || refused.text.contains("larger"),
                "{}",
                refused.text.get(..2000).unwrap_or_default()
            ),
            status => panic!("{path}: {status}"),
        }
        let refused = ann.submit(&path, &[("text", &megabyte[..100_000])]).await.expect(422);
        assert!(refused.text.contains("takes up to 20000 in one message"), "{path}");
    }
    let api = format!("/api/v1{session}/messages");
    let refused = ann.post(&api, json!({ "text": &megabyte[..100_000] })).await.expect(422);
    assert!(refused.json().to_string().contains("takes up to 20000"), "{}", refused.text);
    ann.post(&api, json!({ "text": "a\0b" })).await.expect(422);
    ann.post(&api, json!({ "text": " \n " })).await.expect(422);
}

#[tokio::test]
async fn a_session_of_two_hundred_messages_and_fifty_analyses_opens_within_a_second() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let session = prepared(&app, &ann).await;
    let id: Uuid = session.rsplit('/').next().unwrap().parse().unwrap();
    // More of the same: 99 questions and answers, of which 49 made an analysis.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "do $$
         declare
             asked message; answered message; parent uuid; said uuid; answer uuid; made int := 1;
         begin
             select * into answered from message where session_id = '{id}' and author = 'cloudgen';
             select * into asked from message where id = answered.parent_id;
             parent := answered.id;
             for n in 2..100 loop
                 said := ('01f00000-0000-7000-8000-' || lpad(to_hex(n * 2), 12, '0'))::uuid;
                 answer := ('01f00000-0000-7000-8000-' || lpad(to_hex(n * 2 + 1), 12, '0'))::uuid;
                 if n <= 50 then made := n; end if;
                 insert into message select said, m.org_id, m.session_id, parent, m.author, m.account_id,
                     m.author_name, m.body, m.content, m.state, null, m.created_at, m.finished_at
                   from message m where m.id = asked.id;
                 insert into message select answer, m.org_id, m.session_id, said, m.author, m.account_id,
                     m.author_name, m.body, m.content, m.state, case when n <= 50 then n end, m.created_at, m.finished_at
                   from message m where m.id = answered.id;
                 if n <= 50 then
                     insert into analysis select a.org_id, a.session_id, n, n - 1, answer, a.brief, a.report,
                         a.headline, a.engine, a.created_at from analysis a where a.session_id = '{id}' and a.number = 1;
                 end if;
                 parent := answer;
             end loop;
             update session set head_id = parent, analyses = 50 where id = '{id}';
         end $$"
    )))
    .execute(app.pool())
    .await
    .unwrap();
    for path in [
        session.clone(),
        format!("{session}?all=1"),
        format!("{session}/analyses/7"),
        format!("{session}/analyses/50/better/why"),
    ] {
        // The first look warms what a server has warm all day.
        ann.get(&path).await.expect(200);
        let mut times: Vec<Duration> = Vec::new();
        let mut page = String::new();
        for _ in 0..3 {
            let began = Instant::now();
            page = ann.get(&path).await.expect(200).text;
            times.push(began.elapsed());
        }
        times.sort();
        let turns = page.matches("class=\"turn ").count();
        if path.ends_with("all=1") {
            assert_eq!(turns, 200);
        } else {
            assert!(page.contains("50 analyses") || path.ends_with("why"), "{path}");
        }
        assert!(times[0] < Duration::from_secs(1), "{path} took {times:?}");
    }
    let listed = ann.get(&format!("/api/v1{session}/messages?limit=100")).await.expect(200).json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(100));
    assert_ne!(listed["next"], Value::Null);
}

#[tokio::test]
async fn every_example_becomes_a_design() {
    let app = App::new().await;
    let ann = app.member(app.org("Acme").await, Role::Member).await;
    let page = ann.get("/sessions/new").await.expect(200).text;
    let examples: Vec<_> =
        page.split("data-example=\"").skip(1).filter_map(|it| it.split('"').next()).collect();
    assert_eq!(examples.len(), 6);
    for text in examples {
        let text = text.replace("&#x27;", "'").replace("&#x2f;", "/").replace("&amp;", "&");
        let made = ann.post("/api/v1/analyze", json!({ "text": text })).await.expect(200).json();
        assert_eq!(
            made["analysis"]["options"].as_array().map(Vec::len),
            Some(3),
            "{text}: {}",
            made["answer"]
        );
    }
    app.run_jobs().await;
}
