//! Backup codes: ten, for the day the phone is lost. Each opens the account
//! once; only hashes are kept.

use uuid::Uuid;

use crate::platform::crypto;
use crate::platform::db::{SystemTx, Tx};
use crate::platform::error::Result;

pub const COUNT: usize = 10;

/// No letters that are read as another one or as a digit.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// 125 random bits, as five groups of five.
fn random_code() -> String {
    let bits = crypto::random::<25>();
    let letters: Vec<_> = bits.iter().map(|it| ALPHABET[usize::from(it & 31)]).collect();
    let groups: Vec<_> = letters.chunks(5).map(String::from_utf8_lossy).collect();
    groups.join("-")
}

/// What is hashed: the code as it was meant, however it was typed. With 125
/// random bits a fast hash is enough: there is nothing to guess.
fn hash(account_id: Uuid, code: &str) -> [u8; 32] {
    let plain: String =
        code.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    crypto::sha256(format!("backup-code:{account_id}:{plain}"))
}

/// Makes ten new codes; the old ones no longer work.
pub async fn renew(tx: &mut SystemTx, account_id: Uuid) -> Result<Vec<String>> {
    delete(tx, account_id).await?;
    let codes: Vec<_> = (0..COUNT).map(|_| random_code()).collect();
    let hashes: Vec<_> = codes.iter().map(|it| hash(account_id, it).to_vec()).collect();
    sqlx::query("insert into backup_code (account_id, hash, created_at) select $1, unnest($2), $3")
        .bind(account_id)
        .bind(hashes)
        .bind(tx.now())
        .execute(&mut **tx)
        .await?;
    Ok(codes)
}

/// Uses a code up. Returns how many are left, or `None` if it is none.
pub async fn accept(tx: &mut SystemTx, account_id: Uuid, code: &str) -> Result<Option<i64>> {
    let done = sqlx::query(
        "update backup_code set used_at = $3
          where account_id = $1 and hash = $2 and used_at is null",
    )
    .bind(account_id)
    .bind(hash(account_id, code))
    .bind(tx.now())
    .execute(&mut **tx)
    .await?;
    if done.rows_affected() == 1 { Ok(Some(left(tx, account_id).await?)) } else { Ok(None) }
}

pub async fn left(tx: &mut SystemTx, account_id: Uuid) -> Result<i64> {
    let count = sqlx::query_scalar(
        "select count(*) from backup_code where account_id = $1 and used_at is null",
    )
    .bind(account_id)
    .fetch_one(&mut **tx)
    .await?;
    Ok(count)
}

pub async fn delete(tx: &mut SystemTx, account_id: Uuid) -> Result<()> {
    sqlx::query("delete from backup_code where account_id = $1")
        .bind(account_id)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// ASVS V6.5.2
    #[test]
    fn codes_are_long_distinct_and_forgiving() {
        let (a, b) = (random_code(), random_code());
        assert_eq!(a.len(), 29);
        assert_ne!(a, b);
        let id = Uuid::nil();
        assert_eq!(hash(id, &a), hash(id, &format!(" {} ", a.to_uppercase().replace('-', " "))));
        assert_ne!(hash(id, &a), hash(Uuid::max(), &a));
    }
}
