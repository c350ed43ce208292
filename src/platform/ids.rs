//! New ids: UUIDs that sort by the time they were made, or counted ones in
//! tests that compare what was written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

/// A source of new ids.
#[derive(Clone, Debug, Default)]
pub struct Ids(Option<Arc<AtomicU64>>);

impl Ids {
    pub fn random() -> Self {
        Self(None)
    }

    /// Ids that count up from one.
    pub fn counted() -> Self {
        Self(Some(Arc::new(AtomicU64::new(1))))
    }

    pub fn next(&self) -> Uuid {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is where ids are made")]
            None => Uuid::now_v7(),
            Some(counter) => {
                let n = counter.fetch_add(1, Ordering::SeqCst);
                // The version and variant bits of a v7, the rest counted.
                Uuid::from_u64_pair(0x7000, 0x8000_0000_0000_0000 | n)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_ids_are_distinct_and_valid() {
        let ids = Ids::counted();
        let (a, b) = (ids.next(), ids.next());
        assert_eq!(a.to_string(), "00000000-0000-7000-8000-000000000001");
        assert_eq!(b.get_version_num(), 7);
        assert!(a < b);
    }
}
