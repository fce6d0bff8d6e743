//! Tests the mint's valid tokens and named defects against the verifier of `magic-admin`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{collections::HashSet, time::Duration};

use magic_admin::{Audience, Verifier, VerifyErrorKind};
use magic_admin_testkit::{Encoding, Layout, Mint, SettableClock, TestUser, TokenBuilder};

const CLIENT_ID: &str = "did:magic:00000000-0000-4000-8000-000000000000";
const NOW: i64 = 1_700_000_000;

fn verifier() -> Verifier {
    Verifier::builder(Audience::new(CLIENT_ID).unwrap()).clock(SettableClock::at(NOW)).build()
}

fn mint() -> Mint {
    Mint::new(CLIENT_ID).with_clock(SettableClock::at(NOW))
}

fn alice() -> TestUser {
    TestUser::from_seed(1)
}

fn verdict(token: &TokenBuilder) -> Result<(), VerifyErrorKind> {
    verifier().verify(&token.build()).map(drop).map_err(|error| error.kind())
}

#[test]
fn tokens_are_valid_by_default() {
    let token = mint().token(&alice());
    let verified = verifier().verify(&token).unwrap();
    let claims = verified.claims();
    assert_eq!(verified.issuer(), alice().issuer());
    assert_eq!(claims.issued_at().get(), NOW);
    assert_eq!(claims.not_before().get(), NOW);
    assert_eq!(claims.expires_at().get(), NOW + 900);
    assert_eq!(claims.subject(), alice().subject());
    assert_eq!(claims.audience(), CLIENT_ID);
    assert!(verifier().verify_with_attachment(&token, "none").is_ok());
}

#[test]
fn both_default_to_the_system_clock() {
    let verifier = Verifier::new(Audience::new(CLIENT_ID).unwrap());
    assert!(verifier.verify(&Mint::new(CLIENT_ID).token(&alice())).is_ok());
}

#[test]
fn harmless_changes_stay_valid() {
    let token = || mint().builder(&alice());
    let harmless = [
        ("high s", token().high_s()),
        ("spaced", token().layout(Layout::Spaced)),
        ("pretty", token().layout(Layout::Pretty)),
        ("unpadded", token().encoding(Encoding::StandardUnpadded)),
        ("url-safe", token().encoding(Encoding::UrlSafe)),
        ("url-safe unpadded", token().encoding(Encoding::UrlSafeUnpadded)),
        ("no add", token().remove("add")),
        ("unknown member", token().set("x", vec![1, 2])),
        ("exponent", token().set_raw("ext", "1.0000000000016881e+21")),
        ("last second", token().expires_at(NOW)),
        ("within the grace", token().not_before(NOW + 300)),
    ];
    for (name, token) in harmless {
        assert_eq!(verdict(&token), Ok(()), "{name}");
    }
}

#[test]
fn each_defect_is_rejected_with_its_kind() {
    use VerifyErrorKind::{
        AudienceMismatch, Expired, FailedRecoveringProof, IncorrectSigner, Malformed, NotYetValid,
    };
    let token = || mint().builder(&alice());
    let defects = [
        ("expired", token().expired(), Expired),
        ("expired, other lifespan", token().lifespan(Duration::from_secs(60)).expired(), Expired),
        ("not yet valid", token().not_yet_valid(), NotYetValid),
        ("audience", token().audience("another application"), AudienceMismatch),
        ("signed by another", token().signed_by(&TestUser::from_seed(2)), IncorrectSigner),
        ("tampered", token().tampered(), IncorrectSigner),
        ("tampered text", token().claim_text(token().claim()).tampered(), IncorrectSigner),
        ("recovery byte", token().recovery_byte(29), FailedRecoveringProof),
        ("proof", token().proof("0x"), FailedRecoveringProof),
        ("missing", token().remove("tid"), Malformed),
        ("null", token().set("sub", serde_json::Value::Null), Malformed),
        ("wrong type", token().set("ext", "soon"), Malformed),
        ("duplicate", token().append_raw("iss", "\"\""), Malformed),
        ("claim text", token().claim_text("[]"), Malformed),
    ];
    for (name, token, kind) in defects {
        assert_eq!(verdict(&token), Err(kind), "{name}");
    }
}

#[test]
fn expired_tokens_expire_one_second_ago() {
    let clock = SettableClock::at(NOW - 1);
    let audience = Audience::new(CLIENT_ID).unwrap();
    let earlier = Verifier::builder(audience).clock(clock).build();
    assert!(earlier.verify(&mint().builder(&alice()).expired().build()).is_ok());
}

#[test]
fn attachments_are_signed() {
    let attached = mint().builder(&alice()).attachment("order 17").build();
    assert!(verifier().verify_with_attachment(&attached, "order 17").is_ok());
    let other = verifier().verify_with_attachment(&attached, "order 18");
    assert_eq!(other.unwrap_err().kind(), VerifyErrorKind::IncorrectSigner);

    let forged = TestUser::from_seed(2).personal_sign("order 17");
    let forged = mint().builder(&alice()).attachment_proof(forged).build();
    let refused = verifier().verify_with_attachment(&forged, "order 17");
    assert_eq!(refused.unwrap_err().kind(), VerifyErrorKind::IncorrectSigner);
}

#[test]
fn every_token_has_its_own_id() {
    let token_id = |token: String| {
        let verified = verifier().verify(&token).unwrap();
        verified.claims().token_id().to_owned()
    };
    let ids: HashSet<String> = (0..50).map(|_| token_id(mint().token(&alice()))).collect();
    assert_eq!(ids.len(), 50);

    let builder = mint().builder(&alice()).token_id("fixed");
    assert_eq!(builder.build(), builder.clone().build());
    assert_eq!(token_id(builder.build()), "fixed");
}

#[test]
fn debug_reveals_nothing_of_the_token() {
    let builder = mint().builder(&alice().with_subject("secret-sub")).token_id("secret-tid");
    let shown = format!("{builder:?} {:?}", alice().personal_sign("none"));
    assert!(!shown.contains("secret") && !shown.contains("iat"), "{shown}");
    assert!(!shown.contains(&alice().personal_sign("none").to_string()[2..20]), "{shown}");
}
