//! Verification: the checks of a DID token, in their fixed order.

mod any_audience;
mod builder;
mod verifier;

pub use any_audience::{AnyAudienceToken, AnyAudienceVerifier};
#[cfg(feature = "online")]
pub use builder::LateAudience;
pub use builder::VerifierBuilder;
pub use verifier::Verifier;

#[cfg(feature = "online")]
pub(crate) use verifier::Extent;
