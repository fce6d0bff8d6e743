//! What an application can do about the response to a refused request.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{FromRef, State},
    middleware::map_response,
    response::{IntoResponse, Redirect, Response},
    routing,
};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_ENCODING, SET_COOKIE, VARY},
};
use magic_admin::{
    ApiErrorKind, AuthorizationErrorKind, Magic, StoreError, StoreErrorKind::Full, VerifyErrorKind,
};
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, Authenticator, DidToken, Realm,
    RejectionStyle, RequireTokenLayer, load_user_fn, logout_router,
};
use magic_admin_testkit::{Fault, TestUser};
use support::*;
use tower::{Layer as _, ServiceExt as _};

fn named(magic: &Magic, realm: &'static str) -> Authenticator {
    Authenticator::new(magic.clone()).realm(Realm::new(realm).unwrap())
}

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    magic: Magic,
}

async fn handler(_: Authenticated) {}

async fn metadata(State(magic): State<Magic>, token: DidToken) -> Result<(), AuthRejection> {
    let user = magic.verify(&token).await?;
    magic.users().metadata_by_issuer(user.issuer()).await?;
    Ok(())
}

/// Guarded by a layer, by an extractor, by the handler itself, and the logout.
fn app(magic: &Magic, auth: Authenticator) -> Router {
    let users = load_user_fn(|()| async { Ok::<_, AuthRejection>(None) });
    let layer = RequireTokenLayer::new(auth.clone());
    Router::new()
        .route("/layer", routing::get(handler).route_layer(layer.clone()))
        .route("/layer/forbidden", routing::get(forbidden).route_layer(layer))
        .route("/extractor", routing::get(handler))
        .route("/token", routing::get(async |_: DidToken| ()))
        .route("/handler", routing::get(metadata))
        .route("/forbidden", routing::get(forbidden))
        .merge(logout_router(auth.clone(), users).style(RejectionStyle::Rfc6750))
        .layer(auth.rejection_layer())
        .with_state(AppState { auth, magic: magic.clone() })
}

async fn forbidden() -> Result<(), AuthRejection> {
    Err(AuthRejection::forbidden())
}

#[tokio::test]
async fn one_realm_holds_for_the_whole_application() {
    let world = World::new().await;
    let app = app(&world.magic, named(&world.magic, "my \"shop\""));
    let challenge = r#"Bearer realm="my \"shop\"""#;
    for path in ["/layer", "/extractor"] {
        let answer = get(&app, path, &[]).await;
        answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(challenge));
    }
    let answer = post(&app, "/v1/user/logout", &[]).await;
    answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(challenge));
    // One that the handler made with `?`.
    let answer = get(&app, "/handler", &["Bearer WyJh"]).await;
    let challenge = format!(
        "{challenge}, error=\"invalid_token\", error_description=\"The DID token cannot be decoded.\""
    );
    answer.assert_refused(401, "ERROR_MALFORMED_TOKEN", Some(&challenge));
}

#[tokio::test]
async fn a_closure_replaces_every_response_and_the_protocol_is_kept() {
    let world = World::new().await;
    let auth = named(&world.magic, "own").respond_with(|rejection, request| {
        let id = request.headers.get("x-request-id").and_then(|id| id.to_str().ok());
        let (method, path) = (&request.method, request.uri.path());
        format!("{method} {path} {}: no, {}", id.unwrap_or("-"), rejection.code())
    });
    let app = app(&world.magic, auth);
    for path in ["/layer", "/extractor"] {
        let mut request = request("GET", path, &[]);
        request.headers_mut().insert("x-request-id", HeaderValue::from_static("7"));
        let answer = send(&app, request).await;
        assert_eq!(answer.text, format!("GET {path} 7: no, ERROR_MISSING_AUTH_HEADER"));
        // The closure forgot the status: that makes it no success.
        assert_eq!(answer.status, 401);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer realm=\"own\""));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    }
    assert_eq!(get(&app, "/token", &[]).await.status, 400);
    let token = bearer(&world.token());
    let answer = post(&app, "/v1/user/logout", &[&token]).await;
    let expected = "POST /v1/user/logout -: no, ERROR_ISSUER_MISMATCH";
    assert_eq!((answer.status.as_u16(), &*answer.text), (403, expected));
    // Those that handlers return, behind a layer and not.
    for path in ["/layer/forbidden", "/forbidden"] {
        let answer = get(&app, path, &[&token]).await;
        let expected = format!("GET {path} -: no, ERROR_FORBIDDEN");
        assert_eq!((answer.status.as_u16(), answer.text), (403, expected));
    }
    let answer = get(&app, "/handler", &["Bearer WyJh"]).await;
    assert_eq!(
        (answer.status.as_u16(), &*answer.text),
        (401, "GET /handler -: no, ERROR_MALFORMED_TOKEN")
    );
}

/// The route of a layer needs no further one.
#[tokio::test]
async fn a_token_layer_alone_gives_handlers_rejections_their_appearance() {
    let world = World::new().await;
    let auth = named(&world.magic, "own").respond_with(|rejection, _| rejection.code());
    let app = Router::new().route("/", routing::get(forbidden)).layer(RequireTokenLayer::new(auth));
    let answer = get(&app, "/", &[&bearer(&world.token())]).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (403, "ERROR_FORBIDDEN"));
}

/// Session cookies, request ids and CORS headers are set by layers between the handler and ours.
#[tokio::test]
async fn what_inner_layers_add_to_a_handlers_rejection_stays() {
    async fn add(mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.append(SET_COOKIE, HeaderValue::from_static("session=1"));
        headers.append(SET_COOKIE, HeaderValue::from_static("theme=dark"));
        headers.insert("x-request-id", HeaderValue::from_static("inner"));
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response.extensions_mut().insert(StatusCode::IM_A_TEAPOT);
        response
    }

    let world = World::new().await;
    let auth = named(&world.magic, "own").respond_with(|rejection, _| {
        ([(SET_COOKIE, "seen=1"), (VARY, "accept")], rejection.code())
    });
    let later = async || Err::<(), _>(AuthRejection::from(StoreError::new(Full, "no room")));
    let app = Router::new()
        .route("/", routing::get(forbidden))
        .route("/later", routing::get(later))
        .layer(map_response(add))
        .layer(auth.rejection_layer());
    for (path, status, text) in
        [("/", 403, "ERROR_FORBIDDEN"), ("/later", 503, "ERROR_UNAVAILABLE")]
    {
        let answer = get(&app, path, &[]).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (status, text));
        let cookies: Vec<_> = answer.headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(cookies, ["session=1", "theme=dark", "seen=1"]);
        assert_eq!(answer.header("x-request-id"), Some("inner"));
        assert_eq!(answer.header("vary"), Some("accept"));
        assert!(answer.extensions.get::<StatusCode>().is_some());
        // What described the body that was replaced went with it, and nothing is there twice.
        assert_eq!(answer.header("content-encoding"), None);
        for name in ["content-type", "content-length", "cache-control"] {
            assert_eq!(answer.headers.get_all(name).iter().count(), 1, "{name}");
        }
        assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.header("content-length"), Some(&*text.len().to_string()));
        let waits = answer.headers.get_all("retry-after").iter().count();
        assert_eq!(waits, usize::from(status == 503));
    }
}

/// Whoever answers in its own way keeps the extensions, so that others can count.
#[tokio::test]
async fn a_response_that_an_inner_layer_replaced_stays() {
    async fn page(response: Response) -> Response {
        if response.extensions().get::<AuthRejection>().is_none() {
            return response;
        }
        let (mut parts, _) = response.into_parts();
        parts.headers.insert("content-type", HeaderValue::from_static("text/html"));
        Response::from_parts(parts, Body::from("<h1>No</h1>"))
    }
    async fn read(response: Response) -> Response {
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Response::from_parts(parts, Body::from(bytes))
    }
    let world = World::new().await;
    let auth = named(&world.magic, "own").respond_with(|_, _| "the application's own");
    let guarded = || Router::new().route("/", routing::get(forbidden));
    let token = bearer(&world.token());
    for (layered, replaced) in [
        (guarded().layer(map_response(page)), true),
        // Who has only looked at the body has replaced nothing.
        (guarded().layer(map_response(read)), false),
        (guarded(), false),
    ] {
        for app in [
            layered.clone().layer(auth.rejection_layer()),
            layered.clone().layer(RequireTokenLayer::new(auth.clone())),
        ] {
            let answer = get(&app, "/", &[&token]).await;
            let expected = if replaced { "<h1>No</h1>" } else { "the application's own" };
            assert_eq!((answer.status.as_u16(), &*answer.text), (403, expected));
            let answer = send(&app, request("HEAD", "/", &[&token])).await;
            assert_eq!((answer.status.as_u16(), &*answer.text), (403, ""));
        }
    }
}

/// axum takes the body away before a layer around the whole application sees the response.
#[tokio::test]
async fn a_response_to_head_has_the_applications_headers() {
    let world = World::new().await;
    let auth = named(&world.magic, "own").respond_with(|_, _| [("x-own", "1")]);
    let app = Router::new().route("/", routing::get(forbidden));
    for layered in [true, false] {
        let request = request("HEAD", "/", &[&bearer(&world.token())]);
        let answer = if layered {
            let layer = RequireTokenLayer::new(auth.clone());
            Answer::of(layer.layer(app.clone()).oneshot(request).await.unwrap()).await
        } else {
            Answer::of(auth.rejection_layer().layer(app.clone()).oneshot(request).await.unwrap())
                .await
        };
        assert_eq!((answer.status.as_u16(), answer.header("x-own")), (403, Some("1")));
    }
}

#[tokio::test]
async fn the_appearance_of_a_layer_is_that_of_its_own_authenticator() {
    let world = World::new().await;
    let app = Router::new()
        .route("/layer", routing::get(handler))
        .layer(RequireTokenLayer::new(named(&world.magic, "inner")))
        .route("/extractor", routing::get(handler))
        .with_state(named(&world.magic, "state"));
    for (path, realm) in [("/layer", "inner"), ("/extractor", "state")] {
        let challenge = format!("Bearer realm=\"{realm}\"");
        assert_eq!(get(&app, path, &[]).await.header("www-authenticate"), Some(&*challenge));
    }
}

#[tokio::test]
async fn a_closure_can_redirect_and_set_headers_of_its_own() {
    let world = World::new().await;
    let auth = Authenticator::new(world.magic.clone()).respond_with(|_, request| {
        let headers = [(CACHE_CONTROL, HeaderValue::from_static("no-cache"))];
        (headers, Redirect::to(&format!("/login?next={}", request.uri.path())))
    });
    let app = app(&world.magic, auth);
    let answer = get(&app, "/layer", &[]).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, Some("/login?next=/layer"))
    );
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("www-authenticate"), None);
    assert!(answer.extensions.get::<AuthRejection>().is_some());
}

/// A guest is no rejection, so a closure that counts or logs must not see one.
#[tokio::test]
async fn the_closure_does_not_run_for_guests() {
    let world = World::new().await;
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let auth = Authenticator::new(world.magic.clone()).respond_with(move |rejection, _| {
        counter.fetch_add(1, Ordering::Relaxed);
        rejection.status()
    });
    let feed = async |user: Option<Authenticated>, token: Option<DidToken>| {
        (user.is_some() || token.is_some()).to_string()
    };
    let app = Router::new().route("/", routing::get(feed)).with_state(auth);
    get(&app, "/", &[]).await.assert_ok("false");
    assert_eq!(seen.load(Ordering::Relaxed), 0);
    assert_eq!(get(&app, "/", &["Bearer WyJh"]).await.status, 401);
    assert_eq!(seen.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_authenticator_shows_its_realm_and_that_there_is_a_closure() {
    let world = World::new().await;
    let shown = format!("{:?}", named(&world.magic, "shop").respond_with(|_, _| ()));
    assert!(shown.contains("shop") && shown.contains("responder: Some(<fn>)"), "{shown}");
    assert!(!shown.contains(world.fake.secret_key()), "{shown}");
}

#[tokio::test]
async fn retry_after_survives_a_replaced_response() {
    let world = World::without_client_id().await;
    world.fake.fail(Fault::status(500));
    let auth =
        Authenticator::new(world.magic.clone()).respond_with(|rejection, _| rejection.status());
    let answer = get(&app(&world.magic, auth), "/layer", &[&bearer(&world.token())]).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (503, Some("2")));
}

#[tokio::test]
async fn handlers_return_the_errors_of_the_core_as_rejections() {
    let world = World::new().await;
    let app = app(&world.magic, world.magic.clone().into());
    for (token, code, description) in world.refused() {
        let answer = get(&app, "/handler", &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
    let stranger = bearer(&world.mint.token(&TestUser::from_seed(99)));
    get(&app, "/handler", &[&stranger]).await.assert_refused(403, "ERROR_UNKNOWN_USER", None);
    assert_eq!(get(&app, "/handler", &[&bearer(&world.token())]).await.status, 200);
}

#[tokio::test]
async fn the_reason_is_readable_and_holds_its_cause() {
    let world = World::new().await;
    let app = app(&world.magic, world.magic.clone().into());
    let reason = |answer: Answer| answer.extensions.get::<AuthRejection>().unwrap().clone();

    let missing = reason(get(&app, "/layer", &[]).await);
    let kind = AuthRejectionKind::Authorization(AuthorizationErrorKind::Missing);
    assert_eq!(missing.kind(), kind);
    assert_eq!(missing.to_string(), "rejected the request: ERROR_MISSING_AUTH_HEADER");

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
    let app = app(&world.magic, world.magic.clone().into());
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

/// An application's store may say anything about its cause. The cause is in
/// [`source`](Error::source), for whoever asks.
#[tokio::test]
async fn debug_shows_kind_code_and_status_alone() {
    let world = World::new().await;
    let (token, key) = (world.token(), world.fake.secret_key());
    let cause = format!("redis://:hunter2@db: {token} of alice@example.com with {key}");
    let error = StoreError::new(Full, "no room").with_source(cause.clone());
    let rejection = AuthRejection::from(error);
    assert!(rejection.source().unwrap().source().unwrap().to_string().contains(&cause));
    let sent = rejection.clone().into_response();
    let sent = sent.extensions().get::<AuthRejection>().unwrap();
    for rejection in [&rejection, sent] {
        let shown = format!("{rejection:?}");
        let expected =
            "AuthRejection { kind: Store, code: \"ERROR_UNAVAILABLE\", status: 503, .. }";
        assert_eq!(shown, expected);
        for secret in [&*token, key, "alice@example.com", "hunter2"] {
            assert!(!format!("{rejection:#?}").contains(secret), "{rejection:#?}");
        }
    }
    // The message is Magic's.
    let message = serde_json::json!({"message": "no e-mail to alice@example.com"});
    world.fake.fail(Fault::json(400, message));
    let app = app(&world.magic, world.magic.clone().into());
    let answer = get(&app, "/handler", &[&bearer(&token)]).await;
    let shown = format!("{:?}", answer.extensions.get::<AuthRejection>().unwrap());
    let kind = "Service(BadRequest), code: \"SERVICE_ERROR\", status: 502";
    assert_eq!(shown, format!("AuthRejection {{ kind: {kind}, .. }}"));
}
