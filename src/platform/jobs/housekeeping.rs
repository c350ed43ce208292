//! Deletes what has no use any more.

use chrono::Duration;
use serde::{Deserialize, Serialize};

use super::Job;
use crate::platform::state::AppState;
use crate::platform::{idempotency, live};

#[derive(Serialize, Deserialize)]
pub struct Tidy {}

impl Job for Tidy {
    const NAME: &'static str = "platform.tidy";
    const ATTEMPTS: i32 = 3;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let now = state.clock.now();
        let pool = state.db.pool();
        sqlx::query("delete from rate_limit where full_at < $1").bind(now).execute(pool).await?;
        sqlx::query("delete from idempotent_answer where created_at < $1")
            .bind(now - idempotency::KEPT)
            .execute(pool)
            .await?;
        sqlx::query("delete from login where expires_at < $1 or idle_expires_at < $1")
            .bind(now)
            .execute(pool)
            .await?;
        sqlx::query("delete from live_notice where at < $1")
            .bind(now - live::KEPT)
            .execute(pool)
            .await?;
        sqlx::query("delete from job_run where started_at < $1")
            .bind(now - Duration::days(30))
            .execute(pool)
            .await?;
        Ok(())
    }
}
