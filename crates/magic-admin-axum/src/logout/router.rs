use std::{borrow::Cow, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    routing::{MethodRouter, post},
};

use super::{AfterLogout, LoadUser, RunningLogouts, steps::Logout};
use crate::{authenticator::Authenticator, rejection::RejectionStyle};

/// Creates the route `POST /v1/user/logout`, which logs the user out of the application and of all
/// Magic sessions.
///
/// `auth` is an [`Authenticator`] or the `Magic` to make one from. `users` finds the user that the
/// request acts for: a [`LoadUser`], or a closure wrapped by [`load_user_fn`](super::load_user_fn).
/// Pass the result to [`Router::merge`], or make a [`Router`] to nest of it with
/// [`into_router`](LogoutRouter::into_router).
///
/// # Examples
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
pub fn logout_router<L>(auth: impl Into<Authenticator>, users: L) -> LogoutRouter<L> {
    LogoutRouter {
        path: Cow::Borrowed("/v1/user/logout"),
        logout: Logout {
            auth: auth.into(),
            users,
            after: (),
            style: RejectionStyle::BadRequest,
            accepts_no_token: false,
            running: RunningLogouts::new(),
        },
    }
}

/// The logout route and its settings.
///
/// Created by [`logout_router`]. Steps 1 to 4 each run only when the one before held:
///
/// | step | failure | response |
/// |---|---|---|
/// | 1. take the DID token from the request | none, malformed, or more than one | 400 |
/// | | a cookie's, on a request of another site | 403 `ERROR_CROSS_SITE` |
/// | 2. verify it by the protocol; neither revocation list nor policy is consulted | rejected | 400 |
/// | | client id unknown | 503 and `Retry-After` |
/// | 3. [`LoadUser`] | its own error | its own response |
/// | 4. compare the issuer on record with the token's | another issuer, or no such user | 403 `ERROR_ISSUER_MISMATCH`; nothing was revoked and Magic was not called |
/// | 5. revoke the user's tokens, if there is a [`RevocationList`](magic_admin::RevocationList) | its store failed | 503 and `Retry-After` |
/// | 6. log the user out of Magic; a user unknown to Magic has nothing to end there | Magic rejected it or failed | 502 `SERVICE_ERROR` |
/// | | rate limited | 503 and `Retry-After` |
/// | | no response in time | 504 |
/// | 7. [`AfterLogout`], once 5 and 6 held | its own error | its own response |
/// | | | 200, empty body |
///
/// - **Local first.** Step 5 takes effect while Magic is down. If it fails, step 6 is tried all the
///   same; the response is that of the first failure. Repeat the request to try again.
/// - **A logout that has begun ends.** Steps 5 to 7 run to their end even if the client disconnects.
///   [`track`](Self::track) them to end before the process does.
/// - **Repeating.** A token that the revocation list already revokes, on a request without a user on
///   record because its session is gone, is a repeated logout: 200, nothing is called, the clean-up
///   runs.
///
/// Rejections are [`AuthRejection`](crate::AuthRejection)s. The status 400 is the contract of
/// Magic's documentation for this route: a 401 would send a single-page application into a new
/// sign-in. [`style`](Self::style) changes it. Rejections and the final response carry
/// `Cache-Control: no-store`.
///
/// Do not put the route behind [`RequireTokenLayer`](crate::RequireTokenLayer), which would answer
/// first. An [`Authenticator`] made from a `Verifier` has no Admin API to log out of: step 6 fails
/// with 502.
///
/// # Examples
///
/// ```
/// use axum::Router;
/// use magic_admin::Magic;
/// use magic_admin_axum::{LoadUser, logout_router};
///
/// fn app(magic: Magic, users: impl LoadUser<()>) -> Router {
///     Router::new().merge(logout_router(magic, users).path("/logout").accept_without_token())
/// }
/// ```
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

    /// Sets how requests without a valid token are answered. Default:
    /// [`RejectionStyle::BadRequest`].
    pub fn style(mut self, style: RejectionStyle) -> Self {
        self.logout.style = style;
        self
    }

    /// Accepts requests that carry no token at all, and logs out the user on record.
    ///
    /// For sessions that outlive their token: without this, an expired token cannot log out. Off by
    /// default, because such a request needs nothing that its sender has to know.
    ///
    /// # Security
    ///
    /// A browser adds a session cookie to requests of any site. So a request without a token is
    /// only accepted from the same origin (`Sec-Fetch-Site`, or `Origin` in older browsers) or from an
    /// [allowed](crate::TokenSources::allow_origin) one, and answered 403 `ERROR_CROSS_SITE` otherwise.
    /// Behind a proxy, `Host` must be the host that the browser sees.
    pub const fn accept_without_token(mut self) -> Self {
        self.logout.accepts_no_token = true;
        self
    }

    /// Counts the logouts that are under way, so that a graceful shutdown can wait for them.
    pub fn track(mut self, running: &RunningLogouts) -> Self {
        self.logout.running = running.clone();
        self
    }

    /// Runs `after` once the user is logged out of Magic: an [`AfterLogout`], or a closure wrapped
    /// by [`after_logout_fn`](super::after_logout_fn).
    pub fn after_logout<A2>(self, after: A2) -> LogoutRouter<L, A2> {
        let Logout { auth, users, after: _, style, accepts_no_token, running } = self.logout;
        let logout = Logout { auth, users, after, style, accepts_no_token, running };
        LogoutRouter { path: self.path, logout }
    }

    /// The router, for an application with the state `S`.
    pub fn into_router<S>(self) -> Router<S>
    where
        L: LoadUser<S>,
        A: AfterLogout<S>,
        S: Clone + Send + Sync + 'static,
    {
        let path = self.path.clone();
        Router::new().route(&path, self.into_method_router())
    }

    pub(crate) fn into_method_router<S>(self) -> MethodRouter<S>
    where
        L: LoadUser<S>,
        A: AfterLogout<S>,
        S: Clone + Send + Sync + 'static,
    {
        let logout = Arc::new(self.logout);
        post(move |State(state): State<S>, request: Request| {
            let (parts, _body) = request.into_parts();
            logout.run(parts, state)
        })
    }
}

/// The settings that a description of the route shows.
#[cfg(feature = "utoipa-6")]
impl<L, A> LogoutRouter<L, A> {
    pub(crate) fn described_path(&self) -> &str {
        &self.path
    }

    pub(crate) const fn rejection_style(&self) -> RejectionStyle {
        self.logout.style
    }

    pub(crate) const fn accepts_no_token(&self) -> bool {
        self.logout.accepts_no_token
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
