//! Header parsing agrees with an independent implementation of SPEC 4 with regular expressions.

use std::sync::LazyLock;

use magic_admin::{AuthorizationErrorKind, DidToken, parse_authorization_header_value};
use proptest::prelude::*;
use regex::bytes::Regex;

static BEARER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u)\A(?i:bearer) +([A-Za-z0-9._~+/-]+=*)\z").unwrap());
static NO_TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?-u)\A(|(?i:bearer)|(?i:bearer) +(|null|none|None))\z").unwrap()
});
/// `bearer` that is not followed by another character of a scheme (RFC 9110's `token`).
static SCHEME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u)\A(?i:bearer)(\z|[^A-Za-z0-9!#$%&'*+.^_`|~-])").unwrap());

fn reading(value: &[u8]) -> Result<&[u8], AuthorizationErrorKind> {
    if NO_TOKEN.is_match(value) {
        Err(AuthorizationErrorKind::Missing)
    } else if let Some(found) = BEARER.captures(value) {
        Ok(found.get(1).unwrap().as_bytes())
    } else if SCHEME.is_match(value) {
        Err(AuthorizationErrorKind::Malformed)
    } else {
        Err(AuthorizationErrorKind::OtherScheme)
    }
}

fn check(value: &[u8]) -> Result<(), TestCaseError> {
    let read = parse_authorization_header_value(value);
    prop_assert_eq!(read.map(str::as_bytes).map_err(|error| error.kind()), reading(value));
    if let Ok(text) = std::str::from_utf8(value) {
        let token = DidToken::from_authorization_header(text);
        prop_assert_eq!(token.as_ref().map(DidToken::as_str), read.as_ref().copied());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_bytes_follow_the_specification(value: Vec<u8>) {
        check(&value)?;
    }

    #[test]
    fn almost_bearer_follows_the_specification(
        value in "(?i:bearer|bearer|basic|bear|bearerx|)[ ]{0,3}[\t,]?(null|none|None|NULL|[A-Za-z0-9._~+/ =é-]{0,8})={0,3}"
    ) {
        check(value.as_bytes())?;
    }
}
