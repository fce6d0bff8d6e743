use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use magic_admin::{Magic, VerifiedToken};

use crate::{
    AuthRejection, RejectionConfig,
    credentials::{bearer_token, mark_sensitive},
    failure::Failure,
    rejection::{Dialect, none_without_credentials},
};

/// Extractor: the user whose DID token came with the request and was verified.
///
/// Needs [`Magic`] in the router's state: as the state itself, or as a part of it by [`FromRef`];
/// without it the application does not compile. Takes over what a
/// [`RequireToken`](crate::RequireToken) layer in front found out, if that has the same `Magic`,
/// and verifies otherwise, so it is safe with and without a layer.
///
/// A request without a valid token is answered as RFC 6750 says, see [`AuthRejection`]. With
/// `Option<Authenticated>` no token, or credentials of another scheme, are `None`; a Bearer
/// credential that is malformed or refused is answered the same as without `Option`.
///
/// ```
/// use axum::{Router, extract::FromRef, routing::get};
/// use magic_admin::Magic;
/// use magic_admin_axum::Authenticated;
///
/// #[derive(Clone)]
/// struct AppState {
///     magic: Magic,
/// }
///
/// impl FromRef<AppState> for Magic {
///     fn from_ref(state: &AppState) -> Self {
///         state.magic.clone()
///     }
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
#[derive(Clone, Debug)]
pub struct Authenticated(VerifiedToken);

impl Authenticated {
    /// The core's type: the proof that the token was verified.
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

impl From<Authenticated> for VerifiedToken {
    fn from(authenticated: Authenticated) -> Self {
        authenticated.0
    }
}

impl<S> FromRequestParts<S> for Authenticated
where
    Magic: FromRef<S>,
    S: Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        authenticate(parts, &Magic::from_ref(state)).await.map(Self).map_err(|failure| {
            AuthRejection::new(failure, Dialect::Rfc6750)
                .with_config(RejectionConfig::in_force(None, &parts.extensions))
        })
    }
}

impl<S> OptionalFromRequestParts<S> for Authenticated
where
    Magic: FromRef<S>,
    S: Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, AuthRejection> {
        let outcome = <Self as FromRequestParts<S>>::from_request_parts(parts, state).await;
        none_without_credentials(outcome)
    }
}

pub(crate) async fn authenticate(
    parts: &mut Parts,
    magic: &Magic,
) -> Result<VerifiedToken, Failure> {
    let known = parts.extensions.get::<VerifiedToken>();
    if let Some(verified) = known.filter(|verified| magic.has_verified(verified)) {
        return Ok(verified.clone());
    }
    mark_sensitive(&mut parts.headers);
    let verified = magic.verify(bearer_token(&parts.headers)?).await?;
    // For the next extractor of this request. What another `Magic` left there stays its own.
    parts.extensions.get_or_insert_with(|| verified.clone());
    Ok(verified)
}
