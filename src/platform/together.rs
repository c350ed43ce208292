//! What many callers ask of the database at the same time, asked at once.
//!
//! A small statement costs Postgres and us far more to start than to carry out.
//! While one runs, the questions of all who come are gathered; the next one
//! answers them together, on the same connection, which is kept for a moment for
//! whoever comes next. Whoever comes alone is answered at once.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Executor as _, PgConnection, PgPool, Postgres};
use tokio::sync::{Notify, oneshot};
use tokio::time::timeout;
use uuid::Uuid;

use super::db::{Within, begin_within};
use super::error::Result;

/// As many as one statement is to answer.
const MOST: usize = 256;

/// How often everybody else gets a turn before those who wait are asked for: who
/// was answered together elsewhere comes here together, callers who ask all the
/// time have their next question by then, and larger groups cost all of them
/// less. With nobody else about it takes no time.
const TURNS: usize = 6;

/// How long a connection waits for the next to come. Taking it from the pool and
/// giving it back costs a round trip each time.
const LINGER: Duration = Duration::from_millis(2);

/// How long at most a transaction is read in: what waits for a table that it has
/// read from does not wait for longer.
const LONGEST: Duration = Duration::from_millis(50);

/// Answers questions, in their order.
type Answer<Q, A> =
    dyn for<'a> Fn(&'a mut Kept, Vec<Q>) -> BoxFuture<'a, anyhow::Result<Vec<A>>> + Send + Sync;

/// A question, and where its answer goes.
type Waiting<Q, A> = (Q, oneshot::Sender<Result<A, String>>);

pub struct Together<Q, A>(Arc<Shared<Q, A>>);

/// The connection of those who wait in a line.
pub struct Kept {
    pool: PgPool,
    connection: Option<PoolConnection<Postgres>>,
    /// What a transaction that is open is confined to, and since when.
    reading: Option<((Uuid, Within), Instant)>,
}

impl Kept {
    pub async fn connection(&mut self) -> sqlx::Result<&mut PgConnection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.pool.acquire().await?,
        };
        Ok(self.connection.insert(connection))
    }

    /// The connection in a transaction that reads within a part of an organisation.
    /// Each statement sees what was committed before it began.
    pub async fn reading_within(
        &mut self,
        place: (Uuid, Within),
    ) -> sqlx::Result<&mut PgConnection> {
        let goes_on = |(open, since): (_, Instant)| open == place && since.elapsed() < LONGEST;
        if !self.reading.is_some_and(goes_on) {
            let begin = match self.reading {
                Some(_) => "rollback; begin isolation level read committed read only",
                None => "begin isolation level read committed read only",
            };
            self.connection().await?;
            // Before it is: whoever is stopped in between leaves no connection behind.
            self.reading = Some((place, Instant::now()));
            let begin = begin_within(begin, place.0, place.1);
            self.connection().await?.execute(begin).await?;
        }
        self.connection().await
    }

    /// Ends what was read in, before the connection goes to somebody else.
    async fn end_reading(&mut self) {
        if self.reading.is_none() {
            return;
        }
        if let Some(connection) = &mut self.connection
            && connection.execute("rollback").await.is_ok()
        {
            self.reading = None;
        } else {
            self.give_up();
        }
    }

    /// Whether others could have a connection, too.
    fn may_stay(&self) -> bool {
        self.pool.num_idle() > 0 || self.pool.size() < self.pool.options().get_max_connections()
    }

    /// After a failure: nobody knows what state the connection is in.
    pub fn give_up(&mut self) {
        self.reading = None;
        if let Some(mut connection) = self.connection.take() {
            connection.close_on_drop();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.reading.is_some() {
            self.give_up();
        }
    }
}

struct Shared<Q, A> {
    pool: PgPool,
    answer: Box<Answer<Q, A>>,
    line: Mutex<Line<Q, A>>,
    /// Somebody came to an open line.
    came: Notify,
}

struct Line<Q, A> {
    waiting: Vec<Waiting<Q, A>>,
    /// Whether somebody serves those who wait.
    open: bool,
}

impl<Q, A> Clone for Together<Q, A> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<Q, A> fmt::Debug for Together<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Together")
    }
}

impl<Q: Send + 'static, A: Send + 'static> Together<Q, A> {
    pub fn new<F>(pool: PgPool, answer: F) -> Self
    where
        F: for<'a> Fn(&'a mut Kept, Vec<Q>) -> BoxFuture<'a, anyhow::Result<Vec<A>>>,
        F: Send + Sync + 'static,
    {
        let line = Mutex::new(Line { waiting: Vec::new(), open: false });
        Self(Arc::new(Shared { pool, answer: Box::new(answer), line, came: Notify::new() }))
    }

    pub async fn ask(&self, question: Q) -> Result<A> {
        let (sender, answer) = oneshot::channel();
        let first = {
            let mut line = self.line();
            line.waiting.push((question, sender));
            !std::mem::replace(&mut line.open, true)
        };
        if first {
            // By itself: a caller who hangs up must not leave the others standing.
            tokio::spawn(self.clone().serve());
        } else {
            self.0.came.notify_one();
        }
        let answer = answer.await.context("a question was not answered")?;
        Ok(answer.map_err(anyhow::Error::msg)?)
    }

    fn line(&self) -> MutexGuard<'_, Line<Q, A>> {
        self.0.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(self) {
        // Also when an answer panics, whoever comes next is served.
        let closing = Closing(self);
        let line = &closing.0;
        let mut kept = Kept { pool: line.0.pool.clone(), connection: None, reading: None };
        let turns = async || {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
        };
        turns().await;
        loop {
            let waiting = line.next();
            if waiting.is_empty() {
                let came = timeout(LINGER, line.0.came.notified());
                if kept.may_stay() && came.await.is_ok() {
                    turns().await;
                    continue;
                }
                kept.end_reading().await;
                if line.close() {
                    return;
                }
                continue;
            }
            let (questions, askers): (Vec<Q>, Vec<_>) = waiting.into_iter().unzip();
            match (line.0.answer)(&mut kept, questions).await {
                Ok(answers) => {
                    for (asker, answer) in askers.into_iter().zip(answers) {
                        // Who asked may be gone.
                        let _ = asker.send(Ok(answer));
                    }
                    turns().await;
                }
                Err(err) => {
                    kept.give_up();
                    let why = format!("{err:#}");
                    for asker in askers {
                        let _ = asker.send(Err(why.clone()));
                    }
                }
            }
        }
    }

    /// Those to answer next.
    fn next(&self) -> Vec<Waiting<Q, A>> {
        let mut line = self.line();
        let first = line.waiting.len().min(MOST);
        line.waiting.drain(..first).collect()
    }

    /// Whether nobody waits: nobody comes to a line that is closed without opening it.
    fn close(&self) -> bool {
        let mut line = self.line();
        line.open = !line.waiting.is_empty();
        !line.open
    }
}

struct Closing<Q, A>(Together<Q, A>);

impl<Q, A> Drop for Closing<Q, A> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.0.line.lock().unwrap_or_else(PoisonError::into_inner).open = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::platform::error::Error;

    /// A pool that these questions have no need of.
    fn nowhere() -> PgPool {
        PgPool::connect_lazy("postgres:///none").unwrap()
    }

    #[tokio::test]
    async fn those_who_come_while_one_is_answered_are_answered_together() {
        let (rounds, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
        let double = {
            let (rounds, gate) = (rounds.clone(), gate.clone());
            Together::new(nowhere(), move |_, questions: Vec<u32>| {
                rounds.fetch_add(1, Ordering::SeqCst);
                let gate = gate.clone();
                Box::pin(async move {
                    gate.acquire().await?.forget();
                    Ok(questions.into_iter().map(|it| 2 * it).collect())
                })
            })
        };
        let asked = join_all((0..100).map(|it| double.ask(it)));
        let opening = async {
            while rounds.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            gate.add_permits(100);
        };
        let (answers, ()) = tokio::join!(asked, opening);
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, (0..100).map(|it| 2 * it).collect::<Vec<_>>());
        assert!(rounds.load(Ordering::SeqCst) <= 2, "{rounds:?}");
    }

    #[tokio::test]
    async fn an_error_is_everybodys_and_the_next_is_answered() {
        let odd = Together::new(nowhere(), |_, questions: Vec<u32>| {
            Box::pin(async move {
                anyhow::ensure!(questions != [0], "not zero");
                assert!(questions != [1], "as it should");
                Ok(questions)
            })
        });
        let Err(Error::Internal(err)) = odd.ask(0).await else { panic!("an error of ours") };
        assert_eq!(err.to_string(), "not zero");
        assert!(odd.ask(1).await.is_err(), "a panic is an error");
        assert_eq!(odd.ask(3).await.unwrap(), 3);
    }
}
