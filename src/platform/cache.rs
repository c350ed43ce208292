//! What was computed from things that never change, kept in memory for as long
//! as there is room and somebody looks at them.
//!
//! A value is found under what it is, the id of the row it was made of, and a
//! number within that row. Whoever asks has made sure that the caller may see
//! the row: the cache knows of no organisations. What is not used gives way.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// What a value is, of which row, and which of its parts.
type Key = (&'static str, Uuid, i64);

/// Bytes that all values may have together, as their makers estimate them.
const ROOM: usize = 64 << 20;

/// Whoever looks at something looks again within this long, or has gone on.
const IDLE: Duration = Duration::from_secs(60);
const SWEEP: Duration = Duration::from_secs(15);

pub struct Cache {
    room: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    entries: BTreeMap<Key, Entry>,
    weight: usize,
    /// Counts uses, to know the oldest.
    uses: u64,
}

struct Entry {
    value: Arc<dyn Any + Send + Sync>,
    weight: usize,
    used: u64,
    at: Instant,
}

impl Default for Cache {
    fn default() -> Self {
        Self::with_room(ROOM)
    }
}

impl Cache {
    fn with_room(room: usize) -> Self {
        Self { room, kept: Mutex::default() }
    }

    pub fn get<T: Any + Send + Sync>(
        &self,
        what: &'static str,
        id: Uuid,
        nth: i64,
    ) -> Option<Arc<T>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let uses = kept.uses;
        let entry = kept.entries.get_mut(&(what, id, nth))?;
        (entry.used, entry.at) = (uses, Instant::now());
        entry.value.clone().downcast().ok()
    }

    /// Keeps a value of about so many bytes; one that is larger than all the
    /// room there is, is not kept.
    pub fn put<T: Any + Send + Sync>(
        &self,
        what: &'static str,
        id: Uuid,
        nth: i64,
        value: &Arc<T>,
        weight: usize,
    ) {
        if weight > self.room {
            return;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let (used, at) = (kept.uses, Instant::now());
        let entry = Entry { value: value.clone(), weight, used, at };
        if let Some(old) = kept.entries.insert((what, id, nth), entry) {
            kept.weight -= old.weight;
        }
        kept.weight += weight;
        while kept.weight > self.room {
            let oldest = kept.entries.iter().min_by_key(|it| it.1.used).map(|it| *it.0);
            let Some(gone) = oldest.and_then(|key| kept.entries.remove(&key)) else { break };
            kept.weight -= gone.weight;
        }
    }

    /// Lets go of what nobody has used since.
    fn forget_unused(&self, since: Instant) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.entries.retain(|_, it| it.at >= since);
        kept.weight = kept.entries.values().map(|it| it.weight).sum();
    }

    /// Gives memory back after a rush, for as long as it is let run.
    pub async fn tidy(&self) {
        loop {
            tokio::time::sleep(SWEEP).await;
            if let Some(since) = Instant::now().checked_sub(IDLE) {
                self.forget_unused(since);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_used_gives_way() {
        let cache = Cache::with_room(10);
        let id = Uuid::from_u128(1);
        for nth in 0..3 {
            cache.put("text", id, nth, &Arc::new(nth.to_string()), 3);
        }
        assert_eq!(*cache.get::<String>("text", id, 0).unwrap(), "0");
        cache.put("text", id, 3, &Arc::new("3".to_owned()), 4);
        assert!(cache.get::<String>("text", id, 1).is_none(), "the oldest went");
        assert!(cache.get::<String>("text", id, 0).is_some());
        cache.put("text", id, 9, &Arc::new(String::new()), 11);
        assert!(cache.get::<String>("text", id, 9).is_none(), "it has no room");
        assert!(cache.get::<u8>("text", id, 0).is_none(), "it is something else");
        cache.put("text", id, 0, &Arc::new("again".to_owned()), 1);
        assert_eq!(cache.kept.lock().unwrap().weight, 1 + 3 + 4);
    }

    #[test]
    fn what_nobody_looks_at_is_let_go() {
        let cache = Cache::with_room(10);
        let id = Uuid::from_u128(1);
        for nth in 0..2 {
            cache.put("text", id, nth, &Arc::new(nth.to_string()), 3);
        }
        let since = Instant::now();
        assert!(cache.get::<String>("text", id, 1).is_some());
        cache.forget_unused(since);
        assert!(cache.get::<String>("text", id, 0).is_none());
        assert!(cache.get::<String>("text", id, 1).is_some());
        assert_eq!(cache.kept.lock().unwrap().weight, 3);
    }
}
