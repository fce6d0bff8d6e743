use std::{ffi::OsString, str::FromStr, time::Duration};

use super::{ClientBuilder, Generation};
use crate::types::{ConfigError, ConfigErrorKind, SecretKey};

impl ClientBuilder {
    /// Reads the settings from the variables that `lookup` returns, usually those of the
    /// environment.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `MAGIC_API_BASE_URL` | [`base_url`](Self::base_url) |
    /// | `MAGIC_API_GENERATION` | [`generation`](Self::generation): `current` or `legacy` |
    /// | `MAGIC_API_TIMEOUT` | [`timeout`](Self::timeout) in seconds, may be decimal |
    /// | `MAGIC_API_RETRIES` | [`retries`](Self::retries) |
    /// | `MAGIC_API_BACKOFF` | [`backoff`](Self::backoff) in seconds, may be decimal |
    ///
    /// Empty variables are treated as unset.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{admin::ClientBuilder, SecretKey};
    ///
    /// let key = SecretKey::new("sk_live_0123456789ABCDEF")?;
    /// let client = ClientBuilder::from_lookup(key, |name| std::env::var_os(name))?.build();
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::Setting`] for a value that cannot be parsed; the message names
    /// the variable.
    pub fn from_lookup(
        secret_key: SecretKey,
        lookup: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ConfigError> {
        let lookup: &dyn Fn(&str) -> Option<OsString> = &lookup;
        let mut builder = Self::new(secret_key);
        if let Some(generation) = parse::<Generation>(lookup, GENERATION, "`current` or `legacy`")?
        {
            builder = builder.generation(generation);
        }
        if let Some(base_url) = text(lookup, BASE_URL)? {
            builder = builder.named_base_url(base_url, BASE_URL);
        }
        if let Some(timeout) = seconds(lookup, TIMEOUT)? {
            if timeout.is_zero() {
                return Err(unreadable(TIMEOUT, "more than zero seconds"));
            }
            builder = builder.timeout(timeout);
        }
        if let Some(retries) = parse(lookup, RETRIES, "a whole number, 0 or more")? {
            builder = builder.retries(retries);
        }
        if let Some(backoff) = seconds(lookup, BACKOFF)? {
            builder = builder.backoff(backoff);
        }
        Ok(builder)
    }
}

/// Returns the value of a variable, or `None` if it is unset or empty.
pub(crate) fn text(
    lookup: &dyn Fn(&str) -> Option<OsString>,
    name: &'static str,
) -> Result<Option<String>, ConfigError> {
    match lookup(name).map(OsString::into_string) {
        Some(Ok(value)) if !value.is_empty() => Ok(Some(value)),
        Some(Err(_)) => Err(unreadable(name, "valid Unicode")),
        _ => Ok(None),
    }
}

fn parse<T: FromStr>(
    lookup: &dyn Fn(&str) -> Option<OsString>,
    name: &'static str,
    expected: &str,
) -> Result<Option<T>, ConfigError> {
    let value = text(lookup, name)?;
    value.map(|value| value.parse().map_err(|_| unreadable(name, expected))).transpose()
}

fn seconds(
    lookup: &dyn Fn(&str) -> Option<OsString>,
    name: &'static str,
) -> Result<Option<Duration>, ConfigError> {
    let expected = "a number of seconds, such as 10 or 0.5";
    let value = parse::<f64>(lookup, name, expected)?;
    value
        .map(|value| Duration::try_from_secs_f64(value).map_err(|_| unreadable(name, expected)))
        .transpose()
}

fn unreadable(name: &str, expected: &str) -> ConfigError {
    ConfigError::new(ConfigErrorKind::Setting, format!("{name} must be {expected}, or unset"))
}

const BASE_URL: &str = "MAGIC_API_BASE_URL";
const GENERATION: &str = "MAGIC_API_GENERATION";
const TIMEOUT: &str = "MAGIC_API_TIMEOUT";
const RETRIES: &str = "MAGIC_API_RETRIES";
const BACKOFF: &str = "MAGIC_API_BACKOFF";
