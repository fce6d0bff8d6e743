//! Sends requests over HTTP, with time-outs, retries and `Retry-After`, and without redirects.
//!
//! Knows nothing of Magic or of chains: the rooms `client` and `gating` decide which answers are
//! good.

mod attempt;
mod base_url;
mod error;
mod json;
mod message;
mod retry;
mod retry_after;
mod tls;

use std::time::{Duration, SystemTime};

pub(crate) use base_url::BaseUrl;
pub use error::{TransportError, TransportErrorKind};
pub(crate) use json::parse_json;
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
    /// Creates a transport with its own HTTP client.
    pub(crate) fn new(base_url: BaseUrl, policy: RetryPolicy) -> Result<Self, TlsError> {
        let http = tls::http_client(&base_url)?;
        Ok(Self { http, base_url, policy })
    }

    /// Creates a transport over a client that the application built.
    #[cfg(feature = "reqwest-client")]
    pub(crate) fn over(http: reqwest::Client, base_url: BaseUrl, policy: RetryPolicy) -> Self {
        Self { http, base_url, policy }
    }

    /// Sends a request, with the retries that the policy allows, and reads the answer, whatever its
    /// status.
    ///
    /// Every request must be safe to retry. Dropping the future ends the call at once.
    ///
    /// # Errors
    ///
    /// Returns a [`TransportError`] if no complete answer arrives.
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

/// The user agent: crate and version, nothing about the machine.
const USER_AGENT: &str = concat!("magic-admin-rust/", env!("CARGO_PKG_VERSION"));

/// The maximum size of a response body: 1 MiB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// How long an idle connection is kept. Shorter than the idle time-out of load balancers (60 s and
/// more), so that a call seldom picks a connection that has just been closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
