//! The output of types and errors: it contains issuers and times, but never the token, its subject
//! or its ID.

use std::{collections::HashSet, error::Error, fmt::Debug};

use magic_admin::{
    Audience, AuthorizationError, DecodeErrorKind, DidToken, SystemClock, UnixSeconds, Verifier,
    VerifyErrorKind,
    dangerous::{AnyAudienceVerifier, UnverifiedToken},
};
use magic_admin_testkit::{Encoding, Mint, TestUser};
use proptest::prelude::*;
use tests::StoppedClock;

use crate::tokens::{NOW, verifier};

fn decode_error(token: &str) -> (DecodeErrorKind, Option<&'static str>) {
    let error = UnverifiedToken::decode(token).unwrap_err();
    assert_eq!(error.code(), "ERROR_MALFORMED_TOKEN");
    (error.kind(), error.claim())
}

proptest! {
    #[test]
    fn debug_shows_the_issuer_and_no_secret(
        seed: u64,
        subject in "[a-z]{20}",
        token_id in "[A-Z]{20}",
    ) {
        let user = TestUser::from_seed(seed).with_subject(&*subject);
        let mint = Mint::new("id").with_clock(StoppedClock(NOW));
        let text = mint.builder(&user).token_id(&*token_id).build();
        let token = DidToken::new(text.clone());
        let verified = verifier("id").verify(&token).unwrap();
        let unverified = UnverifiedToken::decode(&text).unwrap();
        let any = AnyAudienceVerifier::with_clock(StoppedClock(NOW));
        let any = any.dangerous_verify(&token, None).unwrap();

        let (proof, _) = mint.builder(&user).token_id(&*token_id).parts();
        let shown = |value: &dyn Debug| format!("{value:?}");
        for shown in [
            shown(&token),
            shown(&verified),
            shown(verified.claims()),
            shown(&unverified),
            shown(&any),
        ] {
            for secret in [&text, &subject, &token_id, &proof] {
                prop_assert!(!shown.contains(&**secret), "{shown}");
            }
        }
        prop_assert!(shown(&verified).contains(&user.issuer().to_string()));
        prop_assert!(shown(&any).contains(&user.issuer().to_string()));
        prop_assert!(shown(verified.claims()).contains(&NOW.to_string()));
        prop_assert!(shown(&unverified).contains(&NOW.to_string()));
        prop_assert_eq!(any.issuer(), user.issuer());
        prop_assert_eq!(any.claims().subject(), subject);
    }

    #[test]
    fn an_unverified_token_says_what_it_claims(seed: u64) {
        let user = TestUser::from_seed(seed);
        let mint = Mint::new("id");
        let builder = mint.builder(&user);
        let token = UnverifiedToken::decode(&builder.build()).unwrap();
        let (proof, claim) = builder.parts();
        prop_assert_eq!((token.proof(), token.claim()), (&*proof, &*claim));
        prop_assert_eq!(token.issuer(), Some(user.issuer()));
        prop_assert_eq!(token.address(), Some(user.address()));

        let nobody = UnverifiedToken::decode(&builder.set("iss", "did:web:example.com").build());
        prop_assert_eq!(nobody.unwrap().address(), None);
    }
}

#[test]
fn the_first_fault_is_reported() {
    let encode = |json: &[u8]| Encoding::Standard.encode(json);
    let claim = |claim: &str| encode(serde_json::to_string(&["", claim]).unwrap().as_bytes());
    let minted = |name: &str, json: &str| {
        Mint::new("id").builder(&TestUser::from_seed(1)).set_raw(name, json).build()
    };
    let mut shown = HashSet::new();
    for (token, kind, member) in [
        ("A".repeat(8_193), DecodeErrorKind::TooLong, None),
        ("A".repeat(8_192) + "!", DecodeErrorKind::TooLong, None),
        ("secret!".to_owned(), DecodeErrorKind::Base64, None),
        (encode(b"[\"\xff\",\"\"]"), DecodeErrorKind::Utf8, None),
        (encode(b"[\"secret\"]"), DecodeErrorKind::Envelope, None),
        (encode(b"[\"secret\",\"{}\",1]"), DecodeErrorKind::Envelope, None),
        (claim("secret"), DecodeErrorKind::ClaimObject, None),
        (claim("{\"x\":1}"), DecodeErrorKind::ClaimMissing, Some("iat")),
        (minted("ext", "\"secret\""), DecodeErrorKind::ClaimType, Some("ext")),
        (minted("x", "1,\"tid\":\"secret\""), DecodeErrorKind::ClaimTwice, Some("tid")),
    ] {
        assert_eq!(decode_error(&token), (kind, member), "{token}");
        let error = Verifier::new(Audience::new("id").unwrap()).verify(&token).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::Malformed);
        assert_eq!(error.retry_after(), None);
        let cause = error.source().unwrap().to_string();
        assert_eq!(cause, UnverifiedToken::decode(&token).unwrap_err().to_string());
        assert!(!cause.contains("secret") && !format!("{error:?}").contains("secret"));
        assert!(member.is_none_or(|member| cause.contains(member)), "{cause}");
        shown.insert(cause);
    }
    assert_eq!(shown.len(), 8, "each kind says something else: {shown:?}");
}

#[test]
fn each_kind_has_its_own_code_and_text() {
    let mint = Mint::new("id").with_clock(StoppedClock(NOW));
    let builder = || mint.builder(&TestUser::from_seed(1));
    let mut texts = HashSet::new();
    for (token, code) in [
        (builder().set("ext", "soon"), "ERROR_MALFORMED_TOKEN"),
        (builder().proof("0x"), "ERROR_FAILED_RECOVERING_PROOF"),
        (builder().signed_by(&TestUser::from_seed(2)), "ERROR_INCORRECT_SIGNER_ADDR"),
        (builder().expired(), "ERROR_DIDT_EXPIRED"),
        (builder().not_yet_valid(), "ERROR_DIDT_CANNOT_BE_USED_YET"),
        (builder().audience("other"), "ERROR_AUDIENCE_MISMATCH"),
    ] {
        let error = verifier("id").verify(&token.build()).unwrap_err();
        assert_eq!((error.code(), error.kind().code()), (code, code));
        assert_eq!(error.source().is_some(), code == "ERROR_MALFORMED_TOKEN");
        texts.insert(error.to_string());
    }
    assert_eq!(texts.len(), 6);
}

#[test]
fn header_errors_have_their_own_codes() {
    let missing = DidToken::from_authorization_header(None).unwrap_err();
    assert_eq!(missing, AuthorizationError::missing());
    let malformed = AuthorizationError::malformed();
    let other = DidToken::from_authorization_header("Basic x").unwrap_err();
    let texts = [missing, malformed, other].map(|error| error.to_string());
    assert_eq!(texts.iter().collect::<HashSet<_>>().len(), 3, "{texts:?}");
    let codes = [missing, malformed, other].map(AuthorizationError::code);
    let expected =
        ["ERROR_MISSING_AUTH_HEADER", "EXPECTED_BEARER_STRING", "EXPECTED_BEARER_STRING"];
    assert_eq!(codes, expected);
}

#[test]
fn a_did_token_keeps_its_text() {
    let texts = [DidToken::new("a b"), DidToken::from("a b"), DidToken::from("a b".to_owned())];
    for token in texts {
        assert_eq!((token.as_str(), token.as_ref()), ("a b", "a b"));
        assert_eq!(format!("{token:?}"), "DidToken([redacted])");
    }
}

#[test]
fn has_verified_includes_clones() {
    let (one, other) = (verifier("id"), verifier("id"));
    let token = Mint::new("id").with_clock(StoppedClock(NOW)).token(&TestUser::from_seed(1));
    let verified = one.verify(&token).unwrap();
    assert!(one.has_verified(&verified) && one.clone().has_verified(&verified));
    assert!(!other.has_verified(&verified));
}

#[test]
fn the_grace_before_nbf_can_be_set() {
    let token = Mint::new("id").with_clock(StoppedClock(NOW)).builder(&TestUser::from_seed(1));
    let token = token.set("nbf", NOW + 10).build();
    for (grace, valid) in [(0, false), (9, false), (10, true), (11, true)] {
        let verifier = Verifier::builder(Audience::new("id").unwrap()).clock(StoppedClock(NOW));
        let verifier = verifier.not_before_grace(std::time::Duration::from_secs(grace)).build();
        assert_eq!(verifier.verify(&token).is_ok(), valid, "{grace}");
    }
}

/// The clock of a verifier without its own is the system's.
#[test]
fn the_default_clock_is_the_systems() {
    use magic_admin::Clock as _;

    let token = Mint::new("id").token(&TestUser::from_seed(1));
    let verifier = Verifier::new(Audience::new("id").unwrap());
    assert!(verifier.verify(&token).is_ok());
    assert!(AnyAudienceVerifier::new().dangerous_verify(&token, None).is_ok());

    let now = SystemClock::default().now();
    let expired = Mint::new("id").with_clock(StoppedClock(now.get() - 1_000));
    let error = verifier.verify(&expired.token(&TestUser::from_seed(1))).unwrap_err();
    assert_eq!(error.kind(), VerifyErrorKind::Expired);
    assert!(now > UnixSeconds::new(1_700_000_000));
}

#[test]
fn debug_shows_issuer_and_times() {
    let user = TestUser::from_seed(1);
    let token = Mint::new("id").with_clock(StoppedClock(NOW)).token(&user);
    let shown = format!("{:?}", verifier("id").verify(&token).unwrap());
    let claims = format!("claims: Claims {{ issued_at: UnixSeconds({NOW})");
    for part in ["VerifiedToken", &user.issuer().to_string(), &claims] {
        assert!(shown.contains(part), "no {part} in {shown}");
    }
}
