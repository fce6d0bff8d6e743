//! Recovers secp256k1 public keys. The only file that names either of the two supported libraries.

/// Returns the uncompressed public key `x ‖ y` that produced the signature `r ‖ s` over `hash`, or
/// `None` if `r` or `s` is out of range or `r` is not the x-coordinate of a point on the curve.
pub(super) fn recover(hash: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<[u8; 64]> {
    #[cfg(feature = "secp256k1")]
    return libsecp256k1::recover(hash, r_and_s, y_is_odd);
    #[cfg(not(feature = "secp256k1"))]
    return pure_rust::recover(hash, r_and_s, y_is_odd);
}

/// Uses libsecp256k1, the C library of Bitcoin Core, which is about twice as fast.
#[cfg(feature = "secp256k1")]
mod libsecp256k1 {
    use secp256k1::{
        Message,
        ecdsa::{RecoverableSignature, RecoveryId},
    };

    pub(super) fn recover(hash: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<[u8; 64]> {
        let id = if y_is_odd { RecoveryId::One } else { RecoveryId::Zero };
        let signature = RecoverableSignature::from_compact(r_and_s, id).ok()?;
        let key = signature.recover_ecdsa(Message::from_digest(*hash)).ok()?;
        key.serialize_uncompressed().last_chunk().copied()
    }
}

/// Uses the `k256` crate, which is pure Rust and therefore runs on every target that Rust supports.
#[cfg(feature = "k256")]
#[cfg_attr(feature = "secp256k1", allow(dead_code, reason = "libsecp256k1 takes precedence"))]
mod pure_rust {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

    pub(super) fn recover(hash: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<[u8; 64]> {
        let signature = Signature::from_slice(r_and_s).ok()?;
        let id = RecoveryId::new(y_is_odd, false);
        let key = VerifyingKey::recover_from_prehash(hash, &signature, id).ok()?;
        key.to_sec1_point(false).as_bytes().last_chunk().copied()
    }
}

#[cfg(test)]
#[cfg(all(feature = "secp256k1", feature = "k256"))]
mod tests {
    use proptest::prelude::*;
    use secp256k1::{Message, SecretKey, ecdsa::RecoverableSignature};

    use super::{libsecp256k1, pure_rust};

    /// Boundary values for `r` and `s`: 0, 1, n − 1, n, p − n − 1, p − n, p, 2²⁵⁶ − 1.
    const EDGES: [&str; 8] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
        "000000000000000000000000000000014551231950b75fc4402da1722fc9baed",
        "000000000000000000000000000000014551231950b75fc4402da1722fc9baee",
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];

    fn edges() -> impl Iterator<Item = [u8; 32]> + Clone {
        EDGES.into_iter().map(|digits| const_hex::decode_to_array(digits).unwrap())
    }

    fn number() -> impl Strategy<Value = [u8; 32]> {
        prop_oneof![prop::sample::select(edges().collect::<Vec<_>>()), any::<[u8; 32]>()]
    }

    /// Returns the result of both libraries, and fails if they disagree.
    fn recover(hash: &[u8; 32], r: [u8; 32], s: [u8; 32], y_is_odd: bool) -> Option<[u8; 64]> {
        let r_and_s = [r, s].as_flattened().try_into().unwrap();
        let c = libsecp256k1::recover(hash, &r_and_s, y_is_odd);
        assert_eq!(c, pure_rust::recover(hash, &r_and_s, y_is_odd));
        c
    }

    proptest! {
        #[test]
        fn libraries_agree_on_any_signature(
            hash in number(),
            r in number(),
            s in number(),
            y_is_odd: bool,
        ) {
            recover(&hash, r, s, y_is_odd);
        }

        #[test]
        fn libraries_accept_low_and_high_s(hash: [u8; 32], key: [u8; 32]) {
            let key = SecretKey::from_secret_bytes(key);
            prop_assume!(key.is_ok());
            let key = key.unwrap();
            let message = Message::from_digest(hash);
            let signature = RecoverableSignature::sign_ecdsa_recoverable(message, &key);
            let (id, r_and_s) = signature.serialize_compact();
            let [r, s] = [&r_and_s[..32], &r_and_s[32..]].map(|half| half.try_into().unwrap());
            let y_is_odd = id.to_u8() & 1 == 1;
            // If `r` exceeds n, the recovery ID needs another bit, which a token cannot carry. The
            // probability of meeting one is negligible.
            prop_assume!(id.to_u8() < 2);

            let signer = key.public_key().serialize_uncompressed()[1..].try_into().ok();
            prop_assert_eq!(recover(&hash, r, s, y_is_odd), signer);
            let high_s = SecretKey::from_secret_bytes(s).unwrap().negate().to_secret_bytes();
            prop_assert_eq!(recover(&hash, r, high_s, !y_is_odd), signer);
        }
    }

    #[test]
    fn libraries_agree_on_boundary_values() {
        let pairs = edges().flat_map(|r| edges().map(move |s| (r, s)));
        for ((r, s), y_is_odd) in pairs.flat_map(|pair| [(pair, false), (pair, true)]) {
            let key = recover(&[0x5a; 32], r, s, y_is_odd);
            let in_range = |number: [u8; 32]| {
                let n = const_hex::decode_to_array(EDGES[3]).unwrap();
                number != [0; 32] && number < n
            };
            assert!(key.is_none() || in_range(r) && in_range(s));
        }
        // The curve has a point with x = 1.
        let one = edges().nth(1).unwrap();
        assert!(recover(&[0x5a; 32], one, one, false).is_some());
    }

    /// If the signature's point is the generator and `s` equals the hash, the recovered key would
    /// be the point at infinity.
    #[test]
    fn libraries_reject_the_point_at_infinity() {
        let generator = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let x = const_hex::decode_to_array(generator).unwrap();
        let (hash, other) = ([0x5a; 32], [0x5b; 32]);
        assert_eq!(recover(&hash, x, hash, false), None);
        assert!(recover(&hash, x, hash, true).is_some());
        assert!(recover(&hash, x, other, false).is_some());
    }
}
