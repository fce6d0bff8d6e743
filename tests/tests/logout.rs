//! `POST /v1/user/logout` of the quickstart, over sockets: each step, and the failures that stop
//! it.

use std::time::Duration;

use magic_admin::{Policy, UnixSeconds};
use magic_admin_testkit::{Endpoint, Fault, TestUser};
use serde_json::json;
use tests::{Answer, App, StoppedTime};

#[tokio::test]
async fn a_logout_ends_all_sessions() {
    let app = App::start().await;
    let session = app.sign_in(&app.alice()).await;
    let answer = app.log_out(&app.alice(), &session).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("quickstart_session=;") && cookie.contains("Max-Age=0"), "{cookie}");

    let calls = app.fake.logout_calls();
    assert_eq!(calls.len(), 1);
    let issuer = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    assert_eq!(calls[0].body(), Some(&json!({"issuer": issuer})));
    assert!(calls[0].key_accepted());
    // The session itself is gone, not only its cookie.
    assert_eq!(app.log_out(&app.later_alice(), &session).await.status, 403);
}

/// The response to the first logout may have been lost.
#[tokio::test]
async fn a_logout_can_be_repeated() {
    let app = App::start().await;
    let token = app.alice();
    let session = app.sign_in(&token).await;
    for _ in 0..3 {
        let answer = app.log_out(&token, &session).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    }
    assert_eq!(app.fake.logout_calls().len(), 1);
    // In another user's session, the token is still rejected.
    let bob = app.sign_in(&app.bob()).await;
    assert_eq!(app.log_out(&token, &bob).await.code(), "ERROR_ISSUER_MISMATCH");
    assert_eq!(app.fake.logout_calls().len(), 1);
}

/// While Magic is down, the logout takes effect here and can be retried.
#[tokio::test]
async fn a_logout_works_while_magic_is_down() {
    let app = App::start().await;
    let (token, other_device) = (app.alice(), app.alice());
    let session = app.sign_in(&token).await;
    app.fake.fail(Fault::close().at(Endpoint::Logout));
    assert_eq!(app.log_out(&token, &session).await.status, 502);
    for token in [&token, &other_device] {
        let me = Answer::to(app.get("/v1/user/me").bearer_auth(token)).await;
        assert_eq!(me.code(), "ERROR_DIDT_REVOKED");
    }
    app.fake.heal();
    assert_eq!(app.log_out(&token, &session).await.status, 200);
    assert_eq!(app.fake.logout_calls().len(), 2, "it was tried again at Magic");
}

/// Magic has no sessions left to end.
#[tokio::test]
async fn a_deleted_user_can_log_out() {
    let app = App::start().await;
    let token = app.alice();
    let session = app.sign_in(&token).await;
    app.fake.remove_user(TestUser::from_seed(1).issuer());
    let answer = app.log_out(&token, &session).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert_eq!(app.fake.logout_calls().len(), 1);
    let me = Answer::to(app.get("/v1/user/me").bearer_auth(&token)).await;
    assert_eq!(me.code(), "ERROR_DIDT_REVOKED");
    let session = Answer::to(app.get("/v1/session").header("cookie", session)).await;
    assert_eq!(session.status, 401);
}

/// A policy decides who may sign in, not who may log out.
#[tokio::test]
async fn a_policy_does_not_block_logouts() {
    let policy = Policy::new().max_age(Duration::from_secs(60));
    let app =
        App::with(|magic| magic.verifier(|verifier| verifier.policy(policy)), |app| app).await;
    let session = app.sign_in(&app.alice()).await;
    let issued_at = UnixSeconds::now().get() - 120;
    let token = app.fake.mint().builder(&TestUser::from_seed(1)).issued_at(issued_at).build();
    let me = Answer::to(app.get("/v1/user/me").bearer_auth(&token)).await;
    assert_eq!(me.code(), "ERROR_DIDT_TOO_OLD");
    assert_eq!(app.log_out(&token, &session).await.status, 200);
    assert_eq!(app.fake.logout_calls().len(), 1);
}

#[tokio::test]
async fn only_the_users_tokens_are_revoked() {
    let app = App::start().await;
    let (token, unused, bob) = (app.alice(), app.alice(), app.bob());
    let session = app.sign_in(&token).await;
    let me = |token: &str| Answer::to(app.get("/v1/user/me").bearer_auth(token));
    assert_eq!(me(&token).await.status, 200);
    assert_eq!(app.log_out(&token, &session).await.status, 200);
    for token in [&token, &unused] {
        let refused = me(token).await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "ERROR_DIDT_REVOKED"));
        let login = Answer::to(app.post("/v1/user/login").bearer_auth(token)).await;
        assert_eq!((login.status, login.code().as_str()), (401, "ERROR_DIDT_REVOKED"));
    }
    assert_eq!(me(&bob).await.status, 200);
}

#[tokio::test]
async fn another_users_token_is_a_403() {
    let app = App::start().await;
    let session = app.sign_in(&app.alice()).await;
    app.sign_in(&app.bob()).await;
    let other = app.log_out(&app.bob(), &session).await;
    let nobody = app.log_out(&app.bob(), "quickstart_session=AAAAAAAAAAAAAAAAAAAAAA").await;
    for answer in [&other, &nobody] {
        assert_eq!((answer.status, answer.code().as_str()), (403, "ERROR_ISSUER_MISMATCH"));
        assert_eq!(answer.header("www-authenticate"), None);
    }
    assert_eq!(other.body, nobody.body, "from outside the two look the same");
    assert!(app.fake.logout_calls().is_empty());
    // Alice's session still exists.
    assert_eq!(app.log_out(&app.alice(), &session).await.status, 200);
}

#[tokio::test]
async fn an_invalid_token_is_a_400() {
    let app = App::start().await;
    let alice = TestUser::from_seed(1);
    let session = app.sign_in(&app.alice()).await;
    let mint = app.fake.mint();
    let refused = [
        (mint.builder(&alice).expired(), "ERROR_DIDT_EXPIRED"),
        (mint.builder(&alice).not_yet_valid(), "ERROR_DIDT_CANNOT_BE_USED_YET"),
        (mint.builder(&alice).audience("another"), "ERROR_AUDIENCE_MISMATCH"),
        (mint.builder(&alice).signed_by(&TestUser::from_seed(2)), "ERROR_INCORRECT_SIGNER_ADDR"),
        (mint.builder(&alice).recovery_byte(29), "ERROR_FAILED_RECOVERING_PROOF"),
        (mint.builder(&alice).remove("tid"), "ERROR_MALFORMED_TOKEN"),
    ];
    let bearer = |value: String| vec![format!("Bearer {value}")];
    let mut table: Vec<_> =
        refused.into_iter().map(|(token, code)| (bearer(token.build()), code)).collect();
    table.extend([
        (vec!["Basic abc".to_owned()], "EXPECTED_BEARER_STRING"),
        (bearer("a b".to_owned()), "EXPECTED_BEARER_STRING"),
        ([bearer(app.alice()), bearer(app.alice())].concat(), "EXPECTED_BEARER_STRING"),
    ]);
    app.fake.clear_calls();
    for (values, code) in table {
        let mut request = app.post("/v1/user/logout").header("cookie", &session);
        for value in &values {
            request = request.header("authorization", value);
        }
        let answer = Answer::to(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{values:?}");
        assert_eq!(answer.header("www-authenticate"), None);
    }
    // The quickstart accepts requests without a token only from its own pages.
    for values in [vec![], bearer("null".to_owned())] {
        let mut request = app.post("/v1/user/logout").header("cookie", &session);
        for value in &values {
            request = request.header("authorization", value);
        }
        let answer = Answer::to(request.header("origin", "https://evil.example")).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "ERROR_CROSS_SITE"));
    }
    assert!(app.fake.calls().is_empty());
    assert_eq!(app.log_out(&app.alice(), &session).await.status, 200);
}

#[tokio::test]
async fn failures_of_magic_hide_internals() {
    let app = App::start().await;
    let session = app.sign_in(&app.alice()).await;
    let redirect = Fault::redirect("http://127.0.0.1:1/".parse().unwrap());
    let table = [
        (Fault::status(400), 502, None),
        (Fault::status(401), 502, None),
        (Fault::status(403), 502, None),
        (Fault::json(404, json!({"detail": "Not Found"})), 502, None),
        (Fault::status(422), 502, None),
        (Fault::status(500), 502, None),
        (Fault::html(503), 502, None),
        (Fault::garbage(), 502, None),
        (Fault::failed(), 502, None),
        (redirect, 502, None),
        (Fault::close(), 502, None),
        (Fault::reset(), 502, None),
        (Fault::truncated(), 502, None),
        (Fault::status(429), 503, Some("5")),
        (Fault::status(429).retry_after(7), 503, Some("7")),
    ];
    for (fault, status, retry_after) in table {
        let name = format!("{fault:?}");
        app.fake.fail_next(fault.at(Endpoint::Logout));
        let answer = app.log_out(&app.alice(), &session).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, "SERVICE_ERROR"), "{name}");
        assert_eq!(answer.header("retry-after"), retry_after, "{name}");
        let problem = answer.json();
        assert_eq!(problem["detail"], "The request to Magic failed.", "{name}");
    }
    // None of the failures ended the session.
    assert_eq!(app.log_out(&app.alice(), &session).await.status, 200);
}

#[tokio::test]
async fn a_timeout_of_magic_is_a_504() {
    let app = App::start().await;
    let session = app.sign_in(&app.alice()).await;
    app.fake.clear_calls();
    app.fake.fail_next(Fault::hold().at(Endpoint::Logout));
    let time = StoppedTime::stop();
    let waits_for_magic = async {
        app.fake.wait_for_calls(1).await;
        // Add one millisecond, because timers are rounded up to the next one.
        time.advance(Duration::from_millis(10_001)).await;
    };
    let token = app.alice();
    let (answer, ()) = tokio::join!(app.log_out(&token, &session), waits_for_magic);
    assert_eq!((answer.status, answer.code().as_str()), (504, "SERVICE_ERROR"));
}

#[tokio::test]
async fn an_unknown_client_id_is_a_503() {
    let app = App::start().await;
    app.fake.fail(Fault::status(500).at(Endpoint::Client));
    let answer = app.log_out(&app.alice(), "").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "ERROR_UNAVAILABLE"));
    assert_eq!(answer.header("retry-after"), Some("2"));
    assert!(app.fake.logout_calls().is_empty());
}
