use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{
    admission::NotAdmitted,
    authenticator::HasAuthenticator,
    rejection::{AuthRejection, Reason, RejectionStyle},
};

/// Extractor: the request was sent by a page of this application, or not by a page at all.
///
/// Browsers add cookies to requests of any site, so a route that acts for the user of a session
/// cookie needs this check: above all a WebSocket, to which neither CORS nor a `SameSite=Lax` cookie
/// on the same site applies. Everything else is rejected with 403 `ERROR_CROSS_SITE`.
///
/// The rule is the one for [tokens in cookies](crate::TokenSources::or_cookie), including the
/// [origins that are allowed](crate::TokenSources::allow_origin). Needs an
/// [`Authenticator`](crate::Authenticator) in the router's state.
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
pub struct SameOrigin(());

impl<S> FromRequestParts<S> for SameOrigin
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let auth = state.authenticator();
        let outcome = match auth.for_request(parts) {
            Ok(chosen) if chosen.sources().is_same_origin(parts) => Ok(Self(())),
            Ok(chosen) => Err(NotAdmitted::rejected(Reason::CrossSite, chosen)),
            Err(answer) => Err(NotAdmitted::Unserved(answer)),
        };
        outcome.map_err(|failed| failed.reject(parts, RejectionStyle::Rfc6750))
    }
}
