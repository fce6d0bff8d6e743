//! One handle that joins verification and the Admin API.

mod builder;
mod client_id;
mod handle;
#[cfg(feature = "gating")]
mod token_ownership;
mod users;

pub use builder::MagicBuilder;
pub use handle::Magic;
