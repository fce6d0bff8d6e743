//! The routes behind the quickstart's page, over sockets. `tests/tests/browser` drives the page.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use magic_admin::UnixSeconds;
use magic_admin_testkit::{Endpoint, TestUser};
use serde_json::{Value, json};
use tests::{Answer, App};

async fn nonce(app: &App) -> String {
    let answer = Answer::to(app.post("/v1/challenge")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    answer.json()["nonce"].as_str().unwrap().to_owned()
}

/// A token of Alice with this attachment.
fn signed(app: &App, nonce: &str) -> String {
    app.fake.mint().builder(&TestUser::from_seed(1)).attachment(nonce).build()
}

async fn sign_in(app: &App, token: &str, nonce: &str) -> Answer {
    let body = json!({"nonce": nonce}).to_string();
    let request = app.post("/v1/user/sign-in").header("content-type", "application/json");
    Answer::to(request.bearer_auth(token).body(body)).await
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned()
}

async fn overview(app: &App, cookie: &str) -> Value {
    Answer::to(app.get("/page/overview").header("cookie", cookie)).await.json()
}

#[tokio::test]
async fn a_challenge_signs_in_once_and_with_its_own_token_only() {
    let app = App::start().await;
    let (first, second) = (nonce(&app).await, nonce(&app).await);
    let token = signed(&app, &first);
    let other = sign_in(&app, &token, &second).await;
    assert_eq!((other.status, other.code().as_str()), (401, "ERROR_INCORRECT_SIGNER_ADDR"));
    let plain = sign_in(&app, &app.alice(), &nonce(&app).await).await;
    assert_eq!(plain.status, 401);
    assert_eq!(sign_in(&app, &token, "made up").await.status, 403);

    let answer = sign_in(&app, &token, &first).await;
    assert_eq!((answer.status, &answer.json()["email"]), (200, &json!("alice@example.com")));
    let user = &overview(&app, &cookie(&answer)).await["user"];
    assert_eq!(user["issuer"], json!(TestUser::from_seed(1).issuer()));
    assert!(user["session_until"].as_i64().unwrap() > 0);
    assert_eq!(sign_in(&app, &token, &first).await.status, 403, "the nonce is used");
    assert_eq!(overview(&app, "").await["user"], Value::Null);
}

/// The clock of the device is two minutes slow, so its tokens claim to be older than the logout.
#[tokio::test]
async fn a_slow_clock_signs_in_with_a_challenge_after_a_logout() {
    let app = App::start().await;
    let slow = |attachment: &str| {
        let issued_at = UnixSeconds::now().get() - 120;
        let token = app.fake.mint().builder(&TestUser::from_seed(1)).issued_at(issued_at);
        token.attachment(attachment).build()
    };
    let (token, before) = (app.alice(), nonce(&app).await);
    let session = app.sign_in(&token).await;
    assert_eq!(app.log_out(&token, &session).await.status, 200);

    let login = Answer::to(app.post("/v1/user/login").bearer_auth(slow("none"))).await;
    assert_eq!((login.status, login.code().as_str()), (401, "ERROR_DIDT_REVOKED"));
    let early = sign_in(&app, &slow(&before), &before).await;
    assert_eq!((early.status, early.code().as_str()), (401, "ERROR_DIDT_REVOKED"));
    // A challenge counts from the second after the logout on, which may have been this one.
    let logout = UnixSeconds::now();
    while UnixSeconds::now() <= logout {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let nonce = nonce(&app).await;
    let answer = sign_in(&app, &slow(&nonce), &nonce).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(overview(&app, &cookie(&answer)).await["user"].is_object());
}

/// Whoever has an account can get as many tokens as they like, and each sign-in costs a call to Magic.
#[tokio::test]
async fn one_account_does_not_use_up_the_calls_to_magic() {
    let app = App::start().await;
    let token = app.alice();
    let session = app.sign_in(&token).await;
    let (before, begun) = (app.fake.calls_to(Endpoint::User).len(), Instant::now());
    let mut answers = BTreeSet::new();
    for number in 0..200 {
        let by_challenge = number % 2 == 0;
        let answer = if by_challenge {
            let nonce = nonce(&app).await;
            sign_in(&app, &signed(&app, &nonce), &nonce).await
        } else {
            Answer::to(app.post("/v1/user/login").bearer_auth(app.alice())).await
        };
        assert!(answer.status != 429 || answer.header("retry-after").is_some(), "{answer:?}");
        answers.insert((answer.status, by_challenge));
    }
    let asked = app.fake.calls_to(Endpoint::User).len() - before;
    // 20 at once, and one more in three seconds.
    let most = 21 + begun.elapsed().as_secs() / 3;
    assert!(asked as u64 <= most, "Magic was asked {asked} times");
    let both = [(200, false), (200, true), (429, false), (429, true)];
    assert_eq!(answers, BTreeSet::from(both));

    // Nobody else is concerned, and the user can log out.
    app.sign_in(&app.bob()).await;
    assert_eq!(app.log_out(&token, &session).await.status, 200);
}

#[tokio::test]
async fn the_websocket_is_for_pages_of_this_origin_with_a_session() {
    let app = App::start().await;
    let nonce = nonce(&app).await;
    let session = cookie(&sign_in(&app, &signed(&app, &nonce), &nonce).await);
    let handshake = async |headers: &[(&str, &str)]| {
        let mut request = app.get("/v1/live").header("connection", "upgrade");
        request = request.header("upgrade", "websocket").header("sec-websocket-version", "13");
        request = request.header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap().status().as_u16()
    };
    let ours = ("sec-fetch-site", "same-origin");
    assert_eq!(handshake(&[ours, ("cookie", &session)]).await, 101);
    assert_eq!(handshake(&[ours]).await, 401);
    assert_eq!(handshake(&[("cookie", &session)]).await, 403);
    for site in ["cross-site", "same-site"] {
        assert_eq!(handshake(&[("sec-fetch-site", site), ("cookie", &session)]).await, 403);
    }
    assert_eq!(handshake(&[("origin", "http://evil.example"), ("cookie", &session)]).await, 403);
}

#[tokio::test]
async fn the_page_may_load_nothing_from_elsewhere_but_the_sdk() {
    let app = App::start().await;
    let page = Answer::to(app.get("/")).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self' https://cdn.jsdelivr.net/"));
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.body.contains("http") && !page.body.contains("style="), "{}", page.body);
}

/// Asks for a token of a demo user.
async fn demo_token(app: &App, name: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = app.post("/page/demo-token").header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    Answer::to(request.body(json!({"name": name}).to_string())).await
}

#[tokio::test]
async fn nobody_is_alice_without_the_demo() {
    let app = App::start().await;
    let ours = [("sec-fetch-site", "same-origin")];
    assert_eq!(demo_token(&app, "Alice", &ours).await.status, 404);
    assert_eq!(overview(&app, "").await["demo_users"], json!([]));
}

#[tokio::test]
async fn only_the_page_itself_gets_a_token_of_a_demo_user() {
    let app = App::with_page(|page, fake| page.demo(fake.base_url(), fake.mint())).await;
    assert_eq!(overview(&app, "").await["demo_users"], json!(["Alice", "Bob"]));
    let ours = [("sec-fetch-site", "same-origin")];
    let token = demo_token(&app, "Bob", &ours).await;
    assert_eq!((token.status, token.header("cache-control")), (200, Some("no-store")));
    let token = token.json()["token"].as_str().unwrap().to_owned();
    let me = Answer::to(app.get("/v1/user/me").bearer_auth(token)).await.json();
    assert_eq!(me["issuer"], json!(TestUser::from_seed(2).issuer()));
    assert_eq!(demo_token(&app, "Carol", &ours).await.status, 404);
    for theirs in [
        &[("sec-fetch-site", "same-site")][..],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "http://127.0.0.1:1")],
        &[],
    ] {
        assert_eq!(demo_token(&app, "Alice", theirs).await.status, 403, "{theirs:?}");
    }
}

#[tokio::test]
async fn with_a_publishable_key_the_page_signs_in_at_magic() {
    let app = App::with_page(|page, _| page.publishable_key(Some("pk_live_1".to_owned()))).await;
    let overview = overview(&app, "").await;
    assert_eq!(overview["publishable_key"], json!("pk_live_1"));
    assert_eq!(overview["endpoint"], json!("https://auth.magic.link"));
    let script = overview["script"].as_str().unwrap();
    assert!(script.starts_with("https://cdn.jsdelivr.net/npm/magic-sdk@"), "{script}");
    let page = Answer::to(app.get("/")).await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-src https://auth.magic.link;"), "{policy}");
}
