//! People: how they get an account, sign in, and prove that it is them.
//!
//! Signing in is a small machine: password, then a second factor if the account
//! has one ([`sign_in`]), then a login ([`platform::login`](crate::platform::login)).
//! Nothing a stranger is answered depends on whether an account exists: the same
//! work is done and the same words are said, and what differs happens in a job.
//!
//! What is guarded against guessing, and how, is in [`guess`] and the limits
//! here; docs/security.md tells operators.

pub mod api;
pub mod pages;

mod accounts;
mod backup_codes;
mod guess;
mod logins;
mod mail_links;
mod passkeys;
mod password;
mod profile;
mod proof;
mod recovery;
mod second_factor;
mod sign_in;
mod sign_up;
mod tidy;
mod totp;

use axum_extra::extract::cookie::{Cookie, SameSite};
use chrono::Duration;
use uuid::Uuid;

use crate::platform::config::Config;
use crate::platform::crypto::Token;
use crate::platform::ctx::Client;
use crate::platform::db::SystemTx;
use crate::platform::error::{Error, Result};
use crate::platform::events::{self, Event};
use crate::platform::jobs::Handler;
use crate::platform::rate_limit::{self, Limit};
use crate::platform::state::AppState;

/// Sign-ins tried from one address.
const SIGN_INS: Limit = Limit::new(60, Duration::minutes(10));
/// Accounts asked for from one address.
const SIGN_UPS: Limit = Limit::new(20, Duration::hours(1));
/// Mails that a stranger can have us send to one address.
const MAILS: Limit = Limit::new(5, Duration::hours(1));

pub fn jobs() -> Vec<Handler> {
    vec![
        Handler::of::<sign_up::Write>(),
        Handler::of::<recovery::Write>(),
        Handler::hourly::<tidy::Tidy>(23),
    ]
}

/// Takes one from the bucket of the caller's address.
async fn limit_address(state: &AppState, what: &str, client: &Client, limit: Limit) -> Result<()> {
    let address = client.ip.map_or_else(|| "unknown".to_owned(), |it| it.to_string());
    rate_limit::take(state, &format!("{what}:{address}"), limit).await
}

fn person_name(typed: &str) -> Result<String> {
    let name = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = !name.chars().any(char::is_control);
    // Names stand in mails; what looks like an address there is not a name.
    let harmless = !name.contains("://") && !name.contains("www.");
    if plain && harmless && (1..=100).contains(&name.chars().count()) {
        Ok(name)
    } else {
        Err(Error::invalid("name", "must have 1 to 100 characters and be no web address"))
    }
}

/// Records what happened to an account in each of its organisations, or among
/// what concerns none. In the order of their ids, so that two transactions do
/// not wait for each other.
async fn record(tx: &mut SystemTx, account_id: Uuid, event: Event) -> Result<()> {
    let orgs: Vec<Uuid> =
        sqlx::query_scalar("select org_id from member where account_id = $1 order by org_id")
            .bind(account_id)
            .fetch_all(&mut **tx)
            .await?;
    if orgs.is_empty() {
        events::emit(tx, event);
        return Ok(());
    }
    for org in orgs {
        events::emit_in(tx, org, event.clone());
    }
    Ok(())
}

/// A cookie that ends with the browser's session.
fn short_cookie(config: &Config, name: &'static str, token: &Token) -> Cookie<'static> {
    Cookie::build((cookie_name(config, name), token.reveal().to_owned()))
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .build()
}

fn cookie_name(config: &Config, name: &'static str) -> String {
    if config.is_https() { format!("__Host-{name}") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        assert_eq!(person_name("  Robin   Hood ").unwrap(), "Robin Hood");
        for bad in ["", "  ", "win at https://evil.example", &"x".repeat(101), "a\u{7}b"] {
            assert!(person_name(bad).is_err(), "{bad}");
        }
    }
}
