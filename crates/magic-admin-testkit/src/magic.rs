use magic_admin::{Magic, MagicBuilder, SecretKey};

use crate::{FakeMagic, Mint};

impl FakeMagic {
    /// Creates a `Magic` that talks to this fake and uses its keys, its client ID and its clock.
    ///
    /// It behaves like the one that `Magic::from_env` returns in production, except that retries do
    /// not wait.
    ///
    /// # Panics
    ///
    /// Panics if the fake was started with a secret key or a client ID that `Magic` does not
    /// accept, or if it listens on an address other than loopback.
    #[must_use]
    #[track_caller]
    pub fn magic(&self) -> Magic {
        self.magic_with(|magic| magic)
    }

    /// Creates a `Magic` that talks to this fake, with additional settings.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// use magic_admin::{ApiErrorKind, RevocationList};
    /// use magic_admin_testkit::{FakeMagic, Fault, TestUser};
    ///
    /// let fake = FakeMagic::start().await?;
    /// let magic = fake.magic_with(|magic| {
    ///     magic
    ///         .api(|client| client.retries(0))
    ///         .verifier(|verifier| verifier.revocations(RevocationList::in_memory()))
    /// });
    ///
    /// fake.fail_next(Fault::status(500));
    /// let error = magic.users().logout_by_issuer(TestUser::from_seed(1).issuer()).await.unwrap_err();
    /// assert_eq!(error.kind(), ApiErrorKind::Api);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the settings are invalid; the message contains the reason.
    #[must_use]
    #[track_caller]
    pub fn magic_with(&self, settings: impl FnOnce(MagicBuilder) -> MagicBuilder) -> Magic {
        build(&self.mint(), self.secret_key(), |magic| settings(magic.base_url(self.base_url())))
    }
}

impl Mint {
    /// Creates a `Magic` that accepts tokens of this mint and uses the same clock, for tests
    /// without a network.
    ///
    /// It has no Admin API: calls fail with
    /// [`ApiConnection`](magic_admin::ApiErrorKind::ApiConnection). If you need one, use
    /// [`FakeMagic`].
    ///
    /// # Examples
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), magic_admin::VerifyError> {
    /// use magic_admin_testkit::{Mint, TestUser};
    ///
    /// let (mint, alice) = (Mint::new("my-client-id"), TestUser::from_seed(1));
    /// let user = mint.magic().verify(&mint.token(&alice)).await?;
    /// assert_eq!(user.issuer(), alice.issuer());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the client ID is empty.
    #[must_use]
    #[track_caller]
    pub fn magic(&self) -> Magic {
        self.magic_with(|magic| magic)
    }

    /// Creates a `Magic` that accepts tokens of this mint, with additional settings.
    ///
    /// # Panics
    ///
    /// Panics if the settings are invalid; the message contains the reason.
    #[must_use]
    #[track_caller]
    pub fn magic_with(&self, settings: impl FnOnce(MagicBuilder) -> MagicBuilder) -> Magic {
        let nowhere = |magic: MagicBuilder| magic.base_url(NOWHERE).api(|client| client.retries(0));
        build(self, SECRET_KEY, |magic| settings(nowhere(magic)))
    }
}

#[track_caller]
fn build(
    mint: &Mint,
    secret_key: &str,
    settings: impl FnOnce(MagicBuilder) -> MagicBuilder,
) -> Magic {
    let magic = SecretKey::new(secret_key).and_then(|key| {
        let magic = Magic::builder(key)
            .client_id(mint.client_id())
            .api(|client| client.backoff(std::time::Duration::ZERO))
            .verifier(|verifier| verifier.clock(mint.clock()));
        settings(magic).build()
    });
    #[expect(clippy::panic, reason = "documented; a test ends here")]
    magic.unwrap_or_else(|error| panic!("the settings of this `Magic` are invalid: {error}"))
}

/// An address on which nothing listens, so connecting fails immediately.
const NOWHERE: &str = "http://127.0.0.1:1";

const SECRET_KEY: &str = "sk_live_TESTKIT0NO0ADMIN0API";
