use std::{error::Error, fmt, sync::Arc, time::Duration};

use http::StatusCode;

use super::endpoint::Route;
use crate::transport::{TransportError, TransportErrorKind};

/// Error returned when a call to Magic's Admin API fails.
///
/// `Display` prints one line with the kind, the HTTP status, the error code, the method and path,
/// Magic's message, advice, and the time to wait if Magic sent one. The error is cheap to clone.
///
/// # Examples
///
/// ```
/// use magic_admin::{ApiError, ApiErrorKind};
///
/// /// The status that this application returns when a call to Magic fails.
/// fn status(error: &ApiError) -> u16 {
///     match error.kind() {
///         _ if error.is_unknown_user() => 404,
///         ApiErrorKind::RateLimiting => 503,
///         ApiErrorKind::ApiConnection => 504,
///         _ => 502,
///     }
/// }
/// ```
///
/// # Security
///
/// The error never contains the secret key, a token or an e-mail address: the query is omitted from
/// the path, and Magic's message is scrubbed.
#[derive(Clone)]
pub struct ApiError(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ApiErrorKind,
    route: Route,
    status: Option<StatusCode>,
    error_code: Option<String>,
    is_unknown_user: bool,
    message: String,
    retry_after: Option<Duration>,
    source: Option<TransportError>,
}

/// The kind of an [`ApiError`], named as in Magic's official SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// HTTP 429: the application made too many requests (Magic allows 500 a minute). Also returned
    /// without a status, before anything is sent, if the client's own call budget is exhausted.
    RateLimiting,
    /// HTTP 400 or 422: the request is invalid. Also returned without a status, before anything is
    /// sent, if the configured generation of the API does not offer the call.
    BadRequest,
    /// HTTP 401: the secret key is wrong.
    Authentication,
    /// HTTP 403: the secret key does not permit the call.
    Forbidden,
    /// Any other unsuccessful status, including an unknown user (404) and a redirect; or a success
    /// status whose body reports a failure or cannot be read.
    Api,
    /// No complete response arrived: DNS, connecting, TLS, a broken connection, or a time-out.
    ApiConnection,
}

impl ApiErrorKind {
    /// Returns the kind for an HTTP status that is not a success.
    pub(super) const fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Self::BadRequest,
            StatusCode::UNAUTHORIZED => Self::Authentication,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimiting,
            _ => Self::Api,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::RateLimiting => "RateLimiting",
            Self::BadRequest => "BadRequest",
            Self::Authentication => "Authentication",
            Self::Forbidden => "Forbidden",
            Self::Api => "Api",
            Self::ApiConnection => "ApiConnection",
        }
    }

    const fn hint(self) -> Option<&'static str> {
        match self {
            Self::Authentication => Some(
                "check the API secret key: it must be the live secret key (`sk_live_…`) of this application in Magic's dashboard",
            ),
            Self::Forbidden => {
                Some("check what this API secret key and the plan of the application permit")
            }
            _ => None,
        }
    }
}

impl ApiError {
    /// Returns the kind of failure.
    #[must_use]
    pub fn kind(&self) -> ApiErrorKind {
        self.0.kind
    }

    /// Returns the HTTP status, if there was a response.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Returns Magic's own code, such as `MISSING_REQUIRED_FIELDS`, if the response contains one.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.0.error_code.as_deref()
    }

    /// Returns Magic's message, scrubbed and on one line, or a description of the failure if there
    /// is no message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Returns the HTTP method of the call.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.route.method.as_str()
    }

    /// Returns the path of the call, without the base URL and the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.route.path
    }

    /// Returns how long Magic asks the client to wait (`Retry-After`), if it does.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns `true` if Magic reported that it does not know the user, with a 404 and an
    /// `error_code` member, which all of Magic's own errors have.
    ///
    /// A 404 for a path that does not exist, or from a proxy, has no such member, so a wrong base
    /// URL does not make every user unknown.
    #[must_use]
    pub fn is_unknown_user(&self) -> bool {
        self.0.is_unknown_user
    }

    /// Returns `true` if the same call may succeed later: no response, or HTTP 429, 502, 503
    /// or 504.
    ///
    /// The client has already made all the retries that its settings allow.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::ApiError;
    ///
    /// /// Puts a failed job back into the queue if a retry may succeed.
    /// fn requeue(error: &ApiError) -> bool {
    ///     error.is_retryable()
    /// }
    /// ```
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.0.kind {
            ApiErrorKind::RateLimiting | ApiErrorKind::ApiConnection => true,
            ApiErrorKind::Api => self.0.status.is_some_and(|status| {
                matches!(
                    status,
                    StatusCode::BAD_GATEWAY
                        | StatusCode::SERVICE_UNAVAILABLE
                        | StatusCode::GATEWAY_TIMEOUT
                )
            }),
            _ => false,
        }
    }

    /// Returns `true` if Magic did not respond in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        let source = self.0.source.as_ref();
        source.is_some_and(|source| source.kind() == TransportErrorKind::Timeout)
    }

    pub(super) fn new(kind: ApiErrorKind, route: Route, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner {
            kind,
            route,
            status: None,
            error_code: None,
            is_unknown_user: false,
            message: message.into(),
            retry_after: None,
            source: None,
        }))
    }

    pub(super) fn from_transport(route: Route, source: TransportError) -> Self {
        let (kind, message) = match source.kind() {
            TransportErrorKind::Connect => (
                ApiErrorKind::ApiConnection,
                "Magic cannot be reached: check the network, the base URL and the certificates",
            ),
            TransportErrorKind::Timeout => {
                (ApiErrorKind::ApiConnection, "Magic did not answer in time")
            }
            TransportErrorKind::Interrupted => {
                (ApiErrorKind::ApiConnection, "the connection broke before the answer was complete")
            }
            TransportErrorKind::RedirectFollowed => (
                ApiErrorKind::Api,
                "the `reqwest::Client` handed in followed a redirect, and the secret key travelled with it: build it with `redirect::Policy::none()`",
            ),
            TransportErrorKind::Request => {
                (ApiErrorKind::BadRequest, "the request could not be made, nothing was sent")
            }
        };
        let mut error = Self::new(kind, route, message);
        error.change().source = Some(source);
        error
    }

    /// Creates the error for a caller that stopped waiting.
    pub(super) fn timed_out(route: Route) -> Self {
        Self::from_transport(route, TransportError::new(TransportErrorKind::Timeout))
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.change().status = Some(status);
        self
    }

    pub(super) fn with_error_code(mut self, error_code: Option<String>) -> Self {
        self.change().error_code = error_code;
        self
    }

    pub(super) fn with_unknown_user(mut self, is_unknown_user: bool) -> Self {
        self.change().is_unknown_user = is_unknown_user;
        self
    }

    pub(super) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.change().retry_after = retry_after;
        self
    }

    /// Returns the error's data for modification. Nothing is copied, because there are no clones of
    /// an error that is still being built.
    fn change(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl fmt::Display for ApiErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `Kind (HTTP status, CODE) on METHOD /path: message; hint; retry after n s`.
impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, route, status, error_code, message, retry_after, .. } = &*self.0;
        write!(f, "{kind}")?;
        match (status, error_code) {
            (Some(status), Some(code)) => write!(f, " (HTTP {}, {code})", status.as_u16())?,
            (Some(status), None) => write!(f, " (HTTP {})", status.as_u16())?,
            (None, _) => {}
        }
        write!(f, " on {} {}: {message}", route.method, route.path)?;
        if let Some(hint) = kind.hint() {
            write!(f, "; {hint}")?;
        }
        if let Some(retry_after) = retry_after {
            write!(f, "; retry after {} s", retry_after.as_secs())?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            route,
            status,
            error_code,
            is_unknown_user,
            message,
            retry_after,
            source,
        } = &*self.0;
        f.debug_struct("ApiError")
            .field("kind", kind)
            .field("method", &route.method)
            .field("path", &route.path)
            .field("status", status)
            .field("error_code", error_code)
            .field("is_unknown_user", is_unknown_user)
            .field("message", message)
            .field("retry_after", retry_after)
            .field("source", source)
            .finish()
    }
}
