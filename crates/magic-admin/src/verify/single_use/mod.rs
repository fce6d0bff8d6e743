//! Single use: a token, or a challenge, that is accepted once.

#[cfg(feature = "online")]
mod challenges;
mod memory;
mod replay_guard;

#[cfg(feature = "online")]
pub use challenges::Challenges;
pub use memory::MemoryStore;
pub use replay_guard::{ReplayGuard, SingleUseStore};
