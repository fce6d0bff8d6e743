use std::time::Duration;

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use magic_admin_testkit::{FakeMagic, TestUser};
use test_chain::{Anvil, Arg, CHAIN_ID};
use tower::ServiceExt;

use super::*;

const MINT: &str = "0x6a627842";
const TRANSFER: &str = "0x23b872dd";

/// The club on its own chain. It queries the chain each time, so that the test does not have to wait.
struct Club {
    anvil: Anvil,
    contract: String,
    fake: FakeMagic,
    app: Router,
}

impl Club {
    async fn open() -> Option<Self> {
        let anvil = Anvil::start()?;
        let contract = anvil.erc721();
        let chain = Chain::new(CHAIN_ID, anvil.url()).unwrap();
        let members = Gate::builder(chain.erc721(contract.parse().unwrap()))
            .remember_owned(Duration::ZERO)
            .remember_not_owned(Duration::ZERO)
            .build();
        let fake = FakeMagic::start().await.unwrap();
        let magic = fake.magic();
        Some(Self { anvil, contract, fake, app: app(magic, members) })
    }

    async fn get(&self, path: &str, user: Option<&TestUser>) -> (StatusCode, String) {
        let mut request = Request::get(path);
        if let Some(user) = user {
            request = request.header("authorization", self.fake.mint().bearer(user));
        }
        let request = request.body(Body::empty()).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    /// Returns the status of `/members` and `/votes`, which must be the same.
    async fn members(&self, user: Option<&TestUser>) -> u16 {
        let (members, votes) = (self.get("/members", user).await, self.get("/votes", user).await);
        assert_eq!(members.0, votes.0);
        members.0.as_u16()
    }
}

#[tokio::test]
async fn the_pass_lets_its_owner_in() {
    let Some(club) = Club::open().await else { return };
    let (alice, bob) = (TestUser::from_seed(1), TestUser::from_seed(2));
    let (a, b) = (alice.address().to_string(), bob.address().to_string());
    assert_eq!(club.get("/", None).await.0, StatusCode::OK);
    assert_eq!(club.members(None).await, 401);
    assert_eq!(club.members(Some(&alice)).await, 403);

    club.anvil.send(&club.contract, MINT, &[Arg::Address(&a)]);
    let lounge = club.get("/members", Some(&alice)).await;
    assert_eq!(lounge, (StatusCode::OK, format!("Welcome to the lounge, {a}!")));
    assert_eq!((club.members(Some(&alice)).await, club.members(Some(&bob)).await), (200, 403));

    let args = [Arg::Address(&a), Arg::Address(&b), Arg::Number(0)];
    club.anvil.send_as(&a, &club.contract, TRANSFER, &args);
    assert_eq!((club.members(Some(&alice)).await, club.members(Some(&bob)).await), (403, 200));
    assert!(club.get("/members", Some(&alice)).await.1.contains("ERROR_NOT_OWNED"));
}

#[tokio::test]
async fn a_chain_that_is_down_is_a_503() {
    let Some(club) = Club::open().await else { return };
    let alice = TestUser::from_seed(1);
    club.anvil.send(&club.contract, MINT, &[Arg::Address(&alice.address().to_string())]);
    let Club { anvil, contract, fake, app } = club;
    drop(anvil);
    let request = Request::get("/members")
        .header("authorization", format!("Bearer {}", fake.mint().token(&alice)))
        .body(Body::empty())
        .unwrap();
    let response = app.oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE, "{contract}");
    assert!(response.headers().contains_key("retry-after"));
}
