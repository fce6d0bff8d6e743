//! Tests the fake Admin API over real sockets: its responses, and the calls it records.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use std::sync::{Arc, Mutex};

use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, TestUser};
use serde_json::{Value, json};
use support::{call, get, post};

fn alice() -> TestUser {
    TestUser::from_seed(1)
}

async fn fake() -> FakeMagic {
    let user = FakeUser::from(alice())
        .email("alice+test@example.com")
        .oauth_provider("google")
        .wallet("mainnet", "9x", "SOLANA");
    FakeMagic::builder().client_id("my-client-id").user(user).start().await.unwrap()
}

#[tokio::test]
async fn client_in_both_generations() {
    let fake = fake().await;
    let (status, body) = get(&fake, "/v1/admin/client").await;
    assert_eq!((status, &body["client_id"]), (200, &json!("my-client-id")));
    assert!(body["app_scope"].is_string());

    let (status, body) = get(&fake, "/v1/admin/client/get").await;
    assert_eq!((status, &body["data"]["client_id"]), (200, &json!("my-client-id")));
    let envelope = (&body["error_code"], &body["message"], &body["status"]);
    assert_eq!(envelope, (&json!(""), &json!(""), &json!("ok")));
}

#[tokio::test]
async fn finds_users_in_both_generations() {
    let fake = fake().await;
    let issuer = alice().issuer().to_string();
    // Encoded as by the Python SDK, unencoded as by the JavaScript SDK, and in lower case.
    let queries = [
        format!("issuer={}&wallet_type=ANY", issuer.replace(':', "%3A")),
        format!("issuer={issuer}&wallet_type=ANY"),
        format!("issuer={}&wallet_type=SOLANA", issuer.to_lowercase()),
    ];
    for query in queries {
        let (status, user) = get(&fake, &format!("/v1/admin/user?{query}")).await;
        assert_eq!((status, &user["issuer"]), (200, &json!(issuer)), "{query}");
        assert_eq!(user["public_address"], json!(alice().address()));
        assert_eq!(user["email"], "alice+test@example.com");
        assert_eq!(user["phone_number"], Value::Null);
        assert_eq!(user["wallets"][0]["wallet_type"], "SOLANA");
        let (status, legacy) = get(&fake, &format!("/v1/admin/auth/user/get?{query}")).await;
        assert_eq!((status, &legacy["data"]), (200, &user), "{query}");
    }
    let (_, user) = get(&fake, &format!("/v1/admin/user?issuer={issuer}")).await;
    assert_eq!(user["wallets"], Value::Null, "NONE is the default");
}

#[tokio::test]
async fn user_by_email_and_provider() {
    let fake = fake().await;
    let path = "/v2/admin/user?type=email&value=alice%2Btest%40example.com";
    let (status, user) = get(&fake, path).await;
    assert_eq!((status, &user["issuer"]), (200, &json!(alice().issuer())));
    assert_eq!(get(&fake, &format!("{path}&provider=google")).await.0, 200);
    assert_eq!(get(&fake, &format!("{path}&provider=apple")).await.0, 404);
    // In a form, an unencoded `+` stands for a space.
    assert_eq!(get(&fake, "/v2/admin/user?type=email&value=alice+test@example.com").await.0, 404);
    assert_eq!(get(&fake, "/v2/admin/user?type=phone&value=1").await.0, 422);
    assert_eq!(get(&fake, "/v2/admin/user?type=email").await.0, 400);
}

#[tokio::test]
async fn returns_users_in_the_requested_order() {
    let fake = fake().await;
    let (bob, carol) = (TestUser::from_seed(2), TestUser::from_seed(3));
    fake.add_user(bob.clone());
    let issuers = [bob.issuer(), carol.issuer(), alice().issuer()];
    let (status, body) = post(&fake, "/v1/admin/users", &json!({"issuers": issuers})).await;
    let found: Vec<_> = body["users"].as_array().unwrap().iter().map(|u| &u["issuer"]).collect();
    assert_eq!(status, 200);
    assert_eq!(found, [&json!(bob.issuer()), &json!(alice().issuer())]);
    assert_eq!(post(&fake, "/v1/admin/users", &json!({"issuers": []})).await.0, 200);
}

#[tokio::test]
async fn logout_and_remove_mfa() {
    let fake = fake().await;
    let body = json!({"issuer": alice().issuer()});
    assert_eq!(post(&fake, "/v1/admin/user/logout", &body).await, (200, json!({})));
    assert_eq!(post(&fake, "/v1/admin/user/remove_mfa", &body).await, (200, json!({})));
    let (status, legacy) = post(&fake, "/v2/admin/auth/user/logout", &body).await;
    assert_eq!((status, &legacy["status"], &legacy["data"]), (200, &json!("ok"), &json!({})));

    let issuers: Vec<_> = fake.logout_calls().iter().map(|call| call.issuer()).collect();
    assert_eq!(issuers, [Some(alice().issuer().to_string()), Some(alice().issuer().to_string())]);
    assert_eq!(fake.calls_to(Endpoint::RemoveMfa).len(), 1);
}

#[tokio::test]
async fn unknown_users_are_404_until_added() {
    let fake = fake().await;
    let bob = TestUser::from_seed(2);
    let path = format!("/v1/admin/user?issuer={}", bob.issuer());
    let body = json!({"issuer": bob.issuer()});
    let (status, answer) = get(&fake, &path).await;
    assert_eq!((status, &answer["error_code"]), (404, &json!("USER_NOT_FOUND")));
    for logout in ["/v1/admin/user/logout", "/v2/admin/auth/user/logout"] {
        assert_eq!(post(&fake, logout, &body).await.0, 404);
    }
    assert_eq!(get(&fake, "/v1/admin/user?issuer=did:ethr:nonsense").await.0, 404);

    fake.add_user(FakeUser::from(&bob).email("b@example.com"));
    fake.add_user(FakeUser::from(&bob).email("bob@example.com"));
    assert_eq!(get(&fake, &path).await.1["email"], "bob@example.com");
    fake.remove_user(&bob);
    assert_eq!(get(&fake, &path).await.0, 404);
}

#[tokio::test]
async fn any_user_accepts_every_issuer() {
    let fake = FakeMagic::builder().any_user().start().await.unwrap();
    let (status, user) = get(&fake, &format!("/v1/admin/user?issuer={}", alice().issuer())).await;
    assert_eq!((status, &user["issuer"]), (200, &json!(alice().issuer())));
    assert_eq!(get(&fake, "/v1/admin/user?issuer=nonsense").await.0, 404);
}

#[tokio::test]
async fn rejects_a_missing_or_wrong_key() {
    let fake = fake().await;
    let keys = [None, Some("sk_live_other"), Some(""), Some(&fake.secret_key()[1..])];
    for key in keys {
        let (status, body) = call(&fake, "GET", "/v1/admin/client", key, None).await;
        assert_eq!((status, body["error_code"].is_string()), (401, true), "{key:?}");
        assert_eq!(body.get("client_id"), None);
        let (status, body) = call(&fake, "GET", "/v1/admin/client/get", key, None).await;
        assert_eq!((status, &body["status"]), (401, &json!("failed")), "{key:?}");
    }
    assert!(fake.calls().iter().all(|call| !call.key_accepted()));
}

#[tokio::test]
async fn rejects_bad_requests_like_magic() {
    let fake = fake().await;
    let missing = [
        get(&fake, "/v1/admin/user").await,
        get(&fake, "/v1/admin/user?issuer=").await,
        post(&fake, "/v1/admin/user/logout", &json!({})).await,
        post(&fake, "/v1/admin/users", &json!({"issuers": null})).await,
    ];
    for (status, body) in missing {
        assert_eq!((status, &body["error_code"]), (400, &json!("MISSING_REQUIRED_FIELDS")));
        assert_eq!((&body["status"], &body["data"]), (&json!("failed"), &json!({})));
    }
    let wrong_type = [
        post(&fake, "/v1/admin/user/logout", &json!({"issuer": 5})).await,
        post(&fake, "/v1/admin/user/logout", &json!([1])).await,
        post(&fake, "/v1/admin/users", &json!({"issuers": "one"})).await,
        post(&fake, "/v1/admin/users", &json!({"issuers": [1]})).await,
        call(&fake, "POST", "/v1/admin/users", Some(fake.secret_key()), Some("{\"")).await,
    ];
    for (status, body) in wrong_type {
        assert_eq!(status, 422, "{body}");
        let detail = &body["detail"][0];
        assert!(detail["type"].is_string() && detail["loc"].is_array(), "{body}");
        assert!(detail["msg"].is_string() && detail.get("input").is_some(), "{body}");
    }
}

#[tokio::test]
async fn unknown_paths_and_methods() {
    let fake = fake().await;
    assert_eq!(get(&fake, "/v1/admin/nothing").await, (404, json!({"detail": "Not Found"})));
    assert_eq!(get(&fake, "/v1/admin/client/").await.0, 404);
    assert_eq!(get(&fake, "/v1/admin/user/logout").await.0, 405);
    assert_eq!(post(&fake, "/v1/admin/client", &json!({})).await.0, 405);
}

#[tokio::test]
async fn strict_fakes_require_the_content_type() {
    let fake = FakeMagic::builder().user(alice()).strict_content_type().start().await.unwrap();
    let body = json!({"issuer": alice().issuer()});
    assert_eq!(post(&fake, "/v1/admin/user/logout", &body).await.0, 200);
    let text = body.to_string();
    let key = Some(fake.secret_key());
    let untyped = call(&fake, "POST", "/v1/admin/user/logout", key, Some(&text)).await;
    assert_eq!(untyped.0, 422);
}

#[tokio::test]
async fn keeps_the_calls() {
    let fake = fake().await;
    get(&fake, "/v2/admin/user?type=email&value=a%40b").await;
    post(&fake, "/v1/admin/user/logout", &json!({"issuer": "x"})).await;
    let calls = fake.calls();
    let lines: Vec<_> = calls.iter().map(|c| (c.method(), c.path(), c.status())).collect();
    assert_eq!(
        lines,
        [("GET", "/v2/admin/user", Some(404)), ("POST", "/v1/admin/user/logout", Some(404))]
    );
    assert_eq!(calls[0].query("value").as_deref(), Some("a@b"));
    assert_eq!(calls[1].body(), Some(&json!({"issuer": "x"})));
    assert_eq!(calls[1].header("content-type"), Some("application/json"));
    assert!(calls.iter().all(|call| call.key_accepted()));

    fake.clear_calls();
    assert!(fake.calls().is_empty());
    get(&fake, "/v1/admin/client").await;
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn distinguishes_connections() {
    let fake = fake().await;
    let client = support::client();
    let url = format!("{}/v1/admin/client", fake.base_url());
    for _ in 0..2 {
        client.get(&url).send().await.unwrap().bytes().await.unwrap();
    }
    get(&fake, "/v1/admin/client").await; // Uses a separate client.
    let numbers: Vec<_> = fake.calls().iter().map(|call| call.connection()).collect();
    assert_eq!(numbers, [0, 0, 1]);
}

#[tokio::test]
async fn reports_each_answered_call() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let lines = log.clone();
    let fake = FakeMagic::builder()
        .on_call(move |call| {
            let line = format!("{} {} {:?}", call.method(), call.path(), call.status());
            lines.lock().unwrap().push(line);
        })
        .start()
        .await
        .unwrap();
    get(&fake, "/v1/admin/client").await;
    get(&fake, "/v1/admin/user?issuer=x").await;
    let expected = ["GET /v1/admin/client Some(200)", "GET /v1/admin/user Some(404)"];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test]
async fn the_default_fake_has_two_users() {
    let fake = FakeMagic::start().await.unwrap();
    assert!(fake.address().ip().is_loopback());
    assert_eq!(fake.mint().client_id(), fake.client_id());
    for (seed, email) in [(1, "alice@example.com"), (2, "bob@example.com")] {
        let issuer = TestUser::from_seed(seed).issuer();
        let (status, user) = get(&fake, &format!("/v1/admin/user?issuer={issuer}")).await;
        assert_eq!((status, &user["email"]), (200, &json!(email)));
    }
}
