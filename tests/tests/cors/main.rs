//! The API of `docs/spa.md` for a front end on another origin, over sockets.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod app;

use axum::http::HeaderValue;
use magic_admin::{Audience, Verifier};
use magic_admin_axum::Authenticator;
use magic_admin_testkit::{Mint, TestUser};
use tests::{Answer, CLIENT_ID, http_client};
use tokio::net::TcpListener;

const FRONT_END: &str = "https://app.example.com";

/// Serves the application from the page, and returns the URL of its route.
async fn serve() -> String {
    let verifier = Verifier::new(Audience::new(CLIENT_ID).unwrap());
    let app = app::app(Authenticator::new(verifier), HeaderValue::from_static(FRONT_END));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/orders", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// Sends the preflight request that a browser sends before a request with a token.
async fn preflight(url: &str, origin: &str) -> Answer {
    let request = http_client().request(reqwest::Method::OPTIONS, url).header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    let headers = ("access-control-request-headers", "authorization,content-type");
    Answer::to(request.header(headers.0, headers.1)).await
}

fn list<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    answer.header(name).unwrap_or_default().split(',').map(str::trim).collect()
}

#[tokio::test]
async fn a_preflight_needs_no_token() {
    let url = serve().await;
    let answer = preflight(&url, FRONT_END).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("access-control-allow-origin"), Some(FRONT_END));
    assert!(list(&answer, "access-control-allow-methods").contains(&"POST"), "{answer:?}");
    let allowed = list(&answer, "access-control-allow-headers");
    assert!(["authorization", "content-type"].iter().all(|name| allowed.contains(name)));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("access-control-max-age"), Some("3600"));
}

#[tokio::test]
async fn another_front_end_is_not_allowed() {
    let url = serve().await;
    for origin in ["https://evil.example", "https://app.example.com.evil.example", "null"] {
        let answer = preflight(&url, origin).await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}: {answer:?}");
    }
}

#[tokio::test]
async fn a_cross_origin_call_with_a_token_passes() {
    let url = serve().await;
    let alice = TestUser::from_seed(1);
    let token = Mint::new(CLIENT_ID).token(&alice);
    let request = http_client().post(url).header("origin", FRONT_END).bearer_auth(token);
    let answer = Answer::to(request.body("a book")).await;
    let expected = format!("{} ordered a book", alice.address());
    assert_eq!((answer.status, answer.body.as_str()), (200, expected.as_str()));
    assert_eq!(answer.header("access-control-allow-origin"), Some(FRONT_END));
}

#[tokio::test]
async fn the_front_end_can_read_a_rejection() {
    let url = serve().await;
    let expired = Mint::new(CLIENT_ID).builder(&TestUser::from_seed(1)).expired().build();
    let request = http_client().get(&url).header("origin", FRONT_END);
    for (request, code) in [
        (request.try_clone().unwrap(), "ERROR_MISSING_AUTH_HEADER"),
        (request.bearer_auth(expired), "ERROR_DIDT_EXPIRED"),
    ] {
        let answer = Answer::to(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code));
        assert_eq!(answer.header("access-control-allow-origin"), Some(FRONT_END));
        let exposed = list(&answer, "access-control-expose-headers");
        assert!(["retry-after", "www-authenticate"].iter().all(|name| exposed.contains(name)));
    }
}

#[test]
fn the_guide_shows_the_code_that_is_tested() {
    let shown = include_str!("../../../docs/spa.md");
    // The function is public only for the test binary.
    let tested = include_str!("app.rs").replace("pub(crate) fn app", "fn app");
    assert!(shown.contains(&tested), "docs/spa.md and tests/tests/cors/app.rs differ");
}
