//! A small application in which users sign in with DID tokens from Magic. It keeps users and sessions in
//! SQLite. It has a guarded route, a public route that recognises signed-in users, and a logout that also
//! logs the user out of Magic.
//!
//! Start reading at [`app`].

mod app;
mod app_error;
mod config;
mod database;
mod demo;
mod limits;
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
