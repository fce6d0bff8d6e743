//! Decodes any text as a token, as its outer JSON, and as its claim. Decoding never panics, and
//! returns the same as another implementation based on the same libraries.
#![no_main]

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use fuzz::{Reading, token};
use libfuzzer_sys::fuzz_target;
use magic_admin::dangerous::UnverifiedToken;

fuzz_target!(|data: (u8, &str)| {
    let (level, text) = data;
    let encoded = match level % 6 {
        0 => text.to_owned(),
        1 => STANDARD.encode(text),
        2 => STANDARD_NO_PAD.encode(text),
        3 => URL_SAFE.encode(text),
        4 => URL_SAFE_NO_PAD.encode(text),
        _ => token("0x", text),
    };
    let result = UnverifiedToken::decode(&encoded);
    match level % 6 {
        0 => {}
        5 => check_claim(text, encoded.len(), result.as_ref().ok()),
        _ => check_envelope(text, result.as_ref().ok()),
    }
    if let Ok(read) = result {
        assert!(encoded.len() <= 8 * 1024);
        let again = UnverifiedToken::decode(&token(read.proof(), read.claim()));
        // Escapes may have made it longer than the maximum length of a token.
        if let Ok(again) = again {
            assert_eq!(read.claim(), again.claim());
            assert_eq!(read.proof(), again.proof());
        }
    }
});

fn check_envelope(json: &str, read: Option<&UnverifiedToken>) {
    let Some(read) = read else { return };
    let [proof, claim]: [String; 2] = serde_json::from_str(json).expect("two strings were read");
    assert_eq!(proof, read.proof());
    assert_eq!(claim, read.claim());
}

fn check_claim(claim: &str, encoded_len: usize, read: Option<&UnverifiedToken>) {
    let Some(reading) = Reading::of(claim) else {
        return;
    };
    let fits = encoded_len <= 8 * 1024;
    assert_eq!(read.is_some(), fits && reading.is_well_formed());
    if let Some(read) = read {
        assert_eq!(read.claim(), claim);
        assert_eq!(read.claims().issuer(), reading.text("iss"));
        assert_eq!(read.claims().subject(), reading.text("sub"));
        assert_eq!(read.claims().audience(), reading.text("aud"));
        assert_eq!(read.claims().token_id(), reading.text("tid"));
        assert_eq!(read.claims().attachment_proof().unwrap_or_default(), reading.text("add"));
    }
}
