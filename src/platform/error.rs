//! The one error type handlers return.
//!
//! A variant exists when a client can act on it; everything else is
//! [`Error::Internal`], whose cause is logged and never shown. The type does
//! not know whether it ends up as JSON or HTML: `into_response` attaches an
//! [`ErrorBody`] and the outer layer of the API or page router renders it.

use std::borrow::Cow;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("sign in to continue")]
    Unauthenticated,
    /// The caller is signed in but must prove again that it is them.
    #[error("confirm that it is you to continue")]
    Reauthenticate,
    #[error("your organisation asks for two-factor authentication")]
    TwoFactorRequired,
    #[error("your role does not allow this")]
    Forbidden,
    /// The request shows an API key that does not work.
    #[error("{0}")]
    InvalidKey(&'static str),
    /// Asked for with a key, but only for someone who is signed in.
    #[error("a key cannot do this; sign in to do it yourself")]
    PersonOnly,
    #[error("this key lacks the scope {0}")]
    MissingScope(&'static str),
    #[error("this key does not work from your network address")]
    AddressRefused,
    /// Also used for things that exist in another organisation.
    #[error("no such {0}")]
    NotFound(&'static str),
    #[error("{message}")]
    Conflict { code: &'static str, message: Cow<'static, str> },
    #[error("{}", .0.first().map_or("invalid", |it| &it.message))]
    Invalid(Vec<FieldError>),
    #[error("malformed request: {0}")]
    Malformed(String),
    #[error("the request is too large")]
    TooLarge,
    #[error("send this as {0}")]
    MediaType(&'static str),
    #[error("too many attempts; try again in {}", human(.retry_after))]
    RateLimited { retry_after: Duration },
    /// A caller of the API has used what its plan gives for now.
    #[error("the quota is used up; there is more in {}", human(.retry_after))]
    QuotaExceeded { policy: &'static str, retry_after: Duration },
    /// Another service that we depend on did not do its part.
    #[error("{service} is not available")]
    Upstream { service: &'static str },
    #[error("internal error")]
    Internal(#[from] anyhow::Error),
}

/// What is wrong with one field of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name, as in the form.
    #[serde(skip)]
    pub field: Cow<'static, str>,
    /// JSON pointer to the offending value.
    pub pointer: String,
    pub message: Cow<'static, str>,
}

impl FieldError {
    pub fn new(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let pointer = if field.is_empty() { String::new() } else { format!("/{field}") };
        Self { field: field.into(), pointer, message: message.into() }
    }
}

/// An error as the outer layers render it, and as a form shows it.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorBody {
    #[serde(skip)]
    pub status: StatusCode,
    pub code: Cow<'static, str>,
    pub message: String,
    pub errors: Vec<FieldError>,
    /// The first field complained about, for forms that show one at a time.
    pub field: Option<Cow<'static, str>>,
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// The quota that is used up.
    #[serde(skip)]
    pub policy: Option<&'static str>,
}

impl Error {
    pub fn invalid(field: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(vec![FieldError::new(field, message)])
    }

    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// Whether a form should be shown again with this complaint in it.
    pub fn is_about_input(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Conflict { .. } | Self::RateLimited { .. })
    }

    pub fn body(&self) -> ErrorBody {
        let (status, code) = match self {
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated"),
            Self::Reauthenticate => (StatusCode::FORBIDDEN, "reauthentication_required"),
            Self::TwoFactorRequired => (StatusCode::FORBIDDEN, "two_factor_required"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::InvalidKey(_) => (StatusCode::UNAUTHORIZED, "invalid_key"),
            Self::PersonOnly => (StatusCode::FORBIDDEN, "person_only"),
            Self::MissingScope(_) => (StatusCode::FORBIDDEN, "missing_scope"),
            Self::AddressRefused => (StatusCode::FORBIDDEN, "address_not_allowed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Self::Conflict { code, .. } => (StatusCode::CONFLICT, *code),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::Malformed(_) => (StatusCode::BAD_REQUEST, "malformed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate_limited"),
            Self::QuotaExceeded { .. } => (StatusCode::TOO_MANY_REQUESTS, "quota_exceeded"),
            Self::Upstream { .. } => (StatusCode::BAD_GATEWAY, "upstream"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        };
        let errors = match self {
            Self::Invalid(errors) => errors.clone(),
            _ => Vec::new(),
        };
        let retry_after = match self {
            Self::RateLimited { retry_after } | Self::QuotaExceeded { retry_after, .. } => {
                Some(*retry_after)
            }
            _ => None,
        };
        let policy = match self {
            Self::QuotaExceeded { policy, .. } => Some(*policy),
            _ => None,
        };
        let field = errors.first().map(|it| it.field.clone());
        ErrorBody {
            status,
            code: code.into(),
            message: self.to_string(),
            errors,
            field,
            retry_after,
            policy,
        }
    }
}

impl ErrorBody {
    /// For refusals that come from a layer rather than from a handler.
    pub fn of_status(status: StatusCode) -> Self {
        let (code, message) = match status {
            StatusCode::NOT_FOUND => ("not_found", "there is nothing here"),
            StatusCode::GONE => ("gone", "this operation has come to its end"),
            StatusCode::METHOD_NOT_ALLOWED => ("method_not_allowed", "not with this method"),
            StatusCode::PAYLOAD_TOO_LARGE => ("too_large", "the request is too large"),
            StatusCode::REQUEST_TIMEOUT | StatusCode::GATEWAY_TIMEOUT => {
                ("timeout", "this took too long")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ("unsupported_media_type", "not in this format"),
            StatusCode::RANGE_NOT_SATISFIABLE => {
                ("range_not_satisfiable", "the range lies beyond the end of the file")
            }
            StatusCode::SERVICE_UNAVAILABLE => ("unavailable", "the server is busy; try again"),
            _ if status.is_server_error() => ("internal", "internal error"),
            _ => ("refused", "the request was refused"),
        };
        Self {
            status,
            code: code.into(),
            message: message.into(),
            errors: Vec::new(),
            field: None,
            retry_after: None,
            policy: None,
        }
    }
}

/// The name of the constraint that a statement ran into.
pub fn constraint(err: &sqlx::Error) -> Option<&str> {
    err.as_database_error().and_then(|it| it.constraint())
}

impl From<sqlx::Error> for Error {
    fn from(err: sqlx::Error) -> Self {
        // Deliberately not mapping `RowNotFound` to 404: an expected absence is
        // `fetch_optional` plus `ok_or(NotFound)`; a surprising one is a bug.
        // Postgres has no text with U+0000 in it, and JSON has.
        let code = err.as_database_error().and_then(|it| it.code());
        if matches!(code.as_deref(), Some("22021" | "22P05")) {
            return Self::invalid("", "no text may hold the character U+0000");
        }
        Self::Internal(err.into())
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        if let Self::Internal(cause) = &self {
            tracing::error!(error = format!("{cause:#}"), "request failed");
        }
        let body = self.body();
        let mut response = (body.status, axum::Extension(body.clone())).into_response();
        if let Some(wait) = body.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

fn human(wait: &Duration) -> String {
    match wait.as_secs() {
        0..=1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_of_an_internal_error_is_not_shown() {
        let body = Error::Internal(anyhow::anyhow!("password is hunter2")).body();
        assert_eq!((body.status.as_u16(), body.message.as_str()), (500, "internal error"));
    }

    #[test]
    fn a_rate_limit_says_when_to_come_back() {
        let response =
            Error::RateLimited { retry_after: Duration::from_millis(1500) }.into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "2");
    }
}
