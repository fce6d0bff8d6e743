//! The `RequireTokenLayer` layer around services of every kind.
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

/// Answers with the issuer that the layer found. Panics when it is called without being ready,
/// and is not ready when cloned.
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
async fn a_valid_token_goes_through_into_the_extensions() {
    let world = World::new().await;
    let mut service = guarded(&world);
    let expected = format!("{} true", world.alice.issuer());
    for _ in 0..2 {
        call(&mut service, &[&bearer(&world.token())]).await.assert_ok(&expected);
    }
    assert!(world.fake.calls().is_empty());
}

#[tokio::test]
async fn refusals_are_rfc_6750s() {
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
    // Refusing has not spoilt the service.
    assert_eq!(call(&mut service, &[&bearer(&world.token())]).await.status, 200);
}

#[tokio::test]
async fn with_the_client_id_unknown_the_ready_service_is_called_once_it_is_known() {
    let world = World::without_client_id().await;
    let mut service = guarded(&world);
    let expected = format!("{} true", world.alice.issuer());
    for _ in 0..2 {
        call(&mut service, &[&bearer(&world.token())]).await.assert_ok(&expected);
    }
    assert_eq!(world.fake.calls_to(Endpoint::Client).len(), 1);
}

#[tokio::test]
async fn with_the_client_id_unknown_a_token_is_refused_all_the_same() {
    let world = World::without_client_id().await;
    let mut service = guarded(&world);
    for (token, code, description) in world.refused() {
        let answer = call(&mut service, &[&bearer(&token)]).await;
        answer.assert_refused(401, code, Some(&invalid_token(description)));
    }
}

#[tokio::test]
async fn with_the_client_id_out_of_reach_the_answer_is_try_again_later() {
    let world = World::without_client_id().await;
    world.fake.fail(Fault::status(500).at(Endpoint::Client));
    let answer = call(&mut guarded(&world), &[&bearer(&world.token())]).await;
    answer.assert_refused(503, "ERROR_UNAVAILABLE", None);
    assert_eq!(answer.header("retry-after"), Some("2"));
}

#[tokio::test]
async fn a_refused_request_gives_its_place_back() {
    let world = World::new().await;
    let limited = ConcurrencyLimit::new(Strict::default(), 1);
    let mut first = RequireTokenLayer::new(world.magic.clone()).layer(limited);
    let mut second = first.clone();

    let refused = call(&mut first, &[]).await;
    assert_eq!(refused.status, 401);
    // `first` lives on, as the service of an idle connection does.
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
async fn a_layer_verifies_again_what_another_magic_accepted() {
    let world = World::new().await;
    let other = magic(&world.fake, &world.clock, Some("another application"));
    let mut service = RequireTokenLayer::new(other).layer(guarded(&world));
    let for_other = world.mint.builder(&world.alice).audience("another application").build();
    let answer = call(&mut service, &[&bearer(&for_other)]).await;
    let challenge = invalid_token("The DID token is for another application.");
    answer.assert_refused(401, "ERROR_AUDIENCE_MISMATCH", Some(&challenge));
}

#[tokio::test]
async fn neither_service_nor_bodies_need_to_be_send() {
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
async fn the_body_of_the_service_goes_through_unchanged() {
    use http_body::Body as _;

    let world = World::new().await;
    let request = request("GET", "/", &[&bearer(&world.token())]);
    let response = guarded(&world).oneshot(request).await.unwrap();
    let length = format!("{} true", world.alice.issuer()).len() as u64;
    assert_eq!(response.body().size_hint().exact(), Some(length));
    assert!(!response.body().is_end_stream());
}

#[tokio::test]
async fn a_refusal_knows_its_length() {
    use http_body::Body as _;

    let world = World::new().await;
    let response = guarded(&world).oneshot(request("GET", "/", &[])).await.unwrap();
    let announced = response.body().size_hint().exact().unwrap();
    assert_eq!(announced, Answer::of(response).await.text.len() as u64);
}

#[test]
fn the_layer_allocates_nothing_beyond_verifying_and_inserting() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let world = runtime.block_on(World::new());
    let token = world.token();
    let prepare = || {
        let request = Request::builder().header(AUTHORIZATION, bearer(&token)).body(()).unwrap();
        (world.magic.clone(), request)
    };

    // The first verification does more: it fills caches.
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
fn layer_service_and_future_can_be_shared_and_sent() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    fn sent<T: Send + 'static>() {}

    shared::<RequireTokenLayer>();
    shared::<RequireToken<Strict>>();
    sent::<RequireTokenFuture<Strict, axum::body::Body>>();
    sent::<RejectionBody<axum::body::Body>>();
    // Of a service whose bodies are `Sync`, as some servers ask for.
    fn synced<T: Sync>() {}
    synced::<RejectionBody<String>>();
}
