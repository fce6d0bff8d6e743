use std::{ffi::OsString, str::FromStr, time::Duration};

use super::{ClientBuilder, Generation};
use crate::types::{ConfigError, ConfigErrorKind, SecretKey};

/// Reads the settings of a client by name; see [`ClientBuilder::from_lookup`].
pub(super) fn read(
    secret_key: SecretKey,
    lookup: &dyn Fn(&str) -> Option<OsString>,
) -> Result<ClientBuilder, ConfigError> {
    let mut builder = ClientBuilder::new(secret_key);
    if let Some(generation) = parse::<Generation>(lookup, GENERATION, "`current` or `legacy`")? {
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

/// The value of a variable; an empty one counts as unset.
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
