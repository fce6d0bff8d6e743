//! OpenAPI descriptions of the logout route and of guarded routes, for [utoipa 6].
//!
//! [`guarded`] documents the routes of one handler, and [`guard`] documents all routes of a
//! document. Both add the security requirement and this crate's responses 400, 401, 403 and 503.
//! [`LogoutRouter::into_documented_routes`](crate::LogoutRouter::into_documented_routes) documents
//! the logout route. [`add_components`] adds the schema and the security scheme they refer to.
//!
//! With `utoipa-axum`, the documented paths follow `nest` and `merge`:
//!
//! ```
//! use axum::{Router, http::StatusCode};
//! use magic_admin::{Issuer, Magic};
//! use magic_admin_axum::{
//!     Authenticated, Authenticator, RequireTokenLayer, load_user_fn, logout_router, openapi,
//! };
//! use utoipa::OpenApi;
//! use utoipa_axum::{router::OpenApiRouter, routes};
//!
//! #[derive(OpenApi)]
//! #[openapi(info(title = "Shop"))]
//! struct Shop;
//!
//! /// Show who is signed in
//! #[utoipa::path(get, path = "/me", responses((status = 200, description = "The issuer.", body = String)))]
//! async fn me(user: Authenticated) -> String {
//!     user.issuer().to_string()
//! }
//!
//! fn app(magic: Magic) -> (Router, utoipa::openapi::OpenApi) {
//!     let auth = Authenticator::new(magic);
//!     let users = load_user_fn(|| async { Ok::<Option<Issuer>, StatusCode>(None) });
//!     let api = OpenApiRouter::new()
//!         .routes(openapi::guarded(routes!(me)))
//!         .route_layer(RequireTokenLayer::new(auth.clone()))
//!         .routes(logout_router(auth.clone(), users).into_documented_routes());
//!     let (router, mut document) = OpenApiRouter::with_openapi(Shop::openapi())
//!         .nest("/api", api)
//!         .with_state(auth)
//!         .split_for_parts();
//!     openapi::add_components(&mut document);
//!     (router, document)
//! }
//! ```
//!
//! If you build the document in another way, use [`guard`] and
//! [`LogoutRouter::openapi`](crate::LogoutRouter::openapi):
//!
//! ```
//! use magic_admin_axum::openapi;
//!
//! // From `#[derive(OpenApi)]` or a builder.
//! # let (mut document, mut private) = (utoipa::openapi::OpenApi::default(), utoipa::openapi::OpenApi::default());
//! openapi::guard(&mut private);
//! document.merge(private);
//! ```
//!
//! If you replace the response to rejections with
//! [`Authenticator::respond_with`](crate::Authenticator::respond_with), document your own
//! responses: a response that an operation already has is kept.
//!
//! [utoipa 6]: https://docs.rs/utoipa/6

mod components;
mod guard;
#[cfg(feature = "online")]
mod logout;
mod responses;

pub use self::{
    components::{AuthProblem, SECURITY_SCHEME, add_components},
    guard::{DocumentedRoutes, guard, guarded},
};
