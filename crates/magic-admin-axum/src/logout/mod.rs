//! The route that logs a user out of Magic and of the application.

mod after_logout;
mod issuer;
mod load_user;
mod router;
mod running;
mod steps;

pub use after_logout::{AfterLogout, AfterLogoutFn, after_logout_fn};
pub use issuer::LogoutIssuer;
pub use load_user::{LoadUser, LoadUserFn, load_user_fn};
pub use router::{LogoutRouter, logout_router};
pub use running::RunningLogouts;
