//! Which addresses of the web may be asked for.

use std::net::IpAddr;

use reqwest::Url;

use super::address::is_public;
use crate::platform::config::Reachable;

/// The public internet, and what the configuration adds to it.
#[derive(Clone, Debug)]
pub struct Rules {
    also: Vec<Reachable>,
}

/// Where web servers listen for TLS. Anything else is more likely a door that
/// was not meant for us.
const PORTS: [u16; 2] = [443, 8443];

const LONGEST: usize = 2000;

impl Rules {
    pub fn new(also: Vec<Reachable>) -> Self {
        Self { also }
    }

    /// Reads an address, or says what is wrong with it. Where its name leads is
    /// looked at when it is dialled.
    pub fn check(&self, text: &str) -> Result<Url, &'static str> {
        // The parser would drop these in silence.
        if text.len() > LONGEST || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("must have at most 2,000 characters and no spaces");
        }
        let url = Url::parse(text).map_err(|_| "is not a web address")?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err("must begin with https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not contain a user name or password");
        }
        let host = url.host_str().ok_or("is not a web address")?;
        let listed = match literal(host) {
            Some(ip) if self.is_listed(ip) => true,
            Some(ip) if is_public(ip) => false,
            Some(_) => return Err("must be a public one"),
            None if self.is_named(host) => true,
            None if is_public_name(host) => false,
            None => return Err("must be a public one"),
        };
        if !listed {
            if url.scheme() != "https" {
                return Err("must begin with https://");
            }
            if !PORTS.contains(&url.port_or_known_default().unwrap_or_default()) {
                return Err("must use port 443 or 8443");
            }
        }
        Ok(url)
    }

    /// Whether `address`, which `name` leads to, may be connected to.
    pub fn may_reach(&self, name: &str, address: IpAddr) -> bool {
        is_public(address) || self.is_listed(address) || self.is_named(name)
    }

    fn is_listed(&self, address: IpAddr) -> bool {
        self.also.iter().any(|it| matches!(it, Reachable::Network(it) if it.contains(address)))
    }

    fn is_named(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.also.iter().any(|it| matches!(it, Reachable::Host(it) if it == name))
    }
}

/// The host as an address, which the parser has already brought into one form.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Names that mean something only within a network.
const INSIDE: [&str; 8] =
    ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "invalid", "onion"];

fn is_public_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    let within = |zone: &str| {
        host.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    host.contains('.') && !INSIDE.iter().any(|it| within(it))
}
