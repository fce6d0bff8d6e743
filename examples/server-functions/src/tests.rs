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
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app(magic)).await.unwrap() });
    address
}

/// Calls a server function like a form in a browser, and returns the head and body of the response.
async fn submit(address: SocketAddr, path: &str, form: &str, token: Option<&str>) -> String {
    let authorization =
        token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[track_caller]
fn assert_ok(answer: &str, text: &str) {
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with(&format!("{text:?}")), "{answer}");
}

#[tokio::test]
async fn a_server_function_knows_its_user() {
    let fake = FakeMagic::start().await.unwrap();
    let address = start(&fake).await;
    let alice = TestUser::from_seed(1);
    let token = fake.mint().token(&alice);

    let greeting = submit(address, "/api/greeting", "hello=Hi", Some(&token)).await;
    assert_ok(&greeting, &format!("Hi, {}!", alice.address()));
    assert_ok(&submit(address, "/api/greeting", "hello=Hi", None).await, "Hi, guest!");
    assert_ok(&submit(address, "/api/account/email", "", Some(&token)).await, "alice@example.com");
}

#[tokio::test]
async fn guests_cannot_call_a_guarded_function() {
    let fake = FakeMagic::start().await.unwrap();
    let address = start(&fake).await;
    let alice = TestUser::from_seed(1);
    let expired = fake.mint().builder(&alice).expired().build();
    for (token, code) in
        [(None, "ERROR_MISSING_AUTH_HEADER"), (Some(&*expired), "ERROR_DIDT_EXPIRED")]
    {
        let answer = submit(address, "/api/account/email", "", token).await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert!(answer.contains("www-authenticate: Bearer realm=\"magic\""), "{answer}");
        assert!(answer.contains(code), "{answer}");
    }
    // Other spellings of the path do not get around the layer.
    for path in ["/api/account%2Femail", "/api//account/email", "/api/acc%6Funt/email"] {
        let answer = submit(address, path, "", None).await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    assert!(fake.calls_to(Endpoint::User).is_empty());

    // The extractor treats an invalid token as an error, not as a guest, and does not show it.
    let answer = submit(address, "/api/greeting", "hello=Hi", Some(&expired)).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(!answer.contains(&expired) && !answer.contains(alice.subject()), "{answer}");
}
