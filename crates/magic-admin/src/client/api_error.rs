use std::{error::Error, fmt, time::Duration};

use http::StatusCode;

use super::endpoint::Route;
use crate::transport::{TransportError, TransportErrorKind};

/// A call of Magic's Admin API did not succeed.
///
/// Its `Display` is one line with everything in it: kind, HTTP status, error code, method and
/// path, what Magic said, what to do about it, and how long Magic asks to wait.
///
/// # Security
///
/// It never holds the secret key, a token or an e-mail address: the path comes without the query,
/// and what Magic said is scrubbed.
pub struct ApiError(Box<Inner>);

struct Inner {
    kind: ApiErrorKind,
    route: Route,
    status: Option<StatusCode>,
    error_code: Option<String>,
    message: String,
    retry_after: Option<Duration>,
    source: Option<TransportError>,
}

/// The kind of an [`ApiError`], by the names of Magic's official SDKs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// HTTP 429: the application made too many requests (Magic allows 500 a minute).
    RateLimiting,
    /// HTTP 400 or 422: the request is wrong. Also, without a status and before anything is sent:
    /// the configured generation of the API has no such call.
    BadRequest,
    /// HTTP 401: the secret key is wrong.
    Authentication,
    /// HTTP 403: the secret key does not permit this.
    Forbidden,
    /// Any other status that is not a success, an unknown user (404) and a redirect included; or a
    /// success that says it failed or cannot be read.
    Api,
    /// No complete answer came: DNS, connecting, TLS, a broken connection, a time-out.
    ApiConnection,
}

impl ApiErrorKind {
    /// The kind of an HTTP status that is not a success.
    pub(super) const fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Self::BadRequest,
            StatusCode::UNAUTHORIZED => Self::Authentication,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::TOO_MANY_REQUESTS => Self::RateLimiting,
            _ => Self::Api,
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
    /// What kind of failure it is.
    #[must_use]
    pub fn kind(&self) -> ApiErrorKind {
        self.0.kind
    }

    /// The HTTP status, when an answer came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// Magic's own code, such as `MISSING_REQUIRED_FIELDS`, when it gave one.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.0.error_code.as_deref()
    }

    /// What Magic said, scrubbed and on one line; or what happened, when Magic said nothing.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The HTTP method of the call.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.route.method.as_str()
    }

    /// The path of the call, without the base URL and without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.route.path
    }

    /// How long Magic asks to wait (`Retry-After`), when it says so.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Returns `true` if Magic answered that it does not know the user: a 404 with an
    /// [`error_code`](Self::error_code), as Magic's own errors have.
    ///
    /// A 404 for a path that does not exist, or one of a proxy, has none: a wrong base URL must not
    /// make every user unknown.
    #[must_use]
    pub fn is_unknown_user(&self) -> bool {
        self.0.status == Some(StatusCode::NOT_FOUND) && self.0.error_code.is_some()
    }

    /// Whether the same call may succeed later: no answer came, HTTP 429, 502, 503 or 504.
    ///
    /// The client has already repeated it as often as it is configured to.
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

    /// Whether Magic did not answer in time.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        let source = self.0.source.as_ref();
        source.is_some_and(|source| source.kind() == TransportErrorKind::Timeout)
    }

    pub(super) fn new(kind: ApiErrorKind, route: Route, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            route,
            status: None,
            error_code: None,
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
        error.0.source = Some(source);
        error
    }

    pub(super) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = Some(status);
        self
    }

    pub(super) fn with_error_code(mut self, error_code: Option<String>) -> Self {
        self.0.error_code = error_code;
        self
    }

    pub(super) fn with_retry_after(mut self, retry_after: Option<Duration>) -> Self {
        self.0.retry_after = retry_after;
        self
    }
}

impl Error for ApiError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_ref().map(|source| source as _)
    }
}

impl fmt::Display for ApiErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RateLimiting => "RateLimiting",
            Self::BadRequest => "BadRequest",
            Self::Authentication => "Authentication",
            Self::Forbidden => "Forbidden",
            Self::Api => "Api",
            Self::ApiConnection => "ApiConnection",
        })
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
        let Inner { kind, route, status, error_code, message, retry_after, source } = &*self.0;
        f.debug_struct("ApiError")
            .field("kind", kind)
            .field("method", &route.method)
            .field("path", &route.path)
            .field("status", status)
            .field("error_code", error_code)
            .field("message", message)
            .field("retry_after", retry_after)
            .field("source", source)
            .finish()
    }
}
