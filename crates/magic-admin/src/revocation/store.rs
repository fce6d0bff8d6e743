use std::fmt;

use super::Revocation;
use crate::types::StoreFuture;

/// A store to which a [`RevocationList`](super::RevocationList) writes its entries.
///
/// It shares them with other servers or keeps them across restarts. Lookups do not use the store,
/// because the list itself is in memory.
///
/// # Examples
///
/// ```
/// use std::sync::{Mutex, PoisonError};
/// use magic_admin::revocation::{Revocation, RevocationStore, StoreFuture};
///
/// /// Keeps entries as lines of text.
/// #[derive(Debug, Default)]
/// struct Lines(Mutex<Vec<String>>);
///
/// impl RevocationStore for Lines {
///     fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()> {
///         let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         lines.extend(revocations.iter().map(ToString::to_string));
///         Box::pin(async { Ok(()) })
///     }
/// }
/// ```
pub trait RevocationStore: fmt::Debug + Send + Sync {
    /// Writes all entries, or none of them, so that they outlive the process.
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()>;
}
