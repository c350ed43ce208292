//! How many units of the API a caller may use within a window: exact, also over
//! several servers on one database.
//!
//! A window begins with the first call after the one before is over. The
//! statement that finds out who calls also decides, counts and tells what is
//! left; the rows' locks put the servers in order. All who call while it runs
//! are in the next one together, so a busy caller does not wait for itself call
//! by call.
//! [`rate_limit`](super::rate_limit) is for what must not be guessed at, this is
//! what plans promise.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgConnection, PgPool, Row as _};
use uuid::Uuid;

use super::clock::Clock;
use super::error::Result;
use super::together::Together;

/// How long every quota's window is.
pub const WINDOW: Duration = Duration::from_secs(60);
pub(super) const SPAN: chrono::Duration = chrono::Duration::seconds(60);

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

/// Who shows something that we know the hash of, and what they are about to use.
#[derive(Clone, Copy, Debug)]
pub struct Asking {
    pub hash: [u8; 32],
    /// Zero where use is not counted.
    pub cost: i64,
}

/// Who was found, and what the call left of their quota if it was charged.
pub type Known<F> = Option<(F, Option<Standing>)>;

/// What callers may use in each window. The platform finds them and charges them
/// at once, so it has to know.
#[derive(Clone, Debug)]
pub struct Tariff(Arc<Vec<Rate>>);

/// For callers of one organisation's plan; of none if it is empty.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    pub plan: &'static str,
    pub login: i64,
    pub live: i64,
    pub test: i64,
}

impl Tariff {
    pub fn new(rates: Vec<Rate>) -> Self {
        Self(Arc::new(rates))
    }

    pub(super) fn plans(&self) -> Vec<&'static str> {
        self.0.iter().map(|it| it.plan).collect()
    }

    pub(super) fn units(&self, of: impl Fn(&Rate) -> i64) -> Vec<i64> {
        self.0.iter().map(of).collect()
    }
}

/// Where those pay who could not be charged when they were found.
#[derive(Clone, Debug)]
pub struct Till(Together<Call, Standing>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub subject: Uuid,
    pub limit: i64,
    pub cost: i64,
}

/// What is written down of a subject, once its calls were charged.
#[derive(Clone, Copy, Debug, FromRow)]
pub(super) struct Charged {
    pub subject: Uuid,
    pub starts_at: DateTime<Utc>,
    pub used: i64,
    pub allowed: bool,
}

impl Till {
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self(Together::new(pool, move |kept, calls: Vec<Call>| {
            let clock = clock.clone();
            Box::pin(async move { settle(kept.connection().await?, &clock, &calls, None).await })
        }))
    }

    /// Takes `cost` units from what `subject` (a key, a login) may use.
    pub async fn take(&self, subject: Uuid, quota: Quota, cost: i64) -> Result<Standing> {
        self.0.ask(Call { subject, limit: quota.limit, cost }).await
    }
}

/// Takes from each subject what all its calls cost, or nothing. Reads `call`
/// (subject, cost, allowance), and takes the time as $1 and the length of a
/// window as $2. In the order of subjects, so that two servers do not wait for
/// each other in a ring.
macro_rules! charge {
    () => {
        "insert into quota as q (subject, starts_at, used, allowed, allowance)
         select subject, $1, case when cost <= allowance then cost else 0 end,
                cost <= allowance, allowance
           from call order by subject
         on conflict (subject) do update
            set starts_at = case when q.starts_at > $1 - $2 then q.starts_at else $1 end,
                allowed = excluded.allowed
                    and case when q.starts_at > $1 - $2 then q.used else 0 end + excluded.used
                        <= excluded.allowance,
                used = case when q.starts_at > $1 - $2 then q.used else 0 end
                     + case when case when q.starts_at > $1 - $2 then q.used else 0 end
                                 + excluded.used <= excluded.allowance
                            then excluded.used else 0 end,
                allowance = excluded.allowance
         returning subject, starts_at, used, allowed"
    };
}
pub(super) use charge;

/// Charges calls, whose subjects were `charged` at that time if they were.
async fn settle(
    conn: &mut PgConnection,
    clock: &Clock,
    calls: &[Call],
    mut charged: Option<(DateTime<Utc>, Vec<Charged>)>,
) -> anyhow::Result<Vec<Standing>> {
    let mut subjects: BTreeMap<Uuid, Vec<(usize, Call)>> = BTreeMap::new();
    for (nth, call) in calls.iter().enumerate() {
        subjects.entry(call.subject).or_default().push((nth, *call));
    }
    let nothing = Standing { allowed: false, left: 0, resets_in: Duration::ZERO };
    let mut standings = vec![nothing; calls.len()];
    while !subjects.is_empty() {
        let (now, charged) = match charged.take() {
            Some(charged) => charged,
            None => {
                let now = clock.now();
                (now, charge_all(conn, &subjects, now).await?)
            }
        };
        let mut again = BTreeMap::new();
        for charged in charged {
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

async fn charge_all(
    conn: &mut PgConnection,
    subjects: &BTreeMap<Uuid, Vec<(usize, Call)>>,
    now: DateTime<Utc>,
) -> sqlx::Result<Vec<Charged>> {
    let cost = |calls: &Vec<(usize, Call)>| calls.iter().map(|it| it.1.cost).sum();
    let limit = |calls: &Vec<(usize, Call)>| calls.first().map_or(0, |it| it.1.limit);
    sqlx::query_as(concat!(
        "with call as (select *
            from unnest($3::uuid[], $4::bigint[], $5::bigint[]) as call (subject, cost, allowance)) ",
        charge!()
    ))
    .bind(now)
    .bind(SPAN)
    .bind(subjects.keys().copied().collect::<Vec<_>>())
    .bind(subjects.values().map(cost).collect::<Vec<i64>>())
    .bind(subjects.values().map(limit).collect::<Vec<_>>())
    .fetch_all(conn)
    .await
}

/// Those who ask at one time, each of them once, with what they cost in all.
pub(super) fn once(asked: &[Asking]) -> (Vec<[u8; 32]>, Vec<i64>) {
    let mut costs: BTreeMap<[u8; 32], i64> = BTreeMap::new();
    for it in asked {
        *costs.entry(it.hash).or_default() += it.cost;
    }
    costs.into_iter().unzip()
}

/// One of those who were found, and how they were charged for all that they ask.
pub(super) struct Row<F> {
    pub found: F,
    pub limit: i64,
    pub charged: Option<Charged>,
}

impl Charged {
    /// From the columns of the quota beside those of whoever was found.
    pub fn read(row: &PgRow, subject: Uuid) -> sqlx::Result<Option<Self>> {
        let Some(starts_at) = row.try_get("starts_at")? else { return Ok(None) };
        let (used, allowed) = (row.try_get("used")?, row.try_get("allowed")?);
        Ok(Some(Self { subject, starts_at, used, allowed }))
    }
}

/// Answers those who ask, in their order, from the rows of those who were found.
pub(super) async fn answer<F: Clone>(
    conn: &mut PgConnection,
    clock: &Clock,
    now: DateTime<Utc>,
    asked: &[Asking],
    rows: &BTreeMap<[u8; 32], Row<F>>,
) -> anyhow::Result<Vec<Known<F>>> {
    let charged = rows.values().filter_map(|it| it.charged).collect();
    let paying = |it: &Asking| {
        let row = rows.get(&it.hash)?;
        let subject = row.charged?.subject;
        (it.cost > 0).then_some(Call { subject, limit: row.limit, cost: it.cost })
    };
    let calls: Vec<Option<Call>> = asked.iter().map(paying).collect();
    let paid: Vec<Call> = calls.iter().flatten().copied().collect();
    let mut standings = settle(conn, clock, &paid, Some((now, charged))).await?.into_iter();
    let answer = |(it, call): (&Asking, Option<Call>)| {
        let standing = call.and_then(|_| standings.next());
        rows.get(&it.hash).map(|row| (row.found.clone(), standing))
    };
    Ok(asked.iter().zip(calls).map(answer).collect())
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
