use magic_admin::ReplayGuard;
use tower_layer::Layer;

use super::service::RequireToken;
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
/// The layer marks the `Authorization` header as sensitive, so that inner layers do not print it.
/// Layers outside of it see the request before that: put
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
    auth: Authenticator,
    guard: Option<ReplayGuard>,
}

impl RequireTokenLayer {
    /// Creates a layer that requires tokens accepted by this [`Authenticator`], or by the `Magic`
    /// or `Verifier` that it is made from.
    pub fn new(auth: impl Into<Authenticator>) -> Self {
        Self { auth: auth.into(), guard: None }
    }

    /// Accepts each token once, as [`SingleUse`](crate::SingleUse) does: for routes that exchange a
    /// token for a session.
    ///
    /// The token is consumed before the wrapped service is called.
    pub fn single_use(mut self, guard: ReplayGuard) -> Self {
        self.guard = Some(guard);
        self
    }
}

impl<S> Layer<S> for RequireTokenLayer {
    type Service = RequireToken<S>;

    fn layer(&self, inner: S) -> RequireToken<S> {
        RequireToken::new(inner, self.auth.clone(), self.guard.clone())
    }
}
