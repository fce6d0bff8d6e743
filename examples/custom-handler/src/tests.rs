use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Request},
};
use magic_admin_testkit::{FakeMagic, TestUser};
use tower::ServiceExt;

use super::*;

/// Returns the status and body of the response to an order.
async fn post(fake: &FakeMagic, authorization: HeaderValue, order: &'static str) -> (u16, String) {
    let request = Request::post("/orders")
        .header("authorization", authorization)
        .body(Body::from(order))
        .unwrap();
    let response = app(fake.magic()).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn accepts_only_the_order_that_was_signed() {
    let fake = FakeMagic::start().await.unwrap();
    let alice = TestUser::from_seed(1);
    let bearer = fake.mint().builder(&alice).attachment("two lamps").bearer();
    let answer = post(&fake, bearer.clone(), "two lamps").await;
    assert_eq!(answer, (200, format!("{} ordered two lamps", alice.address())));
    let (status, problem) = post(&fake, bearer, "nine lamps").await;
    assert_eq!(status, 401);
    assert!(problem.contains("ERROR_INCORRECT_SIGNER_ADDR"), "{problem}");
}

#[tokio::test]
async fn rejects_unknown_users_and_guests() {
    let fake = FakeMagic::start().await.unwrap();
    let unknown = TestUser::from_seed(99);
    let bearer = fake.mint().builder(&unknown).attachment("two lamps").bearer();
    let (status, problem) = post(&fake, bearer, "two lamps").await;
    assert_eq!(status, 403);
    assert!(problem.contains("ERROR_UNKNOWN_USER"), "{problem}");
    let (status, problem) = post(&fake, HeaderValue::from_static("Bearer null"), "two lamps").await;
    assert_eq!(status, 400);
    assert!(problem.contains("ERROR_MISSING_AUTH_HEADER"), "{problem}");
}
