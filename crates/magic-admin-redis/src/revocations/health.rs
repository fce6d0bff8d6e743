use std::time::Duration;

use tokio::time::Instant;

use crate::entry_id::EntryId;

/// The sync state of a server's list, which is either in sync with the stream or stale.
///
/// Returned by [`RedisRevocations::health`](crate::RedisRevocations::health).
///
/// # Examples
///
/// ```
/// use magic_admin_redis::RedisRevocations;
///
/// /// Returns the status code of a health check.
/// fn status(revocations: &RedisRevocations) -> u16 {
///     if revocations.health().is_fresh() { 200 } else { 503 }
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Health {
    pub(super) contact: Option<Instant>,
    pub(super) last: EntryId,
    pub(super) bound: Duration,
}

impl Health {
    /// Returns `true` if the list was in sync within the staleness bound.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.last_contact().is_some_and(|ago| ago < self.bound)
    }

    /// Returns the time since the list was last in sync, or `None` if it has never been in sync.
    #[must_use]
    pub fn last_contact(&self) -> Option<Duration> {
        self.contact.map(|contact| contact.elapsed())
    }

    /// Returns the ID of the last entry that was applied.
    ///
    /// It restarts from the beginning after Redis lost data, because the stream is then read again.
    /// The list itself keeps its entries.
    #[must_use]
    pub const fn last_id(&self) -> EntryId {
        self.last
    }
}
