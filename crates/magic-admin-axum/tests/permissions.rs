//! The checks that the layer runs once a token is verified: `authorize` and `authorize_async`.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{
    convert::Infallible,
    future::ready,
    sync::{Arc, Mutex},
    task::{Context, Waker},
};

use axum::{
    Router,
    extract::{FromRequestParts, Path},
    routing::get as route,
};
use http::{Request, Response, header::AUTHORIZATION, request::Parts};
use magic_admin::{Issuer, ReplayGuard, StoreError, StoreErrorKind, VerifiedToken};
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, Authenticator, RequireTokenLayer,
};
use support::*;
use tower::{Layer, Service, limit::ConcurrencyLimit, service_fn};

fn app(layer: RequireTokenLayer) -> Router {
    let handler = async |user: axum::Extension<VerifiedToken>| user.issuer().to_string();
    Router::new()
        .route("/users/{issuer}/orders", route(handler))
        .route("/", route(handler))
        .route_layer(layer)
}

fn is_own(user: &VerifiedToken, request: &Parts) -> bool {
    let issuer = request.uri.path().split('/').nth(2);
    issuer.and_then(|issuer| issuer.parse::<Issuer>().ok()) == Some(user.issuer())
}

#[tokio::test]
async fn users_see_only_their_own_orders() {
    let world = World::new().await;
    let (alice, bob) = (world.alice.issuer().to_string(), world.bob.issuer().to_string());
    let rules: [fn(RequireTokenLayer) -> RequireTokenLayer; 2] = [
        |layer| layer.authorize(is_own),
        |layer| {
            layer.authorize_async(|user, request| {
                let allowed = is_own(user, request);
                async move {
                    tokio::task::yield_now().await;
                    allowed
                }
            })
        },
    ];
    for rule in rules {
        // Test with a known client ID, and with one that has to be fetched.
        for world in [World::new().await, World::without_client_id().await] {
            let app = app(rule(RequireTokenLayer::new(world.magic.clone())));
            let token = bearer(&world.token());
            let own = format!("/users/{alice}/orders");
            get(&app, &own, &[&token]).await.assert_ok(&alice);
            get(&app, &own.to_lowercase(), &[&token]).await.assert_ok(&alice);
            for of in [bob.as_str(), "did:ethr:0x0", "%64id", "..", "me"] {
                let answer = get(&app, &format!("/users/{of}/orders"), &[&token]).await;
                answer.assert_refused(403, "ERROR_FORBIDDEN", None);
            }
            // A user who is not authenticated is asked to authenticate first.
            get(&app, &own, &[]).await.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(BARE));
        }
    }
    drop(world);
}

/// The code in `docs/guard-routes.md` identifies the same user in every encoding of the path that axum accepts.
#[tokio::test]
async fn an_owner_is_found_in_any_encoding() {
    let world = World::new().await;
    let layer = RequireTokenLayer::new(world.magic.clone()).authorize_async(|user, request| {
        let (user, mut request) = (user.issuer(), request.clone());
        async move {
            let owner = Path::<Issuer>::from_request_parts(&mut request, &()).await;
            owner.is_ok_and(|Path(owner)| owner == user)
        }
    });
    let (alice, bob) = (world.alice.issuer().to_string(), world.bob.issuer().to_string());
    let token = bearer(&world.token());
    let top = app(layer);
    let nested = Router::new().nest("/api", top.clone());
    for (app, prefix) in [(&top, ""), (&nested, "/api")] {
        for own in [
            alice.clone(),
            alice.to_lowercase(),
            alice.replace(':', "%3A"),
            alice.replace(':', "%3a").to_lowercase(),
            alice.replace("0x", "%30x"),
        ] {
            let path = format!("{prefix}/users/{own}/orders");
            get(app, &path, &[&token]).await.assert_ok(&alice);
        }
        for other in [bob.replace(':', "%3A"), alice.replace(':', "%253A"), "%FF".to_owned()] {
            let path = format!("{prefix}/users/{other}/orders");
            get(app, &path, &[&token]).await.assert_refused(403, "ERROR_FORBIDDEN", None);
        }
    }
}

#[tokio::test]
async fn admins_only() {
    let world = World::new().await;
    let admins = [world.alice.issuer()];
    let layer = RequireTokenLayer::new(world.magic.clone())
        .authorize(move |user, _| admins.contains(&user.issuer()));
    let app = app(layer);
    assert_eq!(get(&app, "/", &[&bearer(&world.token())]).await.status, 200);
    let bob = bearer(&world.mint.token(&world.bob));
    let answer = get(&app, "/", &[&bob]).await;
    answer.assert_refused(403, "ERROR_FORBIDDEN", None);
    let rejection = answer.extensions.get::<AuthRejection>().unwrap();
    assert_eq!(rejection.kind(), AuthRejectionKind::Forbidden);
}

/// Checks run in order, and stop at the first one that fails.
#[tokio::test]
async fn all_checks_must_pass_in_order() {
    let world = World::new().await;
    let token = bearer(&world.token());
    for failing in 0..=4 {
        let log = Arc::new(Mutex::new(Vec::new()));
        let holds = |number: usize| {
            let log = Arc::clone(&log);
            move || {
                log.lock().unwrap().push(number);
                number != failing
            }
        };
        let (one, two, three, four) = (holds(0), holds(1), holds(2), holds(3));
        let layer = RequireTokenLayer::new(world.magic.clone())
            .authorize(move |_, _| one())
            .authorize_async(move |_, _| ready(two()))
            .authorize(move |_, _| three())
            .authorize_async(move |_, _| ready(four()));
        let status = get(&app(layer), "/", &[&token]).await.status;
        let asked: Vec<_> = (0..4.min(failing + 1)).collect();
        assert_eq!(*log.lock().unwrap(), asked);
        assert_eq!(status.as_u16(), if failing == 4 { 200 } else { 403 });
    }
}

#[tokio::test]
async fn an_error_becomes_the_rejection() {
    let world = World::new().await;
    let auth = Authenticator::new(world.magic.clone())
        .respond_with(|rejection, request| format!("{} {}", request.uri.path(), rejection.code()));
    let layer = || RequireTokenLayer::new(auth.clone());
    let full = || StoreError::new(StoreErrorKind::Full, "no room");
    for (layer, status, text) in [
        (layer().authorize(move |_, _| Err(full())), 503, "/ ERROR_UNAVAILABLE"),
        (layer().authorize_async(move |_, _| ready(Err(full()))), 503, "/ ERROR_UNAVAILABLE"),
        (layer().authorize(|_, _| Err(AuthRejection::forbidden())), 403, "/ ERROR_FORBIDDEN"),
    ] {
        let answer = get(&app(layer), "/", &[&bearer(&world.token())]).await;
        assert_eq!((answer.status.as_u16(), &*answer.text), (status, text));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

/// A user who is not allowed must not take up space in the store.
#[tokio::test]
async fn tokens_are_consumed_after_the_checks() {
    let world = World::new().await;
    let alice = world.alice.issuer();
    let guard = ReplayGuard::in_memory();
    let once = |layer: RequireTokenLayer| app(layer.single_use(guard.clone()));
    let layer = || RequireTokenLayer::new(world.magic.clone());
    let refusing = [
        once(layer().authorize(|_, _| false)),
        once(layer().authorize_async(|_, _| ready(false))),
        once(layer().authorize_async(|_, _| ready(true)).authorize(|_, _| false)),
    ];
    let accepting = once(layer().authorize(move |user, _| user.issuer() == alice));
    let token = bearer(&world.token());
    for app in refusing {
        assert_eq!(get(&app, "/", &[&token]).await.code(), "ERROR_FORBIDDEN");
    }
    assert_eq!(get(&accepting, "/", &[&token]).await.status, 200);
    assert_eq!(get(&accepting, "/", &[&token]).await.code(), "ERROR_DIDT_REPLAYED");
}

#[tokio::test]
async fn a_forbidden_request_frees_its_slot() {
    let world = World::new().await;
    let limited = ConcurrencyLimit::new(
        service_fn(async |_: Request<axum::body::Body>| Ok::<_, Infallible>(Response::new(()))),
        1,
    );
    for layer in [
        RequireTokenLayer::new(world.magic.clone()).authorize(|_, _| false),
        RequireTokenLayer::new(world.magic.clone()).authorize_async(|_, _| ready(false)),
    ] {
        let mut first = layer.layer(limited.clone());
        let mut second = first.clone();
        let mut context = Context::from_waker(Waker::noop());
        assert!(
            Service::<Request<axum::body::Body>>::poll_ready(&mut first, &mut context).is_ready()
        );
        let refused = first.call(request("GET", "/", &[&bearer(&world.token())])).await.unwrap();
        assert_eq!(refused.status(), 403);
        let poll = Service::<Request<axum::body::Body>>::poll_ready(&mut second, &mut context);
        assert!(poll.is_ready());
    }
}

/// An extractor behind the layer does not verify the token or run the checks again.
#[tokio::test]
async fn checks_run_once_per_request() {
    let world = World::new().await;
    let asked = Arc::new(Mutex::new(0));
    let counter = Arc::clone(&asked);
    let layer = RequireTokenLayer::new(world.magic.clone()).authorize(move |_, _| {
        *counter.lock().unwrap() += 1;
        true
    });
    let app = Router::new()
        .route("/", route(async |user: Authenticated| user.issuer().to_string()))
        .layer(layer)
        .with_state(world.magic.clone());
    get(&app, "/", &[&bearer(&world.token())]).await.assert_ok(&world.alice.issuer().to_string());
    assert_eq!(*asked.lock().unwrap(), 1);
}

#[test]
fn checks_that_do_not_wait_do_not_allocate() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let token = world.token();
    let layer = || RequireTokenLayer::new(world.magic.clone());
    let measured = |layer: RequireTokenLayer| {
        let inner = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
        let mut service = layer.layer(inner);
        let call = || {
            let request =
                Request::builder().header(AUTHORIZATION, bearer(&token)).body(()).unwrap();
            let mut request = Some(request);
            let mut context = Context::from_waker(Waker::noop());
            assert!(Service::<Request<()>>::poll_ready(&mut service, &mut context).is_ready());
            allocation_counter::measure(|| {
                let future = std::pin::pin!(service.call(request.take().unwrap()));
                assert!(future.poll(&mut context).is_ready());
            })
            .count_total
        };
        let mut call = call;
        // The first verification fills the caches.
        call();
        call()
    };
    let alice = world.alice.issuer();
    let without = measured(layer());
    let with = measured(layer().authorize(move |user, _| user.issuer() == alice).authorize(
        |_, request| {
            if request.uri.path() == "/" { Ok(()) } else { Err(AuthRejection::forbidden()) }
        },
    ));
    assert!(without > 0);
    assert_eq!(with, without);
}
