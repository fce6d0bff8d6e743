use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use magic_admin::{
    StoreError,
    revocation::{Revocation, RevocationStore, StoreFuture},
};
use redis::Pipeline;

use super::stream;
use crate::{entry_id::EntryId, failure::failed, link::Link};

/// A store that appends the revocations of a list to the stream.
#[derive(Debug)]
pub(super) struct StreamStore {
    pub(super) link: Link,
    pub(super) written: Arc<Written>,
}

impl StreamStore {
    async fn append_now(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        // The caller may drop this future before it completes.
        let unsure = Unsure { written: &self.written, revocations, sure: false };
        let mut commands = Pipeline::new();
        stream::append(&mut commands, self.link.config().keys(), revocations);
        let (id,): (String,) = self.link.send_twice(&commands).await.map_err(failed)?;
        self.written.note(stream::entry_id(&id)?);
        unsure.came_through();
        Ok(())
    }
}

impl RevocationStore for StreamStore {
    fn append<'a>(&'a self, revocations: &'a [Revocation]) -> StoreFuture<'a, ()> {
        Box::pin(self.append_now(revocations))
    }
}

/// Queues the revocations when dropped, unless their write was confirmed.
struct Unsure<'a> {
    written: &'a Written,
    revocations: &'a [Revocation],
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
            self.written.queue(self.revocations);
        }
    }
}

/// The entries that this server has written or failed to write. Its follower makes sure that all of
/// them end up in the stream.
#[derive(Debug, Default)]
pub(super) struct Written {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The last entry that this server wrote.
    latest: EntryId,
    /// Revocations known to this list, but possibly to no other server.
    pending: HashSet<Revocation>,
    /// `true` if there were more revocations than fit here. The list still knows them.
    overflowed: bool,
}

impl Written {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, id: EntryId) {
        let mut state = self.lock();
        state.latest = id.max(state.latest);
    }

    pub(super) fn latest(&self) -> EntryId {
        self.lock().latest
    }

    /// Records that data up to this entry was lost, so that it is no longer expected in the stream.
    pub(super) fn forget(&self, up_to: EntryId) {
        let mut state = self.lock();
        if state.latest <= up_to {
            state.latest = EntryId::START;
        }
    }

    fn queue(&self, revocations: &[Revocation]) {
        let mut state = self.lock();
        for revocation in revocations {
            if state.pending.len() < PENDING_AT_MOST {
                state.pending.insert(*revocation);
            } else if !state.pending.contains(revocation) {
                state.overflowed = true;
            }
        }
    }

    /// Returns some of the revocations whose write was not confirmed.
    pub(super) fn some_pending(&self, at_most: usize) -> Vec<Revocation> {
        self.lock().pending.iter().take(at_most).copied().collect()
    }

    /// Records that the write of pending revocations was confirmed.
    pub(super) fn came_through(&self, revocations: &[Revocation]) {
        let mut state = self.lock();
        for revocation in revocations {
            state.pending.remove(revocation);
        }
    }

    /// Returns `true` if the queue has overflowed since the last call.
    pub(super) fn take_overflowed(&self) -> bool {
        std::mem::take(&mut self.lock().overflowed)
    }
}

/// Each takes about 60 bytes. Beyond this number, all revocations known to the list are written
/// again.
const PENDING_AT_MOST: usize = 100_000;

#[cfg(test)]
mod tests {
    use magic_admin::UnixSeconds;

    use super::*;

    #[test]
    fn the_queue_is_bounded() {
        let written = Written::default();
        let revocation = |at| Revocation::Everybody { at: UnixSeconds::new(at) };
        for at in 0..PENDING_AT_MOST as i64 {
            written.queue(&[revocation(at)]);
        }
        written.queue(&[revocation(5)]);
        assert!(!written.take_overflowed());
        written.queue(&[revocation(-1)]);
        let some = written.some_pending(10);
        assert_eq!(some.len(), 10);
        written.came_through(&some);
        assert!(written.some_pending(usize::MAX).iter().all(|pending| !some.contains(pending)));
        assert!(written.take_overflowed());
        assert!(!written.take_overflowed());
    }
}
