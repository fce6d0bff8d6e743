//! The layers that let only some requests through: those with a verified DID token, those that the
//! application allows, those of the owners of a token on a chain.

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
