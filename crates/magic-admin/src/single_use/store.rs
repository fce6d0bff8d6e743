use std::{fmt, sync::Arc};

use crate::{
    types::{Issuer, StoreFuture, UnixSeconds},
    verified::Fingerprint,
};

/// A store of used tokens and challenges, for one process or for all servers of an application.
pub trait SingleUseStore: fmt::Debug + Send + Sync {
    /// Remembers a key until `until`. Returns `false` if it is there already: of many simultaneous
    /// calls with one key, exactly one returns `true`.
    fn insert(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool>;

    /// Remembers the key of an issuer's token, as [`insert`](Self::insert) does.
    ///
    /// A store can bound what one issuer takes up, and fail beyond that as
    /// [`Full`](crate::StoreErrorKind::Full). The default does not.
    fn insert_token(
        &self,
        issuer: Issuer,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        let _ = issuer;
        self.insert(key, until, now)
    }

    /// Forgets a key. Returns `true` if it was there and its time had not passed: of many
    /// simultaneous calls with one key, exactly one returns `true`.
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

    fn insert_token(
        &self,
        issuer: Issuer,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool> {
        (**self).insert_token(issuer, key, until, now)
    }

    fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool> {
        (**self).take(key, now)
    }
}
