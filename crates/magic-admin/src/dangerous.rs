//! Every API that skips a check, and no other place has one: search for `dangerous` to audit.
//!
//! Nothing here authenticates a user. What these types return is accepted nowhere else in this
//! crate.

pub use crate::{
    token::UnverifiedToken,
    verify::{AnyAudienceToken, AnyAudienceVerifier},
};
