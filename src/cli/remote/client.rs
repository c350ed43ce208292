//! The API as the commands call it: one server, one token.
//!
//! What holds: a POST carries an `Idempotency-Key`, so that it happens once
//! however often it is sent; a server that is busy (429, 503) is asked again
//! after the time it names; a redirect is not followed, so that the token goes
//! to the server it was made for and nowhere else.

use std::time::Duration;

use anyhow::Context;
use rand::RngExt;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, Url};
use serde_json::Value;

use super::problem;
use crate::cli::failure::{Failure, Kind};
use crate::cli::output::Progress;
use crate::platform::crypto::{hex, prepare_tls, random};

const CONNECT: Duration = Duration::from_secs(10);
/// The longest silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(60);
const TRIES: u32 = 4;
/// Whoever says to come back later than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

pub struct Client {
    http: reqwest::Client,
    server: Url,
    token: Option<String>,
}

/// A request before it is sent.
pub struct Call {
    pub method: Method,
    /// With its query, such as `/api/v1/sessions?limit=10`.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
}

impl Call {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: HeaderMap::new(), body: None }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> anyhow::Result<Self> {
        let value = HeaderValue::try_from(value).with_context(|| format!("the header {name}"))?;
        self.headers.insert(HeaderName::from_static(name), value);
        Ok(self)
    }

    pub fn json(mut self, body: &Value) -> Self {
        let kind = HeaderValue::from_static("application/json");
        self.headers.insert(reqwest::header::CONTENT_TYPE, kind);
        self.body = Some(body.to_string().into_bytes());
        self
    }

    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let mut body = Url::parse("http://form").expect("a constant");
        body.query_pairs_mut().extend_pairs(fields);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        self.headers.insert(reqwest::header::CONTENT_TYPE, kind);
        self.body = Some(body.query().unwrap_or_default().as_bytes().to_vec());
        self
    }
}

/// The address of a server as people give it, in one form.
pub fn address(text: &str) -> Result<Url, Failure> {
    let usage = |why: &str| Failure::new(Kind::Usage, format!("{text} is no server: {why}"));
    let text = text.trim();
    let text = if text.ends_with("://") { text } else { text.trim_end_matches('/') };
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let url = Url::parse(&full)
        .map_err(|_| usage("give an address such as https://cloudgen.example.com"))?;
    if !["https", "http"].contains(&url.scheme()) || url.host_str().is_none() {
        return Err(usage("it begins with https:// (or http:// on this machine)"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(usage("leave user and password away and use cloudgen login"));
    }
    if url.path() != "/" || url.query().is_some() {
        return Err(usage("give only the host, without a path"));
    }
    Ok(url)
}

/// The address without the slash at its end.
pub fn shown(server: &Url) -> String {
    server.as_str().trim_end_matches('/').to_owned()
}

impl Client {
    pub fn new(server: Url, token: Option<String>) -> anyhow::Result<Self> {
        prepare_tls();
        let http = reqwest::Client::builder()
            .redirect(Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .user_agent(concat!("cloudgen-cli/", env!("CARGO_PKG_VERSION")))
            .build()
            .context("cannot prepare for HTTPS")?;
        Ok(Self { http, server, token })
    }

    pub fn server(&self) -> String {
        shown(&self.server)
    }

    /// Where a path of this server is.
    pub fn url(&self, path: &str) -> anyhow::Result<Url> {
        let url = self.server.join(path).with_context(|| format!("{path} is no path"))?;
        if url.origin() != self.server.origin() {
            let message = format!("{path} is not on {}", self.server());
            return Err(Failure::new(Kind::Usage, message).into());
        }
        Ok(url)
    }

    pub async fn get(&self, path: impl Into<String>) -> anyhow::Result<Value> {
        self.value(Call::new(Method::GET, path)).await
    }

    pub async fn post(&self, path: impl Into<String>, body: &Value) -> anyhow::Result<Value> {
        self.value(Call::new(Method::POST, path).json(body)).await
    }

    pub async fn patch(&self, path: impl Into<String>, body: &Value) -> anyhow::Result<Value> {
        self.value(Call::new(Method::PATCH, path).json(body)).await
    }

    pub async fn delete(&self, path: impl Into<String>) -> anyhow::Result<()> {
        self.value(Call::new(Method::DELETE, path)).await.map(|_| ())
    }

    /// Every item of a collection, page by page.
    pub async fn list(&self, path: &str, most: usize) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let mut url = self.url(path)?;
            if let Some(cursor) = &next {
                url.query_pairs_mut().append_pair("cursor", cursor);
            }
            let mut page = self.get(relative(&url)).await?;
            if let Some(more) = page["items"].as_array_mut() {
                items.append(more);
            }
            next = page["next"].as_str().map(str::to_owned);
            if next.is_none() || items.len() >= most {
                items.truncate(most);
                return Ok(items);
            }
        }
    }

    /// Sends and reads JSON; `null` for an empty answer.
    pub async fn value(&self, call: Call) -> anyhow::Result<Value> {
        let response = self.send(call).await?;
        self.read(self.checked(response).await?).await
    }

    pub async fn read(&self, response: Response) -> anyhow::Result<Value> {
        let body = response.bytes().await.map_err(|err| self.unreachable(&err))?;
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|_| {
            let message = format!("{} does not answer as CloudGen does", self.server());
            Failure::new(Kind::Unavailable, message).into()
        })
    }

    /// Refuses what is not a success, in the server's words.
    pub async fn checked(&self, response: Response) -> anyhow::Result<Response> {
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let body = response.bytes().await.unwrap_or_default();
        Err(problem::failure(&self.server(), status, &headers, &body).into())
    }

    /// Sends, and again when the server says that it is busy. Any status is an answer.
    pub async fn send(&self, call: Call) -> anyhow::Result<Response> {
        let url = self.url(&call.path)?;
        let mut headers = call.headers;
        if let Some(token) = &self.token {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .context("the token has characters that no token has")?;
            value.set_sensitive(true);
            headers.insert(reqwest::header::AUTHORIZATION, value);
        }
        let key = HeaderName::from_static("idempotency-key");
        if call.method == Method::POST && !headers.contains_key(&key) {
            headers.insert(key, HeaderValue::try_from(hex(&random::<16>()))?);
        }
        let repeatable = [Method::GET, Method::HEAD, Method::POST].contains(&call.method);
        let mut tried = 0;
        loop {
            let mut request = self.http.request(call.method.clone(), url.clone());
            request = request.headers(headers.clone());
            if let Some(body) = &call.body {
                request = request.body(body.clone());
            }
            let response = request.send().await.map_err(|err| self.unreachable(&err))?;
            tried += 1;
            // Whoever is told 429 was not listened to, so nothing happens twice.
            let busy = match response.status().as_u16() {
                429 => true,
                503 => repeatable,
                _ => false,
            };
            let pause = pause(response.headers(), tried);
            if !busy || tried >= TRIES || pause > LONGEST_WAIT {
                return Ok(response);
            }
            let progress = Progress::new();
            progress.say(&format!("The server is busy; trying again in {} s", pause.as_secs()));
            tokio::time::sleep(pause).await;
        }
    }

    pub fn unreachable(&self, err: &reqwest::Error) -> Failure {
        let mut causes = String::new();
        let mut source = std::error::Error::source(err);
        while let Some(cause) = source {
            causes = cause.to_string();
            source = cause.source();
        }
        let server = self.server();
        let message = if err.is_timeout() {
            format!("{server} does not answer in time")
        } else if err.is_connect() {
            format!(
                "cannot reach {server} ({causes})\n  \
                 try: see that it runs, or name another with --server or CLOUDGEN_SERVER"
            )
        } else {
            format!("the connection to {server} broke off ({causes})")
        };
        Failure::new(Kind::Unavailable, message)
    }
}

/// Path and query.
pub fn relative(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// A path with a query of those fields that have a value.
pub fn with_query(path: &str, fields: &[(&str, Option<&str>)]) -> String {
    let mut url = Url::parse("http://path").expect("a constant");
    let given = fields.iter().filter_map(|(name, value)| value.map(|it| (*name, it)));
    url.query_pairs_mut().extend_pairs(given);
    match url.query() {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    }
}

/// As long as the server says, else half a second, doubled each time, and up to
/// half as much again so that many clients do not come back at once.
fn pause(headers: &HeaderMap, tried: u32) -> Duration {
    let told = headers.get(reqwest::header::RETRY_AFTER).and_then(|it| it.to_str().ok());
    if let Some(seconds) = told.and_then(|it| it.trim().parse().ok()) {
        return Duration::from_secs(seconds);
    }
    let base = 500 << tried.saturating_sub(1).min(6);
    Duration::from_millis(base + rand::rng().random_range(0..=base / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_nothing_else() {
        let shown = |text| address(text).map(|it| shown(&it)).map_err(|it| it.message);
        assert_eq!(shown("cloudgen.example.com").unwrap(), "https://cloudgen.example.com");
        assert_eq!(shown("http://127.0.0.1:8080/").unwrap(), "http://127.0.0.1:8080");
        for text in ["ftp://host", "https://host/path", "https://a:b@host", "https://", "a b"] {
            assert!(shown(text).unwrap_err().contains("is no server"), "{text}");
        }
    }

    #[test]
    fn the_token_stays_with_its_server() {
        let client = Client::new(address("https://here.example").unwrap(), None).unwrap();
        assert!(client.url("/api/v1/sessions").is_ok());
        for path in ["https://there.example/api", "//there.example/api"] {
            assert!(client.url(path).is_err(), "{path}");
        }
    }

    #[test]
    fn the_server_says_when_to_come_back() {
        let mut headers = HeaderMap::new();
        let first = pause(&headers, 1).as_millis();
        assert!((500..=750).contains(&first), "{first}");
        let third = pause(&headers, 3).as_millis();
        assert!((2000..=3000).contains(&third), "{third}");
        headers.insert(reqwest::header::RETRY_AFTER, HeaderValue::from_static("7"));
        assert_eq!(pause(&headers, 1), Duration::from_secs(7));
    }

    #[test]
    fn absent_fields_are_not_in_the_query() {
        assert_eq!(with_query("/a", &[("x", None)]), "/a");
        assert_eq!(with_query("/a", &[("x", Some("1 & 2")), ("y", None)]), "/a?x=1+%26+2");
    }
}
