use core::time::Duration;
use std::sync::Arc;

use super::{
    Clock, Policy, RevocationList, SystemClock, VerifyError, VerifyErrorKind,
    cache::{CacheStats, TokenCache},
};
use crate::{
    token::{PersonalMessage, Proof, SignedClaims},
    types::{Claims, Issuer, UnixSeconds},
};

/// The settings of verification but the audience, and the checks that do without it: steps 1 to
/// 6, in their fixed order.
#[derive(Debug, Clone)]
pub(crate) struct Checks {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) not_before_grace: Duration,
    pub(crate) policy: Policy,
    pub(crate) revocations: Option<RevocationList>,
    /// `None`: every signature is checked anew.
    cache: Option<Arc<TokenCache>>,
}

/// What a token's signature proves: who signed which claims. The time and the audience have no
/// part in it.
#[derive(Clone)]
pub(crate) struct Proven {
    pub(crate) issuer: Issuer,
    pub(crate) claims: Claims,
}

/// A token that passed the checks, and when.
pub(crate) struct Checked {
    pub(crate) proven: Arc<Proven>,
    pub(crate) at: UnixSeconds,
    /// Whether the signature was checked just now, not remembered.
    pub(super) is_new: bool,
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            not_before_grace: Duration::from_secs(300),
            policy: Policy::default(),
            revocations: None,
            cache: None,
        }
    }
}

impl Checks {
    /// The default settings, which remember tokens.
    pub(crate) fn remembering() -> Self {
        let mut checks = Self::default();
        checks.remember_up_to(TokenCache::USUAL_BOUND);
        checks
    }

    /// Bounds the memory for remembered tokens; 0 remembers none.
    pub(crate) fn remember_up_to(&mut self, bytes: usize) {
        self.cache = TokenCache::with_bound(bytes).map(Arc::new);
    }

    pub(crate) fn run(
        &self,
        token: &str,
        attachment: Option<&str>,
    ) -> Result<Checked, VerifyError> {
        let remembered = self.cache.as_ref().and_then(|cache| cache.get(token));
        let is_new = remembered.is_none();
        let proven = match remembered {
            Some(proven) => proven,
            None => Arc::new(Proven::by_signature(token)?),
        };
        if let Some(attachment) = attachment {
            proven.check_attachment(attachment)?;
        }
        let now = self.clock.now();
        let timely = self.check_time(&proven.claims, now);
        if let (Some(cache), false, Err(error)) = (&self.cache, is_new, &timely)
            && error.kind() == VerifyErrorKind::Expired
        {
            cache.remove(token);
        }
        timely.map(|()| Checked { proven, at: now, is_new })
    }

    /// Remembers what was proven about a token that passed every check there is.
    pub(super) fn remember(&self, token: &str, proven: &Arc<Proven>) {
        if let Some(cache) = &self.cache {
            cache.insert(token, proven);
        }
    }

    pub(super) fn cache_stats(&self) -> CacheStats {
        self.cache.as_ref().map(|cache| cache.stats()).unwrap_or_default()
    }

    fn check_time(&self, claims: &Claims, now: UnixSeconds) -> Result<(), VerifyError> {
        if now > claims.expires_at() {
            return Err(VerifyError::new(VerifyErrorKind::Expired));
        }
        if now < claims.not_before().saturating_sub(self.not_before_grace) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        Ok(())
    }
}

impl Proven {
    /// Steps 1 to 3: decode, recover the signer, and compare it with the issuer.
    fn by_signature(token: &str) -> Result<Self, VerifyError> {
        let signed = SignedClaims::decode(token)?;
        let signer =
            signed.signer().ok_or(VerifyError::new(VerifyErrorKind::FailedRecoveringProof))?;
        match signed.claims.issuer().parse::<Issuer>() {
            Ok(issuer) if issuer.address() == signer => Ok(Self { issuer, claims: signed.claims }),
            _ => Err(VerifyError::new(VerifyErrorKind::IncorrectSigner)),
        }
    }

    /// Step 4: `add` is a signature of the issuer over the attachment.
    pub(super) fn check_attachment(&self, attachment: &str) -> Result<(), VerifyError> {
        let signer = self
            .claims
            .attachment_proof()
            .and_then(Proof::parse)
            .and_then(|proof| proof.signer(&PersonalMessage::new(attachment)))
            .ok_or(VerifyError::new(VerifyErrorKind::FailedRecoveringProof))?;
        if signer != self.issuer.address() {
            return Err(VerifyError::new(VerifyErrorKind::IncorrectSigner));
        }
        Ok(())
    }
}
