//! A small application in which users sign in with Magic's DID tokens: users and sessions in
//! SQLite, a guarded route, a public one that knows who asks, and a logout that is one at Magic
//! too.
//!
//! Start reading at [`app`].

mod app;
mod app_error;
mod config;
mod database;
mod demo;
mod listener;
mod page;
mod sessions;
mod shutdown;
mod spent_tokens;
mod start_error;
mod state;
mod users;

pub use app::app;
pub use config::Config;
pub use database::Database;
pub use demo::Demo;
pub use listener::{BoundSocket, url};
pub use page::Page;
pub use sessions::CookieSecurity;
pub use shutdown::{Shutdown, serve};
pub use spent_tokens::SpentTokens;
pub use start_error::StartError;
pub use users::Users;
