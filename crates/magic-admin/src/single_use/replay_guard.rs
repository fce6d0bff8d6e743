use std::{fmt, sync::Arc, time::Duration};

use super::{MemorySingleUseStore, SingleUseStore};
use crate::{
    types::{VerifyError, VerifyErrorKind},
    verified::VerifiedToken,
};

/// A guard that accepts each token once, for routes that exchange a token for a session.
///
/// A token is identified by its `tid`, for its audience and issuer; its text does not matter.
///
/// Cheap to clone; clones share what they remember.
///
/// # Security
///
/// Anyone can sign tokens with their own key, and each one consumed takes a place in the store until
/// it expires. A full store rejects every sign-in, so:
///
/// - consume a token only after your database or Magic knows its user;
/// - rate limit routes that consume tokens;
/// - keep tokens short-lived, see [`with_retention`](Self::with_retention);
/// - give a shared store a Redis of its own.
///
/// ```
/// use magic_admin::{ReplayGuard, VerifiedToken, VerifyError};
///
/// async fn exchange(guard: &ReplayGuard, token: &VerifiedToken) -> Result<(), VerifyError> {
///     guard.consume(token).await // the second time: ERROR_DIDT_REPLAYED
/// }
/// ```
#[derive(Clone)]
pub struct ReplayGuard {
    store: Arc<dyn SingleUseStore>,
    retention: Duration,
}

impl ReplayGuard {
    /// Creates a guard for a single server. A restart makes it forget.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemorySingleUseStore::default())
    }

    /// Creates a guard that remembers in a store.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{ReplayGuard, single_use::MemorySingleUseStore};
    ///
    /// let guard = ReplayGuard::new(MemorySingleUseStore::with_capacity(100_000));
    /// assert!(guard.shares_store_with(&guard.clone()));
    /// assert!(!guard.shares_store_with(&ReplayGuard::in_memory()));
    /// ```
    pub fn new(store: impl SingleUseStore + 'static) -> Self {
        Self { store: Arc::new(store), retention: USUAL_RETENTION }
    }

    /// Sets for how long a token may still be valid when it is consumed; one that is valid for longer is
    /// rejected. Default: 1 h, four times the life of Magic's tokens.
    ///
    /// A token takes a place in the store until it expires. The longer that is, the fewer tokens of a
    /// stranger fill the store.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::ReplayGuard;
    ///
    /// let guard = ReplayGuard::in_memory().with_retention(Duration::from_secs(15 * 60));
    /// ```
    #[must_use]
    pub fn with_retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// Returns `true` if both guards keep what was used in the same place.
    ///
    /// Clones do; two guards that were created separately do not, even over one database.
    #[must_use]
    pub fn shares_store_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.store, &other.store)
    }

    /// Consumes a token. It is remembered until 300 s after it expires, because the clocks of servers
    /// differ.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Magic, ReplayGuard, VerifiedToken, VerifyError};
    ///
    /// async fn sign_in(
    ///     magic: &Magic,
    ///     guard: &ReplayGuard,
    ///     token: &str,
    /// ) -> Result<VerifiedToken, VerifyError> {
    ///     let user = magic.verify(token).await?;
    ///     guard.consume(&user).await?;
    ///     Ok(user)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// - [`Replayed`](VerifyErrorKind::Replayed): it was consumed before.
    /// - [`Lifespan`](VerifyErrorKind::Lifespan): it is valid for longer than the retention.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable): the store failed, so it is not known whether
    ///   the token was consumed.
    pub async fn consume(&self, token: &VerifiedToken) -> Result<(), VerifyError> {
        let now = token.verified_at();
        if token.expires_at() > now.saturating_add(self.retention) {
            return Err(VerifyError::new(VerifyErrorKind::Lifespan));
        }
        let until = token.expires_at().saturating_add(MARGIN);
        match self.store.insert_token(token.issuer(), token.fingerprint(), until, now).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(VerifyError::new(VerifyErrorKind::Replayed)),
            Err(error) => Err(VerifyError::unavailable(RETRY_AFTER, Some(Arc::new(error)))),
        }
    }
}

impl fmt::Debug for ReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReplayGuard")
            .field("store", &self.store)
            .field("retention", &self.retention)
            .finish()
    }
}

/// Magic's tokens live for 15 minutes; applications can ask for a little more.
const USUAL_RETENTION: Duration = Duration::from_secs(60 * 60);

/// How much longer than its life a token is remembered, because clocks differ.
const MARGIN: Duration = Duration::from_secs(300);

/// How long clients are told to wait while the store fails.
const RETRY_AFTER: Duration = Duration::from_secs(5);
