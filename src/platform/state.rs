//! What every handler and job may use, behind one pointer.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::api_key::Keys;
use super::cache::Cache;
use super::clock::Clock;
use super::config::Config;
use super::crypto::Keyring;
use super::db::Db;
use super::icons::Icons;
use super::ids::Ids;
use super::live::Live;
use super::login::Logins;
use super::mail::Mailer;
use super::outbound::Outbound;
use super::page::{NavItem, Templates};
use super::quota::Till;
use super::reading::Readings;
use super::usage::Usage;

/// Cheap to clone; derefs to its [`Parts`].
#[derive(Clone)]
pub struct AppState(Arc<Parts>);

pub struct Parts {
    pub config: Config,
    pub db: Db,
    pub clock: Clock,
    pub ids: Ids,
    pub keys: Keyring,
    pub mail: Mailer,
    pub live: Live,
    pub outbound: Outbound,
    pub usage: Usage,
    pub till: Till,
    pub logins: Logins,
    pub api_keys: Keys,
    pub readings: Readings,
    pub templates: Templates,
    pub cache: Cache,
    pub icons: Icons,
    /// The navigation, which only the composition root can know.
    pub nav: &'static [NavItem],
}

impl AppState {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("AppState")
    }
}
