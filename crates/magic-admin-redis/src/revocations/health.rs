use std::time::Duration;

use tokio::time::Instant;

use crate::entry_id::EntryId;

/// How well a server's list follows the stream: [`RedisRevocations::health`](crate::RedisRevocations::health).
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Health {
    pub(super) contact: Option<Instant>,
    pub(super) last: EntryId,
    pub(super) bound: Duration,
}

impl Health {
    /// Whether the list holds every entry older than the staleness bound.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.last_contact().is_some_and(|ago| ago < self.bound)
    }

    /// How long ago the list held everything that was in the stream. `None`: never yet.
    #[must_use]
    pub fn last_contact(&self) -> Option<Duration> {
        self.contact.map(|contact| contact.elapsed())
    }

    /// The last entry that the list took over. It goes back to the start when Redis lost its data
    /// and everything is read again; the list forgets nothing then.
    #[must_use]
    pub const fn last_id(&self) -> EntryId {
        self.last
    }
}
