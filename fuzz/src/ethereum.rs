use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha3::{Digest as _, Keccak256};

/// The address of the private key 1, which signed the vectors. It is user 1 of the testkit.
pub const ADDRESS: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

/// Builds a token from this proof and this claim, byte for byte.
pub fn token(proof: &str, claim: &str) -> String {
    let json = serde_json::to_string(&[proof, claim]).expect("text is JSON");
    STANDARD.encode(json)
}

/// Hashes a text like `personal_sign`, for the independent implementation.
pub fn personal_digest(text: &str) -> [u8; 32] {
    let prefix = format!("\x19Ethereum Signed Message:\n{}", text.len());
    Keccak256::digest([prefix.as_bytes(), text.as_bytes()].concat()).into()
}

/// Returns the lower-case address of an uncompressed public key, `x ‖ y`.
pub fn address_of(public_key: &[u8]) -> String {
    let hash: [u8; 32] = Keccak256::digest(public_key).into();
    format!("0x{}", const_hex::encode(&hash[12..]))
}
