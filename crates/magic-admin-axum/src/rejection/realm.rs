use std::{borrow::Cow, fmt};

/// The realm of the `WWW-Authenticate` challenges, a name for the protected resources that is shown
/// to clients.
///
/// The default is `magic`. A realm is printable ASCII, because it is sent in a header. Quotes and
/// backslashes are escaped there ([RFC 9110, 5.6.4]).
///
/// # Examples
///
/// ```
/// use magic_admin_axum::Realm;
///
/// assert_eq!(Realm::default().as_str(), "magic");
/// assert_eq!(Realm::new("my shop")?.as_str(), "my shop");
/// assert!(Realm::new("two\r\nlines").is_err());
/// # Ok::<(), magic_admin_axum::InvalidRealm>(())
/// ```
///
/// [RFC 9110, 5.6.4]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Realm(Cow<'static, str>);

impl Realm {
    /// Creates a realm from its plain text, without quotes or escapes.
    ///
    /// # Errors
    ///
    /// Returns an error if the realm is empty or contains anything but printable ASCII.
    pub fn new(realm: impl Into<Cow<'static, str>>) -> Result<Self, InvalidRealm> {
        let realm = realm.into();
        if !realm.is_empty() && realm.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            Ok(Self(realm))
        } else {
            Err(InvalidRealm(()))
        }
    }

    /// Returns the realm, unescaped.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Formats the realm as a `quoted-string` of RFC 9110.
    pub(crate) const fn quoted(&self) -> impl fmt::Display {
        Quoted(self)
    }
}

impl Default for Realm {
    fn default() -> Self {
        Self(Cow::Borrowed("magic"))
    }
}

/// Error returned when a realm is empty or contains anything but printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a realm must be printable ASCII and not empty: it is sent in the WWW-Authenticate header")]
pub struct InvalidRealm(());

struct Quoted<'a>(&'a Realm);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;

        f.write_char('"')?;
        for character in self.0.0.chars() {
            if matches!(character, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(character)?;
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_backslashes_are_escaped() {
        let realm = Realm::new(r#"a "b" \c"#).unwrap();
        assert_eq!(realm.quoted().to_string(), r#""a \"b\" \\c""#);
    }

    #[test]
    fn rejects_invalid_header_text() {
        for realm in ["", "a\r\nSet-Cookie: x=y", "a\0", "a\tb", "\u{7f}", "café"] {
            assert_eq!(Realm::new(realm), Err(InvalidRealm(())), "{realm:?}");
        }
    }
}
