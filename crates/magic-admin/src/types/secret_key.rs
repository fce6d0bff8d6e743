use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use super::{ConfigError, ConfigErrorKind};

/// The API secret key of an application, `sk_live_…`, from Magic's dashboard.
///
/// Keys that cannot work are rejected at construction: an empty key, a publishable key (`pk_…`), a
/// retired test key (`sk_test_…`), and a key that cannot be sent in an HTTP header.
///
/// # Security
///
/// `Debug` is redacted, and there is no `Display`, no serialization and no getter. The memory is
/// overwritten when the last clone is dropped.
///
/// ```
/// use magic_admin::SecretKey;
///
/// let key = SecretKey::new("sk_live_0123456789ABCDEF")?;
/// assert_eq!(format!("{key:?}"), "SecretKey([redacted])");
/// assert!(SecretKey::new("pk_live_0123456789ABCDEF").is_err());
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct SecretKey(Arc<Zeroizing<String>>);

impl SecretKey {
    /// Creates a secret key from this text, without trimming it.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::SecretKey`] for a key that cannot work; the message says which
    /// key to use instead.
    pub fn new(key: impl Into<String>) -> Result<Self, ConfigError> {
        let key = Zeroizing::new(key.into());
        let rejected = if key.is_empty() {
            "the API secret key is empty: set it to the `sk_live_…` key of the Magic dashboard"
        } else if key.starts_with("pk_") {
            "this is a publishable key (`pk_…`), made for browsers: use the secret key `sk_live_…` of the Magic dashboard"
        } else if key.starts_with("sk_test_") {
            "test keys (`sk_test_…`) are retired: use the secret key `sk_live_…` of the Magic dashboard"
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            "the API secret key holds white space or other characters that no key has: copy the `sk_live_…` key of the Magic dashboard again"
        } else {
            return Ok(Self(Arc::new(key)));
        };
        Err(ConfigError::new(ConfigErrorKind::SecretKey, rejected))
    }

    /// Returns the key, for the one header that carries it.
    #[cfg(feature = "online")]
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_keys_that_cannot_work_and_says_which_can() {
        for key in
            ["", "pk_live_1", "pk_test_1", "sk_test_1", "sk_live_1\n", " sk_live_1", "sk_lïve"]
        {
            let error = SecretKey::new(key).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::SecretKey);
            assert!(error.to_string().contains("`sk_live_…`"), "{error}");
        }
    }

    #[test]
    fn sends_any_other_key() {
        for key in ["sk_live_1", "sk_", "something else".trim_end_matches(" else")] {
            assert!(SecretKey::new(key).is_ok(), "{key}");
        }
    }

    #[test]
    fn debug_is_redacted() {
        let key = SecretKey::new("sk_live_1").unwrap();
        assert!(!format!("{key:?} {key:#?}").contains("sk_live_1"));
    }
}
