//! A design from the first words to code that validates, in real browsers: alone,
//! with somebody watching, by keyboard, without script, and while the server dies.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use cloudgen::platform::access::Role;
use fantoccini::Locator;
use fantoccini::key::Key;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::browser::Browser;
use crate::crash;
use crate::home::Home;
use crate::program::Server;
use crate::support::{App, Caller, Database, PASSWORD};

const SHOP: &str = "A web shop for 20,000 visitors a day with card payments and PostgreSQL in Frankfurt. Orders must never be lost. Under $900 a month.";

/// What the page says of the state it is in.
const NEWEST: &str = "document.getElementById('wb')?.dataset.newest";

/// Somebody at a browser, looking at a session.
pub struct Desk<'a> {
    pub browser: &'a Browser,
    pub base: &'a str,
}

impl Desk<'_> {
    pub async fn go(&self, path: &str) {
        self.browser.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    /// What an expression is worth in the page.
    pub async fn value(&self, expression: &str) -> Value {
        self.browser.execute(&format!("return ({expression}) ?? null"), vec![]).await.unwrap()
    }

    /// Waits until an expression holds in the page. A page that is being replaced
    /// has no answer; the next one is asked again.
    pub async fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let holds = async {
            while !matches!(self.browser.execute(&script, vec![]).await, Ok(Value::Bool(true))) {
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), holds).await.is_err() {
            let at = self.browser.current_url().await.unwrap();
            let text = self.value("document.body.innerText").await;
            panic!("{expression} does not come to hold at {at}:\n{}", text.as_str().unwrap_or(""));
        }
    }

    pub async fn click(&self, css: &str) {
        loop {
            self.shows(css).await;
            let clicked = self.browser.find(Locator::Css(css)).await.unwrap().click().await;
            // News may put another in its place between looking and clicking.
            if !matches!(&clicked, Err(err) if err.is_stale_element_reference()) {
                return clicked.unwrap();
            }
        }
    }

    pub async fn click_at(&self, path: &str) {
        self.browser.find(Locator::XPath(path)).await.unwrap().click().await.unwrap();
    }

    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.browser.find(Locator::Css(css)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) {
        self.browser.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Presses a shortcut of the page, with the focus nowhere.
    pub async fn shortcut(&self, key: &str) {
        self.value("document.activeElement.blur()").await;
        self.press(key).await;
    }

    pub async fn shows(&self, css: &str) {
        self.until(&format!("document.querySelector({css:?})?.checkVisibility()")).await;
    }

    pub async fn says(&self, css: &str, words: &str) {
        let text =
            format!("[...document.querySelectorAll({css:?})].map((it) => it.innerText).join(' ')");
        self.until(&format!("({text}).includes({words:?})")).await;
    }

    pub async fn path(&self) -> String {
        self.browser.current_url().await.unwrap().path().to_owned()
    }

    /// The text and the ids of all that was said.
    pub async fn turns(&self) -> Vec<String> {
        let turns = self
            .value("[...document.querySelectorAll('#thread > .turn')].map((it) => it.id)")
            .await;
        serde_json::from_value(turns).unwrap()
    }
}

/// The files of an archive, written below a directory.
fn unpack(archive: &Path, into: &Path) {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    archive.extract(into).unwrap();
}

/// Where Terraform finds the AWS provider without a network, if it is here.
fn mirror() -> Option<PathBuf> {
    Command::new("terraform").arg("version").output().ok()?;
    let find = "find / -xdev -type d -path '*/registry.terraform.io/hashicorp/aws' -print -quit 2>/dev/null";
    let found = Command::new("sh").args(["-c", find]).output().ok()?;
    let path = String::from_utf8(found.stdout).ok()?;
    let top = path.trim().strip_suffix("registry.terraform.io/hashicorp/aws")?;
    Some(PathBuf::from(top))
}

/// What Terraform says to a directory: nothing, when all is well.
fn validate(stack: &Path, mirror: &Path, home: &Path) -> String {
    let rc = home.join("terraform.rc");
    let settings = format!(
        "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n}}\n",
        mirror.display().to_string()
    );
    std::fs::write(&rc, settings).unwrap();
    let run = |arguments: &[&str]| {
        let done = Command::new("terraform")
            .arg(format!("-chdir={}", stack.display()))
            .args(arguments)
            .env("TF_CLI_CONFIG_FILE", &rc)
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .unwrap();
        let said = [done.stdout, done.stderr].concat();
        if done.status.success() {
            String::new()
        } else {
            String::from_utf8_lossy(&said).into_owned()
        }
    };
    run(&["init", "-backend=false", "-input=false", "-no-color"]) + &run(&["validate", "-no-color"])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_description_becomes_code_that_validates() {
    let database = Database::fresh().await;
    let server = Server::start_on(&database.url).await;
    let base = format!("http://{}", server.address);
    let browser = Browser::start().await;
    let ada = Desk { browser: &browser, base: &base };

    // An account and an organisation, and then the way back in.
    ada.go("/sign-up").await;
    ada.fill("#name", "Ada").await;
    ada.fill("#email", "ada@example.com").await;
    ada.fill("#password", PASSWORD).await;
    ada.click("form.form button.primary").await;
    ada.shows("form[action='/orgs/new']").await;
    ada.fill("#name", "Acme").await;
    ada.click("form[action='/orgs/new'] button.primary").await;
    ada.shows("nav").await;
    browser.become_caller(&base, None).await;
    ada.go("/sign-in").await;
    ada.fill("#email", "ada@example.com").await;
    ada.fill("#password", PASSWORD).await;
    ada.click("form.form button.primary").await;
    ada.shows("form[action='/sessions'] textarea").await;

    // Describe. What comes is three options, and the steps that led to them.
    ada.go("/sessions/new").await;
    ada.fill("#text", SHOP).await;
    ada.click("#composer button.primary").await;
    ada.shows(".compare").await;
    let session = ada.path().await;
    ada.until(&format!("{NEWEST} === '1'")).await;
    assert_eq!(ada.value("document.querySelectorAll('.compare thead .card-cell').length").await, 3);
    assert_eq!(ada.value("document.querySelectorAll('.compare thead .rec').length").await, 1);
    let steps = ada.value("document.querySelectorAll('.took .progress-steps > li').length").await;
    assert!(steps.as_i64() >= Some(7), "{steps} steps");
    ada.says("mark.fact", "Frankfurt").await;

    // Change what was assumed, where it stands.
    let assumption = "//details[contains(@class, 'assumption')][.//span[text() = 'Availability']]";
    ada.click_at(&format!("{assumption}/summary")).await;
    let set = format!("{assumption}//form//*[@name = 'value']");
    let field = browser.find(Locator::XPath(&set)).await.unwrap();
    match field.tag_name().await.unwrap().as_str() {
        "select" => field.select_by_value("0.9995").await.unwrap(),
        _ => {
            field.clear().await.unwrap();
            field.send_keys("99.95").await.unwrap();
        }
    }
    ada.click_at(&format!("{assumption}//form//button")).await;
    ada.until(&format!("{NEWEST} === '2'")).await;
    ada.says(".turn.mine", "Availability: 99.95 %").await;
    ada.shows(".deltas").await;

    // Change it by chat.
    ada.fill("#text", "Add OpenSearch for product search").await;
    ada.press(&(Key::Control + "\u{e007}")).await;
    ada.until(&format!("{NEWEST} === '3'")).await;
    ada.says(".deltas ins", "Search").await;
    assert_eq!(ada.turns().await.len(), 6);
    assert_eq!(ada.path().await, session, "who looks at the newest stays there");

    // Compare with what was before.
    ada.go(&format!("{session}/analyses/1")).await;
    ada.says("#pane .notice", "earlier state").await;
    ada.click("#pane .notice a").await;
    ada.until("!document.querySelector('#pane .notice')").await;

    // Open an option and a file.
    ada.click(".compare tfoot td.recommended a.button").await;
    ada.shows(".option-tabs").await;
    ada.click(".option-tabs [data-tab='code']").await;
    ada.until("location.pathname.endsWith('/code')").await;
    let file = "//section[@id = 'pane']//li[normalize-space(.) = 'modules/compute']/following-sibling::li[1]/a";
    ada.until("document.querySelector('#pane')?.innerText.includes('modules/compute')").await;
    ada.click_at(file).await;
    ada.says("#pane", "resource \"aws_").await;

    // Take it all, and let Terraform be the judge.
    let downloads = Home::new();
    let allow = json!({ "behavior": "allow", "downloadPath": downloads.path() });
    browser.devtools("Browser.setDownloadBehavior", allow).await;
    ada.go(&session).await;
    ada.click(".compare tfoot td.recommended a[download]").await;
    let archive = async {
        loop {
            let files = std::fs::read_dir(downloads.path()).unwrap().map(|it| it.unwrap().path());
            if let Some(zip) =
                files.into_iter().find(|it| it.extension().is_some_and(|it| it == "zip"))
            {
                return zip;
            }
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    };
    let archive = tokio::time::timeout(Duration::from_secs(30), archive).await.expect("a download");
    let stack = downloads.path().join("stack");
    unpack(&archive, &stack);
    let manifest = std::fs::read_dir(&stack)
        .unwrap()
        .map(|it| it.unwrap().path())
        .find(|it| it.file_name().unwrap().to_string_lossy().to_lowercase().contains("manifest"));
    assert!(manifest.is_some(), "a manifest comes with the code");
    match mirror() {
        Some(mirror) => assert_eq!(validate(&stack, &mirror, downloads.path()), ""),
        None => eprintln!("not validated: no Terraform with an AWS provider here"),
    }
}

/// One event of a stream.
#[derive(Debug)]
pub struct Told {
    pub id: Option<i64>,
    pub name: String,
    pub data: Value,
}

/// A stream of events over a connection of its own.
pub struct Stream {
    connection: TcpStream,
    read: String,
}

impl Stream {
    /// `host` is where the server listens.
    pub async fn open(host: &str, cookie: &str, path: &str, last: Option<i64>) -> Self {
        let mut connection = TcpStream::connect(host).await.unwrap();
        let last = last.map(|it| format!("Last-Event-ID: {it}\r\n")).unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n{last}\r\n"
        );
        connection.write_all(request.as_bytes()).await.unwrap();
        Self { connection, read: String::new() }
    }

    /// The next event; `None` when the line is dropped.
    pub async fn next(&mut self) -> Option<Told> {
        loop {
            if let Some((before, rest)) = self.read.split_once("\n\n") {
                let told = event(before);
                self.read = rest.to_owned();
                match told {
                    Some(told) => return Some(told),
                    None => continue,
                }
            }
            let mut bytes = [0; 4096];
            let got =
                tokio::time::timeout(Duration::from_secs(60), self.connection.read(&mut bytes));
            match got.await.expect("the stream should tell something") {
                Ok(0) | Err(_) => return None,
                // What is told is ASCII here, and a frame of the transfer is a line.
                Ok(n) => {
                    self.read.push_str(&String::from_utf8_lossy(&bytes[..n]).replace("\r\n", "\n"))
                }
            }
        }
    }
}

fn event(text: &str) -> Option<Told> {
    let field = |name: &str| text.lines().find_map(|it| it.strip_prefix(name)).map(str::trim);
    let name = field("event:")?.to_owned();
    let data = serde_json::from_str(field("data:")?).ok()?;
    Some(Told { id: field("id:").and_then(|it| it.parse().ok()), name, data })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_in_the_middle_of_an_answer_loses_and_doubles_nothing() {
    let database = Database::fresh().await;
    let mut server = Server::start_on(&database.url).await;
    let base = format!("http://{}", server.address);
    let host = base.trim_start_matches("http://");
    let pool = PgPool::connect(&database.url).await.unwrap();
    let (_, cookie) = crash::sign_in(&pool).await;
    let browser = Browser::start().await;
    browser.become_caller(&base, cookie.split_once('=')).await;
    let ada = Desk { browser: &browser, base: &base };
    ada.go("/sessions/new").await;
    ada.fill("#text", SHOP).await;
    ada.click("#composer button.primary").await;
    ada.until(&format!("{NEWEST} === '1'")).await;
    ada.until("document.querySelectorAll('a[download]').length === 3").await;
    let session = ada.path().await;

    // The server is killed as soon as the first step was told. An answer that was
    // quicker than the kill is followed by another try.
    let events = format!("{session}/events");
    let (mut answer, mut told, mut tries) = (String::new(), Vec::new(), 0);
    for n in 2.. {
        tries += 1;
        let mut stream = Stream::open(host, &cookie, &events, None).await;
        assert_eq!(stream.next().await.unwrap().name, "open");
        ada.fill("#text", &format!("{} visitors a day", n * 30_000)).await;
        ada.press(&(Key::Control + "\u{e007}")).await;
        told.clear();
        loop {
            let event = stream.next().await.expect("the server is still there");
            if event.name == "step" {
                answer = event.data["id"].as_str().unwrap().to_owned();
            }
            let stepped = event.name == "step";
            told.push(event);
            if stepped {
                break;
            }
        }
        server.kill();
        let state: String =
            sqlx::query_scalar("select state from message where id = $1::text::uuid")
                .bind(&answer)
                .fetch_one(&pool)
                .await
                .unwrap();
        server.launch().await;
        if state == "running" || tries == 5 {
            assert_eq!(state, "running", "the kill never came in time");
            break;
        }
        ada.until(&format!("{NEWEST} === '{n}'")).await;
    }

    // The stream goes on where it was cut, and ends with the answer.
    let last = told.last().unwrap().id;
    let mut stream = Stream::open(host, &cookie, &format!("{events}?after=0"), last).await;
    loop {
        let event = stream.next().await.expect("the server does not die again");
        let done = event.name == "answer" && event.data["id"] == answer.as_str();
        if event.id.is_some() {
            told.push(event);
        }
        if done {
            break;
        }
    }
    let ids: Vec<i64> = told.iter().filter_map(|it| it.id).collect();
    assert!(ids.windows(2).all(|it| it[1] == it[0] + 1), "each notice once, in order: {ids:?}");
    let number = told.last().unwrap().data["analysis"].as_i64().unwrap();
    let steps: Vec<&str> = told
        .iter()
        .filter(|it| it.name == "step" && it.data["id"] == answer.as_str())
        .filter_map(|it| it.data["step"]["text"].as_str())
        .collect();
    let kept: Value =
        sqlx::query_scalar("select content -> 'steps' from message where id = $1::text::uuid")
            .bind(&answer)
            .fetch_one(&pool)
            .await
            .unwrap();
    let kept: Vec<&str> =
        kept.as_array().unwrap().iter().filter_map(|it| it["text"].as_str()).collect();
    assert_eq!(steps, kept, "every step was told once");

    // The page noticed nothing but a pause: every message is there once.
    ada.until(&format!("{NEWEST} === '{number}'")).await;
    let (turns, kept): (Vec<String>, i64) = (
        ada.turns().await,
        sqlx::query_scalar("select count(*) from message").fetch_one(&pool).await.unwrap(),
    );
    assert_eq!(i64::try_from(turns.len()).unwrap(), kept, "{turns:?}");
    let made: i64 =
        sqlx::query_scalar("select count(*) from analysis").fetch_one(&pool).await.unwrap();
    assert_eq!(made, number);
}

/// A session whose three options and their code are there, and its address.
pub async fn prepared(app: &App, caller: &Caller) -> String {
    let base = caller.submit("/sessions", &[("text", SHOP)]).await.location().to_owned();
    app.run_jobs().await;
    base
}

pub async fn sit_down(browser: &Browser, base: &str, caller: &Caller) {
    let cookie = caller.cookie("cloudgen");
    browser.become_caller(base, cookie.as_deref().map(|it| ("cloudgen", it))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_person_sees_every_turn_as_it_happens() {
    let (app, base) = App::served().await;
    let org = app.org("Acme").await;
    let (member, viewer) =
        (app.member(org, Role::Member).await, app.member(org, Role::Viewer).await);
    let session = prepared(&app, &member).await;
    let (one, other) = (Browser::start().await, Browser::start().await);
    sit_down(&one, &base, &member).await;
    sit_down(&other, &base, &viewer).await;
    let (ada, eve) = (Desk { browser: &one, base: &base }, Desk { browser: &other, base: &base });
    ada.go(&session).await;
    eve.go(&session).await;
    eve.says(".wb-foot", "You can read along").await;
    assert_eq!(eve.value("document.querySelector('#composer')").await, Value::Null);

    // A message, before its answer is there; then a stop, and another try.
    ada.fill("#text", "Add OpenSearch for product search").await;
    ada.click("#composer button.primary").await;
    for desk in [&ada, &eve] {
        desk.says(".turn.mine", "Add OpenSearch").await;
        desk.shows(".progress-steps .working").await;
    }
    ada.click("button[form^='stop-']").await;
    for desk in [&ada, &eve] {
        desk.says(".turn.ours.stopped", "Stopped before it was done").await;
    }
    assert_eq!(eve.value("document.querySelector('form[action$=\"/retry\"]')").await, Value::Null);
    ada.click("form[action$='/retry'] button").await;
    eve.shows(".progress-steps .working").await;
    app.run_jobs().await;
    for desk in [&ada, &eve] {
        desk.until(&format!("{NEWEST} === '2'")).await;
        desk.says(".deltas ins", "Search").await;
        desk.says("#pane .pane-name", "Analysis 2").await;
    }
    assert_eq!(ada.turns().await, eve.turns().await);

    // The first message is rewritten: a branch that both see, and the way back.
    ada.value("document.querySelector('a[data-swap]').click()").await;
    ada.shows("#edit-text").await;
    ada.fill("#edit-text", "A blog with MySQL in Paris for 500 readers a day").await;
    ada.press(&(Key::Control + "\u{e007}")).await;
    ada.says(".turn.mine", "A blog").await;
    app.run_jobs().await;
    for desk in [&ada, &eve] {
        desk.until(&format!("{NEWEST} === '3'")).await;
        desk.says(".forks", "2/2").await;
        desk.says("mark.fact", "Paris").await;
    }
    ada.click(".forks button[name='message']:not(:disabled)").await;
    for desk in [&ada, &eve] {
        desk.says(".forks", "1/2").await;
        desk.says("mark.fact", "Frankfurt").await;
        desk.until(&format!("{NEWEST} === '2'")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_within_reach_of_the_keyboard() {
    let (app, base) = App::served().await;
    let member = app.member(app.org("Acme").await, Role::Member).await;
    let session = prepared(&app, &member).await;
    let browser = Browser::start().await;
    sit_down(&browser, &base, &member).await;
    let ada = Desk { browser: &browser, base: &base };
    ada.go(&session).await;

    ada.shortcut("?").await;
    ada.shows("#shortcuts[open]").await;
    ada.press("\u{e00c}").await;
    ada.until("!document.querySelector('#shortcuts[open]')").await;
    for (key, end) in [
        ("2", "/better/diagram"),
        ("c", "/better/costs"),
        ("3", "/best/costs"),
        ("w", "/best/why"),
        ("f", "/best/code"),
        ("1", "/good/code"),
        ("d", "/good/diagram"),
    ] {
        ada.shortcut(key).await;
        ada.until(&format!("location.pathname.endsWith('/analyses/1{end}') && document.querySelector('.option-tabs [aria-current]')?.dataset.tab === {:?}", end.rsplit('/').next().unwrap())).await;
    }
    // Back as a browser goes back, and to all options.
    browser.back().await.unwrap();
    ada.until("location.pathname.endsWith('/good/code')").await;
    ada.shortcut("0").await;
    ada.shows(".compare").await;
    assert_eq!(ada.path().await, session);
    ada.shortcut("/").await;
    ada.until("document.activeElement.id === 'text'").await;
    // Letters are only letters in a text.
    ada.press("2d").await;
    assert_eq!(ada.path().await, session);

    // The palette: a session by some of its letters, and an action.
    ada.press(&(Key::Control + "k")).await;
    ada.shows("#palette[open]").await;
    ada.until("document.querySelector('#palette a[href=\"/sessions/new\"]')").await;
    ada.press("new sess").await;
    ada.press("\u{e007}").await;
    ada.until("location.pathname === '/sessions/new'").await;
    ada.press(&(Key::Control + "k")).await;
    ada.until(&format!("document.querySelector('#palette a[href={session:?}]')")).await;
    ada.press("shop").await;
    ada.press("\u{e007}").await;
    ada.until(&format!("location.pathname === {session:?}")).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_script_a_message_is_sent_the_options_are_seen_and_taken() {
    let (app, base) = App::served().await;
    let member = app.member(app.org("Acme").await, Role::Member).await;
    let browser = Browser::start().await;
    sit_down(&browser, &base, &member).await;
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    let text =
        async |css: &str| browser.find(Locator::Css(css)).await.unwrap().text().await.unwrap();

    browser.goto(&format!("{base}/sessions/new")).await.unwrap();
    let field = browser.find(Locator::Css("#text")).await.unwrap();
    field.send_keys(SHOP).await.unwrap();
    browser.find(Locator::Css("#composer button.primary")).await.unwrap().click().await.unwrap();
    browser.wait().for_element(Locator::Css("[data-steps]")).await.unwrap();
    let session = browser.current_url().await.unwrap().path().to_owned();
    app.run_jobs().await;
    // The page that waits asks again by itself.
    let wait = browser.wait().at_most(Duration::from_secs(20));
    wait.for_element(Locator::Css(".compare a[download]")).await.unwrap();
    assert!(text(".reason").await.contains("is recommended"));
    let download = browser.find(Locator::Css(".compare a[download]")).await.unwrap();
    let href = download.attr("href").await.unwrap().unwrap();
    let archive = member.get(&href).await.expect(200);
    assert!(archive.text.starts_with("PK"), "no archive at {href}");

    // A refusal is a page with the words still in place.
    let composer = browser.find(Locator::Css("#composer textarea")).await.unwrap();
    composer.send_keys("Add OpenSearch").await.unwrap();
    browser.find(Locator::Css("#composer button.primary")).await.unwrap().click().await.unwrap();
    browser.wait().for_element(Locator::Css("[data-steps]")).await.unwrap();
    app.run_jobs().await;
    let wait = browser.wait().at_most(Duration::from_secs(20));
    wait.for_element(Locator::Css(".deltas")).await.unwrap();
    assert_eq!(browser.current_url().await.unwrap().path(), session);
}
