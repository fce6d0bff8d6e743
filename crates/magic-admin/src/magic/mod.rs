//! The `Magic` handle, which combines verification and the Admin API.

mod builder;
mod client_id;
mod handle;
mod profile;
mod profile_settings;
mod profiles;
#[cfg(feature = "gating")]
mod token_ownership;
mod users;

pub use builder::MagicBuilder;
pub use handle::Magic;
pub use profile_settings::ProfileSettings;
