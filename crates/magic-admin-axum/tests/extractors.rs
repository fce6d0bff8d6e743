//! The extractors `DidToken` and `Authenticated`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    extract::{FromRef, FromRequestParts},
    middleware::{self, Next},
    routing,
};
use axum_extra::{TypedHeader, headers::Authorization};
use http::{HeaderMap, HeaderValue, StatusCode, header::AUTHORIZATION, request::Parts};
use magic_admin::VerifiedToken;
use magic_admin_axum::{Authenticated, Authenticator, DidToken, Realm, RequireTokenLayer};
use magic_admin_testkit::SettableClock;
use support::*;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    clock: SettableClock,
}

/// An extractor during which the token expires.
struct Expire;

impl FromRequestParts<AppState> for Expire {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        state.clock.advance(1_000);
        Ok(Self)
    }
}

async fn issuer(user: Authenticated) -> String {
    user.issuer().to_string()
}

fn app(world: &World) -> Router {
    Router::new()
        .route("/raw", routing::get(async |token: DidToken| token.as_str().to_owned()))
        .route(
            "/raw-if-any",
            routing::get(async |token: Option<DidToken>| token.is_some().to_string()),
        )
        .route(
            "/typed",
            routing::get(
                async |TypedHeader(Authorization(token)): TypedHeader<Authorization<DidToken>>| {
                    token.as_str().to_owned()
                },
            ),
        )
        .route("/me", routing::get(issuer))
        .route(
            "/feed",
            routing::get(async |user: Option<Authenticated>| user.is_some().to_string()),
        )
        .route(
            "/twice",
            routing::get(async |first: Authenticated, _: Expire, second: Authenticated| {
                (first.issuer() == second.issuer()).to_string()
            }),
        )
        .route(
            "/sensitive",
            routing::get(async |_: Authenticated, headers: HeaderMap| {
                headers[AUTHORIZATION].is_sensitive().to_string()
            }),
        )
        .with_state(AppState { auth: world.magic.clone().into(), clock: world.clock.clone() })
}

#[tokio::test]
async fn a_did_token_is_not_verified() {
    let app = app(&World::new().await);
    get(&app, "/raw", &["bearer  abc.-_~+/=="]).await.assert_ok("abc.-_~+/==");
    get(&app, "/typed", &["bearer  abc"]).await.assert_ok("abc");
}

#[tokio::test]
async fn a_missing_did_token_is_a_400() {
    let app = app(&World::new().await);
    for (headers, code) in ABSENT {
        get(&app, "/raw", headers).await.assert_refused(400, code, None);
    }
    for headers in MALFORMED {
        get(&app, "/raw", headers).await.assert_refused(400, "EXPECTED_BEARER_STRING", None);
    }
}

#[tokio::test]
async fn optional_did_token_is_none_for_guests() {
    let app = app(&World::new().await);
    get(&app, "/raw-if-any", &["Bearer abc"]).await.assert_ok("true");
    for (headers, _) in ABSENT {
        get(&app, "/raw-if-any", headers).await.assert_ok("false");
    }
    for headers in MALFORMED {
        let answer = get(&app, "/raw-if-any", headers).await;
        answer.assert_refused(400, "EXPECTED_BEARER_STRING", None);
    }
}

#[tokio::test]
async fn authenticated_is_the_user() {
    let world = World::new().await;
    let answer = get(&app(&world), "/me", &[&bearer(&world.token())]).await;
    answer.assert_ok("did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
}

#[tokio::test]
async fn authenticated_follows_rfc_6750() {
    let world = World::new().await;
    let app = app(&world);
    for (headers, code) in ABSENT {
        get(&app, "/me", headers).await.assert_refused(401, code, Some(BARE));
    }
    for headers in MALFORMED {
        let answer = get(&app, "/me", headers).await;
        answer.assert_refused(400, "EXPECTED_BEARER_STRING", Some(INVALID_REQUEST));
    }
    for (token, code, description) in world.refused() {
        let answer = get(&app, "/me", &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
}

#[tokio::test]
async fn a_valid_token_twice_is_malformed() {
    let world = World::new().await;
    let value = bearer(&world.token());
    let answer = get(&app(&world), "/me", &[&value, &value]).await;
    answer.assert_refused(400, "EXPECTED_BEARER_STRING", Some(INVALID_REQUEST));
}

#[tokio::test]
async fn optional_authenticated_is_none_for_guests() {
    let world = World::new().await;
    let app = app(&world);
    get(&app, "/feed", &[&bearer(&world.token())]).await.assert_ok("true");
    for (headers, _) in ABSENT {
        get(&app, "/feed", headers).await.assert_ok("false");
    }
    for headers in MALFORMED {
        let answer = get(&app, "/feed", headers).await;
        answer.assert_refused(400, "EXPECTED_BEARER_STRING", Some(INVALID_REQUEST));
    }
    for (token, code, description) in world.refused() {
        let answer = get(&app, "/feed", &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
}

#[tokio::test]
async fn the_header_is_marked_sensitive() {
    let world = World::new().await;
    get(&app(&world), "/sensitive", &[&bearer(&world.token())]).await.assert_ok("true");
}

#[tokio::test]
async fn two_extractors_share_one_verification() {
    let world = World::new().await;
    // A second verification would fail because the token has expired.
    get(&app(&world), "/twice", &[&bearer(&world.token())]).await.assert_ok("true");
}

#[tokio::test]
async fn layer_and_extractor_verify_once() {
    let world = World::new().await;
    let clock = world.clock.clone();
    let app = app(&world)
        .layer(middleware::from_fn(move |request, next: Next| {
            clock.advance(1_000);
            next.run(request)
        }))
        .layer(RequireTokenLayer::new(world.magic.clone()));
    get(&app, "/me", &[&bearer(&world.token())]).await.assert_ok(&world.alice.issuer().to_string());
}

#[tokio::test]
async fn extractors_need_no_header_behind_a_layer() {
    let world = World::new().await;
    let app = app(&world)
        .layer(middleware::from_fn(async move |mut request: axum::extract::Request, next: Next| {
            request.headers_mut().remove(AUTHORIZATION);
            next.run(request).await
        }))
        .layer(RequireTokenLayer::new(world.magic.clone()));
    get(&app, "/feed", &[&bearer(&world.token())]).await.assert_ok("true");
}

#[tokio::test]
async fn another_magic_verifies_again() {
    let world = World::new().await;
    let other = magic(&world.fake, &world.clock, Some("another application"));
    let app = app(&world).layer(RequireTokenLayer::new(other));

    let for_other = world.mint.builder(&world.alice).audience("another application").build();
    let answer = get(&app, "/me", &[&bearer(&for_other)]).await;
    let challenge = invalid_token("The DID token is for another application.");
    answer.assert_refused(401, "ERROR_AUDIENCE_MISMATCH", Some(&challenge));
}

#[tokio::test]
async fn extractors_keep_another_magics_token() {
    let world = World::new().await;
    let ours = world.magic.clone();
    let other = magic(&world.fake, &world.clock, Some(world.fake.client_id()));
    let app = Router::new()
        .route(
            "/",
            routing::get(
                async move |_: Authenticated, Extension(token): Extension<VerifiedToken>| {
                    ours.has_verified(&token).to_string()
                },
            ),
        )
        .layer(RequireTokenLayer::new(other.clone()))
        .with_state(world.magic.clone());
    get(&app, "/", &[&bearer(&world.token())]).await.assert_ok("false");
}

#[tokio::test]
async fn an_extractor_waits_for_the_client_id() {
    let world = World::without_client_id().await;
    let answer = get(&app(&world), "/me", &[&bearer(&world.token())]).await;
    answer.assert_ok(&world.alice.issuer().to_string());
    assert_eq!(world.fake.calls().len(), 1);
}

#[tokio::test]
async fn debug_shows_no_token() {
    let world = World::new().await;
    let token = world.token();
    let expected = token.clone();
    let app: Router = Router::new()
        .route(
            "/",
            routing::get(async |raw: DidToken, user: Authenticated| format!("{raw:?} {user:?}")),
        )
        .with_state(world.magic.clone());
    let shown = get(&app, "/", &[&bearer(&token)]).await.text;
    assert!(shown.contains("Authenticated"), "{shown}");
    for secret in [expected.as_str(), world.alice.subject()] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[tokio::test]
async fn a_verifier_is_enough() {
    let world = World::new().await;
    let verifier = world.magic.verifier().unwrap().clone();
    let app = Router::new()
        .route("/", routing::get(issuer))
        .route("/layer", routing::get(issuer).route_layer(RequireTokenLayer::new(verifier.clone())))
        .with_state(verifier);
    for path in ["/", "/layer"] {
        let answer = get(&app, path, &[&bearer(&world.token())]).await;
        answer.assert_ok(&world.alice.issuer().to_string());
    }
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn a_state_can_be_shared_by_an_arc() {
    let world = World::new().await;
    let state = AppState { auth: world.magic.clone().into(), clock: world.clock.clone() };
    let app = Router::new().route("/", routing::get(issuer)).with_state(Arc::new(state));
    let answer = get(&app, "/", &[&bearer(&world.token())]).await;
    answer.assert_ok(&world.alice.issuer().to_string());
}

/// Two applications in one process, distinguished by the request's host.
#[tokio::test]
async fn authenticators_can_be_per_request() {
    let world = World::new().await;
    let shop = world.magic.clone();
    let blog = magic(&world.fake, &world.clock, Some("the blog's client id"));
    let auth = Authenticator::per_request(move |request| {
        match request.headers.get("host").and_then(|host| host.to_str().ok()) {
            Some("shop.example") => Ok(Authenticator::new(shop.clone())),
            Some("blog.example") => {
                Ok(Authenticator::new(blog.clone()).realm(Realm::new("blog").unwrap()))
            }
            _ => Err((StatusCode::NOT_FOUND, "no such tenant")),
        }
    })
    .realm(Realm::new("all").unwrap());
    let app = Router::new()
        .route("/", routing::get(issuer))
        .route("/layer", routing::get(issuer).route_layer(RequireTokenLayer::new(auth.clone())))
        .route(
            "/feed",
            routing::get(async |user: Option<Authenticated>| user.is_some().to_string()),
        )
        .with_state(auth);
    let at = async |host: &'static str, path: &str, authorization: &[&str]| {
        let mut request = request("GET", path, authorization);
        request.headers_mut().insert("host", HeaderValue::from_static(host));
        send(&app, request).await
    };
    let for_shop = bearer(&world.token());
    for path in ["/", "/layer"] {
        let answer = at("shop.example", path, &[&for_shop]).await;
        answer.assert_ok(&world.alice.issuer().to_string());
        let answer = at("blog.example", path, &[&for_shop]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.code()),
            (401, "ERROR_AUDIENCE_MISMATCH".into())
        );
        assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer realm=\"blog\""));
        let answer = at("shop.example", path, &[]).await;
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"all\""));
    }
    for path in ["/", "/layer", "/feed"] {
        let answer = at("elsewhere.example", path, &[&for_shop]).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (404, "no such tenant"));
    }
}

/// Handlers are functions, so unit tests can call them.
#[tokio::test]
async fn handlers_can_be_unit_tested() {
    let world = World::new().await;
    let verified = world.magic.verify(&world.token()).await.unwrap();
    assert_eq!(issuer(verified.into()).await, world.alice.issuer().to_string());
}
