//! `POST /v1/user/logout`: each step runs only if the previous one succeeded.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{FromRequestParts, State},
    response::IntoResponse,
};
use http::{HeaderValue, Method, Request, StatusCode, Uri, header::SET_COOKIE, request::Parts};
use magic_admin::{Issuer, Policy};
use magic_admin_axum::{
    AuthRejection, LoadUser, LogoutRouter, RejectionStyle, RunningLogouts, after_logout_fn,
    load_user_fn, logout_router,
};
use magic_admin_testkit::{Endpoint, Fault, TestUser};
use support::*;
use tokio::{sync::Barrier, time::timeout};

const LOGOUT: &str = "/v1/user/logout";

/// A log of the steps, in order.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<&'static str>>>);

impl Log {
    fn add(&self, step: &'static str) {
        self.0.lock().unwrap().push(step);
    }

    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

/// A session as an extractor, which logs when it is extracted.
struct Session(Log);

impl FromRequestParts<Log> for Session {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, log: &Log) -> Result<Self, Self::Rejection> {
        log.add("extract");
        if parts.headers.contains_key("x-no-session") {
            return Err((StatusCode::IM_A_TEAPOT, "no session"));
        }
        Ok(Self(log.clone()))
    }
}

/// The application's users; every lookup has the same result.
#[derive(Clone)]
struct Users(Result<Option<Issuer>, StatusCode>);

impl LoadUser<Log> for Users {
    type Extract = Session;
    type Rejection = StatusCode;

    async fn load_user(&self, Session(log): Session) -> Result<Option<Issuer>, StatusCode> {
        log.add("load");
        self.0
    }
}

fn router(world: &World, users: Users) -> LogoutRouter<Users> {
    logout_router(world.magic.clone(), users)
}

fn alice(world: &World) -> Users {
    Users(Ok(Some(world.alice.issuer())))
}

/// Returns the router with a clean-up that logs its call.
fn app(router: LogoutRouter<Users>, log: &Log) -> Router {
    let after = after_logout_fn(|State(log): State<Log>| async move { log.add("clean up") });
    Router::new().merge(router.after_logout(after)).with_state(log.clone())
}

#[tokio::test]
async fn a_logout_runs_all_steps_in_order() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, alice(&world)), &log);
    let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
    answer.assert_ok("");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(log.take(), ["extract", "load", "clean up"]);
    let calls = world.fake.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(calls[0].endpoint(), Some(Endpoint::Logout));
    assert_eq!(calls[0].issuer(), Some(world.alice.issuer().to_string()));
}

#[tokio::test]
async fn a_logout_can_be_repeated() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, alice(&world)), &log);
    let token = bearer(&world.token());
    post(&app, LOGOUT, &[&token]).await.assert_ok("");
    post(&app, LOGOUT, &[&token]).await.assert_ok("");
    assert_eq!(world.fake.logout_calls().len(), 2);
}

#[tokio::test]
async fn an_invalid_token_stops_the_logout() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, alice(&world)), &log);
    for (headers, code) in ABSENT {
        post(&app, LOGOUT, headers).await.assert_refused(400, code, None);
    }
    for headers in MALFORMED {
        post(&app, LOGOUT, headers).await.assert_refused(400, "EXPECTED_BEARER_STRING", None);
    }
    for (token, code, _) in world.refused() {
        post(&app, LOGOUT, &[&bearer(&token)]).await.assert_refused(400, code, None);
    }
    assert!(log.take().is_empty());
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn the_rfc_6750_style_challenges() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, Users(Ok(None))).style(RejectionStyle::Rfc6750), &log);
    for (headers, code) in ABSENT {
        post(&app, LOGOUT, headers).await.assert_refused(401, code, Some(BARE));
    }
    for headers in MALFORMED {
        let answer = post(&app, LOGOUT, headers).await;
        answer.assert_refused(400, "EXPECTED_BEARER_STRING", Some(INVALID_REQUEST));
    }
    for (token, code, description) in world.refused() {
        let answer = post(&app, LOGOUT, &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
    let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
    answer.assert_refused(403, "ERROR_ISSUER_MISMATCH", None);
}

#[tokio::test]
async fn another_user_looks_like_no_user() {
    let (world, log) = (World::new().await, Log::default());
    let mut bodies = Vec::new();
    for on_file in [Some(world.bob.issuer()), None] {
        let app = app(router(&world, Users(Ok(on_file))), &log);
        let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
        answer.assert_refused(403, "ERROR_ISSUER_MISMATCH", None);
        bodies.push((answer.text.clone(), format!("{:?}", answer.headers)));
        assert_eq!(log.take(), ["extract", "load"]);
    }
    assert_eq!(bodies[0], bodies[1]);
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn the_applications_errors_are_passed_on() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, Users(Err(StatusCode::CONFLICT))), &log);
    let token = bearer(&world.token());
    let answer = post(&app, LOGOUT, &[&token]).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::CONFLICT, ""));
    assert_eq!(log.take(), ["extract", "load"]);

    let mut no_session = request("POST", LOGOUT, &[&token]);
    no_session.headers_mut().insert("x-no-session", http::HeaderValue::from_static("1"));
    let answer = send(&app, no_session).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::IM_A_TEAPOT, "no session"));
    assert_eq!(log.take(), ["extract"]);
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn failures_of_magic_stop_the_clean_up() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, alice(&world)), &log);
    let secret = "what Magic said";
    let faults = [
        (Fault::json(400, serde_json::json!({"message": secret})), 502, None),
        (Fault::status(401), 502, None),
        (Fault::status(403), 502, None),
        (Fault::json(404, serde_json::json!({"detail": "Not Found"})), 502, None),
        (Fault::status(429), 503, Some("5")),
        (Fault::status(429).retry_after(7), 503, Some("7")),
        (Fault::status(429).retry_after(0), 503, Some("1")),
        (Fault::status(500), 502, None),
        (Fault::html(502), 502, None),
        (Fault::status(503).retry_after(7), 502, None),
        (Fault::garbage(), 502, None),
        (Fault::failed(), 502, None),
        (Fault::reset(), 502, None),
        (Fault::hold(), 504, None),
    ];
    for (fault, status, retry_after) in faults {
        let shown = format!("{fault:?}");
        world.fake.fail_next(fault);
        let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
        answer.assert_refused(status, "SERVICE_ERROR", None);
        assert_eq!(answer.header("retry-after"), retry_after, "{shown}");
        assert!(!answer.text.contains(secret));
        assert_eq!(log.take(), ["extract", "load"], "{shown}");
    }
}

/// Magic has no sessions left to end, so the user can log out of the application.
#[tokio::test]
async fn an_unknown_user_can_log_out() {
    let (world, log) = (World::new().await, Log::default());
    let stranger = TestUser::from_seed(99);
    let app = app(router(&world, Users(Ok(Some(stranger.issuer())))), &log);
    let token = bearer(&world.mint.token(&stranger));
    post(&app, LOGOUT, &[&token]).await.assert_ok("");
    assert_eq!(log.take(), ["extract", "load", "clean up"]);
    assert_eq!(world.fake.logout_calls().len(), 1);
}

/// A policy decides who may sign in, not who may log out.
#[tokio::test]
async fn a_policy_does_not_block_logouts() {
    let (mut world, log) = (World::new().await, Log::default());
    let policy = Policy::new().require_attachment().max_age(Duration::from_secs(60));
    world.magic = magic_builder(&world.fake, &world.clock)
        .client_id(world.fake.client_id())
        .verifier(|verifier| verifier.policy(policy))
        .build()
        .unwrap();
    let token = bearer(&world.token());
    world.clock.advance(120);
    let app = app(router(&world, alice(&world)), &log);
    post(&app, LOGOUT, &[&token]).await.assert_ok("");
}

/// Without an Admin API, a logout from Magic cannot be confirmed.
#[tokio::test]
async fn no_admin_api_is_a_502() {
    let (world, log) = (World::new().await, Log::default());
    let verifier = world.magic.verifier().unwrap().clone();
    let app = app(logout_router(verifier, alice(&world)), &log);
    let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
    answer.assert_refused(502, "SERVICE_ERROR", None);
    assert_eq!(log.take(), ["extract", "load"]);
}

fn same_origin(authorization: &[&str], site: Option<&'static str>) -> Request<Body> {
    let mut request = request("POST", LOGOUT, authorization);
    if let Some(site) = site {
        request.headers_mut().insert("sec-fetch-site", HeaderValue::from_static(site));
    }
    request
}

#[tokio::test]
async fn a_logout_without_token_can_be_accepted() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, alice(&world)).accept_without_token(), &log);
    send(&app, same_origin(&[], Some("same-origin"))).await.assert_ok("");
    assert_eq!(log.take(), ["extract", "load", "clean up"]);
    assert_eq!(world.fake.logout_calls().len(), 1);

    for site in [Some("cross-site"), Some("same-site"), None] {
        let answer = send(&app, same_origin(&[], site)).await;
        answer.assert_refused(403, "ERROR_CROSS_SITE", None);
    }
    // If the request has credentials, they must be valid, wherever they come from.
    for authorization in [&["Basic dXNlcjpwYXNz"][..], &["Bearer a b"], &["Bearer WyJh"]] {
        let answer = send(&app, same_origin(authorization, Some("same-origin"))).await;
        assert_eq!(answer.status, 400, "{authorization:?}");
    }
    assert!(log.take().is_empty());
    assert_eq!(world.fake.logout_calls().len(), 1);
}

#[tokio::test]
async fn a_logout_without_token_needs_a_user() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, Users(Ok(None))).accept_without_token(), &log);
    let answer = send(&app, same_origin(&[], Some("same-origin"))).await;
    answer.assert_refused(403, "ERROR_ISSUER_MISMATCH", None);
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn an_unreachable_magic_is_a_502() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, alice(&world)), &log);
    let token = bearer(&world.token());
    world.fake.shutdown().await;
    post(&app, LOGOUT, &[&token]).await.assert_refused(502, "SERVICE_ERROR", None);
    assert_eq!(log.take(), ["extract", "load"]);
}

#[tokio::test]
async fn an_unknown_client_id_is_a_503() {
    let (world, log) = (World::without_client_id().await, Log::default());
    world.fake.fail(Fault::status(500).at(Endpoint::Client));
    let app = app(router(&world, alice(&world)), &log);
    let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
    answer.assert_refused(503, "ERROR_UNAVAILABLE", None);
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert!(log.take().is_empty());
    assert!(world.fake.logout_calls().is_empty());
}

#[tokio::test]
async fn the_clean_up_determines_the_response() {
    let (world, log) = (World::new().await, Log::default());
    for fails in [false, true] {
        let after = after_logout_fn(move |()| async move {
            if fails { Err(StatusCode::INSUFFICIENT_STORAGE) } else { Ok([(SET_COOKIE, "a=b")]) }
        });
        let app: Router =
            Router::from(router(&world, alice(&world)).after_logout(after)).with_state(log.clone());
        let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
        let expected = if fails { (507, None) } else { (200, Some("a=b")) };
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), expected);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[tokio::test]
async fn an_extractor_of_the_clean_up_can_fail() {
    let (world, log) = (World::new().await, Log::default());
    let issuer = world.alice.issuer();
    let users = load_user_fn(move |()| async move { Ok::<_, StatusCode>(Some(issuer)) });
    let after = after_logout_fn(|_: Session| async { unreachable!() as () });
    let app: Router = logout_router(world.magic.clone(), users)
        .after_logout(after)
        .into_router()
        .with_state(log.clone());
    let mut no_session = request("POST", LOGOUT, &[&bearer(&world.token())]);
    no_session.headers_mut().insert("x-no-session", http::HeaderValue::from_static("1"));
    let answer = send(&app, no_session).await;
    assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(world.fake.logout_calls().len(), 1);
}

#[tokio::test]
async fn the_path_can_be_changed_and_nested() {
    let (world, log) = (World::new().await, Log::default());
    let users = alice(&world);
    let app = Router::new()
        .nest("/auth", router(&world, users).path("/{tenant}/bye").into_router())
        .with_state(log);
    let token = bearer(&world.token());
    post(&app, "/auth/acme/bye", &[&token]).await.assert_ok("");
    assert_eq!(post(&app, LOGOUT, &[&token]).await.status, 404);
    assert_eq!(get(&app, "/auth/acme/bye", &[&token]).await.status, 405);
}

#[tokio::test]
async fn the_rejection_is_in_the_extensions() {
    let (world, log) = (World::new().await, Log::default());
    let app = app(router(&world, Users(Ok(None))), &log);
    let answer = post(&app, LOGOUT, &[&bearer(&world.token())]).await;
    let reason = answer.extensions.get::<AuthRejection>().unwrap();
    assert_eq!(reason.code(), "ERROR_ISSUER_MISMATCH");
    assert_eq!(reason.clone().into_response().status(), 403);
}

#[tokio::test]
async fn closures_take_up_to_four_extractors() {
    let (world, log) = (World::new().await, Log::default());
    let alice = world.alice.issuer();
    let none = move || async move { Ok::<_, StatusCode>(Some(alice)) };
    let two = move |Session(_): Session, State(log): State<Log>| async move {
        log.add("load");
        Ok::<_, StatusCode>(Some(alice))
    };
    let four = async |_: Method, uri: Uri, State(log): State<Log>, (): ()| {
        log.add("clean up");
        uri.to_string()
    };
    let token = bearer(&world.token());
    let magic = || world.magic.clone();

    let app = logout_router(magic(), load_user_fn(two)).after_logout(after_logout_fn(four));
    let app: Router = Router::new().merge(app).with_state(log.clone());
    post(&app, LOGOUT, &[&token]).await.assert_ok(LOGOUT);
    assert_eq!(log.take(), ["extract", "load", "clean up"]);

    let app = logout_router(magic(), load_user_fn(none)).after_logout(after_logout_fn(async || ()));
    post(&app.into_router(), LOGOUT, &[&token]).await.assert_ok("");
}

/// Closures have nothing to display, but a router that contains them still implements `Debug` and
/// `Clone`.
#[tokio::test]
async fn debug_shows_the_closures_extractors() {
    let world = World::new().await;
    let users = load_user_fn(|_: Method| async { Ok::<Option<Issuer>, StatusCode>(None) });
    let after = after_logout_fn(|_: Uri| async {});
    let router = logout_router(world.magic.clone(), users).after_logout(after);
    let shown = format!("{:?}", router.clone());
    assert!(shown.contains("LoadUserFn<(http::method::Method,)>"), "{shown}");
    assert!(shown.contains("AfterLogoutFn<(http::uri::Uri,)>"), "{shown}");
    let answer = post(&router.into(), LOGOUT, &[&bearer(&world.token())]).await;
    answer.assert_refused(403, "ERROR_ISSUER_MISMATCH", None);
}

/// Otherwise a server that shuts down could stop between the request and its first step.
#[tokio::test]
async fn a_logout_runs_from_its_arrival() {
    let world = World::new().await;
    let (running, hook) = (RunningLogouts::new(), Arc::new(Barrier::new(2)));
    let entered = Arc::clone(&hook);
    let users = load_user_fn(move || {
        let entered = Arc::clone(&entered);
        async move {
            entered.wait().await; // the test looks now
            entered.wait().await;
            Ok::<_, StatusCode>(None)
        }
    });
    let app: Router = logout_router(world.magic.clone(), users).track(&running).into();
    let header = bearer(&world.token());
    let request = tokio::spawn(async move { post(&app, LOGOUT, &[&header]).await });
    hook.wait().await;
    assert!(timeout(Duration::ZERO, running.finished()).await.is_err());
    hook.wait().await;
    request.await.unwrap().assert_refused(403, "ERROR_ISSUER_MISMATCH", None);
    running.finished().await;
}
