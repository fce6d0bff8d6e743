//! `RequireTokenLayer` around services of every kind.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper that fails fails its test"
)]

mod support;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    rc::Rc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response, header::AUTHORIZATION};
use http_body_util::Full;
use magic_admin::VerifiedToken;
use magic_admin_axum::{RejectionBody, RequireToken, RequireTokenFuture, RequireTokenLayer};
use magic_admin_testkit::{Endpoint, Fault};
use support::*;
use tower::{Layer, Service, ServiceExt, limit::ConcurrencyLimit, service_fn};

/// Responds with the issuer that the layer found. Panics if it is called without being ready, and
/// is not ready when cloned.
#[derive(Debug, Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self { ready: false }
    }
}

impl<B> Service<Request<B>> for Strict {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without being ready");
        let verified = request.extensions().get::<VerifiedToken>();
        let issuer = verified.map(|token| token.issuer().to_string()).unwrap_or_default();
        let shown = format!("{issuer} {}", request.headers()[AUTHORIZATION].is_sensitive());
        ready(Ok(Response::new(Full::from(shown))))
    }
}

fn guarded(world: &World) -> RequireToken<Strict> {
    RequireTokenLayer::new(world.magic.clone()).layer(Strict::default())
}

async fn call<S, B>(service: &mut S, authorization: &[&str]) -> Answer
where
    S: Service<Request<axum::body::Body>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body,
    B::Error: std::fmt::Debug,
{
    let service = service.ready().await.unwrap();
    Answer::of(service.call(request("GET", "/", authorization)).await.unwrap()).await
}

#[tokio::test]
async fn a_valid_token_is_put_into_extensions() {
    let world = World::new().await;
    let mut service = guarded(&world);
    let expected = format!("{} true", world.alice.issuer());
    for _ in 0..2 {
        call(&mut service, &[&bearer(&world.token())]).await.assert_ok(&expected);
    }
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn rejections_follow_rfc_6750() {
    let world = World::new().await;
    let mut service = guarded(&world);
    for (headers, code) in ABSENT {
        call(&mut service, headers).await.assert_refused(401, code, Some(BARE));
    }
    for headers in MALFORMED {
        let answer = call(&mut service, headers).await;
        answer.assert_refused(400, "EXPECTED_BEARER_STRING", Some(INVALID_REQUEST));
    }
    for (token, code, description) in world.refused() {
        let answer = call(&mut service, &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
    // The service still works after a rejection.
    assert_eq!(call(&mut service, &[&bearer(&world.token())]).await.status, 200);
}

#[tokio::test]
async fn the_ready_service_waits_for_the_id() {
    let world = World::without_client_id().await;
    let mut service = guarded(&world);
    let expected = format!("{} true", world.alice.issuer());
    for _ in 0..2 {
        call(&mut service, &[&bearer(&world.token())]).await.assert_ok(&expected);
    }
    assert_eq!(world.fake.calls_to(Endpoint::Client).len(), 1);
}

#[tokio::test]
async fn bad_tokens_do_not_wait_for_the_id() {
    let world = World::without_client_id().await;
    let mut service = guarded(&world);
    for (token, code, description) in world.refused() {
        let answer = call(&mut service, &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
}

#[tokio::test]
async fn an_unknown_client_id_is_a_503() {
    let world = World::without_client_id().await;
    world.fake.fail(Fault::status(500).at(Endpoint::Client));
    let answer = call(&mut guarded(&world), &[&bearer(&world.token())]).await;
    answer.assert_refused(503, "ERROR_UNAVAILABLE", None);
    assert_eq!(answer.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn a_rejected_request_frees_its_slot() {
    let world = World::new().await;
    let limited = ConcurrencyLimit::new(Strict::default(), 1);
    let mut first = RequireTokenLayer::new(world.magic.clone()).layer(limited);
    let mut second = first.clone();

    let refused = call(&mut first, &[]).await;
    assert_eq!(refused.status, 401);
    // `first` stays alive, like the service of an idle connection.
    let mut context = Context::from_waker(Waker::noop());
    let poll = Service::<Request<()>>::poll_ready(&mut second, &mut context);
    assert!(poll.is_ready());
}

#[tokio::test]
async fn a_layer_in_a_layer_verifies_once() {
    let world = World::new().await;
    let layer = RequireTokenLayer::new(world.magic.clone());
    let clock = world.clock.clone();
    let inner = layer.layer(Strict::default());
    let between = service_fn(move |request| {
        clock.advance(1_000);
        inner.clone().oneshot(request)
    });
    let mut service = layer.layer(between);
    let expected = format!("{} true", world.alice.issuer());
    call(&mut service, &[&bearer(&world.token())]).await.assert_ok(&expected);
}

#[tokio::test]
async fn another_magics_layer_verifies_again() {
    let world = World::new().await;
    let other = magic(&world.fake, &world.clock, Some("another application"));
    let mut service = RequireTokenLayer::new(other).layer(guarded(&world));
    let for_other = world.mint.builder(&world.alice).audience("another application").build();
    let answer = call(&mut service, &[&bearer(&for_other)]).await;
    let challenge = invalid_token("The DID token is for another application.");
    answer.assert_refused(401, "ERROR_AUDIENCE_MISMATCH", Some(&challenge));
}

#[tokio::test]
async fn services_and_bodies_need_not_be_send() {
    let world = World::new().await;
    let local = service_fn(async |request: Request<Rc<str>>| {
        Ok::<_, Rc<str>>(Response::new(Rc::clone(request.body())))
    });
    let service = RequireTokenLayer::new(world.magic.clone()).layer(local);
    let request = Request::builder()
        .header(AUTHORIZATION, bearer(&world.token()))
        .body(Rc::from("body"))
        .unwrap();
    assert_eq!(service.oneshot(request).await.unwrap().status(), 200);
}

#[tokio::test]
async fn the_services_body_is_unchanged() {
    use http_body::Body as _;

    let world = World::new().await;
    let request = request("GET", "/", &[&bearer(&world.token())]);
    let response = guarded(&world).oneshot(request).await.unwrap();
    let length = format!("{} true", world.alice.issuer()).len() as u64;
    assert_eq!(response.body().size_hint().exact(), Some(length));
    assert!(!response.body().is_end_stream());
}

#[tokio::test]
async fn a_rejection_has_a_size_hint() {
    use http_body::Body as _;

    let world = World::new().await;
    let response = guarded(&world).oneshot(request("GET", "/", &[])).await.unwrap();
    let announced = response.body().size_hint().exact().unwrap();
    assert_eq!(announced, Answer::of(response).await.text.len() as u64);
}

#[test]
fn the_layer_itself_does_not_allocate() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let token = world.token();
    let prepare = || {
        let request = Request::builder().header(AUTHORIZATION, bearer(&token)).body(()).unwrap();
        (world.magic.clone(), request)
    };

    // The first verification allocates more, because it fills the caches.
    assert!(world.magic.verifier().unwrap().verify(&token).is_ok());

    let (magic, mut by_hand) = prepare();
    let floor = allocation_counter::measure(|| {
        let verified = magic.verifier().unwrap().verify(&token).unwrap();
        by_hand.extensions_mut().insert(verified);
    });

    let (magic, request) = prepare();
    let inner = service_fn(|_: Request<()>| ready(Ok::<_, Infallible>(Response::new(()))));
    let mut service = RequireTokenLayer::new(magic).layer(inner);
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    let mut request = Some(request);
    let layer = allocation_counter::measure(|| {
        let future = std::pin::pin!(service.call(request.take().unwrap()));
        assert!(future.poll(&mut context).is_ready());
    });

    assert!(floor.count_total > 0);
    assert_eq!(layer.count_total, floor.count_total);
    assert_eq!(layer.bytes_total, floor.bytes_total);
}

#[test]
fn layer_service_and_future_are_send() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>() {}

    shared::<RequireTokenLayer>();
    shared::<RequireToken<Strict>>();
    sent::<RequireTokenFuture<Strict, axum::body::Body>>();
    sent::<RejectionBody<axum::body::Body>>();
    // The service's bodies are `Sync`, which some servers require.
    fn synced<T: Sync>() {}
    synced::<RejectionBody<String>>();
}
