//! The responses that a gRPC client gets. The example `tonic` uses a real client.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use axum::{Router, routing::any};
use http::{
    HeaderValue,
    header::{CONTENT_TYPE, SET_COOKIE},
};
use magic_admin::{StoreError, StoreErrorKind};
use magic_admin_axum::{
    AuthRejection, Authenticated, Authenticator, DidToken, RequireTokenLayer, load_user_fn,
    logout_router,
};
use magic_admin_testkit::{Endpoint, Fault};
use support::*;

const TYPES: [&str; 5] = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc-web+proto",
    "application/grpc-web-text",
];

async fn call(
    app: &Router,
    path: &str,
    authorization: &[&str],
    content_type: &'static str,
) -> Answer {
    let mut request = request("POST", path, authorization);
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    send(app, request).await
}

#[track_caller]
fn assert_trailers(answer: &Answer, content_type: &str, status: &str, code: &str) {
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, ""));
    assert_eq!(answer.header("content-type"), Some(content_type));
    assert_eq!(answer.header("grpc-status"), Some(status), "{code}");
    assert_eq!(answer.header("grpc-message"), Some(code));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    for name in ["www-authenticate", "retry-after"] {
        assert_eq!(answer.header(name), None);
    }
    assert_eq!(answer.header("grpc-retry-pushback-ms").is_some(), status == "14");
    for name in ["content-type", "grpc-status", "grpc-message", "content-length"] {
        assert!(answer.headers.get_all(name).iter().count() <= 1, "{name}");
    }
    assert_eq!(answer.extensions.get::<AuthRejection>().unwrap().code(), code);
}

/// Routes with every place that rejects, in an application with its own response to rejections.
fn app(world: &World) -> Router {
    async fn handler(_: Authenticated) {}
    async fn forbidden() -> Result<(), AuthRejection> {
        Err(AuthRejection::forbidden())
    }
    async fn later() -> Result<(), AuthRejection> {
        Err(StoreError::new(StoreErrorKind::Full, "no room").into())
    }
    let auth = Authenticator::new(world.magic.clone())
        .respond_with(|rejection, _| (rejection.status(), "the application's own"));
    let bob = world.bob.issuer();
    let users = load_user_fn(move || async move { Ok::<_, AuthRejection>(Some(bob)) });
    let layer = RequireTokenLayer::new(auth.clone());
    Router::new()
        .route("/layer", any(handler).layer(layer.clone()))
        .route("/layer/forbidden", any(forbidden).layer(layer.clone()))
        .route("/not-allowed", any(handler).layer(layer.authorize(|_, _| false)))
        .route("/extractor", any(handler))
        .route("/token", any(async |_: DidToken| ()))
        .route("/forbidden", any(forbidden))
        .route("/later", any(later))
        .merge(logout_router(auth.clone(), users))
        .layer(auth.rejection_layer())
        .with_state(auth)
}

#[tokio::test]
async fn every_rejection_has_a_grpc_status() {
    let world = World::new().await;
    let app = app(&world);
    let token = bearer(&world.token());
    for content_type in TYPES {
        for path in ["/layer", "/extractor", "/token", "/v1/user/logout"] {
            let answer = call(&app, path, &[], content_type).await;
            assert_trailers(&answer, content_type, "16", "ERROR_MISSING_AUTH_HEADER");
            let answer = call(&app, path, &["Bearer a b"], content_type).await;
            assert_trailers(&answer, content_type, "16", "EXPECTED_BEARER_STRING");
        }
        for (refused, code, _) in world.refused() {
            for path in ["/layer", "/extractor", "/v1/user/logout"] {
                let answer = call(&app, path, &[&bearer(&refused)], content_type).await;
                assert_trailers(&answer, content_type, "16", code);
            }
        }
        for path in ["/layer/forbidden", "/not-allowed", "/forbidden"] {
            let answer = call(&app, path, &[&token], content_type).await;
            assert_trailers(&answer, content_type, "7", "ERROR_FORBIDDEN");
        }
        let answer = call(&app, "/v1/user/logout", &[&token], content_type).await;
        assert_trailers(&answer, content_type, "7", "ERROR_ISSUER_MISMATCH");
        let answer = call(&app, "/later", &[], content_type).await;
        assert_trailers(&answer, content_type, "14", "ERROR_UNAVAILABLE");
        assert_eq!(answer.header("grpc-retry-pushback-ms"), Some("5000"));
        // Other responses are left alone.
        let answer = call(&app, "/layer", &[&token], content_type).await;
        assert_eq!((answer.status.as_u16(), answer.header("grpc-status")), (200, None));
    }
}

#[tokio::test]
async fn other_clients_get_the_custom_response() {
    let world = World::new().await;
    let app = app(&world);
    for content_type in ["application/json", "application/grpcx", "text/plain"] {
        for path in ["/layer", "/extractor", "/token", "/forbidden", "/v1/user/logout"] {
            let answer = call(&app, path, &[], content_type).await;
            assert_eq!(answer.text, "the application's own");
            assert_eq!(answer.header("grpc-status"), None);
        }
    }
}

#[tokio::test]
async fn failures_of_magic_have_a_grpc_status() {
    let world = World::without_client_id().await;
    world.fake.fail(Fault::status(500).at(Endpoint::Client));
    let auth = Authenticator::new(world.magic.clone());
    let alice = world.alice.issuer();
    let users = load_user_fn(move || async move { Ok::<_, AuthRejection>(Some(alice)) });
    let app = Router::new()
        .route("/", any(|| async {}).layer(RequireTokenLayer::new(auth.clone())))
        .merge(logout_router(auth, users));
    let token = bearer(&world.token());
    let answer = call(&app, "/", &[&token], "application/grpc").await;
    assert_trailers(&answer, "application/grpc", "14", "ERROR_UNAVAILABLE");
    assert_eq!(answer.header("grpc-retry-pushback-ms"), Some("2000"));

    let world = World::new().await;
    let auth = Authenticator::new(world.magic.clone());
    let alice = world.alice.issuer();
    let users = load_user_fn(move || async move { Ok::<_, AuthRejection>(Some(alice)) });
    let app: Router = logout_router(auth, users).into();
    for (fault, status) in [
        (Fault::status(401), "13"),
        (Fault::hold(), "13"),
        (Fault::status(429).retry_after(7), "14"),
    ] {
        world.fake.fail_next(fault);
        let answer = call(&app, "/v1/user/logout", &[&token], "application/grpc").await;
        assert_trailers(&answer, "application/grpc", status, "SERVICE_ERROR");
    }
}

/// The layer has no configured appearance, and a layer in between sets cookies.
#[tokio::test]
async fn a_token_layer_covers_its_handlers() {
    let world = World::new().await;
    let cookie = |mut response: axum::response::Response| async move {
        response.headers_mut().append(SET_COOKIE, HeaderValue::from_static("session=1"));
        response
    };
    let app = Router::new()
        .route("/", any(async || Err::<(), _>(AuthRejection::forbidden())))
        .layer(axum::middleware::map_response(cookie))
        .layer(RequireTokenLayer::new(world.magic.clone()));
    let token = bearer(&world.token());
    let answer = call(&app, "/", &[&token], "application/grpc-web+proto").await;
    assert_trailers(&answer, "application/grpc-web+proto", "7", "ERROR_FORBIDDEN");
    assert_eq!(answer.header("set-cookie"), Some("session=1"));
    // Other calls get the usual response.
    get(&app, "/", &[&token]).await.assert_refused(403, "ERROR_FORBIDDEN", None);
}
