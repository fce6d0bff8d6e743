use std::sync::Arc;

use http::HeaderValue;
use magic_admin::{Audience, Clock, SystemClock, Verifier, VerifierBuilder};

use super::{TestUser, TokenBuilder};

/// Issues DID tokens for one application, like Magic's client SDK in a browser.
///
/// # Examples
///
/// ```
/// use magic_admin::VerifyErrorKind;
/// use magic_admin_testkit::{Mint, TestUser};
///
/// let mint = Mint::new("my-client-id");
/// let verifier = mint.verifier();
/// let alice = TestUser::from_seed(1);
///
/// let user = verifier.verify(&mint.token(&alice)).expect("a fresh token is valid");
/// assert_eq!(user.issuer(), alice.issuer());
///
/// let stale = mint.builder(&alice).expired().build();
/// assert_eq!(verifier.verify(&stale).unwrap_err().kind(), VerifyErrorKind::Expired);
/// ```
#[derive(Clone, Debug)]
pub struct Mint {
    client_id: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl Mint {
    /// Creates a mint for the application with this client ID, using the system clock.
    #[must_use]
    pub fn new(client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into().into(), clock: Arc::new(SystemClock::default()) }
    }

    /// Sets the clock for the tokens and verifiers of this mint, for example a
    /// [`SettableClock`](crate::SettableClock).
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Returns the client ID, which is the `aud` of the issued tokens.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Issues a valid token for `user` with Magic's defaults: a lifespan of 900 s, a random `tid`,
    /// and a signature over `none` in `add`.
    #[must_use]
    pub fn token(&self, user: &TestUser) -> String {
        self.builder(user).build()
    }

    /// Issues a valid token for `user` as the value of an `Authorization` header: `Bearer` followed
    /// by the token.
    ///
    /// The value is marked as sensitive.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin_testkit::{Mint, TestUser};
    ///
    /// let bearer = Mint::new("my-client-id").bearer(&TestUser::from_seed(1));
    /// let request = http::Request::get("/orders").header("authorization", bearer).body(())?;
    /// # Ok::<(), http::Error>(())
    /// ```
    #[must_use]
    pub fn bearer(&self, user: &TestUser) -> HeaderValue {
        self.builder(user).bearer()
    }

    /// Returns a builder for a token of `user` that is valid except for what you change.
    pub fn builder(&self, user: &TestUser) -> TokenBuilder {
        TokenBuilder::new(user, &self.client_id, self.clock.now())
    }

    /// Creates a verifier that accepts tokens of this mint and uses the same clock.
    ///
    /// # Panics
    ///
    /// Panics if the client ID is empty.
    #[must_use]
    #[track_caller]
    pub fn verifier(&self) -> Verifier {
        self.verifier_with(|verifier| verifier)
    }

    /// Creates a verifier that accepts tokens of this mint, with additional settings.
    ///
    /// # Examples
    ///
    /// ```
    /// use magic_admin::{RevocationList, VerifyErrorKind};
    /// use magic_admin_testkit::{Mint, TestUser};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (mint, alice) = (Mint::new("my-client-id"), TestUser::from_seed(1));
    /// let list = RevocationList::in_memory();
    /// let verifier = mint.verifier_with(|verifier| verifier.revocations(list.clone()));
    ///
    /// let token = mint.token(&alice);
    /// list.revoke_now(alice.issuer()).await?;
    /// assert_eq!(verifier.verify(&token).unwrap_err().kind(), VerifyErrorKind::Revoked);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the client ID is empty.
    #[must_use]
    #[track_caller]
    pub fn verifier_with(
        &self,
        settings: impl FnOnce(VerifierBuilder) -> VerifierBuilder,
    ) -> Verifier {
        #[expect(clippy::expect_used, reason = "documented; a test ends here")]
        let audience = Audience::new(self.client_id()).expect("the mint has a client id");
        settings(Verifier::builder_with_clock(audience, self.clock())).build()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}
