use std::{fmt, sync::Arc, time::Duration};

use super::{MemorySingleUseStore, SingleUseStore};
use crate::{
    types::{VerifyError, VerifyErrorKind},
    verified::VerifiedToken,
};

/// A guard that accepts each token only once, for routes that exchange a token for a session.
///
/// A token is identified by its `tid`, audience and issuer, not by the token string.
///
/// A guard is cheap to clone, and clones share the same store.
///
/// # Security
///
/// Anyone can sign tokens with their own key, and each consumed token occupies an entry in the
/// store until 300 s after it expires. A full store rejects every sign-in, so:
///
/// - consume a token only after looking its user up in your database or at Magic;
/// - rate limit the routes that consume tokens;
/// - keep tokens short-lived (see [`with_retention`](Self::with_retention));
/// - use a dedicated Redis for a shared store.
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
    /// Creates a guard for a single server. It forgets all tokens when the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemorySingleUseStore::default())
    }

    /// Creates a guard that keeps used tokens in `store`.
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

    /// Sets the longest time for which a token may still be valid when it is consumed.
    ///
    /// A token that is valid for longer is rejected. The default is 1 h, four times the lifespan of
    /// Magic's tokens.
    ///
    /// A token occupies an entry in the store until 300 s after it expires, so the longer this time
    /// is, the fewer tokens an attacker needs to fill the store.
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

    /// Returns `true` if both guards use the same store object.
    ///
    /// This is the case for clones. Guards that were created separately return `false`, even if
    /// their stores use the same database.
    #[must_use]
    pub fn shares_store_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.store, &other.store)
    }

    /// Consumes a token, so that it is rejected the next time.
    ///
    /// It is remembered until 300 s after it expires, to allow for differences between the clocks
    /// of servers.
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
    /// - [`Replayed`](VerifyErrorKind::Replayed) if the token was consumed before.
    /// - [`Lifespan`](VerifyErrorKind::Lifespan) if the token is valid for longer than the
    ///   retention.
    /// - [`Unavailable`](VerifyErrorKind::Unavailable) if the store failed, so it is not known
    ///   whether the token was consumed before.
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

/// Magic's tokens are valid for 15 minutes, and applications can request a little more.
const USUAL_RETENTION: Duration = Duration::from_secs(60 * 60);

/// The time for which a token is remembered after it expires, to allow for clock differences.
const MARGIN: Duration = Duration::from_secs(300);

/// The `Retry-After` sent to clients while the store fails.
const RETRY_AFTER: Duration = Duration::from_secs(5);
