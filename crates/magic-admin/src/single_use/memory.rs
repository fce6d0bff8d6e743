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

/// A bounded store of used tokens and challenges in the memory of one process. A full one rejects,
/// and so does one that holds 128 tokens of an issuer, for further tokens of this issuer.
///
/// # Examples
///
/// ```
/// use magic_admin::{ReplayGuard, single_use::MemorySingleUseStore};
///
/// let guard = ReplayGuard::new(MemorySingleUseStore::with_capacity(10_000));
/// ```
pub struct MemorySingleUseStore {
    /// Keys that belong to nobody: those of challenges.
    keys: DashMap<Fingerprint, UnixSeconds>,
    tokens: DashMap<Address, Vec<Used>>,
    /// The number of keys and tokens.
    len: AtomicUsize,
    capacity: usize,
    /// Held while looking for something to forget.
    next_look: Mutex<NextLook>,
}

struct Used {
    token: Fingerprint,
    until: UnixSeconds,
}

/// When to look for something to forget again.
struct NextLook {
    /// When there is so much,
    len: usize,
    /// and the time of one of them has passed.
    after: UnixSeconds,
}

impl MemorySingleUseStore {
    /// Creates a store with room for this many tokens and challenges, of about 100 bytes each.
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
            return Err(StoreError::new(StoreErrorKind::Full, "the store for single use is full"));
        }
        Ok(())
    }

    /// Forgets what has passed; returns the earliest time of what is left.
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
                "the store for single use holds too many tokens of one issuer",
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
    /// Creates a store with room for a million tokens and challenges.
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

/// With less than this, nothing is forgotten.
const CROWDED_AT_LEAST: usize = 1024;

/// A user who signs in every half minute holds fewer.
const TOKENS_PER_ISSUER: usize = 128;

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
            assert_eq!(store.len(), usize::from(number) + 1);
        }
        insert(2_048, 10, 6);
        assert_eq!(store.len(), 2_048 - 1_100 + 1);
    }

    /// Looking at every key for each token that it rejects, a full store would be slow exactly
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
        // A token that is there is still known as used, and others are not concerned.
        assert!(!insert(1, 5, 0).unwrap());
        assert!(insert(2, 0, 0).unwrap());
        assert!(insert(1, 128, 11).unwrap());
        assert_eq!(store.len(), 2);
    }
}
