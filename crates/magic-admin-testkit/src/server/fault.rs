use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue,
    header::{LOCATION, RETRY_AFTER},
};
use serde_json::Value;

use super::Endpoint;

/// A failure of the fake Admin API on demand.
///
/// Choose what should happen, and then how often and at which endpoint. Without [`at`](Self::at),
/// the fault applies to every call, regardless of its path.
///
/// # Examples
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use magic_admin_testkit::{Endpoint, FakeMagic, Fault};
///
/// let fake = FakeMagic::start().await?;
/// fake.fail_next(Fault::status(429).retry_after(2));          // once
/// fake.fail_next(Fault::html(502).times(3));                  // then three times
/// fake.fail(Fault::status(500).at(Endpoint::Logout));         // until `heal` is called
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Fault {
    pub(super) endpoint: Option<Endpoint>,
    pub(super) times: Option<usize>,
    pub(super) wait: Wait,
    pub(super) act: Act,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
}

/// The delay before anything happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    No,
    For(Duration),
    UntilReleased,
}

/// The action that replaces or affects the normal response.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Sends the normal response.
    Nothing,
    /// Responds with this status and the body that Magic would send.
    Status(u16),
    /// Sends exactly this response.
    Answer { status: u16, content_type: &'static str, body: Bytes },
    /// Ends the connection without a response.
    HangUp { reset: bool },
    /// Breaks off the normal response in the middle of its body.
    BreakOff { reset: bool },
    /// Stalls forever in the middle of the body of the normal response.
    Stall,
}

impl Fault {
    /// Responds with this HTTP status and the body that Magic sends with it: the error object of
    /// the endpoint's generation, `{"detail": […]}` for 422, or an empty object for a 2xx.
    ///
    /// A number that is not a valid HTTP status becomes 500.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Act::Status(status))
    }

    /// Responds with this status and this JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Value>) -> Self {
        Self::body(status, JSON, body.into().to_string())
    }

    /// Responds with exactly this status, content type and body.
    #[must_use]
    pub fn body(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(Act::Answer { status, content_type, body: body.into() })
    }

    /// Responds with this status and an HTML page, as proxies do.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let page = format!(
            "<!doctype html>\n<html><head><title>{status}</title></head><body>\n<h1>{status}</h1>\n</body></html>\n"
        );
        Self::body(status, "text/html; charset=utf-8", page)
    }

    /// Responds with 200 and a body that is declared as JSON but is not even valid UTF-8.
    #[must_use]
    pub fn garbage() -> Self {
        Self::body(200, JSON, &b"{\"data\": \xff\xfe\x00<<<"[..])
    }

    /// Responds with 200 and an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::body(200, JSON, Bytes::new())
    }

    /// Responds with 200 and `"status": "failed"`, which is an error disguised as a success.
    #[must_use]
    pub fn failed() -> Self {
        let body = serde_json::json!({
            "data": {},
            "error_code": "TESTKIT_FAILED",
            "message": "The fake Admin API was told to fail.",
            "status": "failed",
        });
        Self::json(200, body)
    }

    /// Redirects to another address with a 302. A client that follows the redirect sends the secret
    /// key there.
    #[must_use]
    pub fn redirect(to: HeaderValue) -> Self {
        Self::body(302, "text/plain", Bytes::new()).header(LOCATION, to)
    }

    /// Closes the connection without a response.
    #[must_use]
    pub fn close() -> Self {
        Self::new(Act::HangUp { reset: false })
    }

    /// Resets the connection (TCP RST) without a response.
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Act::HangUp { reset: true })
    }

    /// Closes the connection in the middle of the body of the normal response.
    #[must_use]
    pub fn truncated() -> Self {
        Self::new(Act::BreakOff { reset: false })
    }

    /// Resets the connection (TCP RST) in the middle of the body of the normal response.
    #[must_use]
    pub fn reset_mid_body() -> Self {
        Self::new(Act::BreakOff { reset: true })
    }

    /// Stalls forever in the middle of the body of the normal response.
    #[must_use]
    pub fn stalled_body() -> Self {
        Self::new(Act::Stall)
    }

    /// Delays the normal response. To delay another fault, use [`delayed`](Self::delayed).
    #[must_use]
    pub fn delay(time: Duration) -> Self {
        Self::new(Act::Nothing).delayed(time)
    }

    /// Holds the normal response back until [`FakeMagic::release`](crate::FakeMagic::release) is
    /// called.
    #[must_use]
    pub fn hold() -> Self {
        Self { wait: Wait::UntilReleased, ..Self::new(Act::Nothing) }
    }

    /// Limits the fault to calls to this endpoint, in both generations of the API.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// Limits the fault to this many calls.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Adds a `Retry-After` header in seconds. For a date, use [`header`](Self::header).
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds or replaces a header of the response.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Delays the fault by `time`.
    #[must_use]
    pub fn delayed(self, time: Duration) -> Self {
        Self { wait: Wait::For(time), ..self }
    }

    /// Returns `true` if the call takes effect, even if the client does not receive the whole
    /// response.
    pub(super) fn keeps_the_answer(&self) -> bool {
        matches!(self.act, Act::Nothing | Act::BreakOff { .. } | Act::Stall)
    }

    fn new(act: Act) -> Self {
        Self { endpoint: None, times: None, wait: Wait::No, act, headers: Vec::new() }
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fault")
            .field("act", &self.act)
            .field("wait", &self.wait)
            .field("endpoint", &self.endpoint)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}

pub(super) const JSON: &str = "application/json";
