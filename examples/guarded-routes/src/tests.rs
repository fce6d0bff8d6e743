use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use magic_admin::SecretKey;
use magic_admin_testkit::{FakeMagic, TestUser};
use tower::ServiceExt;

use super::*;

const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// Status and body of the answer to a `GET`, with this `Authorization` header or none.
async fn get(fake: &FakeMagic, path: &str, authorization: Option<&str>) -> (StatusCode, String) {
    let key = SecretKey::new(fake.secret_key()).unwrap();
    let magic = Magic::builder(key).base_url(fake.base_url()).build().unwrap();
    let mut request = Request::get(path);
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    let response = app(magic).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn the_layer_lets_only_tokens_through() {
    let fake = FakeMagic::start().await.unwrap();
    let bearer = format!("Bearer {}", fake.mint().token(&TestUser::from_seed(1)));
    assert_eq!(get(&fake, "/api/orders", None).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(get(&fake, "/api/address", None).await.0, StatusCode::UNAUTHORIZED);
    let orders = get(&fake, "/api/orders", Some(&bearer)).await;
    assert_eq!(orders, (StatusCode::OK, format!("Orders of did:ethr:{ALICE}")));
    let address = get(&fake, "/api/address", Some(&bearer)).await;
    assert_eq!(address, (StatusCode::OK, ALICE.to_owned()));
}

#[tokio::test]
async fn the_feed_is_for_everybody_but_not_for_a_bad_token() {
    let fake = FakeMagic::start().await.unwrap();
    let alice = TestUser::from_seed(1);
    let good = format!("Bearer {}", fake.mint().token(&alice));
    let expired = format!("Bearer {}", fake.mint().builder(&alice).expired().build());
    let guest = get(&fake, "/feed", None).await;
    assert_eq!(guest, (StatusCode::OK, "What everybody reads".to_owned()));
    let known = get(&fake, "/feed", Some(&good)).await;
    assert_eq!(known, (StatusCode::OK, format!("Chosen for {ALICE}")));
    assert_eq!(get(&fake, "/feed", Some(&expired)).await.0, StatusCode::UNAUTHORIZED);
}
