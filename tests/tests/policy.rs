//! The requirements of an application beyond the protocol, and how a token that violates them is
//! rejected.

use std::time::Duration;

use magic_admin::{Audience, Policy, Verifier};
use magic_admin_testkit::{Mint, SettableClock, TestUser, TokenBuilder};

const NOW: i64 = 1_700_000_000;
const CLIENT_ID: &str = "client-id";

fn token() -> TokenBuilder {
    Mint::new(CLIENT_ID).with_clock(SettableClock::at(NOW)).builder(&TestUser::from_seed(1))
}

/// Returns the verdict of a verifier with this policy: `ok`, or the code of the rejection.
fn verdict(policy: &Policy, token: &TokenBuilder, attachment: Option<&str>) -> &'static str {
    let verifier = Verifier::builder(Audience::new(CLIENT_ID).unwrap())
        .clock(SettableClock::at(NOW))
        .policy(policy.clone())
        .build();
    let result = match attachment {
        None => verifier.verify(&token.build()),
        Some(attachment) => verifier.verify_with_attachment(&token.build(), attachment),
    };
    result.map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn the_default_policy_accepts_everything() {
    let old = token().issued_at(0).expires_at(i64::MAX).attachment("anything");
    assert_eq!(verdict(&Policy::new(), &old, None), "ok");
}

#[test]
fn max_age_is_exact_to_the_second() {
    let policy = Policy::new().max_age(Duration::from_secs(60));
    for (issued_at, expected) in [
        (NOW, "ok"),
        (NOW - 60, "ok"),
        (NOW - 61, "ERROR_DIDT_TOO_OLD"),
        (i64::MIN, "ERROR_DIDT_TOO_OLD"),
        (NOW + 300, "ok"),
        (NOW + 301, "ERROR_DIDT_CANNOT_BE_USED_YET"),
        (i64::MAX, "ERROR_DIDT_CANNOT_BE_USED_YET"),
    ] {
        let token = token().issued_at(issued_at).not_before(NOW).expires_at(NOW + 900);
        assert_eq!(verdict(&policy, &token, None), expected, "iat {issued_at}");
    }
}

#[test]
fn max_lifespan_counts_from_iat_or_now() {
    let policy = Policy::new().max_lifespan(Duration::from_secs(900));
    for (issued_at, expires_at, expected) in [
        (NOW, NOW + 900, "ok"),
        (NOW, NOW + 901, "ERROR_DIDT_LIFESPAN"),
        (NOW - 600, NOW + 300, "ok"),
        (NOW - 600, NOW + 301, "ERROR_DIDT_LIFESPAN"),
        // A later `iat` does not extend the lifespan.
        (NOW + 100_000, NOW + 901, "ERROR_DIDT_LIFESPAN"),
        (i64::MIN, i64::MAX, "ERROR_DIDT_LIFESPAN"),
    ] {
        let token = token().issued_at(issued_at).not_before(NOW).expires_at(expires_at);
        assert_eq!(verdict(&policy, &token, None), expected, "{issued_at} to {expires_at}");
    }
}

#[test]
fn an_attachment_can_be_required() {
    let policy = Policy::new().require_attachment();
    let token = token().attachment("nonce");
    assert_eq!(verdict(&policy, &token, None), "ERROR_DIDT_ATTACHMENT_REQUIRED");
    assert_eq!(verdict(&policy, &token, Some("nonce")), "ok");
    assert_eq!(verdict(&policy, &token, Some("other")), "ERROR_INCORRECT_SIGNER_ADDR");
}

#[test]
fn strict_attachments_reject_unnamed_ones() {
    let policy = Policy::new().strict_attachment();
    let other = TestUser::from_seed(2).personal_sign("none");
    for (token, expected) in [
        (token(), "ok"),
        (token().attachment("nonce"), "ERROR_DIDT_ATTACHMENT_REQUIRED"),
        (token().attachment_proof(other), "ERROR_DIDT_ATTACHMENT_REQUIRED"),
        (token().attachment_proof("garbage"), "ERROR_DIDT_ATTACHMENT_REQUIRED"),
        (token().remove("add"), "ERROR_DIDT_ATTACHMENT_REQUIRED"),
    ] {
        assert_eq!(verdict(&policy, &token, None), expected);
    }
    assert_eq!(verdict(&policy, &token().attachment("nonce"), Some("nonce")), "ok");
}

#[test]
fn a_predicate_has_the_last_word() {
    let alice = TestUser::from_seed(1).issuer();
    let policy = Policy::new().accept_only(move |token| token.issuer() != alice);
    assert_eq!(verdict(&policy, &token(), None), "ERROR_DIDT_REFUSED_BY_POLICY");
    assert_eq!(verdict(&policy, &token().audience("other"), None), "ERROR_AUDIENCE_MISMATCH");
    assert_eq!(verdict(&Policy::new().accept_only(|_| true), &token(), None), "ok");
}

#[test]
fn the_protocol_comes_before_the_policy() {
    let policy = Policy::new()
        .max_age(Duration::ZERO)
        .max_lifespan(Duration::ZERO)
        .require_attachment()
        .accept_only(|_| false);
    assert_eq!(verdict(&policy, &token().expired(), None), "ERROR_DIDT_EXPIRED");
    assert_eq!(verdict(&policy, &token().audience("other"), None), "ERROR_AUDIENCE_MISMATCH");
}

#[test]
fn debug_shows_policy_and_audience() {
    let policy = Policy::new().max_age(Duration::from_secs(60)).strict_attachment();
    let shown = format!("{:?}", policy.accept_only(|_| true));
    let expected = r#"Policy { max_age: Some(60s), max_lifespan: None, attachment: Strict, predicate: Some("<fn>") }"#;
    assert_eq!(shown, expected);
    let audience = Audience::any_of(["web", "mobile"]).unwrap();
    assert_eq!(format!("{audience:?}"), r#"Audience(["web", "mobile"])"#);
}

#[test]
fn any_of_several_audiences_is_enough() {
    let audience = Audience::any_of(["web", CLIENT_ID]).unwrap();
    let verifier = Verifier::builder(audience).clock(SettableClock::at(NOW)).build();
    let verified = verifier.verify(&token().build()).unwrap();
    assert_eq!(verified.audience(), CLIENT_ID);
    assert_eq!(verified.time_left(), Duration::from_secs(900));
    let other = verifier.verify(&token().audience("mobile").build()).unwrap_err();
    assert_eq!(other.code(), "ERROR_AUDIENCE_MISMATCH");
}
