//! A second reading of the protocol, which the fuzz targets compare verdicts with.
//!
//! Signatures are those of the testkit. Recovering them is written again here, because it is part of
//! the second reading.

mod answers;
mod clock;
mod ethereum;
mod reading;

pub use answers::Answers;
pub use clock::StoppedClock;
pub use ethereum::{ADDRESS, address_of, personal_digest, token};
pub use reading::{Reading, Verdict};

/// The client id of the vectors, and the time at which they are verified.
pub const CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";
pub const NOW: i64 = 1_700_000_000;
