//! Sends HTTP requests with time-outs and retries, respecting `Retry-After` and without following
//! redirects.
//!
//! This module knows nothing about Magic or chains. The modules `client` and `gating` decide which
//! responses are valid.

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

    /// Creates a transport that uses the application's own client.
    #[cfg(feature = "reqwest-client")]
    pub(crate) fn over(http: reqwest::Client, base_url: BaseUrl, policy: RetryPolicy) -> Self {
        Self { http, base_url, policy }
    }

    /// Sends a request, retrying as the policy allows, and returns the response, whatever its
    /// status.
    ///
    /// Every request must be safe to retry. Dropping the future cancels the call immediately.
    ///
    /// # Errors
    ///
    /// Returns a [`TransportError`] if no complete response was received.
    pub(crate) async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        retry::run(&self.policy, request, || {
            attempt::run(&self.http, &self.base_url, request, system_time)
        })
        .await
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the fallback for a `Retry-After` date without a `Date`; tests pass in another function"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// The user agent consists of crate name and version and says nothing about the machine.
const USER_AGENT: &str = concat!("magic-admin-rust/", env!("CARGO_PKG_VERSION"));

/// The maximum size of a response body, 1 MiB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The time for which an idle connection is kept. It is shorter than the idle time-out of load
/// balancers (60 s or more), so calls rarely use a connection that has just been closed.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
