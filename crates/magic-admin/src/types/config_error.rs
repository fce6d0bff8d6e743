use std::{borrow::Cow, error::Error, fmt};

/// Something is configured wrongly: by the application or its environment, never by a token or by
/// Magic.
///
/// Its `Display` says what to do. It never holds a secret.
pub struct ConfigError {
    kind: ConfigErrorKind,
    message: Cow<'static, str>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What is configured wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// The API secret key is missing or not one that Magic's Admin API takes.
    SecretKey,
    /// A client id is missing or empty.
    ClientId,
    /// The base URL of the Admin API is not usable.
    BaseUrl,
    /// A setting has a value that cannot be read or used.
    Setting,
    /// No TLS is to be had: no certificates, or no TLS feature.
    Tls,
}

impl ConfigError {
    /// Creates an error whose message says what to do. The message must not hold secrets.
    ///
    /// For crates that build on this one.
    #[must_use]
    pub fn new(kind: ConfigErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Adds the cause, which must not hold secrets.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What is configured wrongly.
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
