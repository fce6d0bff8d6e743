//! Revocation lists, for rejecting tokens before they expire.

mod builder;
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
mod shared;
mod store;
mod table;
#[cfg(feature = "connections")]
mod waiters;

pub use builder::RevocationListBuilder;
#[cfg(feature = "connections")]
pub use ended::EndReason;
#[cfg(feature = "connections")]
pub(crate) use ended::expired;
pub use list::RevocationList;
#[cfg(feature = "online")]
pub(crate) use logout_mark::LogoutMark;
pub use record::Revocation;
pub use store::RevocationStore;

pub use crate::{
    types::{StoreError, StoreErrorKind, StoreFuture},
    verified::Fingerprint,
};
