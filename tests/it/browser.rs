//! A real browser: what people see and what assistive technology finds.
//!
//! [`Browser`] drives Debian's Chromium. It looks at a page the way somebody
//! does, at a [`View`], and [`Browser::problems`] has axe-core judge what is
//! there.

use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::ops::Deref;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};

use crate::home::{self, Home};
use crate::pages::{Lookers, PAGES};
use crate::support::App;

/// A window and the taste of who looks through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    pub width: u32,
    pub height: u32,
    pub dark: bool,
}

impl View {
    pub const PHONE: Self = Self { width: 390, height: 844, dark: false };
    pub const DESK: Self = Self { width: 1440, height: 900, dark: false };
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} px, {}", self.width, if self.dark { "dark" } else { "light" })
    }
}

/// A browser with an empty profile, gone with all it started when dropped.
pub struct Browser {
    client: Client,
    _driver: Driver,
}

struct Driver {
    process: Child,
    profile: Home,
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The browser is in the driver's group, and it too has to go.
        if let Some(group) = Pid::from_raw(self.process.id().cast_signed()) {
            kill_process_group(group, Signal::KILL).ok();
        }
        self.process.wait().ok();
    }
}

impl Deref for Browser {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Browser {
    pub async fn start() -> Self {
        let profile = Home::new();
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver should be installed; scripts/test does that");
        let said = process.stdout.take().unwrap();
        let driver = Driver { process, profile };
        let port = BufReader::new(said)
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .expect("chromedriver should say where it listens");

        let profile_flag = format!("--user-data-dir={}", driver.profile.path().display());
        let capabilities = json!({ "goog:chromeOptions": { "args": [
            profile_flag,
            "--headless=new",
            // The tests may run as root, in a container, without a screen.
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            // And without the network that a browser likes to look around in.
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
        ] } });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium should start");
        let browser = Self { client, _driver: driver };
        browser.look(View::DESK).await;
        browser
    }

    /// Looks at this page, and those that follow, through another window.
    pub async fn look(&self, view: View) {
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": view.width, "height": view.height, "deviceScaleFactor": 1, "mobile": false }),
        )
        .await;
        let scheme = if view.dark { "dark" } else { "light" };
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [
                { "name": "prefers-color-scheme", "value": scheme },
                // A colour half way through a transition is nobody's choice.
                { "name": "prefers-reduced-motion", "value": "reduce" },
            ] }),
        )
        .await;
    }

    /// What is wrong with the page that is shown: for people who use assistive
    /// technology, and on narrow screens. One line each, empty when all is well.
    pub async fn problems(&self) -> Vec<String> {
        let tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
        let mut problems = self.violations(json!({ "type": "tag", "values": tags })).await;
        let scrolls = self
            .execute(
                "const it = document.documentElement; return it.scrollWidth - it.clientWidth;",
                vec![],
            )
            .await
            .unwrap();
        // Less than none when room is kept for a scroll bar.
        if scrolls.as_i64().is_none_or(|it| it > 0) {
            problems.push(format!("the page is {scrolls} px wider than the window"));
        }
        problems
    }

    /// What axe-core says to the page, by the rules that it is to go by.
    async fn violations(&self, rules: Value) -> Vec<String> {
        let path = axe_core();
        let axe = std::fs::read_to_string(&path)
            .unwrap_or_else(|err| panic!("{} ({err}); scripts/test fetches it", path.display()));
        // As a statement of the driver's, so the page's own policy for scripts
        // is neither in the way nor weakened.
        self.execute(&format!("if (!window.axe) {{ {axe} }}"), vec![]).await.unwrap();
        let report = self
            .execute_async(
                "const [rules, done] = arguments;
                 axe.run(document, { runOnly: rules, resultTypes: ['violations'] }).then(done,
                     (error) => done({ violations: [{ id: 'axe', help: String(error), nodes: [] }] }));",
                vec![rules],
            )
            .await
            .unwrap();
        let mut problems = Vec::new();
        for violation in report["violations"].as_array().unwrap() {
            let text = |key: &str| violation[key].as_str().unwrap_or_default().to_owned();
            let nodes = violation["nodes"].as_array().unwrap();
            problems.push(format!("{}: {}", text("id"), text("help")));
            problems.extend(nodes.iter().map(|node| {
                let summary = node["failureSummary"].as_str().unwrap_or_default();
                format!("  {} {}", node["target"], summary.replace('\n', " "))
            }));
        }
        problems
    }

    /// Goes to a page and returns what is wrong with it, on a phone and on a desk,
    /// in the light and in the dark.
    pub async fn survey(&self, url: &str) -> Vec<String> {
        self.survey_after(url, "").await
    }

    /// The same of what a page becomes by a script that somebody's clicks stand for.
    pub async fn survey_after(&self, url: &str, script: &str) -> Vec<String> {
        let colours = json!({ "type": "rule", "values": ["color-contrast", "link-in-text-block"] });
        let mut problems = Vec::new();
        for light in [View::PHONE, View::DESK] {
            self.look(light).await;
            self.goto(url).await.unwrap();
            if !script.is_empty() {
                self.execute(script, vec![]).await.unwrap();
            }
            let dark = View { dark: true, ..light };
            let mut found = self.problems().await;
            problems.extend(found.drain(..).map(|it| format!("{url} at {light}: {it}")));
            // Nothing but colours changes in the dark.
            self.look(dark).await;
            let mut found = self.violations(colours.clone()).await;
            problems.extend(found.drain(..).map(|it| format!("{url} at {dark}: {it}")));
        }
        problems
    }

    /// Is from now on who the cookie says, or nobody.
    pub async fn become_caller(&self, base: &str, cookie: Option<(&str, &str)>) {
        self.devtools("Network.clearBrowserCookies", json!({})).await;
        if let Some((name, value)) = cookie {
            let cookie = json!({ "name": name, "value": value, "url": base, "httpOnly": true });
            self.devtools("Network.setCookie", cookie).await;
        }
    }

    /// Has the browser do what WebDriver has no words for.
    pub async fn devtools(&self, method: &'static str, params: Value) {
        self.issue_cmd(DevTools { method, params }).await.unwrap();
    }
}

/// A command that WebDriver has no words for.
#[derive(Debug)]
struct DevTools {
    method: &'static str,
    params: Value,
}

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base_url.join(&format!("session/{}/goog/cdp/execute", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.params });
        (http::Method::POST, Some(body.to_string()))
    }
}

/// The script that `scripts/test` has fetched.
fn axe_core() -> PathBuf {
    std::env::var_os("CLOUDGEN_AXE_CORE")
        .map_or_else(|| home::cache().join("axe-core-4.14.1/axe.min.js"), PathBuf::from)
}

fn page(body: &str) -> String {
    let html = format!(
        "<!doctype html><html lang='en'><meta name='viewport' content='width=device-width'>\
         <title>A page</title><style>@media (prefers-color-scheme: dark) {{ \
         html {{ background: %23222; color: %23eee }} .grey {{ color: %23777 }} }}</style>\
         <main><h1>Heading</h1>{body}</main></html>"
    );
    format!("data:text/html;charset=utf-8,{html}")
}

#[tokio::test]
async fn the_survey_is_content_with_a_sound_page_and_finds_what_is_wrong_with_others() {
    let browser = Browser::start().await;
    assert_eq!(browser.survey(&page("<p>Fine.</p>")).await, Vec::<String>::new());

    let nameless = browser.survey(&page("<input>")).await;
    let labels = nameless.iter().filter(|it| it.contains(": label: ")).count();
    assert_eq!(labels, 2, "{nameless:#?}");

    let grey = browser.survey(&page("<p class='grey'>Hard to read in the dark.</p>")).await;
    assert!(grey.iter().any(|it| it.contains("color-contrast")), "{grey:#?}");
    assert!(!grey.iter().any(|it| it.contains(", light:")), "{grey:#?}");

    let wide = browser.survey(&page("<div style='width: 600px'>Wide.</div>")).await;
    let narrow: Vec<_> = wide.iter().filter(|it| it.contains("wider than the window")).collect();
    assert_eq!(narrow.len(), 1, "{wide:#?}");
    assert!(narrow[0].contains("390 px"), "{wide:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_is_for_everyone() {
    let (app, base) = App::served().await;
    let lookers = Lookers::of(&app).await;
    let browser = Browser::start().await;
    let mut problems = Vec::new();
    let mut before = None;
    for &(_, looker, path, _) in PAGES {
        if before.replace(looker) != Some(looker) {
            let cookie = lookers.get(looker).cookie("cloudgen");
            let cookie = cookie.as_deref().map(|it| ("cloudgen", it));
            browser.become_caller(&base, cookie).await;
        }
        problems.extend(browser.survey(&format!("{base}{path}")).await);
    }
    assert!(problems.is_empty(), "{problems:#?}");
}
