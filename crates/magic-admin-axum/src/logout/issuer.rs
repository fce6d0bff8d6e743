use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, request::Parts};
use magic_admin::{AuthorizationError, Issuer, VerifiedToken};

use crate::rejection::{AuthRejection, RejectionStyle};

/// Extractor for the issuer of the token that the logout route has verified.
///
/// Use it in [`LoadUser`](super::LoadUser) and [`AfterLogout`](super::AfterLogout).
///
/// The route verifies the signature, the times and the audience, but consults neither the
/// revocation list nor a policy. A logout that failed at Magic can therefore be repeated, although
/// it has already revoked its own token. [`Authenticated`](crate::Authenticated) would reject that
/// token.
///
/// It is only available inside the logout route, once the route has verified the request's token.
/// Everywhere else, and in a logout without a token, the request is rejected with
/// `ERROR_MISSING_AUTH_HEADER`; the status depends on the route's
/// [style](super::LogoutRouter::style). `Option<LogoutIssuer>` is then `None`.
///
/// # Security
///
/// If the application identifies the user only by this token, the issuer on record always matches.
/// Anyone with a token of the user, even a revoked one, can then log the user out until the token
/// expires. That is acceptable for an application without sessions. If there are sessions, look up
/// the user of the session instead. That check is stronger, because both the session and the token
/// must belong to the user.
///
/// # Examples
///
/// An application without sessions, in which a request acts for the user who signed its token:
///
/// ```
/// use std::convert::Infallible;
///
/// use axum::Router;
/// use magic_admin::Magic;
/// use magic_admin_axum::{LogoutIssuer, load_user_fn, logout_router};
///
/// fn logout(magic: Magic) -> Router {
///     let users = load_user_fn(|user: LogoutIssuer| async move {
///         Ok::<_, Infallible>(Some(user.issuer()))
///     });
///     logout_router(magic, users).into()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutIssuer {
    issuer: Issuer,
}

impl LogoutIssuer {
    /// Returns the issuer of the token.
    #[must_use]
    pub const fn issuer(&self) -> Issuer {
        self.issuer
    }
}

/// For tests that call a hook directly.
impl From<&VerifiedToken> for LogoutIssuer {
    fn from(token: &VerifiedToken) -> Self {
        Self { issuer: token.issuer() }
    }
}

impl<S: Sync> FromRequestParts<S> for LogoutIssuer {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthRejection> {
        let (token, style) = match parts.extensions.get::<Noted>() {
            Some(noted) => (noted.token.clone(), noted.style),
            None => (None, RejectionStyle::Rfc6750),
        };
        token.ok_or_else(|| AuthRejection::new(AuthorizationError::missing(), style))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for LogoutIssuer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Noted>().and_then(|noted| noted.token.clone()))
    }
}

/// Stores the token of a logout for the hooks. Replaces the token of an earlier logout, even if
/// there is no new one.
pub(super) fn note(
    extensions: &mut Extensions,
    verified: Option<&VerifiedToken>,
    style: RejectionStyle,
) {
    let token = verified.map(LogoutIssuer::from);
    extensions.insert(Noted { token, style });
}

/// Private, so that no other code can put a token into a request.
#[derive(Clone)]
struct Noted {
    token: Option<LogoutIssuer>,
    style: RejectionStyle,
}
