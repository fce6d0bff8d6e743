//! Writes the seed corpus of every target from the vectors: `cargo run --example seeds`.

use std::{fs, path::Path};

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    token: String,
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let vectors = root.join("../tests/vectors/did-tokens.json");
    let vectors = fs::read(vectors).expect("the vectors are part of the repository");
    let vectors: Vec<Vector> = serde_json::from_slice(&vectors).expect("the vectors are JSON");

    for (number, Vector { token }) in vectors.iter().enumerate() {
        let write = |target: &str, part: &str, seed: &[&[u8]]| {
            let folder = root.join("corpus").join(target);
            fs::create_dir_all(&folder).expect("the corpus can be made");
            let file = folder.join(format!("vector-{number}-{part}"));
            fs::write(file, seed.concat()).expect("the corpus can be written");
        };
        write("decode", "token", &[b"\0", token.as_bytes()]);
        write("header", "token", &[b"Bearer ", token.as_bytes()]);
        let Ok(json) = lenient().decode(token.replace('-', "+").replace('_', "/")) else {
            continue;
        };
        write("decode", "json", &[b"\x01", &json]);
        let Ok((proof, claim)) = serde_json::from_slice::<(String, String)>(&json) else {
            continue;
        };
        write("decode", "claim", &[b"\x05", claim.as_bytes()]);
        write("verify", "claim", &[b"\0", claim.as_bytes()]);
        write("verify", "attachment", &[b"\x01", claim.as_bytes()]);
        let Ok(signature) = const_hex::decode(&proof) else {
            continue;
        };
        let Some((v, r_and_s)) = signature.split_last().filter(|_| signature.len() == 65) else {
            continue;
        };
        write("backends", "proof", &[r_and_s, &[u8::from(*v == 28)], b"subject"]);
    }
    boundaries(root);
    answers(root);
}

/// Signatures of every pair of numbers at the edges of the curve's field and group.
fn boundaries(root: &Path) {
    const NUMBERS: [&str; 7] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", // n − 1
        "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", // n
        "000000000000000000000000000000014551231950b75fc4402da1722fc9baed", // p − n − 1
        "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", // p
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ];
    for (i, r) in NUMBERS.iter().enumerate() {
        for (j, s) in NUMBERS.iter().enumerate() {
            let mut seed = const_hex::decode([*r, *s].concat()).expect("it is hex");
            seed.extend_from_slice(b"\x01subject");
            let file = root.join("corpus/backends").join(format!("boundary-{i}-{j}"));
            fs::write(file, seed).expect("the corpus can be written");
        }
    }
}

/// The answers that the Admin API and what stands before it are known to give, to every call.
fn answers(root: &Path) {
    const BODIES: [&str; 10] = [
        r#"{"client_id":"id","app_scope":"GLOBAL"}"#,
        r#"{"data":{"client_id":"id"},"error_code":"","message":"","status":"ok"}"#,
        r#"{"issuer":"did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf","public_address":"0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf","email":"someone@example.com","oauth_provider":null,"phone_number":null,"username":null,"wallets":[{"network":"MAINNET","public_address":"x","wallet_type":"SOLANA"}]}"#,
        r#"{"data":[{"issuer":"did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"}],"status":"ok"}"#,
        r#"{"data":{},"error_code":"MISSING_REQUIRED_FIELDS","message":"someone@example.com","status":"failed"}"#,
        r#"{"detail":[{"type":"missing","loc":["body","issuer"],"msg":"Field required","input":{}}]}"#,
        r#"{"error":{"code":"FORBIDDEN","message":"not for sk_live_0123456789ABCDEF"}}"#,
        r#"{"error_code":"X","message":"y"}"#,
        "<html>502 Bad Gateway</html>",
        "",
    ];
    let folder = root.join("corpus/api_answers");
    fs::create_dir_all(&folder).expect("the corpus can be made");
    for (number, body) in BODIES.iter().enumerate() {
        for call in 0..10_u8 {
            for (mark, status) in [(0, 0_u16), (0x80, 0), (0x80, 200), (0x80, 229), (0x80, 302)] {
                let head = [call | mark, status.to_le_bytes()[0], status.to_le_bytes()[1], 0];
                let file = folder.join(format!("answer-{number}-{call}-{mark}-{status}"));
                fs::write(file, [&head, body.as_bytes()].concat()).expect("it can be written");
            }
        }
    }
}

/// What the vectors' defects in base64 do not stop.
fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&alphabet::STANDARD, config)
}
