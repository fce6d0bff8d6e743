use std::fmt;

use crate::types::VerifyError;

/// Error returned when a string is not a DID token.
///
/// Such a string is rejected before any signature is checked. The error says which part is
/// malformed and how, but never quotes it.
///
/// # Examples
///
/// It is the source of the [`VerifyError`](crate::VerifyError) for a malformed token:
///
/// ```
/// use std::error::Error;
/// use magic_admin::{Audience, DecodeError, DecodeErrorKind, Verifier};
///
/// let error = Verifier::new(Audience::new("client-id")?).verify("{}").unwrap_err();
/// let reason = error.source().and_then(|source| source.downcast_ref::<DecodeError>());
/// assert_eq!(reason.map(|reason| reason.kind()), Some(DecodeErrorKind::Base64));
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    claim: Option<&'static str>,
}

/// The reason for a [`DecodeError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The token is longer than 8 KiB.
    TooLong,
    /// The token is not canonical base64 in a single alphabet, with complete padding or none.
    Base64,
    /// The decoded bytes are not UTF-8.
    Utf8,
    /// The decoded token is not a JSON array of exactly two strings.
    Envelope,
    /// The claim is not a JSON object.
    ClaimObject,
    /// A claim is missing.
    ClaimMissing,
    /// A claim is null or has the wrong type.
    ClaimType,
    /// A claim occurs twice.
    ClaimTwice,
}

impl DecodeError {
    pub(crate) const fn new(kind: DecodeErrorKind) -> Self {
        Self { kind, claim: None }
    }

    pub(crate) const fn of_claim(kind: DecodeErrorKind, claim: &'static str) -> Self {
        Self { kind, claim: Some(claim) }
    }

    /// Returns the reason for the error.
    #[must_use]
    pub const fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// Returns the name of the claim at fault, such as `ext`, if the error concerns a single claim.
    #[must_use]
    pub const fn claim(&self) -> Option<&'static str> {
        self.claim
    }

    /// Returns the stable code, `ERROR_MALFORMED_TOKEN`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "ERROR_MALFORMED_TOKEN"
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.kind {
            DecodeErrorKind::TooLong => "the token is longer than 8 KiB",
            DecodeErrorKind::Base64 => "the token is not canonical base64",
            DecodeErrorKind::Utf8 => "the decoded token is not UTF-8",
            DecodeErrorKind::Envelope => "the decoded token is not a JSON array of two strings",
            DecodeErrorKind::ClaimObject => "the claim is not a JSON object",
            DecodeErrorKind::ClaimMissing => "a claim is missing",
            DecodeErrorKind::ClaimType => "a claim is null or has the wrong type",
            DecodeErrorKind::ClaimTwice => "a claim occurs twice",
        };
        f.write_str(text)?;
        self.claim.map_or(Ok(()), |claim| write!(f, ": `{claim}`"))
    }
}

impl std::error::Error for DecodeError {}

impl From<DecodeError> for VerifyError {
    fn from(error: DecodeError) -> Self {
        Self::malformed(error)
    }
}
