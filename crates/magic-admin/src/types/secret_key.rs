use std::{fmt, sync::Arc};

use zeroize::Zeroizing;

use super::{ConfigError, ConfigErrorKind};

/// The API secret key of an application (`sk_live_…`), as shown in the Magic dashboard.
///
/// Keys that cannot work are rejected on construction: an empty key, a publishable key (`pk_…`), a
/// retired test key (`sk_test_…`), or a key that cannot be sent in an HTTP header.
///
/// # Security
///
/// `Debug` output is redacted, and there is no `Display`, no serialization and no getter. The
/// memory is zeroed when the last clone is dropped.
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
    /// Creates a secret key from `key`, without trimming it.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::SecretKey`] if the key cannot work; the message says which key to
    /// use instead.
    pub fn new(key: impl Into<String>) -> Result<Self, ConfigError> {
        let key = Zeroizing::new(key.into());
        let rejected = if key.is_empty() {
            "the API secret key is empty: set it to the `sk_live_…` key from the Magic dashboard"
        } else if key.starts_with("pk_") {
            "this is a publishable key (`pk_…`), which is meant for browsers: use the secret key (`sk_live_…`) from the Magic dashboard"
        } else if key.starts_with("sk_test_") {
            "test keys (`sk_test_…`) are retired: use the secret key (`sk_live_…`) from the Magic dashboard"
        } else if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            "the API secret key contains white space or other invalid characters: copy the `sk_live_…` key from the Magic dashboard again"
        } else {
            return Ok(Self(Arc::new(key)));
        };
        Err(ConfigError::new(ConfigErrorKind::SecretKey, rejected))
    }

    /// Returns the key, for the one request header that carries it.
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
    fn rejected_keys_name_the_right_kind() {
        for key in
            ["", "pk_live_1", "pk_test_1", "sk_test_1", "sk_live_1\n", " sk_live_1", "sk_lïve"]
        {
            let error = SecretKey::new(key).unwrap_err();
            assert_eq!(error.kind(), ConfigErrorKind::SecretKey);
            assert!(error.to_string().contains("`sk_live_…`"), "{error}");
        }
    }

    #[test]
    fn accepts_any_other_key() {
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
