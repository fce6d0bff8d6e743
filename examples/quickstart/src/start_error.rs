use std::{borrow::Cow, io};

use magic_admin::ConfigError;

/// Error returned when the application cannot start, as one line that says what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(Cow<'static, str>);

impl StartError {
    pub(crate) fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self(message.into())
    }

    /// Creates the error for a demo that would be reachable from other machines: it signs in anyone who
    /// asks.
    #[must_use]
    pub fn demo_beyond_loopback() -> Self {
        Self::new(
            "without MAGIC_API_SECRET_KEY the application is a demo, in which anyone can sign in as Alice: set the key, or set BIND_ADDR to a loopback address such as 127.0.0.1:3000",
        )
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<io::Error> for StartError {
    fn from(error: io::Error) -> Self {
        Self::new(format!("the server failed: {error}"))
    }
}
