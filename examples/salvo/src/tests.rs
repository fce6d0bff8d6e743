use std::net::SocketAddr;

use magic_admin::SecretKey;
use magic_admin_testkit::{Endpoint, FakeMagic, TestUser};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;

async fn start(fake: &FakeMagic) -> SocketAddr {
    let key = SecretKey::new(fake.secret_key()).unwrap();
    let magic = Magic::builder(key).base_url(fake.base_url()).build().unwrap();
    let acceptor = TcpListener::new("127.0.0.1:0").bind().await;
    let address = acceptor.local_addr().unwrap();
    tokio::spawn(serve(acceptor, magic));
    address
}

/// Sends a `GET` over a socket, and returns the head and body of the response.
async fn get(address: SocketAddr, path: &str, token: Option<&str>) -> String {
    let authorization =
        token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Connection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn the_layer_requires_a_token() {
    let fake = FakeMagic::start().await.unwrap();
    let address = start(&fake).await;
    let alice = TestUser::from_seed(1);
    let token = fake.mint().token(&alice);

    for (path, token, body) in [
        ("/me", Some(&*token), &*alice.issuer().to_string()),
        ("/email", Some(&*token), "alice@example.com"),
        ("/news", None, "Public news"),
    ] {
        let answer = get(address, path, token).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(body), "{answer}");
    }
    let stranger = fake.mint().token(&TestUser::from_seed(99));
    let answer = get(address, "/email", Some(&stranger)).await;
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");

    let expired = fake.mint().builder(&alice).expired().build();
    let before = fake.calls_to(Endpoint::User).len();
    for path in ["/me", "/email"] {
        for (token, challenge, code) in [
            (None, "Bearer realm=\"magic\"\r\n", "ERROR_MISSING_AUTH_HEADER"),
            (
                Some(&*expired),
                "Bearer realm=\"magic\", error=\"invalid_token\"",
                "ERROR_DIDT_EXPIRED",
            ),
        ] {
            let answer = get(address, path, token).await;
            assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
            assert!(answer.contains(&format!("www-authenticate: {challenge}")), "{answer}");
            assert!(answer.contains("content-type: application/problem+json"), "{answer}");
            assert!(answer.contains(code), "{answer}");
        }
    }
    assert_eq!(fake.calls_to(Endpoint::User).len(), before);
}
