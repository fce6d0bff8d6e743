//! Routes that accept each token once, with the extractor and with the layer.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use axum::{
    Router,
    extract::FromRef,
    http::StatusCode,
    routing::{get, post},
};
use magic_admin::{
    Magic, ReplayGuard, StoreError, StoreErrorKind, UnixSeconds,
    revocation::{Fingerprint, StoreFuture},
    single_use::SingleUseStore,
};
use magic_admin_axum::{Authenticated, Authenticator, RequireTokenLayer, SingleUse};
use support::{BARE, World, bearer, get as fetch, invalid_token, post as send};

const REPLAYED: &str = "The DID token has been used before and can be used only once.";

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    guard: ReplayGuard,
}

/// `/login` uses the extractor, `/layered` the layer, and `/both` both; `/me` accepts any token.
fn app(magic: &Magic, guard: ReplayGuard) -> Router {
    async fn login(user: SingleUse) -> String {
        user.issuer().to_string()
    }
    async fn me(user: Authenticated) -> String {
        user.issuer().to_string()
    }
    let once = RequireTokenLayer::new(magic.clone()).single_use(guard.clone());
    Router::new()
        .route("/twice", post(me))
        .route_layer(once.clone())
        .route("/layered", post(me))
        .route("/both", post(login))
        .route_layer(once)
        .route("/login", post(login))
        .route("/me", get(me))
        .with_state(AppState { auth: magic.clone().into(), guard })
}

#[tokio::test]
async fn all_routes_share_the_guard() {
    let world = World::new().await;
    let app = app(&world.magic, ReplayGuard::in_memory());
    let alice = world.alice.issuer().to_string();
    for path in ["/login", "/layered", "/both", "/twice"] {
        let token = bearer(&world.token());
        send(&app, path, &[&token]).await.assert_ok(&alice);
        for again in ["/login", "/layered", "/both", "/twice"] {
            let refused = send(&app, again, &[&token]).await;
            let challenge = invalid_token(REPLAYED);
            refused.assert_refused(401, "ERROR_DIDT_REPLAYED", Some(&challenge));
        }
        fetch(&app, "/me", &[&token]).await.assert_ok(&alice);
    }
}

/// The layer and the extractor use different guards.
#[tokio::test]
async fn two_guards_both_consume() {
    let world = World::new().await;
    let [layers, extractors] = [(), ()].map(|()| ReplayGuard::in_memory());
    let once = RequireTokenLayer::new(world.magic.clone()).single_use(layers.clone());
    async fn login(user: SingleUse) -> String {
        user.issuer().to_string()
    }
    let app = Router::new()
        .route("/login", post(login))
        .route_layer(once)
        .with_state(AppState { auth: world.magic.clone().into(), guard: extractors.clone() });
    let alice = world.alice.issuer().to_string();
    let token = world.token();
    send(&app, "/login", &[&bearer(&token)]).await.assert_ok(&alice);
    let verified = world.magic.verify(&token).await.unwrap();
    for guard in [&layers, &extractors] {
        let error = guard.consume(&verified).await.unwrap_err();
        assert_eq!(error.code(), "ERROR_DIDT_REPLAYED");
        // A token that only one of the guards has seen is rejected.
        let token = world.token();
        guard.consume(&world.magic.verify(&token).await.unwrap()).await.unwrap();
        assert_eq!(send(&app, "/login", &[&bearer(&token)]).await.code(), "ERROR_DIDT_REPLAYED");
    }
}

#[tokio::test]
async fn a_reencoded_token_is_a_replay() {
    let world = World::new().await;
    let app = app(&world.magic, ReplayGuard::in_memory());
    let token = world.mint.builder(&world.alice).token_id("one");
    let rewritten = [
        token.clone().encoding(magic_admin_testkit::Encoding::UrlSafeUnpadded).build(),
        token.clone().high_s().build(),
        token.clone().layout(magic_admin_testkit::Layout::Pretty).build(),
    ];
    assert_eq!(send(&app, "/login", &[&bearer(&token.build())]).await.status, StatusCode::OK);
    for token in rewritten {
        assert_eq!(fetch(&app, "/me", &[&bearer(&token)]).await.status, StatusCode::OK);
        assert_eq!(send(&app, "/login", &[&bearer(&token)]).await.code(), "ERROR_DIDT_REPLAYED");
    }
}

#[tokio::test]
async fn tokens_that_outlive_the_memory_fail() {
    let world = World::new().await;
    let guard = ReplayGuard::in_memory().with_retention(std::time::Duration::from_secs(1_200));
    let app = app(&world.magic, guard);
    let lifespan = |seconds| {
        let token = world.mint.builder(&world.alice);
        bearer(&token.lifespan(std::time::Duration::from_secs(seconds)).build())
    };
    for path in ["/login", "/layered"] {
        assert_eq!(send(&app, path, &[&lifespan(1_201)]).await.code(), "ERROR_DIDT_LIFESPAN");
        assert_eq!(send(&app, path, &[&lifespan(1_200)]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_rejected_token_is_not_consumed() {
    let world = World::without_client_id().await;
    let app = app(&world.magic, ReplayGuard::in_memory());
    for path in ["/login", "/layered"] {
        send(&app, path, &[]).await.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(BARE));
        for (token, code, _) in world.refused() {
            assert_eq!(send(&app, path, &[&bearer(&token)]).await.code(), code);
        }
    }
    let early = world.mint.builder(&world.alice).not_before(support::NOW + 301);
    let token = bearer(&early.build());
    assert_eq!(send(&app, "/login", &[&token]).await.status, StatusCode::UNAUTHORIZED);
    world.clock.advance(1);
    assert_eq!(send(&app, "/login", &[&token]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn it_works_while_the_id_is_fetched() {
    let world = World::without_client_id().await;
    let app = app(&world.magic, ReplayGuard::in_memory());
    let token = bearer(&world.token());
    assert_eq!(send(&app, "/both", &[&token]).await.status, StatusCode::OK);
    assert_eq!(send(&app, "/both", &[&token]).await.code(), "ERROR_DIDT_REPLAYED");
}

#[tokio::test]
async fn one_of_many_simultaneous_uses_wins() {
    let world = World::new().await;
    let app = app(&world.magic, ReplayGuard::in_memory());
    let token = bearer(&world.token());
    let uses = (0..100).map(|turn| {
        let (app, token) = (app.clone(), token.clone());
        let path = if turn % 2 == 0 { "/login" } else { "/layered" };
        tokio::spawn(async move { send(&app, path, &[&token]).await.status })
    });
    let mut won = 0;
    for answer in uses.collect::<Vec<_>>() {
        won += usize::from(answer.await.unwrap() == StatusCode::OK);
    }
    assert_eq!(won, 1);
}

#[derive(Debug)]
struct BrokenStore;

impl SingleUseStore for BrokenStore {
    fn insert(&self, _: Fingerprint, _: UnixSeconds, _: UnixSeconds) -> StoreFuture<'_, bool> {
        Box::pin(async { Err(StoreError::new(StoreErrorKind::Unreachable, "out of reach")) })
    }

    fn take(&self, _: Fingerprint, _: UnixSeconds) -> StoreFuture<'_, bool> {
        Box::pin(async { Err(StoreError::new(StoreErrorKind::Unreachable, "out of reach")) })
    }
}

#[tokio::test]
async fn an_unreachable_store_is_a_503() {
    let world = World::new().await;
    let app = app(&world.magic, ReplayGuard::new(BrokenStore));
    for path in ["/login", "/layered"] {
        let answer = send(&app, path, &[&bearer(&world.token())]).await;
        answer.assert_refused(503, "ERROR_UNAVAILABLE", None);
    }
}
