//! The memo of what the signature of a token proves.

mod key;
mod lane;
mod lookups;
mod remembered;
mod segment;
mod stats;
mod token_cache;

pub use stats::CacheStats;

pub(super) use token_cache::TokenCache;
