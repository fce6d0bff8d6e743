use std::fmt;

use super::{ConfigError, ConfigErrorKind};

/// The client ids that a token may be for.
///
/// An application has one client id; use several when one service is behind more than one
/// application. Client ids are opaque and compared byte for byte. No audience matches every token.
///
/// # Examples
///
/// ```
/// use magic_admin::Audience;
///
/// let one = Audience::new("did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b")?;
/// let two = Audience::any_of(["web-app", "mobile-app"])?;
/// assert!(two.contains("mobile-app") && !one.contains("mobile-app"));
/// assert!(Audience::new("").is_err());
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Audience(Box<[Box<str>]>);

impl Audience {
    /// Creates an audience of one client id.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::ClientId`] if it is empty.
    pub fn new(client_id: impl Into<String>) -> Result<Self, ConfigError> {
        Self::any_of([client_id])
    }

    /// Creates an audience of several client ids: a token for any of them is accepted.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::ClientId`] if there are none, or if one of them is empty.
    pub fn any_of<I>(client_ids: I) -> Result<Self, ConfigError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let client_ids: Box<[Box<str>]> =
            client_ids.into_iter().map(|id| id.into().into_boxed_str()).collect();
        if client_ids.is_empty() || client_ids.iter().any(|id| id.is_empty()) {
            return Err(ConfigError::new(
                ConfigErrorKind::ClientId,
                "the client id is empty: take it from the Magic dashboard",
            ));
        }
        Ok(Self(client_ids))
    }

    /// Returns `true` if this is one of the client ids.
    #[must_use]
    pub fn contains(&self, client_id: &str) -> bool {
        self.0.iter().any(|id| **id == *client_id)
    }
}

impl fmt::Debug for Audience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Audience").field(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_at_least_one_client_id_and_no_empty_one() {
        assert!(Audience::any_of(Vec::<String>::new()).is_err());
        assert!(Audience::any_of(["a", ""]).is_err());
        assert!(Audience::new("").is_err());
    }

    #[test]
    fn compares_byte_for_byte() {
        let audience = Audience::any_of(["a", "b"]).unwrap();
        assert!(audience.contains("a") && audience.contains("b"));
        for other in ["A", "", "ab", "a ", " a"] {
            assert!(!audience.contains(other), "{other:?}");
        }
    }
}
