//! Server functions for signed-in users, as in Leptos.
//!
//! Leptos uses the server functions of the `server_fn` crate. This example uses that crate without the rest
//! of Leptos, and `context.rs` replaces what `leptos_axum` does. In a Leptos application, write
//! `leptos_axum::extract_with_state::<Authenticated, _>(&auth)` instead of `extract`.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.

mod context;

use std::error::Error;

use axum::{Router, routing::post};
use magic_admin::Magic;
use magic_admin_axum::{Authenticated, Authenticator, Profile, RequireTokenLayer};
use server_fn::ServerFnError;
use server_fn_macro_default::server;
use tokio::net::TcpListener;

use crate::context::{call, extract};

/// Available to everyone; a request without a token is a guest.
#[server(prefix = "/api", endpoint = "greeting")]
async fn greeting(hello: String) -> Result<String, ServerFnError> {
    let user: Option<Authenticated> = extract().await?;
    Ok(match user {
        Some(user) => format!("{hello}, {}!", user.address()),
        None => format!("{hello}, guest!"),
    })
}

/// Available to signed-in users only, because the route is behind the layer.
#[server(prefix = "/api/account", endpoint = "email")]
async fn email() -> Result<String, ServerFnError> {
    let profile: Profile = extract().await?;
    Ok(profile.email().unwrap_or("none").to_owned())
}

fn app(magic: Magic) -> Router {
    let auth = Authenticator::new(magic);
    // Rejections by the layer are responses with a status and a challenge. Rejections by an extractor in a
    // server function become errors of the function, with status 500.
    let account = Router::new()
        .route("/api/account/{function}", post(call))
        .route_layer(RequireTokenLayer::new(auth.clone()));
    Router::new().route("/api/{function}", post(call)).merge(account).with_state(auth)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(Magic::from_env()?);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
