//! Every token issued by the mint verifies, for any user and in any spelling.

use magic_admin::{Audience, Verifier, VerifyErrorKind};
use magic_admin_testkit::{Encoding, Layout, Mint, TestUser};
use proptest::prelude::*;
use tests::StoppedClock;

pub(crate) const NOW: i64 = 1_700_000_000;

pub(crate) fn encoding() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Standard),
        Just(Encoding::StandardUnpadded),
        Just(Encoding::UrlSafe),
        Just(Encoding::UrlSafeUnpadded),
    ]
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![Just(Layout::Compact), Just(Layout::Spaced), Just(Layout::Pretty)]
}

/// The texts of a token that its signer chooses.
#[derive(Debug, Clone)]
struct Texts {
    client_id: String,
    subject: String,
    token_id: String,
    attachment: String,
}

fn texts() -> impl Strategy<Value = Texts> {
    (".{1,40}", ".{0,60}", ".{0,40}", ".{0,40}").prop_map(
        |(client_id, subject, token_id, attachment)| Texts {
            client_id,
            subject,
            token_id,
            attachment,
        },
    )
}

pub(crate) fn verifier(client_id: &str) -> Verifier {
    let audience = Audience::new(client_id).expect("it is not empty");
    Verifier::builder(audience).clock(StoppedClock(NOW)).build()
}

proptest! {
    #[test]
    fn every_minted_token_verifies(
        seed: u64,
        texts in texts(),
        layout in layout(),
        encoding in encoding(),
        high_s: bool,
    ) {
        let user = TestUser::from_seed(seed).with_subject(&*texts.subject);
        let mut builder = Mint::new(&*texts.client_id)
            .with_clock(StoppedClock(NOW))
            .builder(&user)
            .token_id(&*texts.token_id)
            .attachment(&texts.attachment)
            .layout(layout)
            .encoding(encoding);
        if high_s {
            builder = builder.high_s();
        }
        let token = builder.build();

        let verifier = verifier(&texts.client_id);
        let verified = verifier.verify_with_attachment(&token, &texts.attachment).unwrap();
        prop_assert_eq!(verified.issuer(), user.issuer());
        prop_assert_eq!(verified.audience(), &texts.client_id);
        prop_assert_eq!(verified.claims().subject(), &texts.subject);
        prop_assert_eq!(verified.claims().token_id(), &texts.token_id);
        prop_assert_eq!(verified.claims().issued_at().get(), NOW);
        prop_assert_eq!(verified.expires_at().get(), NOW + 900);
        prop_assert_eq!(verified.time_left().as_secs(), 900);

        let other = verifier.verify_with_attachment(&token, &format!("{} ", texts.attachment));
        prop_assert_eq!(other.unwrap_err().kind(), VerifyErrorKind::IncorrectSigner);
    }

    #[test]
    fn a_token_is_for_its_audience_only(aud in ".{0,20}", client_id in ".{1,20}") {
        let token = Mint::new(&*aud).with_clock(StoppedClock(NOW)).token(&TestUser::from_seed(1));
        let verdict = verifier(&client_id).verify(&token).map_err(|error| error.kind());
        match verdict {
            Ok(_) => prop_assert_eq!(aud, client_id),
            Err(kind) => {
                prop_assert_eq!(kind, VerifyErrorKind::AudienceMismatch);
                prop_assert_ne!(aud, client_id);
            }
        }
    }
}

/// The limit is exactly 8 KiB.
#[test]
fn the_longest_token_verifies() {
    let token = |subject: usize| {
        let user = TestUser::from_seed(1).with_subject("a".repeat(subject));
        Mint::new("id").with_clock(StoppedClock(NOW)).token(&user)
    };
    let room = (8_192 - token(0).len()) / 4 * 3;
    let around = (room - 4..room + 4).map(token);
    let (good, too_long): (Vec<_>, Vec<_>) = around.partition(|token| token.len() <= 8_192);
    assert!(good.iter().any(|token| token.len() == 8_192) && !too_long.is_empty());
    for token in good {
        verifier("id").verify(&token).unwrap();
    }
    for token in too_long {
        let error = verifier("id").verify(&token).unwrap_err();
        assert_eq!(error.kind(), VerifyErrorKind::Malformed);
    }
}

/// Names may be longer than those of claims, contain escapes, and occur twice.
#[test]
fn unknown_members_are_ignored() {
    let mint = Mint::new("id").with_clock(StoppedClock(NOW));
    for name in ["", "x", "a name that is longer than that of any claim", r"\uD800", r"\u0069at "] {
        let twice = format!("1,\"{name}\":{{}},\"{name}\":null");
        let token = mint.builder(&TestUser::from_seed(1)).set_raw("y", &twice).build();
        verifier("id").verify(&token).unwrap();
    }
}
