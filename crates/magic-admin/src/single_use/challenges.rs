use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{MemorySingleUseStore, SingleUseStore};
use crate::{
    types::{Clock, StoreError, StoreErrorKind, SystemClock, UnixSeconds},
    verified::Fingerprint,
};

/// Single-use, short-lived nonces that clients sign as the attachment of a token.
///
/// A token with such an attachment was issued for this very sign-in, so neither a stolen token nor
/// one issued in advance is accepted. The sign-in is judged by the second in which the challenge
/// was issued instead of by the clock of the client, so a user whose clock is slow can sign in
/// right after logging out.
///
/// # Examples
///
/// ```
/// use magic_admin::{Magic, VerifiedToken, single_use::Challenges};
///
/// // 1. The client requests a nonce and signs it: `generateIdToken({ attachment: nonce })`.
/// async fn challenge(challenges: &Challenges) -> Result<String, magic_admin::StoreError> {
///     challenges.issue().await
/// }
///
/// // 2. The client sends the nonce and the token.
/// async fn sign_in(
///     magic: &Magic,
///     challenges: &Challenges,
///     nonce: &str,
///     token: &str,
/// ) -> Result<VerifiedToken, Box<dyn std::error::Error>> {
///     let challenge = challenges.redeem(nonce).await?.ok_or("unknown or expired challenge")?;
///     Ok(magic.verify_with_challenge(token, &challenge).await?)
/// }
/// ```
#[derive(Clone)]
pub struct Challenges {
    store: Arc<dyn SingleUseStore>,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

impl Challenges {
    /// Creates challenges for a single server. They are lost when the process ends.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemorySingleUseStore::default())
    }

    /// Creates challenges that are kept in `store`.
    pub fn new(store: impl SingleUseStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            lifetime: Duration::from_secs(300),
        }
    }

    /// Sets how long a challenge can be redeemed. The default is 300 s. Fractions of a second are
    /// ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use magic_admin::single_use::Challenges;
    ///
    /// // Users who sign in with a magic link need more time.
    /// let challenges = Challenges::in_memory().with_lifetime(Duration::from_secs(900));
    /// ```
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Sets the source of the current time.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Issues a nonce for a client to sign as the attachment of a token.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the store fails or no random bytes are available.
    pub async fn issue(&self) -> Result<String, StoreError> {
        let now = self.clock.now();
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Unreachable,
                "the operating system provides no random bytes for a challenge",
            )
            .with_source(error)
        })?;
        // The store keeps a hash of the whole nonce, so a client cannot change the time in it.
        let nonce = URL_SAFE_NO_PAD.encode([&now.get().to_be_bytes()[..], &random].concat());
        let until = now.saturating_add(self.lifetime);
        if !self.store.insert(Fingerprint::of_challenge(&nonce), until, now).await? {
            return Err(StoreError::new(
                StoreErrorKind::Damaged,
                "the store already holds a challenge that was just created",
            ));
        }
        Ok(nonce)
    }

    /// Redeems a nonce once. Returns `None` if it was not issued here, was already redeemed, or has
    /// expired.
    ///
    /// # Errors
    ///
    /// Returns a [`StoreError`] if the store fails. The sign-in must then fail, too.
    pub async fn redeem(&self, nonce: &str) -> Result<Option<RedeemedChallenge>, StoreError> {
        let taken = self.store.take(Fingerprint::of_challenge(nonce), self.clock.now()).await?;
        Ok(if taken { RedeemedChallenge::read(nonce) } else { None })
    }
}

/// Proof that a challenge was issued by this application and redeemed in time.
///
/// Pass it to [`Magic::verify_with_challenge`](crate::Magic::verify_with_challenge) or
/// [`Verifier::verify_with_challenge`](crate::Verifier::verify_with_challenge). Only
/// [`Challenges::redeem`] creates one.
///
/// # Examples
///
/// ```
/// use magic_admin::single_use::Challenges;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), magic_admin::StoreError> {
/// let challenges = Challenges::in_memory();
/// let nonce = challenges.issue().await?;
/// assert!(challenges.redeem(&nonce).await?.is_some());
/// assert!(challenges.redeem(&nonce).await?.is_none());
/// # Ok(())
/// # }
/// ```
#[must_use = "verify the token with it"]
pub struct RedeemedChallenge {
    nonce: String,
    issued_at: UnixSeconds,
}

impl RedeemedChallenge {
    /// Returns the second in which the challenge was issued, according to the server's clock.
    #[must_use]
    pub const fn issued_at(&self) -> UnixSeconds {
        self.issued_at
    }

    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }

    fn read(nonce: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(nonce).ok()?;
        let issued_at = i64::from_be_bytes(*bytes.first_chunk()?).into();
        Some(Self { nonce: nonce.to_owned(), issued_at })
    }
}

impl fmt::Debug for RedeemedChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedeemedChallenge")
            .field("issued_at", &self.issued_at)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenges")
            .field("store", &self.store)
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}
