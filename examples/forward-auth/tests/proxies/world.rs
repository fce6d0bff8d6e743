use magic_admin::{Claims, dangerous::UnverifiedToken};
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser, TokenBuilder};

use crate::{
    application::Application,
    client::Answer,
    proxy::{Kind, Proxy},
    relay::Relay,
    service::Service,
};

pub(crate) const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

pub(crate) struct World {
    fake: FakeMagic,
    token: String,
    pub(crate) application: Application,
    pub(crate) relay: Relay,
    _service: Service,
    proxy: Proxy,
}

impl World {
    /// Starts everything. Returns `None` if the proxy is not installed.
    pub(crate) async fn start(kind: Kind) -> Option<Self> {
        let fake = FakeMagic::start().await.unwrap();
        let token = fake.mint().token(&TestUser::from_seed(1));
        let application = Application::start().await;
        let service = Service::start(&fake).await;
        let relay = Relay::start(service.address.clone()).await;
        let proxy = Proxy::start(kind, &relay.address, &application.address).await?;
        application.forget();
        Some(Self { fake, token, application, relay, _service: service, proxy })
    }

    pub(crate) async fn get(&self, path: &str, headers: &str) -> Answer {
        self.send("GET", path, headers, b"").await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &[u8],
    ) -> Answer {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: shop.example\r\n{headers}");
        self.proxy.endpoint.send(&head, body).await.unwrap()
    }

    /// Returns the header with Alice's token.
    pub(crate) fn bearer(&self) -> String {
        format!("Authorization: Bearer {}\r\n", self.token)
    }

    /// Returns the claims of that token.
    pub(crate) fn claims(&self) -> Claims {
        UnverifiedToken::decode(&self.token).unwrap().claims().clone()
    }

    /// Returns the header with a modified token.
    pub(crate) fn header(&self, defect: impl FnOnce(TokenBuilder) -> TokenBuilder) -> String {
        let token = defect(self.fake.mint().builder(&TestUser::from_seed(1))).build();
        format!("Authorization: Bearer {token}\r\n")
    }

    pub(crate) fn magic_is_down(&self) {
        self.fake.fail(Fault::status(500).at(Endpoint::Client));
    }

    pub(crate) fn magic_is_back(&self) {
        self.fake.heal();
    }

    pub(crate) async fn stop_service(&mut self) {
        self.relay.stop().await;
    }
}
