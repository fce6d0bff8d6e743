//! A generator of valid and invalid DID tokens. Their verdicts follow from how they were created
//! and from the protocol, not from any code that reads tokens. Each kind of change names its rule,
//! and the known behaviour of the official SDKs.

mod case;
mod draft;
mod hostile;
mod kind;
mod kinds;

pub use case::{Case, Generator};
pub use draft::Draft;
pub use hostile::{HOSTILE_CLIENT_ID, HOSTILE_NOW, Hostile, hostile};
pub use kind::{Kind, Part, Rule, Step};
pub use kinds::kinds;
