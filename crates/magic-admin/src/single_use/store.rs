use std::{fmt, sync::Arc};

use crate::{
    types::{StoreFuture, UnixSeconds},
    verified::Fingerprint,
};

/// Remembers what was used: in the process, or for all servers of an application.
pub trait SingleUseStore: fmt::Debug + Send + Sync {
    /// Remembers a key until then. `false` when it is there already; of many simultaneous calls
    /// with one key exactly one is answered `true`.
    fn insert(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool>;

    /// Forgets a key. `true` when it was there and its time had not passed; of many simultaneous
    /// calls with one key exactly one is answered `true`.
    fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool>;
}

impl<S: SingleUseStore + ?Sized> SingleUseStore for Arc<S> {
    fn insert(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        (**self).insert(key, until, now)
    }

    fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool> {
        (**self).take(key, now)
    }
}
