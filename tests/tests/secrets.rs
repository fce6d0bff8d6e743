//! Logs, errors, `Debug` output and rejections never contain the key, a token, an e-mail address,
//! `sub` or `tid`. The test makes valid and invalid requests of every kind, and records every log
//! line.
//!
//! There is only one test, because the log belongs to the process.

use std::{
    error::Error,
    fmt::{Debug, Display},
    io::{self, Write},
    iter::successors,
    sync::{Arc, Mutex},
    time::Duration,
};

use magic_admin::{Audience, DidToken, Magic, SecretKey, Verifier, dangerous::UnverifiedToken};
use magic_admin_axum::AuthRejection;
use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, TestUser};
use tests::{Answer, App};
use tracing_subscriber::filter::LevelFilter;

const EMAIL: &str = "alice@example.com";
const SUBJECT: &str = "c3ViamVjdC1vZi1hbGljZS0wMTIzNDU2Nzg5";

#[tokio::test]
async fn no_output_contains_a_secret() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let app = App::start().await;
    app.fake.add_user(FakeUser::from(alice()).email(EMAIL));
    let mut seen = Seen { texts: Vec::new(), secrets: Vec::new() };
    seen.secret(app.fake.secret_key());
    seen.secret(EMAIL);
    seen.secret("alice%40example");
    seen.secret(SUBJECT);

    rejected_tokens(&app, &mut seen).await;
    failures_of_magic(&app, &mut seen).await;
    errors_of_the_client(&app, &mut seen).await;
    successful_requests(&app, &mut seen).await;
    configuration(&app, &mut seen);

    // Prove that a leak would be found: the log includes the connections, and the output of both
    // `tracing` and `log`.
    let text = log.text();
    for part in ["hyper_util", "magic_admin_axum", "TRACE", "sqlx", "/v1/user/logout"] {
        assert!(text.contains(part), "no {part} in the log");
    }
    tracing::trace!("canary {EMAIL}");
    assert!(log.text().contains(EMAIL));

    seen.texts.push(("the log".to_owned(), text));
    seen.check();
}

async fn successful_requests(app: &App, seen: &mut Seen) {
    let token = seen.token(app.later_alice());
    let session = app.sign_in(&token).await;
    for path in ["/v1/user/me", "/v1/greeting"] {
        let answer = Answer::to(app.get(path).bearer_auth(&token)).await;
        assert_eq!(answer.status, 200);
        seen.answer(&answer);
    }

    let verified = app.magic.verify(&token).await.unwrap();
    let metadata = app.magic.users().metadata_by_token(&verified).await.unwrap();
    app.magic.users().metadata_by_email(EMAIL, None).await.unwrap();
    assert_eq!(metadata.email(), Some(EMAIL), "the fake knows the address");
    seen.debug("VerifiedToken", &verified);
    seen.debug("Claims", verified.claims());
    seen.debug("UserMetadata", &metadata);
    seen.debug("Magic", &app.magic);
    seen.debug("Client", app.magic.client());
    seen.debug("DidToken", &DidToken::new(token.as_str()));
    seen.debug("UnverifiedToken", &UnverifiedToken::decode(&token).unwrap());

    // This is Alice's last request in this second, because it revokes her tokens.
    seen.answer(&app.log_out(&token, &session).await);
    let revoked = Answer::to(app.get("/v1/user/me").bearer_auth(&token)).await;
    assert_eq!(revoked.code(), "ERROR_DIDT_REVOKED");
    seen.answer(&revoked);
}

async fn rejected_tokens(app: &App, seen: &mut Seen) {
    let (mint, alice) = (app.fake.mint(), alice());
    let session = app.sign_in(&mint.token(&alice)).await;
    let verifier = Verifier::new(Audience::new(app.fake.client_id()).unwrap());
    seen.debug("Verifier", &verifier);
    for token in [
        mint.builder(&alice).expired(),
        mint.builder(&alice).not_yet_valid(),
        mint.builder(&alice).audience("another"),
        mint.builder(&alice).signed_by(&TestUser::from_seed(2)),
        mint.builder(&alice).tampered(),
        mint.builder(&alice).recovery_byte(29),
        mint.builder(&alice).set("ext", "soon"),
        mint.builder(&alice).set("tid", 5),
        mint.builder(&TestUser::from_seed(2)),
    ] {
        let token = seen.token(token.build());
        seen.answer(&Answer::to(app.get("/v1/greeting").bearer_auth(&token)).await);
        seen.answer(&Answer::to(app.get("/v1/user/me").bearer_auth(&token)).await);
        seen.answer(&app.log_out(&token, &session).await);
        if let Err(error) = verifier.verify(&token) {
            seen.error(&error);
            seen.error(&AuthRejection::from(error));
        }
    }
    let token = seen.token(mint.token(&alice));
    let odd = [format!("Basic {token}"), format!("Bearer {token} {token}"), token.clone()];
    for value in odd {
        let error = DidToken::from_authorization_header(value.as_str()).unwrap_err();
        seen.error(&error);
        for path in ["/v1/greeting", "/v1/user/me"] {
            let request = app.get(path).header("authorization", &value);
            seen.answer(&Answer::to(request).await);
        }
    }
    let twice = app.get("/v1/user/me").bearer_auth(&token).bearer_auth(&token);
    seen.answer(&Answer::to(twice).await);
}

async fn failures_of_magic(app: &App, seen: &mut Seen) {
    let token = seen.token(app.later_alice());
    let session = app.sign_in(&token).await;
    for fault in faults(app, &token) {
        app.fake.fail_next(fault.clone().at(Endpoint::Logout));
        seen.answer(&app.log_out(&token, &session).await);
        app.fake.fail_next(fault.at(Endpoint::User));
        let fresh = seen.token(app.later_alice());
        seen.answer(&Answer::to(app.post("/v1/user/login").bearer_auth(&fresh)).await);
    }
    let down = App::start().await;
    down.fake.fail(Fault::status(500).at(Endpoint::Client));
    seen.answer(&Answer::to(down.get("/v1/user/me").bearer_auth(&token)).await);
    seen.error(&down.magic.verify(&token).await.unwrap_err());
}

async fn errors_of_the_client(app: &App, seen: &mut Seen) {
    let token = seen.token(app.fake.mint().token(&alice()));
    for fault in faults(app, &token) {
        app.fake.fail_next(fault.clone());
        let error = app.magic.users().metadata_by_email(EMAIL, None).await.unwrap_err();
        seen.error(&error);
        app.fake.fail_next(fault);
        let error = app.magic.users().logout_by_issuer(alice().issuer()).await.unwrap_err();
        seen.error(&error);
        seen.error(&AuthRejection::from(error));
    }
    // A retried call, a slow one, and one without a response.
    let key = SecretKey::new(app.fake.secret_key()).unwrap();
    let magic = Magic::builder(key)
        .base_url(app.fake.base_url())
        .api(|client| client.retries(1).backoff(Duration::ZERO).timeout(Duration::from_millis(50)));
    let magic = magic.build().unwrap();
    for fault in [Fault::status(503), Fault::stalled_body(), Fault::hold()] {
        app.fake.fail_next(fault.times(2));
        seen.error(&magic.users().metadata_by_email(EMAIL, None).await.unwrap_err());
    }
    let gone = FakeMagic::start().await.unwrap();
    let key = SecretKey::new(app.fake.secret_key()).unwrap();
    let magic = Magic::builder(key).base_url(gone.base_url()).api(|client| client.retries(0));
    let magic = magic.build().unwrap();
    gone.shutdown().await;
    seen.error(&magic.users().metadata_by_email(EMAIL, None).await.unwrap_err());
}

fn configuration(app: &App, seen: &mut Seen) {
    let key = SecretKey::new(app.fake.secret_key()).unwrap();
    seen.debug("SecretKey", &key);
    seen.debug("MagicBuilder", &Magic::builder(key.clone()));
    for retired in ["pk_live", "sk_test"] {
        let retired = format!("{retired}_0123456789ABCDEF");
        seen.secret(&retired);
        seen.error(&SecretKey::new(retired).unwrap_err());
    }
    let url = format!("https://user:{}@example.com", app.fake.secret_key());
    seen.error(&Magic::builder(key).base_url(url).build().unwrap_err());
}

/// Returns faulty responses, some of which echo the request and more. They do not contain `sub` or
/// `tid`, which Magic only receives inside a token.
fn faults(app: &App, token: &str) -> Vec<Fault> {
    let echo = format!("{} {EMAIL} {token}", app.fake.secret_key());
    let message = serde_json::json!({"error_code": "BAD", "message": echo, "status": "failed"});
    let detail = serde_json::json!({"detail": [
        {"type": "value_error", "loc": ["query", "value"], "msg": "no", "input": EMAIL}
    ]});
    vec![
        Fault::status(400),
        Fault::status(401),
        Fault::status(403),
        Fault::status(429).retry_after(60),
        Fault::status(500),
        Fault::json(200, message.clone()),
        Fault::json(400, message),
        Fault::json(422, detail),
        Fault::body(502, "text/html", echo),
        Fault::garbage(),
        Fault::close(),
        Fault::reset(),
        Fault::truncated(),
    ]
}

fn alice() -> TestUser {
    TestUser::from_seed(1).with_subject(SUBJECT)
}

/// The recorded output, and the secrets that it must not contain.
struct Seen {
    texts: Vec<(String, String)>,
    secrets: Vec<String>,
}

impl Seen {
    fn secret(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    /// Records a token as a secret, together with its middle part and its `tid`.
    fn token(&mut self, token: String) -> String {
        if let Ok(decoded) = UnverifiedToken::decode(&token) {
            self.secret(decoded.claims().token_id());
        }
        self.secret(&token[token.len() / 2..][..24]);
        self.secret(&token);
        token
    }

    fn debug(&mut self, name: &str, value: &dyn Debug) {
        self.texts.push((format!("Debug of {name}"), format!("{value:?} {value:#?}")));
    }

    fn error<E: Error + Display + 'static>(&mut self, error: &E) {
        let chain = successors(Some(error as &(dyn Error + 'static)), |error| (*error).source());
        for error in chain {
            self.texts
                .push((format!("the error {error}"), format!("{error} {error:?} {error:#?}")));
        }
    }

    fn answer(&mut self, answer: &Answer) {
        self.texts.push(("a response".to_owned(), format!("{answer:?}")));
    }

    fn check(&self) {
        assert!(self.texts.len() > 100 && self.secrets.len() > 30);
        for (name, text) in &self.texts {
            for secret in &self.secrets {
                let found = text.find(secret.as_str()).map(|at| {
                    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
                    text[start..].lines().next().unwrap_or_default()
                });
                assert_eq!(found, None, "{secret:?} is in {name}");
            }
        }
    }
}

/// A log that keeps everything.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
