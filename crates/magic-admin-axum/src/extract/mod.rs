//! The extractors.

mod authenticated;
mod did_token;
mod single_use;

pub use authenticated::Authenticated;
pub use did_token::DidToken;
pub use single_use::SingleUse;
