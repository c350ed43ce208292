//! What happened, kept for good.
//!
//! Whoever changes something calls [`emit`] in the transaction that changes it,
//! which writes its events when it commits.
//! The `event` table only grows; each row carries the SHA-256 of its contents
//! (as canonical JSON, [`canonical()`]) and of the row before it in the same
//! organisation, so that an edit, a gap or a cut tail shows ([`verify`]).
//! Events that concern no organisation form a chain of their own under the nil
//! id.
//!
//! Features that react to what others do are [`Subscriber`]s: the composition
//! root names them, and they hear of the events of an organisation within the
//! transaction that these are part of.

mod canonical;
mod chain;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

pub use canonical::canonical;
pub use chain::{Broken, verify, verify_all};

use super::ctx::Client;
use super::db::{SystemTx, Tx};
use super::error::Result;

/// Who acts, and from where.
#[derive(Clone, Debug)]
pub struct Who {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
    /// How the actor was called at the time.
    pub label: Option<Arc<str>>,
    pub client: Client,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorKind {
    Person,
    /// An API key, on behalf of its owner.
    Key,
    /// Somebody who has not signed in.
    Anonymous,
    /// The service itself: jobs and administration.
    System,
}

impl ActorKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Key => "key",
            Self::Anonymous => "anonymous",
            Self::System => "system",
        }
    }
}

impl Who {
    pub fn system() -> Self {
        Self { kind: ActorKind::System, id: None, label: None, client: Client::default() }
    }

    pub fn anonymous(client: Client) -> Self {
        Self { kind: ActorKind::Anonymous, id: None, label: None, client }
    }

    pub fn person(id: Uuid, label: &str, client: Client) -> Self {
        Self { kind: ActorKind::Person, id: Some(id), label: Some(label.into()), client }
    }

    pub fn key(id: Uuid, label: &str, client: Client) -> Self {
        Self { kind: ActorKind::Key, id: Some(id), label: Some(label.into()), client }
    }
}

/// Something that happened, named like `workspace.created`.
#[derive(Clone, Debug)]
pub struct Event {
    name: &'static str,
    outcome: &'static str,
    subject: Option<&'static str>,
    subject_id: Option<Uuid>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Event {
    pub fn new(name: &'static str) -> Self {
        debug_assert!(
            name.split('.').count() == 2
                && name.chars().all(|c| c.is_ascii_lowercase() || c == '.' || c == '_'),
            "events are called noun.verb, not {name}",
        );
        Self {
            name,
            outcome: "success",
            subject: None,
            subject_id: None,
            before: None,
            after: None,
        }
    }

    /// What it happened to.
    pub fn on(mut self, subject: &'static str, id: Uuid) -> Self {
        self.subject = Some(subject);
        self.subject_id = Some(id);
        self
    }

    /// What was there, as far as it changed. Never a secret.
    pub fn before(mut self, before: impl Serialize) -> Self {
        self.before = plain(before);
        self
    }

    /// What is there now, as far as it changed. Never a secret.
    pub fn after(mut self, after: impl Serialize) -> Self {
        self.after = plain(after);
        self
    }

    /// It was tried and not allowed.
    pub fn refused(mut self) -> Self {
        self.outcome = "refused";
        self
    }

    /// It was tried and did not work.
    pub fn failed(mut self) -> Self {
        self.outcome = "failed";
        self
    }
}

fn plain(value: impl Serialize) -> Option<Value> {
    let mut value = serde_json::to_value(value).expect("events carry plain data");
    without_nul(&mut value);
    (!value.is_null()).then_some(value)
}

/// Postgres keeps no NUL in JSON; what cannot be kept is shown as missing.
fn without_nul(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(items) => items.iter_mut().for_each(without_nul),
        Value::Object(map) => map.values_mut().for_each(without_nul),
        _ => {}
    }
}

/// One row of the log.
#[derive(Clone, Debug, PartialEq, FromRow, Serialize, ToSchema)]
pub struct Recorded {
    #[serde(skip)]
    pub org_id: Uuid,
    /// Counts the organisation's events from 1, without gaps.
    pub seq: i64,
    pub id: Uuid,
    pub at: DateTime<Utc>,
    pub name: String,
    /// `success`, `refused` or `failed`.
    pub outcome: String,
    /// `person`, `key`, `anonymous` or `system`.
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    /// How the actor was called at the time.
    pub actor_label: Option<String>,
    /// The kind of thing it happened to.
    pub subject: Option<String>,
    pub subject_id: Option<Uuid>,
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    #[schema(value_type = Option<Object>)]
    pub after: Option<Value>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: Option<String>,
    #[serde(serialize_with = "as_hex")]
    #[schema(value_type = String)]
    pub prev: Vec<u8>,
    /// SHA-256 over the event and the hash of the one before, in hexadecimal.
    #[serde(serialize_with = "as_hex")]
    #[schema(value_type = String)]
    pub hash: Vec<u8>,
}

fn as_hex<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&super::crypto::hex(bytes))
}

/// Reacts to events of an organisation, in the transaction that they are part
/// of: what it writes exists exactly if they do. It is called in every
/// transaction with events, so it finds out quickly when there is nothing to do,
/// and leaves to a job what takes time. The events are not linked yet.
pub type Subscriber = for<'a> fn(&'a mut dyn Tx, &'a [Recorded]) -> BoxFuture<'a, Result<()>>;

/// Records an event of the transaction's own organisation; in a [`SystemTx`],
/// of none. It is written when the transaction commits.
pub fn emit(tx: &mut dyn Tx, event: Event) {
    let org_id = tx.tenant().unwrap_or(Uuid::nil());
    record(tx, org_id, event);
}

/// Records an event of an organisation that the transaction is not confined to:
/// sign-in and jobs know which one they mean.
pub fn emit_in(tx: &mut SystemTx, org_id: Uuid, event: Event) {
    record(tx, org_id, event);
}

fn record(tx: &mut dyn Tx, org_id: Uuid, event: Event) {
    let who = tx.who().clone();
    let recorded = Recorded {
        org_id,
        seq: 0,
        id: tx.new_id(),
        at: tx.now(),
        name: event.name.to_owned(),
        outcome: event.outcome.to_owned(),
        actor_kind: who.kind.as_str().to_owned(),
        actor_id: who.id,
        actor_label: who.label.map(|it| it.to_string()),
        subject: event.subject.map(str::to_owned),
        subject_id: event.subject_id,
        before: event.before,
        after: event.after,
        ip: who.client.ip.map(|it| it.to_string()),
        user_agent: who.client.user_agent.as_deref().map(str::to_owned),
        request_id: Some(who.client.request_id.to_string()).filter(|it| !it.is_empty()),
        prev: Vec::new(),
        hash: Vec::new(),
    };
    tx.recorded().push(recorded);
}

/// Writes what was recorded. The last thing before a commit: a chain is locked
/// from here to the end of the transaction, and all of its organisation's
/// changes wait for each other that long.
pub(super) async fn write(tx: &mut dyn Tx) -> Result<()> {
    let mut recorded = std::mem::take(tx.recorded());
    // Chains are taken in one order by all, so that none waits for another in a ring.
    recorded.sort_by_key(|it| it.org_id);
    for events in recorded.chunk_by(|a, b| a.org_id == b.org_id) {
        for hear in tx.subscribers().iter().filter(|_| !events[0].org_id.is_nil()) {
            hear(tx, events).await?;
        }
    }
    for events in recorded.chunk_by_mut(|a, b| a.org_id == b.org_id) {
        chain::append(tx, events).await?;
    }
    debug_assert!(tx.recorded().is_empty(), "who hears of events makes none");
    Ok(())
}
