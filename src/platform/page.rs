//! Pages: a serializable struct and its template.
//!
//! Handlers return [`Page`]; [`render`], the outermost layer of the page router,
//! fills the template in and adds what every page shows (who is signed in, the
//! navigation, a message left by the page before). Errors become pages there,
//! too. In debug builds templates are read from disk on every use.

use std::borrow::Cow;
use std::sync::Arc;

use anyhow::Context;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use rust_embed::Embed;
use serde::{Deserialize, Serialize};

use super::access::Role;
use super::assets;
use super::config::Config;
use super::ctx::{Client, OrgRef, Person, Seen};
use super::error::{ErrorBody, Result};
use super::guard::Nonce;
use super::state::AppState;

/// What a template shows.
pub trait View: Serialize {
    /// Its path below `templates/`.
    const TEMPLATE: &'static str;
    /// The window's title, unless the template says otherwise.
    const TITLE: &'static str = "";
}

/// A response made of a [`View`].
pub struct Page<V>(pub V);

/// A page on its way to [`render`].
#[derive(Clone)]
struct Pending {
    template: &'static str,
    title: &'static str,
    view: Value,
}

impl<V: View> IntoResponse for Page<V> {
    fn into_response(self) -> Response {
        let pending =
            Pending { template: V::TEMPLATE, title: V::TITLE, view: Value::from(Serde(&self.0)) };
        (StatusCode::OK, axum::Extension(pending)).into_response()
    }
}

/// Which template a response was made of, left on it for tests to see.
#[derive(Clone, Debug)]
pub struct Rendered(pub String);

/// An entry of the navigation.
#[derive(Clone, Copy, Debug)]
pub struct NavItem {
    /// The heading it stands under; may be empty.
    pub section: &'static str,
    pub label: &'static str,
    pub href: &'static str,
    /// A symbol of `static/icons.svg`.
    pub icon: &'static str,
    /// Shown from this role on.
    pub least: Role,
}

/// A message for the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Success,
    Info,
    Warning,
    Danger,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Flash {
    pub kind: Kind,
    pub message: Cow<'static, str>,
    /// Where a form is sent to take back what was done.
    #[serde(default)]
    pub undo: Option<String>,
}

impl Flash {
    pub fn success(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Success, message.into())
    }

    pub fn info(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Info, message.into())
    }

    pub fn warning(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Warning, message.into())
    }

    pub fn danger(message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Kind::Danger, message.into())
    }

    fn of(kind: Kind, message: Cow<'static, str>) -> Self {
        Self { kind, message, undo: None }
    }

    /// Offers to take back what was done.
    pub fn with_undo(self, path: String) -> Self {
        Self { undo: Some(path), ..self }
    }

    /// Sends the browser to `path` (303), where the message is shown once.
    pub fn redirect(self, path: &str) -> Response {
        (axum::Extension(self), Redirect::to(path)).into_response()
    }
}

/// What a handler says in headers, besides its page.
const KEPT: [HeaderName; 5] = [
    header::SET_COOKIE,
    header::RETRY_AFTER,
    header::ALLOW,
    header::REFERRER_POLICY,
    HeaderName::from_static("x-robots-tag"),
];

const FLASH: &str = "flash";
const THEME: &str = "theme";

fn flash_cookie(config: &Config, flash: &Flash) -> Cookie<'static> {
    let json = serde_json::to_vec(flash).expect("a message is plain data");
    Cookie::build((FLASH, URL_SAFE_NO_PAD.encode(json)))
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .build()
}

fn flash_of(jar: &CookieJar) -> Option<Flash> {
    let bytes = URL_SAFE_NO_PAD.decode(jar.get(FLASH)?.value()).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// A path within this site to go on to, or the start page. Anything else, such
/// as `//evil.example`, would send people away under our name.
pub fn local_path(next: Option<&str>) -> &str {
    let inside = |it: &&str| {
        it.starts_with('/')
            && !it.starts_with("//")
            && !it.contains('\\')
            && !it.chars().any(char::is_control)
    };
    next.filter(inside).unwrap_or("/")
}

#[derive(Embed)]
#[folder = "templates/"]
struct Sources;

/// The templates, by their path below `templates/`.
#[derive(Clone)]
pub struct Templates {
    compiled: Arc<Environment<'static>>,
}

impl Templates {
    pub fn load() -> Self {
        Self { compiled: Arc::new(environment()) }
    }

    pub fn names() -> Vec<String> {
        let mut names: Vec<_> = Sources::iter().map(|it| it.into_owned()).collect();
        names.sort();
        names
    }

    pub fn has(&self, name: &str) -> bool {
        Sources::get(name).is_some()
    }

    pub fn render(&self, name: &str, context: &Value) -> anyhow::Result<String> {
        let render = |it: &Environment| {
            it.get_template(name)?.render(context).with_context(|| format!("template {name}"))
        };
        // Save and reload, without compiling, while developing.
        if cfg!(debug_assertions) { render(&environment()) } else { render(&self.compiled) }
    }
}

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.set_loader(|name| {
        let Some(file) = Sources::get(name) else { return Ok(None) };
        let text = String::from_utf8(file.data.into_owned()).map_err(|err| {
            minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, err.to_string())
        })?;
        Ok(Some(text))
    });
    env.add_function("asset", assets::url);
    env.add_filter("grouped", grouped);
    env.add_filter("money", money);
    env.add_filter("percent", percent);
    env
}

/// A whole number with its thousands set apart.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// US dollars as people write them: `$1,234`, and cents below ten.
fn money(amount: f64) -> String {
    let sign = if amount <= -0.005 { "−" } else { "" };
    let size = amount.abs();
    if size < 9.995 && (size - size.round()).abs() >= 0.005 {
        return format!("{sign}${size:.2}");
    }
    format!("{sign}${}", grouped(size.round() as i64))
}

/// A share of one, with the digits that it has: `99.95 %`.
fn percent(share: f64) -> String {
    let text = format!("{:.4}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// What the layer knows of a request before it is handled.
struct Asked {
    path: String,
    /// The path and query to come back to after signing in.
    here: String,
    method: Method,
    jar: CookieJar,
    client: Client,
    nonce: Nonce,
    seen: Seen,
}

/// Fills in pages and turns errors into pages.
pub async fn render(
    state: &AppState,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let asked = Asked {
        path: request.uri().path().to_owned(),
        here: request.uri().path_and_query().map_or("/", |it| it.as_str()).to_owned(),
        method: request.method().clone(),
        jar: CookieJar::from_headers(request.headers()),
        client: Client::of(request.extensions()),
        nonce: request.extensions().get::<Nonce>().cloned().unwrap_or_default(),
        seen: Seen::default(),
    };
    request.extensions_mut().insert(asked.seen.clone());
    let response = next(request).await;
    match finish(state, &asked, response).await {
        Ok(response) => response,
        Err(err) => {
            tracing::error!(error = format!("{err:#}"), "cannot render {}", asked.path);
            (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side.").into_response()
        }
    }
}

async fn finish(
    state: &AppState,
    asked: &Asked,
    mut response: Response,
) -> anyhow::Result<Response> {
    if let Some(flash) = response.extensions_mut().remove::<Flash>() {
        let cookie = flash_cookie(&state.config, &flash).to_string();
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::try_from(cookie)?);
    }
    if let Some(page) = response.extensions_mut().remove::<Pending>() {
        let status = response.status();
        let view = context! { title => page.title, ..page.view };
        return fill_in(state, asked, response.headers(), status, page.template, view).await;
    }
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return Ok(response);
    }
    let body = match response.extensions_mut().remove::<ErrorBody>() {
        Some(body) => body,
        None if response.headers().contains_key(header::CONTENT_TYPE)
            && status != StatusCode::NOT_FOUND =>
        {
            return Ok(response);
        }
        None => ErrorBody::of_status(status),
    };
    if let Some(way) = way_on(asked, &body) {
        return Ok(Redirect::to(&way).into_response());
    }
    let template = error_template(state, status);
    let view = context! {
        title => status.canonical_reason().unwrap_or("Error"),
        status => status.as_u16(),
        code => body.code,
        message => body.message,
        retry_after => body.retry_after.map(|it| it.as_secs()),
    };
    fill_in(state, asked, response.headers(), status, &template, view).await
}

/// Where an error is not the end: what is missing can be made up for.
fn way_on(asked: &Asked, body: &ErrorBody) -> Option<String> {
    let page = match body.code.as_ref() {
        "unauthenticated" => "/sign-in",
        "reauthentication_required" => "/confirm",
        "two_factor_required" => return Some("/account/security".to_owned()),
        "no_organisation" => return Some("/orgs".to_owned()),
        _ => return None,
    };
    // A form cannot be sent again by a redirect; go back to the page it was on.
    let here = if asked.method == Method::GET { &asked.here } else { &asked.path };
    let next: String = url_encode(here);
    Some(if here == "/" { page.to_owned() } else { format!("{page}?next={next}") })
}

fn url_encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn error_template(state: &AppState, status: StatusCode) -> String {
    let exact = format!("errors/{}.html", status.as_u16());
    if state.templates.has(&exact) {
        exact
    } else if status.is_server_error() {
        "errors/500.html".to_owned()
    } else {
        "errors/422.html".to_owned()
    }
}

async fn fill_in(
    state: &AppState,
    asked: &Asked,
    headers: &HeaderMap,
    status: StatusCode,
    template: &str,
    view: Value,
) -> anyhow::Result<Response> {
    let seen = asked.seen.get();
    let orgs = match seen {
        Some((person, _)) => orgs_of(state, person).await?,
        None => Vec::new(),
    };
    let org = seen.and_then(|(_, org)| org.as_ref());
    let flash = flash_of(&asked.jar);
    let context = context! {
        path => &asked.path,
        nonce => &*asked.nonce.0,
        request_id => &*asked.client.request_id,
        theme => asked.jar.get(THEME).map_or("system", |it| it.value()),
        person => seen.map(|(person, _)| context! {
            id => person.id.to_string(), name => &person.name, email => &person.email,
        }),
        org => Serde(org),
        orgs => Serde(&orgs),
        nav => Serde(navigation(state, org, &asked.path)),
        flash => Serde(&flash),
        dev => state.config.dev,
        ..view
    };
    let html = state.templates.render(template, &context)?;
    let made_of = Rendered(template.to_owned());
    let mut rendered = (status, axum::Extension(made_of), Html(html)).into_response();
    let to = rendered.headers_mut();
    for name in KEPT {
        for value in headers.get_all(&name) {
            to.append(name.clone(), value.clone());
        }
    }
    if flash.is_some() {
        let mut cookie = flash_cookie(&state.config, &Flash::info(""));
        cookie.make_removal();
        to.append(header::SET_COOKIE, HeaderValue::try_from(cookie.to_string())?);
    }
    // Pages show what only this person may see.
    to.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(rendered)
}

async fn orgs_of(state: &AppState, person: &Person) -> anyhow::Result<Vec<OrgRef>> {
    let rows: Vec<OrgRef> = sqlx::query_as(
        "select o.id, o.name, o.slug, o.plan, m.role, o.delete_after
           from member m join org o on o.id = m.org_id
          where m.account_id = $1 order by lower(o.name), o.id",
    )
    .bind(person.id)
    .fetch_all(state.db.pool())
    .await?;
    Ok(rows)
}

#[derive(Serialize)]
struct NavSection {
    title: &'static str,
    items: Vec<NavEntry>,
}

#[derive(Serialize)]
struct NavEntry {
    label: &'static str,
    href: &'static str,
    icon: &'static str,
    current: bool,
}

fn navigation(state: &AppState, org: Option<&OrgRef>, path: &str) -> Vec<NavSection> {
    let Some(org) = org else { return Vec::new() };
    let mut sections: Vec<NavSection> = Vec::new();
    let within = |href: &str| {
        path == href
            || (href != "/" && path.strip_prefix(href).is_some_and(|it| it.starts_with('/')))
    };
    // Of two entries that contain the page, the longer one is where we are.
    let current =
        state.nav.iter().map(|it| it.href).filter(|it| within(it)).max_by_key(|it| it.len());
    for item in state.nav.iter().filter(|it| org.role >= it.least) {
        let entry = NavEntry {
            label: item.label,
            href: item.href,
            icon: item.icon,
            current: Some(item.href) == current,
        };
        match sections.iter_mut().find(|it| it.title == item.section) {
            Some(section) => section.items.push(entry),
            None => sections.push(NavSection { title: item.section, items: vec![entry] }),
        }
    }
    sections
}

/// The complaint to show in a form, or the error itself when it is not about
/// what was typed.
pub fn complaint(err: super::error::Error) -> Result<ErrorBody> {
    if err.is_about_input() { Ok(err.body()) } else { Err(err) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 999, 1_000, -12_345, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "-12,345", "1,234,567"]);
    }

    #[test]
    fn money_and_shares_are_written_for_people() {
        let amounts = [0.0, 0.42, 7.0, 9.999, 1234.4, -1_234_567.0].map(money);
        assert_eq!(amounts, ["$0", "$0.42", "$7", "$10", "$1,234", "−$1,234,567"]);
        assert_eq!([0.9995, 0.9, 0.99999].map(percent), ["99.95 %", "90 %", "99.999 %"]);
    }

    /// ASVS V3.7.2
    #[test]
    fn only_paths_of_this_site_are_followed() {
        for next in ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", "evil"] {
            assert_eq!(local_path(Some(next)), "/", "{next:?}");
        }
        assert_eq!(local_path(Some("/settings?a=b")), "/settings?a=b");
        assert_eq!(local_path(None), "/");
    }
}
