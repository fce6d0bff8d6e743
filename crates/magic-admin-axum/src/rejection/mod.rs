//! Rejections: why a request is rejected, and what the response looks like.

mod appearance;
mod body;
mod layer;
mod realm;
mod reason;
mod rejection;
mod table;

pub use body::RejectionBody;
pub use layer::{RejectionFuture, RejectionLayer, RejectionService};
pub use realm::{InvalidRealm, Realm};
pub use rejection::{AuthRejection, AuthRejectionKind};
pub use table::RejectionStyle;

pub(crate) use appearance::{Appearance, Restyle};
pub(crate) use reason::Reason;
#[cfg(feature = "online")]
pub(crate) use rejection::add_no_store;
