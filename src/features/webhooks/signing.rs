//! Secrets of endpoints, and signatures as Standard Webhooks writes them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::platform::crypto::{Keyring, random};

/// What an endpoint's deliveries are signed with.
pub struct Secret([u8; 32]);

impl Secret {
    pub fn random() -> Self {
        Self(random())
    }

    /// As it is handed to the owner of the endpoint.
    pub fn reveal(&self) -> String {
        format!("whsec_{}", STANDARD.encode(self.0))
    }

    /// For the database; opens only for this endpoint.
    pub fn seal(&self, keys: &Keyring, endpoint_id: Uuid) -> Vec<u8> {
        keys.seal(&context(endpoint_id), &self.0)
    }

    pub fn open(keys: &Keyring, endpoint_id: Uuid, sealed: &[u8]) -> anyhow::Result<Self> {
        let bytes = keys.open(&context(endpoint_id), sealed)?;
        let bytes = bytes.try_into().map_err(|_| anyhow::anyhow!("a secret has 32 bytes"))?;
        Ok(Self(bytes))
    }

    pub fn sign(&self, id: &str, at: DateTime<Utc>, body: &str) -> String {
        sign(&self.0, id, at.timestamp(), body)
    }
}

fn context(endpoint_id: Uuid) -> String {
    format!("webhook:{endpoint_id}")
}

fn sign(key: &[u8], id: &str, timestamp: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// The `webhook-id` of a message: the same for every attempt at it.
pub fn message_id(id: Uuid) -> String {
    format!("msg_{}", id.simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first is the example of the specification.
    #[test]
    fn signatures_are_those_of_the_reference_implementation() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        for (id, timestamp, body, signature) in [
            (
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
            ("msg_3", 1_700_000_000, "", "v1,3VhcFfAV6kbzcwnk7pgZRn2KTcyjQ6M2FcAC9LIxNeI="),
        ] {
            assert_eq!(sign(&key, id, timestamp, body), signature);
        }
    }

    #[test]
    fn secrets_open_for_their_endpoint_only() {
        let keys = Keyring::new(&[7; 32]);
        let (ours, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let secret = Secret::random();
        let sealed = secret.seal(&keys, ours);
        assert_eq!(Secret::open(&keys, ours, &sealed).unwrap().reveal(), secret.reveal());
        assert!(Secret::open(&keys, other, &sealed).is_err());
        assert_eq!(secret.reveal().len(), 50);
    }
}
