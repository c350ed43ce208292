//! Codes of an authenticator app (RFC 6238: SHA-1, six digits, 30 seconds).
//!
//! The secret is sealed for its account. A code is accepted in its time step
//! and one before or after it, and never twice: the step of the last accepted
//! code only moves forward.

use chrono::{DateTime, Utc};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use totp_rs::{Builder, Secret, Totp};
use uuid::Uuid;

use crate::platform::crypto::{self, Keyring};
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::Result;

const ISSUER: &str = "CloudGen";

/// A secret that is being set up, as the page shows it.
pub struct Setup {
    /// An SVG without any style, to be scanned.
    pub qr: String,
    /// Base32 in groups of four, to be typed.
    pub secret: String,
    /// What the QR code says.
    pub uri: String,
}

fn context(account_id: Uuid) -> String {
    format!("totp:{account_id}")
}

fn totp(secret: &[u8], email: &str) -> anyhow::Result<Totp> {
    // A colon would end the name in the address that apps read.
    let name = email.replace(':', "");
    Ok(Builder::new()
        .with_secret(Secret::new(secret.into()))
        .with_skew(1)
        .with_account_name(name)
        .with_issuer(Some(ISSUER))
        .build()?)
}

/// The secret to set up: the one begun before, or a new one. `None` if a secret
/// is in use already.
pub async fn set_up(
    tx: &mut SystemTx,
    keys: &Keyring,
    account_id: Uuid,
    email: &str,
) -> Result<Option<Setup>> {
    let begun: Option<(Vec<u8>, Option<DateTime<Utc>>)> =
        sqlx::query_as("select sealed, confirmed_at from totp where account_id = $1 for update")
            .bind(account_id)
            .fetch_optional(&mut **tx)
            .await?;
    let secret = match begun {
        Some((_, Some(_))) => return Ok(None),
        Some((sealed, None)) => keys.open(&context(account_id), &sealed)?,
        None => {
            let secret = crypto::random::<20>().to_vec();
            sqlx::query("insert into totp (account_id, sealed, created_at) values ($1, $2, $3)")
                .bind(account_id)
                .bind(keys.seal(&context(account_id), &secret))
                .bind(tx.now())
                .execute(&mut **tx)
                .await?;
            secret
        }
    };
    let totp = totp(&secret, email)?;
    let uri = totp.to_url().map_err(anyhow::Error::from)?;
    Ok(Some(Setup { qr: qr(&uri)?, secret: grouped(&totp.secret().to_base32()), uri }))
}

fn qr(text: &str) -> anyhow::Result<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let svg = code.render::<svg::Color>().module_dimensions(1, 1).build();
    // Within a page there is no place for the declaration of a document.
    Ok(svg.split_once("?>").map_or(svg.as_str(), |(_, svg)| svg).to_owned())
}

fn grouped(text: &str) -> String {
    let groups: Vec<_> = text.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    groups.join(" ")
}

/// Which time step `code` belongs to, if it is valid now.
fn step_of(secret: &[u8], code: &str, now: DateTime<Utc>) -> anyhow::Result<Option<i64>> {
    let code: String = code.chars().filter(|it| !it.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|it| it.is_ascii_digit()) {
        return Ok(None);
    }
    let time = u64::try_from(now.timestamp())?;
    Ok(totp(secret, "someone")?.check(&code, time).and_then(|it| i64::try_from(it).ok()))
}

/// Accepts a code, once. `confirmed` says whether the secret has to be in use
/// or is being set up; in the latter case it is in use afterwards.
pub async fn accept(
    tx: &mut SystemTx,
    keys: &Keyring,
    account_id: Uuid,
    code: &str,
    confirmed: bool,
) -> Result<bool> {
    let sealed: Option<Vec<u8>> = sqlx::query_scalar(
        "select sealed from totp where account_id = $1 and (confirmed_at is not null) = $2",
    )
    .bind(account_id)
    .bind(confirmed)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(sealed) = sealed else { return Ok(false) };
    let secret = keys.open(&context(account_id), &sealed)?;
    let Some(step) = step_of(&secret, code, tx.now())? else { return Ok(false) };
    let done = sqlx::query(
        "update totp set last_step = $2, confirmed_at = coalesce(confirmed_at, $3)
          where account_id = $1 and last_step < $2 and (confirmed_at is not null) = $4",
    )
    .bind(account_id)
    .bind(step)
    .bind(tx.now())
    .bind(confirmed)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn delete(tx: &mut SystemTx, account_id: Uuid) -> Result<()> {
    sqlx::query("delete from totp where account_id = $1")
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    /// The vectors of RFC 6238, appendix B; ours are the last six digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        use totp_rs::Algorithm::{SHA1, SHA256, SHA512};
        let digits: Vec<u8> = b"1234567890".iter().copied().cycle().take(64).collect();
        let mut count = 0;
        for (time, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            for (algorithm, length, code) in
                [(SHA1, 20, sha1), (SHA256, 32, sha256), (SHA512, 64, sha512)]
            {
                let totp = Builder::new()
                    .with_algorithm(algorithm)
                    .with_digits(8)
                    .with_secret(Secret::new(digits[..length].into()))
                    .with_account_name("x")
                    .build()
                    .unwrap();
                assert_eq!(totp.generate(time).to_string(), code, "{algorithm:?} at {time}");
                count += 1;
            }
            let (now, step) = (at(time.try_into().unwrap()), i64::try_from(time).unwrap() / 30);
            assert_eq!(step_of(SECRET, &sha1[2..], now).unwrap(), Some(step));
        }
        assert_eq!(count, 18);
    }

    /// ASVS V6.5.5
    #[test]
    fn a_code_lives_for_its_step_and_one_on_each_side() {
        let step = 37_037_036; // of 1111111109, whose code RFC 6238 gives
        for (offset, accepted) in [(-61, false), (-29, true), (0, true), (30, true), (61, false)] {
            let now = at(step * 30 + 29) + Duration::seconds(offset);
            let found = step_of(SECRET, "081804", now).unwrap();
            assert_eq!(found, accepted.then_some(step), "{offset} s");
        }
        for wrong in ["081805", "81804", "0818040", "", "08180a", "０８１８０４"] {
            assert_eq!(step_of(SECRET, wrong, at(1_111_111_109)).unwrap(), None, "{wrong}");
        }
        assert_eq!(step_of(SECRET, "081 804", at(1_111_111_109)).unwrap(), Some(step));
    }

    #[test]
    fn the_secret_is_shown_as_a_picture_and_as_text() {
        let uri = totp(SECRET, "a:b@example.com").unwrap().to_url().unwrap();
        assert_eq!(
            uri,
            "otpauth://totp/CloudGen:ab%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=CloudGen"
        );
        let qr = qr(&uri).unwrap();
        assert!(qr.starts_with("<svg") && !qr.contains("style"), "{qr}");
        assert_eq!(grouped("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
