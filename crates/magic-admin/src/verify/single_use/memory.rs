use core::{fmt, future::ready};
use std::sync::Mutex;

use dashmap::{DashMap, mapref::entry::Entry};

use super::super::{Fingerprint, StoreError, StoreFuture};
use super::SingleUseStore;
use crate::types::UnixSeconds;

/// What was used, in the memory of one process, bounded: a full one refuses.
pub struct MemoryStore {
    until: DashMap<Fingerprint, UnixSeconds>,
    capacity: usize,
    /// How many keys there may be before the next look for some to forget. Held while looking.
    crowded_at: Mutex<usize>,
}

impl MemoryStore {
    /// One with room for so many keys, of about 100 bytes each.
    #[must_use]
    pub fn with_capacity(keys: usize) -> Self {
        let crowded_at = Mutex::new(keys.min(CROWDED_AT_LEAST));
        Self { until: DashMap::new(), capacity: keys, crowded_at }
    }

    fn make_room(&self, now: UnixSeconds) -> Result<(), StoreError> {
        let mut crowded_at =
            self.crowded_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if self.until.len() >= *crowded_at {
            self.until.retain(|_, until| *until >= now);
            *crowded_at =
                (2 * self.until.len()).clamp(CROWDED_AT_LEAST.min(self.capacity), self.capacity);
        }
        if self.until.len() >= self.capacity {
            return Err(StoreError::new("the store for single use is full"));
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

impl Default for MemoryStore {
    /// With room for a million keys.
    fn default() -> Self {
        Self::with_capacity(1_000_000)
    }
}

impl SingleUseStore for MemoryStore {
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

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("len", &self.until.len()).finish_non_exhaustive()
    }
}

/// Below this many keys nobody looks for some to forget.
const CROWDED_AT_LEAST: usize = 1024;
