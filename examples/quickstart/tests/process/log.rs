use magic_admin::dangerous::UnverifiedToken;
use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, TestUser};

use crate::{directory::Directory, http::send, program::Program};

const KEY: &str = "sk_live_PROCESS0TEST0KEY";
const EMAIL: &str = "carol+log@example.org";

#[tokio::test]
async fn the_log_contains_no_secret() {
    let carol = TestUser::from_seed(3).with_subject("subject-of-carol-0123456789");
    let fake = FakeMagic::builder()
        .secret_key(KEY)
        .user(FakeUser::from(&carol).email(EMAIL))
        .start()
        .await
        .unwrap();
    let directory = Directory::new();
    let database_url = directory.database();
    let settings = [
        ("MAGIC_API_SECRET_KEY", KEY),
        ("MAGIC_API_BASE_URL", &fake.base_url()),
        ("DATABASE_URL", &database_url),
    ];
    let (token, another) = (fake.mint().token(&carol), fake.mint().token(&carol));
    let expired = fake.mint().builder(&carol).expired().build();

    let program = Program::start(&settings);
    assert_eq!(program.lines, [format!("Open {} in a browser.", program.url), String::new()]);
    let login = send(&program, "POST", "/v1/user/login", &token, None).await;
    assert_eq!(login.status(), 200);
    assert!(login.text().contains(EMAIL));
    assert_eq!(send(&program, "GET", "/v1/user/me", &expired, None).await.status(), 401);
    fake.fail_next(Fault::status(500).at(Endpoint::User));
    assert_eq!(send(&program, "POST", "/v1/user/login", &another, None).await.status(), 502);
    assert_eq!(send(&program, "POST", "/v1/user/login", &token, None).await.status(), 401);
    let (status, first_log) = program.end("INT");
    assert!(status.success());

    // Users and sessions are in the file, so the session continues in another process.
    let program = Program::start(&settings);
    let session = Some(login.cookie());
    fake.fail_next(Fault::status(401).at(Endpoint::Logout));
    assert_eq!(send(&program, "POST", "/v1/user/logout", &token, session).await.status(), 502);
    assert_eq!(send(&program, "POST", "/v1/user/logout", &token, session).await.status(), 200);
    // Repeat the logout: the session is gone, and the token is revoked.
    assert_eq!(send(&program, "POST", "/v1/user/logout", &token, session).await.status(), 200);
    let (status, second_log) = program.end("TERM");
    assert!(status.success());

    let log = [first_log, second_log].concat();
    assert!(log.contains("TRACE") && log.contains("/v1/user/logout"), "the log is on: {log}");
    let mut secrets = vec![KEY.to_owned(), EMAIL.to_owned(), "carol%2Blog".to_owned()];
    secrets.push(carol.subject().to_owned());
    for token in [token, another, expired] {
        secrets.push(UnverifiedToken::decode(&token).unwrap().claims().token_id().to_owned());
        secrets.push(token[token.len() / 2..][..40].to_owned());
        secrets.push(token);
    }
    for secret in secrets {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
}
