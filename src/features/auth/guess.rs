//! Guessing is slowed down: after a few failures in a row the next try has to
//! wait, and each further failure doubles the wait.
//!
//! A try is counted before it is looked at, so that tries made at the same time
//! count, too; a success forgets them all. What is counted is kept under a hash
//! whether or not it exists, so a refusal tells nothing.

use chrono::{DateTime, Duration, Utc};

use crate::platform::crypto::sha256;
use crate::platform::error::{Error, Result};
use crate::platform::state::AppState;

/// How patient we are with one kind of guess.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// So many failures have no consequence.
    pub free: i32,
    pub first_wait: Duration,
    pub longest_wait: Duration,
}

/// Passwords: people mistype them, and whoever is locked out by somebody
/// else's guesses should not have to wait for long.
pub const PASSWORD: Patience =
    Patience { free: 8, first_wait: Duration::seconds(30), longest_wait: Duration::minutes(15) };

/// Codes: only who knows the password gets here, and six digits are few.
pub const CODE: Patience =
    Patience { free: 5, first_wait: Duration::seconds(30), longest_wait: Duration::hours(1) };

/// Failures are forgotten after this long without any.
pub const FORGOTTEN: Duration = Duration::hours(24);

impl Patience {
    fn wait(self, failures: i32) -> Duration {
        if failures < self.free {
            return Duration::zero();
        }
        let doublings = u32::try_from(failures - self.free).unwrap_or(0).min(16);
        (self.first_wait * 2_i32.pow(doublings)).min(self.longest_wait)
    }
}

/// Counts one more try, or refuses it. Call before comparing anything.
pub async fn take(state: &AppState, key: &str, patience: Patience) -> Result<()> {
    let (hash, now) = (sha256(key), state.clock.now());
    let mut tx = state.db.pool().begin().await?;
    let (failures, blocked_until): (i32, DateTime<Utc>) = sqlx::query_as(
        "insert into guess as g (key, failures, last_at, blocked_until) values ($1, 0, $2, $2)
         on conflict (key) do update
            set failures = case when g.last_at < $3 then 0 else g.failures end
         returning failures, blocked_until",
    )
    .bind(hash)
    .bind(now)
    .bind(now - FORGOTTEN)
    .fetch_one(&mut *tx)
    .await?;
    if let Ok(retry_after) = (blocked_until - now).to_std()
        && !retry_after.is_zero()
    {
        return Err(Error::RateLimited { retry_after });
    }
    // The row is ours until we commit: tries at the same time wait for it.
    sqlx::query("update guess set failures = $2, last_at = $3, blocked_until = $4 where key = $1")
        .bind(hash)
        .bind(failures + 1)
        .bind(now)
        .bind(now + patience.wait(failures + 1))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Forgets the failures, after a success.
pub async fn forget(state: &AppState, key: &str) -> Result<()> {
    sqlx::query("delete from guess where key = $1")
        .bind(sha256(key))
        .execute(state.db.pool())
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_limit() {
        let waits: Vec<_> = (4..=14).map(|it| CODE.wait(it).num_seconds()).collect();
        assert_eq!(waits, [0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
        assert_eq!(CODE.wait(i32::MAX), CODE.longest_wait);
    }
}
