use std::{fmt, sync::Arc, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{MemorySingleUseStore, SingleUseStore};
use crate::{
    types::{Clock, StoreError, StoreErrorKind, SystemClock},
    verified::Fingerprint,
};

/// Challenges: nonces that the server hands out, the client has signed as a token's attachment,
/// and the login route accepts once.
///
/// It proves that the token was made for this login, after the nonce was handed out. Each nonce is
/// 32 random bytes in base64url.
///
/// Cheap to clone; clones share what they handed out.
///
/// ```
/// use magic_admin::{single_use::Challenges, DidToken, Magic};
///
/// # async fn run(magic: Magic, token: DidToken, nonce: String) -> Result<(), Box<dyn std::error::Error>> {
/// let challenges = Challenges::in_memory();
/// let nonce = challenges.issue().await?; // GET /v1/challenge hands it to the client
///
/// // POST /v1/login takes it back with the token
/// let user = magic.verify_with_attachment(&token, &nonce).await?;
/// if !challenges.redeem(&nonce).await? {
///     return Err("this challenge was not handed out, is used, or too old".into());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Challenges {
    store: Arc<dyn SingleUseStore>,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
}

impl Challenges {
    /// Challenges of a single server; they end with it.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::new(MemorySingleUseStore::default())
    }

    /// Challenges that a store remembers.
    pub fn new(store: impl SingleUseStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
            lifetime: Duration::from_secs(300),
        }
    }

    /// How long a challenge can be redeemed: 300 s unless set, whole seconds only.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Takes the time from this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// A new nonce, to be signed as the attachment of a token.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] when it cannot be remembered, or there is no randomness.
    pub async fn issue(&self) -> Result<String, StoreError> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| {
            StoreError::new(
                StoreErrorKind::Unreachable,
                "the operating system has no randomness for a challenge",
            )
            .with_source(error)
        })?;
        let nonce = URL_SAFE_NO_PAD.encode(bytes);
        let now = self.clock.now();
        let until = now.saturating_add(self.lifetime);
        if !self.store.insert(Fingerprint::of_challenge(&nonce), until, now).await? {
            return Err(StoreError::new(
                StoreErrorKind::Damaged,
                "the store already holds a challenge that was just created",
            ));
        }
        Ok(nonce)
    }

    /// Whether this nonce was handed out and is redeemed for the first time, in time. Verify the
    /// token with the nonce as attachment first: redeeming uses it up.
    ///
    /// # Errors
    ///
    /// A [`StoreError`] when the store fails; the login must fail then.
    pub async fn redeem(&self, nonce: &str) -> Result<bool, StoreError> {
        self.store.take(Fingerprint::of_challenge(nonce), self.clock.now()).await
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
