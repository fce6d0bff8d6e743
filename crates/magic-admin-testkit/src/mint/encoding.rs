use base64::{
    Engine,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};

/// The base64 variant of a token. All four are valid.
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
    /// Base64 with `+` and `/`, padded, as in tokens from Magic's browser SDK.
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
    /// Encodes arbitrary bytes, for tokens whose outer JSON is malformed.
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
    fn encodes_according_to_rfc_4648() {
        let bytes = [0xfb, 0xff, 0xfe, 0xff];
        assert_eq!(Encoding::Standard.encode(bytes), "+//+/w==");
        assert_eq!(Encoding::StandardUnpadded.encode(bytes), "+//+/w");
        assert_eq!(Encoding::UrlSafe.encode(bytes), "-__-_w==");
        assert_eq!(Encoding::UrlSafeUnpadded.encode(bytes), "-__-_w");
    }
}
