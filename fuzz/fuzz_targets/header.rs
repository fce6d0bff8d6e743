//! Parses any bytes as the value of an `Authorization` header, and compares the result with regular
//! expressions based on RFC 6750.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use magic_admin::{AuthorizationErrorKind, DidToken, parse_authorization_header_value};
use regex::bytes::Regex;

static BEARER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)\A(?i:bearer) +([A-Za-z0-9._~+/-]+=*)\z").expect("it is a pattern")
});
static NO_TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)\A(|(?i:bearer)|(?i:bearer) +(|null|none|None))\z").expect("it is a pattern")
});
/// `bearer` that is not followed by another character of a scheme.
static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)\A(?i:bearer)(\z|[^A-Za-z0-9!#$%&'*+.^_`|~-])").expect("it is a pattern")
});

fuzz_target!(|value: &[u8]| {
    let result = parse_authorization_header_value(value);
    let expected = if NO_TOKEN.is_match(value) {
        Err(AuthorizationErrorKind::Missing)
    } else if !SCHEME.is_match(value) {
        Err(AuthorizationErrorKind::OtherScheme)
    } else {
        let token = BEARER.captures(value).and_then(|found| found.get(1));
        token.map(|token| token.as_bytes()).ok_or(AuthorizationErrorKind::Malformed)
    };
    assert_eq!(result.map(str::as_bytes).map_err(|error| error.kind()), expected);

    if let Ok(text) = std::str::from_utf8(value) {
        let owned = DidToken::from_authorization_header(text);
        assert_eq!(owned.as_ref().map(DidToken::as_str), result.as_ref().copied());
    }
});
