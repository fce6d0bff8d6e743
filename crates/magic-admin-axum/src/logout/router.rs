use std::{borrow::Cow, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    routing::post,
};
use magic_admin::Magic;

use super::{AfterLogout, LoadUser, steps::Logout};
use crate::{RejectionConfig, rejection::Dialect};

/// The route `POST /v1/user/logout`: logs the user out of Magic, then out of the application.
///
/// `users` finds the user that the request acts for: a [`LoadUser`], or a closure wrapped by
/// [`load_user_fn`](super::load_user_fn). Goes into [`Router::merge`] as it is, and becomes a
/// [`Router`] to be nested with [`into_router`](LogoutRouter::into_router).
///
/// ```
/// use axum::{Router, http::StatusCode};
/// use magic_admin::{Issuer, Magic};
/// use magic_admin_axum::{load_user_fn, logout_router};
/// # use std::convert::Infallible;
/// # #[derive(Clone)] struct Session;
/// # impl Session { fn issuer(&self) -> Option<Issuer> { None } }
/// # impl<S: Sync> axum::extract::FromRequestParts<S> for Session {
/// #     type Rejection = Infallible;
/// #     async fn from_request_parts(_: &mut axum::http::request::Parts, _: &S) -> Result<Self, Infallible> { Ok(Session) }
/// # }
///
/// fn app(magic: Magic) -> Router {
///     let users = load_user_fn(|session: Session| async move {
///         Ok::<_, StatusCode>(session.issuer())
///     });
///     Router::new().merge(logout_router(magic, users))
/// }
/// ```
pub const fn logout_router<L>(magic: Magic, users: L) -> LogoutRouter<L> {
    LogoutRouter {
        path: Cow::Borrowed("/v1/user/logout"),
        logout: Logout { magic, users, after: (), dialect: Dialect::Plain, config: None },
    }
}

/// The logout route and its settings; made by [`logout_router`].
///
/// Each step is taken only when the one before held:
///
/// | step | failure | answer |
/// |---|---|---|
/// | take the DID token from the `Authorization` header | none, or not in Bearer form | 400 |
/// | validate it | refused | 400 |
/// | | client id not known yet | 503 and `Retry-After` |
/// | [`LoadUser`] | its own error | its own response |
/// | the issuer on file is the token's | another issuer, or no such user | 403 `ERROR_ISSUER_MISMATCH`; Magic is not called |
/// | log the user out of Magic | Magic refused or failed | 502 `SERVICE_ERROR` |
/// | | rate limited | 503 and `Retry-After` |
/// | | no answer in time | 504 |
/// | revoke the user's tokens, when `magic` has a [`RevocationList`](magic_admin::RevocationList) | its store failed | 503 and `Retry-After` |
/// | [`AfterLogout`] | its own error | its own response |
/// | | | 200, empty body |
///
/// Refusals are [`AuthRejection`](crate::AuthRejection)s. Both statuses 400 are the contract of
/// Magic's documentation for this route: a 401 would send a single-page application into a new
/// login; [`rfc6750`](Self::rfc6750) changes them. Refusals and the final answer carry
/// `Cache-Control: no-store`.
///
/// A logout whose answer got lost can be repeated. Do not put the route behind
/// [`RequireToken`](crate::RequireToken), which would answer first.
#[derive(Clone, Debug)]
#[must_use]
pub struct LogoutRouter<L, A = ()> {
    path: Cow<'static, str>,
    logout: Logout<L, A>,
}

impl<L, A> LogoutRouter<L, A> {
    /// Sets the path, `/v1/user/logout` by default. It may have parameters, for the application's
    /// extractors. As with [`Router::route`], a path that does not start with `/` panics when the
    /// router is made.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Answers a missing, malformed or refused token as RFC 6750 says, with 401 (400 for a
    /// malformed header) and a `WWW-Authenticate` challenge, instead of 400.
    pub fn rfc6750(mut self, yes: bool) -> Self {
        self.logout.dialect = if yes { Dialect::Rfc6750 } else { Dialect::Plain };
        self
    }

    /// Sets how refusals look. Without it the [`RejectionConfig`] in the request's extensions
    /// holds, if there is one.
    pub fn rejections(mut self, config: RejectionConfig) -> Self {
        self.logout.config = Some(config);
        self
    }

    /// Runs `after` once the user is logged out of Magic: an [`AfterLogout`], or a closure wrapped
    /// by [`after_logout_fn`](super::after_logout_fn).
    pub fn after_logout<A2>(self, after: A2) -> LogoutRouter<L, A2> {
        let Logout { magic, users, after: _, dialect, config } = self.logout;
        let logout = Logout { magic, users, after, dialect, config };
        LogoutRouter { path: self.path, logout }
    }

    /// The router, for an application with the state `S`.
    pub fn into_router<S>(self) -> Router<S>
    where
        L: LoadUser<S>,
        A: AfterLogout<S>,
        S: Clone + Send + Sync + 'static,
    {
        let logout = Arc::new(self.logout);
        let handler = move |State(state): State<S>, request: Request| async move {
            let (mut parts, _body) = request.into_parts();
            logout.run(&mut parts, &state).await
        };
        Router::new().route(&self.path, post(handler))
    }
}

impl<S, L, A> From<LogoutRouter<L, A>> for Router<S>
where
    L: LoadUser<S>,
    A: AfterLogout<S>,
    S: Clone + Send + Sync + 'static,
{
    fn from(router: LogoutRouter<L, A>) -> Self {
        router.into_router()
    }
}
