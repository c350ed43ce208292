//! Access to Postgres: one pool, two kinds of transaction.
//!
//! A [`TenantTx`] runs as the unprivileged `cloudgen_app` role with the
//! caller's organisation set, so row-level security decides what it sees. A
//! [`SystemTx`] sees everything and is for sign-in, background jobs and
//! migrations only. Store functions name the one they need in their signature.
//!
//! Both know the time they began, who acts, and how to make ids, so that a
//! store function needs nothing but its transaction.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool, Postgres, SqlSafeStr as _, SqlStr, Transaction};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use super::clock::Clock;
use super::config::Config;
use super::error::Result;
use super::events::{self, Recorded, Subscriber, Who};
use super::idempotency::Ticket;
use super::ids::Ids;
use super::live::{self, Told};

pub static MIGRATIONS: Migrator = sqlx::migrate!();

#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
    clock: Clock,
    ids: Ids,
    subscribers: &'static [Subscriber],
    /// As many as half of the connections.
    places: Arc<Semaphore>,
}

/// A place among those who work within a transaction, until it is dropped.
pub struct Place(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

/// A transaction within one organisation. One that only reads is dropped, which
/// takes no time of its caller's.
pub struct TenantTx {
    open: Open,
    org_id: Uuid,
    /// What whoever watches is to be told, to be written down before the commit.
    told: Vec<Told>,
}

/// What of an organisation a transaction sees, if not all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Within {
    /// Of what lies in workspaces, only what lies in this one.
    pub workspace_id: Option<Uuid>,
    /// Of sessions, only those that a key in test mode made.
    pub test_only: bool,
}

/// A transaction that sees every organisation.
pub struct SystemTx(Open);

/// What both kinds have in common.
struct Open {
    tx: Transaction<'static, Postgres>,
    now: DateTime<Utc>,
    ids: Ids,
    who: Who,
    subscribers: &'static [Subscriber],
    /// What happened, to be written down before the commit.
    recorded: Vec<Recorded>,
    /// The request carries an Idempotency-Key: its answer is to be stored by
    /// this very transaction, so `commit` hands it over instead.
    ticket: Option<Ticket>,
}

/// How long an idle connection is taken for one that works.
const PROBABLY_ALIVE: Duration = Duration::from_secs(1);

impl Db {
    /// Connects lazily: a database that is not there yet is `/readyz`'s to tell.
    pub fn connect(url: &str, config: &Config, clock: Clock, ids: Ids) -> sqlx::Result<Self> {
        let options: PgConnectOptions = url.parse()?;
        let pool = PgPoolOptions::new()
            .max_connections(config.pool_size)
            .acquire_timeout(config.pool_timeout)
            // What was in use a moment ago is not asked whether it still lives;
            // that would double the round trips of a busy server.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for < PROBABLY_ALIVE {
                        return Ok(true);
                    }
                    Ok(connection.ping().await.is_ok())
                })
            })
            .connect_lazy_with(options.application_name("cloudgen"));
        Ok(Self::new(pool, clock, ids))
    }

    pub fn new(pool: PgPool, clock: Clock, ids: Ids) -> Self {
        let places = pool.options().get_max_connections() / 2;
        let places = Arc::new(Semaphore::new(places.max(1) as usize));
        Self { pool, clock, ids, subscribers: &[], places }
    }

    /// To be waited for before a transaction in which work is done that takes its
    /// time: half of the connections are left for those who ask for little.
    pub async fn place(&self) -> Place {
        Place(self.places.clone().acquire_owned().await.expect("it is never closed"))
    }

    /// Who hears of events written through this.
    pub fn with_subscribers(self, subscribers: &'static [Subscriber]) -> Self {
        Self { subscribers, ..self }
    }

    pub async fn migrate(&self) -> anyhow::Result<()> {
        MIGRATIONS.run(&self.pool).await?;
        super::jobs::migrate(self).await
    }

    /// The pool itself, for single statements outside of any transaction.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub async fn tenant(&self, org_id: Uuid, who: Who) -> sqlx::Result<TenantTx> {
        self.tenant_within(org_id, Within::default(), who).await
    }

    /// Like [`tenant`](Self::tenant), with less in sight.
    pub async fn tenant_within(
        &self,
        org_id: Uuid,
        within: Within,
        who: Who,
    ) -> sqlx::Result<TenantTx> {
        let tx = self.begin(begin_within("begin", org_id, within)).await?;
        Ok(TenantTx { open: self.opened(tx, who), org_id, told: Vec::new() })
    }

    pub async fn system(&self, who: Who) -> sqlx::Result<SystemTx> {
        let tx = self.begin("begin".into_sql_str()).await?;
        Ok(SystemTx(self.opened(tx, who)))
    }

    /// Begins by itself, whether or not whoever asked is still there: a
    /// connection that was given up on in between would go back to the pool with
    /// a transaction, and a role, that nobody knows of.
    async fn begin(&self, statement: SqlStr) -> sqlx::Result<Transaction<'static, Postgres>> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(statement).await }).await;
        begun.unwrap_or_else(|err| Err(sqlx::Error::Io(err.into())))
    }

    fn opened(&self, tx: Transaction<'static, Postgres>, who: Who) -> Open {
        let (now, ids, subscribers) = (self.clock.now(), self.ids.clone(), self.subscribers);
        Open { tx, now, ids, who, subscribers, recorded: Vec::new(), ticket: None }
    }
}

/// One round trip. The settings are local to the transaction, so nothing leaks to
/// the next user of the connection. Ids are hexadecimal digits and hyphens: there
/// is nothing to quote.
pub(super) fn begin_within(begin: &str, org_id: Uuid, within: Within) -> SqlStr {
    assert!(!org_id.is_nil(), "the nil id stands for what no organisation may see");
    let mut begin =
        format!("{begin}; set local role cloudgen_app; set local app.org_id = '{org_id}'");
    if let Some(id) = within.workspace_id {
        begin.push_str(&format!("; set local app.workspace_id = '{id}'"));
    }
    if within.test_only {
        begin.push_str("; set local app.mode = 'test'");
    }
    sqlx::AssertSqlSafe(begin).into_sql_str()
}

impl Open {
    async fn commit(self) -> Result<()> {
        match self.ticket {
            Some(ticket) => ticket.hand_over(self.tx),
            None => self.tx.commit().await?,
        }
        Ok(())
    }
}

impl TenantTx {
    pub fn org_id(&self) -> Uuid {
        self.org_id
    }

    /// What is told so far and is not written yet.
    pub(super) fn told(&mut self) -> &mut Vec<Told> {
        &mut self.told
    }

    pub async fn commit(mut self) -> Result<()> {
        live::write(&mut self).await?;
        events::write(&mut self).await?;
        self.open.commit().await
    }
}

impl SystemTx {
    pub async fn commit(mut self) -> Result<()> {
        events::write(&mut self).await?;
        self.0.commit().await
    }

    /// Narrows the rest of the transaction to one organisation, for example a
    /// job's or the one just founded.
    pub async fn into_tenant(mut self, org_id: Uuid) -> Result<TenantTx> {
        // Once narrowed it could not write those of others.
        events::write(&mut self).await?;
        sqlx::query(
            "select set_config('role', 'cloudgen_app', true), set_config('app.org_id', $1, true)",
        )
        .bind(org_id.to_string())
        .execute(&mut *self.0.tx)
        .await?;
        Ok(TenantTx { open: self.0, org_id, told: Vec::new() })
    }
}

/// What a transaction of either kind knows besides its rows.
pub trait Tx: Send {
    fn conn(&mut self) -> &mut PgConnection;
    /// The time at which the transaction began; all its rows carry the same.
    fn now(&self) -> DateTime<Utc>;
    fn new_id(&self) -> Uuid;
    fn who(&self) -> &Who;
    /// The organisation acted in, for a [`TenantTx`].
    fn tenant(&self) -> Option<Uuid>;
    fn subscribers(&self) -> &'static [Subscriber];
    /// What happened so far and is not written yet.
    fn recorded(&mut self) -> &mut Vec<Recorded>;
    #[doc(hidden)]
    fn set_ticket(&mut self, ticket: Option<Ticket>);
}

macro_rules! tx {
    ($tx:ident, $open:tt, |$it:ident| $tenant:expr) => {
        impl Tx for $tx {
            fn conn(&mut self) -> &mut PgConnection {
                &mut self.$open.tx
            }

            fn now(&self) -> DateTime<Utc> {
                self.$open.now
            }

            fn new_id(&self) -> Uuid {
                self.$open.ids.next()
            }

            fn who(&self) -> &Who {
                &self.$open.who
            }

            fn tenant(&self) -> Option<Uuid> {
                let $it = self;
                $tenant
            }

            fn subscribers(&self) -> &'static [Subscriber] {
                self.$open.subscribers
            }

            fn recorded(&mut self) -> &mut Vec<Recorded> {
                &mut self.$open.recorded
            }

            fn set_ticket(&mut self, ticket: Option<Ticket>) {
                self.$open.ticket = ticket;
            }
        }

        impl Deref for $tx {
            type Target = PgConnection;

            fn deref(&self) -> &PgConnection {
                &self.$open.tx
            }
        }

        impl DerefMut for $tx {
            fn deref_mut(&mut self) -> &mut PgConnection {
                &mut self.$open.tx
            }
        }
    };
}

tx!(TenantTx, open, |it| Some(it.org_id));
tx!(SystemTx, 0, |_it| None);
