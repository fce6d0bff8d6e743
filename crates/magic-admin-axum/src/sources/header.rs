use http::{HeaderMap, header::AUTHORIZATION};
use magic_admin::{AuthorizationError, parse_authorization_header_value};

/// Returns the DID token from the only `Authorization` header, without copying it.
///
/// Two headers count as malformed, because two servers along the way might disagree on which one
/// applies.
pub(super) fn bearer_token(headers: &HeaderMap) -> Result<&str, AuthorizationError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthorizationError::missing())?;
    if values.next().is_some() {
        return Err(AuthorizationError::malformed());
    }
    parse_authorization_header_value(value)
}

/// Returns `true` for the strings that some front ends send when they have no token. `magic-admin`
/// treats the same strings as no token in an `Authorization` header.
pub(super) fn is_no_token(text: &[u8]) -> bool {
    matches!(text, b"" | b"null" | b"none" | b"None")
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use magic_admin::AuthorizationErrorKind::{Malformed, Missing, OtherScheme};

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (AUTHORIZATION, HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn returns_the_token_of_a_single_header() {
        assert_eq!(bearer_token(&headers(&["bearer  abc"])), Ok("abc"));
    }

    #[test]
    fn tells_the_three_cases_apart() {
        let table: [(&[&str], _); 7] = [
            (&[], Missing),
            (&["Bearer"], Missing),
            (&["Bearer null"], Missing),
            (&["Basic abc"], OtherScheme),
            (&["Bearer a b"], Malformed),
            (&["Bearer abc", "Bearer abc"], Malformed),
            (&["Basic abc", "Bearer abc"], Malformed),
        ];
        for (values, kind) in table {
            let error = bearer_token(&headers(values)).unwrap_err();
            assert_eq!(error.kind(), kind, "{values:?}");
        }
    }
}
