//! The caller: who they are, where they act, and the only way from there to the
//! database.
//!
//! Handlers take [`Ctx`] when they act in an organisation and [`Person`] for
//! what concerns the account alone. Both come from the sign-in cookie with one
//! indexed query per request. On the API a `Ctx` also comes from an
//! [API key](super::api_key), which acts for its owner, within its scopes; a
//! `Person` never does.

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::{FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::{Extensions, request::Parts};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use sqlx::FromRow;
use uuid::Uuid;

use super::access::{Action, Role};
use super::api_key::{self, Key, Mode};
use super::db::{SystemTx, TenantTx, Tx, Within};
use super::error::{Error, Result};
use super::events::{self, Event, Who};
use super::idempotency::Slot;
use super::login::{self, Level, Login};
use super::quota::{Asking, Standing};
use super::reading::Shared;
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

/// Someone who is signed in; or, as the person of a [`Ctx`], whom a key acts for.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub email: String,
    pub name: String,
    pub email_verified: bool,
    credential: Credential,
    client: Client,
    slot: Option<Slot>,
    state: AppState,
}

/// What a request shows to be let in.
#[derive(Clone, Debug)]
enum Credential {
    Login(Login),
    Key(Arc<Key>),
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
/// Handlers reach the database only through [`Ctx::begin`] and [`Ctx::read`],
/// which name the action being performed: there is no way to query first and check later.
#[derive(Clone, Debug)]
pub struct Ctx {
    pub person: Person,
    pub org: OrgRef,
}

impl Person {
    pub fn who(&self) -> Who {
        match &self.credential {
            Credential::Login(_) => Who::person(self.id, &self.email, self.client.clone()),
            Credential::Key(key) => {
                let label = format!("{} ({})", key.name, self.email);
                Who::key(key.id, &label, self.client.clone())
            }
        }
    }

    /// The login, for what only someone who is signed in may do.
    pub fn login(&self) -> Result<&Login> {
        match &self.credential {
            Credential::Login(login) => Ok(login),
            Credential::Key(_) => Err(Error::PersonOnly),
        }
    }

    /// How sure the login is; `None` for a key.
    pub fn level(&self) -> Option<Level> {
        self.login().ok().map(|it| it.level)
    }

    /// The key that acts for this person, if it is not they themselves.
    pub fn key(&self) -> Option<&Key> {
        match &self.credential {
            Credential::Login(_) => None,
            Credential::Key(key) => Some(key),
        }
    }

    /// Whether what is done is done in earnest: people do nothing else.
    pub fn mode(&self) -> Mode {
        self.key().map_or(Mode::Live, |it| it.mode)
    }

    /// The person, or the key: what answers are kept for and calls counted by.
    pub fn actor_id(&self) -> Uuid {
        self.key().map_or(self.id, |it| it.id)
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
    /// minutes. Called before changes that would let a thief stay. No key is
    /// proof of that.
    pub fn require_recent(&self) -> Result<()> {
        let age = self.state.clock.now() - self.login()?.reauthenticated_at;
        if age > RECENT { Err(Error::Reauthenticate) } else { Ok(()) }
    }
}

impl Ctx {
    /// Starts the request's transaction, if the caller may do what they ask.
    /// A refusal is an event, too.
    pub async fn begin(&self, action: Action) -> Result<TenantTx> {
        let mut tx = self.open().await?;
        if let Err(refusal) = self.allows(action) {
            return Err(refuse(tx, action, refusal).await?);
        }
        claim(&self.person.slot, &mut tx).await?;
        Ok(tx)
    }

    /// Finds one row, if the caller may do what they ask, in a transaction shared
    /// with others who see the same of the organisation.
    pub async fn read<R: Shared>(&self, action: Action, id: Uuid) -> Result<Option<R>> {
        if let Err(refusal) = self.allows(action) {
            return Err(refuse(self.open().await?, action, refusal).await?);
        }
        self.person.state.readings.find(self.org.id, self.within(), id).await
    }

    async fn open(&self) -> sqlx::Result<TenantTx> {
        let db = &self.person.state.db;
        db.tenant_within(self.org.id, self.within(), self.person.who()).await
    }

    /// What the caller sees of the organisation.
    fn within(&self) -> Within {
        Within { workspace_id: self.workspace(), test_only: self.person.mode() == Mode::Test }
    }

    /// Both the role and, for a key, its scopes must allow what is done.
    fn allows(&self, action: Action) -> Result<()> {
        if let Some(key) = self.person.key() {
            let scope = action.scope().ok_or(Error::PersonOnly)?;
            if !key.has(scope) {
                return Err(Error::MissingScope(scope.as_str()));
            }
        }
        if self.org.role < action.requires() {
            return Err(Error::Forbidden);
        }
        Ok(())
    }

    /// Whether the caller may do this, to show or hide the way to it.
    pub fn may(&self, action: Action) -> bool {
        self.allows(action).is_ok()
    }

    /// The workspace that a key is confined to.
    pub fn workspace(&self) -> Option<Uuid> {
        self.person.key().and_then(|it| it.workspace_id)
    }

    pub fn org_id(&self) -> Uuid {
        self.org.id
    }

    pub fn role(&self) -> Role {
        self.org.role
    }
}

/// Writes down that somebody may not do what they asked.
async fn refuse(mut tx: TenantTx, action: Action, refusal: Error) -> Result<Error> {
    let refused = Event::new("access.refused")
        .after(serde_json::json!({ "action": format!("{action:?}") }))
        .refused();
    events::emit(&mut tx, refused);
    tx.commit().await?;
    Ok(refusal)
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

/// Put on requests to the API by [`accept_keys`]; elsewhere a key says nothing.
#[derive(Clone, Copy, Debug)]
struct ByKey;

/// A request to the API, which may come with an API key.
pub fn accept_keys(mut request: Request) -> Request {
    request.extensions_mut().insert(ByKey);
    request
}

/// Who makes a request, for layers; handlers take [`Ctx`] or [`Person`].
pub async fn caller(parts: &mut Parts, state: &AppState) -> Result<(Person, Option<OrgRef>)> {
    let found = find(parts, state).await?;
    Ok((found.person, found.org))
}

/// Who makes a request that costs so many units, for the layer that charges:
/// before anybody else asks. Also what is left of their quota, unless they are
/// still to be charged.
pub async fn paying_caller(
    parts: &mut Parts,
    state: &AppState,
    cost: i64,
) -> Result<(Person, Option<OrgRef>, Option<Standing>)> {
    let (found, standing) = look_up(parts, state, cost).await?;
    Ok((found.person, found.org, standing))
}

async fn find(parts: &mut Parts, state: &AppState) -> Result<Found> {
    let mut found = match parts.extensions.get::<Found>() {
        Some(found) => found.clone(),
        None => look_up(parts, state, 0).await?.0,
    };
    found.person.slot = parts.extensions.get::<Slot>().cloned();
    Ok(found)
}

async fn look_up(
    parts: &mut Parts,
    state: &AppState,
    cost: i64,
) -> Result<(Found, Option<Standing>)> {
    let secret = match parts.extensions.get::<ByKey>() {
        Some(ByKey) => api_key::secret(&parts.headers)?,
        None => None,
    };
    let (found, standing) = match secret {
        Some(secret) => look_up_key(parts, state, &secret, cost).await?,
        None => look_up_login(parts, state, cost).await?,
    };
    parts.extensions.insert(found.clone());
    Ok((found, standing))
}

async fn look_up_login(
    parts: &Parts,
    state: &AppState,
    cost: i64,
) -> Result<(Found, Option<Standing>)> {
    let token = login::token(&parts.headers, &state.config).ok_or(Error::Unauthenticated)?;
    let now = state.clock.now();
    let known = login::find(state, &token, cost).await?;
    let (row, standing) = known.ok_or(Error::Unauthenticated)?;
    let two_factor_missing = row.two_factor_required_from.is_some_and(|from| from <= now)
        && row.login.level < Level::TwoFactor;
    let person = Person {
        id: row.account_id,
        email: row.email,
        name: row.name,
        email_verified: row.email_verified,
        credential: Credential::Login(row.login),
        client: Client::of(&parts.extensions),
        slot: None,
        state: state.clone(),
    };
    let found = Found { person, org: row.org, two_factor_missing };
    if let Some(seen) = parts.extensions.get::<Seen>() {
        // Set once; a second extractor of the same request found the same.
        let _ = seen.0.set((found.person.clone(), found.org.clone()));
    }
    Ok((found, standing))
}

async fn look_up_key(
    parts: &Parts,
    state: &AppState,
    secret: &api_key::Secret,
    cost: i64,
) -> Result<(Found, Option<Standing>)> {
    let known = state.api_keys.ask(Asking { hash: secret.hash(), cost }).await?;
    let (row, standing) =
        known.ok_or(Error::InvalidKey("this API key is not known, has expired or is revoked"))?;
    let client = Client::of(&parts.extensions);
    if !row.key.works_from(client.ip) {
        return Err(Error::AddressRefused);
    }
    let person = Person {
        id: row.account_id,
        email: row.email,
        name: row.name,
        email_verified: row.email_verified,
        credential: Credential::Key(Arc::new(row.key)),
        client,
        slot: None,
        state: state.clone(),
    };
    let found = Found { person, org: Some(row.org), two_factor_missing: row.two_factor_missing };
    Ok((found, standing))
}

impl FromRequestParts<AppState> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let person = find(parts, state).await?.person;
        person.login()?;
        Ok(person)
    }
}

impl OptionalFromRequestParts<AppState> for Person {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Option<Self>> {
        match <Self as FromRequestParts<AppState>>::from_request_parts(parts, state).await {
            Ok(person) => Ok(Some(person)),
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

/// A signed-in person and the organisation they last acted in, if any; or the
/// owner of a key, and its organisation.
pub struct Signed(pub Person, pub Option<OrgRef>);

impl FromRequestParts<AppState> for Signed {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self> {
        let found = find(parts, state).await?;
        Ok(Self(found.person, found.org))
    }
}
