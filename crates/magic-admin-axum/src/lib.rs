#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod admission;
mod authenticator;
mod extract;
#[cfg(feature = "online")]
mod logout;
#[cfg(feature = "metrics")]
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
mod metrics;
#[cfg(feature = "utoipa-6")]
#[cfg_attr(docsrs, doc(cfg(feature = "utoipa-6")))]
pub mod openapi;
mod rejection;
mod require;
mod sources;
mod verifying;

pub use authenticator::{Authenticator, HasAuthenticator};
#[cfg(feature = "online")]
pub use extract::Profile;
pub use extract::{Authenticated, DidToken, SameOrigin, SingleUse};
#[cfg(feature = "online")]
pub use logout::{
    AfterLogout, AfterLogoutFn, LoadUser, LoadUserFn, LogoutIssuer, LogoutRouter, RunningLogouts,
    after_logout_fn, load_user_fn, logout_router,
};
pub use rejection::{
    AuthRejection, AuthRejectionKind, InvalidRealm, Realm, RejectionBody, RejectionFuture,
    RejectionLayer, RejectionService, RejectionStyle,
};
#[cfg(feature = "gating")]
pub use require::RequireOwnershipLayer;
pub use require::{Permission, RequireToken, RequireTokenFuture, RequireTokenLayer};
pub use sources::TokenSources;
