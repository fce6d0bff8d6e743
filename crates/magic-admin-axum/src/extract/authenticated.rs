use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use magic_admin::VerifiedToken;

use crate::{
    admission::authenticate,
    authenticator::HasAuthenticator,
    rejection::{AuthRejection, RejectionStyle},
};

/// Extractor: the user whose DID token came with the request and was verified.
///
/// Needs an [`Authenticator`](crate::Authenticator) in the router's state, as the state itself or as a part of it; without
/// one the application does not compile. Uses what a
/// [`RequireTokenLayer`](crate::RequireTokenLayer) in front has verified, if that has the same
/// `Magic`, and verifies otherwise, so it is safe with and without a layer.
///
/// A request without a valid token is answered according to RFC 6750, see [`AuthRejection`].
/// `Option<Authenticated>` is `None` when there is no token, or credentials of another scheme. A
/// Bearer credential that is malformed or rejected is answered the same as without `Option`.
///
/// A token is not consumed: see [`SingleUse`](crate::SingleUse) for routes that exchange one for a
/// session.
///
/// # Examples
///
/// ```
/// use axum::{Router, extract::FromRef, routing::get};
/// use magic_admin_axum::{Authenticated, Authenticator};
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     auth: Authenticator,
/// }
///
/// async fn me(user: Authenticated) -> String {
///     user.issuer().to_string()
/// }
///
/// async fn feed(user: Option<Authenticated>) -> String {
///     user.map_or("hello, guest".to_owned(), |user| format!("hello, {}", user.address()))
/// }
///
/// let app: Router<AppState> = Router::new().route("/me", get(me)).route("/feed", get(feed));
/// ```
///
/// Handlers can be called in unit tests: an `Authenticated` is made from a [`VerifiedToken`].
#[derive(Clone, Debug)]
pub struct Authenticated(VerifiedToken);

impl Authenticated {
    /// Returns the core's type: the proof that the token was verified.
    #[must_use]
    pub fn into_inner(self) -> VerifiedToken {
        self.0
    }
}

impl Deref for Authenticated {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.0
    }
}

impl From<VerifiedToken> for Authenticated {
    fn from(verified: VerifiedToken) -> Self {
        Self(verified)
    }
}

impl From<Authenticated> for VerifiedToken {
    fn from(authenticated: Authenticated) -> Self {
        authenticated.0
    }
}

impl<S> FromRequestParts<S> for Authenticated
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        match authenticate(parts, &state.authenticator(), None).await {
            Ok((verified, _)) => Ok(Self(verified)),
            Err(failed) => Err(failed.reject(parts, RejectionStyle::Rfc6750)),
        }
    }
}

impl<S> OptionalFromRequestParts<S> for Authenticated
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, AuthRejection> {
        match authenticate(parts, &state.authenticator(), None).await {
            Ok((verified, _)) => Ok(Some(Self(verified))),
            Err(failed) if failed.is_absence() => Ok(None),
            Err(failed) => Err(failed.reject(parts, RejectionStyle::Rfc6750)),
        }
    }
}
