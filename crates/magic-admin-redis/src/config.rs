use std::{fmt, sync::Arc, time::Duration};

use magic_admin::{ConfigError, ConfigErrorKind};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisResult, aio::MultiplexedConnection,
};

use crate::keys::Keys;

/// The address of a Redis or Valkey server, and the key prefix to use there.
///
/// Creating one does not open a connection. It is cheap to clone.
///
/// # Examples
///
/// ```
/// use magic_admin_redis::RedisConfig;
///
/// let redis = RedisConfig::new("redis://shop:secret@127.0.0.1:6379/0")?.with_key_prefix("shop");
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct RedisConfig {
    info: Arc<ConnectionInfo>,
    keys: Arc<Keys>,
    client: Client,
    timeout: Duration,
}

impl RedisConfig {
    /// Parses a URL: `redis://[user][:password@]host[:port][/database]`, `rediss://…` for TLS, or
    /// `unix:///path` for a Unix socket.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the URL is invalid, or requests TLS without certificate checks
    /// (`#insecure`). The error does not quote the URL, which may contain a password.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let wants_tls = ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme));
        if wants_tls && cfg!(not(feature = "rustls-ring")) {
            return Err(ConfigError::new(
                ConfigErrorKind::Tls,
                "the Redis URL requires TLS: enable the feature `rustls-ring` of magic-admin-redis",
            ));
        }
        let unusable = |error| {
            ConfigError::new(ConfigErrorKind::Setting, "the Redis URL is invalid")
                .with_source(error)
        };
        let info = url.into_connection_info().map_err(unusable)?;
        if let ConnectionAddr::TcpTls { insecure, .. } = info.addr() {
            if *insecure {
                return Err(ConfigError::new(
                    ConfigErrorKind::Tls,
                    "the Redis URL contains `#insecure`: remove it, and pass the certificate of your private CA to `with_root_certificates`",
                ));
            }
            prepare_tls();
        }
        // Skip `CLIENT SETINFO`, which would need an additional permission.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let info = info.set_redis_settings(settings);
        let client = Client::open(info.clone()).map_err(unusable)?;
        let info = Arc::new(info);
        Ok(Self { info, keys: Arc::new(Keys::new("magic")), client, timeout: TIMEOUT })
    }

    /// Sets the prefix of all keys. The default is `magic`.
    ///
    /// Applications that share a Redis need different prefixes. All servers of one application must
    /// use the same prefix.
    #[must_use]
    pub fn with_key_prefix(mut self, prefix: &str) -> Self {
        self.keys = Arc::new(Keys::new(prefix));
        self
    }

    /// Sets the time limit for connecting and for each response. The default is 2 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Trusts the given certificate authorities (PEM) for TLS, instead of those of the platform.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the certificates cannot be parsed.
    #[cfg(feature = "rustls-ring")]
    pub fn with_root_certificates(mut self, pem: &[u8]) -> Result<Self, ConfigError> {
        let certificates =
            redis::TlsCertificates { client_tls: None, root_cert: Some(pem.to_owned()) };
        let client = Client::build_with_tls((*self.info).clone(), certificates);
        self.client = client.map_err(|error| {
            ConfigError::new(
                ConfigErrorKind::Tls,
                "the root certificates for Redis cannot be parsed",
            )
            .with_source(error)
        })?;
        Ok(self)
    }

    pub(crate) fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Opens a dedicated connection, whose time limit for responses is extended by `longer`.
    pub(crate) async fn connect(&self, longer: Duration) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(self.timeout.saturating_add(longer)));
        self.client.get_multiplexed_async_connection_with_config(&config).await
    }
}

/// Omits the user name and the password.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("address", &self.info.addr().to_string())
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// Installs a cryptography provider unless the process already has one. The Redis client uses the
/// provider of the process, and panics if two are compiled in but none was installed.
#[cfg(feature = "rustls-ring")]
fn prepare_tls() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Fails only if another thread has just installed one.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "rustls-ring"))]
const fn prepare_tls() {}

const TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_errors_do_not_contain_the_password() {
        for url in ["", "http://user:hunter2@host", "hunter2", "redis://user:hunter2@"] {
            let error = RedisConfig::new(url).unwrap_err();
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[cfg(feature = "rustls-ring")]
    #[test]
    fn rejects_tls_without_certificate_checks() {
        let error = RedisConfig::new("rediss://host:1/#insecure").unwrap_err();
        assert!(error.to_string().contains("with_root_certificates"), "{error}");
    }

    #[cfg(not(feature = "rustls-ring"))]
    #[test]
    fn tls_needs_its_feature() {
        let error = RedisConfig::new("rediss://host:1").unwrap_err();
        assert!(error.to_string().contains("`rustls-ring`"), "{error}");
    }

    #[test]
    fn debug_shows_no_password() {
        let redis = RedisConfig::new("redis://user:hunter2@host:1").unwrap();
        assert!(!format!("{redis:?}").contains("hunter2"), "{redis:?}");
        assert!(format!("{redis:?}").contains("host:1"), "{redis:?}");
    }
}
