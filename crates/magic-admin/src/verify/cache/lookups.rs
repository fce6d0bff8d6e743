use core::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use super::lane::LANES;

/// Counts hits and misses, for each lane in a cache line of its own.
#[derive(Default)]
pub(super) struct Lookups([CachePadded<Counters>; LANES]);

#[derive(Default)]
struct Counters {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Lookups {
    pub(super) fn count(&self, lane: usize, hit: bool) {
        if let Some(lane) = self.0.get(lane) {
            let counter = if hit { &lane.hits } else { &lane.misses };
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn hits(&self) -> u64 {
        self.0.iter().map(|lane| lane.hits.load(Ordering::Relaxed)).sum()
    }

    pub(super) fn misses(&self) -> u64 {
        self.0.iter().map(|lane| lane.misses.load(Ordering::Relaxed)).sum()
    }
}
