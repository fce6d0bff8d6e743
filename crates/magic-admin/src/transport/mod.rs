//! Request → response over HTTP: time-outs, retries, `Retry-After`, no redirects.
//!
//! Knows nothing of Magic: which answers are good is the business of `client`.

mod attempt;
mod base_url;
mod error;
mod message;
mod retry;
mod retry_after;
mod tls;

use std::time::{Duration, SystemTime};

pub(crate) use base_url::BaseUrl;
pub use error::{TransportError, TransportErrorKind};
pub(crate) use message::{Body, Request, Response};
pub(crate) use retry::RetryPolicy;
pub(crate) use tls::TlsError;

/// An HTTP client for one base URL.
#[derive(Clone, Debug)]
pub(crate) struct Transport {
    http: reqwest::Client,
    base_url: BaseUrl,
    policy: RetryPolicy,
}

impl Transport {
    /// A transport with an HTTP client of its own.
    pub(crate) fn new(base_url: BaseUrl, policy: RetryPolicy) -> Result<Self, TlsError> {
        let http = tls::http_client(&base_url)?;
        Ok(Self { http, base_url, policy })
    }

    /// A transport over a client that the application made.
    #[cfg(feature = "reqwest-client")]
    pub(crate) fn over(http: reqwest::Client, base_url: BaseUrl, policy: RetryPolicy) -> Self {
        Self { http, base_url, policy }
    }

    /// Sends a request, as often as the policy allows, and reads the answer, whatever its status.
    ///
    /// Every request must be safe to repeat. Dropping the future ends the call at once.
    ///
    /// # Errors
    ///
    /// When no complete answer came: see [`TransportErrorKind`].
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        retry::run(&self.policy, request, || {
            attempt::run(&self.http, &self.base_url, request, system_time)
        })
        .await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the fallback for a `Retry-After` date without a `Date`; tests hand in another function"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// What the user agent header says: crate and version, nothing about the machine.
const USER_AGENT: &str = concat!("magic-admin-rust/", env!("CARGO_PKG_VERSION"));

/// How large a response body may be: 1 MiB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How long an idle connection is kept for the next call; shorter than what load balancers grant
/// (60 s and more), so that a call seldom meets a connection that was just closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
