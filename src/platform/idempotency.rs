//! `Idempotency-Key`: a POST that is repeated with its key happens once.
//!
//! The answer is stored by the very transaction that did the work. `commit` of
//! a request with a key does not commit yet but hands the transaction to
//! [`layer`], which adds the answer and commits both. So there is no moment at
//! which the work is done and the answer not kept, wherever the process dies.
//! While the first request runs it holds an advisory lock, which ends with it.
//! Answers may hold secrets that are shown once, so they are kept sealed.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Duration, Utc};
use sqlx::{FromRow, PgConnection, Postgres, Transaction};

use super::crypto::{hex, sha256};
use super::ctx;
use super::error::{Error, Result};
use super::state::AppState;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long an answer is kept.
pub(super) const KEPT: Duration = Duration::hours(24);

/// Where a request's transaction leaves itself to be committed with its answer.
#[derive(Clone)]
pub struct Slot(Arc<Keyed>);

struct Keyed {
    scope: [u8; 32],
    key: String,
    fingerprint: [u8; 32],
    claimed: AtomicBool,
    handed_over: Mutex<Option<Transaction<'static, Postgres>>>,
}

/// The right of a transaction to leave itself in the [`Slot`].
pub struct Ticket(Slot);

impl Slot {
    /// Called by the first transaction of the request; later ones commit by
    /// themselves.
    pub(super) async fn claim(&self, conn: &mut PgConnection) -> Result<Option<Ticket>> {
        if self.0.claimed.swap(true, Ordering::SeqCst) {
            return Ok(None);
        }
        let digest = sha256([self.0.scope.as_slice(), self.0.key.as_bytes()].concat());
        let (lock, _) = digest.split_first_chunk::<8>().expect("a digest has 32 bytes");
        let free: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock($1)")
            .bind(i64::from_be_bytes(*lock))
            .fetch_one(conn)
            .await?;
        if !free {
            return Err(Error::conflict(
                "idempotency_key_in_use",
                "the first request with this Idempotency-Key is still running",
            ));
        }
        Ok(Some(Ticket(self.clone())))
    }
}

impl Slot {
    /// What the kept answer is sealed for.
    fn context(&self) -> String {
        format!("idempotent:{}:{}", hex(&self.0.scope), self.0.key)
    }
}

impl Ticket {
    pub(super) fn hand_over(self, tx: Transaction<'static, Postgres>) {
        *self.0.0.handed_over.lock().expect("nobody panics holding this") = Some(tx);
    }
}

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Slot({})", self.0.key)
    }
}

#[derive(FromRow)]
struct Answer {
    fingerprint: Vec<u8>,
    status: i16,
    content_type: Option<String>,
    location: Option<String>,
    body: Vec<u8>,
}

fn is_plain(key: &str) -> bool {
    (1..=255).contains(&key.len()) && key.bytes().all(|it| it.is_ascii_graphic() && it != b'"')
}

/// Wraps the API: keeps and replays the answers of POSTs that carry a key.
pub async fn layer(
    state: &AppState,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    if request.method() != Method::POST || !request.headers().contains_key(KEY) {
        return next(request).await;
    }
    run(state, request, next).await.unwrap_or_else(IntoResponse::into_response)
}

async fn run(
    state: &AppState,
    request: Request,
    next: impl AsyncFnOnce(Request) -> Response,
) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let key = parts.headers.get(KEY).and_then(|it| it.to_str().ok()).map(|it| it.trim_matches('"'));
    let key = key.filter(|it| is_plain(it)).map(str::to_owned).ok_or_else(|| {
        Error::Malformed("Idempotency-Key must have 1 to 255 visible characters".to_owned())
    })?;
    let body = to_bytes(body, state.config.body_limit).await.map_err(|_| Error::TooLarge)?;
    let path = parts.uri.path_and_query().map_or("/", |it| it.as_str());
    let fingerprint = sha256([path.as_bytes(), b"\n", &body].concat());

    let (person, org) = match ctx::caller(&mut parts, state).await {
        // Nobody to keep an answer for; who has to be known says so.
        Err(Error::Unauthenticated) => {
            return Ok(next(Request::from_parts(parts, Body::from(body))).await);
        }
        caller => caller?,
    };
    let org_id = org.map(|it| it.id).unwrap_or_default();
    let scope = sha256(format!("{} {org_id} {}", person.actor_id(), parts.uri.path()));
    let slot = Slot(Arc::new(Keyed {
        scope,
        key,
        fingerprint,
        claimed: AtomicBool::new(false),
        handed_over: Mutex::new(None),
    }));
    if let Some(answer) = stored(state, &slot).await? {
        return answer.replay(state, &slot);
    }
    parts.extensions.insert(slot.clone());
    let response = next(Request::from_parts(parts, Body::from(body))).await;

    let tx = slot.0.handed_over.lock().expect("nobody panics holding this").take();
    let Some(tx) = tx else { return Ok(response) };
    // Work that ended in a failure of ours is undone: dropping rolls back.
    if response.status().is_server_error() {
        return Ok(response);
    }
    keep(state, &slot, tx, response).await
}

async fn stored(state: &AppState, slot: &Slot) -> Result<Option<Answer>> {
    let answer = sqlx::query_as(
        "select fingerprint, status, content_type, location, body from idempotent_answer
          where scope = $1 and key = $2 and created_at > $3",
    )
    .bind(slot.0.scope)
    .bind(&slot.0.key)
    .bind(state.clock.now() - KEPT)
    .fetch_optional(state.db.pool())
    .await?;
    Ok(answer)
}

/// Adds the answer to the transaction that did the work, and commits both.
async fn keep(
    state: &AppState,
    slot: &Slot,
    mut tx: Transaction<'static, Postgres>,
    response: Response,
) -> Result<Response> {
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, usize::MAX).await.map_err(anyhow::Error::from)?;
    let text = |name| parts.headers.get(&name).and_then(|it: &HeaderValue| it.to_str().ok());
    let now: DateTime<Utc> = state.clock.now();
    // Requests have no rights in this table; the login role has.
    sqlx::query("select set_config('role', 'none', true)").execute(&mut *tx).await?;
    let done = sqlx::query(
        "insert into idempotent_answer as a
                (scope, key, fingerprint, status, content_type, location, body, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (scope, key) do update
            set fingerprint = excluded.fingerprint, status = excluded.status,
                content_type = excluded.content_type, location = excluded.location,
                body = excluded.body, created_at = excluded.created_at
          where a.created_at <= $9",
    )
    .bind(slot.0.scope)
    .bind(&slot.0.key)
    .bind(slot.0.fingerprint)
    .bind(i16::try_from(parts.status.as_u16()).unwrap_or(200))
    .bind(text(header::CONTENT_TYPE))
    .bind(text(header::LOCATION))
    .bind(state.keys.seal(&slot.context(), &body))
    .bind(now)
    .bind(now - KEPT)
    .execute(&mut *tx)
    .await?;
    if done.rows_affected() == 0 {
        // Another request with the key finished between our look and our lock.
        tx.rollback().await?;
        let answer = stored(state, slot).await?;
        return answer
            .ok_or_else(|| anyhow::anyhow!("an idempotent answer vanished"))?
            .replay(state, slot);
    }
    tx.commit().await?;
    Ok(Response::from_parts(parts, Body::from(body)))
}

impl Answer {
    fn replay(self, state: &AppState, slot: &Slot) -> Result<Response> {
        if self.fingerprint != slot.0.fingerprint {
            return Err(Error::invalid("", "this Idempotency-Key was used for another request"));
        }
        let body = state.keys.open(&slot.context(), &self.body)?;
        let status = u16::try_from(self.status).ok().and_then(|it| StatusCode::from_u16(it).ok());
        let mut response = (status.unwrap_or(StatusCode::OK), Body::from(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
        for (name, value) in
            [(header::CONTENT_TYPE, self.content_type), (header::LOCATION, self.location)]
        {
            if let Some(value) = value.and_then(|it| HeaderValue::try_from(it).ok()) {
                headers.insert(name, value);
            }
        }
        Ok(response)
    }
}
