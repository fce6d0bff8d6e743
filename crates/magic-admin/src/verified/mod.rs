//! Types whose values prove that a check has passed.

mod fingerprint;
mod proven;
mod verified_token;

pub use fingerprint::Fingerprint;
pub use verified_token::VerifiedToken;

pub(crate) use proven::Proven;
pub(crate) use verified_token::VerifierId;
