use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// A request that is safe to retry.
///
/// Deliberately does not implement `Debug`, because query and body may contain an e-mail address.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Starts with a slash, or is empty for the base URL itself. It is a constant, so nothing can
    /// be injected.
    pub(crate) path: &'static str,
    /// Encoded as `application/x-www-form-urlencoded`.
    pub(crate) query: Vec<(&'static str, String)>,
    /// A JSON document.
    pub(crate) body: Option<Bytes>,
    /// The authentication header, if there is one. Its value is marked as sensitive.
    pub(crate) credential: Option<(HeaderName, HeaderValue)>,
    /// The label used in metrics, or `None` if the request is not counted.
    pub(crate) operation: Option<&'static str>,
    /// Do not retry after a 429 without `Retry-After`, because each attempt counts against the rate
    /// limit that was just reached.
    pub(crate) spares_limit: bool,
}

/// A complete response with any status.
///
/// Deliberately does not implement `Debug`, because the body contains personal data.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    /// The waiting time requested by the server.
    pub(crate) retry_after: Option<Duration>,
    /// The `Content-Type` declared by the server.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Body,
}

/// The body of a response.
pub(crate) enum Body {
    /// The whole body.
    Complete(Bytes),
    /// The body exceeds the size limit.
    TooLarge,
}
