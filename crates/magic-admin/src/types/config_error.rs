use std::{borrow::Cow, error::Error, fmt};

/// Error returned when a setting of the application or of its environment is invalid.
///
/// Its `Display` output says how to fix the setting. It never contains a secret.
///
/// # Examples
///
/// ```
/// use magic_admin::{Audience, ConfigErrorKind};
///
/// let error = Audience::new("").unwrap_err();
/// assert_eq!(error.kind(), ConfigErrorKind::ClientId);
/// ```
pub struct ConfigError {
    kind: ConfigErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// The kind of setting that is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The API secret key is missing, or Magic's Admin API does not accept keys of its kind.
    SecretKey,
    /// A client ID is missing or empty.
    ClientId,
    /// The base URL of the Admin API cannot be used.
    BaseUrl,
    /// The value of a setting cannot be parsed or used.
    Setting,
    /// TLS is not available: no root certificates were found, or no TLS feature is enabled.
    Tls,
}

impl ConfigError {
    /// Creates an error with a message that says how to fix the setting.
    ///
    /// The message must not contain secrets. Intended for crates that build on this one.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{ConfigError, ConfigErrorKind};
    ///
    /// fn port(text: &str) -> Result<u16, ConfigError> {
    ///     text.parse().map_err(|error: std::num::ParseIntError| {
    ///         ConfigError::new(ConfigErrorKind::Setting, "PORT is not a port: use a number up to 65535")
    ///             .with_source(error)
    ///     })
    /// }
    ///
    /// assert_eq!(port("https").unwrap_err().kind(), ConfigErrorKind::Setting);
    /// ```
    #[must_use]
    pub fn new(kind: ConfigErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the cause, which must not contain secrets.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Returns the kind of setting that is invalid.
    #[must_use]
    pub const fn kind(&self) -> ConfigErrorKind {
        self.kind
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigError")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("source", &self.source)
            .finish()
    }
}

impl Error for ConfigError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
