use super::Filter;
use crate::platform::db::TenantTx;
use crate::platform::error::Result;
use crate::platform::events::Recorded;

/// The newest first, from `before` (exclusive) on.
pub async fn list(
    tx: &mut TenantTx,
    filter: &Filter,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Recorded>> {
    let rows = sqlx::query_as(
        "select * from event
          where ($1::bigint is null or seq < $1)
            and ($2::text is null or name = $2 or starts_with(name, $2 || '.'))
            and ($3::text is null or outcome = $3)
            and ($4::uuid is null or actor_id = $4)
            and ($5::uuid is null or subject_id = $5)
            and ($6::timestamptz is null or at >= $6)
            and ($7::timestamptz is null or at < $7)
          order by seq desc limit $8",
    )
    .bind(before)
    .bind(filter.name.as_deref().filter(|it| !it.is_empty()))
    .bind(filter.outcome.as_deref().filter(|it| !it.is_empty()))
    .bind(filter.actor_id)
    .bind(filter.subject_id)
    .bind(filter.from)
    .bind(filter.until)
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows)
}

/// The names that occur, for the filter to choose from.
pub async fn names(tx: &mut TenantTx) -> Result<Vec<String>> {
    let names = sqlx::query_scalar("select distinct name from event order by name")
        .fetch_all(&mut **tx)
        .await?;
    Ok(names)
}
