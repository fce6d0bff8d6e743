//! Makes DID tokens, good ones and every kind of bad one.
//!
//! Signing, base64 and JSON are written here once more, without the code of `magic-admin`, so that
//! the two check each other.

mod builder;
mod claim;
mod encoding;
mod issue;
mod signature;
mod user;

pub use builder::TokenBuilder;
pub use claim::Layout;
pub use encoding::Encoding;
pub use issue::Mint;
pub use signature::Signature;
pub use user::{KeyError, TestUser};
