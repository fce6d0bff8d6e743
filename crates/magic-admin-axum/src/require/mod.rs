//! The layer that lets only requests with a verified DID token through.

mod future;
mod layer;
mod service;

pub use future::RequireTokenFuture;
pub use layer::RequireTokenLayer;
pub use service::RequireToken;
