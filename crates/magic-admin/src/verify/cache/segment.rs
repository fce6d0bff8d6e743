use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};

use crossbeam_utils::sync::ShardedLock;
use foldhash::fast::FixedState;
use quick_cache::{Lifecycle, sync::DefaultLifecycle, unsync::Cache};

use super::{
    key::{Key, Lookup},
    remembered::{Remembered, Size, USUAL},
};
use crate::verify::checks::Proven;

/// A part of the cache with a lock of its own. Reading it, a thread writes to nothing but its own
/// part of the lock; a thread that writes waits for all of them.
pub(super) struct Segment(ShardedLock<Entries>);

type Entries = Cache<Key, Remembered, Size, FixedState, CountDropped>;

impl Segment {
    /// A segment that takes at most `bytes` of memory and counts in `dropped` what leaves it.
    pub(super) fn with_bound(bytes: usize, dropped: &Arc<AtomicU64>) -> Self {
        let lifecycle =
            CountDropped { count: Arc::clone(dropped), drop_unlocked: DefaultLifecycle::default() };
        Self(ShardedLock::new(Cache::with(
            bytes.div_ceil(USUAL),
            u64::try_from(bytes).unwrap_or(u64::MAX),
            Size,
            // Of a hash that is already seeded.
            FixedState::default(),
            lifecycle,
        )))
    }

    /// What this lane gets of a token. Allocates nothing.
    pub(super) fn get(&self, token: Lookup<'_>, lane: usize) -> Option<Arc<Proven>> {
        // Should a thread have panicked while it changed the table, nothing is remembered in it
        // any more, and every signature is checked.
        self.0.read().ok()?.get(&token)?.for_lane(lane)
    }

    pub(super) fn insert(&self, token: Key, remembered: Remembered) {
        // Outlives the lock.
        let mut dropped = Dropped::default();
        if let Ok(mut entries) = self.0.write() {
            entries.insert_with_lifecycle(token, remembered, &mut dropped);
        }
    }

    /// Whether the token was there.
    pub(super) fn remove(&self, token: Lookup<'_>) -> bool {
        let Ok(mut entries) = self.0.write() else { return false };
        let removed = entries.remove(&token);
        drop(entries);
        removed.is_some()
    }

    /// How many tokens it holds, the bytes that they take, and the bytes that they may take.
    pub(super) fn usage(&self) -> (usize, u64, u64) {
        let entries = self.0.read().unwrap_or_else(PoisonError::into_inner);
        (entries.len(), entries.weight(), entries.capacity())
    }
}

/// Counts what is dropped to make room.
struct CountDropped {
    count: Arc<AtomicU64>,
    /// Keeps what is dropped until the lock is released.
    drop_unlocked: DefaultLifecycle<Key, Remembered>,
}

type Dropped = <DefaultLifecycle<Key, Remembered> as Lifecycle<Key, Remembered>>::RequestState;

impl Lifecycle<Key, Remembered> for CountDropped {
    type RequestState = Dropped;

    fn on_evict(&self, state: &mut Dropped, token: Key, remembered: Remembered) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.drop_unlocked.on_evict(state, token, remembered);
    }
}
