//! Rejections: the reasons, and the responses to them.

mod appearance;
mod auth_rejection;
mod body;
mod grpc;
mod layer;
mod realm;
mod reason;
mod table;

pub use auth_rejection::{AuthRejection, AuthRejectionKind};
pub use body::RejectionBody;
pub use layer::{RejectionFuture, RejectionLayer, RejectionService};
pub use realm::{InvalidRealm, Realm};
pub use table::RejectionStyle;

pub(crate) use appearance::{Appearance, Restyle};
#[cfg(feature = "online")]
pub(crate) use auth_rejection::add_no_store;
pub(crate) use reason::Reason;
