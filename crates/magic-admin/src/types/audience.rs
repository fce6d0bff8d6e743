use std::fmt;

use super::{ConfigError, ConfigErrorKind};

/// The client IDs that a token may be issued for.
///
/// An application usually has one client ID. Use several if one service serves several
/// applications. Client IDs are opaque and compared byte for byte. An audience cannot be empty or
/// match every token.
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
    /// Creates an audience with a single client ID.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigErrorKind::ClientId`] if it is empty.
    pub fn new(client_id: impl Into<String>) -> Result<Self, ConfigError> {
        Self::any_of([client_id])
    }

    /// Creates an audience with several client IDs. A token issued for any of them is accepted.
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

    /// Returns `true` if the audience contains `client_id`.
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
    fn rejects_empty_audiences_and_client_ids() {
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
