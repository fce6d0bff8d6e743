//! Pure values: no clock, no I/O.

mod address;
mod claims;
mod config_error;
mod issuer;
mod parse_error;
#[cfg(feature = "online")]
mod secret_key;
mod unix_seconds;

pub use address::Address;
pub use claims::Claims;
pub use config_error::{ConfigError, ConfigErrorKind};
pub use issuer::Issuer;
pub use parse_error::ParseError;
#[cfg(feature = "online")]
pub use secret_key::SecretKey;
pub use unix_seconds::UnixSeconds;

pub(crate) use claims::ClaimFields;
