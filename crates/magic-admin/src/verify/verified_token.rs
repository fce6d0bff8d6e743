use core::{fmt, time::Duration};
use std::sync::Arc;

use super::{
    Fingerprint,
    checks::{Checked, Proven},
    verifier::VerifierId,
};
use crate::types::{Address, Claims, Issuer, UnixSeconds};

/// Proof that a [`Verifier`](crate::Verifier) accepted a token: there is no other way to get one.
///
/// Cheap to clone. It does not hold the token's text. `Debug` shows issuer and times only.
#[derive(Clone)]
pub struct VerifiedToken {
    proven: Arc<Proven>,
    verified_at: UnixSeconds,
    verified_by: VerifierId,
}

impl VerifiedToken {
    pub(super) fn new(checked: Checked, verified_by: VerifierId) -> Self {
        Self { proven: checked.proven, verified_at: checked.at, verified_by }
    }

    /// Magic's name for the user: who signed the token.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.proven.issuer
    }

    /// The address of the user's signing key; displays as EIP-55 says.
    #[must_use]
    pub fn address(&self) -> Address {
        self.issuer().address()
    }

    /// All claims, proven to be the issuer's.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.proven.claims
    }

    /// The client id that the token is for: one of the verifier's [`Audience`](crate::Audience).
    #[must_use]
    pub fn audience(&self) -> &str {
        self.claims().audience()
    }

    /// The last second in which the token is valid.
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.claims().expires_at()
    }

    /// How long the token was still valid when it was verified, in whole seconds.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.expires_at().saturating_since(self.verified_at)
    }

    pub(super) fn proven(&self) -> &Arc<Proven> {
        &self.proven
    }

    pub(super) fn verified_at(&self) -> UnixSeconds {
        self.verified_at
    }

    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_token(self.issuer(), self.claims())
    }

    pub(crate) fn verified_by(&self) -> VerifierId {
        self.verified_by
    }
}

impl fmt::Debug for VerifiedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiedToken")
            .field("issuer", &self.proven.issuer)
            .field("claims", &self.proven.claims)
            .finish_non_exhaustive()
    }
}
