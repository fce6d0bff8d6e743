use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use http::{Extensions, request::Parts};
use magic_admin::{Magic, ReplayGuard, VerifiedToken};

use crate::{
    AuthRejection, RejectionConfig, authenticated::authenticate, failure::Failure,
    rejection::Dialect,
};

/// Extractor: the user whose DID token came with the request, was verified, and is used for the
/// first time. For routes that exchange a token for a session.
///
/// The token is consumed before the handler runs, so a login that fails later needs a new token.
/// A token that was used before is refused with `ERROR_DIDT_REPLAYED`; all else is as with
/// [`Authenticated`](crate::Authenticated). Behind a
/// [`RequireToken::single_use`](crate::RequireToken::single_use) layer it takes over what the
/// layer consumed.
///
/// Needs [`Magic`] and a [`ReplayGuard`] in the router's state; without them the application does
/// not compile.
///
/// ```
/// use axum::{Router, extract::FromRef, routing::post};
/// use magic_admin::{Magic, ReplayGuard};
/// use magic_admin_axum::SingleUse;
///
/// #[derive(Clone)]
/// struct AppState {
///     magic: Magic,
///     replay_guard: ReplayGuard, // ReplayGuard::in_memory()
/// }
///
/// impl FromRef<AppState> for Magic {
///     fn from_ref(state: &AppState) -> Self {
///         state.magic.clone()
///     }
/// }
///
/// impl FromRef<AppState> for ReplayGuard {
///     fn from_ref(state: &AppState) -> Self {
///         state.replay_guard.clone()
///     }
/// }
///
/// async fn login(user: SingleUse) -> String {
///     format!("a session for {}", user.issuer())
/// }
///
/// let app: Router<AppState> = Router::new().route("/login", post(login));
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
    Magic: FromRef<S>,
    ReplayGuard: FromRef<S>,
    S: Sync,
{
    type Rejection = AuthRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AuthRejection> {
        let (magic, guard) = (Magic::from_ref(state), ReplayGuard::from_ref(state));
        consume(parts, &magic, &guard).await.map(Self).map_err(|failure| {
            AuthRejection::new(failure, Dialect::Rfc6750)
                .with_config(RejectionConfig::in_force(None, &parts.extensions))
        })
    }
}

async fn consume(
    parts: &mut Parts,
    magic: &Magic,
    guard: &ReplayGuard,
) -> Result<VerifiedToken, Failure> {
    let verified = authenticate(parts, magic).await?;
    if !Consumed::is_in(&parts.extensions, magic) {
        guard.consume(&verified).await?;
        parts.extensions.insert(Consumed(verified.clone()));
    }
    Ok(verified)
}

/// In a request's extensions: its token was consumed, so who asks next does not take it for a
/// replay.
#[derive(Clone)]
pub(crate) struct Consumed(pub(crate) VerifiedToken);

impl Consumed {
    pub(crate) fn is_in(extensions: &Extensions, magic: &Magic) -> bool {
        extensions.get::<Self>().is_some_and(|Self(token)| magic.has_verified(token))
    }
}
