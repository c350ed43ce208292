//! Every template is rendered, and every page is well made.

use std::path::Path;

use cloudgen::platform::access::Role;
use cloudgen::platform::page::Templates;

use crate::support::{App, Caller};

/// Templates that are only ever part of others; the pages below show them.
const PARTS: &[&str] = &["layouts/", "components/"];

/// Shown by `every_error_page_is_well_made`.
const ERRORS: &str = "errors/";

/// Mails are written by the tests of the slices that send them.
const MAILS: &str = "emails/";

/// A page, who looks at it, and its status.
pub const PAGES: &[(&str, Looker, &str, u16)] = &[
    ("home/landing.html", Looker::Stranger, "/", 200),
    ("home/dashboard.html", Looker::Owner, "/", 200),
    ("workbench/list.html", Looker::Owner, "/sessions", 200),
    ("workbench/list.html", Looker::Viewer, "/sessions?state=archived&q=x", 200),
    ("workbench/new.html", Looker::Owner, "/sessions/new", 200),
    ("docs/api.html", Looker::Stranger, "/docs/api", 200),
    ("docs/group.html", Looker::Stranger, "/docs/api/sessions", 200),
    ("docs/objects.html", Looker::Stranger, "/docs/api/objects", 200),
    ("docs/guide.html", Looker::Stranger, "/docs/analyze", 200),
    ("docs/guide.html", Looker::Viewer, "/docs/webhooks", 200),
    ("docs/problems.html", Looker::Stranger, "/docs/problems", 200),
    ("docs/problem.html", Looker::Stranger, "/docs/problems/invalid", 200),
    ("docs/search.html", Looker::Stranger, "/docs/search?q=key", 200),
    ("audit/index.html", Looker::Owner, "/settings/audit", 200),
    ("audit/index.html", Looker::Owner, "/settings/audit?name=nothing.such", 200),
    ("styleguide/index.html", Looker::Owner, "/styleguide", 200),
    ("auth/sign_in.html", Looker::Stranger, "/sign-in", 200),
    ("auth/sign_up.html", Looker::Stranger, "/sign-up", 200),
    ("auth/forgot_password.html", Looker::Stranger, "/forgot-password", 200),
    ("auth/link_expired.html", Looker::Stranger, "/reset-password/nothing", 404),
    ("auth/link_expired.html", Looker::Stranger, "/verify/nothing", 404),
    ("shares/over.html", Looker::Stranger, "/s/nothing", 404),
    ("auth/confirm.html", Looker::Owner, "/confirm", 200),
    ("account/index.html", Looker::Owner, "/account", 200),
    ("account/email.html", Looker::Owner, "/account/email", 200),
    ("account/password.html", Looker::Owner, "/account/password", 200),
    ("account/security.html", Looker::Viewer, "/account/security", 200),
    ("account/two_factor_setup.html", Looker::Owner, "/account/two-factor", 200),
    ("account/two_factor_off.html", Looker::Owner, "/account/two-factor/off", 200),
    ("orgs/index.html", Looker::Owner, "/orgs", 200),
    ("orgs/new.html", Looker::Owner, "/orgs/new", 200),
    ("orgs/general.html", Looker::Owner, "/settings", 200),
    ("orgs/general.html", Looker::Viewer, "/settings", 200),
    ("sessions/defaults.html", Looker::Owner, "/settings/defaults", 200),
    ("sessions/defaults.html", Looker::Viewer, "/settings/defaults", 200),
    ("orgs/members.html", Looker::Owner, "/settings/members", 200),
    ("orgs/members.html", Looker::Viewer, "/settings/members", 200),
    ("orgs/invite.html", Looker::Owner, "/settings/members/invite", 200),
    ("orgs/workspaces.html", Looker::Owner, "/settings/workspaces", 200),
    ("orgs/workspaces.html", Looker::Viewer, "/settings/workspaces", 200),
    ("orgs/security.html", Looker::Owner, "/settings/security", 200),
    ("orgs/transfer.html", Looker::Owner, "/settings/transfer", 200),
    ("orgs/leave.html", Looker::Owner, "/settings/leave", 200),
    ("orgs/delete.html", Looker::Owner, "/settings/delete", 200),
    ("orgs/invitation_over.html", Looker::Stranger, "/invitations/nothing", 404),
    ("webhooks/index.html", Looker::Owner, "/settings/webhooks", 200),
    ("webhooks/form.html", Looker::Owner, "/settings/webhooks/new", 200),
    ("webhooks/events.html", Looker::Owner, "/settings/webhooks/events", 200),
    ("errors/403.html", Looker::Viewer, "/settings/webhooks", 403),
    ("keys/index.html", Looker::Owner, "/settings/keys", 200),
    ("keys/new.html", Looker::Owner, "/settings/keys/new", 200),
    ("keys/new.html", Looker::Viewer, "/settings/keys/new", 200),
    ("keys/usage.html", Looker::Owner, "/settings/keys/usage", 200),
    ("keys/device_code.html", Looker::Owner, "/device", 200),
    ("keys/device_code.html", Looker::Owner, "/device?code=BCDF-GHJK", 422),
    ("errors/403.html", Looker::Viewer, "/settings/security", 403),
    ("errors/403.html", Looker::Viewer, "/settings/audit", 403),
    ("errors/404.html", Looker::Stranger, "/nothing/here", 404),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Looker {
    Stranger,
    Viewer,
    Owner,
}

/// One of each, in the same organisation.
pub struct Lookers {
    stranger: Caller,
    viewer: Caller,
    owner: Caller,
}

impl Lookers {
    pub async fn of(app: &App) -> Self {
        let org = app.org("Acme").await;
        Self {
            stranger: app.anonymous(),
            viewer: app.member(org, Role::Viewer).await,
            owner: app.member(org, Role::Owner).await,
        }
    }

    pub fn get(&self, looker: Looker) -> &Caller {
        match looker {
            Looker::Stranger => &self.stranger,
            Looker::Viewer => &self.viewer,
            Looker::Owner => &self.owner,
        }
    }
}

#[tokio::test]
async fn every_page_is_well_made() {
    let app = App::new().await;
    let lookers = Lookers::of(&app).await;
    for &(template, looker, path, status) in PAGES {
        let page = lookers.get(looker).get(path).await.expect(status);
        assert_eq!(page.template.as_deref(), Some(template), "{path}");
        well_made(path, &page.text);
    }
}

#[tokio::test]
async fn every_error_page_is_well_made() {
    let app = App::new().await;
    for name in Templates::names().into_iter().filter(|it| it.starts_with(ERRORS)) {
        let context = minijinja::context! {
            title => "Error", status => 500, code => "code", message => "a message",
            retry_after => 60, path => "/somewhere", nonce => "n", request_id => "id",
            theme => "dark", person => (), org => (), orgs => (), nav => (), flash => (), dev => false,
        };
        let html = app.state.templates.render(&name, &context).unwrap();
        well_made(&name, &html);
        assert!(html.contains("href=\"/"), "{name}: no way on");
    }
}

pub fn well_made(path: &str, html: &str) {
    assert_eq!(html.matches("<h1").count(), 1, "{path}: one h1");
    assert!(html.contains("<html lang="), "{path}: the language");
    assert!(html.contains("<title>") && html.contains("name=\"viewport\""), "{path}: the head");
    assert!(!html.contains(" style=\""), "{path}: a style attribute, which the policy blocks");
    for handler in [" onclick=", " onload=", " onsubmit=", "javascript:"] {
        assert!(!html.contains(handler), "{path}: {handler}");
    }
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains("src=") && tag.contains("nonce="), "{path}: an inline script: {tag}");
    }
    for (tag, rest) in html.split("<input").skip(1).map(|it| it.split_once('>').unwrap()) {
        let hidden = tag.contains("type=\"hidden\"") || tag.contains("type=\"submit\"");
        let named = tag.contains("aria-label");
        let id = tag.split("id=\"").nth(1).and_then(|it| it.split('"').next());
        let labelled = id.is_some_and(|id| html.contains(&format!("for=\"{id}\"")));
        let inside = rest.find("</label>").is_some_and(|end| !rest[..end].contains("<label"));
        assert!(hidden || named || labelled || inside, "{path}: a field without a label: {tag}");
    }
    // The style guide shows complaints about fields that it does not have.
    let links = if path == "/styleguide" { "" } else { html };
    for (_, rest) in links.match_indices("href=\"#").map(|(i, _)| links.split_at(i + 7)) {
        let id = rest.split('"').next().unwrap();
        assert!(html.contains(&format!("id=\"{id}\"")), "{path}: nothing to go to at #{id}");
    }
}

fn sources(folder: &Path) -> String {
    let paths = std::fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    paths
        .map(|it| if it.is_dir() { sources(&it) } else { std::fs::read_to_string(it).unwrap() })
        .collect()
}

#[test]
fn every_template_is_rendered_by_a_test() {
    let sources = sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")));
    let missing: Vec<_> = Templates::names()
        .into_iter()
        .filter(|name| {
            !PARTS.iter().any(|part| name.starts_with(part)) && !name.starts_with(ERRORS)
        })
        .filter(|name| {
            let kind =
                name.strip_prefix(MAILS).map(|it| it.rsplit_once('.').map_or(it, |(kind, _)| kind));
            match kind {
                Some("layout" | "parts") => false,
                Some(kind) => !sources.contains(&format!("\"{kind}\"")),
                None => !sources.contains(&format!("\"{name}\"")),
            }
        })
        .collect();
    assert!(missing.is_empty(), "no test renders {missing:?}");
}

#[tokio::test]
async fn a_theme_is_remembered_and_leads_back_only_within_the_site() {
    let app = App::new().await;
    let caller = app.anonymous();
    let answer = caller.submit("/theme", &[("theme", "dark"), ("return_to", "/docs/api")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/docs/api"));
    assert!(caller.get("/").await.text.contains("data-theme=\"dark\""));
    let answer =
        caller.submit("/theme", &[("theme", "dark"), ("return_to", "//evil.example")]).await;
    assert_eq!(answer.location(), "/");
    caller.submit("/theme", &[("theme", "x\"><script>")]).await.expect(422);
}

#[tokio::test]
async fn static_files_are_kept_for_ever_under_their_hash() {
    let app = App::new().await;
    let page = app.anonymous().get("/").await.expect(200);
    let url = page.text.split("href=\"").find(|it| it.starts_with("/static/app.")).unwrap();
    let url = url.split('"').next().unwrap();
    let file = app.anonymous().get(url).await.expect(200);
    assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(file.header("content-type"), "text/css; charset=utf-8");
    let again = app.anonymous().with("if-none-match", file.header("etag")).get(url).await;
    assert_eq!((again.status, again.text.as_str()), (304, ""));
    let plain = app.anonymous().get("/static/app.css").await.expect(200);
    assert_eq!(plain.header("cache-control"), "no-cache");
    app.anonymous().get("/static/../Cargo.toml").await.expect(404);
    app.anonymous().get("/static/nothing.css").await.expect(404);
}
