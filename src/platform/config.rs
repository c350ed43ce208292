//! Configuration: read once from the environment, typed, and with all problems
//! reported together.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};

use super::cors;
use super::crypto::Keyring;
use super::mail;
use super::postgres::Dirs;

/// How CloudGen runs. See [`VARIABLES`] for what each variable means.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where Postgres is; absent for the embedded one.
    pub database_url: Option<SecretString>,
    pub bind: SocketAddr,
    /// Where people reach us: without a slash at the end.
    pub public_url: String,
    pub data_dir: PathBuf,
    /// Where the programs of the private Postgres are.
    pub cache_dir: PathBuf,
    pub secret_key: Option<SecretString>,
    pub mail: MailTo,
    pub mail_from: String,
    pub metrics_bind: Option<SocketAddr>,
    pub log: LogFormat,
    pub dev: bool,
    pub trusted_proxies: Vec<Network>,
    pub pool_size: u32,
    pub pool_timeout: Duration,
    pub request_timeout: Duration,
    pub shutdown_timeout: Duration,
    pub body_limit: usize,
    pub job_concurrency: usize,
    /// Requests to other people's servers at the same time.
    pub outbound_concurrency: usize,
    /// Where those may go besides the public internet.
    pub outbound_allow: Vec<Reachable>,
    /// Sites whose scripts may call the API.
    pub cors_origins: Vec<String>,
    /// Where icons are that take the place of ours.
    pub icons: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub enum MailTo {
    Smtp(SecretString),
    Directory(PathBuf),
    /// Kept for a test to look at.
    Memory,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// A variable that CloudGen reads: name, example, meaning.
pub struct Variable {
    pub name: &'static str,
    pub example: &'static str,
    pub meaning: &'static str,
}

macro_rules! variables {
    ($($name:literal, $example:literal, $meaning:literal;)+) => {
        /// Every variable, for the README, `doctor` and error messages.
        pub const VARIABLES: &[Variable] =
            &[$(Variable { name: $name, example: $example, meaning: $meaning },)+];
    };
}

variables! {
    "DATABASE_URL", "postgres://cloudgen:secret@db.example.com/cloudgen",
        "Postgres 16 or later with pgvector; a private one is started when absent";
    "CLOUDGEN_BIND", "127.0.0.1:8080", "address to listen on";
    "CLOUDGEN_PUBLIC_URL", "https://cloudgen.example.com", "where people reach the service";
    "CLOUDGEN_DATA_DIR", "/var/lib/cloudgen", "key file, private database and mail directory";
    "CLOUDGEN_SECRET_KEY", "hX4mJ0mZpVt3b6yQ1c8eN2kR5uW7xA9dF0gH3jL6oPs=",
        "32 random bytes in base64 that seal secrets; a key file is made when absent";
    "CLOUDGEN_MAIL", "smtp://user:password@mail.example.com:587",
        "SMTP server (smtps://, or smtp:// with STARTTLS unless ?tls=none), or a directory to write mails to";
    "CLOUDGEN_MAIL_FROM", "CloudGen <cloudgen@example.com>", "sender of our mails";
    "CLOUDGEN_METRICS_BIND", "127.0.0.1:9090", "address for Prometheus; none when absent";
    "CLOUDGEN_LOG", "json", "log format, text or json";
    "CLOUDGEN_DEV", "true", "show the development pages";
    "CLOUDGEN_TRUSTED_PROXIES", "10.0.0.0/8,192.168.1.7",
        "proxies whose X-Forwarded-For and X-Request-Id are believed";
    "CLOUDGEN_POOL_SIZE", "10", "database connections at most";
    "CLOUDGEN_POOL_TIMEOUT", "5", "seconds to wait for one of them";
    "CLOUDGEN_REQUEST_TIMEOUT", "30", "seconds a request may take";
    "CLOUDGEN_SHUTDOWN_TIMEOUT", "20", "seconds to finish what runs when told to stop";
    "CLOUDGEN_BODY_LIMIT", "1048576", "bytes a request may send";
    "CLOUDGEN_JOB_CONCURRENCY", "4", "background jobs at the same time";
    "CLOUDGEN_OUTBOUND_CONCURRENCY", "16", "webhooks delivered at the same time";
    "CLOUDGEN_OUTBOUND_ALLOW", "10.1.0.0/16,hooks.internal",
        "private networks and host names that webhooks may reach, also over http; none when absent";
    "CLOUDGEN_CORS_ORIGINS", "https://portal.example.com,http://localhost:3000",
        "sites whose scripts may call the API with a key; none when absent";
    "CLOUDGEN_ICONS", "/etc/cloudgen/icons",
        "directory of icons for diagrams, such as lambda.svg or queue.png; ours when absent";
}

/// All that is wrong with the environment.
#[derive(Debug)]
pub struct Problems(Vec<String>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        writeln!(f, "the configuration has {} problem(s):", self.0.len())?;
        for problem in &self.0 {
            writeln!(f, "  {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Reads variables one by one and remembers what was wrong.
struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn raw(&self, name: &str) -> Option<String> {
        debug_assert!(VARIABLES.iter().any(|it| it.name == name), "{name} is not in VARIABLES");
        (self.lookup)(name).map(|it| it.trim().to_owned()).filter(|it| !it.is_empty())
    }

    /// The value is not repeated: it may be a secret.
    fn complain(&mut self, name: &str, what: &str) {
        let example = VARIABLES.iter().find(|it| it.name == name).map_or("", |it| it.example);
        self.problems.push(format!("{name} {what}, for example {name}={example}"));
    }

    fn parse<T>(&mut self, name: &str, what: &str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(&self.raw(name)?);
        if parsed.is_none() {
            self.complain(name, what);
        }
        parsed
    }

    fn number<T: FromStr>(&mut self, name: &str, default: T) -> T {
        self.parse(name, "must be a whole number", |text| text.parse().ok()).unwrap_or(default)
    }

    /// For what makes no sense without: nobody can be served in 0 seconds.
    fn positive<T: FromStr + PartialOrd + From<u8>>(&mut self, name: &str, default: T) -> T {
        let some = |text: &str| text.parse().ok().filter(|it| *it > T::from(0));
        self.parse(name, "must be a whole number above 0", some).unwrap_or(default)
    }

    fn seconds(&mut self, name: &str, default: u64) -> Duration {
        Duration::from_secs(self.positive(name, default))
    }
}

impl Config {
    pub fn from_env() -> Result<Self, Problems> {
        #[expect(clippy::disallowed_methods, reason = "this is where configuration is read")]
        Self::read(&|name| std::env::var(name).ok())
    }

    pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problems> {
        let mut env = Reader { lookup, problems: Vec::new() };
        let database_url = env.parse("DATABASE_URL", "must be a postgres:// address", |text| {
            let known = text.starts_with("postgres://") || text.starts_with("postgresql://");
            known.then(|| SecretString::from(text))
        });
        let bind = env
            .parse("CLOUDGEN_BIND", "must be an address and a port", |text| text.parse().ok())
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080)));
        let public_url = env
            .parse("CLOUDGEN_PUBLIC_URL", "must be an http:// or https:// address", public_url)
            .unwrap_or_else(|| format!("http://{bind}"));
        let path = |name| lookup(name).map(PathBuf::from);
        let (data_home, cache_home, home) =
            (path("XDG_DATA_HOME"), path("XDG_CACHE_HOME"), path("HOME"));
        let dirs = Dirs::new(data_home.as_deref(), cache_home.as_deref(), home.as_deref());
        let data_dir = env.raw("CLOUDGEN_DATA_DIR").map_or(dirs.data, PathBuf::from);
        if data_dir.is_relative() {
            env.complain("CLOUDGEN_DATA_DIR", "must be an absolute path");
        }
        let secret_key = env.parse("CLOUDGEN_SECRET_KEY", "must be 32 bytes in base64", |text| {
            Keyring::parse_key(text).map(|_| SecretString::from(text))
        });
        let mail = env
            .parse(
                "CLOUDGEN_MAIL",
                "must be an smtp:// or smtps:// address or an absolute directory",
                mail_to,
            )
            .unwrap_or_else(|| MailTo::Directory(data_dir.join("mail")));
        let mail_from = env
            .parse("CLOUDGEN_MAIL_FROM", "must be a mail address", |text| {
                text.parse::<lettre::message::Mailbox>().ok().map(|_| text.to_owned())
            })
            .unwrap_or_else(|| "CloudGen <cloudgen@localhost>".to_owned());
        let metrics_bind =
            env.parse("CLOUDGEN_METRICS_BIND", "must be an address and a port", |it| {
                it.parse().ok()
            });
        let log = env
            .parse("CLOUDGEN_LOG", "must be text or json", |text| match text {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            })
            .unwrap_or(LogFormat::Text);
        let dev = env
            .parse("CLOUDGEN_DEV", "must be true or false", |text| match text {
                "1" | "true" => Some(true),
                "0" | "false" => Some(false),
                _ => None,
            })
            .unwrap_or(false);
        let trusted_proxies = env
            .parse("CLOUDGEN_TRUSTED_PROXIES", "must be addresses or networks", |text| {
                text.split(',').map(|it| Network::parse(it.trim())).collect()
            })
            .unwrap_or_default();
        let outbound_allow = env
            .parse("CLOUDGEN_OUTBOUND_ALLOW", "must be networks or host names", |text| {
                text.split(',').map(|it| Reachable::parse(it.trim())).collect()
            })
            .unwrap_or_default();
        let cors_origins = env
            .parse("CLOUDGEN_CORS_ORIGINS", "must be origins such as https://example.com", |text| {
                text.split(',').map(|it| cors::origin(it.trim())).collect()
            })
            .unwrap_or_default();
        let icons = env.parse("CLOUDGEN_ICONS", "must be an absolute path", |text| {
            text.starts_with('/').then(|| PathBuf::from(text))
        });
        let pool_size = env.number("CLOUDGEN_POOL_SIZE", 10);
        if pool_size < 2 {
            env.complain("CLOUDGEN_POOL_SIZE", "must be at least 2");
        }
        let config = Self {
            database_url,
            bind,
            public_url,
            data_dir,
            cache_dir: dirs.cache,
            secret_key,
            mail,
            mail_from,
            metrics_bind,
            log,
            dev,
            trusted_proxies,
            pool_size,
            pool_timeout: env.seconds("CLOUDGEN_POOL_TIMEOUT", 5),
            request_timeout: env.seconds("CLOUDGEN_REQUEST_TIMEOUT", 30),
            // Zero is a choice: whatever runs is broken off.
            shutdown_timeout: Duration::from_secs(env.number("CLOUDGEN_SHUTDOWN_TIMEOUT", 20)),
            body_limit: env.positive("CLOUDGEN_BODY_LIMIT", 1024 * 1024),
            job_concurrency: env.positive("CLOUDGEN_JOB_CONCURRENCY", 4),
            outbound_concurrency: env.positive("CLOUDGEN_OUTBOUND_CONCURRENCY", 16),
            outbound_allow,
            cors_origins,
            icons,
        };
        if env.problems.is_empty() { Ok(config) } else { Err(Problems(env.problems)) }
    }

    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// The key that seals secrets: the configured one, or that of the key file
    /// in the data directory, which is made on first use.
    pub fn keyring(&self) -> anyhow::Result<Keyring> {
        if let Some(key) = &self.secret_key {
            let key = Keyring::parse_key(key.expose_secret()).context("CLOUDGEN_SECRET_KEY")?;
            return Ok(Keyring::new(&key));
        }
        let path = self.data_dir.join("secret.key");
        let key = key_file::read_or_make(&path)
            .with_context(|| format!("cannot use the key file {}", path.display()))?;
        Ok(Keyring::new(&key))
    }
}

mod key_file {
    //! The key file: made once, readable by its owner only.

    use std::fs;
    use std::io::{ErrorKind, Write};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    use anyhow::{Context, bail};

    use crate::platform::crypto::{Keyring, random};

    pub fn read_or_make(path: &Path) -> anyhow::Result<[u8; 32]> {
        let directory = path.parent().context("it has no directory")?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match made {
            Ok(mut file) => {
                let key = random();
                file.write_all(Keyring::format_key(&key).as_bytes())?;
                file.sync_all()?;
                Ok(key)
            }
            Err(err) if err.kind() == ErrorKind::AlreadyExists => {
                if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
                    bail!("others may read it; run chmod 600 on it");
                }
                let text = String::from_utf8(fs::read(path)?)?;
                Keyring::parse_key(&text).context("it does not hold 32 bytes in base64")
            }
            Err(err) => Err(err.into()),
        }
    }
}

fn public_url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let uri: axum::http::Uri = text.parse().ok()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    (web && uri.host().is_some() && uri.path() == "/").then(|| text.to_owned())
}

fn mail_to(text: &str) -> Option<MailTo> {
    if text.starts_with("smtp://") || text.starts_with("smtps://") {
        mail::smtp(text).ok()?;
        return Some(MailTo::Smtp(text.into()));
    }
    text.starts_with('/').then(|| MailTo::Directory(text.into()))
}

/// An address, or all that share its first bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
            None => (text.parse().ok()?, None),
        };
        let all = if matches!(address, IpAddr::V4(_)) { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Self { address, bits })
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let shared = |a: u128, b: u128, width: u8| {
            let cut = u32::from(width - self.bits);
            a.checked_shr(cut).unwrap_or(0) == b.checked_shr(cut).unwrap_or(0)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => shared(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => shared(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// Something private that requests to other people's addresses may reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reachable {
    Network(Network),
    Host(String),
}

impl Reachable {
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(network) = Network::parse(text) {
            return Some(Self::Network(network));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let named =
            !text.is_empty() && text.chars().all(plain) && text.contains(char::is_alphabetic);
        named.then(|| Self::Host(text.trim_end_matches('.').to_ascii_lowercase()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        let lookup = |name: &str| {
            pairs.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        Config::read(&lookup).map_err(|err| err.to_string())
    }

    #[test]
    fn an_empty_environment_gives_a_working_local_server() {
        let config = read(&[("HOME", "/home/ada")]).unwrap();
        assert_eq!(config.bind.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url, "http://127.0.0.1:8080");
        assert!(config.data_dir.ends_with("cloudgen"));
        assert!(config.database_url.is_none() && !config.is_https());
        assert!(config.outbound_allow.is_empty(), "nothing private is within reach");
    }

    #[test]
    fn all_problems_are_told_at_once_and_without_the_value() {
        let err = read(&[
            ("HOME", "/home/ada"),
            ("DATABASE_URL", "mysql://root:hunter2@x"),
            ("CLOUDGEN_BIND", "8080"),
            ("CLOUDGEN_SECRET_KEY", "hunter2"),
            ("CLOUDGEN_POOL_SIZE", "1"),
        ])
        .unwrap_err();
        for name in [
            "4 problem(s)",
            "DATABASE_URL",
            "CLOUDGEN_BIND=127.0.0.1:8080",
            "CLOUDGEN_SECRET_KEY",
            "CLOUDGEN_POOL_SIZE",
        ] {
            assert!(err.contains(name), "{name} in {err}");
        }
        assert!(!err.contains("hunter2"), "{err}");
    }

    #[test]
    fn nothing_is_configured_to_be_impossible() {
        let names = ["REQUEST_TIMEOUT", "POOL_TIMEOUT", "BODY_LIMIT", "JOB_CONCURRENCY"]
            .map(|it| format!("CLOUDGEN_{it}"));
        let mut pairs: Vec<_> = names.iter().map(|it| (it.as_str(), "0")).collect();
        pairs.push(("CLOUDGEN_SHUTDOWN_TIMEOUT", "0"));
        let err = read(&pairs).unwrap_err();
        assert!(err.contains("4 problem(s)") && names.iter().all(|it| err.contains(it)), "{err}");
    }

    #[test]
    fn a_mail_server_is_spoken_to_in_the_clear_only_on_request() {
        for good in [
            "smtps://mail.example.com",
            "smtp://ada:hunter2@mail.example.com:587",
            "smtp://mail.example.com?tls=required",
            "smtp://localhost:1025?tls=none",
        ] {
            read(&[("CLOUDGEN_MAIL", good)]).unwrap();
        }
        for bad in [
            "smtp://",
            "smtp://mail.example.com?tls=opportunistic",
            "smtp://mail.example.com?x=1",
            "smtp://mail.example.com#",
            "smtps://mail.example.com?tls=none",
            "mail.example.com",
        ] {
            let err = read(&[("CLOUDGEN_MAIL", bad)]).unwrap_err();
            assert!(err.contains("CLOUDGEN_MAIL must be an smtp://"), "{bad}: {err}");
        }
    }

    #[test]
    fn the_examples_are_acceptable() {
        let pairs: Vec<_> = VARIABLES.iter().map(|it| (it.name, it.example)).collect();
        read(&pairs).unwrap();
    }

    #[test]
    fn networks_contain_what_shares_their_bits() {
        let it = |text: &str| Network::parse(text).unwrap();
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert!(it("10.0.0.0/8").contains(ip("10.200.3.4")));
        assert!(!it("10.0.0.0/8").contains(ip("11.0.0.1")));
        assert!(it("10.0.0.7").contains(ip("::ffff:10.0.0.7")));
        assert!(it("0.0.0.0/0").contains(ip("1.2.3.4")) && it("::/0").contains(ip("fe80::1")));
        assert!(!it("fd00::/8").contains(ip("10.0.0.1")));
        assert!(Network::parse("10.0.0.0/33").is_none());
    }

    #[test]
    fn the_key_file_is_made_once_and_private() {
        use std::os::unix::fs::PermissionsExt;
        let directory = std::env::temp_dir().join(format!("cloudgen-key-{}", std::process::id()));
        let mut config = read(&[("HOME", "/nonexistent")]).unwrap();
        config.data_dir = directory.clone();
        let sealed = config.keyring().unwrap().seal("a", b"b");
        assert_eq!(config.keyring().unwrap().open("a", &sealed).unwrap(), b"b");
        let file = directory.join("secret.key");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(config.keyring().is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
