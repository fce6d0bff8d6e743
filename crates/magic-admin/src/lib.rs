// The README uses `Magic`, which requires the feature `online`.
#![cfg_attr(feature = "online", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "online"), doc = "Verifies Magic's DID tokens.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "secp256k1", feature = "k256")))]
compile_error!(
    "magic-admin needs a curve backend: enable the feature `secp256k1` (libsecp256k1, the default) or `k256` (pure Rust)"
);

#[cfg(feature = "online")]
pub mod admin;
mod cache;
#[cfg(feature = "online")]
mod client;
pub mod dangerous;
#[cfg(feature = "gating")]
#[cfg_attr(docsrs, doc(cfg(feature = "gating")))]
pub mod gating;
#[cfg(feature = "online")]
mod magic;
#[cfg(feature = "online")]
mod memo;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
mod metrics;
mod policy;
pub mod revocation;
pub mod single_use;
mod token;
#[cfg(feature = "online")]
mod transport;
mod types;
mod verified;
mod verify;

pub use cache::CacheStats;
#[cfg(feature = "online")]
pub use client::{ApiError, ApiErrorKind};
#[cfg(feature = "online")]
pub use magic::{Magic, MagicBuilder, ProfileSettings};
pub use policy::Policy;
pub use revocation::RevocationList;
pub use single_use::ReplayGuard;
pub use token::{
    AuthorizationError, AuthorizationErrorKind, DecodeError, DecodeErrorKind, DidToken,
    parse_authorization_header_value,
};
#[cfg(feature = "online")]
pub use types::SecretKey;
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub use types::SystemClock;
pub use types::{
    Address, Audience, Claims, Clock, ConfigError, ConfigErrorKind, Issuer, ParseError, StoreError,
    StoreErrorKind, UnixSeconds, VerifyError, VerifyErrorKind,
};
pub use verified::VerifiedToken;
#[cfg(feature = "online")]
pub use verify::LateAudience;
pub use verify::{Verifier, VerifierBuilder};
