//! The quickstart's routes, over sockets: login, profile and greeting.

use std::time::{Duration, Instant};

use magic_admin::{Clock, ReplayGuard, SystemClock, single_use::Challenges};
use magic_admin_testkit::{Endpoint, FakeUser, Fault, TestUser};
use quickstart::{CookieSecurity, Database, Page};
use serde_json::json;
use tests::{Answer, App, StoppedTime, http_client};

const ALICE: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

#[tokio::test]
async fn login_creates_the_user_once() {
    let app = App::start().await;
    let login = |token| Answer::to(app.post("/v1/user/login").bearer_auth(token));
    let first = login(app.alice()).await;
    assert_eq!(first.status, 200);
    let issuer = format!("did:ethr:{ALICE}");
    let alice = json!({"user_id": 1, "issuer": issuer, "email": "alice@example.com"});
    assert_eq!(first.json(), alice);
    let cookie = first.header("set-cookie").unwrap();
    assert!(cookie.starts_with("quickstart_session="), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=86400"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute}: {cookie}");
    }
    assert!(!cookie.contains("Secure"), "plain http on loopback: {cookie}");

    assert_eq!(login(app.bob()).await.json()["user_id"], 2);
    assert_eq!(login(app.alice()).await.json(), alice);
}

#[tokio::test]
async fn a_token_signs_in_once() {
    let app = App::start().await;
    let token = app.alice();
    app.sign_in(&token).await;
    let again = Answer::to(app.post("/v1/user/login").bearer_auth(&token)).await;
    assert_eq!((again.status, again.code().as_str()), (401, "ERROR_DIDT_REPLAYED"));
    assert_eq!(again.header("set-cookie"), None);
    // The token still works for everything else.
    assert_eq!(Answer::to(app.get("/v1/user/me").bearer_auth(&token)).await.status, 200);
}

#[tokio::test]
async fn login_updates_the_email() {
    let app = App::start().await;
    let alice = TestUser::from_seed(1);
    app.sign_in(&app.alice()).await;
    for (user, email) in [
        (FakeUser::from(&alice).email("alice@example.net"), json!("alice@example.net")),
        (FakeUser::from(&alice), json!(null)),
    ] {
        app.fake.add_user(user);
        let answer = Answer::to(app.post("/v1/user/login").bearer_auth(app.alice())).await;
        assert_eq!((&answer.json()["user_id"], &answer.json()["email"]), (&json!(1), &email));
    }
}

#[tokio::test]
async fn login_changes_the_session_id() {
    let app = App::start().await;
    let planted = app.sign_in(&app.bob()).await;
    let request = app.post("/v1/user/login").bearer_auth(app.alice()).header("cookie", &planted);
    let answer = Answer::to(request).await;
    let fresh = answer.header("set-cookie").unwrap().split(';').next().unwrap();
    assert_ne!(fresh, planted);
    // The planted session no longer exists; the new one belongs to Alice.
    assert_eq!(app.log_out(&app.bob(), &planted).await.status, 403);
    assert_eq!(app.log_out(&app.alice(), &planted).await.status, 403);
    assert_eq!(app.log_out(&app.alice(), fresh).await.status, 200);
}

#[tokio::test]
async fn login_rejects_bad_tokens() {
    let app = App::start().await;
    let login = || app.post("/v1/user/login");
    let missing = Answer::to(login()).await;
    assert_eq!((missing.status, missing.code().as_str()), (401, "ERROR_MISSING_AUTH_HEADER"));
    let expired = app.fake.mint().builder(&TestUser::from_seed(1)).expired().build();
    let expired = Answer::to(login().bearer_auth(expired)).await;
    assert_eq!((expired.status, expired.code().as_str()), (401, "ERROR_DIDT_EXPIRED"));

    let unknown = app.fake.mint().token(&TestUser::from_seed(99));
    let unknown = Answer::to(login().bearer_auth(unknown)).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (403, "ERROR_UNKNOWN_USER"));
    for (fault, status) in [(Fault::status(500), 502), (Fault::status(429).retry_after(9), 503)] {
        app.fake.fail_next(fault.at(Endpoint::User));
        let answer = Answer::to(login().bearer_auth(app.alice())).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, "SERVICE_ERROR"));
        assert_eq!(answer.header("retry-after"), (status == 503).then_some("9"));
        assert_eq!(answer.header("set-cookie"), None);
    }
}

#[tokio::test]
async fn me_returns_the_user() {
    let app = App::start().await;
    let now = SystemClock::default().now().get();
    let alice = TestUser::from_seed(1);
    let token = app.fake.mint().builder(&alice).issued_at(now).lifespan(Duration::from_secs(777));
    let answer = Answer::to(app.get("/v1/user/me").bearer_auth(token.build())).await;
    assert_eq!(answer.status, 200);
    let issuer = format!("did:ethr:{ALICE}");
    let me = json!({"issuer": issuer, "public_address": ALICE, "expires_at": now + 777});
    assert_eq!(answer.json(), me);
}

#[tokio::test]
async fn the_greeting_is_for_users_and_guests() {
    let app = App::start().await;
    let greeting = || app.get("/v1/greeting");
    let user = Answer::to(greeting().bearer_auth(app.alice())).await;
    assert_eq!((user.status, user.body), (200, format!("Hello, {ALICE}!")));
    for guest in
        [greeting(), greeting().basic_auth("alice", Some("pw")), greeting().bearer_auth("null")]
    {
        let guest = Answer::to(guest).await;
        assert_eq!((guest.status, guest.body.as_str()), (200, "Hello, guest!"));
    }
    let bad = Answer::to(greeting().bearer_auth("WyIweDEyIl0=")).await;
    assert_eq!((bad.status, bad.code().as_str()), (401, "ERROR_MALFORMED_TOKEN"));
}

#[tokio::test]
async fn the_cookie_is_secure_beyond_loopback() {
    for (address, public_url, security) in [
        ("127.0.0.1:3000", None, CookieSecurity::Loopback),
        ("[::1]:3000", Some("http://localhost:3000"), CookieSecurity::Loopback),
        // A TLS proxy runs on the same machine.
        ("127.0.0.1:3000", Some("https://example.com"), CookieSecurity::HttpsOnly),
        ("0.0.0.0:3000", None, CookieSecurity::HttpsOnly),
        ("192.0.2.1:80", Some("http://192.0.2.1"), CookieSecurity::HttpsOnly),
    ] {
        let chosen = CookieSecurity::new(address.parse().unwrap(), public_url);
        assert_eq!(chosen, security, "{address} {public_url:?}");
    }
    let app = App::start().await;
    let database = Database::open("sqlite::memory:").await.unwrap();
    let router = quickstart::app(
        app.magic.clone(),
        ReplayGuard::in_memory(),
        magic_admin::RevocationList::in_memory(),
        &database,
        CookieSecurity::HttpsOnly,
        Page::new(Challenges::in_memory()),
        &magic_admin_axum::RunningLogouts::new(),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1/user/login", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let answer = Answer::to(http_client().post(url).bearer_auth(app.alice())).await;
    assert!(answer.header("set-cookie").unwrap().contains("; Secure"), "{answer:?}");
}

/// Requests the user of a session with only its cookie.
async fn session_of(app: &App, cookie: &str) -> Answer {
    Answer::to(app.get("/v1/session").header("cookie", cookie)).await
}

#[tokio::test]
async fn a_logout_ends_sessions_on_all_devices() {
    let app = App::start().await;
    let (laptop_token, phone_token) = (app.alice(), app.alice());
    let laptop = app.sign_in(&laptop_token).await;
    let phone = app.sign_in(&phone_token).await;
    let bob = app.sign_in(&app.bob()).await;
    for cookie in [&laptop, &phone] {
        let answer = session_of(&app, cookie).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json()["email"], "alice@example.com");
    }

    assert_eq!(app.log_out(&laptop_token, &laptop).await.status, 200);
    for cookie in [&laptop, &phone, "quickstart_session=AAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(session_of(&app, cookie).await.status, 401);
    }
    assert_eq!(session_of(&app, &bob).await.status, 200);

    // The user can sign in again at once.
    let again = app.sign_in(&app.later_alice()).await;
    assert_eq!(session_of(&app, &again).await.status, 200);
}

#[tokio::test]
async fn a_failed_sign_in_can_be_retried() {
    let app = App::start().await;
    let token = app.alice();
    let login = || app.post("/v1/user/login").bearer_auth(&token);
    app.fake.fail_next(Fault::status(500).at(Endpoint::User));
    assert_eq!(Answer::to(login()).await.status, 502);
    assert_eq!(Answer::to(login()).await.status, 200);
    assert_eq!(Answer::to(login()).await.code(), "ERROR_DIDT_REPLAYED");
}

#[tokio::test]
async fn an_expired_token_does_not_block_logout() {
    let app = App::start().await;
    let cookie = app.sign_in(&app.alice()).await;
    let log_out = |site: &str| {
        let request = app.post("/v1/user/logout").header("cookie", &cookie);
        Answer::to(request.header("sec-fetch-site", site))
    };
    assert_eq!(log_out("cross-site").await.code(), "ERROR_CROSS_SITE");
    assert_eq!(session_of(&app, &cookie).await.status, 200);
    assert_eq!(log_out("same-origin").await.status, 200);
    assert_eq!(session_of(&app, &cookie).await.status, 401);
    assert_eq!(app.fake.logout_calls().len(), 1);
}

/// Each level is JSON in a string under the key that `raw_value` reserves. A naive parser would
/// restart its recursion limit at each level, and the process would abort.
#[tokio::test]
async fn nested_json_crashes_nothing() {
    let mut text = "null".to_owned();
    for _ in 0..16 {
        let quoted = json!(text).to_string();
        let object = format!("{{\"$serde_json::private::RawValue\":{quoted}}}");
        text = format!("{}{object}{}", "[".repeat(120), "]".repeat(120));
    }
    let app = App::start().await;
    let token = app.alice();
    let session = app.sign_in(&token).await;
    let bodies = [format!("{{\"email\":{text}}}"), format!("{{\"data\":{text}}}"), text];
    let faults: Vec<_> = [200, 404, 422]
        .into_iter()
        .flat_map(|status| bodies.clone().map(|body| (status, body)))
        .collect();
    for (status, body) in faults.clone() {
        app.fake.fail_next(Fault::body(status, "application/json", body).at(Endpoint::User));
        let login = Answer::to(app.post("/v1/user/login").bearer_auth(app.alice())).await;
        assert!([200, 502].contains(&login.status), "{status}: {login:?}");
    }
    for (status, body) in faults {
        app.fake.fail_next(Fault::body(status, "application/json", body).at(Endpoint::Logout));
        let logout = app.log_out(&token, &session).await;
        assert!([200, 502].contains(&logout.status), "{status}: {logout:?}");
    }
    assert_eq!(app.log_out(&token, &session).await.status, 200);
}

/// Anyone can sign tokens with their own keys, and Magic allows 500 calls per minute.
#[tokio::test]
async fn an_attacker_with_many_keys_is_limited() {
    let app = App::with(|magic| magic, |router| router).await;
    let alice = app.alice();
    let session = app.sign_in(&alice).await;
    let (before, begun) = (app.fake.calls().len(), Instant::now());
    let asked = || app.fake.calls().len() - before;
    let mut answers = std::collections::BTreeMap::<_, usize>::new();
    let mut last_asked = 0;
    for key in 1_000..2_000 {
        let token = app.fake.mint().token(&TestUser::from_seed(key));
        let answer = Answer::to(app.post("/v1/user/login").bearer_auth(token)).await;
        assert_eq!(answer.header("retry-after").is_some(), answer.status == 429);
        *answers.entry(answer.status).or_default() += 1;
        if answer.status == 403 {
            last_asked = key;
        }
    }
    // The limit is 20 at once, plus one every three seconds.
    let most = 21 + begun.elapsed().as_secs() / 3;
    assert!(asked() as u64 <= most, "Magic was asked {} times", asked());
    assert_eq!(answers.into_keys().collect::<Vec<_>>(), [403, 429]);
    // Another attempt with the same key causes no call.
    let before_again = asked();
    let again = app.fake.mint().token(&TestUser::from_seed(last_asked));
    let again = Answer::to(app.post("/v1/user/login").bearer_auth(again)).await;
    assert_eq!((again.status, again.code().as_str()), (403, "ERROR_UNKNOWN_USER"));
    assert_eq!(asked(), before_again);

    // Users on record are not affected, although all requests come from one address.
    assert_eq!(app.log_out(&alice, &session).await.status, 200);
    app.sign_in(&app.later_alice()).await;
}

/// Even without a limit in the application, `magic-admin` reserves the last calls for logouts.
#[tokio::test]
async fn a_flood_leaves_calls_for_logouts() {
    let app = App::start().await;
    let alice = app.alice();
    let session = app.sign_in(&alice).await;
    // On a busy machine, calls might otherwise be older than a minute and no longer count.
    let _time = StoppedTime::stop();
    let users = app.magic.users();
    let stranger = |key| TestUser::from_seed(key).issuer();
    let mut held_back = 0;
    for key in 0..520 {
        let error = users.metadata_by_issuer(stranger(1_000 + key)).await.unwrap_err();
        if error.kind() == magic_admin::ApiErrorKind::RateLimiting {
            assert_eq!(error.status(), None, "it was sent: {error}");
            assert!(error.retry_after().unwrap() <= Duration::from_secs(60));
            held_back += 1;
        }
    }
    assert!((70..=80).contains(&held_back), "{held_back}");
    // Magic allows this many calls per minute.
    assert!(app.fake.calls().len() < 500);
    assert_eq!(app.log_out(&alice, &session).await.status, 200);
    assert_eq!(app.fake.logout_calls().len(), 1);
}
