/// Extracts the DID token from the value of an `Authorization` header, without copying it.
///
/// Accepts the same header values as `parse_authorization_header_value` in Magic's Python SDK, but
/// parses them strictly: the scheme `Bearer` in any case, one or more spaces, then a token in the
/// characters of `b64token` ([RFC 6750]). A lone `Bearer` and the values `null`, `none` and `None`,
/// which some front ends send when they have no token, are treated as a missing token.
///
/// The value can be a `&str` or the raw bytes of a header value.
///
/// # Examples
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
/// - [`AuthorizationErrorKind::Missing`] if the value is empty or treated as a missing token
/// - [`AuthorizationErrorKind::OtherScheme`] if the scheme is not `Bearer`
/// - [`AuthorizationErrorKind::Malformed`] if the scheme is `Bearer`, but no `b64token` follows it
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

/// Error returned when an `Authorization` header contains no usable Bearer token.
///
/// Contains no part of the header, so it is safe to log and to show.
///
/// # Examples
///
/// ```
/// use magic_admin::{AuthorizationErrorKind, DidToken};
///
/// let error = DidToken::from_authorization_header("Basic dXNlcjpwYXNz").unwrap_err();
/// assert_eq!(error.kind(), AuthorizationErrorKind::OtherScheme);
/// assert_eq!(error.code(), "EXPECTED_BEARER_STRING");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.0.description())]
pub struct AuthorizationError(AuthorizationErrorKind);

/// The reason for an [`AuthorizationError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthorizationErrorKind {
    /// There is no header, or it contains no token.
    Missing,
    /// The header uses another authentication scheme.
    OtherScheme,
    /// The scheme is `Bearer`, but the header does not have the form that RFC 6750 requires, or
    /// there is more than one header.
    Malformed,
}

impl AuthorizationError {
    /// Creates the error for a request without an `Authorization` header.
    #[must_use]
    pub const fn missing() -> Self {
        Self(AuthorizationErrorKind::Missing)
    }

    /// Creates the error for a request that RFC 6750 does not allow, such as one with two
    /// `Authorization` headers.
    #[must_use]
    pub const fn malformed() -> Self {
        Self(AuthorizationErrorKind::Malformed)
    }

    /// Returns the reason for the error.
    #[must_use]
    pub const fn kind(self) -> AuthorizationErrorKind {
        self.0
    }

    /// Returns the stable code, as in Magic's own SDKs: `ERROR_MISSING_AUTH_HEADER` if there was no
    /// token, otherwise `EXPECTED_BEARER_STRING`.
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
    /// Returns a fixed one-sentence description of the kind, safe to show to a client.
    ///
    /// Contains only characters that RFC 6750 allows in `error_description`, which exclude `"` and
    /// `\`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Missing => "No DID token was sent. Send Authorization: Bearer <token>.",
            Self::OtherScheme => "The authorization scheme must be Bearer.",
            Self::Malformed => "Send one DID token, as Authorization: Bearer <token>.",
        }
    }
}

/// Returns `true` for the characters of RFC 9110's `token`, the grammar for scheme names.
const fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~')
}

/// Returns `true` if `token` matches the grammar of `b64token` in RFC 6750: `1*( ALPHA / DIGIT /
/// "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
fn is_b64token(token: &[u8]) -> bool {
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = token.get(..token.len().saturating_sub(padding)).unwrap_or_default();
    // The fold does not return early, so the compiler can vectorise the loop, which runs over the
    // whole token on every request.
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
    fn accepts_any_case_and_several_spaces() {
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
    fn accepts_exactly_the_rfc_6750_characters() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
        for byte in 0..=u8::MAX {
            let value = [b"Bearer x", &[byte][..], b"y"].concat();
            let taken = parse_authorization_header_value(&value).is_ok();
            assert_eq!(taken, allowed.as_bytes().contains(&byte), "{byte:#x}");
        }
    }

    #[test]
    fn reports_the_right_kind() {
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
