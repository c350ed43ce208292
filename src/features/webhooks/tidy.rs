//! Forgets messages that are old, with their deliveries and attempts.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use crate::platform::jobs::Job;
use crate::platform::state::AppState;

/// How long the log is kept. Longer than the schedule of attempts, so nothing
/// that waits is forgotten.
pub const KEPT: Duration = Duration::days(30);

/// So many with one statement, which holds its locks while it runs.
const AT_ONCE: i64 = 5_000;

#[derive(Serialize, Deserialize)]
pub struct Tidy {}

impl Job for Tidy {
    const NAME: &'static str = "webhooks.tidy";
    const ATTEMPTS: i32 = 3;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let before = state.clock.now() - KEPT;
        loop {
            // Those that were replayed or held may still have to be sent.
            let done = sqlx::query(
                "delete from webhook_message where id in (
                     select m.id from webhook_message m
                      where m.created_at < $1
                        and not exists (
                            select from webhook_delivery d
                             where d.org_id = m.org_id and d.message_id = m.id
                               and d.status in ('pending', 'held'))
                      order by m.created_at limit $2)",
            )
            .bind(before)
            .bind(AT_ONCE)
            .execute(state.db.pool())
            .await?;
            if done.rows_affected() == 0 {
                break;
            }
        }
        sqlx::query("delete from webhook_day where day < ($1 at time zone 'utc')::date")
            .bind(before)
            .execute(state.db.pool())
            .await?;
        Ok(())
    }
}
