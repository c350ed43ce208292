//! How many units of the API a caller may use within a window: exact, also over
//! several servers on one database.
//!
//! A window begins with the first call after the one before is over. One
//! statement decides, counts and tells what is left; the row's lock puts the
//! servers in order. [`rate_limit`](super::rate_limit) is for what must not be
//! guessed at, this is what plans promise.

use std::time::Duration;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::Result;
use super::state::AppState;

/// `limit` units in each window.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// How the policy is called in headers.
    pub name: &'static str,
    pub limit: i64,
    pub window: Duration,
}

/// What a call left behind.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether the call may be served; one that may not costs nothing.
    pub allowed: bool,
    pub left: i64,
    /// When all units are there again.
    pub resets_in: Duration,
}

/// Takes `cost` units from what `subject` (a key, a login) may use.
pub async fn take(state: &AppState, subject: Uuid, quota: Quota, cost: i64) -> Result<Standing> {
    let now = state.clock.now();
    let window = chrono::Duration::from_std(quota.window).map_err(anyhow::Error::from)?;
    let (starts_at, used, allowed): (DateTime<Utc>, i64, bool) = sqlx::query_as(
        "insert into quota as q (subject, starts_at, used, allowed)
         values ($1, $2, case when $3 <= $4 then $3 else 0 end, $3 <= $4)
         on conflict (subject) do update
            set starts_at = case when q.starts_at <= $5 then $2 else q.starts_at end,
                allowed = case when q.starts_at <= $5 then 0 else q.used end + $3 <= $4,
                used = case when q.starts_at <= $5 then 0 else q.used end
                     + case when case when q.starts_at <= $5 then 0 else q.used end + $3 <= $4
                            then $3 else 0 end
         returning starts_at, used, allowed",
    )
    .bind(subject)
    .bind(now)
    .bind(cost)
    .bind(quota.limit)
    .bind(now - window)
    .fetch_one(state.db.pool())
    .await?;
    let resets_in = (starts_at + window - now).to_std().unwrap_or_default();
    Ok(Standing { allowed, left: (quota.limit - used).max(0), resets_in })
}
