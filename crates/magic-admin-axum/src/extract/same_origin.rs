use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{
    admission::NotAdmitted,
    authenticator::HasAuthenticator,
    rejection::{AuthRejection, Reason, RejectionStyle},
};

/// Extractor that rejects requests from pages of other sites.
///
/// Browsers add cookies to requests from any site, so every route that acts for the user of a
/// session cookie needs this check. It is especially important for WebSockets: CORS does not apply
/// to them, and a `SameSite=Lax` cookie does not protect them from other origins on the same site.
/// A request from another site gets a 403 `ERROR_CROSS_SITE`.
///
/// The rule is the same as for [tokens in cookies](crate::TokenSources::or_cookie), including the
/// [allowed origins](crate::TokenSources::allow_origin). It needs an
/// [`Authenticator`](crate::Authenticator) in the router's state.
///
/// # Security
///
/// Never change anything in a `GET`; `SameOrigin` protects other methods and WebSockets. A `GET` or
/// `HEAD` request that has neither `Sec-Fetch-Site` nor `Origin` passes, even from another site:
/// older browsers send neither with a link or an image, and over plain HTTP no browser does.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::post};
/// use magic_admin::Magic;
/// use magic_admin_axum::SameOrigin;
///
/// async fn sign_out_this_device(_: SameOrigin) {
///     // End the session.
/// }
///
/// let app: Router<Magic> = Router::new().route("/sign-out", post(sign_out_this_device));
/// ```
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a test that calls a handler can create one")]
pub struct SameOrigin;

impl<S> FromRequestParts<S> for SameOrigin
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let auth = state.authenticator();
        let outcome = match auth.for_request(parts) {
            Ok(chosen) if chosen.sources().is_same_origin(parts) => Ok(Self),
            Ok(chosen) => Err(NotAdmitted::rejected(Reason::CrossSite, chosen)),
            Err(answer) => Err(NotAdmitted::Unserved(answer)),
        };
        outcome.map_err(|failed| failed.reject(parts, RejectionStyle::Rfc6750))
    }
}
