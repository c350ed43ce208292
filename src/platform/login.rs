//! Logins: what a sign-in leaves behind, and how a request shows it.
//!
//! The cookie holds a random token, the table its hash. A login ends when it
//! was not used for a while, at the latest after a fixed time, or when someone
//! revokes it; each organisation sets its own limits.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, header};
use axum_extra::extract::cookie::{Cookie, SameSite};
use chrono::{DateTime, Duration, Utc};
use serde::Serialize;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::Role;
use super::clock::Clock;
use super::config::Config;
use super::crypto::Token;
use super::ctx::OrgRef;
use super::db::{SystemTx, Tx};
use super::error::Result;
use super::quota::{self, Asking, Charged, Known, Tariff, charge};
use super::state::AppState;
use super::together::Together;

/// How sure we are who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, sqlx::Type, ToSchema)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Level {
    Password,
    TwoFactor,
}

#[derive(Clone, Debug)]
pub struct Login {
    pub id: Uuid,
    pub level: Level,
    /// When the person last proved who they are.
    pub reauthenticated_at: DateTime<Utc>,
}

/// What is found of a login.
#[derive(Clone, Debug)]
pub struct Found {
    pub login: Login,
    last_seen_at: DateTime<Utc>,
    pub account_id: Uuid,
    pub email: String,
    pub name: String,
    pub email_verified: bool,
    pub org: Option<OrgRef>,
    pub two_factor_required_from: Option<DateTime<Utc>>,
}

/// Writing down every use would cost each request a write.
const SEEN_EVERY: Duration = Duration::seconds(60);

/// Limits for people who are in no organisation.
const IDLE: Duration = Duration::hours(24);
const ABSOLUTE: Duration = Duration::days(30);

/// Finds logins that have not ended by the hashes of their tokens.
pub type Logins = Together<Asking, Known<Found>>;

pub fn logins(pool: PgPool, clock: Clock, tariff: Tariff) -> Logins {
    Together::new(pool, move |kept, asked: Vec<Asking>| {
        let (clock, tariff) = (clock.clone(), tariff.clone());
        Box::pin(async move {
            let conn = kept.connection().await?;
            let now = clock.now();
            let rows = find_all(conn, &asked, now, &tariff).await?;
            quota::answer(conn, &clock, now, &asked, &rows).await
        })
    })
}

/// Finds those who ask and charges those who pay.
async fn find_all(
    conn: &mut PgConnection,
    asked: &[Asking],
    now: DateTime<Utc>,
    tariff: &Tariff,
) -> sqlx::Result<BTreeMap<[u8; 32], quota::Row<Found>>> {
    let (hashes, costs) = quota::once(asked);
    let rows = sqlx::query(concat!(
        "with found as (
             select l.token_hash, l.id, l.level, l.reauthenticated_at, l.last_seen_at,
                    a.id as account_id, a.email, a.name, a.email_verified_at,
                    o.id as org_id, o.name as org_name, o.slug, o.plan, o.two_factor_required_from,
                    o.delete_after, m.role, asking.cost, rate.units
               from unnest($3::bytea[], $4::bigint[]) as asking (hash, cost)
               join login l on l.token_hash = asking.hash
               join account a on a.id = l.account_id and a.disabled_at is null
               left join member m on m.org_id = l.current_org_id and m.account_id = l.account_id
               left join org o on o.id = m.org_id
               join unnest($5::text[], $6::bigint[]) as rate (plan, units)
                 on rate.plan = coalesce(o.plan, '')
              where l.expires_at > $1 and l.idle_expires_at > $1),
         call as (select id as subject, cost, units as allowance from found where cost > 0),
         charged as (",
        charge!(),
        ")
         select found.*, charged.starts_at, charged.used, charged.allowed
           from found left join charged on charged.subject = found.id",
    ))
    .bind(now)
    .bind(quota::SPAN)
    .bind(hashes)
    .bind(costs)
    .bind(tariff.plans())
    .bind(tariff.units(|it| it.login))
    .fetch_all(conn)
    .await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let (limit, charged) = (row.try_get("units")?, Charged::read(&row, row.try_get("id")?)?);
        let read = quota::Row { found: read(&row)?, limit, charged };
        found.insert(row.try_get("token_hash")?, read);
    }
    Ok(found)
}

fn read(row: &PgRow) -> sqlx::Result<Found> {
    let login = Login {
        id: row.try_get("id")?,
        level: row.try_get("level")?,
        reauthenticated_at: row.try_get("reauthenticated_at")?,
    };
    let org = match row.try_get::<Option<Role>, _>("role")? {
        None => None,
        Some(role) => Some(OrgRef {
            id: row.try_get("org_id")?,
            name: row.try_get("org_name")?,
            slug: row.try_get("slug")?,
            plan: row.try_get("plan")?,
            role,
            delete_after: row.try_get("delete_after")?,
        }),
    };
    Ok(Found {
        login,
        last_seen_at: row.try_get("last_seen_at")?,
        account_id: row.try_get("account_id")?,
        email: row.try_get("email")?,
        name: row.try_get("name")?,
        email_verified: row.try_get::<Option<DateTime<Utc>>, _>("email_verified_at")?.is_some(),
        org,
        two_factor_required_from: row.try_get("two_factor_required_from")?,
    })
}

/// The login that a token stands for, which is in use at this moment, for `cost`
/// units.
pub(super) async fn find(state: &AppState, token: &Token, cost: i64) -> Result<Known<Found>> {
    let known = state.logins.ask(Asking { hash: token.hash(), cost }).await?;
    let Some((found, _)) = &known else { return Ok(None) };
    let now = state.clock.now();
    if now - found.last_seen_at >= SEEN_EVERY {
        sqlx::query(
            "update login set last_seen_at = $2, idle_expires_at = $2 + idle_seconds * interval '1 second'
              where id = $1 and last_seen_at < $2",
        )
        .bind(found.login.id)
        .bind(now)
        .execute(state.db.pool())
        .await?;
    }
    Ok(known)
}

/// Signs an account in. The organisation is the one given, else the one the
/// account joined first.
pub async fn create(
    tx: &mut SystemTx,
    account_id: Uuid,
    org_id: Option<Uuid>,
    level: Level,
) -> Result<Token> {
    let org: Option<(Uuid, i32, i32)> = sqlx::query_as(
        "select o.id, o.idle_minutes, o.absolute_minutes
           from member m join org o on o.id = m.org_id
          where m.account_id = $1
          order by o.id is distinct from $2, m.created_at, o.id
          limit 1",
    )
    .bind(account_id)
    .bind(org_id)
    .fetch_optional(&mut **tx)
    .await?;
    let (org_id, idle, absolute) = match org {
        Some((id, idle, absolute)) => {
            (Some(id), Duration::minutes(idle.into()), Duration::minutes(absolute.into()))
        }
        None => (None, IDLE, ABSOLUTE),
    };
    let token = Token::random();
    let now = tx.now();
    let client = tx.who().client.clone();
    sqlx::query(
        "insert into login (id, token_hash, account_id, current_org_id, level, reauthenticated_at,
                            created_at, last_seen_at, idle_seconds, idle_expires_at, expires_at,
                            ip, user_agent)
         values ($1, $2, $3, $4, $5, $6, $6, $6, $7, $8, $9, $10, $11)",
    )
    .bind(tx.new_id())
    .bind(token.hash())
    .bind(account_id)
    .bind(org_id)
    .bind(level)
    .bind(now)
    .bind(i32::try_from(idle.num_seconds()).unwrap_or(i32::MAX))
    .bind(now + idle)
    .bind(now + absolute)
    .bind(client.ip.map(|it| it.to_string()))
    .bind(client.user_agent.as_deref())
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// Gives a login a new token, after the person proved again who they are. What
/// a thief may have copied before ends here.
pub async fn rotate(tx: &mut SystemTx, id: Uuid, level: Level) -> Result<Token> {
    let token = Token::random();
    sqlx::query(
        "update login set token_hash = $2, level = $3, reauthenticated_at = $4, last_seen_at = $4
          where id = $1",
    )
    .bind(id)
    .bind(token.hash())
    .bind(level)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// Moves a login to another organisation of its person, whose time limits it
/// takes on. Returns whether the person is a member there.
pub async fn switch_org(tx: &mut SystemTx, id: Uuid, org_id: Uuid) -> Result<bool> {
    let done = sqlx::query(
        "update login l
            set current_org_id = o.id,
                idle_seconds = o.idle_minutes * 60,
                idle_expires_at = $3 + o.idle_minutes * interval '1 minute',
                expires_at = l.created_at + o.absolute_minutes * interval '1 minute'
           from member m join org o on o.id = m.org_id
          where l.id = $1 and m.account_id = l.account_id and m.org_id = $2",
    )
    .bind(id)
    .bind(org_id)
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends one login of an account. Returns whether there was such a login.
pub async fn revoke(tx: &mut SystemTx, account_id: Uuid, id: Uuid) -> Result<bool> {
    let done = sqlx::query("delete from login where id = $1 and account_id = $2")
        .bind(id)
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all logins of an account but the one to keep; returns how many.
pub async fn revoke_others(tx: &mut SystemTx, account_id: Uuid, keep: Option<Uuid>) -> Result<u64> {
    let done = sqlx::query("delete from login where account_id = $1 and id is distinct from $2")
        .bind(account_id)
        .bind(keep)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected())
}

/// The prefix makes browsers insist on https, this host and the whole of it.
fn cookie_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-cloudgen" } else { "cloudgen" }
}

/// The cookie that hands a login to the browser. It stays when the browser is
/// closed; how long the login lasts is decided here, not there.
pub fn cookie(config: &Config, token: &Token) -> Cookie<'static> {
    Cookie::build((cookie_name(config), token.reveal().to_owned()))
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .permanent()
        .build()
}

/// The cookie that takes it back.
pub fn forget(config: &Config) -> Cookie<'static> {
    let mut cookie = cookie(config, &Token::shown(""));
    cookie.make_removal();
    cookie
}

/// The token that a request shows.
pub fn token(headers: &HeaderMap, config: &Config) -> Option<Token> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let cookies = lines.flat_map(Cookie::split_parse).filter_map(Result::ok);
    let ours = cookies.filter(|it| it.name() == cookie_name(config)).last()?;
    let token = Token::shown(ours.value());
    (!token.reveal().is_empty()).then_some(token)
}
