use std::ops::Deref;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
#[cfg(doc)]
use magic_admin::Magic;
use magic_admin::{VerifiedToken, admin::UserMetadata};

use crate::{
    admission::{NotAdmitted, authenticate},
    authenticator::{Chosen, HasAuthenticator},
    rejection::{AuthRejection, Reason, RejectionStyle},
    verifying::Verifying,
};

/// Extractor: what Magic knows about the user whose DID token came with the request, such as the
/// e-mail address and the wallets.
///
/// The token is verified as by [`Authenticated`](crate::Authenticated); a handler can take both.
/// The profile comes from [`Magic::profile`], which remembers it for a while, so most requests cost
/// no call to Magic. [`MagicBuilder::profiles`](magic_admin::MagicBuilder::profiles) says for how
/// long, which wallets are fetched, and whether old profiles are served while Magic is down.
///
/// Needs an [`Authenticator`](crate::Authenticator) in the router's state that was made from a [`Magic`].
///
/// | case | response |
/// |---|---|
/// | no valid token | as [`Authenticated`](crate::Authenticated) |
/// | Magic does not know the user | 403 `ERROR_UNKNOWN_USER` |
/// | Magic limits the rate, does not answer in time, or fails otherwise | 503, 504 or 502 `SERVICE_ERROR` |
/// | the authenticator was made from a `Verifier` | 502 `SERVICE_ERROR` |
///
/// `Option<Profile>` is `None` when there is no token, or credentials of another scheme; in every
/// other case the response is the same as without `Option`.
///
/// # Examples
///
/// ```
/// use axum::{Router, extract::FromRef, routing::get};
/// use magic_admin_axum::{Authenticator, Profile};
///
/// #[derive(Clone, FromRef)]
/// struct AppState {
///     auth: Authenticator, // Authenticator::new(magic)
/// }
///
/// async fn settings(profile: Profile) -> String {
///     format!("We write to {}", profile.email().unwrap_or("nobody"))
/// }
///
/// async fn banner(profile: Option<Profile>) -> String {
///     let name = profile.as_deref().and_then(|profile| profile.username());
///     format!("Hello, {}!", name.unwrap_or("guest"))
/// }
///
/// let app: Router<AppState> =
///     Router::new().route("/settings", get(settings)).route("/banner", get(banner));
/// ```
///
/// Handlers can be called in unit tests: a `Profile` is made from a [`UserMetadata`].
#[derive(Clone, Debug)]
pub struct Profile(UserMetadata);

impl Profile {
    /// Returns the core's type.
    #[must_use]
    pub fn into_inner(self) -> UserMetadata {
        self.0
    }
}

impl Deref for Profile {
    type Target = UserMetadata;

    fn deref(&self) -> &UserMetadata {
        &self.0
    }
}

impl From<UserMetadata> for Profile {
    fn from(metadata: UserMetadata) -> Self {
        Self(metadata)
    }
}

impl From<Profile> for UserMetadata {
    fn from(profile: Profile) -> Self {
        profile.0
    }
}

impl<S> FromRequestParts<S> for Profile
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let auth = state.authenticator();
        let outcome = match authenticate(parts, &auth, None).await {
            Ok((user, chosen)) => look_up(&user, chosen).await,
            Err(failed) => Err(failed),
        };
        outcome.map_err(|failed| failed.reject(parts, RejectionStyle::Rfc6750))
    }
}

impl<S> OptionalFromRequestParts<S> for Profile
where
    S: HasAuthenticator + Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &S,
    ) -> Result<Option<Self>, AuthRejection> {
        let auth = state.authenticator();
        let outcome = match authenticate(parts, &auth, None).await {
            Ok((user, chosen)) => look_up(&user, chosen).await.map(Some),
            Err(failed) if failed.is_absence() => Ok(None),
            Err(failed) => Err(failed),
        };
        outcome.map_err(|failed| failed.reject(parts, RejectionStyle::Rfc6750))
    }
}

async fn look_up(user: &VerifiedToken, chosen: Chosen<'_>) -> Result<Profile, NotAdmitted> {
    let profile = match &*chosen.verifying {
        Verifying::Magic(magic) => magic.profile(user).await.map_err(Reason::from),
        Verifying::Verifier(_) => {
            tracing::error!("`Profile` has no Admin API: make the `Authenticator` from a `Magic`");
            Err(Reason::NoService)
        }
    };
    profile.map(Profile).map_err(|reason| NotAdmitted::rejected(reason, chosen))
}
