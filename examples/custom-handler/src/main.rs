//! A handler that verifies the token itself, because the user signed the order as the token's attachment.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.

use std::error::Error;

use axum::{Router, extract::State, routing::post};
use magic_admin::Magic;
use magic_admin_axum::{AuthRejection, DidToken};
use tokio::net::TcpListener;

fn app(magic: Magic) -> Router {
    Router::new().route("/orders", post(order)).with_state(magic)
}

/// `DidToken` is parsed but not verified: verify it before trusting anything in it.
async fn order(
    State(magic): State<Magic>,
    token: DidToken,
    order: String,
) -> Result<String, AuthRejection> {
    let user = magic.verify_with_attachment(&token, &order).await?;
    // Rejects users that Magic no longer has. If Magic fails, the response is a 502, 503 or 504.
    magic.users().metadata_by_token(&user).await?;
    Ok(format!("{} ordered {order}", user.address()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(Magic::from_env()?);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
