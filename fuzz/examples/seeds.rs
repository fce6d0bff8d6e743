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
        write(
            "backends",
            "proof",
            &[r_and_s, &[u8::from(*v == 28)], b"subject"],
        );
    }
    boundaries(root);
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
            let file = root
                .join("corpus/backends")
                .join(format!("boundary-{i}-{j}"));
            fs::write(file, seed).expect("the corpus can be written");
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
