use std::{error::Error, fmt, sync::Arc};

/// Error returned when no complete HTTP response was received.
///
/// The cause is available as [`source`](Error::source). Neither contains the URL, a query value or
/// the secret key.
///
/// # Examples
///
/// It is the source of the [`ApiError`](crate::ApiError) of a call that got no response:
///
/// ```
/// use std::error::Error;
/// use magic_admin::{ApiError, admin::{TransportError, TransportErrorKind}};
///
/// fn timed_out(error: &ApiError) -> bool {
///     error
///         .source()
///         .and_then(|source| source.downcast_ref::<TransportError>())
///         .is_some_and(|error| error.kind() == TransportErrorKind::Timeout)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct TransportError {
    kind: TransportErrorKind,
    source: Option<Arc<reqwest::Error>>,
}

/// The reason for a [`TransportError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// The connection could not be established: the host name could not be resolved, the host
    /// refused the connection, or TLS failed.
    Connect,
    /// The attempt timed out, or the deadline of the call passed.
    Timeout,
    /// The connection broke before the response was complete, or the response was not HTTP.
    Interrupted,
    /// The application's own `reqwest::Client` followed a redirect, so the secret key was sent to
    /// its target.
    RedirectFollowed,
    /// The request could not be built. Nothing was sent.
    Request,
}

impl TransportErrorKind {
    /// Returns the label used in metrics.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Interrupted => "interrupted",
            Self::RedirectFollowed => "redirect_followed",
            Self::Request => "request",
        }
    }
}

impl TransportError {
    /// Returns the reason for the error.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(crate) const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Returns `true` if a retry may succeed.
    pub(super) const fn is_transient(&self) -> bool {
        match self.kind {
            TransportErrorKind::Connect
            | TransportErrorKind::Timeout
            | TransportErrorKind::Interrupted => true,
            TransportErrorKind::RedirectFollowed | TransportErrorKind::Request => false,
        }
    }
}

impl TransportError {
    pub(super) fn from_reqwest(error: reqwest::Error) -> Self {
        let kind = if error.is_timeout() {
            TransportErrorKind::Timeout
        } else if error.is_connect() {
            TransportErrorKind::Connect
        } else if error.is_builder() {
            TransportErrorKind::Request
        } else if error.is_redirect() {
            TransportErrorKind::RedirectFollowed
        } else {
            TransportErrorKind::Interrupted
        };
        Self { kind, source: Some(Arc::new(error.without_url())) }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TransportErrorKind::Connect => "connecting failed",
            TransportErrorKind::Timeout => "the time-out passed",
            TransportErrorKind::Interrupted => "the connection broke",
            TransportErrorKind::RedirectFollowed => "a redirect was followed",
            TransportErrorKind::Request => "the request could not be made",
        })
    }
}

impl Error for TransportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
