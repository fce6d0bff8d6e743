//! Revocation: tokens that are rejected although they have not expired.

#[cfg(feature = "revocation-file")]
mod file;
mod list;
#[cfg(feature = "revocation-file")]
mod log;
mod record;
mod table;

pub use list::{RevocationList, RevocationListBuilder, RevocationStore};
pub use record::Revocation;

pub use crate::{
    types::{StoreError, StoreErrorKind, StoreFuture},
    verified::Fingerprint,
};
