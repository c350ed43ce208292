//! The layer around the API that holds callers to their quota and counts what
//! keys are used for.
//!
//! A key has its own quota, and so has a login: a page that calls the API does
//! not use up what a pipeline needs. Callers we do not know are the handlers'
//! to refuse.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::features::orgs::plans;
use crate::platform::api_key::Mode;
use crate::platform::ctx::{self, Client, OrgRef, Person};
use crate::platform::error::{Error, Result};
use crate::platform::quota::{Quota, Rate, Standing, Tariff, WINDOW};
use crate::platform::state::AppState;
use crate::platform::usage::Call;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LEFT: HeaderName = HeaderName::from_static("ratelimit");

/// People at a browser, on every plan: what they do is slow enough by itself.
const LOGIN_UNITS: i64 = 600;

/// Whoever is in no organisation.
const NO_PLAN: &str = "";

/// What operations cost that do not cost one unit.
pub const COSTS: &[(&str, i64)] = &[
    ("POST /api/v1/analyze", 10),
    ("POST /api/v1/implement", 10),
    ("POST /api/v1/sessions/{id}/messages", 10),
    ("POST /api/v1/sessions/{id}/messages/{message_id}/retry", 10),
    ("GET /api/v1/artifacts/{session_id}/archive", 5),
];

/// Whose callers nobody knows yet, with limits of their own.
const FREE: &[&str] =
    &["POST /api/v1/device/code", "POST /api/v1/device/token", "GET /api/v1/openapi.json"];

fn cost(operation: &str) -> i64 {
    COSTS.iter().find(|(it, _)| *it == operation).map_or(1, |(_, cost)| *cost)
}

fn operation(parts: &Parts) -> String {
    let path = parts.extensions.get::<MatchedPath>().map_or("(none)", |it| it.as_str());
    format!("{} {path}", parts.method)
}

/// The units of a minute for a kind of caller on a plan.
fn allowance(kind: &str, plan: &str) -> i64 {
    let limits = plans::limits(plan);
    match kind {
        "test" => limits.test_units_per_minute,
        "live" => limits.api_units_per_minute,
        _ => LOGIN_UNITS.max(limits.api_units_per_minute),
    }
}

/// The units of all kinds of callers on all plans.
pub fn tariff() -> Tariff {
    let plans = plans::all().iter().map(|(plan, _)| *plan).chain([NO_PLAN]);
    let rate = |plan| Rate {
        plan,
        login: allowance("login", plan),
        live: allowance("live", plan),
        test: allowance("test", plan),
    };
    Tariff::new(plans.map(rate).collect())
}

/// The quota of a caller, and whom it is counted for.
fn quota_of(person: &Person, org: Option<&OrgRef>) -> Result<(Uuid, Quota)> {
    let (subject, name) = match person.key() {
        Some(key) if key.mode == Mode::Test => (key.id, "test"),
        Some(key) => (key.id, "live"),
        None => (person.login()?.id, "login"),
    };
    let limit = allowance(name, org.map_or(NO_PLAN, |it| it.plan.as_str()));
    Ok((subject, Quota { name, limit }))
}

pub async fn layer(
    state: &AppState,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let operation = operation(&parts);
    if FREE.contains(&operation.as_str()) {
        return next(Request::from_parts(parts, body)).await;
    }
    let started = Instant::now();
    let units = cost(&operation);
    let (person, org, standing) = match ctx::paying_caller(&mut parts, state, units).await {
        Ok(caller) => caller,
        Err(Error::Unauthenticated) => return next(Request::from_parts(parts, body)).await,
        Err(err) => return err.into_response(),
    };
    let settled = async {
        let (subject, quota) = quota_of(&person, org.as_ref())?;
        let standing = match standing {
            Some(standing) => standing,
            None => state.till.take(subject, quota, units).await?,
        };
        Ok::<_, Error>((quota, standing))
    };
    let (quota, standing) = match settled.await {
        Ok(settled) => settled,
        Err(err) => return err.into_response(),
    };
    let mut response = if standing.allowed {
        next(Request::from_parts(parts, body)).await
    } else {
        let retry_after = standing.resets_in;
        Error::QuotaExceeded { policy: quota.name, retry_after }.into_response()
    };
    tell(&mut response, quota, standing);
    if let (Some(key), Some(org)) = (person.key(), org) {
        let client: &Client = person.client();
        state.usage.record(Call {
            org_id: org.id,
            key_id: key.id,
            operation,
            status: response.status().as_u16(),
            took: started.elapsed(),
            units: if standing.allowed { units } else { 0 },
            ip: client.ip,
            at: state.clock.now(),
        });
    }
    response
}

/// The fields of draft-ietf-httpapi-ratelimit-headers.
fn tell(response: &mut Response, quota: Quota, standing: Standing) {
    let Quota { name, limit } = quota;
    let resets = standing.resets_in.as_secs() + u64::from(standing.resets_in.subsec_nanos() > 0);
    for (header, text) in [
        (POLICY, format!("\"{name}\";q={limit};w={}", WINDOW.as_secs())),
        (LEFT, format!("\"{name}\";r={};t={resets}", standing.left)),
    ] {
        let value = HeaderValue::try_from(text).expect("names and numbers are plain");
        response.headers_mut().insert(header, value);
    }
}
