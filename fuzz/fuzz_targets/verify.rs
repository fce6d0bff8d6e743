//! Signs any claim with a valid key, so that every check behind the signature check is reached. The
//! verdict must be that of a second implementation, and no other claim may pass with the same
//! proof.
#![no_main]

use std::sync::LazyLock;

use fuzz::{CLIENT_ID, NOW, Reading, StoppedClock, token};
use libfuzzer_sys::fuzz_target;
use magic_admin::{Audience, Verifier};
use magic_admin_testkit::TestUser;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let audience = Audience::new(CLIENT_ID).expect("it is not empty");
    Verifier::builder(audience).clock(StoppedClock(NOW)).build()
});

fuzz_target!(|data: (u8, &str)| {
    let (attachment, claim) = data;
    let attachment = match attachment {
        1 => Some("none"),
        2 => Some(""),
        3 => Some("a nonce"),
        _ => None,
    };
    let proof = TestUser::from_seed(1).personal_sign(claim).to_string();
    let token = token(&proof, claim);
    let verify = || {
        let result = match attachment {
            None => VERIFIER.verify(&token),
            Some(attachment) => VERIFIER.verify_with_attachment(&token, attachment),
        };
        result.map_or_else(|error| error.code(), |_| "ok")
    };
    let code = verify();
    assert_eq!(code, verify(), "the cache gives another verdict");

    if token.len() > 8 * 1024 {
        assert_eq!(code, "ERROR_MALFORMED_TOKEN");
    } else if let Some(reading) = Reading::of(claim) {
        assert_eq!(code, reading.verdict(attachment, CLIENT_ID, NOW).0);
    }

    let other = fuzz::token(&proof, &format!("{claim} "));
    assert!(VERIFIER.verify(&other).is_err(), "a claim that nobody signed passed");
});
