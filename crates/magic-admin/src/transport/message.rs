use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};

/// A request that is safe to repeat.
///
/// `Debug` is left out on purpose: query and body can carry an e-mail address.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Begins with a slash; fixed, so that nothing can be smuggled into it.
    pub(crate) path: &'static str,
    /// Encoded as `application/x-www-form-urlencoded`.
    pub(crate) query: Vec<(&'static str, String)>,
    /// A JSON text.
    pub(crate) body: Option<Bytes>,
    /// The header that authenticates; its value is marked sensitive.
    pub(crate) credential: (HeaderName, HeaderValue),
    /// Not repeated after a 429 without `Retry-After`: each attempt uses up some of the limit that
    /// has just been reached.
    pub(crate) spares_limit: bool,
}

/// A complete answer, of any status.
///
/// `Debug` is left out on purpose: the body carries personal data.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    /// How long the server asks to wait.
    pub(crate) retry_after: Option<Duration>,
    /// As the server names it.
    pub(crate) content_type: Option<HeaderValue>,
    pub(crate) body: Body,
}

/// What came as a response body.
pub(crate) enum Body {
    /// All of it.
    Complete(Bytes),
    /// More than is read.
    TooLarge,
}
