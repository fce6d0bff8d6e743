use core::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};
use std::sync::Arc;

use super::{
    CacheStats,
    key::{Lookup, Seed},
    lane,
    lookups::Lookups,
    remembered::{Remembered, USUAL},
    segment::Segment,
};
use crate::{token::MAX_TOKEN_LEN, verify::checks::Proven};

/// Remembers what the signature of a token proves, for the exact text of the token.
///
/// It is the memo of a pure function: nothing in it depends on time, audience or settings, so
/// those are checked on every request, whether a token is remembered or not. Entries leave when
/// the token is found expired, or to make room; the eviction (a CLOCK with a probation queue and
/// a memory of what was dropped) resists a stream of tokens that each come once.
///
/// Threads that find tokens write to no memory that another of them reads or writes, so they do
/// not slow each other down: each has a [`lane`] of its own.
///
/// Nobody waits for another thread's recovery. As verification never yields, a crowd with one new
/// token recovers it at most once for each thread that verifies; waiting would let a crowd with
/// one *bad* token hold all threads up, one recovery after another.
pub(in crate::verify) struct TokenCache {
    segments: Box<[Segment]>,
    seed: Seed,
    lookups: Lookups,
    dropped: Arc<AtomicU64>,
}

impl TokenCache {
    /// 32 MiB: with all that belongs to a token, and at the usual length, about 18 000 of them.
    pub(in crate::verify) const USUAL_BOUND: usize = 32 * 1024 * 1024;

    /// A cache that takes at most `bytes` of memory; none when that is 0.
    pub(in crate::verify) fn with_bound(bytes: usize) -> Option<Self> {
        if bytes == 0 {
            return None;
        }
        let segments = (bytes / MIN_SEGMENT).clamp(1, MAX_SEGMENTS);
        let dropped = Arc::new(AtomicU64::new(0));
        let segment = |_| Segment::with_bound(bytes / segments, &dropped);
        Some(Self {
            segments: (0..segments).map(segment).collect(),
            seed: Seed::random(),
            lookups: Lookups::default(),
            dropped,
        })
    }

    /// What is remembered about a token. Allocates nothing.
    pub(in crate::verify) fn get(&self, token: &str) -> Option<Arc<Proven>> {
        let lane = lane::current();
        let found = self.find(token, lane);
        self.lookups.count(lane, found.is_some());
        found
    }

    /// Remembers a token, which must have passed every check: what was refused once is not worth
    /// a place.
    pub(in crate::verify) fn insert(&self, token: &str, proven: &Arc<Proven>) {
        let token = self.seed.lookup(token);
        if let Some(segment) = self.segment(token) {
            segment.insert(token.into_key(), Remembered::new(proven));
        }
    }

    /// Drops a token that has expired.
    pub(in crate::verify) fn remove(&self, token: &str) {
        let token = self.seed.lookup(token);
        if self.segment(token).is_some_and(|segment| segment.remove(token)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(in crate::verify) fn stats(&self) -> CacheStats {
        let mut stats = CacheStats {
            hits: self.lookups.hits(),
            misses: self.lookups.misses(),
            evictions: self.dropped.load(Ordering::Relaxed),
            ..CacheStats::default()
        };
        for (tokens, bytes, capacity) in self.segments.iter().map(Segment::usage) {
            stats.tokens += tokens;
            stats.bytes += bytes;
            stats.capacity += capacity;
        }
        stats
    }

    fn find(&self, token: &str, lane: usize) -> Option<Arc<Proven>> {
        // Too long for any token: not worth the hashing.
        if token.len() > MAX_TOKEN_LEN {
            return None;
        }
        let token = self.seed.lookup(token);
        self.segment(token)?.get(token, lane)
    }

    /// Where a token is, when it is anywhere.
    fn segment(&self, token: Lookup<'_>) -> Option<&Segment> {
        // The hash as a fraction of all hashes.
        let index = (u128::from(token.hash()) * self.segments.len() as u128) >> u64::BITS;
        self.segments.get(usize::try_from(index).ok()?)
    }
}

/// Shows no token: whoever has its text is the user.
impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stats().fmt(f)
    }
}

/// Threads with new tokens seldom meet in one of so many.
const MAX_SEGMENTS: usize = 16;

/// A segment with less room would forget tokens although there is room in others.
const MIN_SEGMENT: usize = 64 * USUAL;
