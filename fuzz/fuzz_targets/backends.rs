//! Recovers the signer of any signature over any text. libsecp256k1, `k256` and the crate must
//! recover the same signer, or none.
#![no_main]

use fuzz::{CLIENT_ID, NOW, StoppedClock, address_of, personal_digest, token};
use libfuzzer_sys::fuzz_target;
use magic_admin::{Audience, Verifier};

fuzz_target!(|data: ([u8; 64], bool, &str)| {
    let (r_and_s, y_is_odd, subject) = data;
    let claim = serde_json::json!({
        "iat": NOW, "ext": NOW, "nbf": NOW, "aud": CLIENT_ID, "tid": "t", "sub": subject,
        "iss": format!("did:ethr:{}", fuzz::ADDRESS),
    })
    .to_string();
    let digest = personal_digest(&claim);
    let c = by_libsecp256k1(&digest, &r_and_s, y_is_odd);
    let rust = by_k256(&digest, &r_and_s, y_is_odd);
    assert_eq!(c, rust);

    let v = if y_is_odd { 28 } else { 27 };
    let token = token(&format!("0x{}{v:02x}", const_hex::encode(r_and_s)), &claim);
    let expected = match c {
        _ if token.len() > 8 * 1024 => "ERROR_MALFORMED_TOKEN",
        None => "ERROR_FAILED_RECOVERING_PROOF",
        Some(signer) if signer.eq_ignore_ascii_case(fuzz::ADDRESS) => "ok",
        Some(_) => "ERROR_INCORRECT_SIGNER_ADDR",
    };
    let audience = Audience::new(CLIENT_ID).expect("it is not empty");
    let verifier = Verifier::builder(audience).clock(StoppedClock(NOW)).build();
    let code = verifier.verify(&token).map_or_else(|error| error.code(), |_| "ok");
    assert_eq!(code, expected);
});

fn by_libsecp256k1(digest: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<String> {
    use secp256k1::{
        Message,
        ecdsa::{RecoverableSignature, RecoveryId},
    };

    let id = if y_is_odd { RecoveryId::One } else { RecoveryId::Zero };
    let signature = RecoverableSignature::from_compact(r_and_s, id).ok()?;
    let key = signature.recover_ecdsa(Message::from_digest(*digest)).ok()?;
    Some(address_of(&key.serialize_uncompressed()[1..]))
}

fn by_k256(digest: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<String> {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

    let signature = Signature::from_slice(r_and_s).ok()?;
    let id = RecoveryId::new(y_is_odd, false);
    let key = VerifyingKey::recover_from_prehash(digest, &signature, id).ok()?;
    Some(address_of(&key.to_sec1_point(false).as_bytes()[1..]))
}
