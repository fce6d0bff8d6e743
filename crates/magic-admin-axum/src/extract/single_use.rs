use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use http::request::Parts;
use magic_admin::{ReplayGuard, VerifiedToken};

use crate::{
    admission::authenticate,
    authenticator::HasAuthenticator,
    rejection::{AuthRejection, RejectionStyle},
};

/// Extractor: as [`Authenticated`](crate::Authenticated), and the token is accepted only once.
///
/// For routes that exchange a token for a session or anything else of value. Needs an
/// [`Authenticator`](crate::Authenticator) and a [`ReplayGuard`] in the router's state. The token is
/// consumed before the handler runs; the second request with it is answered 401
/// `ERROR_DIDT_REPLAYED`, whatever became of the first.
///
/// # When to consume
///
/// Anyone can sign tokens with their own key, and each one consumed takes a place in the guard's
/// store. And if the work behind the route fails, Magic being down for example, the user cannot
/// repeat the request. So where a route can do its work twice without harm, take
/// [`Authenticated`](crate::Authenticated), do the work, and consume last:
///
/// ```
/// use axum::extract::State;
/// use magic_admin::{Magic, ReplayGuard};
/// use magic_admin_axum::{AuthRejection, Authenticated};
///
/// async fn login(
///     user: Authenticated,
///     State(magic): State<Magic>,
///     State(guard): State<ReplayGuard>,
/// ) -> Result<String, AuthRejection> {
///     let metadata = magic.users().metadata_by_token(&user).await?; // fails: nothing is consumed
///     guard.consume(&user).await?; // of several requests with one token, exactly one passes
///     Ok(format!("a session for {}", metadata.email().unwrap_or("you")))
/// }
/// ```
///
/// Take `SingleUse` where the work must not be done twice.
///
/// ```
/// use axum::{Router, extract::FromRef, routing::post};
/// use magic_admin::ReplayGuard;
/// use magic_admin_axum::{Authenticator, SingleUse};
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     auth: Authenticator,
///     guard: ReplayGuard,
/// }
///
/// async fn transfer(user: SingleUse) -> String {
///     format!("transferred on behalf of {}", user.issuer())
/// }
///
/// let app: Router<AppState> = Router::new().route("/transfer", post(transfer));
/// ```
#[derive(Clone, Debug)]
pub struct SingleUse(VerifiedToken);

impl SingleUse {
    /// The core's type: the proof that the token was verified.
    #[must_use]
    pub fn into_inner(self) -> VerifiedToken {
        self.0
    }
}

impl Deref for SingleUse {
    type Target = VerifiedToken;

    fn deref(&self) -> &VerifiedToken {
        &self.0
    }
}

impl From<SingleUse> for VerifiedToken {
    fn from(single_use: SingleUse) -> Self {
        single_use.0
    }
}

impl<S> FromRequestParts<S> for SingleUse
where
    S: HasAuthenticator + Sync,
    ReplayGuard: FromRef<S>,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let guard = ReplayGuard::from_ref(state);
        match authenticate(parts, &state.authenticator(), Some(&guard)).await {
            Ok((verified, _)) => Ok(Self(verified)),
            Err(failed) => Err(failed.reject(parts, RejectionStyle::Rfc6750)),
        }
    }
}
