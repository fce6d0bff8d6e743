//! After a logout, the token is rejected, but the logout can be repeated.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use axum::{Router, http::StatusCode, routing::get};
use magic_admin::{
    Issuer, Magic, RevocationList, StoreError, StoreErrorKind,
    revocation::{Revocation, RevocationStore, StoreFuture},
};
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, RequireTokenLayer, after_logout_fn,
    load_user_fn, logout_router,
};
use magic_admin_testkit::{Endpoint, Fault};
use support::{World, bearer, get as fetch, invalid_token, magic_builder, post};

const LOGOUT: &str = "/v1/user/logout";
const REVOKED: &str = "The DID token was revoked because the user logged out.";

/// Creates a world whose `Magic` uses this list.
async fn world(list: &dyn Fn(&World) -> RevocationList) -> World {
    let mut world = World::new().await;
    world.magic = magic_builder(&world.fake, &world.clock)
        .client_id(world.fake.client_id())
        .verifier(|verifier| verifier.revocations(list(&world)))
        .build()
        .unwrap();
    world
}

fn in_memory(world: &World) -> RevocationList {
    RevocationList::builder().clock(world.clock.clone()).build()
}

/// Returns a route behind the layer, a route with only the extractor, and the logout route of
/// Alice.
fn app(world: &World) -> Router {
    async fn who(user: Authenticated) -> String {
        user.issuer().to_string()
    }
    let alice: Issuer = world.alice.issuer();
    let users = load_user_fn(move |()| async move { Ok::<_, StatusCode>(Some(alice)) });
    Router::<Magic>::new()
        .route("/guarded", get(who))
        .route_layer(RequireTokenLayer::new(world.magic.clone()))
        .route("/extracted", get(who))
        .merge(logout_router(world.magic.clone(), users))
        .with_state(world.magic.clone())
}

#[tokio::test]
async fn a_logout_revokes_the_users_tokens() {
    let world = world(&in_memory).await;
    let app = app(&world);
    let (token, other) = (bearer(&world.token()), bearer(&world.token()));
    let bob = bearer(&world.mint.token(&world.bob));
    for path in ["/guarded", "/extracted"] {
        fetch(&app, path, &[&token]).await.assert_ok(&world.alice.issuer().to_string());
    }

    post(&app, LOGOUT, &[&token]).await.assert_ok("");
    for path in ["/guarded", "/extracted"] {
        for token in [&token, &other] {
            let refused = fetch(&app, path, &[token]).await;
            refused.assert_refused(401, "ERROR_DIDT_REVOKED", Some(&invalid_token(REVOKED)));
        }
        assert_eq!(fetch(&app, path, &[&bob]).await.status, StatusCode::OK);
    }
    post(&app, LOGOUT, &[&token]).await.assert_ok("");
    assert_eq!(world.fake.logout_calls().len(), 2);

    world.clock.advance(1);
    assert_eq!(fetch(&app, "/guarded", &[&bearer(&world.token())]).await.status, StatusCode::OK);
}

/// The device's clock is fast. Its token is revoked individually, so that the user can sign in
/// again at once.
#[tokio::test]
async fn a_token_from_the_future_is_revoked() {
    let world = world(&in_memory).await;
    let app = app(&world);
    let early =
        |ahead| bearer(&world.mint.builder(&world.alice).issued_at(support::NOW + ahead).build());
    let (token, other) = (early(200), early(150));
    for token in [&token, &other] {
        assert_eq!(fetch(&app, "/guarded", &[token]).await.status, StatusCode::OK);
    }
    // The second logout is a retry.
    for _ in 0..2 {
        post(&app, LOGOUT, &[&token]).await.assert_ok("");
    }
    for seconds in [1, 200] {
        world.clock.advance(seconds);
        for token in [&token, &other] {
            assert_eq!(fetch(&app, "/guarded", &[token]).await.code(), "ERROR_DIDT_REVOKED");
        }
        for token in [early(200), early(201), bearer(&world.token())] {
            assert_eq!(fetch(&app, "/guarded", &[&token]).await.status, StatusCode::OK);
        }
    }
}

/// A logout takes effect on the application's own servers even while Magic is down.
#[tokio::test]
async fn a_logout_revokes_while_magic_is_down() {
    let world = world(&in_memory).await;
    let app = app(&world);
    let token = bearer(&world.token());
    world.fake.fail(Fault::status(500).at(Endpoint::Logout));
    post(&app, LOGOUT, &[&token]).await.assert_refused(502, "SERVICE_ERROR", None);
    assert_eq!(fetch(&app, "/guarded", &[&token]).await.code(), "ERROR_DIDT_REVOKED");

    world.fake.heal();
    post(&app, LOGOUT, &[&token]).await.assert_ok("");
    assert_eq!(world.fake.logout_calls().len(), 2);
}

#[derive(Debug)]
struct BrokenStore;

impl RevocationStore for BrokenStore {
    fn append<'a>(&'a self, _: &'a [Revocation]) -> StoreFuture<'a, ()> {
        Box::pin(async { Err(StoreError::new(StoreErrorKind::Full, "the disk is full")) })
    }
}

#[tokio::test]
async fn a_failed_revocation_is_a_503() {
    let world = world(&|world| {
        RevocationList::builder().clock(world.clock.clone()).store(BrokenStore).build()
    })
    .await;
    let alice = world.alice.issuer();
    let users = load_user_fn(move |()| async move { Ok::<_, StatusCode>(Some(alice)) });
    // Only the clean-up responds with this status.
    let clean_up = after_logout_fn(|()| async { StatusCode::IM_A_TEAPOT });
    let app: Router = logout_router(world.magic.clone(), users).after_logout(clean_up).into();

    let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
    answer.assert_refused(503, "ERROR_UNAVAILABLE", None);
    assert_eq!(answer.header("retry-after"), Some("5"));
    // Magic is called nevertheless.
    assert_eq!(world.fake.logout_calls().len(), 1);
    let reason = answer.extensions.get::<AuthRejection>().unwrap();
    assert_eq!(reason.kind(), AuthRejectionKind::Store);
    assert!(std::error::Error::source(reason).is_some());
}

#[tokio::test]
async fn a_list_out_of_sync_is_a_503() {
    let world = world(&in_memory).await;
    let app = app(&world);
    let token = bearer(&world.token());
    let list = world.magic.revocations().unwrap();
    list.suspend();
    fetch(&app, "/guarded", &[&token]).await.assert_refused(503, "ERROR_UNAVAILABLE", None);
    list.resume();
    assert_eq!(fetch(&app, "/guarded", &[&token]).await.status, StatusCode::OK);
}
