//! Extractors for tokens, users and profiles.

mod authenticated;
mod did_token;
#[cfg(feature = "online")]
mod profile;
mod single_use;

pub use authenticated::Authenticated;
pub use did_token::DidToken;
#[cfg(feature = "online")]
pub use profile::Profile;
pub use single_use::SingleUse;
