use std::sync::Arc;

use quick_cache::Weighter;

use crate::verify::checks::Proven;

/// What a token takes in the cache when it has the usual length: with a bound in bytes it says
/// how many tokens to expect.
pub(super) const USUAL: usize = 1_400;

/// The bytes of memory that one entry takes.
#[derive(Clone)]
pub(super) struct Size;

impl Weighter<Box<str>, Arc<Proven>> for Size {
    fn weight(&self, token: &Box<str>, proven: &Arc<Proven>) -> u64 {
        let bytes = token.len() + proven.claims.text_len() + FIXED;
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }
}

/// What every entry takes besides its texts: [`Proven`] and the counters of its `Arc`, the place
/// in the table (which has room to spare: it doubles when it is full) and among those remembered
/// as dropped, and what the allocator adds to three allocations.
const FIXED: usize = size_of::<Proven>() + 2 * size_of::<usize>() + 2 * 80 + 3 * 16;
