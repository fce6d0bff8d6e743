//! An OpenAPI document of guarded routes and the logout route, at `/openapi.json`.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.
#![expect(clippy::exhaustive_structs, reason = "`utoipa::path` makes a struct of each handler")]

use std::{convert::Infallible, error::Error};

use axum::{Json, Router, extract::Path, routing::get};
use magic_admin::{Issuer, Magic};
use magic_admin_axum::{
    AuthRejection, Authenticated, Authenticator, LogoutIssuer, RequireTokenLayer, load_user_fn,
    logout_router, openapi,
};
use serde::Serialize;
use tokio::net::TcpListener;
use utoipa::{OpenApi, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

#[derive(OpenApi)]
#[openapi(info(title = "Shop", description = "Orders of the users of Magic."))]
struct Shop;

fn app(magic: Magic) -> Router {
    let auth = Authenticator::new(magic);
    // A request acts for the user whose token it carries; see the example `logout-router` for sessions.
    let on_record =
        load_user_fn(|user: LogoutIssuer| async move { Ok::<_, Infallible>(Some(user.issuer())) });
    let mut orders = OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .route_layer(RequireTokenLayer::new(auth.clone()));
    // All of these routes are behind the layer.
    openapi::guard(orders.get_openapi_mut());
    let api = OpenApiRouter::new()
        .nest("/orders", orders)
        // Only the handler requires a token.
        .routes(openapi::guarded(routes!(me)))
        .routes(logout_router(auth.clone(), on_record).into_documented_routes());
    let (router, document) = OpenApiRouter::with_openapi(Shop::openapi())
        .routes(routes!(health))
        .nest("/api", api)
        .with_state(auth)
        .split_for_parts();
    router.route("/openapi.json", get(|| async { Json(document) }))
}

#[derive(Serialize, ToSchema)]
struct Order {
    number: u32,
    /// The user who placed the order.
    issuer: Issuer,
}

/// List the user's orders
#[utoipa::path(get, path = "/", responses((status = 200, description = "All orders.", body = Vec<Order>)))]
async fn list(user: Authenticated) -> Json<Vec<Order>> {
    Json(vec![Order { number: 1, issuer: user.issuer() }])
}

/// Show one of the user's orders
#[utoipa::path(
    get,
    path = "/{number}",
    params(("number" = u32, Path)),
    responses(
        (status = 200, description = "The order.", body = Order),
        (
            status = 403,
            description = "The order belongs to another user.",
            body = openapi::AuthProblem,
            content_type = "application/problem+json",
        ),
    ),
)]
async fn show(user: Authenticated, Path(number): Path<u32>) -> Result<Json<Order>, AuthRejection> {
    if number != 1 {
        return Err(AuthRejection::forbidden());
    }
    Ok(Json(Order { number, issuer: user.issuer() }))
}

/// Show who is signed in
#[utoipa::path(get, path = "/me", responses((status = 200, description = "The issuer.", body = String)))]
async fn me(user: Authenticated) -> String {
    user.issuer().to_string()
}

/// Check that the server is running
#[utoipa::path(get, path = "/health", responses((status = 204, description = "The server is running.")))]
async fn health() -> axum::http::StatusCode {
    axum::http::StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(Magic::from_env()?);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
