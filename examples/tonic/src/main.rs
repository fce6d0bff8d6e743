//! gRPC and gRPC-Web calls that require a DID token, next to the routes of an axum application.
//!
//! Set `MAGIC_API_SECRET_KEY` to run it. Clients send their token as metadata, `authorization: Bearer
//! <token>`; so do gRPC-Web clients in a browser.

use std::{error::Error, sync::Arc};

use axum::{Router, routing::get};
use magic_admin::{Issuer, Magic, VerifiedToken};
use magic_admin_axum::RequireTokenLayer;
use tokio::net::TcpListener;
use tonic::{Request, Response, Status, service::Routes};
use tonic_web::GrpcWebLayer;

use shop::{
    ListReply, ListRequest,
    orders_server::{Orders, OrdersServer},
};

/// Generated from `proto/orders.proto` by tonic-prost-build. Applications run it in their build script,
/// with protoc or protox.
#[rustfmt::skip]
#[allow(clippy::all, clippy::must_use_candidate, missing_docs, unreachable_pub, reason = "generated")]
mod shop;

struct Shop;

#[tonic::async_trait]
impl Orders for Shop {
    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListReply>, Status> {
        let issuer = user(&request)?.issuer();
        Ok(Response::new(ListReply { orders: vec![format!("1001, by {issuer}")] }))
    }

    async fn export(&self, _: Request<ListRequest>) -> Result<Response<ListReply>, Status> {
        let orders = ["1001", "1002"].map(str::to_owned);
        Ok(Response::new(ListReply { orders: orders.into() }))
    }
}

/// Returns the user that the layer has let through.
fn user<T>(request: &Request<T>) -> Result<&VerifiedToken, Status> {
    request.extensions().get().ok_or_else(|| Status::internal("the token layer is missing"))
}

fn app(magic: Magic, admins: Vec<Issuer>) -> Router {
    let admins = Arc::new(admins);
    let guard = RequireTokenLayer::new(magic).authorize(move |user, request| {
        request.uri.path() != "/shop.Orders/Export" || admins.contains(&user.issuer())
    });
    let grpc = Routes::new(OrdersServer::new(Shop))
        .into_axum_router()
        .layer(GrpcWebLayer::new())
        // The layer that is added last runs first.
        .layer(guard);
    Router::new().route("/", get(|| async { "The shop. Its API is gRPC." })).merge(grpc)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let admins = std::env::var("ADMINS").unwrap_or_default();
    let admins = admins.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let app = app(Magic::from_env()?, admins);
    axum::serve(TcpListener::bind("127.0.0.1:3000").await?, app).await?;
    Ok(())
}

#[cfg(test)]
mod tests;
