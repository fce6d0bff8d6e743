use std::{fmt, sync::Arc};

use super::UnixSeconds;

/// The claims of a DID token.
///
/// The claims of a [`VerifiedToken`](crate::VerifiedToken) are proven to be signed by its issuer.
/// The claims of a [`dangerous::UnverifiedToken`](crate::dangerous::UnverifiedToken) may have been
/// written by anyone. `Debug` shows only the times, because the subject and the token ID do not
/// belong in a log.
///
/// # Examples
///
/// ```
/// use magic_admin::VerifiedToken;
///
/// fn summary(user: &VerifiedToken) -> String {
///     let claims = user.claims();
///     format!("from {} until {}", claims.issued_at(), claims.expires_at())
/// }
/// ```
#[derive(Clone)]
pub struct Claims {
    issued_at: UnixSeconds,
    expires_at: UnixSeconds,
    not_before: UnixSeconds,
    /// The values of `iss`, `sub`, `aud`, `tid` and `add`, one after another. Clones share it.
    text: Arc<str>,
    /// The end offsets of `iss`, `sub`, `aud` and `tid` in `text`; the rest is `add`.
    ends: [usize; 4],
    has_attachment_proof: bool,
}

/// The values of the claims, borrowed from the token where possible.
pub(crate) struct ClaimFields<'a> {
    pub(crate) issued_at: UnixSeconds,
    pub(crate) expires_at: UnixSeconds,
    pub(crate) not_before: UnixSeconds,
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
    pub(crate) token_id: &'a str,
    pub(crate) attachment_proof: Option<&'a str>,
}

impl Claims {
    pub(crate) fn new(fields: &ClaimFields<'_>) -> Self {
        let parts = [
            fields.issuer,
            fields.subject,
            fields.audience,
            fields.token_id,
            fields.attachment_proof.unwrap_or_default(),
        ];
        let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
        let ends = {
            let [issuer, subject, audience, token_id, attachment_proof] = parts;
            let ends = [issuer, subject, audience, token_id].map(|part| {
                text.push_str(part);
                text.len()
            });
            text.push_str(attachment_proof);
            ends
        };
        Self {
            issued_at: fields.issued_at,
            expires_at: fields.expires_at,
            not_before: fields.not_before,
            text: text.into(),
            ends,
            has_attachment_proof: fields.attachment_proof.is_some(),
        }
    }

    /// Returns `iat`, the time at which the client says it issued the token, rounded down to a
    /// second.
    #[must_use]
    pub const fn issued_at(&self) -> UnixSeconds {
        self.issued_at
    }

    /// Returns `ext`, the last second in which the token is valid, rounded down to a second.
    #[must_use]
    pub const fn expires_at(&self) -> UnixSeconds {
        self.expires_at
    }

    /// Returns `nbf`, the first second in which the token is valid, rounded up to a second.
    #[must_use]
    pub const fn not_before(&self) -> UnixSeconds {
        self.not_before
    }

    /// Returns `iss` exactly as written in the token.
    ///
    /// To compare users, parse it as an [`Issuer`](crate::Issuer) instead of comparing strings.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.part(0, self.ends[0])
    }

    /// Returns `sub`, the opaque ID that Magic gives the user.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.part(self.ends[0], self.ends[1])
    }

    /// Returns `aud`, the client ID of the application for which the token was issued.
    #[must_use]
    pub fn audience(&self) -> &str {
        self.part(self.ends[1], self.ends[2])
    }

    /// Returns `tid`, the unique ID of this token.
    #[must_use]
    pub fn token_id(&self) -> &str {
        self.part(self.ends[2], self.ends[3])
    }

    /// Returns `add`, the signature over the attachment; `None` if it is absent or null.
    #[must_use]
    pub fn attachment_proof(&self) -> Option<&str> {
        self.has_attachment_proof.then(|| self.part(self.ends[3], self.text.len()))
    }

    /// Returns the total length of the string claims in bytes.
    pub(crate) fn text_len(&self) -> usize {
        self.text.len()
    }

    fn part(&self, start: usize, end: usize) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("issued_at", &self.issued_at)
            .field("expires_at", &self.expires_at)
            .field("not_before", &self.not_before)
            .finish_non_exhaustive()
    }
}
