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
/// Works with any `tower::Service<http::Request<_>>`: routes, routers, a whole application, plain
/// hyper. The [`VerifiedToken`](magic_admin::VerifiedToken) goes into the request's extensions,
/// where [`Authenticated`](crate::Authenticated) finds it instead of verifying again. For the
/// responses to rejected requests see [`AuthRejection`](crate::AuthRejection).
///
/// Responses of the wrapped service are left alone, including their `Cache-Control`: shared caches
/// do not store responses to requests with `Authorization` unless told to (RFC 9111, 3.5). The one
/// exception are rejections that a handler returns, which get the realm and the response of the
/// [`Authenticator`].
///
/// Put a CORS layer outside of this one: preflight requests carry no token.
///
/// # Security
///
/// The layer marks the headers that may hold a token as sensitive, so that inner layers do not print
/// them: `Authorization`, and those of the other sources that are switched on. Layers outside of it
/// see the request before that: put `tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer`
/// around a `TraceLayer` that prints headers.
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
    /// or `Verifier` that it is made from.
    pub fn new(auth: impl Into<Authenticator>) -> Self {
        let rules = Rules { auth: Some(auth.into()), checks: Vec::new(), guard: None };
        Self { rules: Arc::new(rules) }
    }

    /// Lets only those requests through that a closure allows: by default, others are answered 403
    /// `ERROR_FORBIDDEN`.
    ///
    /// The closure runs once the token is verified. It sees the user and the request without its
    /// body, and returns a `bool`, or a `Result<(), E>` whose error becomes the rejection. Several
    /// checks run in the order in which they are added, and all of them must hold. Panics are not
    /// caught.
    ///
    /// Admins only:
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
    /// `/users/{issuer}/orders` for that issuer only. The path is compared as it was sent, and what
    /// cannot be parsed is nobody's:
    ///
    /// ```
    /// use axum::{Router, http::request::Parts, routing::get};
    /// use magic_admin::{Issuer, Magic, VerifiedToken};
    /// use magic_admin_axum::RequireTokenLayer;
    ///
    /// fn is_own(user: &VerifiedToken, request: &Parts) -> bool {
    ///     let issuer = request.uri.path().split('/').nth(2);
    ///     issuer.and_then(|issuer| issuer.parse::<Issuer>().ok()) == Some(user.issuer())
    /// }
    ///
    /// fn orders(magic: Magic) -> Router {
    ///     Router::new()
    ///         .route("/users/{issuer}/orders", get(|| async { "your orders" }))
    ///         .route_layer(RequireTokenLayer::new(magic).authorize(is_own))
    /// }
    /// ```
    pub fn authorize<F, P>(self, check: F) -> Self
    where
        F: Fn(&VerifiedToken, &Parts) -> P + Send + Sync + 'static,
        P: Permission,
    {
        self.with(Check::new(check))
    }

    /// Adds a check like [`authorize`](Self::authorize), by a closure that returns a future: to look
    /// permissions up in a database, for example.
    ///
    /// The future can borrow neither the user nor the request, so take out of them what it needs:
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
    pub fn authorize_async<F, Fut>(self, check: F) -> Self
    where
        F: Fn(&VerifiedToken, &Parts) -> Fut + Send + Sync + 'static,
        Fut: Future<Output: Permission> + Send + 'static,
    {
        self.with(Check::new_async(check))
    }

    /// Lets only those users through who own what a [`Gate`] requires; others are answered 403
    /// `ERROR_NOT_OWNED`, and 503 with `Retry-After` when ownership cannot be checked.
    ///
    /// One of the checks, in the order in which they are added, as with
    /// [`authorize`](Self::authorize). A user whom the gate remembers as an owner is let through
    /// without waiting. [`RequireOwnershipLayer`](crate::RequireOwnershipLayer) does the same as a
    /// layer of its own.
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

    /// Accepts each token once, as [`SingleUse`](crate::SingleUse) does: for routes that exchange a
    /// token for a session.
    ///
    /// The token is consumed before the wrapped service is called, and only after every check that
    /// [`authorize`](Self::authorize) adds holds.
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
