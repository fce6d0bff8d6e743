use std::time::Duration;

use axum::{
    Router,
    http::{HeaderValue, Method, header},
    routing::get,
};
use magic_admin_axum::{Authenticated, Authenticator, RequireTokenLayer};
use tower_http::cors::CorsLayer;

pub(crate) fn app(auth: Authenticator, front_end: HeaderValue) -> Router {
    let cors = CorsLayer::new()
        .allow_origin([front_end]) // "https://app.example.com"
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER, header::WWW_AUTHENTICATE])
        .max_age(Duration::from_secs(3600));
    Router::new()
        .route("/v1/orders", get(orders).post(order))
        .route_layer(RequireTokenLayer::new(auth.clone()))
        // Added last, so it runs first: a preflight never reaches the token layer.
        .layer(cors)
        .with_state(auth)
}

async fn orders(user: Authenticated) -> String {
    format!("The orders of {}", user.address())
}

async fn order(user: Authenticated, order: String) -> String {
    format!("{} ordered {order}", user.address())
}
