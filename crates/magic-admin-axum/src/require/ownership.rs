use std::sync::Arc;

use magic_admin::gating::Gate;
use tower_layer::Layer;

use super::{check::Check, rules::Rules, service::RequireToken};

/// A [`Layer`] that rejects users who do not own what a [`Gate`] requires, with 403
/// `ERROR_NOT_OWNED`.
///
/// If ownership cannot be checked, the response is 503 `ERROR_UNAVAILABLE` with `Retry-After`.
///
/// The layer takes the [`VerifiedToken`](magic_admin::VerifiedToken) from the request's extensions,
/// so it must be inside a [`RequireTokenLayer`](crate::RequireTokenLayer), which also applies the
/// application's realm and response to its rejections. Without one, every request is rejected as if
/// it had no token.
/// [`RequireTokenLayer::require_ownership`](crate::RequireTokenLayer::require_ownership) combines
/// the two layers.
///
/// A handler can also check ownership itself: the error of [`Gate::require`] converts into an
/// [`AuthRejection`](crate::AuthRejection).
///
/// # Examples
///
/// ```
/// use axum::{Router, routing::get};
/// use magic_admin::{Magic, gating::{Chain, Gate}};
/// use magic_admin_axum::{RequireOwnershipLayer, RequireTokenLayer};
///
/// fn app(magic: Magic, chain: &Chain) -> Result<Router, Box<dyn std::error::Error>> {
///     let pass = chain.erc721("0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D".parse()?);
///     Ok(Router::new()
///         .route("/members", get(|| async { "Welcome!" }))
///         // The layer that is added last runs first.
///         .route_layer(RequireOwnershipLayer::new(Gate::new(pass)))
///         .route_layer(RequireTokenLayer::new(magic)))
/// }
/// ```
///
/// In a handler:
///
/// ```
/// use axum::extract::State;
/// use magic_admin::gating::Gate;
/// use magic_admin_axum::{Authenticated, AuthRejection};
///
/// async fn vote(State(members): State<Gate>, user: Authenticated) -> Result<(), AuthRejection> {
///     members.require(&user).await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RequireOwnershipLayer {
    rules: Arc<Rules>,
}

impl RequireOwnershipLayer {
    /// Creates a layer that lets only those users through who meet the gate's requirement.
    pub fn new(gate: Gate) -> Self {
        Self { rules: Arc::new(Rules { auth: None, checks: vec![Check::Owns(gate)], guard: None }) }
    }
}

impl<S> Layer<S> for RequireOwnershipLayer {
    type Service = RequireToken<S>;

    fn layer(&self, inner: S) -> RequireToken<S> {
        RequireToken::new(inner, Arc::clone(&self.rules))
    }
}
