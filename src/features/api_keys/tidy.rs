//! Deletes what has no use any more, and the figures that a plan does not keep.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::features::orgs::plans;
use crate::platform::jobs::Job;
use crate::platform::state::AppState;

/// How long a key that does not work is still listed.
const KEPT: Duration = Duration::days(400);

#[derive(Serialize, Deserialize)]
pub struct Tidy {}

impl Job for Tidy {
    const NAME: &'static str = "api_keys.tidy";
    const ATTEMPTS: i32 = 3;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let (now, pool) = (state.clock.now(), state.db.pool());
        for (expired, before) in [
            ("delete from device_grant where expires_at < $1", now),
            ("delete from quota where starts_at < $1", now - Duration::hours(1)),
            ("delete from api_key_secret where expires_at < $1", now),
            ("delete from api_key where least(revoked_at, expires_at) < $1", now - KEPT),
        ] {
            sqlx::query(expired).bind(before).execute(pool).await?;
        }
        for (plan, limits) in plans::all() {
            let Some(days) = limits.usage_days else { continue };
            let first = (now - Duration::days(days)).date_naive();
            for not_kept in [
                "delete from api_usage u using org o
                  where o.id = u.org_id and o.plan = $1 and u.day < $2",
                "delete from api_usage_of_key u using org o
                  where o.id = u.org_id and o.plan = $1 and u.day < $2",
                "delete from api_usage_of_operation u using org o
                  where o.id = u.org_id and o.plan = $1 and u.day < $2",
            ] {
                sqlx::query(not_kept).bind(plan).bind(first).execute(pool).await?;
            }
        }
        Ok(())
    }
}
