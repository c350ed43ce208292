//! Passwords: which ones are accepted, and how they are kept.
//!
//! argon2id with the parameters below. Hashing costs tens of milliseconds of a
//! processor and 19 MiB, so it runs apart from the request threads and only as
//! often at once as there are processors. Whether there is such an account
//! never decides whether a hash is computed.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::platform::error::{Error, Result};

pub const LEAST: usize = 8;
pub const MOST: usize = 256;

/// Passwords that people choose most often and attackers try first, in lower
/// case and sorted; NOTICE says where they come from.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(2, |it| it.get());
    Arc::new(Semaphore::new(processors))
});

/// What an unknown account's password is compared with.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this password").expect("hashing works"));

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).expect("the parameters are valid");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hash_now(password: &str) -> anyhow::Result<String> {
    let hash = argon2()
        .hash_password(password.as_bytes())
        .map_err(|err| anyhow::anyhow!("cannot hash a password: {err}"))?;
    Ok(hash.to_string())
}

/// Refuses what is too short, too long, too common, or says who it belongs to.
/// `field` is where a form shows the complaint.
pub fn check(field: &'static str, password: &str, about: &[&str]) -> Result<()> {
    let length = password.chars().count();
    if length < LEAST {
        return Err(Error::invalid(field, format!("must have at least {LEAST} characters")));
    }
    if length > MOST {
        return Err(Error::invalid(field, format!("must have at most {MOST} characters")));
    }
    let lower = password.to_lowercase();
    if is_common(&lower) {
        return Err(Error::invalid(
            field,
            "is one of the passwords that are tried first; choose another",
        ));
    }
    let says_who =
        about.iter().flat_map(|it| [*it, it.split('@').next().unwrap_or(it)]).any(|it| {
            let it = it.trim().to_lowercase();
            it.chars().count() >= 4 && lower.contains(&it) && length < it.chars().count() + 6
        });
    if says_who {
        return Err(Error::invalid(field, "must not be made of your name or mail address"));
    }
    Ok(())
}

fn is_common(lower: &str) -> bool {
    let listed = |it: &str| COMMON.binary_search(&it).is_ok();
    let first = lower.chars().next();
    // A common word with digits or signs around it is tried just as early.
    let core = lower.trim_matches(|c: char| !c.is_alphabetic());
    let decorated = lower.len() <= core.len() + 4 && listed(core);
    listed(lower) || decorated || lower.chars().all(|it| Some(it) == first)
}

/// The PHC string to keep.
pub async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    Ok(apart(move || hash_now(&password)).await??)
}

/// Whether `password` is the one that was kept. Takes as long for nobody's.
pub async fn verify(password: &str, kept: Option<&str>) -> Result<bool> {
    let exists = kept.is_some();
    let (password, kept) = (password.to_owned(), kept.map(str::to_owned));
    let same = apart(move || {
        let kept = kept.as_deref().unwrap_or(&NOBODY);
        let Ok(kept) = PasswordHash::new(kept) else { return false };
        argon2().verify_password(password.as_bytes(), &kept).is_ok()
    })
    .await?;
    Ok(same && exists)
}

async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    let turn = HASHING.clone().acquire_owned().await?;
    Ok(tokio::task::spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    })
    .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(password: &str) -> Option<String> {
        let about = ["robin@example.com", "Robin Hood"];
        check("password", password, &about).err().map(|it| it.to_string())
    }

    /// ASVS V6.2.1 V6.2.4 V6.2.12
    #[test]
    fn short_common_and_personal_passwords_are_refused() {
        for bad in [
            "7 chars",
            "password",
            "Password",
            "PASSWORD1",
            "12345678",
            "qwertyuiop",
            "aaaaaaaaaa",
            "princess99!",
            "robin@example.com",
            "Robin Hood1",
            "iloveyou!!",
        ] {
            assert!(complaint(bad).is_some(), "{bad}");
        }
        assert!(complaint(&"ab".repeat(129)).is_some());
        for good in [
            "8 chars!",
            "correct horse battery staple",
            "näher am Wässer",
            "🦀🦀🐙🐙🦑🦑🐠🐠",
            &"xy".repeat(128),
        ] {
            assert_eq!(complaint(good), None, "{good}");
        }
    }

    #[test]
    fn the_list_is_long_and_can_be_searched() {
        let fitting = COMMON.iter().filter(|it| it.chars().count() >= LEAST).count();
        assert!(COMMON.is_sorted() && fitting > 20_000, "{fitting}");
    }

    /// ASVS V6.2.8 V11.4.2
    #[tokio::test]
    async fn a_password_is_compared_as_it_was_typed() {
        let long = format!("{} end", "x".repeat(90));
        let kept = hash(&long).await.unwrap();
        assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
        assert!(verify(&long, Some(&kept)).await.unwrap());
        for other in [&long[..72], &long.to_uppercase(), &format!("{long} "), ""] {
            assert!(!verify(other, Some(&kept)).await.unwrap());
        }
        assert!(!verify("nobody has this password", None).await.unwrap());
        assert_ne!(hash(&long).await.unwrap(), kept, "each hash has its own salt");
    }
}
