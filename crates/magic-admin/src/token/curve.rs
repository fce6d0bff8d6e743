//! Public key recovery on secp256k1, by one of two libraries. The one file that names them.

/// The uncompressed public key, `x ‖ y`, that made the signature `r ‖ s` over `hash`; `None` when
/// `r` or `s` is out of range or `r` is no point of the curve.
pub(super) fn recover(hash: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<[u8; 64]> {
    #[cfg(feature = "secp256k1")]
    return libsecp256k1::recover(hash, r_and_s, y_is_odd);
    #[cfg(not(feature = "secp256k1"))]
    return pure_rust::recover(hash, r_and_s, y_is_odd);
}

/// libsecp256k1, the C library of Bitcoin Core: about twice as fast.
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

/// The `k256` crate: no C, so it goes wherever Rust goes.
#[cfg(feature = "k256")]
#[cfg_attr(feature = "secp256k1", allow(dead_code, reason = "libsecp256k1 comes first"))]
mod pure_rust {
    use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

    pub(super) fn recover(hash: &[u8; 32], r_and_s: &[u8; 64], y_is_odd: bool) -> Option<[u8; 64]> {
        let signature = Signature::from_slice(r_and_s).ok()?;
        let id = RecoveryId::new(y_is_odd, false);
        let key = VerifyingKey::recover_from_prehash(hash, &signature, id).ok()?;
        key.to_sec1_point(false).as_bytes().last_chunk().copied()
    }
}
