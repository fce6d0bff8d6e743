//! The memo of what the signature of a token proves.

mod key;
mod size;
mod stats;
mod token_cache;

pub use stats::CacheStats;

pub(super) use token_cache::TokenCache;
