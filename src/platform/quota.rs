//! How many units of the API a caller may use within a window: exact, also over
//! several servers on one database.
//!
//! A window begins with the first call after the one before is over. One
//! statement decides, counts and tells what is left; the row's lock puts the
//! servers in order. Where it can, it is the one that finds out who calls: see
//! [`Toll`]. [`rate_limit`](super::rate_limit) is for what must not be guessed
//! at, this is what plans promise.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::FromRow;
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

/// What a call costs, for the statement that finds the caller to take.
#[derive(Clone, Copy, Debug)]
pub struct Toll {
    pub cost: i64,
    pub window: Duration,
    /// Units in each window by kind of caller (`login`, or the mode of a key)
    /// and plan; the plan `""` stands for all others.
    pub allowances: &'static Value,
}

/// What is written down after units were taken.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Taken {
    starts_at: DateTime<Utc>,
    used: i64,
    allowed: bool,
}

impl Quota {
    /// Where this leaves the caller.
    pub fn standing(&self, taken: Taken, now: DateTime<Utc>) -> Result<Standing> {
        let resets_in = (taken.starts_at + span(self.window)? - now).to_std().unwrap_or_default();
        Ok(Standing { allowed: taken.allowed, left: (self.limit - taken.used).max(0), resets_in })
    }
}

/// Takes `cost` units from what `subject` (a key, a login) may use.
pub async fn take(state: &AppState, subject: Uuid, quota: Quota, cost: i64) -> Result<Taken> {
    let taken = sqlx::query_as("select * from app.take_units($1, $2, $3, $4, $5)")
        .bind(subject)
        .bind(state.clock.now())
        .bind(span(quota.window)?)
        .bind(cost)
        .bind(quota.limit)
        .fetch_one(state.db.pool())
        .await?;
    Ok(taken)
}

pub(super) fn span(window: Duration) -> Result<chrono::Duration> {
    Ok(chrono::Duration::from_std(window).map_err(anyhow::Error::from)?)
}
