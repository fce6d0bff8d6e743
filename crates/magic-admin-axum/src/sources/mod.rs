//! Where the DID token of a request comes from.

mod header;
#[cfg(feature = "online")]
mod same_origin;

pub(crate) use header::{bearer_token, mark_sensitive};
#[cfg(feature = "online")]
pub(crate) use same_origin::is_same_origin;
