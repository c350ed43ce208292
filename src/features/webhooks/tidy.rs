//! Forgets messages that are old, with their deliveries and attempts, and finds
//! deliveries that nobody works on.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::deliver::Deliver;
use crate::platform::db::Tx as _;
use crate::platform::events::Who;
use crate::platform::jobs::Job;
use crate::platform::state::AppState;

/// How long the log is kept. Longer than the schedule of attempts, so nothing
/// that waits is forgotten.
pub const KEPT: Duration = Duration::days(30);

/// So many with one statement, which holds its locks while it runs.
const AT_ONCE: i64 = 5_000;

/// What should have been sent before this was forgotten by its job.
const OVERDUE: Duration = Duration::minutes(30);

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
        revive(&state).await?;
        sqlx::query("delete from webhook_day where day < ($1 at time zone 'utc')::date")
            .bind(before)
            .execute(state.db.pool())
            .await?;
        Ok(())
    }
}

/// A job that failed more often than it may leaves its lane full.
async fn revive(state: &AppState) -> anyhow::Result<()> {
    let mut tx = state.db.system(Who::system()).await?;
    let overdue = tx.now() - OVERDUE;
    let lanes: Vec<(Uuid, i16)> = sqlx::query_as(
        "select distinct endpoint_id, lane from webhook_delivery
          where status = 'pending' and next_at < $1",
    )
    .bind(overdue)
    .fetch_all(&mut *tx)
    .await?;
    for (endpoint_id, lane) in lanes {
        Deliver { endpoint_id, lane }.enqueue(&mut tx).await?;
    }
    Ok(tx.commit().await?)
}
