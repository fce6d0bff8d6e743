use std::{fmt, time::Duration};

use super::{Client, Generation};
use crate::{
    transport::{BaseUrl, RetryPolicy, Transport},
    types::{ConfigError, ConfigErrorKind, SecretKey},
};

/// A builder for a [`Client`]. Every setting has a default.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::{admin::Client, SecretKey};
///
/// let client = Client::builder(SecretKey::new("sk_live_0123456789ABCDEF")?)
///     .base_url("http://127.0.0.1:8080")
///     .timeout(Duration::from_secs(3))
///     .retries(1)
///     .build()?;
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    secret_key: SecretKey,
    generation: Generation,
    /// The URL, with the name of the setting that it came from.
    base_url: Option<(String, &'static str)>,
    allow_plain_http: bool,
    policy: RetryPolicy,
    calls_per_minute: usize,
    #[cfg(feature = "reqwest-client")]
    http: Option<reqwest::Client>,
}

impl Client {
    /// Creates a builder for a client.
    pub fn builder(secret_key: SecretKey) -> ClientBuilder {
        ClientBuilder::new(secret_key)
    }
}

impl ClientBuilder {
    /// Creates a builder with the default settings.
    pub fn new(secret_key: SecretKey) -> Self {
        Self {
            secret_key,
            generation: Generation::default(),
            base_url: None,
            allow_plain_http: false,
            policy: RetryPolicy {
                timeout: Duration::from_secs(10),
                deadline: Duration::from_secs(30),
                retries: 3,
                backoff: Duration::from_millis(500),
            },
            calls_per_minute: 500,
            #[cfg(feature = "reqwest-client")]
            http: None,
        }
    }

    /// Sets the generation of the API. Default: [`Generation::Current`].
    pub const fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// Sets the base URL, with an optional path prefix. Default: that of the generation.
    ///
    /// It must be `https://`, or `http://` on this machine (`localhost`, `127.0.0.0/8`, `[::1]`).
    pub fn base_url(self, base_url: impl Into<String>) -> Self {
        self.named_base_url(base_url.into(), "the base URL")
    }

    /// Allows `http://` base URLs on other machines.
    ///
    /// # Security
    ///
    /// Anyone on the network path can read the secret key and the users' data, and can change the
    /// responses. Use this only in networks that protect the traffic themselves, such as a service
    /// mesh.
    pub const fn dangerous_allow_plain_http(mut self) -> Self {
        self.allow_plain_http = true;
        self
    }

    /// Sets the time limit for one attempt, including connecting and reading the body. Default: 10
    /// s.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = timeout;
        self
    }

    /// Sets the time limit for one call, including all attempts and pauses. Default: 30 s.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::{SecretKey, admin::Client};
    ///
    /// // Shorter than the default, for calls that a user is waiting for.
    /// let client = Client::builder(SecretKey::new("sk_live_0123456789ABCDEF")?)
    ///     .timeout(Duration::from_secs(2))
    ///     .deadline(Duration::from_secs(5))
    ///     .build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.policy.deadline = deadline;
        self
    }

    /// Sets the number of retries after no response, or after HTTP 429, 502, 503 or 504.
    /// Default: 3.
    ///
    /// Every call to the Admin API is safe to retry. A logout is not retried after a 429 without
    /// `Retry-After`, because every attempt counts against the rate limit.
    pub const fn retries(mut self, retries: u32) -> Self {
        self.policy.retries = retries;
        self
    }

    /// Sets the maximum delay before the first retry. Default: 0.5 s.
    ///
    /// The maximum doubles with each further retry. The actual delay is random (full jitter), but
    /// never shorter than Magic's `Retry-After`.
    pub const fn backoff(mut self, backoff: Duration) -> Self {
        self.policy.backoff = backoff;
        self
    }

    /// Sets how many calls this client may make per minute. Default: 500, Magic's limit for an
    /// application.
    ///
    /// With several servers, give each of them its share. The last tenth is reserved for logouts,
    /// which are never held back, so a flood of sign-ins does not keep users from logging out.
    /// Beyond the budget, every other call fails immediately with
    /// [`ApiErrorKind::RateLimiting`](crate::ApiErrorKind::RateLimiting). Retries are not counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{SecretKey, admin::Client};
    ///
    /// // A quarter of the limit, for one of four servers.
    /// let client = Client::builder(SecretKey::new("sk_live_0123456789ABCDEF")?)
    ///     .calls_per_minute(500 / 4)
    ///     .build()?;
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub const fn calls_per_minute(mut self, calls: usize) -> Self {
        self.calls_per_minute = calls;
        self
    }

    /// Sends the calls through your own client of reqwest 0.13, with your proxies and certificates.
    ///
    /// Your client is then responsible for TLS. Time-outs, retries and the limit on the size of a
    /// body remain those of this builder. Leave decompression off, because it would bypass that
    /// limit.
    ///
    /// # Security
    ///
    /// The client must not follow redirects, because the secret key would be sent wherever they
    /// lead: build it with `redirect::Policy::none()`. `reqwest::Client` does not expose its
    /// redirect policy, so a redirect can only be detected after it has been followed; the call
    /// then fails with
    /// [`TransportErrorKind::RedirectFollowed`](crate::admin::TransportErrorKind::RedirectFollowed).
    ///
    /// ```
    /// use magic_admin::{admin::Client, SecretKey};
    ///
    /// # fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let http = reqwest::Client::builder()
    ///     .redirect(reqwest::redirect::Policy::none())
    ///     .proxy(reqwest::Proxy::https("http://proxy.internal:3128")?)
    ///     .build()?;
    /// let key = SecretKey::new("sk_live_0123456789ABCDEF")?;
    /// let client = Client::builder(key).http_client(http).build()?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "reqwest-client")]
    #[cfg_attr(docsrs, doc(cfg(feature = "reqwest-client")))]
    pub fn http_client(mut self, http: reqwest::Client) -> Self {
        self.http = Some(http);
        self
    }

    /// Builds the client. This makes no network call.
    ///
    /// # Errors
    ///
    /// - [`ConfigErrorKind::BaseUrl`]: the base URL is not valid;
    /// - [`ConfigErrorKind::Setting`]: a time-out, a deadline or the number of calls is zero;
    /// - [`ConfigErrorKind::Tls`]: the base URL is `https://`, and this machine has no CA
    ///   certificates or no TLS feature is enabled.
    pub fn build(self) -> Result<Client, ConfigError> {
        for (name, value) in [("timeout", self.policy.timeout), ("deadline", self.policy.deadline)]
        {
            if value.is_zero() {
                let message = format!("the {name} must be longer than zero");
                return Err(ConfigError::new(ConfigErrorKind::Setting, message));
            }
        }
        if self.calls_per_minute == 0 {
            let message = "the number of calls per minute must be greater than zero";
            return Err(ConfigError::new(ConfigErrorKind::Setting, message));
        }
        let base_url = self.parsed_base_url()?;
        let Self { secret_key, generation, policy, calls_per_minute, .. } = self;
        #[cfg(feature = "reqwest-client")]
        if let Some(http) = self.http {
            let transport = Transport::over(http, base_url, policy);
            return Client::new(transport, generation, calls_per_minute, secret_key);
        }
        let transport = Transport::new(base_url, policy).map_err(|error| {
            ConfigError::new(ConfigErrorKind::Tls, error.to_string()).with_source(error)
        })?;
        Client::new(transport, generation, calls_per_minute, secret_key)
    }

    pub(super) fn named_base_url(mut self, base_url: String, name: &'static str) -> Self {
        self.base_url = Some((base_url, name));
        self
    }

    fn parsed_base_url(&self) -> Result<BaseUrl, ConfigError> {
        let (text, name) = match &self.base_url {
            Some((text, name)) => (text.as_str(), *name),
            None => (self.generation.default_base_url(), "the base URL"),
        };
        BaseUrl::parse(text, self.allow_plain_http).map_err(|error| {
            let message = format!("{name} is not usable: {error}");
            ConfigError::new(ConfigErrorKind::BaseUrl, message)
        })
    }
}

/// Omits the base URL, which may contain a password until it is checked.
impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field("generation", &self.generation)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
