//! Only the signer can change a token: any other change is rejected, or changes nothing relevant.

use magic_admin::{VerifyErrorKind, dangerous::UnverifiedToken};
use magic_admin_testkit::{Encoding, Mint, TestUser, TokenBuilder};
use proptest::prelude::*;
use tests::StoppedClock;

use crate::tokens::{NOW, encoding, verifier};

const CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";

fn builder() -> TokenBuilder {
    Mint::new(CLIENT_ID).with_clock(StoppedClock(NOW)).builder(&TestUser::from_seed(1))
}

/// Checks that a changed token is rejected, or has the same claim, byte for byte, and the same
/// user.
fn assert_harmless(original: &str, changed: &str) -> Result<(), TestCaseError> {
    if let Ok(verified) = verifier(CLIENT_ID).verify(changed) {
        let [before, after] =
            [original, changed].map(|token| UnverifiedToken::decode(token).unwrap());
        prop_assert_eq!(before.claim(), after.claim());
        prop_assert_eq!(verified.issuer(), TestUser::from_seed(1).issuer());
    }
    Ok(())
}

proptest! {
    #[test]
    fn changed_characters_are_harmless(
        encoding in encoding(),
        position: prop::sample::Index,
        character: char,
    ) {
        let token = builder().encoding(encoding).build();
        let position = position.index(token.len());
        let mut changed = token.clone();
        changed.replace_range(position..=position, character.encode_utf8(&mut [0; 4]));
        assert_harmless(&token, &changed)?;
    }

    #[test]
    fn changed_bytes_are_harmless(
        position: prop::sample::Index,
        byte: u8,
    ) {
        let (proof, claim) = builder().parts();
        let json = serde_json::to_string(&[proof, claim]).unwrap();
        let mut changed = json.clone().into_bytes();
        changed[position.index(json.len())] = byte;
        assert_harmless(&Encoding::Standard.encode(json), &Encoding::Standard.encode(changed))?;
    }

    #[test]
    fn a_changed_claim_is_rejected(
        position: prop::sample::Index,
        character: char,
    ) {
        let (proof, claim) = builder().parts();
        let position = position.index(claim.len());
        let mut changed = claim.clone();
        changed.replace_range(position..=position, character.encode_utf8(&mut [0; 4]));
        prop_assume!(changed != claim);
        let token = Encoding::Standard.encode(serde_json::to_string(&[proof, changed]).unwrap());
        prop_assert!(verifier(CLIENT_ID).verify(&token).is_err());
    }

    #[test]
    fn a_changed_signature_is_rejected(bit in 0..65 * 8_usize) {
        let (proof, claim) = builder().parts();
        let mut signature = [0; 65];
        for (byte, digits) in signature.iter_mut().zip(proof.as_bytes()[2..].chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        }
        signature[bit / 8] ^= 1 << (bit % 8);
        let digits: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
        let json = serde_json::to_string(&[format!("0x{digits}"), claim]).unwrap();
        let error = verifier(CLIENT_ID).verify(&Encoding::Standard.encode(json)).unwrap_err();
        let expected = [VerifyErrorKind::FailedRecoveringProof, VerifyErrorKind::IncorrectSigner];
        prop_assert!(expected.contains(&error.kind()), "{error}");
    }

    #[test]
    fn another_signer_is_rejected(victim: u64, signer: u64) {
        prop_assume!(victim != signer);
        let mint = Mint::new(CLIENT_ID).with_clock(StoppedClock(NOW));
        let forged = mint
            .builder(&TestUser::from_seed(victim))
            .signed_by(&TestUser::from_seed(signer))
            .build();
        let error = verifier(CLIENT_ID).verify(&forged).unwrap_err();
        prop_assert_eq!(error.kind(), VerifyErrorKind::IncorrectSigner);
    }
}

#[test]
fn every_changed_position_is_harmless() {
    let token = builder().token_id("t").build();
    for position in 0..token.len() {
        for character in ["A", "/", "=", "\n"] {
            let mut changed = token.clone();
            changed.replace_range(position..=position, character);
            assert_harmless(&token, &changed).unwrap();
        }
    }
}
