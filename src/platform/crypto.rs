//! Secrets: random tokens, their hashes, and the sealing of what must be read
//! back.
//!
//! Tokens have 256 random bits, so a plain SHA-256 keeps them: there is nothing
//! to guess. What is sealed is bound to a context (which row it belongs to) and
//! carries the id of its key, so that keys can be rotated.

use std::fmt;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Chooses what TLS computes with, before anything speaks it.
pub fn prepare_tls() {
    // An error means that it is chosen already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Fills an array from the system's random numbers.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::rng().fill_bytes(&mut bytes);
    bytes
}

pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes.as_ref()).into()
}

/// Lowercase hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}

/// Compares without telling by its duration where the difference is.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// A secret handed to someone, who shows it again later: a sign-in cookie, a
/// link in a mail. Only its [hash](Token::hash) is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    pub fn random() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random::<32>()))
    }

    /// What someone showed us, whether it is a token of ours or not.
    pub fn shown(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub fn hash(&self) -> [u8; 32] {
        sha256(&self.0)
    }

    /// The secret itself, to hand it over.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Seals secrets that we have to read back: XChaCha20-Poly1305 with a random
/// nonce, which is long enough to draw at random.
#[derive(Clone)]
pub struct Keyring {
    id: [u8; 4],
    cipher: XChaCha20Poly1305,
}

const NONCE: usize = 24;

impl Keyring {
    pub fn new(key: &[u8; 32]) -> Self {
        let digest = sha256([b"cloudgen-key-id/1\n".as_slice(), key].concat());
        let id = [digest[0], digest[1], digest[2], digest[3]];
        Self { id, cipher: XChaCha20Poly1305::new(key.into()) }
    }

    /// Reads a key as it is written in configuration: 32 bytes in base64.
    pub fn parse_key(text: &str) -> Option<[u8; 32]> {
        STANDARD.decode(text.trim()).ok()?.try_into().ok()
    }

    pub fn format_key(key: &[u8; 32]) -> String {
        STANDARD.encode(key)
    }

    /// Seals `secret` for one place, named by `context`, for example
    /// `totp:` and the account's id. It opens nowhere else.
    pub fn seal(&self, context: &str, secret: &[u8]) -> Vec<u8> {
        let nonce = random::<NONCE>();
        let payload = Payload { msg: secret, aad: context.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .expect("sealing fails only beyond 256 GB");
        [self.id.as_slice(), &nonce, &sealed].concat()
    }

    pub fn open(&self, context: &str, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        let (id, rest) = sealed.split_at_checked(self.id.len()).context("sealed value is cut")?;
        if id != self.id {
            bail!("sealed with another key ({}); is CLOUDGEN_SECRET_KEY the right one?", hex(id));
        }
        let (nonce, sealed) = rest.split_first_chunk::<NONCE>().context("sealed value is cut")?;
        let payload = Payload { msg: sealed, aad: context.as_bytes() };
        self.cipher
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| anyhow::anyhow!("sealed value was altered or belongs elsewhere"))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "Keyring({})", hex(&self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASVS V11.3.2
    #[test]
    fn what_is_sealed_opens_only_with_its_key_and_in_its_place() {
        let keys = Keyring::new(&[7; 32]);
        let sealed = keys.seal("totp:1", b"secret");
        assert_eq!(keys.open("totp:1", &sealed).unwrap(), b"secret");
        assert!(keys.open("totp:2", &sealed).is_err());
        assert!(Keyring::new(&[8; 32]).open("totp:1", &sealed).is_err());
        for i in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[i] ^= 1;
            assert!(keys.open("totp:1", &altered).is_err(), "byte {i} was altered");
            assert!(keys.open("totp:1", &sealed[..i]).is_err(), "cut at {i}");
        }
        assert_ne!(sealed, keys.seal("totp:1", b"secret"), "a nonce is never used again");
    }

    #[test]
    fn tokens_are_long_distinct_and_not_printed() {
        let (a, b) = (Token::random(), Token::random());
        assert_eq!(a.reveal().len(), 43);
        assert_ne!(a, b);
        assert_eq!(Token::shown(a.reveal()).hash(), a.hash());
        assert_eq!(format!("{a:?}"), "Token(…)");
    }

    #[test]
    fn keys_survive_being_written_down() {
        let key = random();
        assert_eq!(Keyring::parse_key(&Keyring::format_key(&key)), Some(key));
        assert_eq!(Keyring::parse_key("too short"), None);
    }
}
