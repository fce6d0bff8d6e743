use magic_admin::{Magic, ReplayGuard};
use tower_layer::Layer;

use super::RequireTokenService;
use crate::RejectionConfig;

/// A [`Layer`] that refuses every request without a valid DID token.
///
/// Works with any `tower::Service<http::Request<_>>`: routes, routers, a whole application, plain
/// hyper. The [`VerifiedToken`](magic_admin::VerifiedToken) goes into the request's extensions,
/// where [`Authenticated`](crate::Authenticated) takes it from instead of verifying again; the
/// `Authorization` header is marked sensitive. What is refused, and how, says
/// [`AuthRejection`](crate::AuthRejection).
///
/// Responses of the wrapped service are left alone, their `Cache-Control` too: shared caches do
/// not keep answers to requests with `Authorization` unless told to (RFC 9111, 3.5).
///
/// Put a CORS layer outside of this one: preflight requests carry no token.
///
/// ```
/// use axum::{Router, routing::get};
/// use magic_admin::Magic;
/// use magic_admin_axum::{Authenticated, RequireToken};
///
/// async fn orders(user: Authenticated) -> String {
///     format!("orders of {}", user.issuer())
/// }
///
/// fn app(magic: Magic) -> Router {
///     let api = Router::new()
///         .route("/orders", get(orders))
///         .route_layer(RequireToken::new(magic.clone()));
///     Router::new().nest("/api", api).with_state(magic)
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequireToken {
    pub(super) magic: Magic,
    pub(super) guard: Option<ReplayGuard>,
    pub(super) config: Option<RejectionConfig>,
}

impl RequireToken {
    /// Requires tokens that `magic` accepts.
    pub const fn new(magic: Magic) -> Self {
        Self { magic, guard: None, config: None }
    }

    /// Accepts each token once, as [`SingleUse`](crate::SingleUse) does: for routes that exchange a
    /// token for a session. The token is consumed before the wrapped service is called.
    pub fn single_use(mut self, guard: ReplayGuard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Sets how refusals look. Without it the [`RejectionConfig`] in the request's extensions
    /// holds, if there is one.
    pub fn rejections(mut self, config: RejectionConfig) -> Self {
        self.config = Some(config);
        self
    }
}

impl<S> Layer<S> for RequireToken {
    type Service = RequireTokenService<S>;

    fn layer(&self, inner: S) -> RequireTokenService<S> {
        RequireTokenService::new(inner, self.clone())
    }
}
