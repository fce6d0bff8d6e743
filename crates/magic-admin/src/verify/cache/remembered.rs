use core::array;
use std::sync::Arc;

use quick_cache::Weighter;

use super::{key::Key, lane::LANES};
use crate::verify::checks::Proven;

/// What is remembered of a token: the same for each lane, so that threads that find it do not
/// count their references in one place.
pub(super) struct Remembered([Arc<Proven>; LANES]);

impl Remembered {
    pub(super) fn new(proven: &Arc<Proven>) -> Self {
        Self(array::from_fn(|lane| match lane {
            0 => Arc::clone(proven),
            _ => Arc::new(Proven::clone(proven)),
        }))
    }

    pub(super) fn for_lane(&self, lane: usize) -> Option<Arc<Proven>> {
        self.0.get(lane).cloned()
    }
}

/// The bytes of memory that one entry takes.
#[derive(Clone)]
pub(super) struct Size;

impl Weighter<Key, Remembered> for Size {
    fn weight(&self, token: &Key, remembered: &Remembered) -> u64 {
        let claims = remembered.0.first().map_or(0, |proven| proven.claims.text_len());
        u64::try_from(token.text_len() + claims + FIXED).unwrap_or(u64::MAX)
    }
}

/// What a token takes when it has the usual length: with a bound in bytes it says how many tokens
/// to expect.
pub(super) const USUAL: usize = 1_840;

/// What every entry takes besides its texts: [`Proven`] and the counters of its `Arc` in each
/// lane, those of the claims' text, the place in the table (which has room to spare: it doubles
/// when it is full) and among those remembered as dropped, and what the allocator adds to each
/// allocation.
const FIXED: usize = LANES * (size_of::<Proven>() + COUNTERS + ALLOCATION)
    + COUNTERS
    + 2 * ALLOCATION
    + 2 * (size_of::<Key>() + size_of::<Remembered>() + 32);
const COUNTERS: usize = 2 * size_of::<usize>();
const ALLOCATION: usize = 16;
