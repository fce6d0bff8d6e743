use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::Duration,
};

#[cfg(feature = "connections")]
use crate::revocation::{EndReason, expired};
#[cfg(feature = "challenges")]
use crate::single_use::RedeemedChallenge;
use crate::{
    cache::{CacheStats, TokenCache},
    metrics::{self, Verification},
    policy::Policy,
    revocation::RevocationList,
    types::{Audience, Claims, Clock, UnixSeconds, VerifyError, VerifyErrorKind},
    verified::{Proven, VerifiedToken, VerifierId},
};

/// Verifies DID tokens synchronously, without network access, in the fixed order of Magic's
/// protocol.
///
/// The checks are:
///
/// 1. Decode the token.
/// 2. Recover the signer over the claim's original bytes.
/// 3. The signer must be the issuer.
/// 4. If an attachment is given, the issuer must have signed it.
/// 5. The token must not have expired (no leeway).
/// 6. The token must already be valid (`nbf`, with 300 s of grace).
/// 7. The token must be issued for the verifier's audience.
///
/// If a [`RevocationList`] or a [`Policy`] is set, it is consulted after these checks, on every
/// verification.
///
/// A verifier is cheap to clone, and clones share all state. Create one and keep it: it caches
/// tokens, so verifying a token again costs next to nothing (see
/// [`VerifierBuilder::cache_bytes`](crate::VerifierBuilder::cache_bytes)).
///
/// # Examples
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
    settings: Arc<Settings>,
}

impl Verifier {
    /// Verifies a token, ignoring its attachment, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Audience, Verifier, VerifyErrorKind};
    ///
    /// let verifier = Verifier::new(Audience::new("client-id")?);
    /// match verifier.verify("WyIweDEyIiwie30iXQ==") {
    ///     Ok(user) => println!("{} until {}", user.issuer(), user.expires_at()),
    ///     Err(error) => assert_eq!(error.kind(), VerifyErrorKind::Malformed),
    /// }
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`VerifyError`] with the kind of the first check that failed.
    pub fn verify<T>(&self, token: &T) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.check(token.as_ref(), None, Extent::Everything)
    }

    /// Verifies a token and checks that its issuer signed `attachment` with it.
    ///
    /// The attachment can be a nonce, an e-mail address, or `none`, which clients sign when they
    /// are given no attachment.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{DidToken, VerifiedToken, Verifier, VerifyError};
    ///
    /// /// Accepts an order only from the user who signed exactly this string.
    /// fn order(
    ///     verifier: &Verifier,
    ///     token: &DidToken,
    ///     order: &str,
    /// ) -> Result<VerifiedToken, VerifyError> {
    ///     verifier.verify_with_attachment(token, order)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`verify`](Self::verify). Also returns
    /// [`VerifyErrorKind::FailedRecoveringProof`] if the token contains no signature over an
    /// attachment, and [`VerifyErrorKind::IncorrectSigner`] if it contains one over another
    /// attachment.
    pub fn verify_with_attachment<T>(
        &self,
        token: &T,
        attachment: &str,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.check(token.as_ref(), Some(attachment), Extent::Everything)
    }

    /// Verifies a token whose attachment is the nonce of a redeemed challenge.
    ///
    /// The revocation list judges the token by the second in which the challenge was issued instead
    /// of by `iat`, which the client writes. This lets a user whose clock is slow sign in right
    /// after logging out. Keep the resulting session: when the same token is later sent as a bearer
    /// token, it is judged by `iat`.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`verify_with_attachment`](Self::verify_with_attachment).
    #[cfg(feature = "challenges")]
    pub fn verify_with_challenge<T>(
        &self,
        token: &T,
        challenge: &RedeemedChallenge,
    ) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        let extent = Extent::Challenged(challenge.issued_at());
        self.check(token.as_ref(), Some(challenge.nonce()), extent)
    }

    /// Verifies a token against the protocol and its audience only, without consulting the
    /// revocation list and the policy: **a token of a user who has logged out is accepted**.
    ///
    /// Intended for logging out, which must be repeatable. A policy restricts who may sign in, not
    /// who may log out.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`verify`](Self::verify), except for those of the revocation list and
    /// the policy.
    pub fn dangerous_verify_protocol_only<T>(&self, token: &T) -> Result<VerifiedToken, VerifyError>
    where
        T: AsRef<str> + ?Sized,
    {
        self.check(token.as_ref(), None, Extent::ProtocolOnly)
    }

    /// Returns `true` if this verifier, or a clone of it, accepted the token.
    ///
    /// Two verifiers in one process may have different requirements. Only trust tokens that were
    /// accepted by the verifier in use.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{VerifiedToken, Verifier};
    ///
    /// struct Tenant {
    ///     verifier: Verifier,
    /// }
    ///
    /// impl Tenant {
    /// /// Returns `false` for a token of another tenant.
    ///     fn serves(&self, user: &VerifiedToken) -> bool {
    ///         self.verifier.has_verified(user)
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn has_verified(&self, token: &VerifiedToken) -> bool {
        self.settings.id == token.verified_by()
    }

    /// Waits until a token expires or, if there is a revocation list, is revoked.
    ///
    /// Use it for a WebSocket or an event stream, which outlives the request that carried the
    /// token. For an example, see [`RevocationList::ended`].
    #[cfg(feature = "connections")]
    pub async fn ended(&self, token: &VerifiedToken) -> EndReason {
        match self.revocations() {
            Some(list) => list.ended(token).await,
            None => expired(token, &*self.settings.clock).await,
        }
    }

    /// Returns the revocation list, if one is set.
    #[must_use]
    pub fn revocations(&self) -> Option<&RevocationList> {
        self.settings.revocations.as_ref()
    }

    /// Returns the statistics of the token cache, which all clones share.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::Verifier;
    ///
    /// /// Returns the share of tokens whose signature did not have to be checked again.
    /// fn hit_rate(verifier: &Verifier) -> f64 {
    ///     let stats = verifier.cache_stats();
    ///     stats.hits() as f64 / (stats.hits() + stats.misses()).max(1) as f64
    /// }
    /// ```
    #[must_use]
    pub fn cache_stats(&self) -> CacheStats {
        self.settings.cache.as_ref().map(TokenCache::stats).unwrap_or_default()
    }

    pub(super) fn from_settings(settings: Settings) -> Self {
        let settings = Arc::new(settings);
        metrics::watch(&settings);
        Self { settings }
    }

    /// Verifies a token and records the outcome in the metrics.
    pub(crate) fn check(
        &self,
        token: &str,
        attachment: Option<&str>,
        extent: Extent,
    ) -> Result<VerifiedToken, VerifyError> {
        let mut verification = Verification::begin();
        let outcome = self.check_in_order(token, attachment, extent, &mut verification);
        verification.end(outcome.as_ref().map(|_| ()).map_err(VerifyError::code));
        outcome
    }

    /// Runs the numbered checks of the protocol, then those that the application adds.
    fn check_in_order(
        &self,
        token: &str,
        attachment: Option<&str>,
        extent: Extent,
        verification: &mut Verification,
    ) -> Result<VerifiedToken, VerifyError> {
        let settings = &*self.settings;
        // Steps 1 to 6: decode, signer, issuer, attachment, expiry, not before.
        let Judged { proven, at, is_new } = settings.judge(token, attachment, verification)?;
        // Step 7: the audience.
        settings.check_audience(&proven.claims)?;
        let issued_at = match extent {
            #[cfg(feature = "challenges")]
            Extent::Challenged(issued_at) => issued_at,
            _ => proven.claims.issued_at(),
        };
        // Limits the effect of an `iat` in the future, so that a revocation with a later cutoff
        // still applies.
        let judged_at = issued_at.min(at.saturating_add(Duration::from_secs(1)));
        if extent == Extent::ProtocolOnly {
            // The token was not fully checked, so `has_verified` must return `false` for it.
            return Ok(VerifiedToken::new(proven, at, judged_at, VerifierId::unique()));
        }
        let verified = VerifiedToken::new(proven, at, judged_at, settings.id);
        let proven = verified.proven();
        if let Some(list) = &settings.revocations {
            list.check(proven, judged_at, at)?;
        }
        settings.policy.check(proven, attachment, at, settings.not_before_grace)?;
        settings.policy.check_predicate(&verified)?;
        if is_new && let Some(cache) = &settings.cache {
            cache.insert(token, proven);
        }
        Ok(verified)
    }

    /// Runs steps 1 to 6, for use while the audience is still unknown.
    #[cfg(feature = "online")]
    pub(crate) fn check_but_audience(
        &self,
        token: &str,
        attachment: Option<&str>,
    ) -> Result<(), VerifyError> {
        let mut verification = Verification::begin();
        let outcome = self.settings.judge(token, attachment, &mut verification).map(drop);
        // A token that passes is counted later, once all checks have run.
        if let Err(error) = &outcome {
            verification.end(Err(error.code()));
        }
        outcome
    }

    #[cfg(feature = "online")]
    pub(crate) fn knows_audience(&self) -> bool {
        self.settings.audience.get().is_some()
    }

    /// Sets the audience. Only the first call has an effect.
    #[cfg(feature = "online")]
    pub(crate) fn set_audience(&self, audience: Audience) {
        self.settings.audience.get_or_init(|| audience);
    }
}

/// Selects which checks run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// The protocol, the revocation list and the policy.
    Everything,
    /// The same, but the revocation list judges the token by this second instead of by `iat`.
    #[cfg(feature = "challenges")]
    Challenged(UnixSeconds),
    /// Only the protocol, for logging out.
    ProtocolOnly,
}

/// Everything that determines the outcome of a verification, shared by all clones of a verifier.
pub(super) struct Settings {
    pub(super) id: VerifierId,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) not_before_grace: Duration,
    pub(super) policy: Policy,
    pub(super) revocations: Option<RevocationList>,
    /// `None` if every signature is checked again.
    pub(super) cache: Option<TokenCache>,
    /// Empty until the client ID is known; until then no token is accepted.
    pub(super) audience: OnceLock<Audience>,
}

/// A token that passed steps 1 to 6, and the time at which it did.
pub(super) struct Judged {
    pub(super) proven: Arc<Proven>,
    at: UnixSeconds,
    /// `true` if the signature was checked just now, `false` if the result came from the cache.
    is_new: bool,
}

impl Settings {
    /// Creates the defaults: 300 s of grace, no policy, no revocation list, no cache.
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            id: VerifierId::unique(),
            clock,
            not_before_grace: Duration::from_secs(300),
            policy: Policy::default(),
            revocations: None,
            cache: None,
            audience: OnceLock::new(),
        }
    }

    /// Runs steps 1 to 6 of the protocol.
    pub(super) fn judge(
        &self,
        token: &str,
        attachment: Option<&str>,
        verification: &mut Verification,
    ) -> Result<Judged, VerifyError> {
        // 1. Decode. 2. Recover the signer. 3. Compare the signer with the issuer.
        let remembered = self.cache.as_ref().and_then(|cache| cache.get(token));
        let is_new = remembered.is_none();
        let proven = match remembered {
            Some(proven) => {
                verification.hit();
                proven
            }
            None => Arc::new(Proven::by_signature(token)?),
        };
        // 4. The attachment, if the caller passed one.
        if let Some(attachment) = attachment {
            proven.check_attachment(attachment)?;
        }
        // 5. Expiry.
        let at = self.clock.now();
        if at > proven.claims.expires_at() {
            if !is_new && let Some(cache) = &self.cache {
                cache.remove(token);
            }
            return Err(VerifyError::new(VerifyErrorKind::Expired));
        }
        // 6. Not before.
        if at < proven.claims.not_before().saturating_sub(self.not_before_grace) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        Ok(Judged { proven, at, is_new })
    }

    fn check_audience(&self, claims: &Claims) -> Result<(), VerifyError> {
        match self.audience.get() {
            Some(audience) if audience.contains(claims.audience()) => Ok(()),
            Some(_) => Err(VerifyError::new(VerifyErrorKind::AudienceMismatch)),
            None => Err(VerifyError::unavailable(UNKNOWN_AUDIENCE_RETRY_AFTER, None)),
        }
    }
}

#[cfg(feature = "metrics")]
impl metrics::Source for Settings {
    fn add_to(&self, totals: &mut metrics::Totals) {
        let stats = self.cache.as_ref().map(TokenCache::stats).unwrap_or_default();
        totals.cache_tokens += stats.tokens();
        totals.cache_bytes += stats.bytes();
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("clock", &self.clock)
            .field("not_before_grace", &self.not_before_grace)
            .field("policy", &self.policy)
            .field("revocations", &self.revocations)
            .field("cache", &self.cache)
            .field("audience", &self.audience)
            .finish_non_exhaustive()
    }
}

/// The `Retry-After` for requests that arrive while the client ID is still being fetched.
const UNKNOWN_AUDIENCE_RETRY_AFTER: Duration = Duration::from_secs(2);
