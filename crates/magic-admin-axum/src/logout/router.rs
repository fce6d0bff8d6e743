use std::{borrow::Cow, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    routing::{MethodRouter, post},
};

use super::{AfterLogout, LoadUser, RunningLogouts, steps::Logout};
use crate::{authenticator::Authenticator, rejection::RejectionStyle};

/// Creates the route `POST /v1/user/logout`, which logs the user out of the application and ends
/// all of the user's Magic sessions.
///
/// `auth` is an [`Authenticator`] or a `Magic`. `users` identifies the user that the request acts
/// for: it is a [`LoadUser`], or a closure wrapped by [`load_user_fn`](super::load_user_fn). Pass
/// the result to [`Router::merge`], or convert it into a [`Router`] for nesting with
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
/// Created by [`logout_router`]. Each of steps 1 to 4 runs only if the previous one succeeded:
///
/// | step | failure | response |
/// |---|---|---|
/// | 1. read the DID token from the request | no token, a malformed one, or more than one | 400 |
/// | | token in a cookie on a request from another site | 403 `ERROR_CROSS_SITE` |
/// | 2. verify the token, without consulting the revocation list or a policy | token rejected | 400 |
/// | | client ID not known yet | 503 and `Retry-After` |
/// | 3. call [`LoadUser`] | error of the application | that error |
/// | 4. compare the issuer on record with that of the token | another issuer, or no such user | 403 `ERROR_ISSUER_MISMATCH`; nothing has been revoked, and Magic has not been called |
/// | 5. revoke the user's tokens, if there is a [`RevocationList`](magic_admin::RevocationList) | its store failed | 503 and `Retry-After` |
/// | 6. log the user out of Magic; a user that Magic does not know counts as logged out | Magic rejected the call or failed | 502 `SERVICE_ERROR` |
/// | | Magic's rate limit was reached | 503 and `Retry-After` |
/// | | Magic did not respond in time | 504 |
/// | 7. call [`AfterLogout`], if steps 5 and 6 succeeded | error of the application | that error |
/// | | | 200 with an empty body |
///
/// - **Local first.** Step 5 takes effect even while Magic is down. If it fails, step 6 runs
///   nevertheless, and the response is that of the first failure. The request can be repeated.
/// - **No partial logouts.** Once started, steps 5 to 7 run to completion even if the client
///   disconnects. Use [`track`](Self::track) to wait for them before the process stops.
/// - **Repeated logouts.** If the revocation list already revokes the token and there is no user on
///   record, because the session is gone, the request is a repeated logout. The response is 200,
///   Magic is not called, and the clean-up runs.
///
/// Rejections are [`AuthRejection`](crate::AuthRejection)s. The status 400 is what Magic documents
/// for this route, because a 401 would make a single-page application start a new sign-in.
/// [`style`](Self::style) changes it. Rejections and the response of step 7 have a `Cache-Control:
/// no-store` header, unless your own response sets `Cache-Control`.
///
/// Do not put the route behind [`RequireTokenLayer`](crate::RequireTokenLayer), which would reject
/// the request first. An [`Authenticator`] created from a `Verifier` has no Admin API for logging
/// out, so step 6 fails with a 502.
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
    /// Sets the path. Default: `/v1/user/logout`.
    ///
    /// The path may contain parameters for the application's extractors. As with [`Router::route`],
    /// a path that does not start with `/` causes a panic when the router is created.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the response to requests without a valid token. Default:
    /// [`RejectionStyle::BadRequest`].
    pub fn style(mut self, style: RejectionStyle) -> Self {
        self.logout.style = style;
        self
    }

    /// Accepts requests without a token, and logs out the user on record.
    ///
    /// Use it if sessions outlive their token: otherwise, a user whose token has expired cannot log
    /// out. It is off by default, because the sender of such a request does not need to know any
    /// secret.
    ///
    /// # Security
    ///
    /// Browsers add the session cookie to requests from any site. A request without a token is
    /// therefore accepted only from the same origin (according to `Sec-Fetch-Site`, or `Origin` in
    /// older browsers) or from an [allowed](crate::TokenSources::allow_origin) origin. Otherwise,
    /// the response is 403 `ERROR_CROSS_SITE`. Behind a proxy, `Host` must be the host that the
    /// browser sees.
    pub const fn accept_without_token(mut self) -> Self {
        self.logout.accepts_no_token = true;
        self
    }

    /// Counts running logouts in `running`, so that a graceful shutdown can wait for them.
    pub fn track(mut self, running: &RunningLogouts) -> Self {
        self.logout.running = running.clone();
        self
    }

    /// Runs `after` once the user is logged out of Magic.
    ///
    /// `after` is an [`AfterLogout`], or a closure wrapped by
    /// [`after_logout_fn`](super::after_logout_fn).
    pub fn after_logout<A2>(self, after: A2) -> LogoutRouter<L, A2> {
        let Logout { auth, users, after: _, style, accepts_no_token, running } = self.logout;
        let logout = Logout { auth, users, after, style, accepts_no_token, running };
        LogoutRouter { path: self.path, logout }
    }

    /// Converts this into a router for an application with the state `S`.
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
