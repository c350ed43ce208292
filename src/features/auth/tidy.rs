//! Deletes what has expired.

use serde::{Deserialize, Serialize};

use super::guess;
use crate::platform::jobs::Job;
use crate::platform::state::AppState;

#[derive(Serialize, Deserialize)]
pub struct Tidy {}

impl Job for Tidy {
    const NAME: &'static str = "auth.tidy";
    const ATTEMPTS: i32 = 3;

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let (now, pool) = (state.clock.now(), state.db.pool());
        for expired in [
            "delete from sign_up where expires_at < $1",
            "delete from sign_in where expires_at < $1",
            "delete from mail_link where expires_at < $1",
            "delete from passkey_registration where expires_at < $1",
        ] {
            sqlx::query(expired).bind(now).execute(pool).await?;
        }
        sqlx::query("delete from guess where last_at < $1")
            .bind(now - guess::FORGOTTEN)
            .execute(pool)
            .await?;
        Ok(())
    }
}
