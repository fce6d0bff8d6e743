//! A cache of verified signatures.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use foldhash::{SharedSeed, quality::SeedableRandomState};
use quick_cache::{
    Lifecycle, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};

use crate::{metrics, token::MAX_TOKEN_LEN, verified::Proven};

/// A bounded cache of verified signatures, keyed by the exact text of the token.
///
/// It memoises a pure function: nothing in it depends on time, audience or settings, so those are
/// checked on every request. Entries are removed when the token is found to have expired, or to
/// make room. The eviction policy (CLOCK with a probation queue and a list of evicted keys) resists
/// a stream of tokens that are each seen once.
///
/// No thread waits for another thread's recovery. Verification never yields, so concurrent requests
/// with the same new token recover its signer at most once per thread. If they waited instead,
/// requests with the same *invalid* token could stall every thread, one recovery after another.
pub(crate) struct TokenCache {
    entries: Cache<Box<str>, Arc<Proven>, Size, SeedableRandomState, CountEvictions>,
    evictions: Arc<AtomicU64>,
}

impl TokenCache {
    /// The default bound of 32 MiB: enough for about 24,000 tokens of the usual length.
    pub(crate) const USUAL_BOUND: usize = 32 * 1024 * 1024;

    /// Creates a cache that takes at most `bytes` of memory. Returns `None` if that is 0.
    pub(crate) fn with_bound(bytes: usize) -> Option<Self> {
        if bytes == 0 {
            return None;
        }
        let evictions = Arc::new(AtomicU64::new(0));
        let options = OptionsBuilder::new()
            .estimated_items_capacity(bytes.div_ceil(USUAL))
            .weight_capacity(u64::try_from(bytes).unwrap_or(u64::MAX))
            // A smaller shard would evict tokens while others still have room to spare.
            .shards((bytes / MIN_SHARD).clamp(1, MAX_SHARDS))
            .build()
            .ok()?;
        let lifecycle = CountEvictions {
            count: Arc::clone(&evictions),
            drop_unlocked: DefaultLifecycle::default(),
        };
        let entries = Cache::with_options(options, Size, seeded_hasher(), lifecycle);
        Some(Self { entries, evictions })
    }

    /// Returns the cached entry of a token. Allocates nothing.
    pub(crate) fn get(&self, token: &str) -> Option<Arc<Proven>> {
        // No token is that long, so hashing it would be a waste.
        if token.len() > MAX_TOKEN_LEN {
            return None;
        }
        self.entries.get(token)
    }

    /// Stores a token that has passed every check.
    pub(crate) fn insert(&self, token: &str, proven: &Arc<Proven>) {
        self.entries.insert(token.into(), Arc::clone(proven));
    }

    /// Removes a token that has expired.
    pub(crate) fn remove(&self, token: &str) {
        if self.entries.remove(token).is_some() {
            metrics::evicted();
            self.evictions.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns statistics about the cache and its current contents.
    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.entries.hits(),
            misses: self.entries.misses(),
            evictions: self.evictions.load(Ordering::Relaxed),
            tokens: self.entries.len(),
            bytes: self.entries.weight(),
            capacity: self.entries.capacity(),
        }
    }
}

/// Shows no token, because anyone who has its text can act as the user.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Statistics about the cache of a [`Verifier`](crate::Verifier): its contents, hits and misses.
///
/// Returned by [`Verifier::cache_stats`](crate::Verifier::cache_stats). All values are zero if the
/// cache is turned off.
///
/// # Examples
///
/// ```
/// use magic_admin::{Audience, Verifier};
///
/// let verifier = Verifier::new(Audience::new("client-id")?);
/// assert!(verifier.verify("not a token").is_err());
/// assert_eq!(verifier.cache_stats().tokens(), 0);
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    hits: u64,
    misses: u64,
    evictions: u64,
    tokens: usize,
    bytes: u64,
    capacity: u64,
}

impl CacheStats {
    /// Returns the number of cache hits, which needed no signature recovery.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.hits
    }

    /// Returns the number of cache misses: tokens that were new, evicted, or rejected before.
    #[must_use]
    pub const fn misses(&self) -> u64 {
        self.misses
    }

    /// Returns the number of tokens that were removed, because they expired or to make room for
    /// others.
    #[must_use]
    pub const fn evictions(&self) -> u64 {
        self.evictions
    }

    /// Returns the number of tokens in the cache.
    #[must_use]
    pub const fn tokens(&self) -> usize {
        self.tokens
    }

    /// Returns the memory used by the cached tokens in bytes, including overhead.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the maximum memory of the cache in bytes.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }
}

/// Creates the hasher for the texts of tokens, with its own secret seed.
///
/// Anyone can sign tokens with their own key, so an attacker can choose what is hashed; the secret
/// seed keeps them from preparing texts that collide. A collision would cost time, but not safety,
/// because the table compares the whole text.
fn seeded_hasher() -> SeedableRandomState {
    static SHARED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(random()));
    SeedableRandomState::with_seed(random(), &SHARED)
}

/// Returns randomness from the operating system, obtained like that of the standard hash maps.
fn random() -> u64 {
    RandomState::new().hash_one(0u8)
}

/// Weighs an entry by the bytes of memory that it takes.
#[derive(Clone)]
struct Size;

impl Weighter<Box<str>, Arc<Proven>> for Size {
    fn weight(&self, token: &Box<str>, proven: &Arc<Proven>) -> u64 {
        let size = token.len() + proven.claims.text_len() + FIXED;
        u64::try_from(size).unwrap_or(u64::MAX)
    }
}

/// Counts evictions, and drops evicted entries only after the lock has been released.
#[derive(Clone)]
struct CountEvictions {
    count: Arc<AtomicU64>,
    drop_unlocked: DefaultLifecycle<Box<str>, Arc<Proven>>,
}

type Evicted =
    <DefaultLifecycle<Box<str>, Arc<Proven>> as Lifecycle<Box<str>, Arc<Proven>>>::RequestState;

impl Lifecycle<Box<str>, Arc<Proven>> for CountEvictions {
    type RequestState = Evicted;

    fn on_evict(&self, state: &mut Evicted, token: Box<str>, proven: Arc<Proven>) {
        metrics::evicted();
        self.count.fetch_add(1, Ordering::Relaxed);
        self.drop_unlocked.on_evict(state, token, proven);
    }
}

/// The memory of one entry with a token of the usual length.
const USUAL: usize = 1_400;

/// The memory of one entry in addition to its two texts. It includes [`Proven`] and its reference
/// counts, those of the claims' text, the entry's slots in the table (which doubles when full, and
/// so has room to spare) and in the list of evicted keys, and the allocator's overhead.
const FIXED: usize = size_of::<Proven>()
    + 2 * REFERENCE_COUNTS
    + 3 * ALLOCATION
    + 2 * (size_of::<(Box<str>, Arc<Proven>)>() + 32);
const REFERENCE_COUNTS: usize = 2 * size_of::<usize>();
const ALLOCATION: usize = 16;

const MIN_SHARD: usize = 64 * USUAL;
const MAX_SHARDS: usize = 16;
