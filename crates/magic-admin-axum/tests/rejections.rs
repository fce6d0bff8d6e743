//! What an application can do about the response to a refused request.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::error::Error;

use axum::{
    Extension, Router,
    extract::State,
    response::{IntoResponse, Redirect},
    routing,
};
use http::{HeaderValue, StatusCode, header::CACHE_CONTROL};
use magic_admin::{ApiErrorKind, AuthorizationErrorKind, Issuer, Magic, VerifyErrorKind};
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, DidToken, Realm, RejectionConfig,
    RequireToken, load_user_fn, logout_router,
};
use magic_admin_testkit::{Fault, TestUser};
use support::*;

fn named(realm: &'static str) -> RejectionConfig {
    RejectionConfig::new().realm(Realm::new(realm).unwrap())
}

async fn handler(_: Authenticated) {}

async fn metadata(State(magic): State<Magic>, token: DidToken) -> Result<(), AuthRejection> {
    let user = magic.verify(&token).await?;
    magic.users().metadata_by_issuer(user.issuer()).await?;
    Ok(())
}

fn nobody() -> Option<Issuer> {
    None
}

/// Guarded by a layer, by an extractor, by the handler itself, and the logout.
fn app(magic: &Magic, own: Option<RejectionConfig>) -> Router {
    let mut layer = RequireToken::new(magic.clone());
    let users = load_user_fn(|()| async { Ok::<_, StatusCode>(nobody()) });
    let mut logout = logout_router(magic.clone(), users).rfc6750(true);
    if let Some(own) = own {
        layer = layer.rejections(own.clone());
        logout = logout.rejections(own);
    }
    Router::new()
        .route("/layer", routing::get(handler).route_layer(layer))
        .route("/extractor", routing::get(handler))
        .route("/token", routing::get(async |_: DidToken| ()))
        .route("/handler", routing::get(metadata))
        .merge(logout)
        .with_state(magic.clone())
}

#[tokio::test]
async fn one_config_in_the_extensions_holds_for_the_whole_application() {
    let world = World::new().await;
    let app = app(&world.magic, None).layer(Extension(named("my \"shop\"")));
    let challenge = r#"Bearer realm="my \"shop\"""#;
    for path in ["/layer", "/extractor"] {
        let answer = get(&app, path, &[]).await;
        answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(challenge));
    }
    let answer = post(&app, "/v1/user/logout", &[]).await;
    answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(challenge));
}

#[tokio::test]
async fn a_layers_or_routers_own_config_goes_first() {
    let world = World::new().await;
    let app = app(&world.magic, Some(named("own"))).layer(Extension(named("all")));
    let challenge = Some("Bearer realm=\"own\"");
    assert_eq!(get(&app, "/layer", &[]).await.header("www-authenticate"), challenge);
    assert_eq!(post(&app, "/v1/user/logout", &[]).await.header("www-authenticate"), challenge);
    let answer = get(&app, "/extractor", &[]).await;
    assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"all\""));
}

#[tokio::test]
async fn a_closure_replaces_the_response_and_the_protocol_is_kept() {
    let world = World::new().await;
    let config = named("own").respond_with(|rejection| format!("no: {}", rejection.code()));
    let app = app(&world.magic, None).layer(Extension(config));
    for path in ["/layer", "/extractor"] {
        let answer = get(&app, path, &[]).await;
        assert_eq!(answer.text, "no: ERROR_MISSING_AUTH_HEADER");
        // The closure forgot the status: it is no success for that.
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"own\""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(get(&app, "/token", &[]).await.status, 400);
    let answer = post(&app, "/v1/user/logout", &[&bearer(&world.token())]).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (403, "no: ERROR_ISSUER_MISMATCH"));
}

#[tokio::test]
async fn a_closure_can_redirect_and_set_headers_of_its_own() {
    let world = World::new().await;
    let config = RejectionConfig::new().respond_with(|_| {
        let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
        (headers, Redirect::to("/login"))
    });
    let app = app(&world.magic, Some(config));
    let answer = get(&app, "/layer", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/login")));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("www-authenticate"), None);
    assert!(answer.extensions.get::<AuthRejection>().is_some());
}

#[test]
fn a_config_shows_its_realm_and_that_there_is_a_closure() {
    let shown = format!("{:?}", named("shop").respond_with(|_| ()));
    assert!(shown.contains("shop") && shown.contains("responder: Some(<fn>)"), "{shown}");
}

#[tokio::test]
async fn retry_after_survives_a_replaced_response() {
    let world = World::without_client_id().await;
    world.fake.fail(Fault::status(500));
    let config = RejectionConfig::new().respond_with(|rejection| rejection.status());
    let answer = get(&app(&world.magic, Some(config)), "/layer", &[&bearer(&world.token())]).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("2")));
}

#[tokio::test]
async fn handlers_return_the_errors_of_the_core_as_rejections() {
    let world = World::new().await;
    let app = app(&world.magic, None);
    for (token, code, description) in world.refused() {
        let answer = get(&app, "/handler", &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
    let stranger = bearer(&world.mint.token(&TestUser::from_seed(99)));
    get(&app, "/handler", &[&stranger]).await.assert_refused(502, "SERVICE_ERROR", None);
    assert_eq!(get(&app, "/handler", &[&bearer(&world.token())]).await.status, 200);
}

#[tokio::test]
async fn the_reason_is_readable_and_holds_its_cause() {
    let world = World::new().await;
    let app = app(&world.magic, None);
    let reason = |answer: Answer| answer.extensions.get::<AuthRejection>().unwrap().clone();

    let missing = reason(get(&app, "/layer", &[]).await);
    let kind = AuthRejectionKind::Authorization(AuthorizationErrorKind::Missing);
    assert_eq!(missing.kind(), kind);
    assert_eq!(missing.to_string(), "refused the request: ERROR_MISSING_AUTH_HEADER");

    let malformed = reason(get(&app, "/extractor", &["Bearer WyJh"]).await);
    assert_eq!(malformed.kind(), AuthRejectionKind::Token(VerifyErrorKind::Malformed));

    let mismatch = reason(post(&app, "/v1/user/logout", &[&bearer(&world.token())]).await);
    assert_eq!(mismatch.kind(), AuthRejectionKind::IssuerMismatch);
    assert!(mismatch.source().is_none());

    world.fake.fail(Fault::close());
    let service = reason(get(&app, "/handler", &[&bearer(&world.token())]).await);
    assert_eq!(service.kind(), AuthRejectionKind::Service(ApiErrorKind::ApiConnection));

    for rejection in [missing, malformed, service] {
        let cause = rejection.source().unwrap().to_string();
        assert!(!rejection.to_string().contains(&cause), "{rejection}: {cause}");
    }
}

#[tokio::test]
async fn a_rejection_shows_neither_token_nor_key() {
    let world = World::new().await;
    let app = app(&world.magic, None);
    world.fake.fail(Fault::status(401));
    let refused = world.refused().into_iter().map(|(token, ..)| token);
    for token in refused.skip(1).chain([world.token()]) {
        let answer = get(&app, "/handler", &[&bearer(&token)]).await;
        let rejection = answer.extensions.get::<AuthRejection>().unwrap();
        let everything = format!(
            "{rejection:?} {rejection} {:?} {} {:?}",
            answer.headers,
            answer.text,
            rejection.clone().into_response()
        );
        for secret in [token.as_str(), world.fake.secret_key(), world.alice.subject()] {
            assert!(!everything.contains(secret), "{everything}");
        }
    }
}
