//! A second implementation of the protocol, with which the fuzz targets compare verdicts.
//!
//! Signatures come from the testkit. Recovering the signer is implemented again here, because it is
//! part of the second implementation.

mod answers;
mod clock;
mod ethereum;
mod reading;

pub use answers::Answers;
pub use clock::StoppedClock;
pub use ethereum::{ADDRESS, address_of, personal_digest, token};
pub use reading::{Reading, Verdict};

/// The client ID of the vectors, and the time at which they are verified.
pub const CLIENT_ID: &str = "did:magic:731848cc-084e-41ff-bbdf-7f103817ea6b";
pub const NOW: i64 = 1_700_000_000;
