//! Tests the fake Admin API with `magic_admin::Magic` over a real socket, in both generations.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use magic_admin::{
    ApiErrorKind, Magic, SecretKey, VerifyErrorKind,
    admin::{Generation, OAuthProvider, WalletType},
};
use magic_admin_testkit::{Endpoint, FakeMagic, FakeUser, Fault, SettableClock, TestUser};

fn alice() -> TestUser {
    TestUser::from_seed(1)
}

async fn fake() -> FakeMagic {
    let user = FakeUser::from(alice())
        .email("alice+test@example.com")
        .oauth_provider("google")
        .wallet("mainnet", "9x", "SOLANA");
    FakeMagic::builder().user(user).strict_content_type().start().await.unwrap()
}

/// Creates a `Magic` that has to fetch its client ID and does not retry.
fn magic(fake: &FakeMagic, generation: Generation) -> Magic {
    Magic::builder(SecretKey::new(fake.secret_key()).unwrap())
        .base_url(fake.base_url())
        .api(|client| client.generation(generation).retries(0))
        .build()
        .unwrap()
}

#[tokio::test]
async fn sign_in_and_log_out() {
    for generation in [Generation::Current, Generation::Legacy] {
        let fake = fake().await;
        let magic = magic(&fake, generation);
        let mint = fake.mint();

        let user = magic.verify(&mint.token(&alice())).await.unwrap();
        let again = magic.verify(&mint.token(&alice())).await.unwrap();
        assert_eq!((user.issuer(), again.issuer()), (alice().issuer(), alice().issuer()));
        assert_eq!(fake.calls_to(Endpoint::Client).len(), 1, "the client id is fetched once");

        let users = magic.users();
        let wallets =
            users.metadata_by_token_with_wallet(&user, &WalletType::SOLANA).await.unwrap();
        assert_eq!(wallets.email(), Some("alice+test@example.com"));
        assert_eq!(wallets.wallets().unwrap()[0].public_address(), Some("9x"));
        assert!(users.metadata_by_token(&user).await.unwrap().wallets().is_none());

        users.logout_by_token(&user).await.unwrap();
        let logouts = fake.logout_calls();
        assert_eq!(logouts.len(), 1);
        assert_eq!(logouts[0].issuer(), Some(alice().issuer().to_string()));
    }
}

#[tokio::test]
async fn the_fake_creates_a_working_magic() {
    let fake = FakeMagic::builder()
        .secret_key("sk_live_OF_THIS_TEST")
        .client_id("of-this-test")
        .user(alice())
        .start()
        .await
        .unwrap();
    let magic = fake.magic();
    let user = magic.verify(&fake.mint().token(&alice())).await.unwrap();
    assert_eq!(fake.calls().len(), 0, "the client id is configured");
    magic.users().logout_by_token(&user).await.unwrap();
    assert!(fake.logout_calls()[0].key_accepted());

    let foreign = fake.mint().builder(&alice()).audience("another").build();
    let error = magic.verify(&foreign).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::AudienceMismatch);
}

#[tokio::test]
async fn settings_override_those_of_the_fake() {
    let fake = FakeMagic::start().await.unwrap();
    for (magic, attempts) in
        [(fake.magic(), 4), (fake.magic_with(|magic| magic.api(|client| client.retries(1))), 2)]
    {
        fake.clear_calls();
        fake.fail_next(Fault::status(503).times(4));
        let error = magic.users().metadata_by_issuer(alice().issuer()).await.unwrap_err();
        assert_eq!((error.status(), fake.calls().len()), (Some(503), attempts));
        fake.heal();
    }
    let magic = fake.magic_with(|magic| magic.client_id("another"));
    let error = magic.verify(&fake.mint().token(&alice())).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::AudienceMismatch);
}

#[tokio::test]
async fn mint_and_magic_share_a_clock() {
    let clock = SettableClock::at(1_700_000_000);
    let fake = FakeMagic::start().await.unwrap().with_clock(clock.clone());
    let magic = fake.magic();
    let token = fake.mint().token(&alice());
    let user = magic.verify(&token).await.unwrap();
    assert_eq!(user.claims().issued_at().get(), 1_700_000_000);
    clock.advance(900);
    magic.verify(&token).await.unwrap();
    clock.advance(1);
    let error = magic.verify(&token).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Expired);
    magic.verify(&fake.mint().token(&alice())).await.unwrap();
}

#[tokio::test]
async fn legacy_apis_lack_newer_calls() {
    let fake = fake().await;
    let magic = magic(&fake, Generation::Current);
    let users = magic.users();
    let google = OAuthProvider::from("google");
    let found = users.metadata_by_email("alice+test@example.com", Some(&google)).await.unwrap();
    assert_eq!(found.users()[0].issuer(), Some(alice().issuer()));

    let addresses = [TestUser::from_seed(2).address(), alice().address()];
    let known = users.metadata_by_public_addresses(&addresses).await.unwrap();
    let issuers: Vec<_> = known.users().iter().map(|user| user.issuer()).collect();
    assert_eq!(issuers, [Some(alice().issuer())]);

    users.remove_mfa_by_issuer(alice().issuer()).await.unwrap();
    assert_eq!(fake.calls_to(Endpoint::RemoveMfa).len(), 1);
}

#[tokio::test]
async fn errors_have_the_right_kind() {
    let fake = fake().await;
    for generation in [Generation::Current, Generation::Legacy] {
        let magic = magic(&fake, generation);
        for (fault, kind) in [
            (Fault::status(400), ApiErrorKind::BadRequest),
            (Fault::status(401), ApiErrorKind::Authentication),
            (Fault::status(403), ApiErrorKind::Forbidden),
            (Fault::status(422), ApiErrorKind::BadRequest),
            (Fault::status(429).retry_after(2), ApiErrorKind::RateLimiting),
            (Fault::status(500), ApiErrorKind::Api),
            (Fault::html(502), ApiErrorKind::Api),
            (Fault::garbage(), ApiErrorKind::Api),
            (Fault::failed(), ApiErrorKind::Api),
            (Fault::close(), ApiErrorKind::ApiConnection),
            (Fault::reset(), ApiErrorKind::ApiConnection),
        ] {
            let name = format!("{generation:?} {fault:?}");
            fake.fail_next(fault);
            let error = magic.users().logout_by_issuer(alice().issuer()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{name}");
        }
        let unknown = TestUser::from_seed(9).issuer();
        let error = magic.users().logout_by_issuer(unknown).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ApiErrorKind::Api, Some(404)));
        assert_eq!(error.error_code(), Some("USER_NOT_FOUND"));
    }
}

#[tokio::test]
async fn rejects_tokens_without_a_client_id() {
    let fake = fake().await;
    fake.fail(Fault::close().at(Endpoint::Client));
    let magic = magic(&fake, Generation::Current);
    let refused = magic.verify(&fake.mint().token(&alice())).await.unwrap_err();
    assert_eq!(refused.kind(), VerifyErrorKind::Unavailable);
    assert!(!fake.calls_to(Endpoint::Client).is_empty());
}
