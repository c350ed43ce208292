//! Static files. Their addresses carry a hash of their contents, so browsers
//! may keep them for ever.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use minijinja::Value;
use rust_embed::{Embed, EmbeddedFile};

use super::crypto::hex;

#[derive(Embed)]
#[folder = "static/"]
struct Files;

fn fingerprint(file: &EmbeddedFile) -> String {
    hex(&file.metadata.sha256_hash()[..6])
}

/// The address of a static file: `/static/app.3f2a91c07b44.css`.
pub fn url(name: &str) -> Result<Value, minijinja::Error> {
    let file = Files::get(name).ok_or_else(|| {
        let message = format!("there is no static/{name}");
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, message)
    })?;
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    // Made of our own names and hexadecimal: nothing to escape.
    Ok(Value::from_safe_string(format!("/static/{stem}.{}.{ending}", fingerprint(&file))))
}

/// Answers `/static/…`.
pub async fn serve(request: Request) -> Response {
    let path = request.uri().path();
    let asked = path.strip_prefix("/static/").unwrap_or(path.trim_start_matches('/'));
    let Some((name, file, hashed)) = find(asked) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", fingerprint(&file));
    let kept = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = request.headers().get(header::IF_NONE_MATCH);
    let mut response = if known.is_some_and(|it| it.as_bytes() == tag.as_bytes()) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        Body::from(file.data).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type(&name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::ETAG, HeaderValue::try_from(tag).expect("hexadecimal in quotes"));
    response
}

/// The file asked for, by its plain name or by the one with its hash.
fn find(asked: &str) -> Option<(String, EmbeddedFile, bool)> {
    if let Some(file) = Files::get(asked) {
        return Some((asked.to_owned(), file, false));
    }
    let (rest, ending) = asked.rsplit_once('.')?;
    let (stem, hash) = rest.rsplit_once('.')?;
    let name = format!("{stem}.{ending}");
    let file = Files::get(&name)?;
    // An old page may ask for the file as it was; it gets the one there is,
    // but must not keep it under the old name.
    let current = fingerprint(&file) == hash;
    Some((name, file, current))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        _ => "application/octet-stream",
    }
}
