//! Parsing never panics, and never confuses two different signed texts.

use magic_admin::dangerous::UnverifiedToken;
use magic_admin_testkit::{Encoding, Mint, TestUser};
use proptest::prelude::*;

fn claim_of(token: &str) -> Option<String> {
    UnverifiedToken::decode(token).ok().map(|token| token.claim().to_owned())
}

/// Returns pieces of tokens in any order, which get further than random text.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just("\""),
        Just("\\"),
        Just(":"),
        Just(","),
        Just("\"iat\":1"),
        Just("\"ext\":1e9"),
        Just("\"nbf\":-1.5"),
        Just("\"iss\":\"\""),
        Just("\"sub\":\"\\ud800\""),
        Just("\"aud\":null"),
        Just("\"tid\":[]"),
        Just("\"add\":{}"),
        Just("null"),
        Just("1e999"),
        Just("\u{0}"),
        Just("é"),
        Just("\\u0069"),
        Just("0x"),
        Just(" "),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn reading_any_text_never_panics(text in ".*", encoding in crate::tokens::encoding()) {
        let _ = UnverifiedToken::decode(&text);
        let _ = UnverifiedToken::decode(&encoding.encode(&text));
        let claim = serde_json::to_string(&["0x", &text]).unwrap();
        let _ = UnverifiedToken::decode(&encoding.encode(claim));
    }

    #[test]
    fn reading_any_bytes_never_panics(bytes: Vec<u8>) {
        let _ = UnverifiedToken::decode(&Encoding::Standard.encode(bytes));
    }

    #[test]
    fn reading_any_pieces_never_panics(text in fragments()) {
        let _ = UnverifiedToken::decode(&Encoding::Standard.encode(&text));
        let claim = serde_json::to_string(&["0x", &text]).unwrap();
        let _ = UnverifiedToken::decode(&Encoding::UrlSafeUnpadded.encode(claim));
    }

    /// However the outer JSON is escaped, the signed text is read byte for byte, so two claims are
    /// never read as the same one.
    #[test]
    fn the_claim_is_read_byte_for_byte(subject in ".{0,60}", space in "[ \n\t]{0,3}", escape: bool) {
        let claim = Mint::new("id").builder(&TestUser::from_seed(1)).set("sub", subject).claim();
        let claim = format!("{space}{claim}{space}");
        let quoted = if escape {
            let units = claim.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", units.collect::<String>())
        } else {
            serde_json::to_string(&claim).unwrap()
        };
        let token = Encoding::Standard.encode(format!("[\"0x\",{quoted}]"));
        // The escaped text may exceed the maximum length of a token.
        prop_assert_eq!(claim_of(&token), (token.len() <= 8192).then_some(claim));
    }

    #[test]
    fn only_tokens_over_8_kib_are_too_long(length in 7_000..9_000_usize) {
        let length = length / 4 * 4;
        let mint = Mint::new("id");
        let claim = mint.builder(&TestUser::from_seed(1)).claim();
        let without = serde_json::to_string(&["0x", &claim]).unwrap().len();
        let claim = format!("{claim}{}", " ".repeat(length / 4 * 3 - without));
        let json = serde_json::to_string(&["0x", &claim]).unwrap();
        let token = Encoding::Standard.encode(json);
        prop_assert_eq!(token.len(), length);
        prop_assert_eq!(UnverifiedToken::decode(&token).is_ok(), length <= 8192);
    }
}
