use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use crate::{
    BrowserEvent, Mint, TestUser,
    relayer::{Relayer, Settings},
};

use super::{
    Call, FakeMagic, FakeUser,
    api::Api,
    keys::Keys,
    state::{OnBrowserEvent, OnCall, State},
};

impl FakeMagic {
    /// Starts a fake on a free port of `127.0.0.1` with two users: `alice@example.com` with the key
    /// of [`TestUser::from_seed`] 1, and `bob@example.com` with that of 2.
    ///
    /// # Errors
    ///
    /// Returns an error if no port can be bound.
    ///
    /// # Panics
    ///
    /// Panics outside a Tokio runtime; see [`FakeMagicBuilder::start`].
    pub async fn start() -> io::Result<Self> {
        let user = |seed, email: &str| FakeUser::from(TestUser::from_seed(seed)).email(email);
        Self::builder()
            .users([user(1, "alice@example.com"), user(2, "bob@example.com")])
            .start()
            .await
    }

    /// Returns a builder for a fake. It has no users until you add some.
    pub fn builder() -> FakeMagicBuilder {
        FakeMagicBuilder::new()
    }
}

/// Builder for a [`FakeMagic`].
///
/// # Examples
///
/// ```
/// # async fn example() -> std::io::Result<()> {
/// use magic_admin_testkit::{FakeMagic, FakeUser, TestUser};
///
/// let alice = TestUser::from_seed(1);
/// let fake = FakeMagic::builder()
///     .client_id("my-client-id")
///     .user(FakeUser::from(&alice).email("alice@example.com").wallet("mainnet", "9xQe", "SOLANA"))
///     .start()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "call `start`"]
pub struct FakeMagicBuilder {
    bind: SocketAddr,
    api: Api,
    on_call: Option<OnCall>,
    relayer: Settings,
    on_browser_event: Option<OnBrowserEvent>,
}

impl FakeMagicBuilder {
    fn new() -> Self {
        Self {
            bind: (Ipv4Addr::LOCALHOST, 0).into(),
            api: Api {
                secret_key: DEFAULT_SECRET_KEY.to_owned(),
                client_id: DEFAULT_CLIENT_ID.to_owned(),
                users: Vec::new(),
                any_user: false,
                strict_content_type: false,
            },
            on_call: None,
            relayer: Settings::default(),
            on_browser_event: None,
        }
    }

    /// Sets the address to listen on. The default is a free port of `127.0.0.1`.
    ///
    /// Anyone who can reach the fake can call it. Bind it to an address other than loopback only in
    /// a network where this is harmless.
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// Sets the secret key to accept. The default is `sk_live_TESTKIT0FAKE0KEY`.
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.api.secret_key = key.into();
        self
    }

    /// Sets the client ID of the application. The default is `did:magic:7e57c1d0-…`.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.api.client_id = id.into();
        self
    }

    /// Adds a user. All users that are not added are unknown (404).
    pub fn user(mut self, user: impl Into<FakeUser>) -> Self {
        self.api.users.push(user.into());
        self
    }

    /// Adds several users.
    pub fn users(mut self, users: impl IntoIterator<Item = FakeUser>) -> Self {
        self.api.users.extend(users);
        self
    }

    /// Treats every issuer as a known user.
    ///
    /// Users that were not added have no e-mail address, phone number or wallets. Use it for local
    /// development, where anyone may sign in.
    pub fn any_user(mut self) -> Self {
        self.api.any_user = true;
        self
    }

    /// Rejects POST requests without `Content-Type: application/json` with a 422.
    ///
    /// This is off by default, because Magic's own JavaScript SDK omits the header.
    pub fn strict_content_type(mut self) -> Self {
        self.api.strict_content_type = true;
        self
    }

    /// Calls a closure with each call once its response is known, for example to log it. The
    /// closure must not block.
    ///
    /// The query and the body may contain e-mail addresses. Log only [`Call::method`],
    /// [`Call::path`] and [`Call::status`].
    pub fn on_call(mut self, log: impl Fn(&Call) + Send + Sync + 'static) -> Self {
        self.on_call = Some(Arc::new(log));
        self
    }

    /// Sets the only publishable key to accept from the browser SDK. By default any key is
    /// accepted.
    pub fn publishable_key(mut self, key: impl Into<String>) -> Self {
        self.relayer.publishable_key = Some(key.into());
        self
    }

    /// Sets the one-time code of every sign-in in the browser.
    ///
    /// By default each sign-in gets six random digits, which are reported to
    /// [`on_browser_event`](Self::on_browser_event).
    pub fn one_time_code(mut self, code: impl Into<String>) -> Self {
        self.relayer.code = Some(code.into());
        self
    }

    /// Sets the seed for the keys of users who sign in with a new e-mail address or phone number.
    ///
    /// The default is 0. The same seed and e-mail address or phone number yield the same key in
    /// every run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.relayer.seed = seed;
        self
    }

    /// Calls a closure with each event of the browser relayer, for example to log it. The closure
    /// must not block.
    pub fn on_browser_event(mut self, log: impl Fn(&BrowserEvent) + Send + Sync + 'static) -> Self {
        self.on_browser_event = Some(Arc::new(log));
        self
    }

    /// Binds the port and starts serving in a background task of the current Tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns an error if the address cannot be bound.
    ///
    /// # Panics
    ///
    /// Panics outside a Tokio runtime with I/O and time enabled.
    pub async fn start(self) -> io::Result<FakeMagic> {
        let secret_key = self.api.secret_key.clone();
        let mint = Mint::new(self.api.client_id.as_str());
        let publishable_key = self.relayer.publishable_key.clone();
        let keys = Keys {
            secret: secret_key,
            publishable: publishable_key.unwrap_or_else(|| DEFAULT_PUBLISHABLE_KEY.to_owned()),
        };
        let relayer = Relayer::new(self.relayer);
        let state =
            State::new(self.api, mint.clone(), relayer, self.on_call, self.on_browser_event);
        FakeMagic::serve(self.bind, keys, mint, state).await
    }
}

/// Shows only the address.
impl fmt::Debug for FakeMagicBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeMagicBuilder").field("bind", &self.bind).finish_non_exhaustive()
    }
}

const DEFAULT_SECRET_KEY: &str = "sk_live_TESTKIT0FAKE0KEY";
const DEFAULT_PUBLISHABLE_KEY: &str = "pk_live_TESTKIT0FAKE0KEY";
const DEFAULT_CLIENT_ID: &str = "did:magic:7e57c1d0-0000-4000-8000-000000000001";
