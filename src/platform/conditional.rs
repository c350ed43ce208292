//! Conditional requests (RFC 9110, section 13): what was read before and is
//! still the same is not sent again.
//!
//! Every JSON answer to a GET gets a validator of its bytes. What streams has
//! none, and downloads bring their own.

use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::crypto::{hex, sha256};

/// Wraps the API, within what compresses.
pub async fn layer(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next(request).await;
    if !reads || response.status() != StatusCode::OK || !is_json(&response) {
        return response;
    }
    // An answer that is made as it is sent has no exact size.
    if response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let digest = sha256(&bytes);
    // Weak, because a proxy or we ourselves may compress it.
    let tag = format!("W/\"{}\"", hex(&digest[..16]));
    let same = known.as_ref().and_then(|it| it.to_str().ok()).is_some_and(|it| matches(it, &tag));
    parts.headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal is plain"));
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    if !same {
        return Response::from_parts(parts, Body::from(bytes));
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::empty())
}

fn is_json(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|it| it == "application/json")
        && !response.headers().contains_key(header::ETAG)
}

/// By the weak comparison, which is the one for reading.
fn matches(given: &str, tag: &str) -> bool {
    let opaque = |it: &str| it.trim().trim_start_matches("W/").to_owned();
    given.split(',').any(|it| it.trim() == "*" || opaque(it) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn validators_are_compared_weakly() {
        for same in ["W/\"a\"", "\"a\"", "\"b\", W/\"a\"", "*"] {
            assert!(matches(same, "W/\"a\""), "{same}");
        }
        for other in ["", "\"b\"", "a", "W/\"ab\""] {
            assert!(!matches(other, "W/\"a\""), "{other}");
        }
    }
}
