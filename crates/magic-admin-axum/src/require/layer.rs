use std::sync::Arc;

use http::request::Parts;
#[cfg(feature = "gating")]
use magic_admin::gating::Gate;
use magic_admin::{ReplayGuard, VerifiedToken};
use tower_layer::Layer;

use super::{Permission, check::Check, rules::Rules, service::RequireToken};
use crate::Authenticator;

/// A [`Layer`] that rejects every request without a valid DID token.
///
/// The layer works with any `tower::Service<http::Request<_>>`: routes, routers, a whole
/// application, or plain hyper. It puts the [`VerifiedToken`](magic_admin::VerifiedToken) into the
/// request's extensions, where [`Authenticated`](crate::Authenticated) finds it instead of
/// verifying the token again. [`AuthRejection`](crate::AuthRejection) lists the responses to
/// rejected requests.
///
/// Responses of the wrapped service, including their `Cache-Control`, are left alone: shared caches
/// do not store responses to requests with an `Authorization` header unless told to (RFC 9111,
/// 3.5). The only exceptions are rejections that a handler returns; these get the realm and the
/// response configured in the [`Authenticator`].
///
/// Put a CORS layer outside this one, because preflight requests carry no token.
///
/// # Security
///
/// The layer marks the headers that may contain a token as sensitive, so that inner layers do not
/// print them: `Authorization`, and the headers of any other enabled source. Outer layers see the
/// request before it is marked, so put
/// `tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer` around a `TraceLayer` that
/// prints headers.
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use magic_admin::Magic;
/// use magic_admin_axum::{Authenticated, RequireTokenLayer};
///
/// async fn orders(user: Authenticated) -> String {
///     format!("orders of {}", user.issuer())
/// }
///
/// fn app(magic: Magic) -> Router {
///     let api = Router::new()
///         .route("/orders", get(orders))
///         .route_layer(RequireTokenLayer::new(magic.clone()));
///     Router::new().nest("/api", api).with_state(magic)
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequireTokenLayer {
    rules: Arc<Rules>,
}

impl RequireTokenLayer {
    /// Creates a layer that requires tokens accepted by this [`Authenticator`], or by the `Magic`
    /// or `Verifier` passed in its place.
    pub fn new(auth: impl Into<Authenticator>) -> Self {
        let rules = Rules { auth: Some(auth.into()), checks: Vec::new(), guard: None };
        Self { rules: Arc::new(rules) }
    }

    /// Lets only those requests through that the closure allows.
    ///
    /// By default, all others get a 403 `ERROR_FORBIDDEN`.
    ///
    /// The closure runs once the token is verified. It receives the user and the request without
    /// its body. It returns a `bool`, or a `Result<(), E>` whose error becomes the rejection. If
    /// there are several checks, they run in the order in which they were added, and all of them
    /// must pass. Panics are not caught.
    ///
    /// This example lets only admins through:
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use magic_admin::{Issuer, Magic};
    /// use magic_admin_axum::RequireTokenLayer;
    ///
    /// fn admin_pages(magic: Magic, admins: Vec<Issuer>) -> Router {
    ///     let admins_only = RequireTokenLayer::new(magic)
    ///         .authorize(move |user, _| admins.contains(&user.issuer()));
    ///     Router::new().route("/admin", get(|| async { "hello, admin" })).route_layer(admins_only)
    /// }
    /// ```
    ///
    /// To check the path's parameters, use axum's `Path` in
    /// [`authorize_async`](Self::authorize_async), because `request.uri` may be percent-encoded.
    pub fn authorize<F, P>(self, check: F) -> Self
    where
        F: Fn(&VerifiedToken, &Parts) -> P + Send + Sync + 'static,
        P: Permission,
    {
        self.with(Check::new(check))
    }

    /// Adds an asynchronous check, for example one that queries a database or uses an extractor.
    ///
    /// Otherwise, it works like [`authorize`](Self::authorize).
    ///
    /// The future cannot borrow the user or the request, so copy what it needs:
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use magic_admin::{Issuer, Magic};
    /// use magic_admin_axum::{AuthRejection, RequireTokenLayer};
    ///
    /// #[derive(Clone)]
    /// struct Roles;
    ///
    /// impl Roles {
    ///     async fn is_editor(&self, user: Issuer) -> Result<bool, std::io::Error> {
    ///         // …
    /// #       Ok(user.to_string().is_empty())
    ///     }
    /// }
    ///
    /// fn drafts(magic: Magic, roles: Roles) -> Router {
    ///     let editors_only = RequireTokenLayer::new(magic).authorize_async(move |user, _| {
    ///         let (roles, user) = (roles.clone(), user.issuer());
    ///         async move { roles.is_editor(user).await.unwrap_or(false) }
    ///     });
    ///     Router::new().route("/drafts", get(|| async { "drafts" })).route_layer(editors_only)
    /// }
    /// ```
    ///
    /// This example lets a user access `/users/{issuer}/orders` only if `{issuer}` is their own
    /// issuer. A path without a valid issuer is forbidden to everyone:
    ///
    /// ```
    /// use axum::{
    ///     Router,
    ///     extract::{FromRequestParts, Path},
    ///     routing::get,
    /// };
    /// use magic_admin::{Issuer, Magic};
    /// use magic_admin_axum::RequireTokenLayer;
    ///
    /// fn orders(magic: Magic) -> Router {
    ///     let owner_only = RequireTokenLayer::new(magic).authorize_async(|user, request| {
    ///         let (user, mut request) = (user.issuer(), request.clone());
    ///         async move {
    ///             let owner = Path::<Issuer>::from_request_parts(&mut request, &()).await;
    ///             owner.is_ok_and(|Path(owner)| owner == user)
    ///         }
    ///     });
    ///     Router::new()
    ///         .route("/users/{issuer}/orders", get(|| async { "your orders" }))
    ///         .route_layer(owner_only)
    /// }
    /// ```
    pub fn authorize_async<F, Fut>(self, check: F) -> Self
    where
        F: Fn(&VerifiedToken, &Parts) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Permission> + Send + 'static,
    {
        self.with(Check::new_async(check))
    }

    /// Lets only those users through who own what a [`Gate`] requires.
    ///
    /// Others get a 403 `ERROR_NOT_OWNED`, or a 503 with `Retry-After` if ownership cannot be
    /// checked.
    ///
    /// This check runs together with those of [`authorize`](Self::authorize), in the order in which
    /// they were added. A user who is cached as an owner is let through without waiting.
    /// [`RequireOwnershipLayer`](crate::RequireOwnershipLayer) does the same as a separate layer.
    ///
    /// # Examples
    ///
    /// ```
    /// use axum::{Router, routing::get};
    /// use magic_admin::{Magic, gating::Gate};
    /// use magic_admin_axum::RequireTokenLayer;
    ///
    /// fn club(magic: Magic, members: Gate) -> Router {
    ///     Router::new()
    ///         .route("/members", get(|| async { "Welcome!" }))
    ///         .route_layer(RequireTokenLayer::new(magic).require_ownership(members))
    /// }
    /// ```
    #[cfg(feature = "gating")]
    pub fn require_ownership(self, gate: Gate) -> Self {
        self.with(Check::Owns(gate))
    }

    /// Accepts each token only once, like [`SingleUse`](crate::SingleUse). Use it on routes that
    /// exchange a token for a session.
    ///
    /// The token is consumed after all checks added with [`authorize`](Self::authorize) have
    /// passed, and before the wrapped service is called.
    pub fn single_use(mut self, guard: ReplayGuard) -> Self {
        Arc::make_mut(&mut self.rules).guard = Some(guard);
        self
    }

    fn with(mut self, check: Check) -> Self {
        Arc::make_mut(&mut self.rules).checks.push(check);
        self
    }
}

impl<S> Layer<S> for RequireTokenLayer {
    type Service = RequireToken<S>;

    fn layer(&self, inner: S) -> RequireToken<S> {
        RequireToken::new(inner, Arc::clone(&self.rules))
    }
}
