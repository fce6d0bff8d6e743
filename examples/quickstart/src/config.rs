use std::{ffi::OsString, path::PathBuf};

use tracing_subscriber::EnvFilter;

use crate::StartError;

/// The application's settings. Those of Magic are read by
/// [`Magic::from_env`](magic_admin::Magic::from_env).
#[derive(Debug)]
#[non_exhaustive]
pub struct Config {
    /// `BIND_ADDR`: where to listen, `127.0.0.1:3000` by default. Port 0 is any free one.
    pub bind_addr: String,
    /// `DATABASE_URL`: a SQLite database, by default one in memory.
    pub database_url: String,
    /// `REDIS_URL`: the Redis in which several servers share logouts and used tokens. By default, each
    /// server keeps its own.
    pub redis_url: Option<String>,
    /// `REVOCATIONS_FILE`: the file in which a single server keeps logouts through a restart. By default,
    /// it lies beside a database that is a file.
    pub revocations_file: Option<PathBuf>,
    /// `PUBLIC_URL`: the address at which browsers reach the application, if a proxy stands in front of
    /// it. With `https://`, the session's cookie is `Secure` on loopback as well.
    pub public_url: Option<String>,
    /// `MAGIC_PUBLISHABLE_KEY`: the key of Magic's browser SDK, for the page.
    pub publishable_key: Option<String>,
    /// `MAGIC_SDK_JS`: a local copy of that SDK's script, for the page.
    pub sdk_file: Option<PathBuf>,
    /// `RUST_LOG`: what goes to the log, `info` by default.
    pub log_filter: EnvFilter,
    /// Whether `MAGIC_API_SECRET_KEY` is set. Without it a fake stands in for Magic.
    pub has_secret_key: bool,
}

impl Config {
    /// Takes the settings from the environment. An empty variable counts as unset.
    ///
    /// # Errors
    ///
    /// A variable cannot be read; the error names it.
    pub fn from_env() -> Result<Self, StartError> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Takes the settings from wherever `lookup` finds them.
    ///
    /// # Errors
    ///
    /// A variable cannot be read; the error names it.
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
    fn set_variables_count() {
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
    fn a_filter_that_is_none_is_named() {
        let error = config(&[("RUST_LOG", "quickstart=loud")]).unwrap_err().to_string();
        assert!(error.starts_with("RUST_LOG must be"), "{error}");
    }
}
