use std::{borrow::Cow, str};

use http::{HeaderMap, header::COOKIE};
use magic_admin::AuthorizationError;

use super::header::is_no_token;

/// Returns the tokens in the cookies with this name, skipping cookies that contain no token.
pub(super) fn tokens<'r>(
    headers: &'r HeaderMap,
    name: &str,
) -> impl Iterator<Item = Result<Cow<'r, str>, AuthorizationError>> {
    headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(move |pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            let (key, value) = pair.split_at_checked(equals)?;
            (key.trim_ascii() == name.as_bytes()).then(|| value.get(1..))?
        })
        .map(<[u8]>::trim_ascii)
        .filter(|value| !is_no_token(value))
        .map(|value| {
            let text = str::from_utf8(value).map_err(|_| AuthorizationError::malformed())?;
            Ok(unescaped(text))
        })
}

/// Decodes the three base64 characters that many cookie libraries percent-encode, including
/// axum-extra's `CookieJar`.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let escapes =
        [("%2B", "+"), ("%2F", "/"), ("%3D", "="), ("%2b", "+"), ("%2f", "/"), ("%3d", "=")];
    let unescape =
        |text: String, (escape, character): (&str, &str)| text.replace(escape, character);
    Cow::Owned(escapes.into_iter().fold(text.to_owned(), unescape))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn found(values: &[&[u8]]) -> Vec<String> {
        let headers: HeaderMap =
            values.iter().map(|value| (COOKIE, HeaderValue::from_bytes(value).unwrap())).collect();
        let text = |token: Result<Cow<'_, str>, AuthorizationError>| match token {
            Ok(token) => token.into_owned(),
            Err(error) => error.code().to_owned(),
        };
        tokens(&headers, "did").map(text).collect()
    }

    #[test]
    fn finds_the_cookie_by_its_exact_name() {
        let table: [(&[&[u8]], &[&str]); 10] = [
            (&[], &[]),
            (&[b"did=abc"], &["abc"]),
            (&[b"a=1; did=abc; b=2"], &["abc"]),
            (&[b"a=1;did=abc==;b"], &["abc=="]),
            (&[b"a=1", b"did=abc"], &["abc"]),
            (&[b"did=abc; did=abc"], &["abc", "abc"]),
            (&[b"did=one", b"did=two"], &["one", "two"]),
            (&[b"DID=abc; _did=abc; did.sig=abc; xdid=did=abc; did"], &[]),
            (&[b"name=\xc3\xa9\xff; did=abc"], &["abc"]),
            (&[b"did=\xff"], &["EXPECTED_BEARER_STRING"]),
        ];
        for (values, expected) in table {
            assert_eq!(found(values), expected, "{values:?}");
        }
    }

    #[test]
    fn placeholders_are_no_token() {
        for value in ["did=", "did= ", "did=null", "did=none", "did=None; a=b"] {
            assert!(found(&[value.as_bytes()]).is_empty(), "{value}");
        }
        assert_eq!(found(&[b"did=null; did=abc"]), ["abc"]);
        assert_eq!(found(&[b"did=NULL"]), ["NULL"]);
    }

    #[test]
    fn escaped_base64_is_understood() {
        assert_eq!(found(&[b"did=a%2Bb%2Fc%3D%3d%2b%2f"]), ["a+b/c==+/"]);
        // Nothing else is decoded, so the token is invalid base64 and is rejected.
        assert_eq!(found(&[b"did=a%41%253D"]), ["a%41%253D"]);
    }
}
