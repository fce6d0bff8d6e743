//! Sends any response of the Admin API over a real connection. The client never panics, never
//! treats a failure as a success, reports the documented error, and shows neither the key nor the
//! e-mail address.
#![no_main]

use std::{collections::BTreeMap, fmt::Display, sync::LazyLock};

use fuzz::Answers;
use libfuzzer_sys::fuzz_target;
use magic_admin::{
    ApiError, ApiErrorKind, Issuer, SecretKey,
    admin::{Client, Generation, UserMetadata},
};
use serde_json::value::RawValue;
use tokio::runtime::{Builder, Runtime};

const KEY: &str = "sk_live_0123456789ABCDEF";
const EMAIL: &str = "someone@example.com";

static ANSWERS: LazyLock<Answers> =
    LazyLock::new(|| Answers::start().expect("a port of this machine is free"));
static CLIENTS: LazyLock<[Client; 2]> =
    LazyLock::new(|| [Generation::Current, Generation::Legacy].map(client));
static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_all().build().expect("it starts"));

fn client(generation: Generation) -> Client {
    Client::builder(SecretKey::new(KEY).expect("it looks like a key"))
        .base_url(ANSWERS.base_url())
        .generation(generation)
        .retries(0)
        .calls_per_minute(usize::MAX)
        .build()
        .expect("loopback needs no TLS")
}

fuzz_target!(|data: (u8, u16, u8, &[u8])| {
    let (call, status, headers, body) = data;
    let status = if call & 0x80 == 0 { 200 } else { 200 + status % 400 };
    let headers = match headers % 6 {
        0 => "content-type: application/json\r\n",
        1 => "content-type: text/html; charset=utf-8\r\n",
        2 => "retry-after: 7\r\n",
        3 => "retry-after: 99999999999999999999999\r\n",
        4 => "retry-after: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
        _ => "content-type: \x07\r\nretry-after: -1\r\n",
    };
    ANSWERS.set(status, headers, body);
    let client = &CLIENTS[usize::from(call & 1)];
    let issuer: Issuer = format!("did:ethr:{}", fuzz::ADDRESS).parse().expect("it is an issuer");
    let says_it_failed = says_it_failed(body);

    RUNTIME.block_on(async {
        let users = client.users();
        match (call >> 1) % 5 {
            0 => check(client.info().await, status, says_it_failed, |info| {
                assert!(!info.client_id().is_empty());
            }),
            1 => {
                let user = users.metadata_by_issuer(issuer).await;
                check(user, status, says_it_failed, |user| shows_no_person(&user));
            }
            2 => check(users.metadata_by_email(EMAIL, None).await, status, says_it_failed, drop),
            3 => check(users.metadata_by_public_addresses(&[]).await, status, says_it_failed, drop),
            _ => check(users.logout_by_issuer(issuer).await, status, says_it_failed, drop),
        }
    });
});

/// The address, the provider and the wallets may be shown, whatever Magic returns for them.
fn shows_no_person(user: &UserMetadata) {
    let shown = format!("{user:?}");
    if user.public_address().or(user.wallets().map(|_| "")).is_none()
        && user.oauth_provider().is_none()
    {
        assert!(!shown.contains('@'), "{shown}");
    }
}

/// Returns `true` for an object with a `status` other than `"ok"`. It parses nothing else: a
/// `Value` would parse the text under the special key of `raw_value` again, without end.
fn says_it_failed(body: &[u8]) -> bool {
    let members = serde_json::from_slice::<BTreeMap<String, Box<RawValue>>>(body).ok();
    members.as_ref().and_then(|members| members.get("status")).is_some_and(|status| {
        serde_json::from_str::<String>(status.get()).ok().as_deref() != Some("ok")
    })
}

fn check<T>(result: Result<T, ApiError>, status: u16, says_it_failed: bool, look: impl FnOnce(T)) {
    let error = match result {
        Ok(value) => {
            assert!((200..300).contains(&status), "HTTP {status} was taken for a success");
            assert!(!says_it_failed, "an answer that says it failed was taken for a success");
            return look(value);
        }
        Err(error) => error,
    };
    if error.kind() == ApiErrorKind::BadRequest && error.status().is_none() {
        return; // Rejected before anything was sent.
    }
    let expected = match status {
        400 | 422 => ApiErrorKind::BadRequest,
        401 => ApiErrorKind::Authentication,
        403 => ApiErrorKind::Forbidden,
        429 => ApiErrorKind::RateLimiting,
        _ => ApiErrorKind::Api,
    };
    // The response may be invalid HTTP.
    if error.kind() != ApiErrorKind::ApiConnection {
        assert_eq!((error.kind(), error.status()), (expected, Some(status)), "{error}");
    }
    for shown in [&error as &dyn Display, &format!("{error:?}")].map(ToString::to_string) {
        assert!(!shown.contains(KEY), "shows the secret key");
        assert!(!shown.contains(EMAIL), "shows the e-mail address");
        assert!(!shown.contains(['\n', '\r', '\x1b']), "more than a line: {shown:?}");
    }
}
