//! Errors on their way out of the API: `application/problem+json` (RFC 9457).
//!
//! [`as_json`] is the outermost layer of the API router. Whatever leaves it with
//! an error status is a problem document, whether a handler, an extractor or a
//! layer refused. Pages have [`crate::platform::page::render`] instead.

use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use super::ctx::Client;
use super::error::{ErrorBody, FieldError};
use super::extract::Json;

/// What went wrong, in a form that programs can read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Where this kind of problem is described.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    /// A stable name for the problem; the texts may change.
    pub code: String,
    pub detail: String,
    /// The path that was asked for.
    pub instance: String,
    /// Quote this when you report the problem.
    pub request_id: String,
    /// What is wrong with which value of the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The quotas that are used up, as `RateLimit-Policy` names them.
    #[serde(rename = "violated-policies", skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<&'static str>,
}

/// The registered type of problems with quotas.
const QUOTA_EXCEEDED: &str = "https://iana.org/assignments/http-problem-types#quota-exceeded";

/// Left on a response that is not a problem document although it tells of an
/// error, because the protocol that it belongs to says how.
#[derive(Clone, Copy, Debug)]
pub struct AsIs;

/// The responses that every operation may give.
pub struct Errors;

impl IntoResponses for Errors {
    fn responses() -> std::collections::BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        let problem = |description: &str| {
            let content =
                ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            ResponseBuilder::new()
                .description(description)
                .content("application/problem+json", content)
                .build()
        };
        [
            ("400", "The request could not be read"),
            ("401", "Not signed in"),
            ("403", "Not allowed"),
            ("404", "No such thing, or not yours"),
            ("409", "In conflict with what is there"),
            ("422", "A value is not acceptable"),
            ("429", "Too many requests"),
        ]
        .into_iter()
        .map(|(status, description)| (status.to_owned(), RefOr::T(problem(description))))
        .collect()
    }
}

/// Turns refusals into problem documents.
pub async fn as_json(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let instance = request.uri().path().to_owned();
    let request_id = Client::of(request.extensions()).request_id.to_string();
    let response = next(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let body = match response.extensions().get::<ErrorBody>() {
        Some(body) => body.clone(),
        None if is_problem(&response) || response.extensions().get::<AsIs>().is_some() => {
            return response;
        }
        None => ErrorBody::of_status(status),
    };
    let problem = Problem {
        kind: match body.policy {
            Some(_) => QUOTA_EXCEEDED.to_owned(),
            None => format!("/docs/problems/{}", body.code),
        },
        title: status.canonical_reason().unwrap_or("Error").to_owned(),
        status: body.status.as_u16(),
        code: body.code.into_owned(),
        detail: body.message,
        instance,
        request_id,
        errors: body.errors,
        violated_policies: body.policy.into_iter().collect(),
    };
    let mut rendered = (body.status, Json(problem)).into_response();
    let headers = rendered.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    // How to come in (RFC 6750).
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"CloudGen\""),
        );
    }
    for (name, value) in response.headers() {
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            headers.append(name.clone(), value.clone());
        }
    }
    rendered
}

fn is_problem(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|it| it.as_bytes().starts_with(b"application/problem+json"))
}
