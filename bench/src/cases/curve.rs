use std::hint::black_box;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secp256k1::{
    Message,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use sha3::{Digest, Keccak256};

use crate::measure::{Case, Group};

/// The input of the elliptic-curve operation that remains after the token has been parsed.
#[derive(Clone)]
pub struct Parts {
    pub claim: String,
    /// The signed text.
    message: String,
    hash: [u8; 32],
    r_and_s: [u8; 64],
    y_is_odd: bool,
}

impl Parts {
    pub fn of(token: &str) -> Self {
        let json = STANDARD.decode(token).expect("a valid token");
        let [proof, claim]: [String; 2] = serde_json::from_slice(&json).expect("a valid token");
        let proof: [u8; 65] = const_hex::decode_to_array(proof).expect("a valid token");
        let message = format!("\x19Ethereum Signed Message:\n{}{claim}", claim.len());
        let hash = Keccak256::digest(&message).into();
        let r_and_s = proof[..64].try_into().expect("64 bytes");
        Self { claim, message, hash, r_and_s, y_is_odd: proof[64] == 28 }
    }

    /// Calls libsecp256k1 as directly as possible in Rust, which is the lower bound of all
    /// validation.
    pub fn recover(&self) {
        let id = if self.y_is_odd { RecoveryId::One } else { RecoveryId::Zero };
        let signature = RecoverableSignature::from_compact(black_box(&self.r_and_s), id);
        let message = Message::from_digest(self.hash);
        black_box(signature.expect("a signature").recover_ecdsa(message).expect("a signer"));
    }

    /// Does the same in pure Rust.
    pub fn recover_in_rust(&self) {
        use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

        let id = RecoveryId::new(self.y_is_odd, false);
        let signature = Signature::from_slice(black_box(&self.r_and_s)).expect("a signature");
        let key = VerifyingKey::recover_from_prehash(&self.hash, &signature, id);
        black_box(key.expect("a signer"));
    }

    /// Computes the two hashes that every validation needs: of the signed text, and of the signer's
    /// key.
    pub fn hash(&self) {
        black_box(Keccak256::digest(black_box(&self.message)));
        black_box(Keccak256::digest(black_box(&self.r_and_s)));
    }
}

pub fn recovery(parts: &Parts) -> Group<'_> {
    Group {
        name: "recovery of the signer",
        cases: vec![
            Case::new("libsecp256k1", || parts.recover()),
            Case::new("k256", || parts.recover_in_rust()),
        ],
    }
}
