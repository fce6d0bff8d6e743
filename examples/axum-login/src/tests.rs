//! Tests over a real socket, like a browser. The tests send the cookie themselves, because it is for https
//! only.

use magic_admin::SecretKey;
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

struct Setup {
    fake: FakeMagic,
    revocations: RevocationList,
    address: std::net::SocketAddr,
}

impl Setup {
    async fn new() -> Self {
        let fake = FakeMagic::start().await.unwrap();
        let revocations = RevocationList::in_memory();
        let list = revocations.clone();
        let magic = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
            .base_url(fake.base_url())
            .api(|client| client.retries(0))
            .verifier(|verifier| verifier.revocations(list))
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = app(magic, revocations.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { fake, revocations, address }
    }

    fn token(&self, seed: u64) -> String {
        self.fake.mint().token(&TestUser::from_seed(seed))
    }

    /// Sends a request with these headers.
    async fn send(&self, request: &str, headers: &[(&str, &str)]) -> Answer {
        let mut text = format!("{request} HTTP/1.1\r\nHost: {}\r\n", self.address);
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        text += "Content-Length: 0\r\nConnection: close\r\n\r\n";
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        Answer(answer)
    }

    /// Signs in with a fresh token, and returns the cookie.
    async fn sign_in(&self, seed: u64) -> String {
        let answer = self.login(&self.token(seed), "").await;
        assert_eq!(answer.status(), 204, "{answer:?}");
        answer.cookie().unwrap().to_owned()
    }

    async fn login(&self, token: &str, cookie: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send("POST /login", &[("Authorization", &bearer), ("Cookie", cookie)]).await
    }

    async fn home(&self, cookie: &str) -> Answer {
        self.send("GET /", &[("Cookie", cookie)]).await
    }

    async fn log_out(&self, token: &str, cookie: &str) -> Answer {
        let bearer = format!("Bearer {token}");
        self.send("POST /v1/user/logout", &[("Authorization", &bearer), ("Cookie", cookie)]).await
    }
}

/// The head and body of a response, unparsed.
#[derive(Debug)]
struct Answer(String);

impl Answer {
    fn status(&self) -> u16 {
        self.0.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Returns the name and value of the cookie that the response sets.
    fn cookie(&self) -> Option<&str> {
        let value = self.0.lines().find_map(|line| line.strip_prefix("set-cookie: "))?;
        value.split(';').next()
    }
}

const ALICE: &str = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

#[tokio::test]
async fn a_token_is_exchanged_for_a_session() {
    let setup = Setup::new().await;
    assert_eq!(setup.home("").await.status(), 401);
    assert_eq!(setup.home("id=AAAAAAAAAAAAAAAAAAAAAA").await.status(), 401);
    let answer = setup.login(&setup.token(1), "").await;
    for attribute in ["HttpOnly", "SameSite=Strict", "Secure"] {
        assert!(answer.0.contains(attribute), "{answer:?}");
    }
    let home = setup.home(answer.cookie().unwrap()).await;
    assert_eq!(home.status(), 200);
    assert!(home.0.ends_with(ALICE), "{home:?}");
}

#[tokio::test]
async fn a_sign_in_needs_a_valid_unused_token() {
    let setup = Setup::new().await;
    let no_token = setup.send("POST /login", &[]).await;
    let unknown = setup.login(&setup.token(99), "").await;
    let token = setup.token(1);
    setup.fake.fail_next(Fault::status(500).at(Endpoint::User));
    let failed = setup.login(&token, "").await;
    // The failure has not consumed the token.
    assert_eq!(setup.login(&token, "").await.status(), 204);
    let again = setup.login(&token, "").await;
    for (answer, status, code) in [
        (no_token, 401, "ERROR_MISSING_AUTH_HEADER"),
        (unknown, 403, "ERROR_UNKNOWN_USER"),
        (failed, 502, "SERVICE_ERROR"),
        (again, 401, "ERROR_DIDT_REPLAYED"),
    ] {
        assert_eq!((answer.status(), answer.cookie()), (status, None), "{answer:?}");
        assert!(answer.0.contains(code), "{answer:?}");
    }
}

#[tokio::test]
async fn a_sign_in_changes_the_session_id() {
    let setup = Setup::new().await;
    let planted = setup.sign_in(2).await;
    let answer = setup.login(&setup.token(1), &planted).await;
    assert_eq!(answer.status(), 204);
    assert_ne!(answer.cookie().unwrap(), planted);
    assert_eq!(setup.home(&planted).await.status(), 401);
    assert!(setup.home(answer.cookie().unwrap()).await.0.ends_with(ALICE));
}

#[tokio::test]
async fn a_logout_ends_sessions_on_all_devices() {
    let setup = Setup::new().await;
    let token = setup.token(1);
    let laptop = setup.login(&token, "").await.cookie().unwrap().to_owned();
    let (phone, bob) = (setup.sign_in(1).await, setup.sign_in(2).await);

    // Another user's token ends no session.
    assert_eq!(setup.log_out(&setup.token(2), &laptop).await.status(), 403);
    assert_eq!(setup.home(&laptop).await.status(), 200);
    assert!(setup.fake.logout_calls().is_empty());

    assert_eq!(setup.log_out(&token, &laptop).await.status(), 200);
    assert_eq!(setup.fake.logout_calls().len(), 1);
    for (cookie, status) in [(&laptop, 401), (&phone, 401), (&bob, 200)] {
        assert_eq!(setup.home(cookie).await.status(), status);
    }
}

#[tokio::test]
async fn an_expired_token_does_not_block_logout() {
    let setup = Setup::new().await;
    let cookie = setup.sign_in(1).await;
    let log_out = async |site| {
        let headers = [("Cookie", &*cookie), ("Sec-Fetch-Site", site)];
        setup.send("POST /v1/user/logout", &headers).await
    };
    assert_eq!(log_out("cross-site").await.status(), 403);
    assert_eq!(setup.home(&cookie).await.status(), 200);
    assert_eq!(log_out("same-origin").await.status(), 200);
    assert_eq!(setup.home(&cookie).await.status(), 401);
}

#[tokio::test]
async fn a_logout_works_while_magic_is_down() {
    let setup = Setup::new().await;
    let token = setup.token(1);
    let cookie = setup.login(&token, "").await.cookie().unwrap().to_owned();
    setup.fake.fail_next(Fault::status(500).at(Endpoint::Logout));
    assert_eq!(setup.log_out(&token, &cookie).await.status(), 502);
    assert_eq!(setup.home(&cookie).await.status(), 401);
    assert_eq!(setup.log_out(&token, &cookie).await.status(), 200);
    assert_eq!(setup.fake.logout_calls().len(), 2);
}

#[tokio::test]
async fn a_list_out_of_sync_is_an_error() {
    let setup = Setup::new().await;
    let cookie = setup.sign_in(1).await;
    setup.revocations.suspend();
    assert_eq!(setup.home(&cookie).await.status(), 500);
    setup.revocations.resume();
    assert_eq!(setup.home(&cookie).await.status(), 200);
}
