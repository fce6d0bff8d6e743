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

/// Extractor for the signed-in user's profile at Magic, such as the e-mail address and the wallets.
///
/// The token is verified in the same way as by [`Authenticated`](crate::Authenticated), and a
/// handler can use both extractors. The profile comes from [`Magic::profile`], which caches it, so
/// most requests do not call Magic. [`MagicBuilder::profiles`](magic_admin::MagicBuilder::profiles)
/// configures how long profiles are cached, which wallets are fetched, and whether stale profiles
/// are served while Magic is down.
///
/// It needs an [`Authenticator`](crate::Authenticator) that was created from a [`Magic`] in the
/// router's state.
///
/// | case | response |
/// |---|---|
/// | no valid token | the same as from [`Authenticated`](crate::Authenticated) |
/// | Magic does not know the user | 403 `ERROR_UNKNOWN_USER` |
/// | Magic enforces its rate limit | 503 `SERVICE_ERROR` with `Retry-After` |
/// | Magic does not respond in time | 504 `SERVICE_ERROR` |
/// | the call to Magic fails in any other way | 502 `SERVICE_ERROR` |
/// | the authenticator was created from a `Verifier` | 502 `SERVICE_ERROR` |
///
/// `Option<Profile>` is `None` if the request has no credentials or uses another scheme. In every
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
/// To call handlers in unit tests, create a `Profile` from a [`UserMetadata`].
#[derive(Clone, Debug)]
pub struct Profile(UserMetadata);

impl Profile {
    /// Returns the underlying [`UserMetadata`].
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
            tracing::error!(
                "`Profile` has no Admin API: create the `Authenticator` from a `Magic`"
            );
            Err(Reason::NoService)
        }
    };
    profile.map(Profile).map_err(|reason| NotAdmitted::rejected(reason, chosen))
}
