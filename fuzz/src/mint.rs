use base64::{Engine as _, engine::general_purpose::STANDARD};
use secp256k1::{
    Message, SecretKey,
    ecdsa::{RecoverableSignature, RecoveryId},
};
use sha3::{Digest as _, Keccak256};

/// The address of the private key 1, which signed the vectors.
pub const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// The token of this proof and this claim.
pub fn token(proof: &str, claim: &str) -> String {
    let json = serde_json::to_string(&[proof, claim]).expect("text is JSON");
    STANDARD.encode(json)
}

/// The text of a signature of the private key 1 over this text.
pub fn personal_sign(text: &str) -> String {
    let mut key = [0; 32];
    key[31] = 1;
    let key = SecretKey::from_secret_bytes(key).expect("1 is a private key");
    let message = Message::from_digest(personal_digest(text));
    let signature = RecoverableSignature::sign_ecdsa_recoverable(message, &key);
    let (id, r_and_s) = signature.serialize_compact();
    let v = match id {
        RecoveryId::Zero | RecoveryId::Two => 27,
        RecoveryId::One | RecoveryId::Three => 28,
    };
    format!("0x{}{v:02x}", const_hex::encode(r_and_s))
}

/// What `personal_sign` signs.
pub fn personal_digest(text: &str) -> [u8; 32] {
    let prefix = format!("\x19Ethereum Signed Message:\n{}", text.len());
    Keccak256::digest([prefix.as_bytes(), text.as_bytes()].concat()).into()
}

/// The lower-case address of an uncompressed public key, `x ‖ y`.
pub fn address_of(public_key: &[u8]) -> String {
    let hash: [u8; 32] = Keccak256::digest(public_key).into();
    format!("0x{}", const_hex::encode(&hash[12..]))
}
