use std::fmt;

use super::Revocation;
use crate::types::StoreFuture;

/// A store that a [`RevocationList`](super::RevocationList) writes its entries to, for other servers or for the time after a
/// restart. The list itself stays in the process.
pub trait RevocationStore: fmt::Debug + Send + Sync {
    /// Writes entries, all or none, so that they outlive the process.
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()>;
}
