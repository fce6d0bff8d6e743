//! Tokens and challenges that are accepted only once.

#[cfg(feature = "challenges")]
mod challenges;
mod memory;
mod replay_guard;
mod store;

#[cfg(feature = "challenges")]
pub use challenges::{Challenges, RedeemedChallenge};
pub use memory::MemorySingleUseStore;
pub use replay_guard::ReplayGuard;
pub use store::SingleUseStore;

pub use crate::{
    types::{StoreError, StoreErrorKind, StoreFuture},
    verified::Fingerprint,
};
