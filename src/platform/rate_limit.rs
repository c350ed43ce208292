//! Rate limits, shared by all servers on one database.
//!
//! Generic cell rate algorithm: one timestamp per bucket says when it will be
//! full again, and one upsert takes from it. Counted outside of the request's
//! transaction, so that a refused or failed attempt counts, too.

use chrono::{DateTime, Duration, Utc};

use super::crypto::sha256;
use super::error::{Error, Result};
use super::state::AppState;

/// `burst` at once, and again as much evenly spread over `per`.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub burst: u32,
    pub per: Duration,
}

impl Limit {
    pub const fn new(burst: u32, per: Duration) -> Self {
        Self { burst, per }
    }

    fn interval(self) -> Duration {
        self.per / i32::try_from(self.burst.max(1)).unwrap_or(i32::MAX)
    }
}

/// Takes one from the bucket `key`, for example `sign_in:` and an address.
/// Refuses with [`Error::RateLimited`] when it is empty.
pub async fn take(state: &AppState, key: &str, limit: Limit) -> Result<()> {
    let now = state.clock.now();
    let interval = limit.interval();
    // What is stored must not tell who was limited, hence the hash.
    let taken: Option<DateTime<Utc>> = sqlx::query_scalar(
        "insert into rate_limit as r (key, full_at) values ($1, $2 + $3)
         on conflict (key) do update set full_at = greatest(r.full_at, $2) + $3
          where greatest(r.full_at, $2) + $3 <= $2 + $4
         returning full_at",
    )
    .bind(sha256(key))
    .bind(now)
    .bind(interval)
    .bind(limit.per)
    .fetch_optional(state.db.pool())
    .await?;
    if taken.is_some() {
        return Ok(());
    }
    let full_at: Option<DateTime<Utc>> =
        sqlx::query_scalar("select full_at from rate_limit where key = $1")
            .bind(sha256(key))
            .fetch_optional(state.db.pool())
            .await?;
    let wait = full_at.map_or(interval, |it| it + interval - limit.per - now);
    Err(Error::RateLimited { retry_after: wait.to_std().unwrap_or_default() })
}

/// Fills the bucket again, for example after a successful sign-in.
pub async fn reset(state: &AppState, key: &str) -> Result<()> {
    sqlx::query("delete from rate_limit where key = $1")
        .bind(sha256(key))
        .execute(state.db.pool())
        .await?;
    Ok(())
}
