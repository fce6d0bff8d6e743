//! The layer that lets only the owners of a token on a chain through.

mod future;
mod layer;
mod service;

pub use future::RequireOwnershipFuture;
pub use layer::RequireOwnershipLayer;
pub use service::RequireOwnership;
