use std::{fmt, time::Duration};

use super::{BlockTag, Chain};
use crate::{
    transport::{BaseUrl, RetryPolicy, Transport},
    types::{ConfigError, ConfigErrorKind},
};

/// A builder for a [`Chain`].
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::gating::Chain;
///
/// let polygon = Chain::builder(137, "https://rpc.example/v2/key")
///     .timeout(Duration::from_secs(1))
///     .retries(2)
///     .build()?;
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ChainBuilder {
    id: u64,
    rpc_url: String,
    allow_plain_http: bool,
    block: BlockTag,
    policy: RetryPolicy,
    #[cfg(feature = "reqwest-client")]
    http: Option<reqwest::Client>,
}

impl Chain {
    /// Creates a builder for the chain with this ID (EIP-155; 1 is Ethereum) at an RPC URL.
    pub fn builder(id: u64, rpc_url: impl Into<String>) -> ChainBuilder {
        ChainBuilder {
            id,
            rpc_url: rpc_url.into(),
            allow_plain_http: false,
            block: BlockTag::default(),
            policy: RetryPolicy {
                timeout: Duration::from_secs(3),
                deadline: Duration::from_secs(5),
                retries: 1,
                backoff: Duration::from_millis(200),
            },
            #[cfg(feature = "reqwest-client")]
            http: None,
        }
    }

    /// Creates a chain with default settings. This makes no network call.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`ChainBuilder::build`].
    pub fn new(id: u64, rpc_url: impl Into<String>) -> Result<Self, ConfigError> {
        Self::builder(id, rpc_url).build()
    }
}

impl ChainBuilder {
    /// Allows `http://` RPC URLs on other machines.
    ///
    /// # Security
    ///
    /// Anyone on the network path can read the key in the URL and change the responses, and can
    /// therefore decide who owns what. Use this only in networks that protect the traffic
    /// themselves, such as a service mesh.
    pub const fn dangerous_allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Sets the block whose state is queried. Default: [`BlockTag::Latest`].
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::gating::{BlockTag, Chain};
    ///
    /// // A reorganisation cannot undo a finalized block.
    /// let chain = Chain::builder(1, "https://rpc.example/v2/key").block(BlockTag::Finalized).build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub const fn block(mut self, block: BlockTag) -> Self {
        self.block = block;
        self
    }

    /// Sets the time limit for one attempt, including connecting and reading the body. Default: 3 s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = timeout;
        self
    }

    /// Sets the time limit for one check, including all attempts and pauses. Default: 5 s.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.policy.deadline = deadline;
        self
    }

    /// Sets the number of retries after no response, or after HTTP 429, 502, 503 or 504.
    /// Default: 1.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.policy.retries = retries;
        self
    }

    /// Sets the maximum delay before the first retry. It doubles with each further retry. Default:
    /// 0.2 s.
    pub const fn backoff(mut self, backoff: Duration) -> Self {
        self.policy.backoff = backoff;
        self
    }

    /// Sends the calls through your own client of reqwest 0.13, with your proxies and certificates.
    ///
    /// The client must not follow redirects, because the RPC URL often contains a key. The same
    /// applies to [`ClientBuilder::http_client`](crate::admin::ClientBuilder::http_client).
    #[cfg(feature = "reqwest-client")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest-client")))]
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Builds the chain. This makes no network call.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::BaseUrl`]: the RPC URL is not valid;
    /// - [`ConfigErrorKind::Setting`]: a time-out or deadline is zero;
    /// - [`ConfigErrorKind::Tls`]: the RPC URL is `https://`, and this machine has no CA certificates
    ///   or no TLS feature is enabled.
    pub fn build(self) -> Result<Chain, ConfigError> {
        for (name, value) in [("timeout", self.policy.timeout), ("deadline", self.policy.deadline)]
        {
            if value.is_zero() {
                let message = format!("the {name} must be longer than zero");
                return Err(ConfigError::new(ConfigErrorKind::Setting, message));
            }
        }
        let endpoint =
            BaseUrl::parse_endpoint(&self.rpc_url, self.allow_plain_http).map_err(|error| {
                let message = format!("the RPC URL is not usable: {error}");
                ConfigError::new(ConfigErrorKind::BaseUrl, message)
            })?;
        let Self { id, block, policy, .. } = self;
        #[cfg(feature = "reqwest-client")]
        if let Some(http) = self.http {
            return Ok(Chain::over(Transport::over(http, endpoint, policy), id, block));
        }
        let transport = Transport::new(endpoint, policy).map_err(|error| {
            ConfigError::new(ConfigErrorKind::Tls, error.to_string()).with_source(error)
        })?;
        Ok(Chain::over(transport, id, block))
    }
}

/// Omits the RPC URL, which often contains a key.
impl fmt::Debug for ChainBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainBuilder")
            .field("id", &self.id)
            .field("block", &self.block)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
