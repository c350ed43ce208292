//! Where somebody is signed in, and ending that.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::record;
use crate::platform::ctx::Person;
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::events::Event;
use crate::platform::login;

/// A place where the caller is signed in.
#[derive(Debug, Serialize, FromRow, ToSchema)]
pub struct Place {
    pub id: Uuid,
    /// The browser and system, as far as they say.
    #[sqlx(skip)]
    pub device: String,
    #[sqlx(skip)]
    pub mobile: bool,
    pub ip: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    /// Whether this is the login that asks.
    pub current: bool,
    #[serde(skip)]
    user_agent: Option<String>,
}

/// The one that asks first, then the most recently used.
pub async fn list(tx: &mut SystemTx, person: &Person) -> Result<Vec<Place>> {
    let mut places: Vec<Place> = sqlx::query_as(
        "select id, ip, user_agent, created_at, last_seen_at,
                least(expires_at, idle_expires_at) as expires_at, id = $2 as current
           from login
          where account_id = $1 and expires_at > $3 and idle_expires_at > $3
          order by current desc, last_seen_at desc, id",
    )
    .bind(person.id)
    .bind(person.login()?.id)
    .bind(tx.now())
    .fetch_all(&mut **tx)
    .await?;
    for place in &mut places {
        (place.device, place.mobile) = device(place.user_agent.as_deref().unwrap_or_default());
    }
    Ok(places)
}

/// Ends one login of the caller.
pub async fn revoke(tx: &mut SystemTx, person: &Person, id: Uuid) -> Result<()> {
    if !login::revoke(tx, person.id, id).await? {
        return Err(Error::NotFound("login"));
    }
    record(tx, person.id, Event::new("login.revoked").on("login", id)).await
}

/// Ends all logins of the caller but this one; returns how many.
pub async fn revoke_others(tx: &mut SystemTx, person: &Person) -> Result<u64> {
    let count = login::revoke_others(tx, person.id, Some(person.login()?.id)).await?;
    let event = Event::new("login.revoked").on("account", person.id);
    record(tx, person.id, event.after(json!({ "count": count }))).await?;
    Ok(count)
}

/// Browser and system in words that people use, from what the browser says.
fn device(user_agent: &str) -> (String, bool) {
    let has = |word: &str| user_agent.contains(word);
    // The order matters: most claim to be others as well.
    let browser = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("FxiOS/", "Firefox"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    let system = [
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(word, _)| has(word)).map(|(_, name)| *name)
    };
    let words = match (find(&browser), find(&system)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Unknown device".to_owned(),
    };
    (words, has("Mobile") || has("iPhone") || has("Android"))
}

#[cfg(test)]
mod tests {
    use super::device;

    #[test]
    fn devices_are_called_as_people_call_them() {
        for (user_agent, words, mobile) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
                false,
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
                false,
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
                true,
            ),
            ("curl/8.5.0", "curl", false),
            ("", "Unknown device", false),
        ] {
            assert_eq!(device(user_agent), (words.to_owned(), mobile));
        }
    }
}
