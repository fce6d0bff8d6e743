use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// Decodes canonical base64 in either alphabet, with complete padding or none.
///
/// The unpadded engines reject non-zero trailing bits. The padding is checked here, because no
/// engine distinguishes complete padding from partial padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    if padding > 2 || (padding > 0 && !text.len().is_multiple_of(4)) {
        return None;
    }
    // Magic's own client uses the standard alphabet, so try that first.
    STANDARD_NO_PAD.decode(body).or_else(|_| URL_SAFE_NO_PAD.decode(body)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_both_alphabets_with_any_padding() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("Zg==", b"f"),
            ("Zg", b"f"),
            ("Zm8=", b"fo"),
            ("Zm8", b"fo"),
            ("Zm9v", b"foo"),
            ("+/+/", b"\xfb\xff\xbf"),
            ("-_-_", b"\xfb\xff\xbf"),
        ] {
            assert_eq!(decode(text).as_deref(), Some(bytes), "{text}");
        }
    }

    #[test]
    fn rejects_everything_else() {
        for text in [
            "Zg=",
            "Zm9v=",
            "Zm9v==",
            "Zm9v===",
            "Zm9v====",
            "Z",
            "Zm9vZ",
            "=",
            "==",
            "====",
            "Zh==",
            "Zh",
            "Zm9=",
            "Zm9",
            "+_+_",
            "-/-/",
            "Zm 9v",
            "Zm9v\n",
            " Zm9v",
            "Zg==Zg==",
            "Zm9vé",
            "Zg=\u{0}",
            "Zg\u{ff1d}",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
