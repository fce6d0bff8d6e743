use std::{fmt, sync::Arc};

use super::verifier::Settings;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use crate::types::SystemClock;
use crate::{
    metrics::Verification,
    types::{Claims, Clock, Issuer, VerifyError},
    verified::Proven,
};

/// Verifies everything about a token except its audience: **a token that a user gave to any other
/// application of Magic passes**, and that application can replay it here.
///
/// Intended for tools that inspect tokens. It does not return a
/// [`VerifiedToken`](crate::VerifiedToken), so the result cannot be used where one is required.
///
/// # Examples
///
/// ```
/// use magic_admin::dangerous::AnyAudienceVerifier;
///
/// let error = AnyAudienceVerifier::new().dangerous_verify("not a token", None).unwrap_err();
/// assert_eq!(error.code(), "ERROR_MALFORMED_TOKEN");
/// ```
#[derive(Debug, Clone)]
pub struct AnyAudienceVerifier {
    settings: Arc<Settings>,
}

impl AnyAudienceVerifier {
    /// Creates a verifier with the same defaults as [`Verifier`](crate::Verifier), except for the
    /// audience.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    #[must_use]
    pub fn new() -> Self {
        Self::with_clock(SystemClock)
    }

    /// Creates a verifier that reads the time from `clock`.
    #[must_use]
    pub fn with_clock(clock: impl Clock + 'static) -> Self {
        Self { settings: Arc::new(Settings::new(Arc::new(clock))) }
    }

    /// Verifies a token for any audience and, if given, the attachment.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Verifier::verify`](crate::Verifier::verify), except for an audience
    /// mismatch.
    pub fn dangerous_verify<T>(
        &self,
        token: &T,
        attachment: Option<&str>,
    ) -> Result<AnyAudienceToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.settings
            .judge(token.as_ref(), attachment, &mut Verification::begin())
            .map(|judged| AnyAudienceToken(judged.proven))
    }
}

#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
impl Default for AnyAudienceVerifier {
    fn default() -> Self {
        Self::new()
    }
}

/// A token that was signed by its issuer, for any application.
///
/// # Examples
///
/// ```
/// use magic_admin::{VerifyError, dangerous::AnyAudienceVerifier};
///
/// /// Returns the client ID of the application that a token was issued for.
/// fn application(token: &str) -> Result<String, VerifyError> {
///     let token = AnyAudienceVerifier::new().dangerous_verify(token, None)?;
///     Ok(token.claims().audience().to_owned())
/// }
/// ```
pub struct AnyAudienceToken(Arc<Proven>);

impl AnyAudienceToken {
    /// Returns the issuer, which identifies the user who signed the token.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.0.issuer
    }

    /// Returns the claims, which are proven to be signed by the issuer.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.0.claims
    }
}

impl fmt::Debug for AnyAudienceToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyAudienceToken")
            .field("issuer", &self.issuer())
            .field("claims", self.claims())
            .finish_non_exhaustive()
    }
}
