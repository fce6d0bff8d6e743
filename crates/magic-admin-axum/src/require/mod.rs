//! The layer that lets only requests with a verified DID token through.

mod body;
mod future;
mod layer;
mod service;

pub use body::RequireTokenBody;
pub use future::RequireTokenFuture;
pub use layer::RequireToken;
pub use service::RequireTokenService;
