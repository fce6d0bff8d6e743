use std::fmt;

use crate::types::VerifyError;

/// The text is not that of a DID token: it was refused before any signature was
/// looked at.
///
/// Says which part is wrong and how, never what it held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    kind: DecodeErrorKind,
    claim: Option<&'static str>,
}

/// What is wrong with a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// Longer than 8 KiB.
    TooLong,
    /// Not base64 of one alphabet, canonical, with all of its padding or none.
    Base64,
    /// The decoded bytes are not UTF-8.
    Utf8,
    /// Not a JSON array of exactly two strings.
    Envelope,
    /// The claim is not a JSON object.
    ClaimObject,
    /// A claim is missing.
    ClaimMissing,
    /// A claim is null or not of its type.
    ClaimType,
    /// A claim is given twice.
    ClaimTwice,
}

impl DecodeError {
    pub(crate) const fn new(kind: DecodeErrorKind) -> Self {
        Self { kind, claim: None }
    }

    pub(crate) const fn of_claim(kind: DecodeErrorKind, claim: &'static str) -> Self {
        Self { kind, claim: Some(claim) }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> DecodeErrorKind {
        self.kind
    }

    /// The name of the claim that is wrong, `ext` say, when it is a single one.
    #[must_use]
    pub const fn claim(&self) -> Option<&'static str> {
        self.claim
    }

    /// The stable word for it: `ERROR_MALFORMED_TOKEN`.
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
            DecodeErrorKind::ClaimType => "a claim is null or not of its type",
            DecodeErrorKind::ClaimTwice => "a claim is given twice",
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
