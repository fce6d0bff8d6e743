use core::{
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use std::sync::Arc;

use super::{
    Audience, CacheStats, Clock, Policy, RevocationList, VerifiedToken, VerifyError,
    VerifyErrorKind, checks::Checks,
};

/// Verifies DID tokens: synchronous, without network, in the fixed order of Magic's protocol.
///
/// 1. decode; 2. recover the signer over the claim's original bytes; 3. the signer is the issuer;
/// 4. the attachment, when one is named; 5. not expired (no leeway); 6. not before its time
///    (300 s grace); 7. the audience.
///
/// Cheap to clone; clones share everything. Make one and keep it: it remembers tokens, so that
/// one that comes again costs next to nothing ([`VerifierBuilder::cache_bytes`]).
///
/// ```
/// use magic_admin::{Audience, DidToken, Verifier, VerifyError, VerifiedToken};
///
/// fn who(verifier: &Verifier, token: &DidToken) -> Result<VerifiedToken, VerifyError> {
///     verifier.verify(token)
/// }
///
/// let verifier = Verifier::new(Audience::new("did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b")?);
/// let error = who(&verifier, &DidToken::new("not a token")).unwrap_err();
/// assert_eq!(error.code(), "ERROR_MALFORMED_TOKEN");
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    checks: Checks,
    audience: Audience,
    id: VerifierId,
}

/// Tells one verifier from another, so that a token that one accepted is not taken for a token
/// that another accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct VerifierId(u64);

/// Whether a token is looked up in the revocation list, when there is one.
#[derive(Clone, Copy)]
pub(crate) enum Revocations {
    Consulted,
    #[cfg(feature = "online")]
    Ignored,
}

/// Settings of a [`Verifier`]: [`Verifier::builder`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct VerifierBuilder {
    audience: Audience,
    checks: Checks,
}

impl Verifier {
    /// A verifier with every default: 300 s grace before `nbf`, the system's clock, 32 MiB to
    /// remember tokens.
    #[must_use]
    pub fn new(audience: Audience) -> Self {
        Self::builder(audience).build()
    }

    /// A verifier with settings of its own.
    pub fn builder(audience: Audience) -> VerifierBuilder {
        VerifierBuilder { audience, checks: Checks::remembering() }
    }

    pub(crate) fn from_parts(checks: Checks, audience: Audience, id: VerifierId) -> Self {
        Self { shared: Arc::new(Shared { checks, audience, id }) }
    }

    /// Verifies a token, whatever its attachment.
    ///
    /// # Errors
    ///
    /// A [`VerifyError`] with the kind of the first check that failed.
    pub fn verify<T>(&self, token: &T) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.check(token.as_ref(), None, Revocations::Consulted)
    }

    /// Verifies a token and that its issuer signed this attachment with it: a nonce, an e-mail
    /// address, or `none`, which clients sign when they are given nothing.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify); besides, [`VerifyErrorKind::FailedRecoveringProof`] when the
    /// token holds no signature for an attachment and [`VerifyErrorKind::IncorrectSigner`] when it
    /// is one for another attachment.
    pub fn verify_with_attachment<T>(
        &self,
        token: &T,
        attachment: &str,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.check(token.as_ref(), Some(attachment), Revocations::Consulted)
    }

    /// Whether it was this verifier, or a clone of it, that accepted the token.
    ///
    /// Two verifiers in one process may ask for different things; take from one only what it
    /// accepted itself.
    #[must_use]
    pub fn has_verified(&self, token: &VerifiedToken) -> bool {
        self.shared.id == token.verified_by()
    }

    /// What the cache of remembered tokens has done and holds; clones share it.
    #[must_use]
    pub fn cache_stats(&self) -> CacheStats {
        self.shared.checks.cache_stats()
    }

    pub(crate) fn check(
        &self,
        token: &str,
        attachment: Option<&str>,
        revocations: Revocations,
    ) -> Result<VerifiedToken, VerifyError> {
        let Shared { checks, audience, id } = &*self.shared;
        let checked = checks.run(token, attachment)?;
        let is_new = checked.is_new;
        if !audience.contains(checked.proven.claims.audience()) {
            return Err(VerifyError::new(VerifyErrorKind::AudienceMismatch));
        }
        if let Some(list) = &checks.revocations {
            list.check_age(&checked.proven, checked.at)?;
            match revocations {
                Revocations::Consulted => list.check(&checked.proven, checked.at)?,
                #[cfg(feature = "online")]
                Revocations::Ignored => {}
            }
        }
        let policy = &checks.policy;
        policy.check(&checked.proven, attachment, checked.at, checks.not_before_grace)?;
        let verified = VerifiedToken::new(checked, *id);
        policy.check_predicate(&verified)?;
        if is_new {
            checks.remember(token, verified.proven());
        }
        Ok(verified)
    }
}

impl VerifierBuilder {
    /// How long before `nbf` a token is already taken: 300 s unless set, whole seconds only.
    pub fn not_before_grace(mut self, grace: Duration) -> Self {
        self.checks.not_before_grace = grace;
        self
    }

    /// Where the time comes from: the system's clock unless set.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.checks.clock = Arc::new(clock);
        self
    }

    /// What is asked of a token beyond the protocol: nothing unless set.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.checks.policy = policy;
        self
    }

    /// The list of tokens to refuse although they have not expired: none unless set.
    pub fn revocations(mut self, list: RevocationList) -> Self {
        self.checks.revocations = Some(list);
        self
    }

    /// The memory for remembered tokens, in bytes: 32 MiB unless set, enough for about 18 000. 0
    /// turns remembering off.
    ///
    /// A client sends the same token with every request for its 15 minutes. What its signature
    /// proves is remembered, for exactly its text, so only the first request pays for the
    /// elliptic curve. Time, attachment, audience and policy are checked every time. Only tokens
    /// that passed every check are remembered; an expired one is forgotten when it comes again,
    /// others when room is needed.
    ///
    /// Anybody can sign tokens with keys of their own, so a stranger can fill the memory up to the
    /// bound, not beyond; then tokens that came once go before those that came again.
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.checks.remember_up_to(bytes);
        self
    }

    /// Makes the verifier.
    #[must_use]
    pub fn build(self) -> Verifier {
        Verifier::from_parts(self.checks, self.audience, VerifierId::unique())
    }
}

impl VerifierId {
    pub(crate) fn unique() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}
