//! The extractors.

mod authenticated;
mod did_token;
#[cfg(feature = "online")]
mod profile;
mod same_origin;
mod single_use;

pub use authenticated::Authenticated;
pub use did_token::DidToken;
#[cfg(feature = "online")]
pub use profile::Profile;
pub use same_origin::SameOrigin;
pub use single_use::SingleUse;
