//! Revocation: tokens that are refused although they have not expired.

#[cfg(feature = "online")]
mod file;
mod list;
#[cfg(feature = "online")]
mod log;
mod record;
mod table;

#[cfg(feature = "online")]
pub use file::FileStore;
pub use list::{RevocationList, RevocationListBuilder, RevocationStore};
pub use record::Revocation;
