//! Layers that require a verified DID token, the application's permission, or ownership of a token
//! on a chain.

mod check;
mod future;
mod layer;
#[cfg(feature = "gating")]
mod ownership;
mod permission;
mod rules;
mod service;

pub use future::RequireTokenFuture;
pub use layer::RequireTokenLayer;
#[cfg(feature = "gating")]
pub use ownership::RequireOwnershipLayer;
pub use permission::Permission;
pub use service::RequireToken;
