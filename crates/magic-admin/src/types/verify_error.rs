use std::{error::Error, fmt, sync::Arc, time::Duration};

/// Error returned when a token is rejected or cannot be verified at the moment.
///
/// Match on [`kind`](Self::kind); [`code`](Self::code) is a stable string for clients. The error
/// contains no part of the token, so it is safe to log and to show.
///
/// # Examples
///
/// ```
/// use magic_admin::{Audience, Verifier, VerifyError, VerifyErrorKind};
///
/// fn status(error: &VerifyError) -> u16 {
///     match error.kind() {
///         VerifyErrorKind::Unavailable => 503, // retry after `error.retry_after()`
///         _ => 401,
///     }
/// }
///
/// let error = Verifier::new(Audience::new("client-id")?).verify("not a token").unwrap_err();
/// assert_eq!(error.code(), "ERROR_MALFORMED_TOKEN");
/// assert_eq!(status(&error), 401);
/// # Ok::<(), magic_admin::ConfigError>(())
/// ```
#[derive(Debug, Clone)]
pub struct VerifyError {
    kind: VerifyErrorKind,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn Error + Send + Sync>>,
}

/// The reason for a [`VerifyError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyErrorKind {
    /// The string is not a DID token; the source says which part is malformed.
    Malformed,
    /// The signer cannot be recovered from the proof, or from the proof of the attachment.
    FailedRecoveringProof,
    /// The claim or the attachment was signed by a key other than the issuer's.
    IncorrectSigner,
    /// `ext` has passed.
    Expired,
    /// `nbf` is further in the future than the grace period allows.
    NotYetValid,
    /// The token was issued for another application.
    AudienceMismatch,
    /// `iat` is further in the past than the [`Policy`](crate::Policy) allows.
    TooOld,
    /// The lifespan of the token is longer than the [`Policy`](crate::Policy) allows.
    Lifespan,
    /// The [`Policy`](crate::Policy) requires an attachment, but the caller passed none.
    AttachmentRequired,
    /// The predicate of the [`Policy`](crate::Policy) rejected the token.
    RefusedByPolicy,
    /// The token or its issuer is on the [`RevocationList`](crate::RevocationList).
    Revoked,
    /// The token has been used before, on a route that accepts each token only once.
    Replayed,
    /// The token cannot be verified at the moment, because the client ID is not yet known or a
    /// store is unreachable. Retry later.
    Unavailable,
}

impl VerifyError {
    pub(crate) const fn new(kind: VerifyErrorKind) -> Self {
        Self { kind, retry_after: None, source: None }
    }

    pub(crate) fn malformed(source: impl Error + Send + Sync + 'static) -> Self {
        Self { source: Some(Arc::new(source)), ..Self::new(VerifyErrorKind::Malformed) }
    }

    pub(crate) fn unavailable(
        retry_after: Duration,
        source: Option<Arc<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { kind: VerifyErrorKind::Unavailable, retry_after: Some(retry_after), source }
    }

    /// Returns the reason for the error.
    #[must_use]
    pub const fn kind(&self) -> VerifyErrorKind {
        self.kind
    }

    /// Returns the stable code, which clients of Magic's SDKs match on.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.kind.code()
    }

    /// Returns the time to wait before retrying, for [`VerifyErrorKind::Unavailable`].
    ///
    /// Returns `None` for every other kind, because retrying does not help.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl VerifyErrorKind {
    /// Returns the stable code, which clients of Magic's SDKs match on.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "ERROR_MALFORMED_TOKEN",
            Self::FailedRecoveringProof => "ERROR_FAILED_RECOVERING_PROOF",
            Self::IncorrectSigner => "ERROR_INCORRECT_SIGNER_ADDR",
            Self::Expired => "ERROR_DIDT_EXPIRED",
            Self::NotYetValid => "ERROR_DIDT_CANNOT_BE_USED_YET",
            Self::AudienceMismatch => "ERROR_AUDIENCE_MISMATCH",
            Self::TooOld => "ERROR_DIDT_TOO_OLD",
            Self::Lifespan => "ERROR_DIDT_LIFESPAN",
            Self::AttachmentRequired => "ERROR_DIDT_ATTACHMENT_REQUIRED",
            Self::RefusedByPolicy => "ERROR_DIDT_REFUSED_BY_POLICY",
            Self::Revoked => "ERROR_DIDT_REVOKED",
            Self::Replayed => "ERROR_DIDT_REPLAYED",
            Self::Unavailable => "ERROR_UNAVAILABLE",
        }
    }

    /// Returns a fixed one-sentence description of the kind, safe to show to a client.
    ///
    /// Contains only characters that RFC 6750 allows in `error_description`, which exclude `"` and
    /// `\`.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Malformed => "The DID token cannot be decoded.",
            Self::FailedRecoveringProof => "The signer of the DID token cannot be recovered.",
            Self::IncorrectSigner => "The DID token is not signed by its issuer.",
            Self::Expired => "The DID token has expired.",
            Self::NotYetValid => "The DID token cannot be used yet.",
            Self::AudienceMismatch => "The DID token is for another application.",
            Self::TooOld => "The DID token was issued too long ago.",
            Self::Lifespan => "The DID token lives longer than is allowed here.",
            Self::AttachmentRequired => "The DID token does not carry the required attachment.",
            Self::RefusedByPolicy => "The DID token is rejected by the policy of the application.",
            Self::Revoked => "The DID token was revoked because the user logged out.",
            Self::Replayed => "The DID token has been used before and can be used only once.",
            Self::Unavailable => "The DID token cannot be verified at the moment. Try again later.",
        }
    }
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.description())
    }
}

impl Error for VerifyError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_and_descriptions_are_distinct() {
        use VerifyErrorKind::*;
        let kinds = [
            Malformed,
            FailedRecoveringProof,
            IncorrectSigner,
            Expired,
            NotYetValid,
            AudienceMismatch,
            TooOld,
            Lifespan,
            AttachmentRequired,
            RefusedByPolicy,
            Revoked,
            Replayed,
            Unavailable,
        ];
        let (codes, texts): (HashSet<_>, HashSet<_>) =
            kinds.map(|kind| (kind.code(), VerifyError::new(kind).to_string())).into_iter().unzip();
        assert!(codes.iter().all(|code| code.starts_with("ERROR_")), "{codes:?}");
        assert!(texts.iter().all(|text| text.contains("DID token")), "{texts:?}");
        assert_eq!((codes.len(), texts.len()), (kinds.len(), kinds.len()));
    }
}
