use std::{error::Error, fmt, pin::Pin, sync::Arc};

/// The future returned by the methods of a store.
///
/// It is boxed so that store traits are dyn-compatible. In-memory stores return a future that is
/// already complete.
///
/// # Examples
///
/// ```
/// use magic_admin::revocation::{Revocation, RevocationStore, StoreFuture};
///
/// /// A store that keeps nothing, so each process has its own list.
/// #[derive(Debug)]
/// struct Nowhere;
///
/// impl RevocationStore for Nowhere {
///     fn append<'a>(&'a self, _: &'a [Revocation]) -> StoreFuture<'a, ()> {
///         Box::pin(async { Ok(()) })
///     }
/// }
/// ```
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Error returned when a store of revocations, used tokens or challenges fails.
///
/// A failed store cannot vouch for a token, so the token is rejected with `ERROR_UNAVAILABLE`. The
/// error contains no part of the token, so it is safe to log.
///
/// # Examples
///
/// ```
/// use magic_admin::{StoreError, StoreErrorKind};
///
/// let error = StoreError::new(StoreErrorKind::Unreachable, "the database does not respond");
/// assert_eq!(error.kind(), StoreErrorKind::Unreachable);
/// ```
#[derive(Clone)]
pub struct StoreError {
    kind: StoreErrorKind,
    message: &'static str,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The reason for a [`StoreError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The store did not respond, or could not be opened, read or written. Retrying may succeed.
    Unreachable,
    /// The store has no room for another entry.
    Full,
    /// The contents of the store cannot be trusted.
    Damaged,
    /// The store rejected the operation.
    Refused,
}

impl StoreError {
    /// Creates an error with a fixed message, which must not contain secrets.
    #[must_use]
    pub const fn new(kind: StoreErrorKind, message: &'static str) -> Self {
        Self { kind, message, source: None }
    }

    /// Adds the cause. It is logged, so it must not contain secrets.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }

    /// Returns the reason for the error.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message)
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
