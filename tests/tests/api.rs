//! Every call of the Admin API against the fake on a real port, for both generations.

use std::time::Duration;

use magic_admin::{
    Address, ApiError, ApiErrorKind, Issuer, Magic, SecretKey,
    admin::{Generation, OAuthProvider, UserMetadata, WalletType},
};
use magic_admin_testkit::{FakeMagic, FakeUser, Fault, TestUser};
use serde_json::json;

/// Runs each test once for each generation.
macro_rules! for_each_generation {
    ($($test:ident,)*) => {
        mod current {
            $(#[tokio::test]
            async fn $test() {
                super::$test(magic_admin::admin::Generation::Current).await;
            })*
        }
        mod legacy {
            $(#[tokio::test]
            async fn $test() {
                super::$test(magic_admin::admin::Generation::Legacy).await;
            })*
        }
    };
}

for_each_generation! {
    client_info,
    metadata_by_issuer_address_and_token,
    wallets_come_when_they_are_asked_for,
    logout_by_issuer_address_and_token,
    remove_mfa_by_issuer_address_and_token,
    a_user_by_email,
    many_users,
    every_call_carries_the_key_and_its_body_as_json,
    an_unknown_user_is_an_error,
    a_wrong_key_is_an_error_of_every_call,
    every_status_is_its_kind,
    a_success_with_an_error_body_fails,
    what_passes_is_repeated,
    the_client_id_is_fetched_for_the_first_token,
}

async fn client_info(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let info = magic.client().info().await.unwrap();
    assert_eq!((info.client_id(), info.app_scope()), (fake.client_id(), Some("GLOBAL")));
    assert_eq!(seen(&fake), [pick(generation, "GET /v1/admin/client", "GET /v1/admin/client/get")]);
}

async fn metadata_by_issuer_address_and_token(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let token = magic.verify(&fake.mint().token(&alice())).await.unwrap();
    fake.clear_calls();
    let users = magic.users();
    let answers = [
        users.metadata_by_issuer(ALICE.into()).await,
        users.metadata_by_public_address(ALICE).await,
        users.metadata_by_token(&token).await,
    ];
    for user in answers {
        let user = user.unwrap();
        assert_eq!(user.issuer(), Some(Issuer::from(ALICE)));
        assert_eq!(user.email(), Some("alice+1@example.com"));
        assert_eq!((user.username(), user.phone_number(), user.wallets()), (None, None, None));
        assert_eq!(user.raw()["new_field"], json!([1]));
    }
    let path = pick(generation, "GET /v1/admin/user", "GET /v1/admin/auth/user/get");
    assert_eq!(seen(&fake), [path; 3]);
    for call in fake.calls() {
        assert_eq!(call.query("issuer").as_deref(), Some(ALICE_ISSUER));
        assert_eq!(call.query("wallet_type").as_deref(), Some("NONE"));
    }
}

async fn wallets_come_when_they_are_asked_for(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let token = magic.verify(&fake.mint().token(&alice())).await.unwrap();
    fake.clear_calls();
    let users = magic.users();
    let of = |user: Result<UserMetadata, ApiError>| {
        let user = user.unwrap();
        let wallets = user.wallets().unwrap().iter();
        wallets.map(|wallet| wallet.public_address().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let solana = WalletType::SOLANA;
    assert_eq!(of(users.metadata_by_issuer_with_wallet(ALICE.into(), &solana).await), ["9xQe"]);
    let any = WalletType::ANY;
    assert_eq!(
        of(users.metadata_by_public_address_with_wallet(ALICE, &any).await),
        ["9xQe", "kt1"]
    );
    let newcomer = WalletType::new("NEW&CHAIN");
    assert_eq!(of(users.metadata_by_token_with_wallet(&token, &newcomer).await), ["kt1"]);
    let asked: Vec<_> =
        fake.calls().iter().map(|call| call.query("wallet_type").unwrap()).collect();
    assert_eq!(asked, ["SOLANA", "ANY", "NEW&CHAIN"]);
}

async fn logout_by_issuer_address_and_token(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let token = magic.verify(&fake.mint().token(&alice())).await.unwrap();
    fake.clear_calls();
    let users = magic.users();
    users.logout_by_issuer(ALICE.into()).await.unwrap();
    users.logout_by_public_address(ALICE).await.unwrap();
    users.logout_by_token(&token).await.unwrap();
    let path = pick(generation, "POST /v1/admin/user/logout", "POST /v2/admin/auth/user/logout");
    assert_eq!(seen(&fake), [path; 3]);
    for call in fake.calls() {
        assert_eq!(call.body(), Some(&json!({"issuer": ALICE_ISSUER})));
    }
}

async fn remove_mfa_by_issuer_address_and_token(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let token = magic.verify(&fake.mint().token(&alice())).await.unwrap();
    fake.clear_calls();
    let users = magic.users();
    for result in [
        users.remove_mfa_by_issuer(ALICE.into()).await,
        users.remove_mfa_by_public_address(ALICE).await,
        users.remove_mfa_by_token(&token).await,
    ] {
        only_current(generation, &fake, result);
    }
    if generation == Generation::Current {
        assert_eq!(seen(&fake), ["POST /v1/admin/user/remove_mfa"; 3]);
        assert_eq!(fake.calls()[0].body(), Some(&json!({"issuer": ALICE_ISSUER})));
    }
}

async fn a_user_by_email(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let users = magic.users();
    let email = "alice+1@example.com";
    let google = OAuthProvider::GOOGLE;
    for provider in [None, Some(&google)] {
        let list = only_current(generation, &fake, users.metadata_by_email(email, provider).await);
        if let Some(list) = list {
            assert_eq!(list.users().len(), 1);
            assert_eq!(list.users()[0].issuer(), Some(Issuer::from(ALICE)));
            let call = fake.calls().pop().unwrap();
            assert_eq!((call.method(), call.path()), ("GET", "/v2/admin/user"));
            let rest = if provider.is_some() { "&provider=google" } else { "" };
            let query = format!("type=email&value=alice%2B1%40example.com{rest}");
            assert_eq!(call.raw_query(), query);
        }
    }
    let github = OAuthProvider::GITHUB;
    let unknown = users.metadata_by_email(email, Some(&github)).await;
    if generation == Generation::Current {
        let error = unknown.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(404)));
        assert!(!format!("{error} {error:?}").contains("example.com"), "{error:?}");
    }
}

async fn many_users(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let asked = [BOB, CAROL, ALICE];
    let list = magic.users().metadata_by_public_addresses(&asked).await;
    let Some(list) = only_current(generation, &fake, list) else { return };
    let issuers: Vec<_> = list.users().iter().map(UserMetadata::issuer).collect();
    assert_eq!(issuers, [Some(BOB.into()), Some(ALICE.into())]);
    assert_eq!(seen(&fake), ["POST /v1/admin/users"]);
    let sent = asked.map(|address| format!("did:ethr:{address}"));
    assert_eq!(fake.calls()[0].body(), Some(&json!({"issuers": sent})));
}

async fn every_call_carries_the_key_and_its_body_as_json(generation: Generation) {
    // The strict fake refuses a body of another type.
    let fake = FakeMagic::builder().user(alice_user()).strict_content_type().start().await.unwrap();
    let magic = magic(&fake, generation, fake.secret_key());
    magic.client().info().await.unwrap();
    magic.users().metadata_by_issuer(ALICE.into()).await.unwrap();
    magic.users().logout_by_issuer(ALICE.into()).await.unwrap();
    if generation == Generation::Current {
        magic.users().remove_mfa_by_issuer(ALICE.into()).await.unwrap();
        magic.users().metadata_by_public_addresses(&[ALICE]).await.unwrap();
    }
    assert!(fake.calls().iter().all(|call| call.key_accepted() && call.status() == Some(200)));
}

async fn an_unknown_user_is_an_error(generation: Generation) {
    let (fake, magic) = start(generation).await;
    let users = magic.users();
    for error in [
        users.metadata_by_public_address(CAROL).await.unwrap_err(),
        users.logout_by_public_address(CAROL).await.unwrap_err(),
    ] {
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(404)));
        assert_eq!(error.error_code(), Some("USER_NOT_FOUND"));
        assert_eq!(error.message(), "The fake Admin API does not know this user.");
        assert!(!error.is_retryable());
        let call = &fake.calls()[usize::from(error.method() == "POST")];
        assert_eq!((error.method(), error.path()), (call.method(), call.path()));
    }
    assert_eq!(fake.calls().len(), 2);
}

async fn a_wrong_key_is_an_error_of_every_call(generation: Generation) {
    let (fake, _) = start(generation).await;
    let magic = magic(&fake, generation, "sk_live_WRONG0KEY");
    let users = magic.users();
    let mut errors = vec![
        magic.client().info().await.unwrap_err(),
        users.metadata_by_issuer(ALICE.into()).await.unwrap_err(),
        users.logout_by_issuer(ALICE.into()).await.unwrap_err(),
    ];
    if generation == Generation::Current {
        errors.push(users.metadata_by_email("alice+1@example.com", None).await.unwrap_err());
        errors.push(users.metadata_by_public_addresses(&[ALICE]).await.unwrap_err());
        errors.push(users.remove_mfa_by_issuer(ALICE.into()).await.unwrap_err());
    }
    assert_eq!(fake.calls().len(), errors.len());
    for error in errors {
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Authentication, Some(401)));
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("sk_live_…") && !shown.contains("WRONG"), "{shown}");
    }
}

async fn every_status_is_its_kind(generation: Generation) {
    let (fake, magic) = start(generation).await;
    for (status, kind) in [
        (400, ApiErrorKind::BadRequest),
        (401, ApiErrorKind::Authentication),
        (403, ApiErrorKind::Forbidden),
        (404, ApiErrorKind::Api),
        (409, ApiErrorKind::Api),
        (422, ApiErrorKind::BadRequest),
        (429, ApiErrorKind::RateLimiting),
        (500, ApiErrorKind::Api),
        (503, ApiErrorKind::Api),
    ] {
        fake.fail_next(Fault::status(status));
        let error = magic.users().logout_by_issuer(ALICE.into()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (kind, Some(status)));
        assert_eq!(error.is_retryable(), [429, 503].contains(&status), "{status}");
    }
    assert_eq!(fake.calls().len(), 9);
}

async fn a_success_with_an_error_body_fails(generation: Generation) {
    let (fake, magic) = start(generation).await;
    for fault in [Fault::failed(), Fault::empty(), Fault::garbage(), Fault::html(200)] {
        fake.fail_next(fault);
        let error = magic.users().metadata_by_issuer(ALICE.into()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)), "{error}");
    }
    fake.fail_next(Fault::failed());
    let error = magic.users().logout_by_issuer(ALICE.into()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(200)), "{error}");
}

async fn what_passes_is_repeated(generation: Generation) {
    let fake = FakeMagic::builder().user(alice_user()).start().await.unwrap();
    let key = SecretKey::new(fake.secret_key()).unwrap();
    let magic = Magic::builder(key)
        .base_url(fake.base_url())
        .api(|client| client.generation(generation).retries(3).backoff(Duration::ZERO))
        .build()
        .unwrap();
    // Only a 429 that says when is repeated for a logout.
    for fault in [Fault::status(429).retry_after(0), Fault::status(503), Fault::close()] {
        fake.fail_next(fault);
    }
    magic.users().logout_by_issuer(ALICE.into()).await.unwrap();
    assert_eq!(fake.logout_calls().len(), 4);
}

async fn the_client_id_is_fetched_for_the_first_token(generation: Generation) {
    let (fake, magic) = start(generation).await;
    for _ in 0..2 {
        let token = magic.verify(&fake.mint().token(&alice())).await.unwrap();
        assert_eq!(token.audience(), fake.client_id());
    }
    assert_eq!(seen(&fake), [pick(generation, "GET /v1/admin/client", "GET /v1/admin/client/get")]);
}

async fn start(generation: Generation) -> (FakeMagic, Magic) {
    let bob = FakeUser::from(TestUser::from_seed(2));
    let fake = FakeMagic::builder().user(alice_user()).user(bob).start().await.unwrap();
    let magic = magic(&fake, generation, fake.secret_key());
    (fake, magic)
}

/// Without retries: what the server saw is what was called.
fn magic(fake: &FakeMagic, generation: Generation, key: &str) -> Magic {
    Magic::builder(SecretKey::new(key).unwrap())
        .base_url(fake.base_url())
        .api(|client| client.generation(generation).retries(0))
        .build()
        .unwrap()
}

fn alice() -> TestUser {
    TestUser::from_seed(1)
}

fn alice_user() -> FakeUser {
    FakeUser::from(alice())
        .email("alice+1@example.com")
        .oauth_provider("google")
        .wallet("mainnet", "9xQe", "SOLANA")
        .wallet("mainnet", "kt1", "NEW&CHAIN")
        .field("new_field", json!([1]))
}

fn pick(generation: Generation, current: &'static str, legacy: &'static str) -> &'static str {
    if generation == Generation::Legacy { legacy } else { current }
}

fn seen(fake: &FakeMagic) -> Vec<String> {
    fake.calls().iter().map(|call| format!("{} {}", call.method(), call.path())).collect()
}

/// What the legacy generation lacks is an error before any request.
fn only_current<T>(
    generation: Generation,
    fake: &FakeMagic,
    result: Result<T, ApiError>,
) -> Option<T> {
    if generation == Generation::Current {
        return Some(result.unwrap());
    }
    let Err(error) = result else { panic!("the legacy generation has no such call") };
    assert_eq!((error.kind(), error.status()), (ApiErrorKind::BadRequest, None));
    assert!(
        error.to_string().contains("legacy") && error.to_string().contains("Current"),
        "{error}"
    );
    assert!(fake.calls().is_empty());
    None
}

const ALICE_ISSUER: &str = "did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

// The addresses of the private keys 1, 2 and 3.
const ALICE: Address = Address::from_bytes([
    0x7e, 0x5f, 0x45, 0x52, 0x09, 0x1a, 0x69, 0x12, 0x5d, 0x5d, 0xfc, 0xb7, 0xb8, 0xc2, 0x65, 0x90,
    0x29, 0x39, 0x5b, 0xdf,
]);
const BOB: Address = Address::from_bytes([
    0x2b, 0x5a, 0xd5, 0xc4, 0x79, 0x5c, 0x02, 0x65, 0x14, 0xf8, 0x31, 0x7c, 0x7a, 0x21, 0x5e, 0x21,
    0x8d, 0xcc, 0xd6, 0xcf,
]);
const CAROL: Address = Address::from_bytes([
    0x68, 0x13, 0xeb, 0x93, 0x62, 0x37, 0x2e, 0xef, 0x62, 0x00, 0xf3, 0xb1, 0xdb, 0xc3, 0xf8, 0x19,
    0x67, 0x1c, 0xba, 0x69,
]);
