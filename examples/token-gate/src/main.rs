//! A members' page for owners of an NFT.
//!
//! To run it, set `MAGIC_API_SECRET_KEY`, `MAGIC_RPC_URL`, `CHAIN_ID`, and `CONTRACT` to the address of an
//! ERC-721 contract.

use std::{env, error::Error};

use axum::{
    Router,
    extract::{FromRef, State},
    routing::get,
};
use magic_admin::{
    Magic,
    gating::{Chain, Gate},
};
use magic_admin_axum::{AuthRejection, Authenticated, Authenticator, RequireTokenLayer};
use tokio::net::TcpListener;

#[derive(Clone, FromRef)]
struct AppState {
    auth: Authenticator,
    members: Gate,
}

fn app(magic: Magic, members: Gate) -> Router {
    let auth = Authenticator::new(magic);
    let club = Router::new()
        .route("/members", get(lounge))
        // The token is verified before the chain is queried.
        .route_layer(RequireTokenLayer::new(auth.clone()).require_ownership(members.clone()));
    Router::new()
        .route("/", get(|| async { "The club. Members sign in at /members." }))
        .route("/votes", get(votes))
        .merge(club)
        .with_state(AppState { auth, members })
}

async fn lounge(user: Authenticated) -> String {
    format!("Welcome to the lounge, {}!", user.address())
}

/// A handler can check ownership itself, after other checks.
async fn votes(State(members): State<Gate>, user: Authenticated) -> Result<String, AuthRejection> {
    members.require(&user).await?;
    Ok("You have one vote.".to_owned())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let chain = Chain::new(env::var("CHAIN_ID")?.parse()?, env::var("MAGIC_RPC_URL")?)?;
    let pass = chain.erc721(env::var("CONTRACT")?.parse()?);
    let app = app(Magic::from_env()?, Gate::new(pass));
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
