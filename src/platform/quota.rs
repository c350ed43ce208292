//! How many units of the API a caller may use within a window: exact, also over
//! several servers on one database.
//!
//! A window begins with the first call after the one before is over. One
//! statement decides, counts and tells what is left; the rows' locks put the
//! servers in order. All who call while it runs are in the next one together,
//! so a busy caller does not wait for itself call by call.
//! [`rate_limit`](super::rate_limit) is for what must not be guessed at, this is
//! what plans promise.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};
use uuid::Uuid;

use super::clock::Clock;
use super::error::Result;
use super::together::Together;

/// How long every quota's window is.
pub const WINDOW: Duration = Duration::from_secs(60);
const SPAN: chrono::Duration = chrono::Duration::seconds(60);

/// `limit` units in each window.
#[derive(Clone, Copy, Debug)]
pub struct Quota {
    /// How the policy is called in headers.
    pub name: &'static str,
    pub limit: i64,
}

/// What a call left behind.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether the call may be served; one that may not costs nothing.
    pub allowed: bool,
    pub left: i64,
    /// When all units are there again.
    pub resets_in: Duration,
}

/// Where the callers of this server pay.
#[derive(Clone, Debug)]
pub struct Till(Together<Call, Standing>);

#[derive(Clone, Copy, Debug)]
struct Call {
    subject: Uuid,
    limit: i64,
    cost: i64,
}

/// What is written down of a subject, once its calls were charged.
#[derive(Clone, Copy, Debug, FromRow)]
struct Charged {
    subject: Uuid,
    starts_at: DateTime<Utc>,
    used: i64,
    allowed: bool,
}

impl Till {
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self(Together::new(pool, move |kept, calls| {
            let clock = clock.clone();
            Box::pin(async move { settle(kept.connection().await?, &clock, &calls).await })
        }))
    }

    /// Takes `cost` units from what `subject` (a key, a login) may use.
    pub async fn take(&self, subject: Uuid, quota: Quota, cost: i64) -> Result<Standing> {
        self.0.ask(Call { subject, limit: quota.limit, cost }).await
    }
}

async fn settle(
    conn: &mut PgConnection,
    clock: &Clock,
    calls: &[Call],
) -> anyhow::Result<Vec<Standing>> {
    let mut subjects: BTreeMap<Uuid, Vec<(usize, Call)>> = BTreeMap::new();
    for (nth, call) in calls.iter().enumerate() {
        subjects.entry(call.subject).or_default().push((nth, *call));
    }
    let nothing = Standing { allowed: false, left: 0, resets_in: Duration::ZERO };
    let mut standings = vec![nothing; calls.len()];
    while !subjects.is_empty() {
        let now = clock.now();
        let mut again = BTreeMap::new();
        for charged in charge(conn, &subjects, now).await? {
            let calls = subjects.remove(&charged.subject).unwrap_or_default();
            let resets_in = (charged.starts_at + SPAN - now).to_std().unwrap_or_default();
            let rest = hand_out(charged, calls, |nth, allowed, left| {
                standings[nth] = Standing { allowed, left, resets_in };
            });
            if !rest.is_empty() {
                again.insert(charged.subject, rest);
            }
        }
        subjects = again;
    }
    Ok(standings)
}

/// Takes from each subject what all its calls cost, or nothing.
async fn charge(
    conn: &mut PgConnection,
    subjects: &BTreeMap<Uuid, Vec<(usize, Call)>>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Charged>> {
    let cost = |calls: &Vec<(usize, Call)>| calls.iter().map(|it| it.1.cost).sum();
    let limit = |calls: &Vec<(usize, Call)>| calls.first().map_or(0, |it| it.1.limit);
    sqlx::query_as(
        "insert into quota as q (subject, starts_at, used, allowed, allowance)
         select subject, $1, case when cost <= allowance then cost else 0 end,
                cost <= allowance, allowance
           from unnest($2::uuid[], $3::bigint[], $4::bigint[]) as call (subject, cost, allowance)
         on conflict (subject) do update
            set starts_at = case when q.starts_at > $1 - $5 then q.starts_at else $1 end,
                allowed = excluded.allowed
                    and case when q.starts_at > $1 - $5 then q.used else 0 end + excluded.used
                        <= excluded.allowance,
                used = case when q.starts_at > $1 - $5 then q.used else 0 end
                     + case when case when q.starts_at > $1 - $5 then q.used else 0 end
                                 + excluded.used <= excluded.allowance
                            then excluded.used else 0 end,
                allowance = excluded.allowance
         returning subject, starts_at, used, allowed",
    )
    .bind(now)
    // In the order of subjects, so that two servers do not wait for each other in a ring.
    .bind(subjects.keys().copied().collect::<Vec<_>>())
    .bind(subjects.values().map(cost).collect::<Vec<i64>>())
    .bind(subjects.values().map(limit).collect::<Vec<_>>())
    .bind(SPAN)
    .fetch_all(conn)
    .await
}

/// Answers the calls of one subject, in their order. Those that were refused
/// together but may fit without the others are given back, always fewer than
/// there were.
fn hand_out(
    charged: Charged,
    calls: Vec<(usize, Call)>,
    mut tell: impl FnMut(usize, bool, i64),
) -> Vec<(usize, Call)> {
    let mut rest = Vec::new();
    let total: i64 = calls.iter().map(|it| it.1.cost).sum();
    let mut used = if charged.allowed { charged.used - total } else { charged.used };
    for (nth, call) in calls {
        if charged.allowed {
            used += call.cost;
            tell(nth, true, (call.limit - used).max(0));
        } else if used + call.cost <= call.limit {
            used += call.cost;
            rest.push((nth, call));
        } else {
            tell(nth, false, (call.limit - charged.used).max(0));
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A window of ten units of which `used` are used up after all calls of
    /// these costs were charged or refused together: what each is told, and
    /// which are tried again.
    fn told(used: i64, allowed: bool, costs: &[i64]) -> (Vec<(usize, bool, i64)>, Vec<usize>) {
        let subject = Uuid::nil();
        let calls = costs.iter().map(|cost| Call { subject, limit: 10, cost: *cost });
        let charged = Charged { subject, starts_at: DateTime::UNIX_EPOCH, used, allowed };
        let mut told = Vec::new();
        let rest = hand_out(charged, calls.enumerate().collect(), |nth, allowed, left| {
            told.push((nth, allowed, left));
        });
        (told, rest.iter().map(|it| it.0).collect())
    }

    #[test]
    fn calls_that_were_paid_together_are_told_what_each_left() {
        let each = vec![(0, true, 7), (1, true, 2), (2, true, 1)];
        assert_eq!(told(9, true, &[1, 5, 1]), (each, vec![]));
    }

    #[test]
    fn calls_that_do_not_fit_together_are_tried_without_the_last() {
        let refused = vec![(1, false, 3), (3, false, 3)];
        assert_eq!(told(7, false, &[1, 5, 2, 1]), (refused, vec![0, 2]));
        assert_eq!(told(10, false, &[1, 1]), (vec![(0, false, 0), (1, false, 0)], vec![]));
        // One that is dearer than the window never fits.
        assert_eq!(told(0, false, &[11]), (vec![(0, false, 10)], vec![]));
    }
}
