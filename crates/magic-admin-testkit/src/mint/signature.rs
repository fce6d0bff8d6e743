use std::fmt;

use secp256k1::{
    Message, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use sha3::{Digest, Keccak256};

/// An Ethereum `personal_sign` signature (EIP-191): `r`, `s` and the recovery byte `v`.
///
/// Displays in the form used in DID tokens: `0x` followed by 130 lower-case hex digits. A signature
/// created by [`TestUser::personal_sign`](crate::TestUser::personal_sign) is deterministic (RFC
/// 6979), and has a low `s` and a `v` of 27 or 28.
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::TestUser;
///
/// let signature = TestUser::from_seed(1).personal_sign("none");
/// assert_eq!(signature.to_string().len(), 132);
/// assert_ne!(signature.to_high_s(), signature);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    r: [u8; 32],
    s: [u8; 32],
    v: u8,
}

impl Signature {
    pub(super) fn personal_sign(key: &SecretKey, message: &[u8]) -> Self {
        let digest = Message::from_digest(personal_digest(message));
        let (recovery_id, compact) =
            RecoverableSignature::sign_ecdsa_recoverable(digest, key).serialize_compact();
        let mut signature = Self { r: [0; 32], s: [0; 32], v: FIRST_V };
        let (r, s) = compact.split_at(32);
        signature.r.copy_from_slice(r);
        signature.s.copy_from_slice(s);
        signature.v = match recovery_id {
            RecoveryId::Zero | RecoveryId::Two => FIRST_V,
            RecoveryId::One | RecoveryId::Three => FIRST_V + 1,
        };
        signature
    }

    /// Returns the other valid signature by the same key over the same message, with `n − s` in
    /// place of `s`.
    ///
    /// Every official Magic SDK accepts it, so neither the token string nor the signature
    /// identifies a token.
    #[must_use]
    pub fn to_high_s(self) -> Self {
        let Ok(s) = SecretKey::from_secret_bytes(self.s) else {
            return self; // Unreachable: `s` is a scalar in every signature.
        };
        Self { s: s.negate().to_secret_bytes(), v: self.v ^ FIRST_V ^ (FIRST_V + 1), ..self }
    }

    /// Returns a signature with the same `r` and `s`, but with the given recovery byte. Only 27 and
    /// 28 are valid.
    #[must_use]
    pub fn with_recovery_byte(self, v: u8) -> Self {
        Self { v, ..self }
    }

    /// Returns `r ‖ s ‖ v`.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 65] {
        let mut bytes = [self.v; 65];
        let (r, rest) = bytes.split_at_mut(32);
        let (s, _) = rest.split_at_mut(32);
        r.copy_from_slice(&self.r);
        s.copy_from_slice(&self.s);
        bytes
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode_prefixed(self.to_bytes()))
    }
}

/// Redacted, because the signature together with the claim forms the token.
impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature([redacted])")
    }
}

/// Computes the hash that `personal_sign` signs.
fn personal_digest(message: &[u8]) -> [u8; 32] {
    Keccak256::new()
        .chain_update(b"\x19Ethereum Signed Message:\n")
        .chain_update(message.len().to_string())
        .chain_update(message)
        .finalize()
        .into()
}

const FIRST_V: u8 = 27;

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_secret_bytes([0x11; 32]).unwrap()
    }

    /// Recovers the key with libsecp256k1 from the displayed form.
    fn recovers(signature: Signature, message: &[u8]) -> bool {
        let bytes = const_hex::decode(signature.to_string()).unwrap();
        let id = RecoveryId::try_from(i32::from(bytes[64]) - 27).unwrap();
        RecoverableSignature::from_compact(&bytes[..64], id)
            .unwrap()
            .recover_ecdsa(Message::from_digest(personal_digest(message)))
            .unwrap()
            == key().public_key()
    }

    #[test]
    fn high_s_recovers_the_same_key() {
        for message in [&b"none"[..], b"", b"\xff\x00", &[b'a'; 1000]] {
            let low = Signature::personal_sign(&key(), message);
            let high = low.to_high_s();
            assert!(recovers(low, message) && recovers(high, message));
            assert!(low.s < high.s, "signatures have a low s");
            assert_eq!(high.to_high_s(), low);
        }
    }

    #[test]
    fn a_recovery_byte_changes_nothing_else() {
        let signature = Signature::personal_sign(&key(), b"none");
        let other = signature.with_recovery_byte(0xff).to_bytes();
        assert_eq!(other[..64], signature.to_bytes()[..64]);
        assert_eq!(other[64], 0xff);
    }
}
