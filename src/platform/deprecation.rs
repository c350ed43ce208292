//! How operations of the API come to an end: announced, then refused.
//!
//! From the day that something is deprecated its answers say so (`Deprecation`,
//! RFC 9745), until when it works (`Sunset`, RFC 8594) and what to use instead;
//! after that day it answers 410. Nobody has to remember any of it: whoever
//! puts an operation on the list gets all of it, in the description, too.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::clock::Clock;

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// An operation that is going to end.
#[derive(Clone, Copy, Debug)]
pub struct Deprecated {
    /// Like `GET /api/v1/orgs`.
    pub operation: &'static str,
    pub since: NaiveDate,
    /// The first day on which it does not work; at least a year later.
    pub sunset: NaiveDate,
    /// The page that tells what to use instead.
    pub instead: &'static str,
}

impl Deprecated {
    /// RFC 9745: a structured date.
    pub fn since_field(&self) -> String {
        format!("@{}", midnight(self.since).timestamp())
    }

    /// RFC 8594: a date as in all of HTTP.
    pub fn sunset_field(&self) -> String {
        midnight(self.sunset).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn link_field(&self) -> String {
        format!("<{}>; rel=\"deprecation\"", self.instead)
    }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// What is going to end, by whose clock.
#[derive(Clone, Debug)]
pub struct Endings {
    pub list: &'static [Deprecated],
    pub clock: Clock,
}

/// Wraps the API.
pub async fn layer(
    endings: &Endings,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let path = request.extensions().get::<MatchedPath>().map_or("", |it| it.as_str());
    let operation = format!("{} {path}", request.method());
    let Some(ending) = endings.list.iter().find(|it| it.operation == operation) else {
        return next(request).await;
    };
    let mut response = if endings.clock.now() < midnight(ending.sunset) {
        next(request).await
    } else {
        StatusCode::GONE.into_response()
    };
    for (name, text) in [
        (DEPRECATION, ending.since_field()),
        (SUNSET, ending.sunset_field()),
        (header::LINK, ending.link_field()),
    ] {
        let value = HeaderValue::try_from(text).expect("dates and our own addresses are plain");
        // A list may link to its next part as well.
        response.headers_mut().append(name, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::{Next, from_fn};
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    const LIST: &[Deprecated] = &[Deprecated {
        operation: "GET /old/{id}",
        since: NaiveDate::from_ymd_opt(2027, 1, 1).unwrap(),
        sunset: NaiveDate::from_ymd_opt(2028, 1, 1).unwrap(),
        instead: "/docs/versioning",
    }];

    async fn ask(at: &str, method: &str, path: &str) -> Response {
        let clock = Clock::fixed(at.parse().unwrap());
        let router = Router::new()
            .route("/old/{id}", get(async || "here").delete(async || "gone"))
            .route("/new/{id}", get(async || "here"))
            .layer(from_fn(move |request, next: Next| {
                let endings = Endings { list: LIST, clock: clock.clone() };
                async move { layer(&endings, request, async |it| next.run(it).await).await }
            }));
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_going_to_end_says_so_and_then_ends() {
        for (at, status) in [("2027-12-31T23:59:59Z", 200), ("2028-01-01T00:00:00Z", 410)] {
            let answer = ask(at, "GET", "/old/1").await;
            assert_eq!(answer.status(), status);
            let header = |name: &str| answer.headers()[name].to_str().unwrap();
            assert_eq!(header("deprecation"), "@1798761600");
            assert_eq!(header("sunset"), "Sat, 01 Jan 2028 00:00:00 GMT");
            assert_eq!(header("link"), "</docs/versioning>; rel=\"deprecation\"");
        }
        for (method, path) in [("GET", "/new/1"), ("DELETE", "/old/1")] {
            let answer = ask("2029-01-01T00:00:00Z", method, path).await;
            assert_eq!((answer.status().as_u16(), answer.headers().get("sunset")), (200, None));
        }
    }
}
