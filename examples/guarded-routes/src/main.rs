//! Routes behind a layer that requires a token, and a route where it is optional.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.

use std::error::Error;

use axum::{Router, routing::get};
use magic_admin::Magic;
use magic_admin_axum::{Authenticated, RequireTokenLayer};
use tokio::net::TcpListener;

fn app(magic: Magic) -> Router {
    let api = Router::new()
        .route("/orders", get(orders))
        .route("/address", get(address))
        .route_layer(RequireTokenLayer::new(magic.clone()));
    Router::new().route("/feed", get(feed)).nest("/api", api).with_state(magic)
}

async fn orders(user: Authenticated) -> String {
    format!("Orders of {}", user.issuer())
}

async fn address(user: Authenticated) -> String {
    user.address().to_string()
}

async fn feed(user: Option<Authenticated>) -> String {
    match user {
        Some(user) => format!("Chosen for {}", user.address()),
        None => "The public feed".to_owned(),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(Magic::from_env()?);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
