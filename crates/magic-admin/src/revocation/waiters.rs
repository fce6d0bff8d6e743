use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use dashmap::DashMap;
use tokio::sync::{Notify, futures::Notified};

use super::Revocation;
use crate::types::{Address, Issuer};

/// The waiting connections, grouped by issuer.
#[derive(Default)]
pub(super) struct Waiters {
    bells: DashMap<Address, Arc<Bell>>,
}

/// Wakes the waiting connections of one issuer.
#[derive(Default)]
struct Bell {
    notify: Notify,
    waiting: AtomicUsize,
}

impl Waiters {
    /// Wakes the connections that an entry may concern.
    pub(super) fn wake(&self, revocation: &Revocation) {
        match revocation {
            Revocation::Issuer { issuer, .. } | Revocation::Token { issuer, .. } => {
                if let Some(bell) = self.bells.get(&issuer.address()) {
                    bell.notify.notify_waiters();
                }
            }
            Revocation::Everybody { .. } => self.wake_all(),
        }
    }

    pub(super) fn wake_all(&self) {
        for bell in &self.bells {
            bell.notify.notify_waiters();
        }
    }

    pub(super) fn register(&self, issuer: Issuer) -> Waiting<'_> {
        let address = issuer.address();
        // Holding the lock of the map keeps the bell from being removed in the meantime.
        let bell = self.bells.entry(address).or_default();
        bell.waiting.fetch_add(1, Ordering::Relaxed);
        Waiting { waiters: self, address, bell: Arc::clone(&bell) }
    }

    #[cfg(test)]
    pub(super) fn issuers(&self) -> usize {
        self.bells.len()
    }
}

/// The registration of a waiting connection, which ends when it is dropped.
pub(super) struct Waiting<'a> {
    waiters: &'a Waiters,
    address: Address,
    bell: Arc<Bell>,
}

impl Waiting<'_> {
    /// Waits for the next entry that may concern the connection.
    pub(super) fn notified(&self) -> Notified<'_> {
        self.bell.notify.notified()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.bell.waiting.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.waiters
                .bells
                .remove_if(&self.address, |_, bell| bell.waiting.load(Ordering::Relaxed) == 0);
        }
    }
}
