//! How much keys were used, by day, operation and key.

use chrono::{Duration, NaiveDate};
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::seen_by;
use crate::features::orgs::plans;
use crate::platform::ctx::Ctx;
use crate::platform::db::{TenantTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::usage::BOUNDS_MS;

/// Calls within some time, of some kind.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Measure {
    pub calls: i64,
    /// Answered with 400 to 499, other than for the quota.
    pub client_errors: i64,
    /// Answered with 500 and above.
    pub server_errors: i64,
    /// Refused because the quota was used up.
    pub limited: i64,
    pub units: i64,
    /// Half of the calls took at most this many milliseconds, about.
    #[schema(required)]
    pub p50_ms: Option<i64>,
    /// 95 of 100 calls took at most this many milliseconds, about.
    #[schema(required)]
    pub p95_ms: Option<i64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageOfDay {
    pub day: NaiveDate,
    #[serde(flatten)]
    pub measure: Measure,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageOfOperation {
    /// Like `POST /api/v1/analyze`.
    pub operation: String,
    #[serde(flatten)]
    pub measure: Measure,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageOfKey {
    pub key_id: Uuid,
    pub name: String,
    #[serde(flatten)]
    pub measure: Measure,
}

/// The use of keys from one day to another, both included.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UsageReport {
    pub from: NaiveDate,
    pub until: NaiveDate,
    pub total: Measure,
    /// Every day, also those without a call.
    pub days: Vec<UsageOfDay>,
    /// The most called first.
    pub operations: Vec<UsageOfOperation>,
    /// The most used first.
    pub keys: Vec<UsageOfKey>,
}

#[derive(FromRow)]
struct Row {
    day: Option<NaiveDate>,
    operation: Option<String>,
    key_id: Option<Uuid>,
    name: Option<String>,
    calls: i64,
    client_errors: i64,
    server_errors: i64,
    limited: i64,
    units: i64,
    buckets: Vec<i64>,
}

impl Row {
    fn measure(&self) -> Measure {
        Measure {
            calls: self.calls,
            client_errors: self.client_errors,
            server_errors: self.server_errors,
            limited: self.limited,
            units: self.units,
            p50_ms: quantile(&self.buckets, 0.5),
            p95_ms: quantile(&self.buckets, 0.95),
        }
    }
}

/// What is added up of rows `u`, of whichever table.
macro_rules! sums {
    () => {
        "sum(u.calls)::bigint as calls, sum(u.client_errors)::bigint as client_errors,
         sum(u.server_errors)::bigint as server_errors, sum(u.limited)::bigint as limited,
         sum(u.units)::bigint as units,
         array[sum(u.buckets[1]), sum(u.buckets[2]), sum(u.buckets[3]), sum(u.buckets[4]),
               sum(u.buckets[5]), sum(u.buckets[6]), sum(u.buckets[7]), sum(u.buckets[8]),
               sum(u.buckets[9]), sum(u.buckets[10]), sum(u.buckets[11])]::bigint[] as buckets"
    };
}

/// The longest time that can be asked about at once.
const LONGEST: i64 = 400;

/// The days that are meant: the last 30 when nobody says, and no more than the
/// plan keeps.
pub fn days(
    ctx: &Ctx,
    tx: &TenantTx,
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
) -> Result<(NaiveDate, NaiveDate)> {
    let today = tx.now().date_naive();
    let until = until.unwrap_or(today).min(today);
    let from = from.unwrap_or(until - Duration::days(29));
    if from > until {
        return Err(Error::invalid("from", "must not be after until"));
    }
    if (until - from).num_days() >= LONGEST {
        return Err(Error::invalid("from", "must be within 400 days of until"));
    }
    let kept = plans::limits(&ctx.org.plan).usage_days.unwrap_or(i64::from(u16::MAX));
    Ok((from.max(today - Duration::days(kept)).min(until), until))
}

/// Adds up what the caller may see: of everybody's keys, or of their own; of one
/// key if it is given.
pub async fn report(
    ctx: &Ctx,
    tx: &mut TenantTx,
    key_id: Option<Uuid>,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<UsageReport> {
    let seen_by = seen_by(ctx);
    let (mut by_day, mut keys, mut total) = (Vec::new(), Vec::new(), Measure::default());
    for row in of_keys(tx, key_id, seen_by, (from, until)).await? {
        let measure = row.measure();
        match (row.day, row.key_id) {
            (Some(day), _) => by_day.push(UsageOfDay { day, measure }),
            (_, Some(key_id)) => {
                keys.push(UsageOfKey { key_id, name: row.name.unwrap_or_default(), measure });
            }
            _ => total = measure,
        }
    }
    let rows = match (key_id, seen_by) {
        (None, None) => of_operations(tx, (from, until)).await?,
        _ => of_operations_of_some(tx, key_id, seen_by, (from, until)).await?,
    };
    let operations = rows
        .into_iter()
        .map(|row| UsageOfOperation {
            measure: row.measure(),
            operation: row.operation.unwrap_or_default(),
        })
        .collect();
    let days = from.iter_days().take_while(|it| *it <= until);
    let days = days
        .map(|day| {
            let found = by_day.iter().find(|it| it.day == day).cloned();
            found.unwrap_or(UsageOfDay { day, measure: Measure::default() })
        })
        .collect();
    Ok(UsageReport { from, until, total, days, operations, keys })
}

/// By day, by key, and in all.
async fn of_keys(
    tx: &mut TenantTx,
    key_id: Option<Uuid>,
    seen_by: Option<Uuid>,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as(concat!(
        "select u.day, null as operation, u.key_id, min(k.name) as name, ",
        sums!(),
        " from api_usage_of_key u join api_key k on k.id = u.key_id
          where u.day between $1 and $2
            and ($3::uuid is null or u.key_id = $3)
            and ($4::uuid is null or k.account_id = $4)
          group by grouping sets ((u.day), (u.key_id), ())
         having sum(u.calls) > 0
          order by sum(u.calls) desc, u.key_id",
    ))
    .bind(from)
    .bind(until)
    .bind(key_id)
    .bind(seen_by)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows)
}

/// By operation, of all keys.
async fn of_operations(
    tx: &mut TenantTx,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as(concat!(
        "select null::date as day, u.operation, null::uuid as key_id, null as name, ",
        sums!(),
        " from api_usage_of_operation u
          where u.day between $1 and $2
          group by u.operation
          order by sum(u.calls) desc, u.operation",
    ))
    .bind(from)
    .bind(until)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows)
}

/// By operation, of one key or of those of one person: few enough to add up.
async fn of_operations_of_some(
    tx: &mut TenantTx,
    key_id: Option<Uuid>,
    seen_by: Option<Uuid>,
    (from, until): (NaiveDate, NaiveDate),
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as(concat!(
        "select null::date as day, u.operation, null::uuid as key_id, null as name, ",
        sums!(),
        " from api_usage u
          where u.day between $1 and $2
            and u.key_id in (select id from api_key
                              where ($3::uuid is null or id = $3)
                                and ($4::uuid is null or account_id = $4))
          group by u.operation
          order by sum(u.calls) desc, u.operation",
    ))
    .bind(from)
    .bind(until)
    .bind(key_id)
    .bind(seen_by)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows)
}

/// Where in the classes the given part of the calls is reached, as if they were
/// evenly spread within each.
fn quantile(buckets: &[i64], part: f64) -> Option<i64> {
    let total: i64 = buckets.iter().sum();
    if total == 0 {
        return None;
    }
    let wanted = total as f64 * part;
    let mut below = 0.0;
    for (i, count) in buckets.iter().enumerate() {
        let count = *count as f64;
        if below + count >= wanted && count > 0.0 {
            let low = if i == 0 { 0.0 } else { f64::from(BOUNDS_MS[i - 1]) };
            // Beyond the last bound nothing is known but that it was longer.
            let high = BOUNDS_MS.get(i).map_or(low, |it| f64::from(*it));
            return Some((low + (high - low) * (wanted - below) / count).ceil() as i64);
        }
        below += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_within_their_class() {
        assert_eq!(quantile(&[0; 11], 0.5), None);
        let mut buckets = [0; 11];
        buckets[4] = 100;
        assert_eq!(quantile(&buckets, 0.5), Some(75));
        buckets[10] = 100;
        assert_eq!((quantile(&buckets, 0.5), quantile(&buckets, 0.95)), (Some(100), Some(5_000)));
    }
}
