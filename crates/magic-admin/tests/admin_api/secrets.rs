use std::error::Error;

use magic_admin::{ApiError, admin::Client};
use serde_json::json;

use crate::support::{Answer, KEY, Log, Server, builder, issuer};

const EMAIL: &str = "Ann.Lee+magic@mail.example";

/// A string with the length and the characters of a DID token.
fn token() -> String {
    "WyIweDEyMzQ1Njc4OTBhYmNkZWYi".repeat(30)
}

/// A server that echoes everything it received, and more.
fn echoes() -> Vec<Answer> {
    let encoded = "Ann.Lee%2Bmagic%40mail.example";
    let said = format!("key {KEY}, mail {EMAIL} {encoded}, token {}", token());
    let bodies = [
        json!({"error_code": KEY, "message": said, "status": "failed", "data": {"email": EMAIL}}),
        json!({"error_code": EMAIL, "message": EMAIL.to_ascii_lowercase()}),
        json!({"error": {"code": token(), "message": token()}}),
        json!({"detail": [{"loc": ["query", EMAIL], "msg": said, "input": {"key": KEY}}]}),
        json!({"message": format!("{}{KEY}", "x".repeat(290))}),
        json!({"client_id": null, "email": [EMAIL], "issuer": KEY}),
        json!(said),
    ];
    let mut answers = Vec::new();
    for status in [200, 400, 401, 403, 404, 422, 429, 500, 503] {
        let headers = format!("Content-Type: text/{KEY}\r\nX-Echo: {said}\r\nRetry-After: 99\r\n");
        answers.extend(bodies.iter().map(|body| Answer::new(status, &headers, body.to_string())));
        answers.push(Answer::new(status, &headers, &said));
    }
    let location = format!("Location: https://example.com/?value={encoded}&key={KEY}\r\n");
    answers.push(Answer::new(302, &location, &said));
    answers.push(Answer::Reset(Vec::new()));
    answers.push(Answer::Bytes(said.into_bytes()));
    answers
}

async fn errors(client: &Client) -> Vec<ApiError> {
    let users = client.users();
    [
        client.info().await.err(),
        users.metadata_by_email(EMAIL, None).await.err(),
        users.metadata_by_issuer(issuer()).await.err(),
        users.logout_by_issuer(issuer()).await.err(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[tokio::test]
async fn no_output_contains_secrets() {
    let log = Log::capture();
    let mut shown = String::new();
    let mut count = 0;
    for answer in echoes() {
        let server = Server::answering([answer]).await;
        let builder = builder(&server).retries(1);
        shown += &format!("{builder:?}\n");
        let client = builder.build().unwrap();
        shown += &format!("{client:?} {:?}\n", client.users());
        for error in errors(&client).await {
            count += 1;
            shown += &format!("{error} {error:?} {error:#?} {:?}\n", error.error_code());
            let mut source = error.source();
            while let Some(cause) = source {
                shown += &format!("{cause} {cause:?}\n");
                source = cause.source();
            }
        }
        // Check that the server received the secrets, so that the search below is meaningful.
        let sent = format!("{:?}", server.received());
        assert!(sent.contains(KEY) && sent.contains("Ann.Lee%2Bmagic%40mail.example"), "{sent}");
    }
    assert!(count > 200, "{count}");

    let log = log.text();
    assert!(log.contains("HTTP attempt") && log.contains("path=\"/v2/admin/user\""), "{log}");
    for text in [&shown, &log] {
        let text = text.to_ascii_lowercase();
        for secret in ["sk_live_5ec2", "5ec2e7000deadbeef", "ann.lee", "mail.example", "wyiwed"] {
            assert!(!text.contains(secret), "{secret}: {}", around(&text, secret));
        }
    }
}

fn around<'a>(text: &'a str, secret: &str) -> &'a str {
    text.lines().find(|line| line.contains(secret)).unwrap_or_default()
}

#[tokio::test]
async fn debug_omits_personal_data() {
    let user = json!({"email": EMAIL, "phone_number": "+4912345", "username": "ann", "new": EMAIL});
    let server = Server::answering([Answer::json(200, &user.to_string())]).await;
    let client = builder(&server).build().unwrap();
    let one = client.users().metadata_by_issuer(issuer()).await.unwrap();
    let many = client.users().metadata_by_email(EMAIL, None).await.unwrap();
    assert_eq!((one.email(), many.users()[0].email()), (Some(EMAIL), Some(EMAIL)));
    let shown = format!("{one:?} {one:#?} {many:?} {many:#?}");
    for personal in [EMAIL, "+4912345", "ann"] {
        assert!(!shown.contains(personal), "{shown}");
    }
}
