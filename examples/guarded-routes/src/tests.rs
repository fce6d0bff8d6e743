//! These tests need no port: the routes only verify tokens, so a mint is enough.

use axum::{
    body::{Body, to_bytes},
    http::{HeaderValue, Request, StatusCode},
};
use magic_admin_testkit::{Mint, TestUser};
use tower::ServiceExt;

use super::*;

const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

fn mint() -> Mint {
    Mint::new("my-client-id")
}

/// Returns the status and body of a `GET`, with or without an `Authorization` header.
async fn get(path: &str, authorization: Option<HeaderValue>) -> (StatusCode, String) {
    let mut request = Request::get(path);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app(mint().magic()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_layer_requires_a_token() {
    let bearer = mint().bearer(&TestUser::from_seed(1));
    assert_eq!(get("/api/orders", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get("/api/address", None).await.0, StatusCode::UNAUTHORIZED);
    let orders = get("/api/orders", Some(bearer.clone())).await;
    assert_eq!(orders, (StatusCode::OK, format!("Orders of did:ethr:{ALICE}")));
    let address = get("/api/address", Some(bearer)).await;
    assert_eq!(address, (StatusCode::OK, ALICE.to_owned()));
}

#[tokio::test]
async fn the_feed_rejects_only_invalid_tokens() {
    let alice = TestUser::from_seed(1);
    let guest = get("/feed", None).await;
    assert_eq!(guest, (StatusCode::OK, "The public feed".to_owned()));
    let known = get("/feed", Some(mint().bearer(&alice))).await;
    assert_eq!(known, (StatusCode::OK, format!("Chosen for {ALICE}")));
    let expired = mint().builder(&alice).expired().bearer();
    assert_eq!(get("/feed", Some(expired)).await.0, StatusCode::UNAUTHORIZED);
}
