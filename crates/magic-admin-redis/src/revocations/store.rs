use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use magic_admin::{
    StoreError, StoreErrorKind,
    revocation::{Revocation, RevocationStore, StoreFuture},
};
use redis::Pipeline;

use super::stream;
use crate::{entry_id::EntryId, failure::failed, link::Link};

/// Appends to the stream what a list is told.
#[derive(Debug)]
pub(super) struct StreamStore {
    pub(super) link: Link,
    pub(super) written: Arc<Written>,
}

/// What this server wrote: for its follower, which sees to it that it is in the stream.
#[derive(Debug)]
pub(super) struct Written {
    latest: Mutex<EntryId>,
    /// Something may not have come through: the list knows it and perhaps nobody else.
    pending: AtomicBool,
}

impl StreamStore {
    async fn append_now(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        // Whoever waits for this may give up before it is done.
        let unsure = Unsure { written: &self.written, sure: false };
        let mut commands = Pipeline::new();
        stream::append(&mut commands, self.link.config().keys(), revocations);
        let (id,): (String,) = self.link.send_twice(&commands).await.map_err(failed)?;
        let id = id.parse().map_err(|error| {
            StoreError::new(StoreErrorKind::Damaged, "Redis named an entry in an unknown way")
                .with_source(error)
        })?;
        self.written.note(id);
        unsure.came_through();
        Ok(())
    }
}

impl RevocationStore for StreamStore {
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()> {
        Box::pin(self.append_now(revocations))
    }
}

impl Written {
    pub(super) fn new() -> Self {
        Self { latest: Mutex::new(EntryId::START), pending: AtomicBool::new(false) }
    }

    pub(super) fn note(&self, id: EntryId) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        *latest = id.max(*latest);
    }

    pub(super) fn latest(&self) -> EntryId {
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The data was lost up to this entry: it need not be there any more.
    pub(super) fn forget(&self, up_to: EntryId) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        if *latest <= up_to {
            *latest = EntryId::START;
        }
    }

    /// Whether something may not have come through since the last time this was asked.
    pub(super) fn take_pending(&self) -> bool {
        self.pending.swap(false, Ordering::AcqRel)
    }
}

/// Says so unless it came through.
struct Unsure<'a> {
    written: &'a Written,
    sure: bool,
}

impl Unsure<'_> {
    fn came_through(mut self) {
        self.sure = true;
    }
}

impl Drop for Unsure<'_> {
    fn drop(&mut self) {
        if !self.sure {
            self.written.pending.store(true, Ordering::Release);
        }
    }
}
