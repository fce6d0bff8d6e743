use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// A request that is safe to retry.
///
/// Deliberately without `Debug`: query and body can hold an e-mail address.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Begins with a slash, or is empty for the base URL itself; fixed, so that nothing can be
    /// injected.
    pub(crate) path: &'static str,
    /// Encoded as `application/x-www-form-urlencoded`.
    pub(crate) query: Vec<(&'static str, String)>,
    /// A JSON text.
    pub(crate) body: Option<Bytes>,
    /// The header that authenticates, if there is one; its value is marked sensitive.
    pub(crate) credential: Option<(HeaderName, HeaderValue)>,
    /// The name in the metrics; `None` for requests that are not counted there.
    pub(crate) operation: Option<&'static str>,
    /// Not retried after a 429 without `Retry-After`, because each attempt counts against the limit
    /// that has just been reached.
    pub(crate) spares_limit: bool,
}

/// A complete answer of any status.
///
/// Deliberately without `Debug`: the body holds personal data.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// As the server declares it.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Body,
}

/// The body of a response.
pub(crate) enum Body {
    /// All of it.
    Complete(Bytes),
    /// Longer than the limit.
    TooLarge,
}
