//! Verification: the checks of a DID token in their fixed order, and the types that prove them.

mod any_audience;
mod audience;
mod cache;
mod checks;
mod clock;
mod fingerprint;
mod policy;
mod revocation;
mod single_use;
mod store;
mod verified_token;
mod verifier;
mod verify_error;

pub use any_audience::{AnyAudienceToken, AnyAudienceVerifier};
pub use audience::Audience;
pub use cache::CacheStats;
pub use clock::{Clock, SystemClock};
pub use fingerprint::Fingerprint;
pub use policy::Policy;
#[cfg(feature = "online")]
pub use revocation::FileStore;
pub use revocation::{Revocation, RevocationList, RevocationListBuilder, RevocationStore};
#[cfg(feature = "online")]
pub use single_use::Challenges;
pub use single_use::{MemoryStore, ReplayGuard, SingleUseStore};
pub use store::{StoreError, StoreFuture};
pub use verified_token::VerifiedToken;
pub use verifier::{Verifier, VerifierBuilder};
pub use verify_error::{VerifyError, VerifyErrorKind};

#[cfg(feature = "online")]
pub(crate) use checks::Checks;
#[cfg(feature = "online")]
pub(crate) use verifier::{Revocations, VerifierId};
