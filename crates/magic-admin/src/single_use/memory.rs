use std::{
    fmt,
    future::ready,
    sync::{Mutex, PoisonError},
};

use dashmap::{DashMap, mapref::entry::Entry};

use super::SingleUseStore;
use crate::{
    types::{StoreError, StoreErrorKind, StoreFuture, UnixSeconds},
    verified::Fingerprint,
};

/// A bounded store of used tokens and challenges in the memory of one process. A full one rejects.
pub struct MemorySingleUseStore {
    until: DashMap<Fingerprint, UnixSeconds>,
    capacity: usize,
    /// Held while looking for keys to forget.
    next_look: Mutex<NextLook>,
}

/// When to look for keys to forget again.
struct NextLook {
    /// When there are so many keys,
    len: usize,
    /// and the time of one of them has passed.
    after: UnixSeconds,
}

impl MemorySingleUseStore {
    /// Creates a store with room for this many keys, of about 100 bytes each.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        let next_look = Mutex::new(NextLook {
            len: keys.min(CROWDED_AT_LEAST),
            after: UnixSeconds::new(i64::MIN),
        });
        Self { until: DashMap::new(), capacity: keys, next_look }
    }

    fn make_room(&self, now: UnixSeconds) -> Result<(), StoreError> {
        let mut next_look = self.next_look.lock().unwrap_or_else(PoisonError::into_inner);
        if self.until.len() >= next_look.len && now > next_look.after {
            let mut first = UnixSeconds::new(i64::MAX);
            self.until.retain(|_, until| {
                let kept = *until >= now;
                if kept {
                    first = first.min(*until);
                }
                kept
            });
            let len = 2 * self.until.len();
            *next_look = NextLook {
                len: len.clamp(CROWDED_AT_LEAST.min(self.capacity), self.capacity),
                after: if len >= 2 * self.capacity { first } else { UnixSeconds::new(i64::MIN) },
            };
        }
        if self.until.len() >= self.capacity {
            return Err(StoreError::new(StoreErrorKind::Full, "the store for single use is full"));
        }
        Ok(())
    }

    fn insert_now(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        self.make_room(now)?;
        Ok(match self.until.entry(key) {
            Entry::Occupied(mut seen) if *seen.get() < now => {
                seen.insert(until);
                true
            }
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(until);
                true
            }
        })
    }
}

impl Default for MemorySingleUseStore {
    /// Creates a store with room for a million keys.
    fn default() -> Self {
        Self::with_capacity(1_000_000)
    }
}

impl SingleUseStore for MemorySingleUseStore {
    fn insert(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        Box::pin(ready(self.insert_now(key, until, now)))
    }

    fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool> {
        let taken = self.until.remove(&key).is_some_and(|(_, until)| until >= now);
        Box::pin(ready(Ok(taken)))
    }
}

impl fmt::Debug for MemorySingleUseStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySingleUseStore")
            .field("len", &self.until.len())
            .finish_non_exhaustive()
    }
}

/// With fewer keys than this, none are forgotten.
const CROWDED_AT_LEAST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_looks_for_keys_to_forget_only_when_they_have_doubled() {
        let store = MemorySingleUseStore::default();
        let insert = |number: u16, until: i64, now: i64| {
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            let [until, now] = [until, now].map(UnixSeconds::new);
            assert!(store.insert_now(Fingerprint::from_bytes(bytes), until, now).unwrap());
        };
        (0..1_100).for_each(|number| insert(number, 5, 0));
        // From now on all of them could go.
        for number in 1_100..2_048 {
            insert(number, 10, 6);
            assert_eq!(store.until.len(), usize::from(number) + 1);
        }
        insert(2_048, 10, 6);
        assert_eq!(store.until.len(), 2_048 - 1_100 + 1);
    }

    /// Looking at every key for each token that it refuses, a full store would be slow exactly
    /// while it is under attack.
    #[test]
    fn a_full_store_does_not_look_again_before_a_key_runs_out() {
        let store = MemorySingleUseStore::with_capacity(3);
        let at = UnixSeconds::new;
        for (byte, until) in [(1, 20), (2, 10), (3, 30)] {
            assert!(
                store.insert_now(Fingerprint::from_bytes([byte; 32]), at(until), at(0)).unwrap()
            );
        }
        for now in [0, 5, 10] {
            store.insert_now(Fingerprint::from_bytes([4; 32]), at(30), at(now)).unwrap_err();
            assert_eq!(store.next_look.lock().unwrap().after, at(10), "{now}");
        }
        assert!(store.insert_now(Fingerprint::from_bytes([4; 32]), at(30), at(11)).unwrap());
    }
}
