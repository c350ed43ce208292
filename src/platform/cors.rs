//! Calls of the API by scripts of other sites (CORS): refused unless the
//! installation names the origins. Such a call never acts by a cookie: it is
//! dropped here, so what is done is done by the API key that the call shows.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::state::AppState;

/// Left on a request that comes from an allowed origin.
#[derive(Clone, Copy, Debug)]
pub struct Allowed;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const SENT: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-none-match, if-range, last-event-id, prefer, range",
);
const SHOWN: HeaderValue = HeaderValue::from_static(
    "content-disposition, content-range, deprecation, etag, idempotent-replayed, link, location, \
     preference-applied, ratelimit, ratelimit-policy, retry-after, sunset, x-request-id",
);

/// Wraps the API.
pub async fn layer(
    state: &AppState,
    mut request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    if state.config.cors_origins.is_empty() {
        return next(request).await;
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let allowed = origin.filter(|it| state.config.cors_origins.iter().any(|known| it == known));
    let mut response = match &allowed {
        Some(_) if is_preflight(&request) => preflight(),
        Some(_) => {
            request.headers_mut().remove(header::COOKIE);
            request.extensions_mut().insert(Allowed);
            next(request).await
        }
        None => next(request).await,
    };
    let headers = response.headers_mut();
    // Caches must not give one site the answer that was for another.
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = allowed {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, SHOWN);
        headers.insert(
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("cross-origin"),
        );
    }
    response
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight() -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, SENT);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// An origin as browsers write it: scheme, host, and a port if it is not the
/// usual one.
pub fn origin(text: &str) -> Option<String> {
    let uri: axum::http::Uri = text.parse().ok()?;
    let usual = match uri.scheme_str()? {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let bare = uri.path() == "/" && uri.query().is_none() && !text.ends_with('/');
    let plain = uri.host().is_some_and(|it| !it.is_empty() && it == it.to_ascii_lowercase());
    let no_user = !uri.authority()?.as_str().contains('@');
    (bare && plain && no_user && uri.port_u16() != Some(usual)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for good in ["https://portal.example.com", "http://localhost:3000"] {
            assert_eq!(origin(good).as_deref(), Some(good));
        }
        for bad in [
            "*",
            "null",
            "portal.example.com",
            "https://portal.example.com/",
            "https://portal.example.com/app",
            "https://Portal.example.com",
            "https://me@portal.example.com",
            "https://portal.example.com:443",
            "ftp://portal.example.com",
        ] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
