//! The client of the Admin API.
//!
//! It knows the paths of both generations, and turns responses into typed values or typed errors.
//! It accepts an [`Issuer`](crate::Issuer) or an [`Address`](crate::Address) and never parses
//! tokens.

mod answer;
mod api;
mod api_error;
mod budget;
mod builder;
mod client_info;
mod endpoint;
mod error_body;
mod generation;
mod logouts;
mod open_set;
mod scrub;
mod settings;
mod user_list;
mod user_metadata;
mod users;
mod wallet;

pub use api::Client;
pub use api_error::{ApiError, ApiErrorKind};
pub use builder::ClientBuilder;
pub use client_info::ClientInfo;
pub use generation::Generation;
pub use open_set::{OAuthProvider, WalletType};
pub use user_list::UserList;
pub use user_metadata::UserMetadata;
pub use users::Users;
pub use wallet::Wallet;

pub(crate) use settings::text as variable;
