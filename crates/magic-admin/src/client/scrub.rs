/// Makes text from a server safe to show, by removing the secret key, e-mail addresses and tokens,
/// and shortening it to one line.
///
/// A server may repeat what it was sent. The key and the e-mail address that were sent are removed
/// exactly; anything else that looks like a key, an address or a token is masked as well.
#[derive(Clone, Copy)]
pub(super) struct Scrubber<'a> {
    /// The API secret key.
    pub(super) key: &'a str,
    /// The e-mail address in the request.
    pub(super) email: Option<&'a str>,
}

impl Scrubber<'_> {
    /// Returns the text with everything secret or personal removed.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = cut_out(text, self.key, "[secret key]");
        if let Some(email) = self.email {
            text = cut_out(&text, email, "[e-mail]");
        }
        let masked: String = text.split_inclusive(is_boundary).map(mask).collect();
        shorten(&masked)
    }

    /// Returns a machine-readable code, or `None` if it is not one or would need scrubbing.
    pub(super) fn code(&self, code: &str) -> Option<String> {
        let is_code = !code.is_empty()
            && code.len() <= MAX_CODE_BYTES
            && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte));
        (is_code && self.text(code) == code).then(|| code.to_owned())
    }
}

/// Replaces each occurrence, whatever the case of its ASCII letters.
fn cut_out(text: &str, needle: &str, replacement: &str) -> String {
    if needle.is_empty() {
        return text.to_owned();
    }
    // It has the same length in bytes as the original, so positions are the same.
    let folded = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut end = 0;
    for (start, found) in folded.match_indices(&needle.to_ascii_lowercase()) {
        kept.push_str(text.get(end..start).unwrap_or_default());
        kept.push_str(replacement);
        end = start.saturating_add(found.len());
    }
    kept.push_str(text.get(end..).unwrap_or_default());
    kept
}

/// Masks a word that looks secret or personal, and keeps the delimiter after it.
fn mask(piece: &str) -> String {
    let word = piece.trim_end_matches(is_boundary);
    let folded = word.to_ascii_lowercase();
    let mask = if ["@", "%40", "&#64;"].iter().any(|at| folded.contains(at)) {
        "[e-mail]"
    } else if ["sk_live_", "sk_test_"].iter().any(|prefix| folded.contains(prefix)) {
        "[secret key]"
    } else if word.len() >= TOKEN_BYTES && word.bytes().all(is_token_byte) {
        "[token]"
    } else {
        return piece.to_owned();
    };
    let boundary = piece.get(word.len()..).unwrap_or_default();
    format!("{mask}{boundary}")
}

/// Returns one line with single spaces and at most [`MAX_TEXT_CHARS`] characters.
fn shorten(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control() || is_invisible(c));
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_TEXT_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

fn is_boundary(c: char) -> bool {
    c.is_whitespace() || c.is_control() || "\"'`<>(),;[]{}=&|".contains(c)
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte)
}

/// Returns `true` for characters that reorder or hide text in a terminal.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The maximum length of a message.
const MAX_TEXT_CHARS: usize = 300;

/// The maximum length of a code; longer than any that Magic is known to send.
const MAX_CODE_BYTES: usize = 64;

/// The length from which a word is treated as a token. Issuers, addresses, client IDs and hashes
/// are shorter; DID tokens are much longer.
const TOKEN_BYTES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    const SCRUBBER: Scrubber<'_> = Scrubber { key: "K3y", email: Some("ann lee@home") };

    #[test]
    fn cuts_out_what_was_sent() {
        assert_eq!(SCRUBBER.text("bad key K3y, k3y!"), "bad key [secret key], [secret key]!");
        assert_eq!(SCRUBBER.text("no user Ann Lee@HOME here"), "no user [e-mail] here");
    }

    #[test]
    fn masks_what_looks_secret() {
        let token = "Wy".repeat(400);
        for (text, expected) in [
            ("not sk_live_AB12 but", "not [secret key] but"),
            ("key=SK_TEST_1&x", "key=[secret key]&x"),
            ("user \"bob@x.example\" unknown", "user \"[e-mail]\" unknown"),
            ("/user?value=bob%40x.example&type=email", "/user?value=[e-mail]&type=email"),
            (&format!("token {token}, bad"), "token [token], bad"),
            (&format!("token {token}==, bad"), "token [token]==, bad"),
        ] {
            assert_eq!(SCRUBBER.text(text), expected);
        }
    }

    #[test]
    fn keeps_issuers_and_addresses() {
        let text = "unknown did:ethr:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        assert_eq!(SCRUBBER.text(text), text);
    }

    #[test]
    fn makes_one_short_line() {
        assert_eq!(SCRUBBER.text(" a\r\n\tb\u{0}\u{1b}[31mc\u{2028}d "), "a b [31mc d");
        let shown = SCRUBBER.text(&"ä ".repeat(1000));
        assert_eq!(shown.chars().count(), 301);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn recognises_only_valid_codes() {
        assert_eq!(
            SCRUBBER.code("MISSING_REQUIRED_FIELDS").as_deref(),
            Some("MISSING_REQUIRED_FIELDS")
        );
        for code in ["", "two words", "K3y", "sk_live_1", "a\nb", &"A".repeat(65)] {
            assert_eq!(SCRUBBER.code(code), None, "{code}");
        }
    }
}
