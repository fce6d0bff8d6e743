use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::{Fingerprint, Proven};
use crate::types::{Address, Claims, Issuer, UnixSeconds};

/// Proof that a [`Verifier`](crate::Verifier) accepted a token.
///
/// Only a verifier creates one, so a function that takes a `VerifiedToken` can only be called with
/// a token that was verified. It is cheap to clone and does not contain the token string. `Debug`
/// shows only the issuer and the times.
///
/// # Examples
///
/// ```
/// use magic_admin::VerifiedToken;
///
/// fn greet(user: &VerifiedToken) -> String {
///     format!("Hello, {}!", user.address())
/// }
/// ```
#[derive(Clone)]
pub struct VerifiedToken {
    proven: Arc<Proven>,
    verified_at: UnixSeconds,
    judged_at: UnixSeconds,
    verified_by: VerifierId,
}

impl VerifiedToken {
    /// Creates the proof. Only the `verify` module calls this.
    pub(crate) const fn new(
        proven: Arc<Proven>,
        verified_at: UnixSeconds,
        judged_at: UnixSeconds,
        verified_by: VerifierId,
    ) -> Self {
        Self { proven, verified_at, judged_at, verified_by }
    }

    /// Returns the issuer, which identifies the user who signed the token.
    #[must_use]
    pub fn issuer(&self) -> Issuer {
        self.proven.issuer
    }

    /// Returns the address of the user's signing key. It displays with an EIP-55 checksum.
    #[must_use]
    pub fn address(&self) -> Address {
        self.issuer().address()
    }

    /// Returns the claims, which are proven to be signed by the issuer.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.proven.claims
    }

    /// Returns the client ID that the token was issued for, which is one of the verifier's
    /// [`Audience`](crate::Audience).
    #[must_use]
    pub fn audience(&self) -> &str {
        self.claims().audience()
    }

    /// Returns the last second in which the token is valid.
    #[must_use]
    pub fn expires_at(&self) -> UnixSeconds {
        self.claims().expires_at()
    }

    /// Returns how long the token was still valid at the time of verification, in whole seconds.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::VerifiedToken;
    ///
    /// /// Returns `true` if the client should get a new token before a long upload.
    /// fn expires_soon(user: &VerifiedToken) -> bool {
    ///     user.time_left() < Duration::from_secs(60)
    /// }
    /// ```
    #[must_use]
    pub fn time_left(&self) -> Duration {
        self.expires_at().saturating_since(self.verified_at)
    }

    pub(crate) const fn proven(&self) -> &Arc<Proven> {
        &self.proven
    }

    pub(crate) const fn verified_at(&self) -> UnixSeconds {
        self.verified_at
    }

    /// Returns the second by which a revocation list judges the token: its `iat`, or the second in
    /// which its challenge was issued, capped at one second after verification.
    pub(crate) const fn judged_at(&self) -> UnixSeconds {
        self.judged_at
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_token(self.issuer(), self.claims())
    }

    pub(crate) const fn verified_by(&self) -> VerifierId {
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

/// Distinguishes verifiers, so that a token accepted by one is not mistaken for a token accepted by
/// another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifierId(u64);

impl VerifierId {
    pub(crate) fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
