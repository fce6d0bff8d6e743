use std::{fmt, sync::Arc, time::Duration};

use crate::{
    types::{Claims, UnixSeconds, VerifyError, VerifyErrorKind},
    verified::{Proven, VerifiedToken},
};

/// Requirements of an application that go beyond the protocol. By default there are none.
///
/// Every rule is checked on each verification, after all checks of the protocol and the revocation
/// list.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::{Audience, Policy, Verifier};
///
/// let policy = Policy::new()
///     .max_age(Duration::from_secs(60))
///     .accept_only(|token| token.claims().subject() != "");
/// let verifier = Verifier::builder(Audience::new("client-id")?).policy(policy).build();
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "pass it to a builder"]
pub struct Policy {
    max_age: Option<Duration>,
    max_lifespan: Option<Duration>,
    attachment: AttachmentRule,
    predicate: Option<Arc<Predicate>>,
}

type Predicate = dyn Fn(&VerifiedToken) -> bool + Send + Sync;

#[derive(Clone, Copy, Debug, Default)]
enum AttachmentRule {
    #[default]
    Any,
    /// The caller must pass an attachment.
    Required,
    /// The caller must pass an attachment, or the token must have been issued without one.
    Strict,
}

impl Policy {
    /// Creates a policy with no requirements.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rejects tokens whose `iat` is longer ago than `age` with
    /// [`TooOld`](VerifyErrorKind::TooOld).
    ///
    /// Fractions of a second are ignored.
    ///
    /// Because the client writes `iat`, a token whose `iat` is further in the future than the grace
    /// period of `nbf` is rejected too, with [`NotYetValid`](VerifyErrorKind::NotYetValid).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::{Audience, Policy, Verifier};
    ///
    /// // For a route that requires a recently issued token, such as one that deletes an account.
    /// let fresh = Verifier::builder(Audience::new("client-id")?)
    ///     .policy(Policy::new().max_age(Duration::from_secs(60)))
    ///     .build();
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Rejects tokens valid for longer than `lifespan` with
    /// [`Lifespan`](VerifyErrorKind::Lifespan).
    ///
    /// The lifespan is measured from `iat`, or from the current time if that is earlier, until
    /// `ext`. Fractions of a second are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::Policy;
    ///
    /// // The browser SDK issues tokens for 15 minutes, but users can sign some that last longer.
    /// let policy = Policy::new().max_lifespan(Duration::from_secs(15 * 60));
    /// ```
    pub fn max_lifespan(mut self, lifespan: Duration) -> Self {
        self.max_lifespan = Some(lifespan);
        self
    }

    /// Rejects every token that is verified without an attachment, with
    /// [`AttachmentRequired`](VerifyErrorKind::AttachmentRequired).
    ///
    /// A route that forgets to pass an attachment therefore accepts no token.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Audience, Policy, Verifier};
    ///
    /// // For sign-ins whose token carries the nonce of a challenge.
    /// let verifier = Verifier::builder(Audience::new("client-id")?)
    ///     .policy(Policy::new().require_attachment())
    ///     .build();
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn require_attachment(mut self) -> Self {
        self.attachment = AttachmentRule::Required;
        self
    }

    /// Requires tokens that are verified without an attachment to have been issued without one.
    ///
    /// Clients that are given no attachment sign the string `none`, as the JavaScript SDK does. If
    /// the caller passes no attachment, `add` must be the issuer's signature over `none`; otherwise
    /// the token is rejected with [`AttachmentRequired`](VerifyErrorKind::AttachmentRequired).
    pub fn strict_attachment(mut self) -> Self {
        self.attachment = AttachmentRule::Strict;
        self
    }

    /// Rejects tokens for which `predicate` returns `false`, with
    /// [`RefusedByPolicy`](VerifyErrorKind::RefusedByPolicy).
    ///
    /// The predicate runs after all other checks and must not block.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use magic_admin::{Address, Policy};
    ///
    /// fn only(staff: HashSet<Address>) -> Policy {
    ///     Policy::new().accept_only(move |user| staff.contains(&user.address()))
    /// }
    /// ```
    pub fn accept_only<F>(mut self, predicate: F) -> Self
    where
        F: Fn(&VerifiedToken) -> bool + Send + Sync + 'static,
    {
        self.predicate = Some(Arc::new(predicate));
        self
    }

    /// Checks every rule that does not need a [`VerifiedToken`].
    pub(crate) fn check(
        &self,
        proven: &Proven,
        attachment: Option<&str>,
        now: UnixSeconds,
        grace: Duration,
    ) -> Result<(), VerifyError> {
        self.check_age(&proven.claims, now, grace)?;
        self.check_lifespan(&proven.claims, now)?;
        self.check_attachment(proven, attachment)
    }

    pub(crate) fn check_predicate(&self, token: &VerifiedToken) -> Result<(), VerifyError> {
        match &self.predicate {
            Some(accepts) if !accepts(token) => {
                Err(VerifyError::new(VerifyErrorKind::RefusedByPolicy))
            }
            _ => Ok(()),
        }
    }

    fn check_age(
        &self,
        claims: &Claims,
        now: UnixSeconds,
        grace: Duration,
    ) -> Result<(), VerifyError> {
        let Some(max_age) = self.max_age else {
            return Ok(());
        };
        if claims.issued_at() > now.saturating_add(grace) {
            return Err(VerifyError::new(VerifyErrorKind::NotYetValid));
        }
        if claims.issued_at() < now.saturating_sub(max_age) {
            return Err(VerifyError::new(VerifyErrorKind::TooOld));
        }
        Ok(())
    }

    fn check_lifespan(&self, claims: &Claims, now: UnixSeconds) -> Result<(), VerifyError> {
        let start = claims.issued_at().min(now);
        match self.max_lifespan {
            Some(max) if claims.expires_at() > start.saturating_add(max) => {
                Err(VerifyError::new(VerifyErrorKind::Lifespan))
            }
            _ => Ok(()),
        }
    }

    fn check_attachment(
        &self,
        proven: &Proven,
        attachment: Option<&str>,
    ) -> Result<(), VerifyError> {
        let holds = match self.attachment {
            _ if attachment.is_some() => true,
            AttachmentRule::Any => true,
            AttachmentRule::Required => false,
            AttachmentRule::Strict => proven.check_attachment("none").is_ok(),
        };
        if holds {
            return Ok(());
        }
        Err(VerifyError::new(VerifyErrorKind::AttachmentRequired))
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("max_age", &self.max_age)
            .field("max_lifespan", &self.max_lifespan)
            .field("attachment", &self.attachment)
            .field("predicate", &self.predicate.as_ref().map(|_| "<fn>"))
            .finish()
    }
}
