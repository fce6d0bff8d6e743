//! Makes DID tokens, good and bad, whose verdict is known from how they were made: from the protocol, not
//! from any code that reads tokens. Each kind of change names its rule, and what the official SDKs
//! are known to make of it.

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
