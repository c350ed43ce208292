//! API keys, as a request shows them and as the database finds them.
//!
//! A secret is `cg_live_` or `cg_test_`, 30 random characters, and 6 that check
//! them: a typo is refused without a look into the database, and a leaked key
//! can be recognised by whoever scans for them. The table holds its SHA-256.
//! Who shows one becomes a [`Ctx`](super::ctx::Ctx) as somebody who is signed in
//! does; making keys is a feature's business.

use std::collections::BTreeMap;
use std::fmt;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use flate2::Crc;
use rand::RngExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool, Row};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::{Role, Scope};
use super::clock::Clock;
use super::config::Network;
use super::crypto::sha256;
use super::ctx::OrgRef;
use super::db::TenantTx;
use super::error::{Error, Result};
use super::events::{self, Event};
use super::quota::{self, Asking, Charged, Known, Tariff, charge};
use super::together::Together;

/// What a key is for: the real thing, or trying a pipeline out under limits of
/// its own.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, sqlx::Type,
)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Mode {
    #[default]
    Live,
    Test,
}

impl Mode {
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Live => "cg_live_",
            Self::Test => "cg_test_",
        }
    }
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BODY: usize = 30;
const CHECK: usize = 6;

/// The whole key. Only its [hash](Secret::hash) is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn random(mode: Mode) -> Self {
        let mut rng = rand::rng();
        let body: String =
            (0..BODY).map(|_| char::from(ALPHABET[rng.random_range(0..ALPHABET.len())])).collect();
        Self(format!("{}{body}{}", mode.prefix(), checksum(&body)))
    }

    /// What someone showed us, if it can be a key at all.
    pub fn shown(text: &str) -> Option<Self> {
        let rest = [Mode::Live, Mode::Test].iter().find_map(|it| text.strip_prefix(it.prefix()))?;
        if rest.len() != BODY + CHECK || !rest.bytes().all(|it| it.is_ascii_alphanumeric()) {
            return None;
        }
        let (body, check) = rest.split_at(BODY);
        (checksum(body) == check).then(|| Self(text.to_owned()))
    }

    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// The secret itself, to hand it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Its end, by which people tell keys apart.
    pub fn last4(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// CRC32 of the random part in base 62, padded to six digits.
fn checksum(body: &str) -> String {
    let mut crc = Crc::new();
    crc.update(body.as_bytes());
    let (mut left, mut digits) = (crc.sum() as usize, [b'0'; CHECK]);
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[left % ALPHABET.len()];
        left /= ALPHABET.len();
    }
    digits.iter().copied().map(char::from).collect()
}

/// A key that works, as far as its secret says.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: Uuid,
    pub name: String,
    pub mode: Mode,
    pub scopes: Vec<Scope>,
    /// Absent: all workspaces.
    pub workspace_id: Option<Uuid>,
    /// The addresses and networks it works from, as they were written; empty:
    /// from everywhere.
    pub networks: Vec<String>,
    pub expires_at: Option<DateTime<Utc>>,
}

impl Key {
    pub fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    pub(super) fn works_from(&self, ip: Option<std::net::IpAddr>) -> bool {
        let within = |it: &String| match (Network::parse(it), ip) {
            (Some(network), Some(ip)) => network.contains(ip),
            _ => false,
        };
        self.networks.is_empty() || self.networks.iter().any(within)
    }
}

/// What is found of a key.
#[derive(Clone, Debug)]
pub struct Found {
    pub key: Key,
    pub account_id: Uuid,
    pub email: String,
    pub name: String,
    pub email_verified: bool,
    pub org: OrgRef,
    /// The organisation asks for a second factor, and the owner has none.
    pub two_factor_missing: bool,
}

/// The key that a request shows; an error if what it shows cannot be one.
pub(super) fn secret(headers: &HeaderMap) -> Result<Option<Secret>> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let text = value.to_str().ok().and_then(|it| it.split_once(' '));
    let shown = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    match shown.and_then(|(_, it)| Secret::shown(it.trim())) {
        Some(secret) => Ok(Some(secret)),
        None => Err(Error::InvalidKey("this is not an API key, or it is mistyped")),
    }
}

/// Finds keys that work by the hashes of their secrets.
pub type Keys = Together<Asking, Known<Found>>;

pub fn keys(pool: PgPool, clock: Clock, tariff: Tariff) -> Keys {
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

/// Finds those who ask and charges those who pay: not those that work from some
/// addresses only, who may be refused yet.
async fn find_all(
    conn: &mut PgConnection,
    asked: &[Asking],
    now: DateTime<Utc>,
    tariff: &Tariff,
) -> sqlx::Result<BTreeMap<[u8; 32], quota::Row<Found>>> {
    let (hashes, costs) = quota::once(asked);
    let rows = sqlx::query(concat!(
        "with found as (
             select s.hash, k.id, k.name, k.mode, k.scopes, k.workspace_id, k.networks, k.expires_at,
                    a.id as account_id, a.email, a.name as account_name, a.email_verified_at,
                    o.id as org_id, o.name as org_name, o.slug, o.plan, o.delete_after, m.role,
                    o.two_factor_required_from <= $1 and a.two_factor_at is null
                        as two_factor_missing,
                    asking.cost, case k.mode when 'test' then rate.test else rate.live end as units
               from unnest($3::bytea[], $4::bigint[]) as asking (hash, cost)
               join api_key_secret s on s.hash = asking.hash
               join api_key k on k.org_id = s.org_id and k.id = s.key_id
               join account a on a.id = k.account_id and a.disabled_at is null
               join member m on m.org_id = k.org_id and m.account_id = k.account_id
               join org o on o.id = k.org_id
               join unnest($5::text[], $6::bigint[], $7::bigint[]) as rate (plan, live, test)
                 on rate.plan = o.plan
              where k.revoked_at is null
                and (s.expires_at is null or s.expires_at > $1)
                and (k.expires_at is null or k.expires_at > $1)),
         call as (
             select id as subject, sum(cost)::bigint as cost, min(units) as allowance from found
              where cost > 0 and cardinality(networks) = 0
              group by id),
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
    .bind(tariff.units(|it| it.live))
    .bind(tariff.units(|it| it.test))
    .fetch_all(conn)
    .await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let (limit, charged) = (row.try_get("units")?, Charged::read(&row, row.try_get("id")?)?);
        let read = quota::Row { found: read(&row)?, limit, charged };
        found.insert(row.try_get("hash")?, read);
    }
    Ok(found)
}

fn read(row: &PgRow) -> sqlx::Result<Found> {
    let scopes: Vec<String> = row.try_get("scopes")?;
    let networks: Vec<String> = row.try_get("networks")?;
    Ok(Found {
        key: Key {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            mode: row.try_get("mode")?,
            // A scope that is no more allows nothing.
            scopes: scopes.iter().filter_map(|it| Scope::parse(it)).collect(),
            workspace_id: row.try_get("workspace_id")?,
            networks,
            expires_at: row.try_get("expires_at")?,
        },
        account_id: row.try_get("account_id")?,
        email: row.try_get("email")?,
        name: row.try_get("account_name")?,
        email_verified: row.try_get::<Option<DateTime<Utc>>, _>("email_verified_at")?.is_some(),
        org: OrgRef {
            id: row.try_get("org_id")?,
            name: row.try_get("org_name")?,
            slug: row.try_get("slug")?,
            plan: row.try_get("plan")?,
            role: row.try_get::<Role, _>("role")?,
            delete_after: row.try_get("delete_after")?,
        },
        two_factor_missing: row.try_get::<Option<bool>, _>("two_factor_missing")? == Some(true),
    })
}

/// Revokes the keys of a member who is about to go. They would stop working
/// anyway; this says so, and they stay revoked should the member come back.
pub async fn revoke_all_of(tx: &mut TenantTx, account_id: Uuid) -> Result<()> {
    let now = super::db::Tx::now(tx);
    let revoked: Vec<(Uuid, String)> = sqlx::query_as(
        "update api_key set revoked_at = $2
          where account_id = $1 and revoked_at is null returning id, name",
    )
    .bind(account_id)
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    for (id, name) in revoked {
        let event = Event::new("key.revoked").on("key", id);
        let event = event.before(json!({ "name": name, "reason": "its owner left" }));
        events::emit(tx, event);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_format() {
        for key in [
            "cg_live_0000000000000000000000000000002C8GjS",
            "cg_live_abcdefghijklmnopqrstuvwxyzABCD4dNndU",
            "cg_live_Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Qq02ZFgkD",
        ] {
            assert_eq!(Secret::shown(key).unwrap().reveal(), key);
            assert!(Secret::shown(&key.replace("cg_live_", "cg_test_")).is_some());
            assert!(Secret::shown(&key.replace("cg_live_", "cg_prod_")).is_none());
            assert!(Secret::shown(&format!("{key}0")).is_none());
            assert!(Secret::shown(&key[..key.len() - 1]).is_none());
        }
    }

    #[test]
    fn every_typo_is_found_without_asking() {
        let key = Secret::random(Mode::Test);
        assert_eq!(Secret::shown(key.reveal()), Some(key.clone()));
        for i in "cg_test_".len()..key.reveal().len() {
            let mut typo = key.reveal().as_bytes().to_vec();
            typo[i] = if typo[i] == b'x' { b'y' } else { b'x' };
            assert!(Secret::shown(std::str::from_utf8(&typo).unwrap()).is_none(), "{i}");
        }
        assert_ne!(key, Secret::random(Mode::Test));
        assert_eq!(format!("{key:?}"), "Secret(…)");
    }

    #[test]
    fn a_key_works_from_the_networks_it_names() {
        let key = |networks: &[&str]| Key {
            id: Uuid::nil(),
            name: String::new(),
            mode: Mode::Live,
            scopes: Vec::new(),
            workspace_id: None,
            networks: networks.iter().map(|it| (*it).to_owned()).collect(),
            expires_at: None,
        };
        let ip = Some("10.1.2.3".parse().unwrap());
        assert!(key(&[]).works_from(ip) && key(&[]).works_from(None));
        assert!(key(&["192.168.0.1", "10.1.0.0/16"]).works_from(ip));
        assert!(!key(&["10.2.0.0/16"]).works_from(ip) && !key(&["10.1.0.0/16"]).works_from(None));
    }
}
