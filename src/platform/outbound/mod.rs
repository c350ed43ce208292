//! Requests to addresses that other people chose, such as webhooks.
//!
//! Whoever chooses an address must not reach through us what they cannot reach
//! themselves. So the form of the address is checked ([`Rules::check`]), and
//! the names in it are resolved by the connector itself, which connects to the
//! very addresses that were checked: a name that answers differently the next
//! time gains nothing. Redirects are not followed, proxies of the environment
//! are not used, and answers are read only so far and so long.

mod address;
mod rules;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};

use super::config::Config;
use super::crypto::prepare_tls;

pub use rules::Rules;

/// A request may take this long, from the name's resolution to the last byte.
pub const PATIENCE: Duration = Duration::from_secs(15);
const CONNECT: Duration = Duration::from_secs(5);

/// Of an answer this much is read.
pub const BODY_LIMIT: usize = 16 * 1024;
const HEADER_LIMIT: usize = 64;

/// The client for other people's addresses; cheap to clone.
#[derive(Clone)]
pub struct Outbound {
    client: Client,
    rules: Arc<Rules>,
    patience: Duration,
}

/// What the other side answered.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub body: Vec<u8>,
    /// There was more of the body than is kept, or it did not end in time.
    pub cut: bool,
    pub took: Duration,
}

/// Why there is no answer. What is behind an address that may not be reached
/// does not show: whether a name leads there or nowhere, it is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The address was never acceptable.
    Form(&'static str),
    NotPublic,
    Unreachable,
    Untrusted,
    TimedOut,
    Broken,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::Form(what) => write!(f, "the address {what}"),
            Self::NotPublic => f.write_str("the name does not lead to a public address"),
            Self::Unreachable => f.write_str("no connection could be made"),
            Self::Untrusted => f.write_str("the certificate is not trusted"),
            Self::TimedOut => write!(f, "no answer within {} seconds", PATIENCE.as_secs()),
            Self::Broken => f.write_str("the connection broke off before an answer"),
        }
    }
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

/// Resolves a name; a parameter, so that a test can lie.
type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

impl Outbound {
    pub fn new(config: &Config) -> anyhow::Result<Self> {
        let lookup: Lookup = Arc::new(|name| {
            Box::pin(async move {
                let found = tokio::net::lookup_host((name, 0)).await?;
                Ok(found.map(|it| it.ip()).collect())
            })
        });
        Self::with(Rules::new(config.outbound_allow.clone()), lookup, PATIENCE)
    }

    fn with(rules: Rules, lookup: Lookup, patience: Duration) -> anyhow::Result<Self> {
        prepare_tls();
        let rules = Arc::new(rules);
        let client = Client::builder()
            .dns_resolver(Resolver { lookup, rules: rules.clone() })
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .http1_only()
            .connect_timeout(CONNECT)
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(4)
            .user_agent(concat!("CloudGen/", env!("CARGO_PKG_VERSION")))
            .build()?;
        Ok(Self { client, rules, patience })
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Sends `body`; whatever the status, what came back is the result.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: String,
    ) -> Result<Reply, Failure> {
        let url = self.rules.check(url).map_err(Failure::Form)?;
        let begun = Instant::now();
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let value = HeaderValue::try_from(value).map_err(|_| Failure::Broken)?;
            all.insert(HeaderName::from_static(name), value);
        }
        let deadline = tokio::time::Instant::now() + self.patience;
        let request = self.client.post(url).headers(all).body(body).send();
        let response = tokio::time::timeout_at(deadline, request)
            .await
            .map_err(|_| Failure::TimedOut)?
            .map_err(|err| failure(&err))?;
        Ok(read(response, deadline, begun).await)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Outbound({:?})", self.rules)
    }
}

/// The status stands once it is there; a body that drips is cut.
async fn read(mut response: Response, deadline: tokio::time::Instant, begun: Instant) -> Reply {
    let headers = response
        .headers()
        .iter()
        .take(HEADER_LIMIT)
        .map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), value.chars().take(512).collect())
        })
        .collect();
    let (mut body, mut cut) = (Vec::new(), false);
    loop {
        match tokio::time::timeout_at(deadline, response.chunk()).await {
            Ok(Ok(Some(chunk))) => {
                let room = BODY_LIMIT - body.len();
                body.extend_from_slice(&chunk[..chunk.len().min(room)]);
                if chunk.len() > room {
                    cut = true;
                    break;
                }
            }
            Ok(Ok(None)) => break,
            Ok(Err(_)) | Err(_) => {
                cut = true;
                break;
            }
        }
    }
    Reply { status: response.status().as_u16(), headers, body, cut, took: begun.elapsed() }
}

fn failure(err: &reqwest::Error) -> Failure {
    let mut cause = err.source();
    while let Some(it) = cause {
        if it.is::<NotPublic>() {
            return Failure::NotPublic;
        }
        // The connector wraps what TLS complains about in an I/O error.
        let inner = it.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if it.is::<rustls::Error>() || inner.is_some_and(|it| it.is::<rustls::Error>()) {
            return Failure::Untrusted;
        }
        cause = it.source();
    }
    if err.is_timeout() {
        Failure::TimedOut
    } else if err.is_connect() {
        Failure::Unreachable
    } else {
        Failure::Broken
    }
}

/// A name that leads to no address, or to one that may not be reached.
#[derive(Debug)]
struct NotPublic;

impl fmt::Display for NotPublic {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("not a public address")
    }
}

impl std::error::Error for NotPublic {}

/// Hands to the connector only addresses that may be reached.
struct Resolver {
    lookup: Lookup,
    rules: Arc<Rules>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, rules) = (self.lookup.clone(), self.rules.clone());
        Box::pin(async move {
            let found = lookup(name.as_str().to_owned()).await.unwrap_or_default();
            // One bad address among good ones is no oversight of a careful owner.
            if found.is_empty() || !found.iter().all(|it| rules.may_reach(name.as_str(), *it)) {
                return Err(NotPublic.into());
            }
            let addresses: Addrs = Box::new(found.into_iter().map(|it| SocketAddr::new(it, 0)));
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests;
