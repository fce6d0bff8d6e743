use std::{error::Error, time::Duration};

use magic_admin::{
    ApiError, ApiErrorKind, SecretKey,
    admin::{Client, TransportError, TransportErrorKind},
};
use tokio::time::Instant;

use crate::support::{Answer, KEY, Log, Server, builder, client, in_frozen_time, issuer};

const GOOD: &str = r#"{"client_id": "c"}"#;

async fn info(script: impl IntoIterator<Item = Answer>) -> (Result<String, ApiError>, usize) {
    let server = Server::answering(script).await;
    let outcome = client(&server).info().await;
    (outcome.map(|info| info.client_id().to_owned()), server.received().len())
}

fn transport_kind(error: &ApiError) -> Option<TransportErrorKind> {
    Some(error.source()?.downcast_ref::<TransportError>()?.kind())
}

fn head(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}\r\n").into_bytes()
}

#[tokio::test]
async fn a_refused_connection() {
    let log = Log::capture();
    let server = Server::gone().await;
    let error = client(&server).info().await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ApiErrorKind::ApiConnection, None));
    assert_eq!(transport_kind(&error), Some(TransportErrorKind::Connect));
    assert!(error.is_retryable() && !error.is_timeout());
    assert_eq!(log.attempts(), 4);
}

#[tokio::test]
async fn a_name_that_does_not_exist() {
    let client = Client::builder(SecretKey::new(KEY).unwrap())
        .base_url("http://magic.invalid")
        .dangerous_allow_plain_http()
        .backoff(Duration::ZERO)
        .build()
        .unwrap();
    let error = client.info().await.unwrap_err();
    assert_eq!(error.kind(), ApiErrorKind::ApiConnection);
    assert_eq!(transport_kind(&error), Some(TransportErrorKind::Connect));
}

#[tokio::test]
async fn a_broken_connection() {
    let announced = [head("Content-Length: 100\r\n"), GOOD.into()].concat();
    for answer in [
        Answer::Reset(Vec::new()),
        Answer::Bytes(Vec::new()),
        Answer::Reset(announced.clone()),
        Answer::Bytes(announced),
        Answer::Bytes(head("Transfer-Encoding: chunked\r\n")),
        Answer::Bytes(b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
    ] {
        let (outcome, attempts) = info([answer]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::ApiConnection, None));
        assert_eq!(transport_kind(&error), Some(TransportErrorKind::Interrupted));
        assert_eq!(attempts, 4);
    }
}

#[tokio::test]
async fn a_connection_that_recovers() {
    let script = [
        Answer::Reset(Vec::new()),
        Answer::new(503, "", ""),
        Answer::json(429, "{}"),
        Answer::json(200, GOOD),
    ];
    let (outcome, attempts) = info(script).await;
    assert_eq!((outcome.unwrap().as_str(), attempts), ("c", 4));
}

/// An attempt may take 10 s and all attempts together 30 s, so the third attempt has to end early.
#[tokio::test(start_paused = true)]
async fn slow_responses_time_out() {
    for beginning in [Vec::new(), head("Content-Length: 100\r\n")] {
        let server = Server::answering([Answer::Hang(beginning)]).await;
        let client = builder(&server).backoff(Duration::from_millis(500)).build().unwrap();
        let started = Instant::now();
        let error = in_frozen_time(async move { client.info().await.unwrap_err() }).await;
        assert!(
            (30_000..30_050).contains(&started.elapsed().as_millis()),
            "{:?}",
            started.elapsed()
        );
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::ApiConnection, None));
        assert!(error.is_timeout() && error.is_retryable());
        assert_eq!(transport_kind(&error), Some(TransportErrorKind::Timeout));
        assert_eq!(server.received().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_two_seconds() {
    let script = [Answer::new(429, "Retry-After: 2\r\n", "{}"), Answer::json(200, GOOD)];
    let server = Server::answering(script).await;
    let client = client(&server);
    let info = in_frozen_time(async move { client.info().await.unwrap() }).await;
    assert_eq!(info.client_id(), "c");
    let received = server.received();
    assert_eq!(received.len(), 2);
    assert!(received[1].at - received[0].at >= Duration::from_secs(2));
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Server::answering([Answer::json(200, GOOD)]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}/v1/admin/client\r\n", elsewhere.url());
        let (outcome, attempts) = info([Answer::new(status, &location, "")]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(status)));
        assert!(error.to_string().contains("is a redirect, which is not followed"), "{error}");
        assert_eq!(attempts, 1);
    }
    assert!(elsewhere.received().is_empty(), "the secret key was sent elsewhere");
}

#[tokio::test]
async fn unreadable_successes_are_errors() {
    let gzip = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], GOOD.as_bytes()].concat();
    let long = format!(r#"{{"client_id": "{}"}}"#, "c".repeat(10 * 1024 * 1024));
    let chunked = [
        head("Transfer-Encoding: chunked\r\n"),
        format!("{:x}\r\n{long}\r\n0\r\n\r\n", long.len()).into(),
    ]
    .concat();
    let deep = "[".repeat(100_000);
    for (answer, said) in [
        (Answer::new(200, "Content-Encoding: gzip\r\n", gzip), "not JSON"),
        (Answer::new(200, "", ""), "empty"),
        (
            Answer::new(200, "Content-Type: text/html; charset=utf-8\r\n", "<html>"),
            "(text/html) is not JSON",
        ),
        (Answer::json(200, r#"{"client_id": "c""#), "not JSON"),
        (Answer::json(200, "{\"client_id\": \"\u{0}\"}"), "not JSON"),
        (Answer::new(200, "", b"{\"client_id\": \"\xff\"}"), "not JSON"),
        (Answer::json(200, &deep), "not JSON"),
        (Answer::json(200, "null"), "neither an object nor a list"),
        (Answer::json(200, &long), "larger than 1 MiB"),
        (Answer::Bytes(chunked), "larger than 1 MiB"),
    ] {
        let (outcome, attempts) = info([answer]).await;
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)), "{error}");
        assert!(error.message().contains(said), "{error}");
        assert_eq!(attempts, 1);
    }
}

#[tokio::test]
async fn a_body_of_one_mebibyte_is_read() {
    let frame = GOOD.len() - 1;
    for (length, fits) in [(1024 * 1024, true), (1024 * 1024 + 1, false)] {
        let body = format!(r#"{{"client_id": "{}"}}"#, "c".repeat(length - frame));
        assert_eq!(body.len(), length);
        let (outcome, _) = info([Answer::json(200, &body)]).await;
        assert_eq!(outcome.is_ok(), fits, "{length}");
    }
}

#[tokio::test]
async fn an_empty_success_is_not_a_logout() {
    let server = Server::answering([Answer::new(200, "", "")]).await;
    let error = client(&server).users().logout_by_issuer(issuer()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)));
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn proxy_error_pages_are_reported() {
    let page = "<html><body><h1>502 Bad Gateway</h1> sk_live_1</body></html>";
    let (outcome, attempts) = info([Answer::new(502, "Content-Type: text/html\r\n", page)]).await;
    let error = outcome.unwrap_err();
    assert_eq!(attempts, 4);
    assert_eq!(
        error.to_string(),
        "Api (HTTP 502) on GET /v1/admin/client: the answer (text/html) is not JSON; is a proxy in the way?"
    );
}
