//! How deliveries to an endpoint went, day by day.

use chrono::{Duration, NaiveDate};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::Result;

/// Attempts of one day, in UTC.
#[derive(Clone, Debug, Serialize, FromRow, ToSchema)]
pub struct Day {
    pub day: NaiveDate,
    pub succeeded: i32,
    pub failed: i32,
    /// How long all of them took together, in milliseconds.
    pub millis: i64,
}

/// Days that are looked back.
pub const DAYS: i64 = 14;

/// The last days of an endpoint, the oldest first, those without attempts too.
pub async fn of(tx: &mut TenantTx, webhook_id: Uuid) -> Result<Vec<Day>> {
    let (org_id, today) = (tx.org_id(), tx.now().date_naive());
    Ok(sqlx::query_as(
        "select it.day::date as day, coalesce(d.succeeded, 0) as succeeded,
                coalesce(d.failed, 0) as failed, coalesce(d.millis, 0) as millis
           from generate_series($3::date, $4::date, interval '1 day') it (day)
           left join webhook_day d
             on d.org_id = $1 and d.endpoint_id = $2 and d.day = it.day::date
          order by it.day",
    )
    .bind(org_id)
    .bind(webhook_id)
    .bind(today - Duration::days(DAYS - 1))
    .bind(today)
    .fetch_all(&mut **tx)
    .await?)
}

/// Attempts of the last days, for all endpoints at once.
#[derive(Clone, Copy, Debug, FromRow)]
pub struct Sum {
    pub endpoint_id: Uuid,
    pub succeeded: i64,
    pub failed: i64,
}

pub async fn sums(tx: &mut TenantTx) -> Result<Vec<Sum>> {
    let (org_id, from) = (tx.org_id(), tx.now().date_naive() - Duration::days(DAYS - 1));
    Ok(sqlx::query_as(
        "select endpoint_id, sum(succeeded)::bigint as succeeded, sum(failed)::bigint as failed
           from webhook_day where org_id = $1 and day >= $2 group by endpoint_id",
    )
    .bind(org_id)
    .bind(from)
    .fetch_all(&mut **tx)
    .await?)
}
