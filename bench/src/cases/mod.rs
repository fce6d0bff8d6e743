//! The measured cases.

mod curve;
mod hostile;
mod profile;
mod refused;
mod requests;
mod validate;

pub use curve::{Parts, recovery};
pub use hostile::{hostile, inputs};
pub use profile::profile;
pub use refused::refused;
pub use requests::{headers, layer};
pub use validate::{validate, validate_many};
