#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "secp256k1", feature = "k256")))]
compile_error!(
    "magic-admin-redis needs a curve backend: enable the feature `secp256k1` (libsecp256k1, the default) or `k256` (pure Rust)"
);

mod config;
mod entry_id;
mod failure;
mod keys;
mod link;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
mod metrics;
mod revocations;
mod single_use;

pub use config::RedisConfig;
pub use entry_id::EntryId;
pub use revocations::{Health, RedisRevocations, RedisRevocationsBuilder};
pub use single_use::RedisSingleUse;
