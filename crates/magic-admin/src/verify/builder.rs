use std::{sync::Arc, time::Duration};

use super::verifier::{Settings, Verifier};
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
use crate::types::SystemClock;
use crate::{
    cache::TokenCache,
    policy::Policy,
    revocation::RevocationList,
    types::{Audience, Clock},
};

/// Builder for a [`Verifier`].
///
/// Created by [`Verifier::builder`]. `MagicBuilder::verifier` passes the same type to its closure,
/// to configure the verifier inside a `Magic`. The audience of that verifier is set later
/// (`VerifierBuilder<LateAudience>`), so it cannot be built on its own.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use magic_admin::{Audience, Policy, Verifier};
///
/// let verifier = Verifier::builder(Audience::new("client-id")?)
///     .policy(Policy::new().max_age(Duration::from_secs(3_600)))
///     .cache_bytes(8 * 1024 * 1024)
///     .build();
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct VerifierBuilder<A = Audience> {
    audience: A,
    settings: Settings,
}

/// The audience of a verifier inside a [`Magic`](crate::Magic), which is either configured on its
/// builder or fetched from Magic.
///
/// # Examples
///
/// ```
/// use magic_admin::{LateAudience, VerifierBuilder};
///
/// /// Settings shared by several applications.
/// fn shared(verifier: VerifierBuilder<LateAudience>) -> VerifierBuilder<LateAudience> {
///     verifier.cache_bytes(8 * 1024 * 1024)
/// }
///
/// # let key = magic_admin::SecretKey::new("sk_live_0123456789ABCDEF")?;
/// let magic = magic_admin::Magic::builder(key).verifier(shared).build()?;
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[cfg(feature = "online")]
#[derive(Debug)]
#[non_exhaustive]
pub struct LateAudience;

impl Verifier {
    /// Creates a verifier with the defaults: a grace period of 300 s before `nbf`, the system
    /// clock, and a cache of up to 32 MiB.
    ///
    /// Not available on `wasm32-unknown-unknown`, which has no system clock; use
    /// [`builder_with_clock`](Self::builder_with_clock) there.
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    #[must_use]
    pub fn new(audience: Audience) -> Self {
        Self::builder(audience).build()
    }

    /// Returns a builder with the defaults of [`new`](Self::new).
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    pub fn builder(audience: Audience) -> VerifierBuilder {
        Self::builder_with_clock(audience, SystemClock)
    }

    /// Returns a builder with the defaults, except that it reads the time from `clock`.
    pub fn builder_with_clock(audience: Audience, clock: impl Clock + 'static) -> VerifierBuilder {
        VerifierBuilder::with_audience(audience, clock)
    }
}

impl<A> VerifierBuilder<A> {
    pub(crate) fn with_audience(audience: A, clock: impl Clock + 'static) -> Self {
        let settings = Settings::new(Arc::new(clock));
        Self { audience, settings }.cache_bytes(TokenCache::USUAL_BOUND)
    }

    /// Sets how long before `nbf` a token is already accepted. The default is 300 s. Fractions of a
    /// second are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::{Audience, Verifier};
    ///
    /// // For clients whose clocks are known to be accurate.
    /// let verifier = Verifier::builder(Audience::new("client-id")?)
    ///     .not_before_grace(Duration::from_secs(10))
    ///     .build();
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn not_before_grace(mut self, grace: Duration) -> Self {
        self.settings.not_before_grace = grace;
        self
    }

    /// Sets the source of the current time.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.settings.clock = Arc::new(clock);
        self
    }

    /// Sets additional requirements for tokens, beyond the protocol. By default there are none.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// Sets the list of revoked tokens, which are rejected even though they have not expired. By
    /// default there is none.
    ///
    /// If a list is set, the logout route of `magic-admin-axum` also revokes the user's tokens.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Audience, RevocationList, Verifier};
    ///
    /// let list = RevocationList::in_memory();
    /// let verifier = Verifier::builder(Audience::new("client-id")?).revocations(list).build();
    /// assert!(verifier.revocations().is_some());
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn revocations(mut self, list: RevocationList) -> Self {
        self.settings.revocations = Some(list);
        self
    }

    /// Sets the memory bound of the token cache in bytes; 0 turns the cache off.
    ///
    /// The default is 32 MiB, which is enough for about 24,000 tokens.
    ///
    /// Clients send the same token with every request for its lifespan of 15 minutes. The result of
    /// the signature check is cached for exactly that token string, so only the first request pays
    /// for the elliptic-curve operation. Time, attachment, audience, revocation and policy are
    /// checked every time. Only tokens that passed every check are cached. Expired tokens are
    /// removed when they are next seen or when space is needed.
    ///
    /// Because anyone can sign tokens with their own key, an attacker can fill the cache up to the
    /// bound, but no further. Tokens seen only once are evicted before tokens seen repeatedly.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{Audience, Verifier};
    ///
    /// let verifier = Verifier::builder(Audience::new("client-id")?).cache_bytes(0).build();
    /// assert_eq!(verifier.cache_stats().capacity(), 0);
    /// # Ok::<(), magic_admin::ConfigError>(())
    /// ```
    pub fn cache_bytes(mut self, bytes: usize) -> Self {
        self.settings.cache = TokenCache::with_bound(bytes);
        self
    }
}

impl VerifierBuilder {
    /// Builds the verifier.
    #[must_use]
    pub fn build(mut self) -> Verifier {
        self.settings.audience = self.audience.into();
        Verifier::from_settings(self.settings)
    }
}

#[cfg(feature = "online")]
impl VerifierBuilder<LateAudience> {
    /// Builds a verifier that accepts no token until its audience is set.
    pub(crate) fn build_without_audience(self) -> Verifier {
        Verifier::from_settings(self.settings)
    }
}
