//! Verification that skips the audience, and reading tokens without verifying them.
//!
//! Nothing here authenticates a user: what these types return is not accepted anywhere else in this
//! crate. The other APIs that skip a check are methods whose names start with `dangerous_`, so a
//! search for `dangerous` finds all of them.

pub use crate::{
    token::UnverifiedToken,
    verify::{AnyAudienceToken, AnyAudienceVerifier},
};
