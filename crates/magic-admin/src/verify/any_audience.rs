use core::fmt;
use std::sync::Arc;

use super::{
    Clock, VerifyError,
    checks::{Checked, Checks},
};
use crate::types::{Claims, Issuer};

/// Verifies everything about a token but whom it is for: **a token that a user gave to any other
/// application of Magic passes**, and that application can replay it here.
///
/// For people who inspect tokens. What it returns is no [`VerifiedToken`](crate::VerifiedToken),
/// so nothing that asks for one takes it.
#[derive(Debug, Clone, Default)]
pub struct AnyAudienceVerifier {
    checks: Checks,
}

impl AnyAudienceVerifier {
    /// A verifier with every other default of [`Verifier`](crate::Verifier).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.checks.clock = Arc::new(clock);
        self
    }

    /// Verifies a token for nobody in particular; with an attachment when one is named.
    ///
    /// # Errors
    ///
    /// As [`Verifier::verify`](crate::Verifier::verify), but never for the audience.
    pub fn dangerous_verify<T>(
        &self,
        token: &T,
        attachment: Option<&str>,
    ) -> Result<AnyAudienceToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.checks.run(token.as_ref(), attachment).map(AnyAudienceToken)
    }
}

/// A token that its issuer signed, for whatever application.
pub struct AnyAudienceToken(Checked);

impl AnyAudienceToken {
    /// Who signed the token.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.0.proven.issuer
    }

    /// All claims, proven to be the issuer's.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.0.proven.claims
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
