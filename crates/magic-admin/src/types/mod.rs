//! Value types, the clock, and the errors shared by several modules.

mod address;
#[cfg(feature = "alloy-primitives-1")]
mod alloy_primitives_1;
mod audience;
mod claims;
mod clock;
mod config_error;
mod issuer;
mod parse_error;
#[cfg(feature = "online")]
mod secret_key;
#[cfg(feature = "sqlx-0_8")]
mod sqlx_0_8;
mod store_error;
mod unix_seconds;
#[cfg(feature = "utoipa-6")]
mod utoipa_6;
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
