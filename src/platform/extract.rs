//! Extractors that refuse in our shape, and the cursor that lists page with.
//!
//! axum's own answer with plain text; these answer with an [`Error`], which the
//! API renders as a problem and pages as a page.

#![expect(clippy::disallowed_types, reason = "these wrap the ones that are not to be used")]

use axum::body::Bytes;
use axum::extract::rejection::{FormRejection, JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::error::{Error, FieldError, Result};

/// A JSON body, in and out.
#[derive(Debug)]
pub struct Json<T>(pub T);

/// The fields of a submitted form.
#[derive(Debug)]
pub struct Form<T>(pub T);

/// The parameters in the path.
#[derive(Debug)]
pub struct Path<T>(pub T);

/// The parameters after the question mark.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        if !is_json(request.headers()) {
            return Err(Error::MediaType("application/json"));
        }
        let body = Bytes::from_request(request, state).await.map_err(|err| {
            if err.status() == 413 { Error::TooLarge } else { Error::Malformed(err.body_text()) }
        })?;
        match axum::Json::from_bytes(&body) {
            // serde takes a list for an object whose fields come in their order.
            Ok(_) if body.trim_ascii_start().first() != Some(&b'{') => {
                Err(Error::invalid("", "must be an object"))
            }
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(JsonRejection::JsonDataError(err)) => {
                Err(Error::Invalid(vec![placed(&without_preamble(&err.body_text()))]))
            }
            Err(err) => Err(Error::Malformed(err.body_text())),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(header::CONTENT_TYPE).and_then(|it| it.to_str().ok()).unwrap_or("");
    let essence = media.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    essence == "application/json"
        || essence.starts_with("application/") && essence.ends_with("+json")
}

/// serde's complaint, without axum's words about deserialising into a type.
fn without_preamble(text: &str) -> String {
    text.split_once("target type: ").map_or(text, |(_, rest)| rest).to_owned()
}

/// serde's complaint with its place, `a.b[0]: is wrong`, as ours with a pointer.
fn placed(text: &str) -> FieldError {
    let is_place = |it: &str| {
        !it.is_empty() && it.bytes().all(|c| c.is_ascii_alphanumeric() || b"_.[]".contains(&c))
    };
    match text.split_once(": ").filter(|(place, _)| is_place(place)) {
        Some((place, message)) => {
            let place = place.replace('[', ".").replace(']', "");
            let steps: Vec<_> = place.split('.').filter(|it| !it.is_empty()).collect();
            FieldError {
                field: steps.join("/").into(),
                pointer: steps.iter().map(|it| format!("/{it}")).collect(),
                message: message.to_owned().into(),
            }
        }
        None => FieldError::new("", text.to_owned()),
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Form<T> {
    type Rejection = Error;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        match axum::Form::from_request(request, state).await {
            Ok(axum::Form(value)) => Ok(Self(value)),
            Err(err) if err.status() == 413 => Err(Error::TooLarge),
            Err(FormRejection::InvalidFormContentType(_)) => {
                Err(Error::MediaType("application/x-www-form-urlencoded"))
            }
            Err(err) => Err(Error::Malformed(without_preamble(&err.body_text()))),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            // An id that cannot be one is the id of nothing.
            Err(PathRejection::FailedToDeserializePathParams(_)) => Err(Error::NotFound("page")),
            Err(err) => Err(Error::Malformed(err.body_text())),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|err: QueryRejection| Error::Malformed(without_preamble(&err.body_text())))
    }
}

/// Which part of a list is asked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// `next` of the part before; absent for the first.
    pub cursor: Option<String>,
    /// At most this many, up to 100; 50 when absent.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<u16>,
}

impl Paging {
    pub fn limit(&self) -> Result<usize> {
        match self.limit.unwrap_or(50) {
            limit @ 1..=100 => Ok(limit.into()),
            _ => Err(Error::invalid("limit", "must be between 1 and 100")),
        }
    }

    /// Where to go on, in whatever form the list encoded it.
    pub fn after<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        let Some(cursor) = self.cursor.as_deref().filter(|it| !it.is_empty()) else {
            return Ok(None);
        };
        let decoded = URL_SAFE_NO_PAD.decode(cursor).ok();
        let after = decoded.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        after.map(Some).ok_or_else(|| Error::invalid("cursor", "is not one that we gave"))
    }
}

/// One part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct List<T> {
    pub items: Vec<T>,
    /// The cursor of the part after this; `null` at the end.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> List<T> {
    /// Takes one row more than `limit`, which is how it knows that there is more.
    pub fn of<C: Serialize>(mut rows: Vec<T>, limit: usize, cursor: impl Fn(&T) -> C) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| {
            let position = serde_json::to_vec(&cursor(row)).expect("a cursor is plain data");
            URL_SAFE_NO_PAD.encode(position)
        });
        Self { items: rows, next }
    }
}

/// Left on the answer with a part of a list, for [`link`] to say where it goes on.
#[derive(Clone, Debug)]
struct Next(String);

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        let next = self.next.clone().map(|it| axum::Extension(Next(it)));
        (next, Json(self)).into_response()
    }
}

/// Wraps the API: an answer with a part of a list links to the next (RFC 8288).
pub async fn link(request: Request, next: impl AsyncFnOnce(Request) -> Response) -> Response {
    let uri = request.uri().clone();
    let mut response = next(request).await;
    if let Some(Next(cursor)) = response.extensions().get::<Next>() {
        let kept = uri.query().unwrap_or_default().split('&');
        let kept = kept.filter(|it| !it.is_empty() && !it.starts_with("cursor="));
        let query: Vec<_> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
        let link = format!("<{}?{}>; rel=\"next\"", uri.path(), query.join("&"));
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    response
}

/// Whether the caller would rather come back for the answer (RFC 7240).
pub fn wants_async(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|it| it.to_str().ok())
        .any(|it| it.split(',').any(|it| it.trim().eq_ignore_ascii_case("respond-async")))
}

/// An answer to come: 202 with the address that tells how far it is.
pub fn accepted(operation: Uuid, body: impl Serialize) -> Response {
    let location = format!("/api/v1/operations/{operation}");
    let location = HeaderValue::try_from(location).expect("an id is plain");
    let applied = HeaderValue::from_static("respond-async");
    let headers =
        [(header::LOCATION, location), (HeaderName::from_static("preference-applied"), applied)];
    (StatusCode::ACCEPTED, headers, Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_about_json_points_at_its_place() {
        for (text, pointer, message) in [
            ("missing field `name` at line 1", "", "missing field `name` at line 1"),
            ("scopes[1]: unknown variant `x`", "/scopes/1", "unknown variant `x`"),
            ("setting.kind: invalid type: null", "/setting/kind", "invalid type: null"),
            ("invalid type: null", "", "invalid type: null"),
        ] {
            let complaint = placed(text);
            assert_eq!((complaint.pointer.as_str(), &*complaint.message), (pointer, message));
        }
    }

    #[test]
    fn a_cursor_comes_back_as_it_was_given() {
        let list = List::of(vec![1, 2, 3], 2, |it| (*it, "x"));
        assert_eq!(list.items, [1, 2]);
        let paging = Paging { cursor: list.next, limit: None };
        assert_eq!(paging.after::<(i32, String)>().unwrap(), Some((2, "x".to_owned())));
        assert!(paging.after::<Vec<i32>>().is_err());
        assert_eq!(List::of(vec![1, 2], 2, |it| *it).next, None);
    }
}
