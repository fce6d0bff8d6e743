use std::convert::Infallible;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::{Extensions, request::Parts};
use magic_admin::{AuthorizationError, Issuer, VerifiedToken};

use crate::rejection::{AuthRejection, RejectionStyle};

/// Extractor for [`LoadUser`](super::LoadUser) and [`AfterLogout`](super::AfterLogout): the issuer of
/// the token that the logout route has verified.
///
/// The route verifies the signature, the times and the audience, and consults neither the revocation
/// list nor a policy. Therefore a logout that failed at Magic can be repeated, although it has
/// revoked its own token. [`Authenticated`](crate::Authenticated) would reject that token.
///
/// Only the logout route provides it, and only once it has verified the token of the request.
/// Anywhere else, and in a logout without a token, the request is rejected as one without credentials
/// (`ERROR_MISSING_AUTH_HEADER`, with a status by the route's
/// [style](super::LogoutRouter::style)), and `Option<LogoutToken>` is `None`.
///
/// # Security
///
/// If the application identifies the user by this token alone, the issuer on record is trivially the
/// token's. Anyone with a token of the user, even a revoked one, can then log the user out until it
/// expires. That is fine for an application without sessions. If there are sessions, look up the user
/// of the session instead, which is the stronger check: the session and the token must both belong
/// to the user.
///
/// # Examples
///
/// An application without sessions: a request acts for the user whose token it carries.
///
/// ```
/// use std::convert::Infallible;
///
/// use axum::Router;
/// use magic_admin::Magic;
/// use magic_admin_axum::{LogoutToken, load_user_fn, logout_router};
///
/// fn logout(magic: Magic) -> Router {
///     let users = load_user_fn(|token: LogoutToken| async move {
///         Ok::<_, Infallible>(Some(token.issuer()))
///     });
///     logout_router(magic, users).into()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    issuer: Issuer,
}

impl LogoutToken {
    /// Returns the issuer of the token.
    #[must_use]
    pub const fn issuer(&self) -> Issuer {
        self.issuer
    }
}

impl<S: Sync> FromRequestParts<S> for LogoutToken {
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, AuthRejection> {
        let (token, style) = match parts.extensions.get::<Noted>() {
            Some(noted) => (noted.token.clone(), noted.style),
            None => (None, RejectionStyle::Rfc6750),
        };
        token.ok_or_else(|| AuthRejection::new(AuthorizationError::missing(), style))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for LogoutToken {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get::<Noted>().and_then(|noted| noted.token.clone()))
    }
}

/// Notes the token of a logout for the hooks. Replaces what another logout may have noted, even if
/// there is no token.
pub(super) fn note(
    extensions: &mut Extensions,
    verified: Option<&VerifiedToken>,
    style: RejectionStyle,
) {
    let token = verified.map(|token| LogoutToken { issuer: token.issuer() });
    extensions.insert(Noted { token, style });
}

/// Private, so that nothing else can put a token into a request.
#[derive(Clone)]
struct Noted {
    token: Option<LogoutToken>,
    style: RejectionStyle,
}
