//! Issues DID tokens: valid ones, and ones with every kind of defect.
//!
//! It has its own signing, encoding and JSON and shares no code with `magic-admin`, so that each
//! tests the other independently.

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
