//! Values, the clock, and the errors that several rooms share.

mod address;
mod audience;
mod claims;
mod clock;
mod config_error;
mod issuer;
mod parse_error;
#[cfg(feature = "online")]
mod secret_key;
mod store_error;
mod unix_seconds;
mod verify_error;

pub use address::Address;
pub use audience::Audience;
pub use claims::Claims;
pub use clock::Clock;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub use clock::SystemClock;
pub use config_error::{ConfigError, ConfigErrorKind};
pub use issuer::Issuer;
pub use parse_error::ParseError;
#[cfg(feature = "online")]
pub use secret_key::SecretKey;
pub use store_error::{StoreError, StoreErrorKind, StoreFuture};
pub use unix_seconds::UnixSeconds;
pub use verify_error::{VerifyError, VerifyErrorKind};

pub(crate) use claims::ClaimFields;
