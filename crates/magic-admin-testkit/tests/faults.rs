//! Tests the faults of the fake Admin API, through a raw socket where HTTP clients would hide them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{io, time::Duration};

use http::{
    HeaderValue,
    header::{CONTENT_ENCODING, RETRY_AFTER},
};
use magic_admin_testkit::{Endpoint, FakeMagic, Fault, TestUser};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Returns everything that the server sends for one request on a separate connection, and how the
/// connection ended.
async fn raw(fake: &FakeMagic, request: &str) -> (String, io::Result<()>) {
    let mut stream = send(fake, request).await;
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(drop);
    (String::from_utf8_lossy(&bytes).into_owned(), end)
}

async fn send(fake: &FakeMagic, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(fake.address()).await.unwrap();
    let key = fake.secret_key();
    let text = format!(
        "{request} HTTP/1.1\r\nhost: fake\r\nx-magic-secret-key: {key}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(text.as_bytes()).await.unwrap();
    stream
}

async fn client(fake: &FakeMagic) -> String {
    raw(fake, "GET /v1/admin/client").await.0
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or("")
}

async fn started() -> FakeMagic {
    FakeMagic::start().await.unwrap()
}

#[tokio::test]
async fn status_faults_match_the_generation() {
    let fake = started().await;
    for code in [400, 401, 403, 404, 422, 429, 500, 503] {
        fake.fail_next(Fault::status(code).times(2));
        let flat = client(&fake).await;
        assert_eq!(status(&flat), code.to_string());
        assert!(flat.contains(if code == 422 { "\"detail\":[" } else { "\"error_code\":" }));
        let legacy = raw(&fake, "GET /v1/admin/client/get").await.0;
        assert_eq!(legacy.contains("\"status\":\"failed\""), code != 422, "{legacy}");
    }
    assert_eq!(status(&client(&fake).await), "200");
}

#[tokio::test]
async fn retry_after_is_opt_in() {
    let fake = started().await;
    fake.fail_next(Fault::status(429));
    assert!(!client(&fake).await.contains("retry-after"));
    fake.fail_next(Fault::status(429).retry_after(2));
    assert!(client(&fake).await.contains("\r\nretry-after: 2\r\n"));
    let date = HeaderValue::from_static("Wed, 21 Oct 2015 07:28:00 GMT");
    fake.fail_next(Fault::status(429).retry_after(2).header(RETRY_AFTER, date));
    assert!(client(&fake).await.contains("\r\nretry-after: Wed, 21 Oct 2015 07:28:00 GMT\r\n"));
}

#[tokio::test]
async fn sends_other_responses() {
    let fake = started().await;
    fake.fail_next(Fault::html(502));
    let html = client(&fake).await;
    assert!(html.starts_with("HTTP/1.1 502 ") && html.contains("<html>"), "{html}");

    fake.fail_next(Fault::garbage());
    let garbage = client(&fake).await;
    let body = garbage.split("\r\n\r\n").nth(1).unwrap();
    assert_eq!(status(&garbage), "200");
    assert!(serde_json::from_str::<serde_json::Value>(body).is_err());

    fake.fail_next(Fault::empty());
    let empty = client(&fake).await;
    assert!(empty.starts_with("HTTP/1.1 200 ") && empty.ends_with("\r\n\r\n"), "{empty}");

    fake.fail_next(Fault::failed());
    let failed = client(&fake).await;
    assert!(failed.starts_with("HTTP/1.1 200 ") && failed.contains("\"status\":\"failed\""));

    fake.fail_next(Fault::redirect(HeaderValue::from_static("http://127.0.0.1:9/stolen")));
    let redirect = client(&fake).await;
    assert!(redirect.starts_with("HTTP/1.1 302 "));
    assert!(redirect.contains("\r\nlocation: http://127.0.0.1:9/stolen\r\n"));

    let gzip = HeaderValue::from_static("gzip");
    fake.fail_next(Fault::body(200, "application/json", "no gzip").header(CONTENT_ENCODING, gzip));
    let encoded = client(&fake).await;
    assert!(encoded.contains("content-encoding: gzip") && encoded.ends_with("no gzip"));

    fake.fail_next(Fault::json(200, serde_json::json!({"client_id": 7})));
    assert!(client(&fake).await.ends_with("{\"client_id\":7}"));

    fake.fail_next(Fault::status(9999));
    assert_eq!(status(&client(&fake).await), "500");
}

#[tokio::test]
async fn ends_connections_without_a_response() {
    let fake = started().await;
    fake.fail_next(Fault::close());
    let (answer, end) = raw(&fake, "GET /v1/admin/client").await;
    assert_eq!((answer.as_str(), end.is_ok()), ("", true));

    fake.fail_next(Fault::reset());
    let (answer, end) = raw(&fake, "GET /v1/admin/client").await;
    assert_eq!((answer.as_str(), end.unwrap_err().kind()), ("", io::ErrorKind::ConnectionReset));

    let statuses: Vec<_> = fake.calls().iter().map(|call| call.status()).collect();
    assert_eq!(statuses, [None, None]);
}

#[tokio::test]
async fn cuts_responses_short() {
    let fake = started().await;
    let whole = client(&fake).await;
    let half_body = |answer: &str| {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let (_, all) = whole.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("content-length: {}", all.len())), "{head}");
        assert_eq!(body, &all[..all.len() / 2]);
    };

    fake.fail_next(Fault::truncated());
    let (answer, end) = raw(&fake, "GET /v1/admin/client").await;
    assert!(end.is_ok());
    half_body(&answer);

    fake.fail_next(Fault::reset_mid_body());
    let (answer, end) = raw(&fake, "GET /v1/admin/client").await;
    assert_eq!(end.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    half_body(&answer);
}

#[tokio::test]
async fn a_stalled_body_never_ends() {
    let fake = started().await;
    let whole = client(&fake).await;
    fake.fail_next(Fault::stalled_body());
    let mut stream = send(&fake, "GET /v1/admin/client").await;
    let mut received = Vec::new();
    let (head, body) = whole.split_once("\r\n\r\n").unwrap();
    let half = head.len() + 4 + body.len() / 2;
    while received.len() < half {
        assert_ne!(stream.read_buf(&mut received).await.unwrap(), 0);
    }
    drop(fake); // Only this ends the connection. The kind of end does not matter.
    let _ = stream.read_to_end(&mut received).await;
    assert_eq!(String::from_utf8(received).unwrap(), whole[..half]);
}

#[tokio::test]
async fn held_calls_complete_when_released() {
    let fake = started().await;
    fake.fail_next(Fault::hold().at(Endpoint::Client));
    let held = client(&fake);
    let meanwhile = async {
        fake.wait_for_calls(1).await;
        let call = &fake.calls()[0];
        assert_eq!((call.endpoint(), call.status()), (Some(Endpoint::Client), None));
        assert_eq!(status(&client(&fake).await), "200", "the next one passes");
        fake.release();
    };
    let (answer, ()) = tokio::join!(held, meanwhile);
    assert_eq!(status(&answer), "200");
    assert_eq!(fake.calls()[0].status(), Some(200));
}

#[tokio::test]
async fn releases_only_the_held_calls() {
    let fake = started().await;
    fake.release();
    fake.fail_next(Fault::hold());
    let mut stream = send(&fake, "GET /v1/admin/client").await;
    fake.wait_for_calls(1).await;
    assert_eq!(fake.calls()[0].status(), None);
    fake.release();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(status(&answer), "200");
}

#[tokio::test(start_paused = true)]
async fn delays_follow_tokios_clock() {
    let fake = started().await;
    let delay = Duration::from_secs(3_600);
    for fault in [Fault::delay(delay), Fault::status(503).delayed(delay)] {
        fake.fail_next(fault);
        let before = tokio::time::Instant::now();
        assert!(!client(&fake).await.is_empty());
        assert!(before.elapsed() >= delay);
    }
    let statuses: Vec<_> = fake.calls().iter().map(|call| call.status()).collect();
    assert_eq!(statuses, [Some(200), Some(503)]);
}

#[tokio::test]
async fn lasting_faults_respect_their_endpoint() {
    let fake = started().await;
    fake.fail(Fault::status(500).at(Endpoint::Logout));
    assert_eq!(status(&client(&fake).await), "200");
    for path in ["/v1/admin/user/logout", "/v2/admin/auth/user/logout", "/v1/admin/user/logout"] {
        assert_eq!(status(&raw(&fake, &format!("POST {path}")).await.0), "500");
    }
    fake.heal();
    assert_eq!(status(&raw(&fake, "POST /v1/admin/user/logout").await.0), "422");
}

#[tokio::test]
async fn shutdown_frees_the_port() {
    let fake = started().await;
    let address = fake.address();
    fake.fail(Fault::hold());
    let mut held = send(&fake, "GET /v1/admin/client").await;
    let mut idle = TcpStream::connect(address).await.unwrap();
    fake.wait_for_calls(1).await;
    fake.shutdown().await;

    let mut rest = Vec::new();
    for stream in [&mut held, &mut idle] {
        let end = stream.read_to_end(&mut rest).await;
        assert!(end.is_ok() || end.unwrap_err().kind() == io::ErrorKind::ConnectionReset);
    }
    assert!(rest.is_empty());
    let again = FakeMagic::builder().bind(address).start().await.unwrap();
    assert_eq!(again.address(), address);
}

#[tokio::test]
async fn dropping_the_fake_stops_it() {
    let fake = started().await;
    let mut idle = TcpStream::connect(fake.address()).await.unwrap();
    client(&fake).await; // Ensures that the earlier, idle connection has been accepted.
    drop(fake);
    let mut rest = Vec::new();
    let end = idle.read_to_end(&mut rest).await;
    assert!(end.is_ok() || end.unwrap_err().kind() == io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn debug_omits_keys_and_addresses() {
    let fake = started().await;
    fake.add_user(TestUser::from_seed(3));
    fake.fail_next(Fault::json(200, "secret-body"));
    let shown = format!("{fake:?} {:?} {:?}", FakeMagic::builder(), fake.calls());
    assert!(!shown.contains("sk_live") && !shown.contains("example.com"), "{shown}");
}
