use std::{ffi::OsString, path::PathBuf};

use tracing_subscriber::EnvFilter;

use crate::StartError;

/// The application's settings. [`Magic::from_env`](magic_admin::Magic::from_env) reads the settings of
/// Magic.
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// `BIND_ADDR`: the address to listen on. Default: `127.0.0.1:3000`. Port 0 picks a free port.
    pub bind_addr: String,
    /// `DATABASE_URL`: a SQLite database. Default: an in-memory database.
    pub database_url: String,
    /// `REDIS_URL`: a Redis through which several servers share logouts and used tokens. By default, each
    /// server keeps its own.
    pub redis_url: Option<String>,
    /// `REVOCATIONS_FILE`: a file in which a single server keeps logouts across restarts. By default, it is
    /// next to the database if that is a file.
    pub revocations_file: Option<PathBuf>,
    /// `PUBLIC_URL`: the URL at which browsers reach the application if it is behind a proxy. With
    /// `https://`, the session's cookie is `Secure` on loopback as well.
    pub public_url: Option<String>,
    /// `MAGIC_PUBLISHABLE_KEY`: the key that the page passes to Magic's browser SDK.
    pub publishable_key: Option<String>,
    /// `MAGIC_SDK_JS`: a local copy of that SDK's script, served with the page.
    pub sdk_file: Option<PathBuf>,
    /// `RUST_LOG`: the log filter. Default: `info`.
    pub log_filter: EnvFilter,
    /// `true` if `MAGIC_API_SECRET_KEY` is set. Otherwise, a fake stands in for Magic.
    pub has_secret_key: bool,
}

impl Config {
    /// Reads the settings from the environment. An empty variable counts as unset.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is invalid. The error names the variable.
    pub fn from_env() -> Result<Self, StartError> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Reads the settings through `lookup`.
    ///
    /// # Errors
    ///
    /// Returns an error if a variable is invalid. The error names the variable.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> Result<Self, StartError> {
        let variable = |name: &str| match lookup(name).map(OsString::into_string) {
            Some(Ok(value)) if !value.is_empty() => Ok(Some(value)),
            Some(Err(_)) => Err(StartError::new(format!("{name} must be valid Unicode, or unset"))),
            _ => Ok(None),
        };
        let or_default = |name: &str, default: &str| {
            variable(name).map(|value| value.unwrap_or_else(|| default.to_owned()))
        };
        let path = |name| lookup(name).filter(|path| !path.is_empty()).map(PathBuf::from);
        Ok(Self {
            bind_addr: or_default("BIND_ADDR", "127.0.0.1:3000")?,
            database_url: or_default("DATABASE_URL", "sqlite::memory:")?,
            redis_url: variable("REDIS_URL")?,
            revocations_file: path("REVOCATIONS_FILE"),
            public_url: variable("PUBLIC_URL")?,
            publishable_key: variable("MAGIC_PUBLISHABLE_KEY")?,
            sdk_file: path("MAGIC_SDK_JS"),
            log_filter: or_default("RUST_LOG", "info")?.parse().map_err(|error| {
                StartError::new(format!(
                    "RUST_LOG must be a filter such as info,sqlx=warn: {error}"
                ))
            })?,
            has_secret_key: variable("MAGIC_API_SECRET_KEY")?.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> Result<Config, StartError> {
        Config::from_lookup(|name| {
            variables.iter().find(|variable| variable.0 == name).map(|variable| variable.1.into())
        })
    }

    #[test]
    fn unset_and_empty_variables_have_defaults() {
        let empty = ["BIND_ADDR", "DATABASE_URL", "REDIS_URL", "RUST_LOG", "MAGIC_API_SECRET_KEY"];
        let page = ["MAGIC_PUBLISHABLE_KEY", "MAGIC_SDK_JS", "PUBLIC_URL", "REVOCATIONS_FILE"];
        let empty = empty.iter().chain(&page).map(|name| (*name, "")).collect();
        for variables in [vec![], empty] {
            let config = config(&variables).unwrap();
            assert_eq!(config.bind_addr, "127.0.0.1:3000");
            assert_eq!(config.database_url, "sqlite::memory:");
            assert_eq!(config.redis_url, None);
            assert_eq!((config.publishable_key, config.sdk_file), (None, None));
            assert_eq!(config.revocations_file, None);
            assert_eq!(config.public_url, None);
            assert_eq!(config.log_filter.to_string(), "info");
            assert!(!config.has_secret_key);
        }
    }

    #[test]
    fn set_variables_are_used() {
        let config = config(&[
            ("BIND_ADDR", "[::1]:0"),
            ("DATABASE_URL", "sqlite:my.db"),
            ("REDIS_URL", "redis://127.0.0.1"),
            ("RUST_LOG", "debug"),
            ("MAGIC_API_SECRET_KEY", "sk_live_1"),
            ("MAGIC_PUBLISHABLE_KEY", "pk_live_1"),
            ("MAGIC_SDK_JS", "/tmp/magic.js"),
            ("REVOCATIONS_FILE", "/tmp/revocations"),
        ])
        .unwrap();
        assert_eq!(config.bind_addr, "[::1]:0");
        assert_eq!(config.database_url, "sqlite:my.db");
        assert_eq!(config.redis_url.as_deref(), Some("redis://127.0.0.1"));
        assert_eq!(config.log_filter.to_string(), "debug");
        assert!(config.has_secret_key);
        assert_eq!(config.publishable_key.as_deref(), Some("pk_live_1"));
        assert_eq!(config.sdk_file, Some("/tmp/magic.js".into()));
        assert_eq!(config.revocations_file, Some("/tmp/revocations".into()));
    }

    #[test]
    fn an_invalid_filter_is_named() {
        let error = config(&[("RUST_LOG", "quickstart=loud")]).unwrap_err().to_string();
        assert!(error.starts_with("RUST_LOG must be"), "{error}");
    }
}
