#![doc = include_str!("../README.md")]

mod authenticated;
mod credentials;
mod detail;
mod did_token;
mod failure;
mod logout;
mod problem;
mod realm;
mod refusal;
mod rejection;
mod rejection_config;
mod require;
mod single_use;

pub use authenticated::Authenticated;
pub use did_token::DidToken;
pub use logout::{
    AfterLogout, AfterLogoutFn, LoadUser, LoadUserFn, LogoutRouter, after_logout_fn, load_user_fn,
    logout_router,
};
pub use realm::{InvalidRealm, Realm};
pub use rejection::{AuthRejection, AuthRejectionKind};
pub use rejection_config::RejectionConfig;
pub use require::{RequireToken, RequireTokenBody, RequireTokenFuture, RequireTokenService};
pub use single_use::SingleUse;
