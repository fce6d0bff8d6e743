use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};
use std::sync::Arc;

use foldhash::quality::SeedableRandomState;
use quick_cache::{
    Lifecycle,
    sync::{Cache, DefaultLifecycle},
};

use super::{CacheStats, key, size};
use crate::{token::MAX_TOKEN_LEN, verify::checks::Proven};

/// Remembers what the signature of a token proves, for the exact text of the token.
///
/// It is the memo of a pure function: nothing in it depends on time, audience or settings, so
/// those are checked on every request, whether a token is remembered or not. Entries leave when
/// the token is found expired, or to make room; the eviction (a CLOCK with a probation queue and
/// a memory of what was dropped) resists a stream of tokens that each come once.
///
/// Nobody waits for another thread's recovery. As verification never yields, a crowd with one new
/// token recovers it at most once for each thread that verifies; waiting would let a crowd with
/// one *bad* token hold all threads up, one recovery after another.
pub(in crate::verify) struct TokenCache {
    entries: Entries,
    dropped: Arc<AtomicU64>,
}

type Entries = Cache<Box<str>, Arc<Proven>, size::Size, SeedableRandomState, CountDropped>;

impl TokenCache {
    /// 32 MiB: with all that belongs to a token, and at the usual length, about 24 000 of them.
    pub(in crate::verify) const USUAL_BOUND: usize = 32 * 1024 * 1024;

    /// A cache that takes at most `bytes` of memory; none when that is 0.
    pub(in crate::verify) fn with_bound(bytes: usize) -> Option<Self> {
        if bytes == 0 {
            return None;
        }
        let dropped = Arc::new(AtomicU64::new(0));
        let lifecycle = CountDropped {
            count: Arc::clone(&dropped),
            drop_unlocked: DefaultLifecycle::default(),
        };
        let entries = Cache::with(
            bytes.div_ceil(size::USUAL),
            u64::try_from(bytes).unwrap_or(u64::MAX),
            size::Size,
            key::seeded(),
            lifecycle,
        );
        Some(Self { entries, dropped })
    }

    /// What is remembered about a token. Allocates nothing.
    pub(in crate::verify) fn get(&self, token: &str) -> Option<Arc<Proven>> {
        // Too long for any token: not worth the hashing.
        if token.len() > MAX_TOKEN_LEN {
            return None;
        }
        self.entries.get(token)
    }

    /// Remembers a token, which must have passed every check: what was refused once is not worth
    /// a place.
    pub(in crate::verify) fn insert(&self, token: &str, proven: Arc<Proven>) {
        self.entries.insert(token.into(), proven);
    }

    /// Drops a token that has expired.
    pub(in crate::verify) fn remove(&self, token: &str) {
        if self.entries.remove(token).is_some() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(in crate::verify) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.entries.hits(),
            misses: self.entries.misses(),
            evictions: self.dropped.load(Ordering::Relaxed),
            tokens: self.entries.len(),
            bytes: self.entries.weight(),
            capacity: self.entries.capacity(),
        }
    }
}

/// Shows no token: whoever has its text is the user.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Counts what is dropped to make room.
#[derive(Clone)]
struct CountDropped {
    count: Arc<AtomicU64>,
    /// Frees what is dropped after the lock is released.
    drop_unlocked: Unlocked,
}

type Unlocked = DefaultLifecycle<Box<str>, Arc<Proven>>;

impl Lifecycle<Box<str>, Arc<Proven>> for CountDropped {
    type RequestState = <Unlocked as Lifecycle<Box<str>, Arc<Proven>>>::RequestState;

    fn on_evict(&self, state: &mut Self::RequestState, token: Box<str>, proven: Arc<Proven>) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.drop_unlocked.on_evict(state, token, proven);
    }
}
