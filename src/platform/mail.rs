//! Mail: written by the transaction that makes it necessary, sent by a job.
//!
//! A [`Letter`] is a kind (its templates are `emails/<kind>.txt` and
//! `emails/<kind>.html`; the first line of the text is the subject) and the
//! values to fill in. Links in letters are secrets, so what waits in the queue
//! is sealed.

use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::AsyncSmtpTransportBuilder;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use super::config::{Config, MailTo};
use super::crypto::{Keyring, prepare_tls};
use super::db::Tx;
use super::error::{Error, Result};
use super::jobs::{self, Job};
use super::state::AppState;

/// A mail to be written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Letter {
    pub to: String,
    /// Names the templates, for example `invitation`.
    pub kind: String,
    pub values: serde_json::Value,
}

impl Letter {
    pub fn new(kind: &'static str, to: &str, values: impl Serialize) -> Self {
        let values = serde_json::to_value(values).expect("letters carry plain data");
        Self { to: to.to_owned(), kind: kind.to_owned(), values }
    }
}

/// A mail address as it is kept: trimmed, in lower case. `field` is where a form
/// shows the complaint.
pub fn address(field: &'static str, typed: &str) -> Result<String> {
    let email = typed.trim().to_lowercase();
    let host = email.split_once('@').map_or("", |(_, host)| host);
    let named = host == "localhost" || host.trim_matches('.') == host && host.contains('.');
    if named && email.len() <= 254 && email.parse::<lettre::Address>().is_ok() {
        Ok(email)
    } else {
        Err(Error::invalid(field, "is not a mail address"))
    }
}

/// A way to the mail server at `address`, which `smtps://` encrypts from the
/// first byte and `smtp://` by STARTTLS. A server that cannot do that gets
/// nothing, unless the address ends in `?tls=none`.
///
/// What is wrong does not repeat the address, which may hold a password.
pub fn smtp(address: &str) -> anyhow::Result<AsyncSmtpTransportBuilder> {
    prepare_tls();
    // What follows would be taken for a part of it.
    ensure!(!address.contains('#'), "the address of a mail server has no #");
    let (server, query) = address.split_once('?').unwrap_or((address, ""));
    let (scheme, _) = server.split_once("://").unwrap_or_default();
    // The library takes an address that says nothing for one in the clear.
    let address = match (scheme, query) {
        ("smtps", "") | ("smtp", "tls=none") => server.to_owned(),
        ("smtp", "" | "tls=required") => format!("{server}?tls=required"),
        _ => bail!("the address of a mail server is smtps:// or smtp://, at most with ?tls=none"),
    };
    Ok(AsyncSmtpTransport::<Tokio1Executor>::from_url(&address)?)
}

/// A mail as it was sent, for tests to look at.
#[derive(Clone, Debug)]
pub struct Sent {
    pub to: String,
    pub kind: String,
    pub subject: String,
    pub text: String,
    pub html: String,
}

#[derive(Clone)]
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    keys: Keyring,
}

#[derive(Clone)]
enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Directory(Arc<Path>),
    Memory(Arc<Mutex<Vec<Sent>>>),
}

impl Mailer {
    pub fn new(config: &Config, keys: Keyring) -> anyhow::Result<Self> {
        let transport = match &config.mail {
            MailTo::Smtp(url) => {
                Transport::Smtp(smtp(url.expose_secret()).context("CLOUDGEN_MAIL")?.build())
            }
            MailTo::Directory(path) => Transport::Directory(path.as_path().into()),
            MailTo::Memory => Transport::Memory(Arc::default()),
        };
        let from = config.mail_from.parse().context("CLOUDGEN_MAIL_FROM")?;
        Ok(Self { transport, from, keys })
    }

    /// Sends `letter` once the transaction has committed.
    pub async fn send(&self, tx: &mut dyn Tx, letter: &Letter) -> anyhow::Result<()> {
        let plain = serde_json::to_vec(letter)?;
        let sealed = STANDARD.encode(self.keys.seal(Deliver::NAME, &plain));
        jobs::enqueue(tx, &Deliver { sealed }).await
    }

    /// Takes the mails sent so far, where they are kept in memory.
    pub fn take_sent(&self) -> Vec<Sent> {
        match &self.transport {
            Transport::Memory(sent) => {
                std::mem::take(&mut *sent.lock().expect("nobody panics holding this"))
            }
            _ => Vec::new(),
        }
    }

    /// Where mails are written when they are not sent, for developers to look.
    pub fn directory(&self) -> Option<String> {
        match &self.transport {
            Transport::Directory(path) => Some(path.display().to_string()),
            _ => None,
        }
    }

    /// Whether the mail server answers; a directory is made if it is missing.
    pub async fn check(&self) -> anyhow::Result<()> {
        match &self.transport {
            Transport::Smtp(smtp) => {
                if !smtp.test_connection().await? {
                    bail!("the mail server does not accept mail");
                }
            }
            Transport::Directory(path) => tokio::fs::create_dir_all(path).await?,
            Transport::Memory(_) => {}
        }
        Ok(())
    }

    async fn deliver(&self, sent: Sent) -> anyhow::Result<()> {
        let message = || {
            Message::builder()
                .from(self.from.clone())
                .to(sent.to.parse().context("the recipient's address")?)
                .subject(sent.subject.clone())
                .multipart(MultiPart::alternative_plain_html(sent.text.clone(), sent.html.clone()))
                .context("cannot write the mail")
        };
        match &self.transport {
            Transport::Smtp(smtp) => {
                smtp.send(message()?).await.context("the mail server refused")?;
            }
            Transport::Directory(path) => {
                tokio::fs::create_dir_all(path).await?;
                let name = format!("{}-{}.eml", super::ids::Ids::random().next(), sent.kind);
                tokio::fs::write(path.join(name), message()?.formatted()).await?;
            }
            Transport::Memory(mails) => {
                mails.lock().expect("nobody panics holding this").push(sent);
            }
        }
        Ok(())
    }
}

/// The job that writes a letter out and sends it.
#[derive(Serialize, Deserialize)]
pub struct Deliver {
    sealed: String,
}

impl Job for Deliver {
    const NAME: &'static str = "mail.deliver";

    async fn run(self, state: AppState) -> anyhow::Result<()> {
        let sealed = STANDARD.decode(self.sealed)?;
        let letter: Letter = serde_json::from_slice(&state.keys.open(Self::NAME, &sealed)?)?;
        let sent = write(&state, letter)?;
        state.mail.deliver(sent).await
    }
}

fn write(state: &AppState, letter: Letter) -> anyhow::Result<Sent> {
    let values = minijinja::Value::from(minijinja::value::Serde(&letter.values));
    let render = |ending: &str, subject: &str| {
        let name = format!("emails/{}.{ending}", letter.kind);
        let base = &state.config.public_url;
        let context = minijinja::context! { base, subject, ..values.clone() };
        state.templates.render(&name, &context).with_context(|| format!("cannot write {name}"))
    };
    let text = render("txt", "")?;
    let (subject, text) = text.split_once('\n').context("the text has no subject line")?;
    let html = render("html", subject.trim())?;
    Ok(Sent {
        to: letter.to,
        kind: letter.kind,
        subject: subject.trim().to_owned(),
        text: text.trim_start().to_owned(),
        html,
    })
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_are_brought_into_one_form() {
        assert_eq!(address("email", " Robin@Example.COM ").unwrap(), "robin@example.com");
        for bad in [
            "",
            "robin",
            "@example.com",
            "robin@",
            "a@b@example.com",
            "robin@example",
            "robin@example.com\r\nBcc: x@example.com",
            "<robin@example.com>",
            "robin@.com",
        ] {
            assert!(address("email", bad).is_err(), "{bad}");
        }
    }
}
