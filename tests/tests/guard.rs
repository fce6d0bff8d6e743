//! The layer in front of the quickstart's `GET /v1/user/me`, over sockets: RFC 6750 and RFC 9457.

use magic_admin_testkit::{TestUser, TokenBuilder};
use tests::{Answer, App};

/// Returns the response to a request with these `Authorization` headers.
async fn me(app: &App, values: &[&str]) -> Answer {
    let mut request = app.get("/v1/user/me");
    for value in values {
        request = request.header("authorization", *value);
    }
    Answer::to(request).await
}

#[tokio::test]
async fn no_credentials_is_a_401() {
    let app = App::start().await;
    for (values, code) in [
        (&[][..], "ERROR_MISSING_AUTH_HEADER"),
        (&["Bearer"], "ERROR_MISSING_AUTH_HEADER"),
        (&["bearer None"], "ERROR_MISSING_AUTH_HEADER"),
        (&["Basic YWxpY2U6cHc="], "EXPECTED_BEARER_STRING"),
    ] {
        let answer = me(&app, values).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code), "{values:?}");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="magic""#));
    }
}

#[tokio::test]
async fn malformed_credentials_is_a_400() {
    let app = App::start().await;
    let bearer = format!("Bearer {}", app.alice());
    let twice = [bearer.as_str(), bearer.as_str()];
    for values in [&["Bearer a b"][..], &["Bearer a\"b"], &["Bearer =a"], &twice] {
        let answer = me(&app, values).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "EXPECTED_BEARER_STRING"));
        let challenge = r#"Bearer realm="magic", error="invalid_request""#;
        assert_eq!(answer.header("www-authenticate"), Some(challenge));
    }
}

#[tokio::test]
async fn a_rejected_token_is_a_401() {
    let app = App::start().await;
    let (alice, bob) = (TestUser::from_seed(1), TestUser::from_seed(2));
    let mint = app.fake.mint();
    let table: [(TokenBuilder, &str, &str); 7] = [
        (mint.builder(&alice).expired(), "ERROR_DIDT_EXPIRED", "has expired"),
        (
            mint.builder(&alice).not_yet_valid(),
            "ERROR_DIDT_CANNOT_BE_USED_YET",
            "cannot be used yet",
        ),
        (mint.builder(&alice).audience("x"), "ERROR_AUDIENCE_MISMATCH", "for another application"),
        (mint.builder(&alice).signed_by(&bob), "ERROR_INCORRECT_SIGNER_ADDR", "not signed by"),
        (mint.builder(&alice).tampered(), "ERROR_INCORRECT_SIGNER_ADDR", "not signed by"),
        (
            mint.builder(&alice).recovery_byte(29),
            "ERROR_FAILED_RECOVERING_PROOF",
            "cannot be recovered",
        ),
        (mint.builder(&alice).set("ext", "soon"), "ERROR_MALFORMED_TOKEN", "cannot be decoded"),
    ];
    for (token, code, description) in table {
        let answer = me(&app, &[&format!("Bearer {}", token.build())]).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code));
        let challenge = answer.header("www-authenticate").unwrap();
        let start = r#"Bearer realm="magic", error="invalid_token", error_description=""#;
        assert!(challenge.starts_with(start) && challenge.contains(description), "{challenge}");
    }
}

#[tokio::test]
async fn valid_tokens_are_accepted() {
    let app = App::start().await;
    let alice = TestUser::from_seed(1);
    let token = app.alice();
    let high_s = app.fake.mint().builder(&alice).high_s().build();
    for value in [format!("bEARER   {token}"), format!("Bearer {high_s}")] {
        assert_eq!(me(&app, &[&value]).await.status, 200);
    }
}
