use std::sync::Arc;

use magic_admin::{Clock, SystemClock};

use super::{TestUser, TokenBuilder};

/// Issues DID tokens for one application, as Magic's client SDK does in a browser.
///
/// ```
/// use magic_admin::{Audience, Verifier, VerifyErrorKind};
/// use magic_admin_testkit::{Mint, TestUser};
///
/// let verifier = Verifier::new(Audience::new("my-client-id")?);
/// let mint = Mint::new("my-client-id");
/// let alice = TestUser::from_seed(1);
///
/// let user = verifier.verify(&mint.token(&alice)).expect("a fresh token is valid");
/// assert_eq!(user.issuer(), alice.issuer());
///
/// let stale = mint.builder(&alice).expired().build();
/// assert_eq!(verifier.verify(&stale).unwrap_err().kind(), VerifyErrorKind::Expired);
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Mint {
    client_id: Arc<str>,
    clock: Arc<dyn Clock>,
}

impl Mint {
    /// A mint for the application with this client id, on the system's clock.
    #[must_use]
    pub fn new(client_id: impl Into<String>) -> Self {
        Self { client_id: client_id.into().into(), clock: Arc::new(SystemClock::default()) }
    }

    /// The same mint on another clock, for example a [`SettableClock`](crate::SettableClock).
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The client id that its tokens carry as `aud`.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// A valid token of this user: issued now, for 900 s, with a random `tid` and an `add` that
    /// signs `none`, as Magic does by default.
    #[must_use]
    pub fn token(&self, user: &TestUser) -> String {
        self.builder(user).build()
    }

    /// A token of this user that is valid until something is changed about it.
    pub fn builder(&self, user: &TestUser) -> TokenBuilder {
        TokenBuilder::new(user, &self.client_id, self.clock.now())
    }
}
