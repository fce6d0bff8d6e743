use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

/// The encoding of a token as text. All four are valid.
///
/// # Examples
///
/// ```
/// use magic_admin_testkit::Encoding;
///
/// assert_eq!(Encoding::Standard.encode([0xfb, 0xff]), "+/8=");
/// assert_eq!(Encoding::UrlSafeUnpadded.encode([0xfb, 0xff]), "-_8");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Base64 with `+` and `/`, padded, as in tokens of Magic's browser SDK.
    #[default]
    Standard,
    /// Base64 with `+` and `/`, without padding.
    StandardUnpadded,
    /// Base64 with `-` and `_`, padded.
    UrlSafe,
    /// Base64 with `-` and `_`, without padding.
    UrlSafeUnpadded,
}

impl Encoding {
    /// Encodes any bytes, for tokens whose outer JSON is wrong.
    #[must_use]
    pub fn encode(self, bytes: impl AsRef<[u8]>) -> String {
        match self {
            Self::Standard => STANDARD.encode(bytes),
            Self::StandardUnpadded => STANDARD_NO_PAD.encode(bytes),
            Self::UrlSafe => URL_SAFE.encode(bytes),
            Self::UrlSafeUnpadded => URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differ_as_rfc_4648_says() {
        let bytes = [0xfb, 0xff, 0xfe, 0xff];
        assert_eq!(Encoding::Standard.encode(bytes), "+//+/w==");
        assert_eq!(Encoding::StandardUnpadded.encode(bytes), "+//+/w");
        assert_eq!(Encoding::UrlSafe.encode(bytes), "-__-_w==");
        assert_eq!(Encoding::UrlSafeUnpadded.encode(bytes), "-__-_w");
    }
}
