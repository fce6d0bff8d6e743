//! The layer that requires ownership, behind the token layer, with a fake chain.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Waker},
    time::Duration,
};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{Request, StatusCode},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use magic_admin::{
    Address, Magic,
    gating::{Chain, Gate, GatingErrorKind},
};
use magic_admin_axum::{
    AuthRejection, AuthRejectionKind, Authenticated, Authenticator, Realm, RequireOwnershipLayer,
    RequireToken, RequireTokenLayer,
};
use serde_json::{Value, json};
use support::*;
use tower::{Layer as _, Service, ServiceExt as _, limit::ConcurrencyLimit, service_fn};

/// An RPC endpoint where everyone owns this many of everything; beyond [`DOWN`], it is down.
#[derive(Clone, Default)]
struct Rpc {
    balance: Arc<AtomicU64>,
    calls: Arc<AtomicUsize>,
}

const DOWN: u64 = u64::MAX;

impl Rpc {
    fn set(&self, balance: u64) {
        self.balance.store(balance, Ordering::Relaxed);
    }

    async fn chain(&self) -> Chain {
        async fn answer(State(rpc): State<Rpc>, Json(batch): Json<Vec<Value>>) -> Response {
            rpc.calls.fetch_add(1, Ordering::Relaxed);
            let balance = rpc.balance.load(Ordering::Relaxed);
            if balance == DOWN {
                return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response();
            }
            let result = |call: &Value| match call["method"].as_str() {
                Some("eth_chainId") => "0x1".to_owned(),
                _ => format!("0x{balance:064x}"),
            };
            let answer =
                |call: &Value| json!({"jsonrpc": "2.0", "id": call["id"], "result": result(call)});
            Json(batch.iter().map(answer).collect::<Value>()).into_response()
        }
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().route("/", post(answer)).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Chain::builder(1, url).retries(0).build().unwrap()
    }

    /// Requires five coins. Only failures are cached, for a second.
    async fn gate(&self) -> Gate {
        let coins = self.chain().await.erc20(Address::from_bytes([1; 20])).at_least(5_u64).unwrap();
        Gate::builder(coins)
            .remember_owned(Duration::ZERO)
            .remember_not_owned(Duration::ZERO)
            .build()
    }
}

fn guarded(auth: impl Into<Authenticator>, gate: Gate) -> Router {
    Router::new()
        .route(
            "/",
            get(|user: axum::Extension<magic_admin::VerifiedToken>| async move {
                user.issuer().to_string()
            }),
        )
        .route_layer(RequireOwnershipLayer::new(gate))
        .route_layer(RequireTokenLayer::new(auth))
}

/// Returns the gate as a separate layer, and as one of the checks of the token layer.
fn both(magic: &Magic, gate: &Gate) -> [Router; 2] {
    let layer = RequireTokenLayer::new(magic.clone()).require_ownership(gate.clone());
    let handler =
        async |user: axum::Extension<magic_admin::VerifiedToken>| user.issuer().to_string();
    [
        guarded(magic.clone(), gate.clone()),
        Router::new().route("/", get(handler)).route_layer(layer),
    ]
}

#[tokio::test]
async fn only_owners_get_through() {
    let (world, rpc) = (World::new().await, Rpc::default());
    let token = bearer(&world.token());
    for app in both(&world.magic, &rpc.gate().await) {
        for (balance, owns) in [(0, false), (4, false), (5, true), (1_000, true), (4, false)] {
            rpc.set(balance);
            let answer = ask(&app, &[&token]).await;
            if owns {
                answer.assert_ok(&world.alice.issuer().to_string());
            } else {
                answer.assert_refused(403, "ERROR_NOT_OWNED", None);
            }
        }
    }
}

/// Checks run in the order in which they were added.
#[tokio::test]
async fn ownership_is_one_of_the_checks() {
    let (world, rpc) = (World::new().await, Rpc::default());
    let gate = rpc.gate().await;
    let layer = || RequireTokenLayer::new(world.magic.clone());
    let app = |layer| Router::new().route("/", get(|| async { "in" })).route_layer(layer);
    let token = bearer(&world.token());
    rpc.set(5);
    let first = app(layer().authorize(|_, _| false).require_ownership(gate.clone()));
    ask(&first, &[&token]).await.assert_refused(403, "ERROR_FORBIDDEN", None);
    assert_eq!(rpc.calls.load(Ordering::Relaxed), 0);
    let last = app(layer().require_ownership(gate.clone()).authorize(|_, _| false));
    ask(&last, &[&token]).await.assert_refused(403, "ERROR_FORBIDDEN", None);
    assert_eq!(rpc.calls.load(Ordering::Relaxed), 1);
    rpc.set(0);
    ask(&last, &[&token]).await.assert_refused(403, "ERROR_NOT_OWNED", None);
    rpc.set(5);
    let both = app(layer().require_ownership(gate).authorize_async(|_, _| async { true }));
    ask(&both, &[&token]).await.assert_ok("in");
}

#[test]
fn a_cached_owner_costs_no_allocation() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (world, gate) = runtime.block_on(async {
        let rpc = Rpc::default();
        rpc.set(5);
        let coins = rpc.chain().await.erc20(Address::from_bytes([1; 20])).at_least(5_u64).unwrap();
        let (world, gate) = (World::new().await, Gate::new(coins));
        gate.require(&world.magic.verify(&world.token()).await.unwrap()).await.unwrap();
        (world, gate)
    });
    let token = world.token();
    let route =
        service_fn(|_: Request<()>| std::future::ready(Ok::<_, Infallible>(Response::new(()))));
    let layer = || RequireTokenLayer::new(world.magic.clone());
    let user = world.magic.verifier().unwrap().verify(&token).unwrap();
    let allocations = |mut service: RequireToken<_>, known: bool| {
        let mut request =
            Request::get("/").header("authorization", bearer(&token)).body(()).unwrap();
        if known {
            request.extensions_mut().insert(user.clone());
        }
        let mut request = Some(request);
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Service::<Request<()>>::poll_ready(&mut service, &mut cx).is_ready());
        allocation_counter::measure(|| {
            let future = std::pin::pin!(service.call(request.take().unwrap()));
            assert!(future.poll(&mut cx).is_ready());
        })
        .count_total
    };
    let alone = RequireOwnershipLayer::new(gate.clone()).layer(route);
    assert_eq!(allocations(alone, true), 0);
    let without = allocations(layer().layer(route), false);
    let with = allocations(layer().require_ownership(gate).layer(route), false);
    assert_eq!(with, without);
}

#[tokio::test]
async fn a_chain_that_is_down_is_a_503() {
    let (world, rpc) = (World::new().await, Rpc::default());
    let app = guarded(world.magic.clone(), rpc.gate().await);
    rpc.set(DOWN);
    let answer = ask(&app, &[&bearer(&world.token())]).await;
    answer.assert_refused(503, "ERROR_UNAVAILABLE", None);
    assert_eq!(answer.headers["retry-after"], "7");
}

#[tokio::test]
async fn invalid_tokens_cause_no_chain_calls() {
    let (world, rpc) = (World::new().await, Rpc::default());
    rpc.set(5);
    let gate = rpc.gate().await;
    let app = guarded(world.magic.clone(), gate.clone());
    assert_eq!(ask(&app, &[]).await.status, 401);
    assert_eq!(ask(&app, &["Bearer nonsense"]).await.status, 401);
    // Without a token layer, the request is rejected as if it had no token, whatever its header contains.
    let alone =
        Router::new().route("/", get(|| async {})).route_layer(RequireOwnershipLayer::new(gate));
    let answer = ask(&alone, &[&bearer(&world.token())]).await;
    answer.assert_refused(401, "ERROR_MISSING_AUTH_HEADER", Some(BARE));
    assert_eq!(rpc.calls.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn owners_are_cached() {
    let (world, rpc) = (World::new().await, Rpc::default());
    rpc.set(5);
    let coins = rpc.chain().await.erc20(Address::from_bytes([1; 20])).at_least(5_u64).unwrap();
    let app = guarded(world.magic.clone(), Gate::new(coins));
    for _ in 0..3 {
        assert_eq!(ask(&app, &[&bearer(&world.token())]).await.status, 200);
    }
    assert_eq!(rpc.calls.load(Ordering::Relaxed), 1);
    // The result is cached per user.
    rpc.set(0);
    let bob = bearer(&world.mint.token(&world.bob));
    for _ in 0..3 {
        assert_eq!(ask(&app, &[&bob]).await.status, 403);
    }
    assert_eq!(rpc.calls.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn rejections_use_the_layers_response() {
    let (world, rpc) = (World::new().await, Rpc::default());
    let auth = Authenticator::new(world.magic.clone())
        .realm(Realm::new("club").unwrap())
        .respond_with(|rejection, request| {
            (rejection.status(), format!("{} at {}", rejection.code(), request.uri.path()))
        });
    let app = guarded(auth, rpc.gate().await);
    let answer = ask(&app, &[&bearer(&world.token())]).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (403, "ERROR_NOT_OWNED at /"));
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_handler_can_check_ownership() {
    async fn vote(State(app): State<App>, user: Authenticated) -> Result<(), AuthRejection> {
        app.members.require(&user).await?;
        Ok(())
    }
    #[derive(Clone, axum::extract::FromRef)]
    struct App {
        auth: Authenticator,
        members: Gate,
    }
    let (world, rpc) = (World::new().await, Rpc::default());
    let state = App { auth: world.magic.clone().into(), members: rpc.gate().await };
    let app = Router::new().route("/", get(vote)).with_state(state);
    let token = bearer(&world.token());
    for (balance, status, kind) in [
        (5, 200, None),
        (0, 403, Some(GatingErrorKind::NotOwned)),
        (DOWN, 503, Some(GatingErrorKind::Status(429))),
    ] {
        rpc.set(balance);
        let response = app.clone().oneshot(request("GET", "/", &[&token])).await.unwrap();
        assert_eq!(response.status().as_u16(), status);
        let rejection = response.extensions().get::<AuthRejection>().map(AuthRejection::kind);
        assert_eq!(rejection, kind.map(AuthRejectionKind::Ownership));
    }
}

#[tokio::test]
async fn rejected_requests_give_back_their_slot() {
    let (world, rpc) = (World::new().await, Rpc::default());
    let (auth, gate) = (RequireTokenLayer::new(world.magic.clone()), rpc.gate().await);
    let route =
        service_fn(|_: Request<Body>| async { Ok::<_, Infallible>(Response::new(Body::empty())) });
    let limited = ConcurrencyLimit::new(route, 1);
    let alone = RequireOwnershipLayer::new(gate).layer(limited);
    let is_ready = |mut other: RequireToken<_>| {
        let mut cx = Context::from_waker(Waker::noop());
        Service::<Request<Body>>::poll_ready(&mut other, &mut cx).is_ready()
    };
    // A request without a user is rejected. The service is still alive, but another one needs the slot.
    let mut service = alone.clone();
    let ready = service.ready().await.unwrap();
    assert!(!is_ready(alone.clone()));
    let response = ready.call(request("GET", "/", &[])).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    assert!(is_ready(alone.clone()));

    let guarded = auth.layer(alone.clone());
    let token = bearer(&world.token());
    for balance in [0, 5, 0, 5, DOWN] {
        rpc.set(balance);
        let mut service = guarded.clone();
        let ready = service.ready().await.unwrap();
        let response = ready.call(request("GET", "/", &[&token])).await.unwrap();
        assert_eq!(response.status().is_success(), balance == 5);
        assert!(is_ready(alone.clone()));
    }
}

async fn ask(app: &Router, authorization: &[&str]) -> Answer {
    Answer::of(app.clone().oneshot(request("GET", "/", authorization)).await.unwrap()).await
}
