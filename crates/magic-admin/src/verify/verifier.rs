use core::{
    fmt::Debug,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use std::sync::Arc;

use super::{
    Audience, Clock, Policy, RevocationList, VerifiedToken, VerifyError, VerifyErrorKind,
    checks::Checks,
};

/// Verifies DID tokens: synchronous, without network, in the fixed order of Magic's protocol.
///
/// 1. decode; 2. recover the signer over the claim's original bytes; 3. the signer is the issuer;
/// 4. the attachment, when one is named; 5. not expired (no leeway); 6. not before its time
///    (300 s grace); 7. the audience.
///
/// Cheap to clone; clones share everything. Make one and keep it.
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
    /// A verifier with every default: 300 s grace before `nbf`, the system's clock.
    #[must_use]
    pub fn new(audience: Audience) -> Self {
        Self::builder(audience).build()
    }

    /// A verifier with settings of its own.
    pub fn builder(audience: Audience) -> VerifierBuilder {
        VerifierBuilder { audience, checks: Checks::default() }
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

    pub(crate) fn check(
        &self,
        token: &str,
        attachment: Option<&str>,
        revocations: Revocations,
    ) -> Result<VerifiedToken, VerifyError> {
        let Shared { checks, audience, id } = &*self.shared;
        let checked = checks.run(token, attachment)?;
        if !audience.contains(checked.proven.claims.audience()) {
            return Err(VerifyError::new(VerifyErrorKind::AudienceMismatch));
        }
        if let (Some(list), Revocations::Consulted) = (&checks.revocations, revocations) {
            list.check(&checked.proven, checked.at)?;
        }
        let policy = &checks.policy;
        policy.check(&checked.proven, attachment, checked.at, checks.not_before_grace)?;
        let token = VerifiedToken::new(checked, *id);
        policy.check_predicate(&token)?;
        Ok(token)
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
