use std::{
    fmt,
    future::ready,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use dashmap::{DashMap, mapref::entry::Entry};

use super::SingleUseStore;
use crate::{
    types::{Address, Issuer, StoreError, StoreErrorKind, StoreFuture, UnixSeconds},
    verified::Fingerprint,
};

/// A bounded store of used tokens and challenges, kept in the memory of one process.
///
/// A full store rejects new entries. It also rejects further tokens of an issuer of which it
/// already holds 128.
///
/// # Examples
///
/// ```
/// use magic_admin::{ReplayGuard, single_use::MemorySingleUseStore};
///
/// let guard = ReplayGuard::new(MemorySingleUseStore::with_capacity(10_000));
/// ```
pub struct MemorySingleUseStore {
    /// Keys without an issuer, which are those of challenges.
    keys: DashMap<Fingerprint, UnixSeconds>,
    tokens: DashMap<Address, Vec<Used>>,
    /// The number of keys and tokens.
    len: AtomicUsize,
    capacity: usize,
    /// Locked while looking for entries to forget.
    next_look: Mutex<NextLook>,
}

struct Used {
    token: Fingerprint,
    until: UnixSeconds,
}

/// The conditions for looking for entries to forget again.
struct NextLook {
    /// The number of entries that has to be reached.
    len: usize,
    /// The time that has to pass, after which at least one entry has expired.
    after: UnixSeconds,
}

impl MemorySingleUseStore {
    /// Creates a store with room for this many tokens and challenges, which take about 100 bytes
    /// each.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        let next_look = Mutex::new(NextLook {
            len: entries.min(CROWDED_AT_LEAST),
            after: UnixSeconds::new(i64::MIN),
        });
        Self {
            keys: DashMap::new(),
            tokens: DashMap::new(),
            len: AtomicUsize::new(0),
            capacity: entries,
            next_look,
        }
    }

    fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    fn make_room(&self, now: UnixSeconds) -> Result<(), StoreError> {
        let mut next_look = self.next_look.lock().unwrap_or_else(PoisonError::into_inner);
        if self.len() >= next_look.len && now > next_look.after {
            let first = self.forget_before(now);
            let len = 2 * self.len();
            *next_look = NextLook {
                len: len.clamp(CROWDED_AT_LEAST.min(self.capacity), self.capacity),
                after: if len >= 2 * self.capacity { first } else { UnixSeconds::new(i64::MIN) },
            };
        }
        if self.len() >= self.capacity {
            return Err(StoreError::new(StoreErrorKind::Full, "the single-use store is full"));
        }
        Ok(())
    }

    /// Forgets expired entries, and returns the earliest expiry of the remaining ones.
    fn forget_before(&self, now: UnixSeconds) -> UnixSeconds {
        let mut first = UnixSeconds::new(i64::MAX);
        let mut keeps = |until: UnixSeconds| {
            let kept = until >= now;
            if kept {
                first = first.min(until);
            } else {
                self.len.fetch_sub(1, Ordering::Relaxed);
            }
            kept
        };
        self.keys.retain(|_, until| keeps(*until));
        self.tokens.retain(|_, used| {
            used.retain(|used| keeps(used.until));
            !used.is_empty()
        });
        first
    }

    fn insert_now(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        self.make_room(now)?;
        Ok(match self.keys.entry(key) {
            Entry::Occupied(mut seen) if *seen.get() < now => {
                seen.insert(until);
                true
            }
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(until);
                self.len.fetch_add(1, Ordering::Relaxed);
                true
            }
        })
    }

    fn insert_token_now(
        &self,
        issuer: Issuer,
        token: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> Result<bool, StoreError> {
        self.make_room(now)?;
        let mut used = self.tokens.entry(issuer.address()).or_default();
        let before = used.len();
        used.retain(|used| used.until >= now);
        self.len.fetch_sub(before - used.len(), Ordering::Relaxed);
        if used.iter().any(|used| used.token == token) {
            return Ok(false);
        }
        if used.len() >= TOKENS_PER_ISSUER {
            return Err(StoreError::new(
                StoreErrorKind::Full,
                "the single-use store holds too many tokens of one issuer",
            ));
        }
        used.push(Used { token, until });
        self.len.fetch_add(1, Ordering::Relaxed);
        Ok(true)
    }

    fn take_now(&self, key: Fingerprint, now: UnixSeconds) -> bool {
        let Some((_, until)) = self.keys.remove(&key) else { return false };
        self.len.fetch_sub(1, Ordering::Relaxed);
        until >= now
    }
}

impl Default for MemorySingleUseStore {
    /// Creates a store with room for 1,000,000 tokens and challenges.
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

    fn insert_token(
        &self,
        issuer: Issuer,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        Box::pin(ready(self.insert_token_now(issuer, key, until, now)))
    }

    fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool> {
        Box::pin(ready(Ok(self.take_now(key, now))))
    }
}

impl fmt::Debug for MemorySingleUseStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemorySingleUseStore").field("len", &self.len()).finish_non_exhaustive()
    }
}

/// Below this number of entries, none are forgotten.
const CROWDED_AT_LEAST: usize = 1024;

/// Enough for a user who signs in every half minute.
const TOKENS_PER_ISSUER: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sweeps_only_after_doubling() {
        let store = MemorySingleUseStore::default();
        let insert = |number: u16, until: i64, now: i64| {
            let mut bytes = [0; 32];
            bytes[..2].copy_from_slice(&number.to_be_bytes());
            let [until, now] = [until, now].map(UnixSeconds::new);
            assert!(store.insert_now(Fingerprint::from_bytes(bytes), until, now).unwrap());
        };
        (0..1_100).for_each(|number| insert(number, 5, 0));
        // From now on all of them have expired.
        for number in 1_100..2_048 {
            insert(number, 10, 6);
            assert_eq!(store.len(), usize::from(number) + 1);
        }
        insert(2_048, 10, 6);
        assert_eq!(store.len(), 2_048 - 1_100 + 1);
    }

    /// If a full store scanned all keys for each token that it rejects, it would be slow exactly
    /// while under attack.
    #[test]
    fn a_full_store_waits_for_a_key_to_expire() {
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

    #[test]
    fn one_issuer_cannot_fill_the_store() {
        let store = MemorySingleUseStore::with_capacity(1_000);
        let insert = |user: u8, number: u16, now: i64| {
            let issuer = Issuer::from(Address::from_bytes([user; 20]));
            let mut token = [user; 32];
            token[..2].copy_from_slice(&number.to_be_bytes());
            let [until, now] = [now + 10, now].map(UnixSeconds::new);
            store.insert_token_now(issuer, Fingerprint::from_bytes(token), until, now)
        };
        for number in 0..128 {
            assert!(insert(1, number, 0).unwrap());
        }
        let error = insert(1, 128, 0).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Full);
        // The store still knows its tokens as used, and other issuers are not affected.
        assert!(!insert(1, 5, 0).unwrap());
        assert!(insert(2, 0, 0).unwrap());
        assert!(insert(1, 128, 11).unwrap());
        assert_eq!(store.len(), 2);
    }
}
