//! What the fuzz targets share: a mint of their own and a second reading of the protocol, so that
//! they compare verdicts and do more than wait for a panic.

mod answers;
mod clock;
mod mint;
mod reading;

pub use answers::Answers;
pub use clock::StoppedClock;
pub use mint::{ADDRESS, address_of, personal_digest, personal_sign, token};
pub use reading::{Reading, Verdict};

/// The client id of the vectors, and the time at which they are verified.
pub const CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";
pub const NOW: i64 = 1_700_000_000;
