//! Tests the mint with its own `Verifier` and `Magic`, without any socket.

use magic_admin::{Policy, VerifyErrorKind, parse_authorization_header_value};
use magic_admin_testkit::{Mint, SettableClock, TestUser};

const NOW: i64 = 1_700_000_000;

fn alice() -> TestUser {
    TestUser::from_seed(1)
}

#[test]
fn bearer_headers_carry_the_token() {
    let mint = Mint::new("app");
    for (header, code) in [
        (mint.bearer(&alice()), None),
        (mint.builder(&alice()).expired().bearer(), Some("ERROR_DIDT_EXPIRED")),
    ] {
        assert!(header.is_sensitive());
        let token = parse_authorization_header_value(header.as_bytes()).unwrap();
        let verdict = mint.verifier().verify(token);
        assert_eq!(verdict.err().map(|error| error.code()), code);
    }
}

#[test]
fn verifiers_use_the_clock_of_the_mint() {
    let clock = SettableClock::at(NOW);
    let mint = Mint::new("app").with_clock(clock.clone());
    let (plain, strict) = (
        mint.verifier(),
        mint.verifier_with(|verifier| {
            verifier.policy(Policy::new().max_age(std::time::Duration::from_secs(60)))
        }),
    );
    let token = mint.token(&alice());
    clock.advance(61);
    assert_eq!(plain.verify(&token).unwrap().issuer(), alice().issuer());
    assert_eq!(strict.verify(&token).unwrap_err().kind(), VerifyErrorKind::TooOld);
    clock.advance(840);
    assert_eq!(plain.verify(&token).unwrap_err().kind(), VerifyErrorKind::Expired);
}

#[cfg(feature = "online")]
#[tokio::test]
async fn verifies_without_an_admin_api() {
    let clock = SettableClock::at(NOW);
    let mint = Mint::new("app").with_clock(clock.clone());
    let magic = mint.magic();
    let token = mint.token(&alice());
    let user = magic.verify(&token).await.unwrap();
    let error = magic.users().logout_by_token(&user).await.unwrap_err();
    assert_eq!(error.kind(), magic_admin::ApiErrorKind::ApiConnection);

    clock.advance(901);
    assert_eq!(magic.verify(&token).await.unwrap_err().kind(), VerifyErrorKind::Expired);
    let other = mint.magic_with(|magic| magic.client_id("another"));
    let error = other.verify(&mint.token(&alice())).await.unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::AudienceMismatch);
}

#[test]
#[should_panic(expected = "the mint has a client id")]
fn verifiers_require_a_client_id() {
    drop(Mint::new("").verifier());
}
