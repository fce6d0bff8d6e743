/// Takes the DID token out of the value of an `Authorization` header, without copying it.
///
/// The rule of `parse_authorization_header_value` in Magic's Python SDK, made safe: the scheme
/// `Bearer` in any case, one or more spaces, then a token in the characters that [RFC 6750]
/// allows (`b64token`). A lone `Bearer` and the values `null`, `none` and `None`, which a careless
/// front end sends when it has no token, count as no token.
///
/// Takes text or bytes: a `&str`, or a header value as it came.
///
/// ```
/// use magic_admin::parse_authorization_header_value;
///
/// assert_eq!(parse_authorization_header_value("bearer  WyIweDEyIl0")?, "WyIweDEyIl0");
///
/// let error = parse_authorization_header_value("Bearer null").unwrap_err();
/// assert_eq!(error.code(), "ERROR_MISSING_AUTH_HEADER");
/// # Ok::<(), magic_admin::AuthorizationError>(())
/// ```
///
/// # Errors
///
/// - [`AuthorizationErrorKind::Missing`]: an empty value or one that counts as no token;
/// - [`AuthorizationErrorKind::OtherScheme`]: the scheme is not `Bearer`;
/// - [`AuthorizationErrorKind::Malformed`]: the scheme is `Bearer`, but no `b64token` follows.
///
/// [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750#section-2.1
pub fn parse_authorization_header_value<V>(value: &V) -> Result<&str, AuthorizationError>
where
    V: AsRef<[u8]> + ?Sized,
{
    let value = value.as_ref();
    if value.is_empty() {
        return Err(AuthorizationError::missing());
    }
    let scheme_end = value.iter().position(|byte| !is_scheme(*byte)).unwrap_or(value.len());
    let (scheme, rest) = value.split_at(scheme_end);
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(AuthorizationError(AuthorizationErrorKind::OtherScheme));
    }

    if rest.is_empty() {
        return Err(AuthorizationError::missing());
    }
    let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
    let (gap, token) = rest.split_at(spaces);
    if gap.is_empty() {
        return Err(AuthorizationError::malformed());
    }
    if matches!(token, b"" | b"null" | b"none" | b"None") {
        return Err(AuthorizationError::missing());
    }
    if !is_b64token(token) {
        return Err(AuthorizationError::malformed());
    }
    std::str::from_utf8(token).map_err(|_| AuthorizationError::malformed())
}

/// An `Authorization` header holds no usable Bearer token.
///
/// Holds nothing of the header, so it is safe to log and to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.description())]
pub struct AuthorizationError(AuthorizationErrorKind);

/// Why an `Authorization` header holds no usable Bearer token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorizationErrorKind {
    /// No header, or no token in it.
    Missing,
    /// Credentials of another scheme.
    OtherScheme,
    /// The scheme `Bearer`, but not the form of RFC 6750; or more than one header.
    Malformed,
}

impl AuthorizationError {
    /// There was no `Authorization` header.
    #[must_use]
    pub const fn missing() -> Self {
        Self(AuthorizationErrorKind::Missing)
    }

    /// The header cannot be what RFC 6750 asks for: two `Authorization` headers, say.
    #[must_use]
    pub const fn malformed() -> Self {
        Self(AuthorizationErrorKind::Malformed)
    }

    /// Why, to match on.
    #[must_use]
    pub const fn kind(self) -> AuthorizationErrorKind {
        self.0
    }

    /// The stable word for it: `ERROR_MISSING_AUTH_HEADER` when there was no token,
    /// `EXPECTED_BEARER_STRING` when there was something else. Magic's own SDKs use the same.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self.0 {
            AuthorizationErrorKind::Missing => "ERROR_MISSING_AUTH_HEADER",
            AuthorizationErrorKind::OtherScheme | AuthorizationErrorKind::Malformed => {
                "EXPECTED_BEARER_STRING"
            }
        }
    }
}

impl AuthorizationErrorKind {
    /// Returns one sentence for it, fixed for each kind: fit to be shown to a client.
    ///
    /// In the characters of RFC 6750's `error_description`, which leave out `"` and `\`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Missing => "No DID token was sent. Send Authorization: Bearer <token>.",
            Self::OtherScheme => "The authorization scheme must be Bearer.",
            Self::Malformed => "The Authorization header must be: Bearer <token>.",
        }
    }
}

/// RFC 9110's `token`, which a scheme is.
const fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// RFC 6750's `b64token`: `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = token.get(..token.len().saturating_sub(padding)).unwrap_or_default();
    // Without a way out in between, so that the compiler looks at many bytes at once: this runs
    // for every request, over the whole token.
    !body.is_empty() && body.iter().fold(true, |all, byte| all & is_b64token_byte(*byte))
}

const fn is_b64token_byte(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit_or_slash = byte.wrapping_sub(b'/') <= b'9' - b'/';
    let mark = (byte == b'-') | (byte == b'.') | (byte == b'_') | (byte == b'~') | (byte == b'+');
    letter | digit_or_slash | mark
}

#[cfg(test)]
mod tests {
    use super::*;
    use AuthorizationErrorKind::{Malformed, Missing, OtherScheme};

    #[test]
    fn takes_the_token_after_bearer_in_any_case_and_one_or_more_spaces() {
        for (value, token) in [
            ("Bearer abc", "abc"),
            ("bearer abc", "abc"),
            ("BEARER    abc", "abc"),
            ("bEaReR WyI-_+/~.==", "WyI-_+/~.=="),
            ("Bearer NULL", "NULL"),
            ("Bearer nullx", "nullx"),
            ("Bearer null=", "null="),
            ("Bearer Bearer", "Bearer"),
        ] {
            assert_eq!(parse_authorization_header_value(value), Ok(token), "{value:?}");
        }
    }

    #[test]
    fn takes_the_characters_of_rfc_6750_and_no_other() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
        for byte in 0..=u8::MAX {
            let value = [b"Bearer x", &[byte][..], b"y"].concat();
            let taken = parse_authorization_header_value(&value).is_ok();
            assert_eq!(taken, allowed.as_bytes().contains(&byte), "{byte:#x}");
        }
    }

    #[test]
    fn tells_missing_other_scheme_and_malformed_apart() {
        let table: &[(&[u8], AuthorizationErrorKind)] = &[
            (b"", Missing),
            (b"Bearer", Missing),
            (b"bearer ", Missing),
            (b"Bearer    ", Missing),
            (b"Bearer null", Missing),
            (b"Bearer none", Missing),
            (b"Bearer   None", Missing),
            (b"null", OtherScheme),
            (b"Basic dXNlcjpwYXNz", OtherScheme),
            (b"Bear abc", OtherScheme),
            (b"BearerX abc", OtherScheme),
            (b"Bearernull", OtherScheme),
            (b" Bearer abc", OtherScheme),
            (b"\xff", OtherScheme),
            (b"Bearer\tabc", Malformed),
            (b"Bearer \tabc", Malformed),
            (b"Bearer=abc", Malformed),
            (b"Bearer abc ", Malformed),
            (b"Bearer null ", Malformed),
            (b"Bearer a b", Malformed),
            (b"Bearer a,Bearer b", Malformed),
            (b"Bearer a=b", Malformed),
            (b"Bearer =", Malformed),
            (b"Bearer \xc3\xa9", Malformed),
            (b"Bearer \xff", Malformed),
            (b"Bearer a\0", Malformed),
        ];
        for (value, kind) in table {
            let error = parse_authorization_header_value(*value).unwrap_err();
            assert_eq!(error.kind(), *kind, "{}", String::from_utf8_lossy(value));
        }
    }
}
