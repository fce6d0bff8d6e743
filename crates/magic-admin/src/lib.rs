// The README shows `Magic`, which the feature `online` brings.
#![cfg_attr(feature = "online", doc = include_str!("../README.md"))]
#![cfg_attr(not(feature = "online"), doc = "Verify the DID tokens of Magic.")]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(not(any(feature = "secp256k1", feature = "k256")))]
compile_error!(
    "magic-admin needs a curve backend: enable the feature `secp256k1` (libsecp256k1, the default) or `k256` (pure Rust)"
);

#[cfg(feature = "online")]
mod client;
pub mod dangerous;
#[cfg(feature = "online")]
mod magic;
mod token;
#[cfg(feature = "online")]
mod transport;
mod types;
mod verify;

#[cfg(feature = "online")]
pub use client::{
    ApiError, ApiErrorKind, Client, ClientBuilder, ClientInfo, Generation, OAuthProvider, UserList,
    UserMetadata, Users, Wallet, WalletType,
};
#[cfg(feature = "online")]
pub use magic::{Magic, MagicBuilder};
pub use token::{
    AuthorizationError, AuthorizationErrorKind, DecodeError, DecodeErrorKind, DidToken,
    parse_authorization_header_value,
};
#[cfg(feature = "online")]
pub use transport::{TransportError, TransportErrorKind};
#[cfg(feature = "online")]
pub use types::SecretKey;
pub use types::{Address, Claims, ConfigError, ConfigErrorKind, Issuer, ParseError, UnixSeconds};
pub use verify::{
    Audience, CacheStats, Clock, Fingerprint, MemoryStore, Policy, ReplayGuard, Revocation,
    RevocationList, RevocationListBuilder, RevocationStore, SingleUseStore, StoreError,
    StoreFuture, SystemClock, VerifiedToken, Verifier, VerifierBuilder, VerifyError,
    VerifyErrorKind,
};
#[cfg(feature = "online")]
pub use verify::{Challenges, FileStore};
