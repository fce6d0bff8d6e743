//! Salvo routes behind the layer that requires a DID token, using salvo's adapter for tower layers.
//!
//! Run it with `MAGIC_API_SECRET_KEY` set; `cargo run -p quickstart` needs no key.

use std::error::Error;

use magic_admin::{Magic, VerifiedToken};
use magic_admin_axum::{AuthRejection, RequireTokenLayer};
use salvo::{conn::tcp::TcpAcceptor, http::ReqBody, prelude::*};

fn app(magic: Magic) -> Router {
    let require_token = RequireTokenLayer::new(magic.clone()).compat::<ReqBody>();
    let account = Router::new()
        .hoop(require_token)
        .push(Router::with_path("me").get(me))
        .push(Router::with_path("email").get(email));
    Router::new()
        .hoop(affix_state::inject(magic))
        .push(Router::with_path("news").get(news))
        .push(account)
}

#[handler]
async fn news() -> &'static str {
    "Public news"
}

#[handler]
async fn me(request: &Request) -> Result<String, StatusError> {
    Ok(user(request)?.issuer().to_string())
}

/// Salvo has no extractor for the profile, so call `Magic::profile`.
#[handler]
async fn email(request: &Request, depot: &Depot) -> Result<String, StatusError> {
    let magic = depot.get_typed::<Magic>().map_err(|_| StatusError::internal_server_error())?;
    let profile = magic.profile(user(request)?).await.map_err(|error| {
        let status = AuthRejection::from(error).status();
        StatusError::from_code(status).unwrap_or_else(StatusError::bad_gateway)
    })?;
    Ok(profile.email().unwrap_or("none").to_owned())
}

/// Returns the user whose token was verified by the layer.
fn user(request: &Request) -> Result<&VerifiedToken, StatusError> {
    request.extensions().get().ok_or_else(StatusError::unauthorized)
}

async fn serve(acceptor: TcpAcceptor, magic: Magic) {
    Server::new(acceptor).serve(app(magic)).await;
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let acceptor = TcpListener::new("127.0.0.1:3000").bind().await;
    serve(acceptor, Magic::from_env()?).await;
    Ok(())
}

#[cfg(test)]
mod tests;
