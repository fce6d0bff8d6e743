//! A client ID that is not configured: it is fetched once, requests wait for it, and it is never
//! skipped.

use std::time::Duration;

use axum::{
    extract::Request,
    middleware::{Next, from_fn},
};
use magic_admin::VerifyErrorKind;
use magic_admin_testkit::{Endpoint, Fault, TestUser};
use serde_json::json;
use tests::{Answer, App, StoppedTime};
use tokio::sync::watch;

fn fetches(app: &App) -> usize {
    app.fake.calls_to(Endpoint::Client).len()
}

async fn me(app: &App) -> Answer {
    Answer::to(app.get("/v1/user/me").bearer_auth(app.alice())).await
}

#[track_caller]
fn assert_unavailable(answer: &Answer) {
    assert_eq!((answer.status, answer.code().as_str()), (503, "ERROR_UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert_eq!(answer.header("www-authenticate"), None);
}

#[tokio::test]
async fn a_failed_fetch_is_retried_after_2_s() {
    let app = App::start().await;
    let time = StoppedTime::stop();
    app.fake.fail(Fault::status(500).at(Endpoint::Client));
    assert_unavailable(&me(&app).await);
    assert_eq!(Answer::to(app.get("/v1/greeting")).await.status, 200, "public routes work");

    app.fake.heal();
    time.advance(Duration::from_millis(1_999)).await;
    assert_unavailable(&me(&app).await);
    assert_eq!(fetches(&app), 1);
    time.advance(Duration::from_millis(1)).await;
    assert_eq!(me(&app).await.status, 200);
    assert_eq!(me(&app).await.status, 200);
    assert_eq!(fetches(&app), 2);
}

#[tokio::test]
async fn a_response_without_an_id_is_a_failure() {
    for answer in
        [json!({"app_scope": "GLOBAL"}), json!({"client_id": ""}), json!({"client_id": null})]
    {
        let app = App::start().await;
        app.fake.fail(Fault::json(200, answer).at(Endpoint::Client));
        assert_unavailable(&me(&app).await);
    }
}

#[tokio::test]
async fn a_bad_token_causes_no_fetch() {
    let app = App::start().await;
    let alice = TestUser::from_seed(1);
    let mint = app.fake.mint();
    for bad in [
        mint.builder(&alice).expired(),
        mint.builder(&alice).not_yet_valid(),
        mint.builder(&alice).signed_by(&TestUser::from_seed(2)),
        mint.builder(&alice).recovery_byte(29),
        mint.builder(&alice).remove("aud"),
    ] {
        let answer = Answer::to(app.get("/v1/user/me").bearer_auth(bad.build())).await;
        assert_eq!(answer.status, 401);
    }
    assert_eq!(fetches(&app), 0);
    assert_eq!(me(&app).await.status, 200);
    assert_eq!(fetches(&app), 1);
}

#[tokio::test]
async fn a_configured_client_id_is_never_fetched() {
    let fetched = App::start().await;
    let client_id = fetched.fake.client_id().to_owned();
    let app = App::with(|magic| magic.client_id(client_id), |router| router).await;
    assert_eq!(me(&app).await.status, 200);
    assert_eq!(fetches(&app), 0);
}

#[tokio::test]
async fn many_waiting_requests_share_one_fetch() {
    const REQUESTS: usize = 20;
    let (entered, mut waiting) = watch::channel(0);
    let count = from_fn(move |request: Request, next: Next| {
        entered.send_modify(|count| *count += 1);
        next.run(request)
    });
    let app = App::with(|magic| magic, |router| router.layer(count)).await;
    app.fake.fail(Fault::hold().at(Endpoint::Client));
    let requests: Vec<_> = (0..REQUESTS)
        .map(|_| app.get("/v1/user/me").bearer_auth(app.alice()))
        .map(|request| tokio::spawn(Answer::to(request)))
        .collect();
    waiting.wait_for(|count| *count == REQUESTS).await.unwrap();
    app.fake.wait_for_calls(1).await;
    app.fake.release();
    for request in requests {
        assert_eq!(request.await.unwrap().status, 200);
    }
    assert_eq!(fetches(&app), 1);
}

#[tokio::test]
async fn a_request_waits_at_most_5_s() {
    let app = App::start().await;
    let time = StoppedTime::stop();
    app.fake.fail(Fault::hold().at(Endpoint::Client));
    let waiting = tokio::spawn(Answer::to(app.get("/v1/user/me").bearer_auth(app.alice())));
    app.fake.wait_for_calls(1).await;
    time.advance(Duration::from_millis(4_999)).await;
    // One complete request gives the first one enough time to get a response.
    assert_eq!(Answer::to(app.get("/v1/greeting")).await.status, 200);
    assert!(!waiting.is_finished());
    // One millisecond is left to wait, and timers are rounded up to the next one.
    time.advance(Duration::from_millis(2)).await;
    assert_unavailable(&waiting.await.unwrap());

    let next = tokio::spawn(Answer::to(app.get("/v1/user/me").bearer_auth(app.alice())));
    app.fake.release();
    assert_eq!(next.await.unwrap().status, 200);
    assert_eq!(fetches(&app), 1);
}

#[tokio::test]
async fn the_fetch_outlives_its_request() {
    let app = App::start().await;
    app.fake.fail(Fault::hold().at(Endpoint::Client));
    let token = app.alice();
    tokio::select! {
        result = app.magic.verify(&token) => panic!("it does not wait: {result:?}"),
        () = app.fake.wait_for_calls(1) => {}
    }
    app.fake.release();
    app.magic.verify(&token).await.unwrap();
    assert_eq!(fetches(&app), 1);
    let other = app.fake.mint().builder(&TestUser::from_seed(1)).audience("another").build();
    let error = app.magic.verify(&other).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::AudienceMismatch);
}
