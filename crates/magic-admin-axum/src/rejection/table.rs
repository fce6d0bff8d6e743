use std::time::Duration;

use http::StatusCode;
#[cfg(feature = "online")]
use magic_admin::ApiErrorKind;
#[cfg(feature = "gating")]
use magic_admin::gating::GatingErrorKind;
use magic_admin::{AuthorizationErrorKind, VerifyErrorKind};

use super::reason::Reason;

/// The style of the responses to requests without a valid token.
///
/// # Examples
///
/// ```
/// use axum::Router;
/// use magic_admin::Magic;
/// use magic_admin_axum::{LoadUser, RejectionStyle, logout_router};
///
/// fn logout(magic: Magic, users: impl LoadUser<()>) -> Router {
///     logout_router(magic, users).style(RejectionStyle::Rfc6750).into()
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RejectionStyle {
    /// Follows RFC 6750 with its statuses and challenges: 401, or 400 if the header is malformed.
    Rfc6750,
    /// Responds with a 400 and no challenge, as Magic documents for the logout route.
    BadRequest,
}

/// The response for a reason.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    /// A sentence that is fixed for each reason. It uses only the characters allowed in RFC 6750's
    /// `error_description`.
    pub(super) detail: &'static str,
    pub(super) challenge: Option<Challenge>,
    pub(super) retry_after: Option<Duration>,
}

pub(super) enum Challenge {
    Bare,
    InvalidRequest,
    InvalidToken,
}

impl Answer {
    /// Maps a reason to its response. No other code determines a status.
    pub(super) fn of(reason: &Reason, style: RejectionStyle) -> Self {
        let answer = match reason {
            Reason::Authorization(error) => {
                let (status, challenge) = match error.kind() {
                    AuthorizationErrorKind::Missing | AuthorizationErrorKind::OtherScheme => {
                        (StatusCode::UNAUTHORIZED, Challenge::Bare)
                    }
                    // Malformed, and kinds that a later `magic-admin` may add: the credentials were
                    // sent as `Bearer`.
                    _ => (StatusCode::BAD_REQUEST, Challenge::InvalidRequest),
                };
                Self::plain(status, error.code(), error.kind().description()).challenged(challenge)
            }
            Reason::Token(error) => {
                let (code, detail) = (error.code(), error.kind().description());
                match error.kind() {
                    VerifyErrorKind::Unavailable => Self::later(code, detail, error.retry_after()),
                    // Every other kind is a verdict on the token, including kinds that a later
                    // `magic-admin` may add.
                    _ => Self::plain(StatusCode::UNAUTHORIZED, code, detail)
                        .challenged(Challenge::InvalidToken),
                }
            }
            Reason::Forbidden => Self::plain(
                StatusCode::FORBIDDEN,
                "ERROR_FORBIDDEN",
                "The user is not allowed to do this.",
            ),
            Reason::CrossSite => Self::plain(
                StatusCode::FORBIDDEN,
                "ERROR_CROSS_SITE",
                "The request comes from another site.",
            ),
            #[cfg(feature = "online")]
            Reason::IssuerMismatch => Self::plain(
                StatusCode::FORBIDDEN,
                "ERROR_ISSUER_MISMATCH",
                "The DID token does not belong to the user that the request acts for.",
            ),
            #[cfg(feature = "online")]
            Reason::UnknownUser(_) => Self::plain(
                StatusCode::FORBIDDEN,
                "ERROR_UNKNOWN_USER",
                "Magic does not know the user.",
            ),
            #[cfg(feature = "online")]
            Reason::Service(error) => match error.kind() {
                ApiErrorKind::RateLimiting => {
                    Self::later(SERVICE_ERROR, SERVICE_FAILED, error.retry_after())
                }
                ApiErrorKind::ApiConnection if error.is_timeout() => {
                    Self::plain(StatusCode::GATEWAY_TIMEOUT, SERVICE_ERROR, SERVICE_FAILED)
                }
                _ => Self::plain(StatusCode::BAD_GATEWAY, SERVICE_ERROR, SERVICE_FAILED),
            },
            #[cfg(feature = "online")]
            Reason::NoService => {
                Self::plain(StatusCode::BAD_GATEWAY, SERVICE_ERROR, SERVICE_FAILED)
            }
            Reason::Store(_) => Self::later(
                VerifyErrorKind::Unavailable.code(),
                VerifyErrorKind::Unavailable.description(),
                None,
            ),
            #[cfg(feature = "gating")]
            Reason::Ownership(error) => {
                let (code, detail) = (error.code(), error.kind().description());
                match error.kind() {
                    GatingErrorKind::NotOwned => Self::plain(StatusCode::FORBIDDEN, code, detail),
                    // Every other kind, including later ones, says nothing about the user.
                    _ => Self::later(code, detail, error.retry_after()),
                }
            }
            Reason::Unserved(status) => Self::plain(
                *status,
                "ERROR_UNSERVED",
                "The application does not serve this request.",
            ),
        };
        match style {
            RejectionStyle::BadRequest if answer.challenge.is_some() => {
                Self { status: StatusCode::BAD_REQUEST, challenge: None, ..answer }
            }
            RejectionStyle::BadRequest | RejectionStyle::Rfc6750 => answer,
        }
    }

    /// Returns the gRPC status for this response.
    pub(super) fn grpc_status(&self) -> u16 {
        match self.status {
            StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED => 16, // UNAUTHENTICATED
            StatusCode::FORBIDDEN => 7,                               // PERMISSION_DENIED
            StatusCode::SERVICE_UNAVAILABLE => 14,                    // UNAVAILABLE
            _ => 13,                                                  // INTERNAL
        }
    }

    const fn plain(status: StatusCode, code: &'static str, detail: &'static str) -> Self {
        Self { status, code, detail, challenge: None, retry_after: None }
    }

    fn challenged(self, challenge: Challenge) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    fn later(code: &'static str, detail: &'static str, retry_after: Option<Duration>) -> Self {
        Self {
            retry_after: Some(whole_seconds(retry_after)),
            ..Self::plain(StatusCode::SERVICE_UNAVAILABLE, code, detail)
        }
    }
}

/// Rounds up to whole seconds, between one second and one day.
fn whole_seconds(known: Option<Duration>) -> Duration {
    let known = known.unwrap_or(DEFAULT_RETRY_AFTER);
    let begun = u64::from(known.subsec_nanos() > 0);
    let seconds = known.as_secs().saturating_add(begun);
    Duration::from_secs(seconds.clamp(1, LONGEST_RETRY_AFTER))
}

#[cfg(feature = "online")]
const SERVICE_ERROR: &str = "SERVICE_ERROR";
#[cfg(feature = "online")]
const SERVICE_FAILED: &str = "The request to Magic failed.";
const DEFAULT_RETRY_AFTER: Duration = Duration::from_secs(5);
const LONGEST_RETRY_AFTER: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use magic_admin::AuthorizationError;

    use super::*;

    #[test]
    fn retry_after_is_between_1_s_and_1_day() {
        let table = [
            (None, 5),
            (Some(Duration::ZERO), 1),
            (Some(Duration::from_millis(1)), 1),
            (Some(Duration::from_secs(2)), 2),
            (Some(Duration::from_millis(2_001)), 3),
            (Some(Duration::MAX), 86_400),
        ];
        for (known, seconds) in table {
            assert_eq!(whole_seconds(known).as_secs(), seconds, "{known:?}");
        }
    }

    #[test]
    fn every_detail_is_an_error_description() {
        let verdicts = [
            VerifyErrorKind::Malformed,
            VerifyErrorKind::FailedRecoveringProof,
            VerifyErrorKind::IncorrectSigner,
            VerifyErrorKind::Expired,
            VerifyErrorKind::NotYetValid,
            VerifyErrorKind::AudienceMismatch,
            VerifyErrorKind::TooOld,
            VerifyErrorKind::Lifespan,
            VerifyErrorKind::AttachmentRequired,
            VerifyErrorKind::RefusedByPolicy,
            VerifyErrorKind::Revoked,
            VerifyErrorKind::Replayed,
            VerifyErrorKind::Unavailable,
        ];
        let reasons = [
            Reason::Authorization(AuthorizationError::missing()),
            Reason::Authorization(AuthorizationError::malformed()),
            Reason::Forbidden,
            Reason::CrossSite,
            #[cfg(feature = "online")]
            Reason::IssuerMismatch,
            #[cfg(feature = "online")]
            Reason::NoService,
            Reason::Unserved(StatusCode::NOT_FOUND),
        ];
        let details: Vec<_> = verdicts
            .map(|kind| kind.description())
            .into_iter()
            .chain(OWNERSHIP)
            .chain(reasons.iter().map(|why| Answer::of(why, RejectionStyle::Rfc6750).detail))
            .collect();
        #[cfg(feature = "gating")]
        const OWNERSHIP: [&str; 2] =
            [GatingErrorKind::NotOwned.description(), GatingErrorKind::Timeout.description()];
        #[cfg(not(feature = "gating"))]
        const OWNERSHIP: [&str; 0] = [];
        let allowed = |byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        for detail in &details {
            assert!(detail.ends_with('.') && detail.bytes().all(allowed), "{detail}");
        }
        assert_eq!(details.iter().collect::<HashSet<_>>().len(), details.len(), "{details:?}");
    }
}
