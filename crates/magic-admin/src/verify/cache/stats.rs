/// What the cache of a [`Verifier`](crate::Verifier) has done so far, and what it holds:
/// [`Verifier::cache_stats`](crate::Verifier::cache_stats).
///
/// All zero when the cache is turned off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CacheStats {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evictions: u64,
    pub(super) tokens: usize,
    pub(super) bytes: u64,
    pub(super) capacity: u64,
}

impl CacheStats {
    /// Tokens that were found, and so needed no recovery of their signer.
    #[must_use]
    pub const fn hits(&self) -> u64 {
        self.hits
    }

    /// Tokens that were not found: new ones, forgotten ones, and all that were refused before.
    #[must_use]
    pub const fn misses(&self) -> u64 {
        self.misses
    }

    /// Tokens that were dropped: expired, or making room for others.
    #[must_use]
    pub const fn evictions(&self) -> u64 {
        self.evictions
    }

    /// How many tokens it holds now.
    #[must_use]
    pub const fn tokens(&self) -> usize {
        self.tokens
    }

    /// How many bytes of memory they take, all that belongs to them included.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many bytes they may take at most.
    #[must_use]
    pub const fn capacity(&self) -> u64 {
        self.capacity
    }
}
