use std::{
    fmt, io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use crate::{
    BrowserEvent, TestUser,
    relayer::{Relayer, Settings},
};

use super::{
    Call, FakeMagic, FakeUser,
    api::Api,
    keys::Keys,
    state::{OnBrowserEvent, OnCall, State},
};

impl FakeMagic {
    /// Starts a fake on a free port of `127.0.0.1` that knows two users: [`TestUser::from_seed`]
    /// 1, `alice@example.com`, and 2, `bob@example.com`.
    ///
    /// # Errors
    ///
    /// No port can be bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime, see [`FakeMagicBuilder::start`].
    pub async fn start() -> io::Result<Self> {
        let user = |seed, email: &str| FakeUser::from(TestUser::from_seed(seed)).email(email);
        Self::builder()
            .users([user(1, "alice@example.com"), user(2, "bob@example.com")])
            .start()
            .await
    }

    /// A fake to be set up. It knows no user unless told of one.
    pub fn builder() -> FakeMagicBuilder {
        FakeMagicBuilder::new()
    }
}

/// Settings of a [`FakeMagic`].
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

    /// Listens on this address instead of a free port of `127.0.0.1`.
    ///
    /// Whoever reaches a fake can call it: bind it to anything but loopback only in a network
    /// where that does no harm.
    pub fn bind(mut self, address: SocketAddr) -> Self {
        self.bind = address;
        self
    }

    /// Accepts this secret key instead of the default one.
    pub fn secret_key(mut self, key: impl Into<String>) -> Self {
        self.api.secret_key = key.into();
        self
    }

    /// Answers this client id instead of the default one.
    pub fn client_id(mut self, id: impl Into<String>) -> Self {
        self.api.client_id = id.into();
        self
    }

    /// Knows this user. Without any, every user is unknown (404).
    pub fn user(mut self, user: impl Into<FakeUser>) -> Self {
        self.api.users.push(user.into());
        self
    }

    /// Knows these users.
    pub fn users(mut self, users: impl IntoIterator<Item = FakeUser>) -> Self {
        self.api.users.extend(users);
        self
    }

    /// Knows every issuer: one that is not among the users is a user without e-mail, phone and
    /// wallets. For local development, where users appear as they please.
    pub fn any_user(mut self) -> Self {
        self.api.any_user = true;
        self
    }

    /// Refuses (422) a POST that does not say `Content-Type: application/json`. Magic's own
    /// JavaScript SDK does not say it, so this is off unless asked for.
    pub fn strict_content_type(mut self) -> Self {
        self.api.strict_content_type = true;
        self
    }

    /// Calls this with each call once its answer is settled, for a log. It must not block.
    ///
    /// Query and body can hold e-mail addresses: log [`Call::method`], [`Call::path`] and
    /// [`Call::status`].
    pub fn on_call(mut self, log: impl Fn(&Call) + Send + Sync + 'static) -> Self {
        self.on_call = Some(Arc::new(log));
        self
    }

    /// Sets the only publishable key to accept from the browser SDK. Default: any key is accepted.
    pub fn publishable_key(mut self, key: impl Into<String>) -> Self {
        self.relayer.publishable_key = Some(key.into());
        self
    }

    /// Sets the one-time code of every sign-in in the browser. Default: six random digits for each
    /// sign-in, reported to [`on_browser_event`](Self::on_browser_event).
    pub fn one_time_code(mut self, code: impl Into<String>) -> Self {
        self.relayer.code = Some(code.into());
        self
    }

    /// Sets the seed for the keys of users who sign in with a new e-mail address or phone number.
    /// Default: 0. The same seed and address give the same key, in every run.
    pub fn seed(mut self, seed: u64) -> Self {
        self.relayer.seed = seed;
        self
    }

    /// Calls a closure for each event of the browser relayer, for example to log it. It must not
    /// block.
    pub fn on_browser_event(mut self, log: impl Fn(&BrowserEvent) + Send + Sync + 'static) -> Self {
        self.on_browser_event = Some(Arc::new(log));
        self
    }

    /// Binds the port and serves in a background task of the current tokio runtime.
    ///
    /// # Errors
    ///
    /// The address cannot be bound.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime with I/O and time enabled, as everything of tokio does.
    pub async fn start(self) -> io::Result<FakeMagic> {
        let secret_key = self.api.secret_key.clone();
        let client_id = self.api.client_id.clone();
        let publishable_key = self.relayer.publishable_key.clone();
        let keys = Keys {
            secret: secret_key,
            publishable: publishable_key.unwrap_or_else(|| DEFAULT_PUBLISHABLE_KEY.to_owned()),
        };
        let relayer = Relayer::new(self.relayer);
        let state = State::new(self.api, relayer, self.on_call, self.on_browser_event);
        FakeMagic::serve(self.bind, keys, client_id, state).await
    }
}

/// Shows the address only.
impl fmt::Debug for FakeMagicBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeMagicBuilder").field("bind", &self.bind).finish_non_exhaustive()
    }
}

const DEFAULT_SECRET_KEY: &str = "sk_live_TESTKIT0FAKE0KEY";
const DEFAULT_PUBLISHABLE_KEY: &str = "pk_live_TESTKIT0FAKE0KEY";
const DEFAULT_CLIENT_ID: &str = "did:magic:7e57c1d0-0000-4000-8000-000000000001";
