//! The caller: who they are, where they act, and the only way from there to the
//! database.
//!
//! Handlers take [`Ctx`] when they act in an organisation and [`Person`] for
//! what concerns the account alone. Both come from the sign-in cookie with one
//! indexed query per request.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{Extensions, request::Parts};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::access::{Action, Role};
use super::db::{SystemTx, TenantTx, Tx};
use super::error::{Error, Result};
use super::events::{self, Event, Who};
use super::idempotency::Slot;
use super::login::{self, Level, Login};
use super::state::AppState;

/// How long after a proof of identity sensitive changes are let through.
const RECENT: Duration = Duration::minutes(10);

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Client {
    pub ip: Option<IpAddr>,
    pub user_agent: Option<Arc<str>>,
    pub request_id: Arc<str>,
}

impl Client {
    /// What [`guard`](super::guard) found out about the request.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&parts.extensions))
    }
}

/// Someone who is signed in.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub email_verified: bool,
    pub login: Login,
    client: Client,
    slot: Option<Slot>,
    state: AppState,
}

/// The organisation a caller acts in.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct OrgRef {
    pub id: Uuid,
    pub name: String,
    pub slug: String,
    pub plan: String,
    pub role: Role,
    /// When the organisation will be gone, if its owner asked for that.
    pub delete_after: Option<DateTime<Utc>>,
}

/// An authenticated caller acting in one organisation.
///
/// Handlers reach the database only through [`Ctx::begin`], which names the
/// action being performed: there is no way to query first and check later.
#[derive(Clone, Debug)]
pub struct Ctx {
    pub person: Person,
    pub org: OrgRef,
}

impl Person {
    pub fn who(&self) -> Who {
        Who::person(self.id, &self.email, self.client.clone())
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A transaction for what concerns the account alone: its name, its
    /// factors, its logins. It sees every organisation, so store functions
    /// called from here say in SQL whose rows they mean.
    pub async fn begin(&self) -> Result<SystemTx> {
        let mut tx = self.state.db.system(self.who()).await?;
        claim(&self.slot, &mut tx).await?;
        Ok(tx)
    }

    /// Refuses unless the person has proved who they are within the last ten
    /// minutes. Called before changes that would let a thief stay.
    pub fn require_recent(&self) -> Result<()> {
        let age = self.state.clock.now() - self.login.reauthenticated_at;
        if age > RECENT { Err(Error::Reauthenticate) } else { Ok(()) }
    }
}

impl Ctx {
    /// Starts the request's transaction, if the caller may do what they ask.
    /// A refusal is an event, too.
    pub async fn begin(&self, action: Action) -> Result<TenantTx> {
        let db = &self.person.state.db;
        let mut tx = db.tenant(self.org.id, self.person.who()).await?;
        if self.org.role < action.requires() {
            let refused = Event::new("access.refused")
                .after(serde_json::json!({ "action": format!("{action:?}") }))
                .refused();
            events::emit(&mut tx, refused).await?;
            tx.commit().await?;
            return Err(Error::Forbidden);
        }
        claim(&self.person.slot, &mut tx).await?;
        Ok(tx)
    }

    /// Whether the caller may do this, to show or hide the way to it.
    pub fn may(&self, action: Action) -> bool {
        self.org.role >= action.requires()
    }

    pub fn org_id(&self) -> Uuid {
        self.org.id
    }

    pub fn role(&self) -> Role {
        self.org.role
    }
}

/// Binds the transaction to the request's Idempotency-Key, if it has one.
async fn claim(slot: &Option<Slot>, tx: &mut dyn Tx) -> Result<()> {
    if let Some(slot) = slot {
        let ticket = slot.claim(tx.conn()).await?;
        tx.set_ticket(ticket);
    }
    Ok(())
}

/// Everything that the one query per request finds out.
#[derive(Clone, Debug)]
struct Found {
    person: Person,
    org: Option<OrgRef>,
    /// The organisation asks for a second factor, and this login has none.
    two_factor_missing: bool,
}

/// Lets the page layer, which sees the request before the handler and the
/// response after it, learn who the extractors found.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<OnceLock<(Person, Option<OrgRef>)>>);

impl Seen {
    pub fn get(&self) -> Option<&(Person, Option<OrgRef>)> {
        self.0.get()
    }
}

async fn find(parts: &mut Parts, state: &AppState) -> Result<Found> {
    let mut found = match parts.extensions.get::<Found>() {
        Some(found) => found.clone(),
        None => look_up(parts, state).await?,
    };
    found.person.slot = parts.extensions.get::<Slot>().cloned();
    Ok(found)
}

async fn look_up(parts: &mut Parts, state: &AppState) -> Result<Found> {
    let token = login::token(&parts.headers, &state.config).ok_or(Error::Unauthenticated)?;
    let now = state.clock.now();
    let row = login::find(state.db.pool(), &token, now).await?.ok_or(Error::Unauthenticated)?;
    let person = Person {
        id: row.account_id,
        email: row.email,
        name: row.name,
        email_verified: row.email_verified,
        login: row.login,
        client: Client::of(&parts.extensions),
        slot: None,
        state: state.clone(),
    };
    let two_factor_missing = row.two_factor_required_from.is_some_and(|from| from <= now)
        && person.login.level < Level::TwoFactor;
    let found = Found { person, org: row.org, two_factor_missing };
    if let Some(seen) = parts.extensions.get::<Seen>() {
        // Set once; a second extractor of the same request found the same.
        let _ = seen.0.set((found.person.clone(), found.org.clone()));
    }
    parts.extensions.insert(found.clone());
    Ok(found)
}

impl FromRequestParts<AppState> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        Ok(find(parts, state).await?.person)
    }
}

impl OptionalFromRequestParts<AppState> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>> {
        match find(parts, state).await {
            Ok(found) => Ok(Some(found.person)),
            Err(Error::Unauthenticated) => Ok(None),
            Err(err) => Err(err),
        }
    }
}

impl FromRequestParts<AppState> for Ctx {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let found = find(parts, state).await?;
        let org = found.org.ok_or_else(|| {
            Error::conflict("no_organisation", "choose or create an organisation first")
        })?;
        if found.two_factor_missing {
            return Err(Error::TwoFactorRequired);
        }
        Ok(Self { person: found.person, org })
    }
}

/// A signed-in person and the organisation they last acted in, if any.
pub struct Signed(pub Person, pub Option<OrgRef>);

impl FromRequestParts<AppState> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let found = find(parts, state).await?;
        Ok(Self(found.person, found.org))
    }
}
