use std::{fmt, time::Duration};

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue,
    header::{LOCATION, RETRY_AFTER},
};
use serde_json::Value;

use super::Endpoint;

/// Something else than the right answer: what the fake Admin API is told to do instead.
///
/// Make one by what should happen, then say how often and where; without [`at`](Self::at) every
/// call is meant, whatever its path.
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

/// What happens before anything else.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    No,
    For(Duration),
    UntilReleased,
}

/// What happens instead of an answer, or to it.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// The right answer.
    Nothing,
    /// This status, with the error body that Magic would send.
    Status(u16),
    /// Exactly this answer.
    Answer { status: u16, content_type: &'static str, body: Bytes },
    /// The connection ends before an answer.
    HangUp { reset: bool },
    /// The right answer ends in the middle of its body.
    BreakOff { reset: bool },
    /// The right answer stops in the middle of its body and never goes on.
    Stall,
}

impl Fault {
    /// This HTTP status, with the body that Magic sends with it: the error object of the
    /// endpoint's generation, `{"detail": […]}` for 422, an empty object for a 2xx.
    ///
    /// A number that is no HTTP status is answered as 500.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(Act::Status(status))
    }

    /// This status and JSON body.
    #[must_use]
    pub fn json(status: u16, body: impl Into<Value>) -> Self {
        Self::body(status, JSON, body.into().to_string())
    }

    /// This status, content type and body, byte for byte.
    #[must_use]
    pub fn body(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self::new(Act::Answer { status, content_type, body: body.into() })
    }

    /// This status and a page of HTML, as proxies send it.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let page = format!(
            "<!doctype html>\n<html><head><title>{status}</title></head><body>\n<h1>{status}</h1>\n</body></html>\n"
        );
        Self::body(status, "text/html; charset=utf-8", page)
    }

    /// 200 and a body that claims to be JSON and is not even text.
    #[must_use]
    pub fn garbage() -> Self {
        Self::body(200, JSON, &b"{\"data\": \xff\xfe\x00<<<"[..])
    }

    /// 200 and an empty body.
    #[must_use]
    pub fn empty() -> Self {
        Self::body(200, JSON, Bytes::new())
    }

    /// 200 and `"status": "failed"`: an error that hides behind a success.
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

    /// 302 to another address: a client that follows it takes the secret key there.
    #[must_use]
    pub fn redirect(to: HeaderValue) -> Self {
        Self::body(302, "text/plain", Bytes::new()).header(LOCATION, to)
    }

    /// No answer: the connection is closed.
    #[must_use]
    pub fn close() -> Self {
        Self::new(Act::HangUp { reset: false })
    }

    /// No answer: the connection is reset (TCP RST).
    #[must_use]
    pub fn reset() -> Self {
        Self::new(Act::HangUp { reset: true })
    }

    /// The right answer, but the connection is closed in the middle of its body.
    #[must_use]
    pub fn truncated() -> Self {
        Self::new(Act::BreakOff { reset: false })
    }

    /// The right answer, but the connection is reset (TCP RST) in the middle of its body.
    #[must_use]
    pub fn reset_mid_body() -> Self {
        Self::new(Act::BreakOff { reset: true })
    }

    /// The right answer, but in the middle of its body nothing comes any more.
    #[must_use]
    pub fn stalled_body() -> Self {
        Self::new(Act::Stall)
    }

    /// The right answer, but only after this time. On another fault:
    /// [`delayed`](Self::delayed).
    #[must_use]
    pub fn delay(time: Duration) -> Self {
        Self::new(Act::Nothing).delayed(time)
    }

    /// The right answer, but only after [`FakeMagic::release`](crate::FakeMagic::release): never,
    /// when that is not called.
    #[must_use]
    pub fn hold() -> Self {
        Self { wait: Wait::UntilReleased, ..Self::new(Act::Nothing) }
    }

    /// Only for calls to this endpoint, in both generations of the API.
    #[must_use]
    pub fn at(self, endpoint: Endpoint) -> Self {
        Self { endpoint: Some(endpoint), ..self }
    }

    /// For this many calls.
    #[must_use]
    pub fn times(self, times: usize) -> Self {
        Self { times: Some(times), ..self }
    }

    /// Adds `Retry-After` in seconds. For the form with a date use [`header`](Self::header).
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Adds a header to the answer, or replaces it.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same fault, after this time.
    #[must_use]
    pub fn delayed(self, time: Duration) -> Self {
        Self { wait: Wait::For(time), ..self }
    }

    /// Magic did what it was asked, whatever its client saw of that.
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
