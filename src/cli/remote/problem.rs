//! What a server refuses, for people: its words, and what to do about it.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use crate::cli::failure::{Failure, Kind};
use crate::cli::report::{clean, list, text};

/// Puts a problem document (RFC 9457), or what else the body is, into words.
pub fn failure(server: &str, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(body).unwrap_or_default();
    let header = |name: &str| headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let title = match text(&problem["title"]) {
        "" => status.canonical_reason().unwrap_or("Error"),
        title => title,
    };
    let detail = match (text(&problem["detail"]), text(&problem["error_description"])) {
        ("", "") => format!("{server} gave no reason"),
        ("", other) | (other, _) => other.to_owned(),
    };
    let mut message = format!("{title} ({}): {}", status.as_u16(), clean(&detail));
    for error in list(&problem["errors"]) {
        let (pointer, why) = (text(&error["pointer"]), text(&error["message"]));
        let pointer = if pointer.is_empty() { "the request" } else { pointer };
        message.push_str(&format!("\n  {}: {}", clean(pointer), clean(why)));
    }
    if let Some(hint) = hint(server, status, text(&problem["code"]), headers) {
        message.push_str(&format!("\n  try: {hint}"));
    }
    let id = match text(&problem["request_id"]) {
        "" => header("x-request-id"),
        id => id,
    };
    if !id.is_empty() {
        message.push_str(&format!("\n  request: {}", clean(id)));
    }
    Failure { kind: kind(status), message }
}

pub fn kind(status: StatusCode) -> Kind {
    match status.as_u16() {
        401 => Kind::NotSignedIn,
        403 => Kind::NotAllowed,
        404 | 410 => Kind::NotFound,
        429 | 500.. => Kind::Unavailable,
        _ => Kind::Refused,
    }
}

fn hint(server: &str, status: StatusCode, code: &str, headers: &HeaderMap) -> Option<String> {
    Some(match (status.as_u16(), code) {
        (401, _) => format!("cloudgen login --server {server}, or set CLOUDGEN_TOKEN"),
        (403, "missing_scope") => {
            "use a key that has it: cloudgen keys create --scope …, or log in again".to_owned()
        }
        (403, _) => {
            "ask an admin of your organisation; cloudgen auth status tells your role".to_owned()
        }
        (404, _) => "cloudgen sessions list shows the sessions that you can see".to_owned(),
        (409, "artifacts_not_ready") => "cloudgen generate, then download again".to_owned(),
        (409, "no_analysis") => "cloudgen edit --session-id ID \"what you need\"".to_owned(),
        (429, _) => match headers.get(RETRY_AFTER).and_then(|it| it.to_str().ok()) {
            Some(seconds) => format!("again in {} seconds", clean(seconds)),
            None => "again in a minute".to_owned(),
        },
        (500.., _) => "again later; if it stays, report it with the request id".to_owned(),
        (300..=399, _) => match headers.get("location").and_then(|it| it.to_str().ok()) {
            Some(place) => format!("the server is at {}: name it with --server", clean(place)),
            None => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn a_problem_is_told_with_its_place_and_the_way_on() {
        let body = br#"{"title":"Unprocessable Entity","status":422,"code":"invalid","detail":"region: no",
            "request_id":"r-1","errors":[{"pointer":"/region","message":"is no region\u001b[2J"}]}"#;
        let it = failure("https://x", StatusCode::UNPROCESSABLE_ENTITY, &HeaderMap::new(), body);
        assert_eq!(it.kind, Kind::Refused);
        assert_snapshot!(it.message, @"
        Unprocessable Entity (422): region: no
          /region: is no region [2J
          request: r-1
        ");
    }

    #[test]
    fn what_is_no_problem_document_is_told_all_the_same() {
        let mut headers = HeaderMap::new();
        headers.insert("x-request-id", "r-2".parse().unwrap());
        let it = failure("https://x", StatusCode::BAD_GATEWAY, &headers, b"<html>");
        assert_eq!(it.kind, Kind::Unavailable);
        assert_snapshot!(it.message, @"
        Bad Gateway (502): https://x gave no reason
          try: again later; if it stays, report it with the request id
          request: r-2
        ");
    }
}
