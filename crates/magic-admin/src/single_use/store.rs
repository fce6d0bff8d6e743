use std::{fmt, sync::Arc};

use crate::{
    types::{Issuer, StoreFuture, UnixSeconds},
    verified::Fingerprint,
};

/// A store of used tokens and challenges, for one process or for all servers of an application.
///
/// # Examples
///
/// ```
/// use std::{collections::HashMap, sync::{Mutex, PoisonError}};
/// use magic_admin::{UnixSeconds, single_use::{Fingerprint, SingleUseStore, StoreFuture}};
///
/// /// Never forgets, so it is suitable for short tests only.
/// #[derive(Debug, Default)]
/// struct Seen(Mutex<HashMap<Fingerprint, UnixSeconds>>);
///
/// impl SingleUseStore for Seen {
///     fn insert(
///         &self,
///         key: Fingerprint,
///         until: UnixSeconds,
///         now: UnixSeconds,
///     ) -> StoreFuture<'_, bool> {
///         let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
///         let is_new = seen.get(&key).is_none_or(|until| *until < now);
///         if is_new {
///             seen.insert(key, until);
///         }
///         Box::pin(async move { Ok(is_new) })
///     }
///
///     fn take(&self, key: Fingerprint, now: UnixSeconds) -> StoreFuture<'_, bool> {
///         let until = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
///         Box::pin(async move { Ok(until.is_some_and(|until| now <= until)) })
///     }
/// }
/// ```
pub trait SingleUseStore: fmt::Debug + Send + Sync {
    /// Inserts a key, to be kept until `until`. Returns `false` if the store already holds it.
    ///
    /// If several calls with the same key run at the same time, exactly one of them returns `true`.
    fn insert(
        &self,
        key: Fingerprint,
        until: UnixSeconds,
        now: UnixSeconds,
    ) -> StoreFuture<'_, bool>;

    /// Inserts the key of an issuer's token, like [`insert`](Self::insert).
    ///
    /// A store may limit the number of tokens per issuer, and fail with
    /// [`Full`](crate::StoreErrorKind::Full) beyond that. The default implementation has no limit.
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

    /// Removes a key. Returns `true` if the store held it and it had not expired.
    ///
    /// If several calls with the same key run at the same time, exactly one of them returns `true`.
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
