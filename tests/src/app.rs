use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::Router;
use magic_admin::{Magic, MagicBuilder, SecretKey, UnixSeconds};
use magic_admin_axum::RunningLogouts;
use magic_admin_testkit::{FakeMagic, TestUser};
use quickstart::{CookieSecurity, Database, Page, SpentTokens};
use tokio::{net::TcpListener, task::JoinHandle};

use crate::Answer;

/// The quickstart's application on its own port, and the fake Admin API that it uses.
///
/// The fake knows Alice and Bob, users 1 and 2.
#[derive(Debug)]
pub struct App {
    pub fake: FakeMagic,
    pub magic: Magic,
    pub database: Database,
    url: String,
    http: reqwest::Client,
    server: JoinHandle<()>,
    seconds_ahead: AtomicI64,
}

impl App {
    /// Starts them without retries, so that a fault is one call.
    pub async fn start() -> Self {
        Self::with(|magic| magic, |router| router).await
    }

    /// Starts them with these settings of Magic, and with a wrapper around the application.
    pub async fn with(
        settings: impl FnOnce(MagicBuilder) -> MagicBuilder,
        wrap: impl FnOnce(Router) -> Router,
    ) -> Self {
        Self::build(settings, wrap, |page, _| page).await
    }

    /// Starts them with these settings of the page.
    pub async fn with_page(page: impl FnOnce(Page, &FakeMagic) -> Page) -> Self {
        Self::build(|magic| magic, |router| router, page).await
    }

    async fn build(
        settings: impl FnOnce(MagicBuilder) -> MagicBuilder,
        wrap: impl FnOnce(Router) -> Router,
        page: impl FnOnce(Page, &FakeMagic) -> Page,
    ) -> Self {
        let fake = FakeMagic::start().await.expect("a port is free");
        let key = SecretKey::new(fake.secret_key()).expect("the fake's key is usable");
        let magic = Magic::builder(key).base_url(fake.base_url()).api(|client| client.retries(0));
        let spent = SpentTokens::in_memory();
        let magic = magic.verifier(|verifier| verifier.revocations(spent.revocations()));
        let magic = settings(magic).build().expect("the settings are usable");
        let database = Database::open("sqlite::memory:").await.expect("SQLite opens");
        let router = quickstart::app(
            magic.clone(),
            spent.guard(),
            spent.revocations(),
            &database,
            CookieSecurity::Loopback,
            page(Page::new(spent.challenges()), &fake),
            &RunningLogouts::new(),
        );
        let router = wrap(router);

        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let server = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("the server runs");
        });
        let http = http_client();
        Self { fake, magic, database, url, http, server, seconds_ahead: AtomicI64::new(1) }
    }

    /// Returns a token of user 1.
    pub fn alice(&self) -> String {
        self.fake.mint().token(&TestUser::from_seed(1))
    }

    /// Returns a token of user 2.
    pub fn bob(&self) -> String {
        self.fake.mint().token(&TestUser::from_seed(2))
    }

    /// Returns a token of user 1 that no logout so far has revoked: each is issued one second after
    /// the previous one.
    pub fn later_alice(&self) -> String {
        let later = self.seconds_ahead.fetch_add(1, Ordering::Relaxed);
        let issued_at = UnixSeconds::now().get() + later;
        self.fake.mint().builder(&TestUser::from_seed(1)).issued_at(issued_at).build()
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.url))
    }

    pub fn post(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.post(format!("{}{path}", self.url))
    }

    /// Signs in, and returns the session's cookie.
    pub async fn sign_in(&self, token: &str) -> String {
        let answer = Answer::to(self.post("/v1/user/login").bearer_auth(token)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let cookie = answer.header("set-cookie").expect("a session");
        cookie.split(';').next().expect("name and value").to_owned()
    }

    /// Requests a logout in a session.
    pub async fn log_out(&self, token: &str, session: &str) -> Answer {
        let request = self.post("/v1/user/logout").bearer_auth(token).header("cookie", session);
        Answer::to(request).await
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// An HTTP client for `http://`.
///
/// reqwest needs a TLS provider nevertheless: the features that `magic-admin` enables apply to this
/// client as well, and without a provider it would panic.
pub fn http_client() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .build()
        .expect("the settings are usable")
}
