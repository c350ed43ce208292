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
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::clock::Clock;
use super::error::Result;

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
#[derive(Clone)]
pub struct Till(Arc<Shared>);

struct Shared {
    pool: PgPool,
    clock: Clock,
    line: Mutex<Line>,
}

#[derive(Default)]
struct Line {
    waiting: Vec<Call>,
    /// Whether somebody serves those who wait.
    open: bool,
}

struct Call {
    subject: Uuid,
    limit: i64,
    cost: i64,
    answer: oneshot::Sender<Result<Standing, String>>,
}

/// What is written down of a subject, once its calls were charged.
#[derive(Clone, Copy, Debug, FromRow)]
struct Charged {
    subject: Uuid,
    starts_at: DateTime<Utc>,
    used: i64,
    allowed: bool,
}

impl fmt::Debug for Till {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Till")
    }
}

impl Till {
    pub fn new(pool: PgPool, clock: Clock) -> Self {
        Self(Arc::new(Shared { pool, clock, line: Mutex::default() }))
    }

    /// Takes `cost` units from what `subject` (a key, a login) may use.
    pub async fn take(&self, subject: Uuid, quota: Quota, cost: i64) -> Result<Standing> {
        let (answer, standing) = oneshot::channel();
        let first = {
            let mut line = self.line();
            line.waiting.push(Call { subject, limit: quota.limit, cost, answer });
            !std::mem::replace(&mut line.open, true)
        };
        if first {
            // By itself: a caller who hangs up must not leave the others standing.
            tokio::spawn(self.clone().serve());
        }
        let standing = standing.await.context("the quota was not counted")?;
        Ok(standing.map_err(anyhow::Error::msg)?)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.line.lock().unwrap_or_else(|it| it.into_inner())
    }

    async fn serve(self) {
        loop {
            let calls = {
                let mut line = self.line();
                if line.waiting.is_empty() {
                    line.open = false;
                    return;
                }
                std::mem::take(&mut line.waiting)
            };
            self.settle(calls).await;
        }
    }

    async fn settle(&self, calls: Vec<Call>) {
        let mut subjects: BTreeMap<Uuid, Vec<Call>> = BTreeMap::new();
        for call in calls {
            subjects.entry(call.subject).or_default().push(call);
        }
        while !subjects.is_empty() {
            let now = self.0.clock.now();
            let charged = match self.charge(&subjects, now).await {
                Ok(charged) => charged,
                Err(err) => {
                    let why = format!("cannot count the quota: {err}");
                    for call in subjects.into_values().flatten() {
                        let _ = call.answer.send(Err(why.clone()));
                    }
                    return;
                }
            };
            let mut again = BTreeMap::new();
            for charged in charged {
                let calls = subjects.remove(&charged.subject).unwrap_or_default();
                let resets_in = (charged.starts_at + SPAN - now).to_std().unwrap_or_default();
                let rest = hand_out(charged, calls, |call, allowed, left| {
                    // Whoever hung up has paid all the same.
                    let _ = call.answer.send(Ok(Standing { allowed, left, resets_in }));
                });
                if !rest.is_empty() {
                    again.insert(charged.subject, rest);
                }
            }
            subjects = again;
        }
    }

    /// Takes from each subject what all its calls cost, or nothing.
    async fn charge(
        &self,
        subjects: &BTreeMap<Uuid, Vec<Call>>,
        now: DateTime<Utc>,
    ) -> sqlx::Result<Vec<Charged>> {
        let limit = |calls: &Vec<Call>| calls.first().map_or(0, |it| it.limit);
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
        .bind(subjects.values().map(|it| it.iter().map(|it| it.cost).sum()).collect::<Vec<i64>>())
        .bind(subjects.values().map(limit).collect::<Vec<_>>())
        .bind(SPAN)
        .fetch_all(&self.0.pool)
        .await
    }
}

/// Answers the calls of one subject, in their order. Those that were refused
/// together but may fit without the others are given back, always fewer than
/// there were.
fn hand_out(
    charged: Charged,
    calls: Vec<Call>,
    mut tell: impl FnMut(Call, bool, i64),
) -> Vec<Call> {
    let mut rest = Vec::new();
    let total: i64 = calls.iter().map(|it| it.cost).sum();
    let mut used = if charged.allowed { charged.used - total } else { charged.used };
    for call in calls {
        let fits = used + call.cost <= call.limit;
        if charged.allowed || fits {
            used += call.cost;
        }
        match (charged.allowed, fits) {
            (true, _) => {
                let left = (call.limit - used).max(0);
                tell(call, true, left);
            }
            (false, true) => rest.push(call),
            (false, false) => {
                let left = (call.limit - charged.used).max(0);
                tell(call, false, left);
            }
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Units of a window of ten, and what calls of these costs are told in turn.
    fn told(used: i64, allowed: bool, costs: &[i64]) -> (Vec<(i64, bool, i64)>, Vec<i64>) {
        let subject = Uuid::nil();
        let call =
            |cost: &i64| Call { subject, limit: 10, cost: *cost, answer: oneshot::channel().0 };
        let charged = Charged { subject, starts_at: DateTime::UNIX_EPOCH, used, allowed };
        let mut told = Vec::new();
        let rest = hand_out(charged, costs.iter().map(call).collect(), |call, allowed, left| {
            told.push((call.cost, allowed, left));
        });
        (told, rest.iter().map(|it| it.cost).collect())
    }

    #[test]
    fn calls_that_were_paid_together_are_told_what_each_left() {
        assert_eq!(
            told(9, true, &[1, 5, 1]),
            (vec![(1, true, 7), (5, true, 2), (1, true, 1)], vec![])
        );
    }

    #[test]
    fn calls_that_do_not_fit_together_are_tried_without_the_last() {
        assert_eq!(told(7, false, &[1, 5, 2, 1]), (vec![(5, false, 3), (1, false, 3)], vec![1, 2]));
        assert_eq!(told(10, false, &[1, 1]), (vec![(1, false, 0), (1, false, 0)], vec![]));
        // One that is dearer than the window never fits.
        assert_eq!(told(0, false, &[11]), (vec![(11, false, 10)], vec![]));
    }
}
