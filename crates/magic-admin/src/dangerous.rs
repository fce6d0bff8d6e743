//! Verification that skips the audience, and reading tokens without verifying them.
//!
//! Nothing here authenticates a user, and no other API of this crate accepts what these types
//! return. The other APIs that skip a check are methods whose names start with `dangerous_`, so a
//! search for `dangerous` finds all of them.

pub use crate::{
    token::UnverifiedToken,
    verify::{AnyAudienceToken, AnyAudienceVerifier},
};
