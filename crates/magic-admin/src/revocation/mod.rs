//! Revocation: tokens that are rejected although they have not expired.

mod early;
#[cfg(feature = "connections")]
mod ended;
#[cfg(feature = "revocation-file")]
mod file;
mod list;
#[cfg(feature = "revocation-file")]
mod log;
#[cfg(feature = "online")]
mod logout_mark;
mod record;
mod table;
#[cfg(feature = "connections")]
mod waiters;

#[cfg(feature = "connections")]
pub use ended::EndReason;
#[cfg(feature = "connections")]
pub(crate) use ended::expired;
pub use list::{RevocationList, RevocationListBuilder, RevocationStore};
#[cfg(feature = "online")]
pub(crate) use logout_mark::LogoutMark;
pub use record::Revocation;

pub use crate::{
    types::{StoreError, StoreErrorKind, StoreFuture},
    verified::Fingerprint,
};
