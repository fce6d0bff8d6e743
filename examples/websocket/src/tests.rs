use std::{net::TcpStream, time::Duration};

use axum::{body::Body, http::Request};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use magic_admin::{Clock, SecretKey, UnixSeconds};
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, SettableClock, TestUser};
use tungstenite::{
    ClientRequestBuilder, Error, Message, WebSocket, connect, http::Response,
    stream::MaybeTlsStream,
};

use super::*;

type Socket = WebSocket<MaybeTlsStream<TcpStream>>;

/// Told by the test, and asked every few milliseconds.
#[derive(Debug, Clone)]
struct TestClock(SettableClock);

impl Clock for TestClock {
    fn now(&self) -> UnixSeconds {
        self.0.now()
    }

    fn time_until_after(&self, _: UnixSeconds) -> Duration {
        Duration::from_millis(5)
    }
}

/// The application on a free port.
struct Served {
    fake: FakeMagic,
    clock: SettableClock,
    alice: TestUser,
    address: String,
}

impl Served {
    async fn new() -> Self {
        let fake = FakeMagic::start().await.unwrap();
        let clock = SettableClock::at(1_700_000_000);
        let revocations = RevocationList::builder().clock(TestClock(clock.clone())).build();
        let (list, time) = (revocations.clone(), clock.clone());
        let magic = Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
            .base_url(fake.base_url())
            .verifier(|verifier| verifier.clock(time).revocations(list))
            .build()
            .unwrap();
        let app = app(magic, revocations);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { fake, clock, alice: TestUser::from_seed(1), address }
    }

    fn token(&self, user: &TestUser) -> String {
        self.fake.mint().with_clock(self.clock.clone()).token(user)
    }

    /// As a page does it: the token in base64url without padding, beside the marker.
    async fn open(&self, token: &str) -> Result<(Socket, Response<Option<Vec<u8>>>), Error> {
        let secret = token.replace('+', "-").replace('/', "_");
        let secret = secret.trim_end_matches('=');
        let request =
            ClientRequestBuilder::new(format!("ws://{}/echo", self.address).parse().unwrap())
                .with_sub_protocol("magic.did-token.v1")
                .with_sub_protocol(format!("magic.did-token.v1.{secret}"));
        waiting(move || connect(request)).await
    }

    /// From another device, with a token of its own.
    async fn log_out(&self, user: &TestUser) -> u16 {
        self.log_out_with(&self.token(user)).await
    }

    async fn log_out_with(&self, token: &str) -> u16 {
        let request = Request::post(format!("http://{}/v1/user/logout", self.address))
            .header("authorization", format!("Bearer {token}"))
            .body(Body::empty())
            .unwrap();
        let client = Client::builder(TokioExecutor::new()).build_http();
        client.request(request).await.unwrap().status().as_u16()
    }
}

/// Runs what blocks.
async fn waiting<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(run).await.unwrap()
}

async fn say(mut socket: Socket, text: &'static str) -> (Socket, String) {
    waiting(move || {
        socket.send(Message::text(text)).unwrap();
        let answer = socket.read().unwrap().into_text().unwrap().to_string();
        (socket, answer)
    })
    .await
}

/// Waits until the server closes.
async fn closed(mut socket: Socket) -> (u16, String) {
    waiting(move || match socket.read().unwrap() {
        Message::Close(Some(frame)) => (frame.code.into(), frame.reason.to_string()),
        other => panic!("not closed: {other:?}"),
    })
    .await
}

#[tokio::test]
async fn a_page_signs_in_by_subprotocol() {
    let served = Served::new().await;
    let token = served.token(&served.alice);
    let (socket, response) = served.open(&token).await.unwrap();
    // Without it a browser would close; the token never comes back.
    assert_eq!(response.headers()["sec-websocket-protocol"], "magic.did-token.v1");
    let (_socket, answer) = say(socket, "hello").await;
    assert_eq!(answer, "hello");
}

#[tokio::test]
async fn nobody_else_gets_a_socket() {
    let served = Served::new().await;
    let token = served.token(&served.alice);
    served.clock.advance(901);
    for token in [&*token, "WyJh", "null"] {
        match served.open(token).await {
            Err(Error::Http(response)) => assert_eq!(response.status(), 401, "{token}"),
            other => panic!("{token}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_logout_elsewhere_closes_the_users_sockets() {
    let served = Served::new().await;
    let bob = TestUser::from_seed(2);
    let (phone, _) = served.open(&served.token(&served.alice)).await.unwrap();
    let (laptop, _) = served.open(&served.token(&served.alice)).await.unwrap();
    let (others, _) = served.open(&served.token(&bob)).await.unwrap();

    assert_eq!(served.log_out(&served.alice).await, 200);
    for socket in [phone, laptop] {
        assert_eq!(closed(socket).await, (4001, "logged out".to_owned()));
    }
    assert_eq!(say(others, "still here").await.1, "still here");
}

/// The token is revoked by the first attempt already.
#[tokio::test]
async fn a_logout_that_failed_at_magic_can_be_repeated() {
    let served = Served::new().await;
    let token = served.token(&served.alice);
    let (socket, _) = served.open(&token).await.unwrap();
    served.fake.fail_next(Fault::status(500).at(Endpoint::Logout));
    assert_eq!(served.log_out_with(&token).await, 502);
    assert_eq!(closed(socket).await, (4001, "logged out".to_owned()));
    assert_eq!(served.log_out_with(&token).await, 200);
    assert_eq!(served.fake.logout_calls().len(), 2);
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let served = Served::new().await;
    let (socket, _) = served.open(&served.token(&served.alice)).await.unwrap();
    served.clock.advance(900);
    let (socket, answer) = say(socket, "still here").await;
    assert_eq!(answer, "still here");
    served.clock.advance(1);
    assert_eq!(closed(socket).await, (4002, "token expired".to_owned()));
}
