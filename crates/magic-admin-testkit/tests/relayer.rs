//! Tests the server side of the browser relayer with the requests that its page sends. The
//! workspace's `tests/browser` tests the page itself.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::{Arc, Mutex};

use magic_admin::{Audience, Verifier};
use magic_admin_testkit::{
    BrowserEvent, FakeMagic, FakeMagicBuilder, FakeUser, Fault, SettableClock, TestUser,
};
use serde_json::{Value, json};
use support::{client, get, post};

/// A browser that remembers the session, as the page does.
struct Browser<'a> {
    fake: &'a FakeMagic,
    session: Value,
}

impl<'a> Browser<'a> {
    fn of(fake: &'a FakeMagic) -> Self {
        Self { fake, session: Value::Null }
    }

    async fn ask(&mut self, mut question: Value) -> Value {
        question["session"] = self.session.clone();
        let url = format!("{}/relayer", self.fake.base_url());
        let request = client().post(url).header("origin", self.fake.base_url()).json(&question);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        if let Some(session) = answer.get("session") {
            self.session = session.clone();
        }
        answer
    }

    async fn call(&mut self, method: &str, params: Value) -> Value {
        let key = self.fake.publishable_key();
        self.ask(json!({"op": "call", "key": key, "method": method, "params": params})).await
    }

    async fn result(&mut self, method: &str, params: Value) -> Value {
        let answer = self.call(method, params).await;
        assert!(answer.get("error").is_none(), "{answer}");
        answer["result"].clone()
    }

    async fn error(&mut self, method: &str, params: Value) -> i64 {
        self.call(method, params).await["error"]["code"].as_i64().unwrap()
    }

    async fn enter(&mut self, begun: &Value, code: &str) -> Value {
        let sign_in = begun["sign_in"]["sign_in"].as_str().unwrap();
        self.ask(json!({"op": "enter", "sign_in": sign_in, "code": code})).await
    }

    /// Signs in with the configured code.
    async fn sign_in(&mut self, email: &str) -> String {
        let begun = self.call(EMAIL_OTP, json!([{"email": email}])).await;
        let answer = self.enter(&begun, CODE).await;
        answer["result"].as_str().unwrap().to_owned()
    }
}

const CODE: &str = "123456";
const EMAIL_OTP: &str = "magic_auth_login_with_email_otp";

fn builder() -> FakeMagicBuilder {
    let alice = FakeUser::from(TestUser::from_seed(1)).email("alice@example.com");
    FakeMagic::builder().one_time_code(CODE).user(alice)
}

fn verifier(fake: &FakeMagic) -> Verifier {
    Verifier::new(Audience::new(fake.client_id()).unwrap())
}

#[tokio::test]
async fn sign_ins_yield_valid_tokens() {
    let fake = builder().client_id("did:magic:of-the-admin-api").start().await.unwrap();
    let mut browser = Browser::of(&fake);
    assert_eq!(browser.result("magic_is_logged_in", json!([])).await, json!(false));
    let begun = browser.call(EMAIL_OTP, json!([{"email": "Alice@example.com"}])).await;
    assert_eq!(begun["sign_in"]["ui"], json!(true));
    assert_eq!(begun["sign_in"]["to"], json!("Alice@example.com"));
    assert_eq!(browser.enter(&begun, "000000").await, json!({"wrong": true}));
    assert_eq!(browser.result("magic_is_logged_in", json!([])).await, json!(false));

    let answer = browser.enter(&begun, CODE).await;
    let user = verifier(&fake).verify(answer["result"].as_str().unwrap()).unwrap();
    assert_eq!(user.issuer(), TestUser::from_seed(1).issuer());
    assert_eq!(browser.result("magic_is_logged_in", json!([])).await, json!(true));
    // A code can be used only once.
    assert_eq!(browser.enter(&begun, CODE).await["error"]["code"], json!(-10014));
}

#[tokio::test]
async fn browser_tokens_follow_the_fakes_clock() {
    let clock = SettableClock::at(1_700_000_000);
    let fake = builder().start().await.unwrap().with_clock(clock.clone());
    let mut browser = Browser::of(&fake);
    let verifier = fake.mint().verifier();
    let issued_at = |token: &str| verifier.verify(token).unwrap().claims().issued_at().get();
    let token = browser.sign_in("alice@example.com").await;
    assert_eq!(issued_at(&token), 1_700_000_000);
    clock.advance(60);
    let token = browser.result("magic_auth_get_id_token", json!([null])).await;
    assert_eq!(issued_at(token.as_str().unwrap()), 1_700_000_060);
}

#[tokio::test]
async fn signed_in_users_can_use_the_sdk() {
    let fake = builder().start().await.unwrap();
    let mut browser = Browser::of(&fake);
    for method in ["magic_auth_get_id_token", "magic_get_info", "eth_requestAccounts"] {
        assert_eq!(browser.error(method, json!([])).await, -32603, "{method}");
    }
    assert_eq!(browser.result("eth_accounts", json!([])).await, json!([]));
    browser.sign_in("alice@example.com").await;

    let settings = json!([{"attachment": "nonce 1", "lifespan": 77}]);
    let token = browser.result("magic_auth_generate_id_token", settings).await;
    let user = verifier(&fake).verify_with_attachment(token.as_str().unwrap(), "nonce 1").unwrap();
    assert_eq!(user.expires_at().get() - user.claims().issued_at().get(), 77);
    let token = browser.result("magic_auth_get_id_token", json!([null])).await;
    let user = verifier(&fake).verify(token.as_str().unwrap()).unwrap();
    assert_eq!(user.expires_at().get() - user.claims().issued_at().get(), 900);

    let alice = TestUser::from_seed(1);
    let address = alice.address().to_string();
    assert_eq!(browser.result("eth_accounts", json!([])).await, json!([address]));
    let info = browser.result("magic_get_info", json!([])).await;
    assert_eq!(info["email"], json!("alice@example.com"));
    assert_eq!(info["wallets"]["ethereum"]["publicAddress"], json!(address));
    let expected = json!(alice.personal_sign("hello").to_string());
    for message in ["hello", "0x68656c6c6f"] {
        let params = json!([message, address.to_lowercase()]);
        assert_eq!(browser.result("personal_sign", params).await, expected);
    }
    let another = TestUser::from_seed(2).address();
    assert_eq!(browser.error("personal_sign", json!(["hello", another])).await, -32602);
    assert_eq!(browser.error("magic_auth_get_id_token", json!([{"lifespan": "1"}])).await, -32602);
}

#[tokio::test]
async fn browser_users_appear_in_the_admin_api() {
    let issuer_of = async |seed| {
        let fake = builder().seed(seed).start().await.unwrap();
        let token = Browser::of(&fake).sign_in("dora@example.com").await;
        let issuer = verifier(&fake).verify(&token).unwrap().issuer().to_string();
        let path = "/v2/admin/user?type=email&value=dora%40example.com";
        let (status, user) = get(&fake, path).await;
        assert_eq!((status, &user["issuer"]), (200, &json!(issuer)));
        issuer
    };
    let first = issuer_of(7).await;
    assert_eq!(issuer_of(7).await, first);
    assert_ne!(issuer_of(8).await, first);
}

#[tokio::test]
async fn logouts_end_browser_sessions() {
    let fake = builder().start().await.unwrap();
    let (mut laptop, mut phone) = (Browser::of(&fake), Browser::of(&fake));
    let mut bob = Browser::of(&fake);
    for browser in [&mut laptop, &mut phone] {
        browser.sign_in("alice@example.com").await;
    }
    bob.sign_in("bob@example.com").await;
    let is_logged_in =
        async |browser: &mut Browser<'_>| browser.result("magic_is_logged_in", json!([])).await;

    assert_eq!(laptop.result("magic_auth_logout", json!([])).await, json!(true));
    assert_eq!(is_logged_in(&mut laptop).await, json!(false));
    assert_eq!(is_logged_in(&mut phone).await, json!(true));

    let body = json!({"issuer": TestUser::from_seed(1).issuer()});
    fake.fail_next(Fault::status(500));
    post(&fake, "/v1/admin/user/logout", &body).await;
    assert_eq!(is_logged_in(&mut phone).await, json!(true), "this logout failed");
    assert_eq!(post(&fake, "/v1/admin/user/logout", &body).await.0, 200);
    assert_eq!(is_logged_in(&mut phone).await, json!(false));
    assert_eq!(is_logged_in(&mut bob).await, json!(true));
    assert_eq!(fake.calls().len(), 2, "the relayer's requests are not recorded as calls");
}

#[tokio::test]
async fn sms_magic_link_and_test_mode() {
    let fake = builder().start().await.unwrap();
    let mut browser = Browser::of(&fake);
    let settings = json!([{"phoneNumber": "+15550100", "showUI": false}]);
    let begun = browser.call("magic_auth_login_with_sms", settings).await;
    assert_eq!(begun["sign_in"]["ui"], json!(false));
    browser.enter(&begun, CODE).await;
    let info = browser.result("magic_get_info", json!([])).await;
    assert_eq!((&info["phoneNumber"], &info["email"]), (&json!("+15550100"), &Value::Null));

    // Use the names that the SDK uses in test mode.
    let settings = json!([{"email": "alice@example.com"}]);
    let begun = browser.call("magic_login_with_magic_link_testing_mode", settings).await;
    let sign_in = begun["sign_in"]["sign_in"].as_str().unwrap();
    let wait = json!({"op": "wait", "sign_in": sign_in});
    assert_eq!(browser.ask(wait.clone()).await, json!({"waiting": true}));
    assert_eq!(browser.enter(&begun, CODE).await, json!({"wrong": true}), "a link has no code");
    assert_eq!(get(&fake, "/relayer/confirm?sign_in=another").await.0, 404);
    assert_eq!(get(&fake, &format!("/relayer/confirm?sign_in={sign_in}")).await.0, 200);
    let token = browser.ask(wait).await["result"].as_str().unwrap().to_owned();
    assert_eq!(verifier(&fake).verify(&token).unwrap().issuer(), TestUser::from_seed(1).issuer());
    for method in ["magic_auth_is_logged_in_testing_mode", "magic_auth_logout_testing_mode"] {
        assert_eq!(browser.result(method, json!([])).await, json!(true), "{method}");
    }
}

#[tokio::test]
async fn failures_use_the_sdks_error_codes() {
    let fake = builder().publishable_key("pk_live_ONLY").start().await.unwrap();
    let mut browser = Browser::of(&fake);
    assert_eq!(fake.publishable_key(), "pk_live_ONLY");
    assert_eq!(browser.error("eth_sendTransaction", json!([])).await, -32601);
    for params in [json!([]), json!([{"email": "alice"}]), json!([{"email": 1}])] {
        assert_eq!(browser.error(EMAIL_OTP, params).await, -32602);
    }
    let test_address = json!([{"email": "test+fail_with_{-10002}@magic.link"}]);
    assert_eq!(browser.error(EMAIL_OTP, test_address).await, -10002);
    let success = json!([{"email": "test+success@magic.link"}]);
    let token = browser.result(EMAIL_OTP, success).await;
    verifier(&fake).verify(token.as_str().unwrap()).unwrap();

    let begun = browser.call(EMAIL_OTP, json!([{"email": "alice@example.com"}])).await;
    let sign_in = begun["sign_in"]["sign_in"].clone();
    let cancelled = browser.ask(json!({"op": "cancel", "sign_in": sign_in})).await;
    assert_eq!(cancelled["error"]["code"], json!(-10014));
    assert_eq!(browser.enter(&begun, CODE).await["error"]["code"], json!(-10014));

    let other_key =
        json!({"op": "call", "key": "pk_live_OTHER", "method": "eth_accounts", "params": []});
    assert_eq!(browser.ask(other_key).await["error"]["code"], json!(-32600));

    fake.add_user(FakeUser::new(TestUser::from_seed(9).issuer()).email("no-key@example.com"));
    let begun = browser.call(EMAIL_OTP, json!([{"email": "no-key@example.com"}])).await;
    assert_eq!(browser.enter(&begun, CODE).await["error"]["code"], json!(-32603));
}

#[tokio::test]
async fn events_report_codes_but_no_addresses() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let log = events.clone();
    let fake = FakeMagic::builder()
        .on_browser_event(move |event| log.lock().unwrap().push(event.clone()))
        .start()
        .await
        .unwrap();
    let mut browser = Browser::of(&fake);
    let begun = browser.call(EMAIL_OTP, json!([{"email": "dora@example.com"}])).await;
    let code = events.lock().unwrap().iter().find_map(|event| match event {
        BrowserEvent::Code { code, .. } => Some(code.clone()),
        _ => None,
    });
    let code = code.unwrap();
    assert!(code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()), "{code}");
    assert!(browser.enter(&begun, &code).await["result"].is_string());
    browser.call("magic_auth_logout", json!([])).await;
    browser.call("no such method dora@example.com", json!([])).await;

    let shown = format!("{:?}", events.lock().unwrap());
    for part in ["SignedIn", "SignedOut", "unknown", EMAIL_OTP, "did:ethr:0x"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("dora") && !shown.contains(&code), "{shown}");
}

#[tokio::test]
async fn only_its_own_page_can_send_requests() {
    let fake = builder().start().await.unwrap();
    let url = format!("{}/relayer", fake.base_url());
    let body =
        json!({"op": "call", "key": "pk", "method": "eth_accounts", "params": []}).to_string();
    let ask = async |origin: &str, content_type: &str| {
        let request = client().post(&url).header("origin", origin).body(body.clone());
        request.header("content-type", content_type).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(&fake.base_url(), "application/json").await, 200);
    assert_eq!(ask("http://evil.example", "application/json").await, 403);
    assert_eq!(ask("null", "application/json").await, 403);
    assert_eq!(ask(&fake.base_url(), "text/plain").await, 415);
}

#[tokio::test]
async fn every_application_can_frame_the_page() {
    let fake = builder().start().await.unwrap();
    for path in ["/send?params=e30%3D", "/relayer/page.js", "/relayer/page.css"] {
        let response = client().get(format!("{}{path}", fake.base_url())).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers().get("x-frame-options"), None);
        let policy = response.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("frame-ancestors") && !policy.contains("unsafe"), "{policy}");
        let text = response.text().await.unwrap();
        assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
    }
}
