use std::fmt;

use super::{AuthorizationError, parse_authorization_header_value};

/// A DID token as a client sent it, not verified in any way.
///
/// Pass it to a [`Verifier`](crate::Verifier). Anyone who holds a valid token can act as the user,
/// so `Debug` output is redacted and there is no `Display`.
///
/// # Examples
///
/// ```
/// use magic_admin::DidToken;
///
/// let token = DidToken::from_authorization_header("Bearer WyIweDEyIiwie30iXQ==")?;
/// assert_eq!(token.as_str(), "WyIweDEyIiwie30iXQ==");
/// assert_eq!(format!("{token:?}"), "DidToken([redacted])");
/// # Ok::<(), magic_admin::AuthorizationError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct DidToken(String);

impl DidToken {
    /// Creates a token from `text`, without trimming it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Extracts the token from the value of an `Authorization` header. `None` stands for a missing
    /// header.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`parse_authorization_header_value`], and
    /// [`AuthorizationErrorKind::Missing`](crate::AuthorizationErrorKind::Missing) if there is no
    /// header.
    pub fn from_authorization_header<'v>(
        value: impl Into<Option<&'v str>>,
    ) -> Result<Self, AuthorizationError> {
        let value = value.into().ok_or(AuthorizationError::missing())?;
        parse_authorization_header_value(value).map(Self::new)
    }

    /// Returns the token as a string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for DidToken {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<String> for DidToken {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for DidToken {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for DidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DidToken([redacted])")
    }
}
