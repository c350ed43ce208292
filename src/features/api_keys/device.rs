//! The OAuth 2.0 device authorization grant (RFC 8628): a program on a terminal
//! asks, shows a short code, and polls; a person types the code into a browser
//! and decides. What comes of it is a key of that person, named for the machine.
//!
//! The key is made when the program fetches it, so that no secret waits
//! anywhere. Codes are eight consonants, of which there are 25.6 thousand
//! million, and people who guess are slowed down.

use chrono::{DateTime, Duration, Utc};
use rand::RngExt;
use serde::Serialize;
use serde_json::json;
use sqlx::FromRow;
use uuid::Uuid;

use super::api::{DeviceCode, DeviceRequest, DeviceToken, TokenRequest};
use super::{Plan, add, checked_name, tell};
use crate::platform::access::{Role, Scope};
use crate::platform::api_key::Mode;
use crate::platform::crypto::Token;
use crate::platform::ctx::{Client, Person};
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event, Who};
use crate::platform::rate_limit::{self, Limit};
use crate::platform::state::AppState;

/// How long somebody may take to decide.
const VALID: Duration = Duration::minutes(15);
/// How long a key works that came of it.
const KEY_VALID: Duration = Duration::days(90);
const POLL_SECONDS: i32 = 5;

/// Programs that ask from one network address, and how often they may poll.
const ASKED: Limit = Limit::new(30, Duration::hours(1));
const POLLED: Limit = Limit::new(300, Duration::minutes(10));
/// Codes that one person looks up.
const TYPED: Limit = Limit::new(20, Duration::minutes(10));

const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What the command line uses.
const CLI_SCOPES: &[Scope] = &[
    Scope::SessionsRead,
    Scope::SessionsWrite,
    Scope::ArtifactsRead,
    Scope::WebhooksRead,
    Scope::WebhooksWrite,
    Scope::OrgRead,
    Scope::KeysRead,
    Scope::KeysWrite,
    Scope::UsageRead,
];

/// Why a program gets nothing: in the words of the protocol, or in ours.
#[derive(Debug)]
pub enum Refusal {
    Protocol(&'static str, &'static str),
    Other(Error),
}

impl<E: Into<Error>> From<E> for Refusal {
    fn from(err: E) -> Self {
        Self::Other(err.into())
    }
}

/// A program that waits.
#[derive(Clone, Debug, Serialize, FromRow)]
pub struct Grant {
    pub id: Uuid,
    pub user_code: String,
    pub name: String,
    pub scopes: Vec<String>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    #[serde(skip)]
    poll_seconds: i32,
    #[serde(skip)]
    polled_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    decided_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    by_account: Option<Uuid>,
    #[serde(skip)]
    in_org: Option<Uuid>,
}

/// A code as people read it.
pub fn grouped(code: &str) -> String {
    match code.split_at_checked(4) {
        Some((first, rest)) => format!("{first}-{rest}"),
        None => code.to_owned(),
    }
}

fn random_code() -> String {
    let mut rng = rand::rng();
    (0..8).map(|_| char::from(LETTERS[rng.random_range(0..LETTERS.len())])).collect()
}

/// What was typed, without what people put between.
fn typed(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphabetic).map(|it| it.to_ascii_uppercase()).collect()
}

async fn limit(state: &AppState, what: &str, client: &Client, limit: Limit) -> Result<()> {
    let address = client.ip.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
    rate_limit::take(state, &format!("{what}:{address}"), limit).await
}

/// Begins: a code to poll with, and one for the person.
pub async fn ask(
    state: &AppState,
    client: Client,
    request: &DeviceRequest,
) -> Result<DeviceCode, Refusal> {
    limit(state, "device", &client, ASKED).await?;
    if request.client_id.is_empty() || request.client_id.len() > 100 {
        return Err(Refusal::Protocol("invalid_request", "client_id says which program asks"));
    }
    if request.scope.len() > 1_000 || request.device_name.chars().count() > 255 {
        return Err(Refusal::Protocol("invalid_request", "scope or device_name is too long"));
    }
    let asked: Option<Vec<Scope>> = request.scope.split_whitespace().map(Scope::parse).collect();
    let scopes = match asked {
        Some(scopes) if scopes.is_empty() => CLI_SCOPES.to_vec(),
        Some(scopes) => scopes,
        None => return Err(Refusal::Protocol("invalid_scope", "one of the scopes is not known")),
    };
    let name = match request.device_name.trim() {
        "" => request.client_id.clone(),
        device => format!("{} on {device}", request.client_id),
    };
    let name: String = name.chars().filter(|it| !it.is_control()).take(100).collect();
    let name = checked_name(&name)
        .map_err(|_| Refusal::Protocol("invalid_request", "device_name is not a name"))?;
    let user_code = random_code();
    let device_code = Token::random();
    let scopes: Vec<&str> = scopes.iter().map(|it| it.as_str()).collect();
    let mut tx = state.db.system(Who::anonymous(client.clone())).await?;
    sqlx::query(
        "insert into device_grant (id, device_hash, user_code, name, scopes, ip, user_agent,
                                   created_at, expires_at, poll_seconds)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tx.new_id())
    .bind(device_code.hash())
    .bind(&user_code)
    .bind(&name)
    .bind(scopes)
    .bind(client.ip.map(|it| it.to_string()))
    .bind(client.user_agent.as_deref())
    .bind(tx.now())
    .bind(tx.now() + VALID)
    .bind(POLL_SECONDS)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let user_code = grouped(&user_code);
    let verification_uri = format!("{}/device", state.config.public_url);
    Ok(DeviceCode {
        device_code: device_code.reveal().to_owned(),
        verification_uri_complete: format!("{verification_uri}?code={user_code}"),
        verification_uri,
        user_code,
        expires_in: VALID.num_seconds(),
        interval: POLL_SECONDS,
    })
}

/// What was decided: the key, once, or why not yet or not at all.
pub async fn token(
    state: &AppState,
    client: Client,
    request: &TokenRequest,
) -> Result<DeviceToken, Refusal> {
    limit(state, "device-poll", &client, POLLED).await?;
    if request.grant_type != GRANT_TYPE {
        return Err(Refusal::Protocol("unsupported_grant_type", GRANT_TYPE));
    }
    if request.device_code.is_empty() || request.client_id.is_empty() {
        return Err(Refusal::Protocol("invalid_request", "send device_code and client_id"));
    }
    let device_hash = Token::shown(&request.device_code).hash();
    let who = decided_by(state, &device_hash, client).await?;
    let mut tx = state.db.system(who).await?;
    let grant: Option<Grant> =
        sqlx::query_as("select * from device_grant where device_hash = $1 for update")
            .bind(device_hash)
            .fetch_optional(&mut *tx)
            .await?;
    let Some(grant) = grant else {
        return Err(Refusal::Protocol("invalid_grant", "this code is not known, or was used"));
    };
    let now = tx.now();
    if grant.expires_at <= now {
        return Err(Refusal::Protocol("expired_token", "nobody decided in time"));
    }
    let Some(_) = grant.decided_at else {
        let pause = Duration::seconds(grant.poll_seconds.into());
        let hasty = grant.polled_at.is_some_and(|it| now - it < pause);
        sqlx::query(
            "update device_grant set polled_at = $2, poll_seconds = poll_seconds + $3 where id = $1",
        )
        .bind(grant.id)
        .bind(now)
        .bind(if hasty { 5 } else { 0 })
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        return Err(match hasty {
            true => Refusal::Protocol("slow_down", "wait five seconds longer between polls"),
            false => Refusal::Protocol("authorization_pending", "nobody has decided yet"),
        });
    };
    sqlx::query("delete from device_grant where id = $1").bind(grant.id).execute(&mut *tx).await?;
    let denied = Refusal::Protocol("access_denied", "somebody turned this down");
    let (Some(account_id), Some(org_id)) = (grant.by_account, grant.in_org) else {
        tx.commit().await?;
        return Err(denied);
    };
    // They may have left since.
    let owner: Option<Owner> = sqlx::query_as(OWNER)
        .bind(account_id)
        .bind(org_id)
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(owner) = owner else {
        tx.commit().await?;
        return Err(denied);
    };
    let scopes = within_role(&grant, owner.role);
    let mut tx = tx.into_tenant(org_id).await?;
    let expires_at = now + KEY_VALID;
    let plan = Plan {
        account_id,
        name: &grant.name,
        mode: Mode::Live,
        origin: "device",
        scopes: &scopes,
        workspace_id: None,
        networks: &[],
        expires_at: Some(expires_at),
    };
    let made = add(&mut tx, &owner.plan, &plan).await?;
    tell(state, &mut tx, (&owner.email, &owner.name), &owner.org, &made.key).await?;
    tx.commit().await?;
    Ok(DeviceToken {
        access_token: made.secret,
        token_type: "Bearer",
        scope: made.key.scopes.join(" "),
        expires_in: KEY_VALID.num_seconds(),
        organisation: owner.org,
    })
}

/// What is done on behalf of somebody is recorded as theirs.
async fn decided_by(state: &AppState, device_hash: &[u8], client: Client) -> Result<Who> {
    let person: Option<(Uuid, String)> = sqlx::query_as(
        "select a.id, a.email from device_grant g join account a on a.id = g.by_account
          where g.device_hash = $1",
    )
    .bind(device_hash)
    .fetch_optional(state.db.pool())
    .await?;
    Ok(match person {
        Some((id, email)) => Who::person(id, &email, client),
        None => Who::anonymous(client),
    })
}

/// A member who may let programs in: `$1` the account, `$2` the organisation,
/// `$3` the time.
const OWNER: &str = "
    select a.email, a.name, m.role, o.name as org, o.plan
      from member m
      join account a on a.id = m.account_id and a.disabled_at is null
      join org o on o.id = m.org_id
     where m.account_id = $1 and m.org_id = $2
       and (o.two_factor_required_from is null or o.two_factor_required_from > $3
            or a.two_factor_at is not null)";

#[derive(FromRow)]
struct Owner {
    email: String,
    name: String,
    role: Role,
    org: String,
    plan: String,
}

/// What was asked for, as far as the role has it to give.
pub fn within_role(grant: &Grant, role: Role) -> Vec<Scope> {
    let given = super::scopes_of(role);
    let asked = grant.scopes.iter().filter_map(|it| Scope::parse(it));
    asked.filter(|it| given.contains(it)).collect()
}

/// The program that waits with this code. People who guess are slowed down.
pub async fn find(state: &AppState, person: &Person, code: &str) -> Result<Option<Grant>> {
    rate_limit::take(state, &format!("device-code:{}", person.id), TYPED).await?;
    let mut tx = person.begin().await?;
    let found = waiting(&mut tx, &typed(code)).await?;
    tx.commit().await?;
    Ok(found)
}

async fn waiting(tx: &mut SystemTx, code: &str) -> Result<Option<Grant>> {
    Ok(sqlx::query_as(
        "select * from device_grant
          where user_code = $1 and expires_at > $2 and decided_at is null for update",
    )
    .bind(code)
    .bind(tx.now())
    .fetch_optional(&mut **tx)
    .await?)
}

/// The organisations of somebody, to choose from.
pub async fn memberships(tx: &mut SystemTx, account_id: Uuid) -> Result<Vec<(Uuid, String)>> {
    Ok(sqlx::query_as(
        "select o.id, o.name from member m join org o on o.id = m.org_id
          where m.account_id = $1 order by lower(o.name), o.id",
    )
    .bind(account_id)
    .fetch_all(&mut **tx)
    .await?)
}

/// Lets the program into an organisation of the person (`None`: turns it away).
/// Returns what it was called, or `None` if it waits no more.
pub async fn decide(
    state: &AppState,
    person: &Person,
    code: &str,
    org_id: Option<Uuid>,
) -> Result<Option<String>> {
    person.require_recent()?;
    rate_limit::take(state, &format!("device-code:{}", person.id), TYPED).await?;
    let mut tx = person.begin().await?;
    let Some(grant) = waiting(&mut tx, &typed(code)).await? else { return Ok(None) };
    let now = tx.now();
    if let Some(org_id) = org_id {
        let owner: Option<Owner> = sqlx::query_as(OWNER)
            .bind(person.id)
            .bind(org_id)
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?;
        let owner = owner.ok_or_else(|| {
            Error::invalid("org_id", "is not an organisation that you can let programs into")
        })?;
        if within_role(&grant, owner.role).is_empty() {
            return Err(Error::invalid("org_id", "your role there allows nothing of this"));
        }
    }
    sqlx::query(
        "update device_grant set decided_at = $2, by_account = $3, in_org = $4 where id = $1",
    )
    .bind(grant.id)
    .bind(now)
    .bind(person.id)
    .bind(org_id)
    .execute(&mut *tx)
    .await?;
    let after = json!({ "name": grant.name, "scopes": grant.scopes, "ip": grant.ip });
    let name = if org_id.is_some() { "device.approved" } else { "device.denied" };
    let decided = Event::new(name).on("account", person.id).after(after);
    events::emit_in(&mut tx, org_id.unwrap_or(Uuid::nil()), decided);
    tx.commit().await?;
    Ok(Some(grant.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_in_any_way() {
        for text in ["WDJB-MJHT", "wdjbmjht", " wdjb mjht "] {
            assert_eq!(typed(text), "WDJBMJHT");
        }
        assert_eq!(grouped("WDJBMJHT"), "WDJB-MJHT");
    }
}
