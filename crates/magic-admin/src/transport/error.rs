use std::{error::Error, fmt, sync::Arc};

/// Error returned when no complete HTTP answer arrives.
///
/// The cause is available as [`source`](Error::source). Neither holds the URL, a query value or the
/// secret key.
///
/// # Examples
///
/// The source of an [`ApiError`](crate::ApiError) for a call that got no answer:
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
    /// No connection: the name was not found, the host rejected the connection, or TLS failed.
    Connect,
    /// The time-out of the attempt or the deadline of the call passed.
    Timeout,
    /// The connection broke before the answer was complete, or the answer was not HTTP.
    Interrupted,
    /// The application's own `reqwest::Client` followed a redirect, and the secret key went with
    /// it.
    RedirectFollowed,
    /// The request could not be built. Nothing was sent.
    Request,
}

impl TransportErrorKind {
    /// Returns the name in the metrics.
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
    /// Returns the reason.
    #[must_use]
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    pub(crate) const fn new(kind: TransportErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// Returns `true` if another attempt may succeed.
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
