//! The middleware that every request passes.
//!
//! [`front`] is outermost: it names the request, finds out where it comes from,
//! measures it, and sets the security headers of whatever leaves. [`inner`]
//! refuses what must not reach a handler: forms sent from other sites, and work
//! that takes too long.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use tracing::Instrument;

use super::config::Config;
use super::cors;
use super::crypto;
use super::ctx::Client;
use super::error::{Error, ErrorBody};
use super::state::AppState;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets the scripts and styles of one response run, and no others.
#[derive(Clone, Debug, Default)]
pub struct Nonce(pub Arc<str>);

/// Outermost: names, measures, logs, and sets security headers.
pub async fn front(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let client = client(&state, request.headers(), request.extensions());
    // Nothing that the API answers with is drawn or run. The alphabet is one that
    // HTML has no reason to escape.
    let nonce = (!request.uri().path().starts_with("/api/"))
        .then(|| Nonce(URL_SAFE_NO_PAD.encode(crypto::random::<16>()).into()));
    let method = request.method().clone();
    // The pattern rather than the path: paths may hold secrets, and metrics
    // must not grow with them.
    let route = match request.extensions().get::<MatchedPath>() {
        Some(path) => path.as_str().to_owned(),
        None => "(none)".to_owned(),
    };
    let request_id = client.request_id.clone();
    request.extensions_mut().insert(client);
    if let Some(nonce) = &nonce {
        request.extensions_mut().insert(nonce.clone());
    }

    let span = tracing::info_span!("request", id = %request_id, %method, route);
    let mut response = next.run(request).instrument(span.clone()).await;

    let status = response.status().as_u16();
    let took = started.elapsed();
    let labels = [("method", method.to_string()), ("route", route), ("status", status.to_string())];
    metrics::counter!("cloudgen_http_requests_total", &labels).increment(1);
    metrics::histogram!("cloudgen_http_request_seconds", &labels[..2]).record(took.as_secs_f64());
    span.in_scope(|| {
        tracing::info!(status, took_ms = took.as_secs_f64() * 1000.0, "answered");
    });

    let headers = response.headers_mut();
    secure(headers, &state.config, nonce.as_ref());
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

fn client(state: &AppState, headers: &HeaderMap, extensions: &Extensions) -> Client {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|it| it.0.ip().to_canonical());
    let trusted = |ip: IpAddr| state.config.trusted_proxies.iter().any(|it| it.contains(ip));
    let through_proxy = peer.is_some_and(trusted);
    let ip = if through_proxy { forwarded(headers, trusted).or(peer) } else { peer };
    let given = headers.get(REQUEST_ID).and_then(|it| it.to_str().ok()).filter(|it| {
        through_proxy
            && (8..=64).contains(&it.len())
            && it.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    });
    let request_id = given.map_or_else(|| state.ids.next().to_string(), str::to_owned);
    let user_agent = headers.get(header::USER_AGENT).and_then(|it| it.to_str().ok());
    Client {
        ip,
        user_agent: user_agent.map(|it| it.chars().take(300).collect::<String>().into()),
        request_id: request_id.into(),
    }
}

/// The nearest address that is not a proxy of ours; what stands before it can
/// be made up by anyone.
fn forwarded(headers: &HeaderMap, trusted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut hops: Vec<IpAddr> = Vec::new();
    for value in headers.get_all(FORWARDED_FOR) {
        for hop in value.to_str().ok()?.split(',') {
            hops.push(hop.trim().parse::<IpAddr>().ok()?.to_canonical());
        }
    }
    hops.into_iter().rev().find(|it| !trusted(*it))
}

fn secure(headers: &mut HeaderMap, config: &Config, nonce: Option<&Nonce>) {
    let policy = match nonce {
        Some(Nonce(nonce)) => {
            let policy = format!(
                "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; \
                 style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; connect-src 'self'; \
                 font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
                 object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
            );
            HeaderValue::try_from(policy).expect("a nonce is base64")
        }
        None => HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    };
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "strict-origin-when-cross-origin"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if config.is_https() {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// Within the rendering layers: refuses cross-site changes and ends what takes
/// too long.
pub async fn inner(
    state: &AppState,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let expected = request.extensions().get::<cors::Allowed>().is_some();
    if !expected && !is_safe(request.method()) && is_cross_site(&state.config, request.headers()) {
        return Error::Forbidden.into_response();
    }
    match tokio::time::timeout(state.config.request_timeout, next(request)).await {
        Ok(response) => response,
        Err(_) => {
            let body = ErrorBody::of_status(axum::http::StatusCode::SERVICE_UNAVAILABLE);
            (body.status, axum::Extension(body)).into_response()
        }
    }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Whether a browser sent this on behalf of another site. Browsers say so
/// themselves; older ones at least name the origin. Neither header means that
/// no browser is involved, and then there are no cookies to misuse.
fn is_cross_site(config: &Config, headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or("invalid"));
    match (text(&SEC_FETCH_SITE), text(&header::ORIGIN)) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = text(&header::HOST).unwrap_or_default();
            let here = origin.split_once("://").map(|(_, it)| it);
            origin != config.public_url && here != Some(host)
        }
        (None, None) => false,
    }
}

/// Makes a panic an ordinary internal error.
pub async fn catching(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    AssertUnwindSafe(next(request)).catch_unwind().await.unwrap_or_else(panicked)
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let message = cause
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| cause.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    Error::Internal(anyhow::anyhow!("panic: {message}")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cross_site(pairs: &[(&'static str, &'static str)]) -> bool {
        let config = Config::read(&|name| match name {
            "HOME" => Some("/nonexistent".to_owned()),
            "CLOUDGEN_PUBLIC_URL" => Some("https://cloudgen.example".to_owned()),
            _ => None,
        })
        .unwrap();
        let headers = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        is_cross_site(&config, &headers.collect())
    }

    #[test]
    fn only_our_own_pages_may_change_something() {
        for (pairs, refused) in [
            (&[("sec-fetch-site", "same-origin")][..], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("sec-fetch-site", "cross-site")], true),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://cloudgen.example")], true),
            (&[("origin", "https://cloudgen.example")], false),
            (&[("origin", "https://cloudgen.example.evil")], true),
            (&[("origin", "null")], true),
            (&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")], false),
            (&[], false),
        ] {
            assert_eq!(cross_site(pairs), refused, "{pairs:?}");
        }
    }

    /// ASVS V4.1.3 V15.3.4
    #[test]
    fn forwarded_addresses_are_believed_from_the_right() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, HeaderValue::from_static("1.1.1.1, 2.2.2.2, 10.0.0.2"));
        let ours = |ip: IpAddr| ip.to_string().starts_with("10.");
        assert_eq!(forwarded(&headers, ours).unwrap().to_string(), "2.2.2.2");
    }
}
