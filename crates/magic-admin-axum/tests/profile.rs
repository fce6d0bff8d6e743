//! `Profile`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{Router, routing};
use magic_admin::admin::WalletType;
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, Authenticator, Profile, RequireTokenLayer,
};
use magic_admin_testkit::{Endpoint, FakeUser, Fault};
use support::*;

const ALICE: &str = "alice@example.com";

fn app(auth: impl Into<Authenticator>) -> Router {
    Router::new()
        .route(
            "/email",
            routing::get(async |profile: Profile| profile.email().unwrap_or("none").to_owned()),
        )
        .route(
            "/banner",
            routing::get(async |profile: Option<Profile>| match profile {
                Some(profile) => profile.email().unwrap_or("none").to_owned(),
                None => "guest".to_owned(),
            }),
        )
        .route(
            "/both",
            routing::get(async |user: Authenticated, profile: Profile| {
                (profile.issuer() == Some(user.issuer())).to_string()
            }),
        )
        .with_state(auth.into())
}

fn lookups(world: &World) -> usize {
    world.fake.calls_to(Endpoint::User).len()
}

#[tokio::test]
async fn a_profile_is_that_of_the_signed_in_user() {
    let world = World::new().await;
    let app = app(world.magic.clone());
    let (alice, bob) = (bearer(&world.token()), bearer(&world.mint.token(&world.bob)));
    for path in ["/email", "/banner"] {
        get(&app, path, &[&alice]).await.assert_ok(ALICE);
        get(&app, path, &[&bob]).await.assert_ok("bob@example.com");
    }
    get(&app, "/both", &[&alice]).await.assert_ok("true");
    // Asked once for each, however many requests came.
    assert_eq!(lookups(&world), 2);
}

#[tokio::test]
async fn without_a_valid_token_it_is_rejected_like_authenticated() {
    let world = World::new().await;
    let app = app(world.magic.clone());
    for (headers, code) in ABSENT {
        get(&app, "/email", headers).await.assert_refused(401, code, Some(BARE));
        get(&app, "/banner", headers).await.assert_ok("guest");
    }
    for path in ["/email", "/banner"] {
        for headers in MALFORMED {
            let answer = get(&app, path, headers).await;
            answer.assert_refused(400, "EXPECTED_BEARER_STRING", Some(INVALID_REQUEST));
        }
        for (token, code, description) in world.refused() {
            let answer = get(&app, path, &[&bearer(&token)]).await;
            answer.assert_refused(401, code, Some(&invalid_token(description)));
        }
    }
    assert_eq!(lookups(&world), 0);
}

#[tokio::test]
async fn a_user_unknown_to_magic_is_forbidden() {
    let world = World::new().await;
    world.fake.remove_user(world.alice.issuer());
    let app = app(world.magic.clone());
    for path in ["/email", "/banner"] {
        let answer = get(&app, path, &[&bearer(&world.token())]).await;
        answer.assert_refused(403, "ERROR_UNKNOWN_USER", None);
        let rejection = answer.extensions.get::<AuthRejection>().unwrap();
        assert_eq!(rejection.kind(), AuthRejectionKind::UnknownUser);
    }
    assert_eq!(lookups(&world), 1);
}

#[tokio::test]
async fn magic_being_down_is_never_the_users_fault() {
    for (fault, status, retry_after) in [
        (Fault::status(500), 502, None),
        (Fault::status(401), 502, None),
        (Fault::html(503), 502, None),
        (Fault::close(), 502, None),
        (Fault::hold(), 504, None),
        (Fault::status(429).retry_after(9), 503, Some("9")),
    ] {
        let world = World::new().await;
        world.fake.fail(fault.at(Endpoint::User));
        for path in ["/email", "/banner"] {
            let app = app(world.magic.clone());
            let answer = get(&app, path, &[&bearer(&world.token())]).await;
            answer.assert_refused(status, "SERVICE_ERROR", None);
            assert_eq!(answer.header("retry-after"), retry_after);
            assert!(!answer.text.contains(ALICE));
        }
    }
}

#[tokio::test]
async fn an_old_profile_is_served_if_the_application_says_so() {
    let world = World::new().await;
    let magic = magic_builder(&world.fake, &world.clock)
        .client_id(world.fake.client_id())
        .profiles(|profiles| {
            profiles.remember(Duration::ZERO).serve_stale(Duration::from_secs(3_600))
        })
        .build()
        .unwrap();
    let app = app(magic);
    get(&app, "/email", &[&bearer(&world.token())]).await.assert_ok(ALICE);
    world.fake.fail(Fault::status(500).at(Endpoint::User));
    get(&app, "/email", &[&bearer(&world.token())]).await.assert_ok(ALICE);
    assert_eq!(lookups(&world), 2);
}

#[tokio::test]
async fn a_verifier_knows_no_profiles() {
    let world = World::new().await;
    let app = app(world.magic.verifier().unwrap().clone());
    let answer = get(&app, "/email", &[&bearer(&world.token())]).await;
    answer.assert_refused(502, "SERVICE_ERROR", None);
    let rejection = answer.extensions.get::<AuthRejection>().unwrap();
    assert_eq!(rejection.kind(), AuthRejectionKind::NoService);
    get(&app, "/banner", &[]).await.assert_ok("guest");
}

#[tokio::test]
async fn a_tenants_profiles_are_its_own() {
    let world = World::new().await;
    let magic = |wallets| {
        let builder = magic_builder(&world.fake, &world.clock).client_id(world.fake.client_id());
        builder.profiles(|profiles| profiles.wallets(wallets)).build().unwrap()
    };
    world.fake.add_user(FakeUser::from(&world.alice).wallet("mainnet", "0xa", "ETH"));
    let (with, without) = (magic(WalletType::ANY), magic(WalletType::NONE));
    let auth = Authenticator::per_request(move |request| match request.headers.get("tenant") {
        Some(tenant) if tenant == "with" => Ok(with.clone()),
        Some(_) => Ok(without.clone()),
        None => Err((http::StatusCode::NOT_FOUND, "no such tenant")),
    })
    .respond_with(|rejection, _| (rejection.status(), format!("our {}", rejection.code())));
    let wallets = async |profile: Profile| profile.wallets().map_or(0, <[_]>::len).to_string();
    let app = Router::new()
        .route("/", routing::get(wallets))
        .route("/layer", routing::get(wallets).route_layer(RequireTokenLayer::new(auth.clone())))
        .with_state(auth);
    for path in ["/", "/layer"] {
        for (tenant, answer) in [("with", "1"), ("without", "0")] {
            let mut request = request("GET", path, &[&bearer(&world.token())]);
            request.headers_mut().insert("tenant", tenant.parse().unwrap());
            send(&app, request).await.assert_ok(answer);
        }
        let answer = get(&app, path, &[&bearer(&world.token())]).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (404, "no such tenant"));
    }
    // And a rejection looks like the application's others.
    world.fake.remove_user(world.bob.issuer());
    let mut request = request("GET", "/", &[&bearer(&world.mint.token(&world.bob))]);
    request.headers_mut().insert("tenant", "with".parse().unwrap());
    let answer = send(&app, request).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (403, "our ERROR_UNKNOWN_USER"));
}

#[tokio::test]
async fn the_logout_route_ends_what_is_remembered() {
    let world = World::new().await;
    let alice = world.alice.issuer();
    let users = magic_admin_axum::load_user_fn(move || async move {
        Ok::<_, std::convert::Infallible>(Some(alice))
    });
    let app =
        app(world.magic.clone()).merge(magic_admin_axum::logout_router(world.magic.clone(), users));
    let token = bearer(&world.token());
    get(&app, "/email", &[&token]).await.assert_ok(ALICE);
    assert_eq!(post(&app, "/v1/user/logout", &[&token]).await.status, 200);
    world.fake.add_user(FakeUser::from(&world.alice).email("alice@example.net"));
    get(&app, "/email", &[&token]).await.assert_ok("alice@example.net");
}

/// Handlers are functions: unit tests call them.
#[tokio::test]
async fn a_handler_can_be_called_with_a_profile() {
    let metadata = serde_json::json!({ "email": ALICE, "issuer": null });
    let profile: magic_admin::admin::UserMetadata = serde_json::from_value(metadata).unwrap();
    let shown = |profile: Profile| format!("{profile:?}");
    assert!(!shown(profile.into()).contains(ALICE));
}

/// The closure may be costly, and two answers may differ.
#[tokio::test]
async fn the_authenticator_is_chosen_once() {
    let world = World::new().await;
    let chosen = Arc::new(AtomicUsize::new(0));
    let (magic, count) = (world.magic.clone(), chosen.clone());
    let app = app(Authenticator::per_request(move |_| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok::<_, AuthRejection>(magic.clone())
    }));
    let token = bearer(&world.token());
    for (path, times) in [("/email", 1), ("/banner", 1), ("/both", 2)] {
        assert_eq!(get(&app, path, &[&token]).await.status, 200);
        assert_eq!(chosen.swap(0, Ordering::Relaxed), times, "{path}");
    }
}
