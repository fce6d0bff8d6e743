//! The application's page, and the routes that it calls.

mod demo_user;
mod files;
mod live;
mod overview;
mod settings;
mod sign_in;

use axum::{
    Router,
    routing::{get, post},
};

use crate::state::AppState;

pub use settings::Page;

pub(crate) fn routes() -> Router<AppState> {
    Router::new()
        .route("/", get(files::index))
        .route("/page/page.css", get(files::style))
        .route("/page/page.js", get(files::script))
        .route("/page/icon.svg", get(files::icon))
        .route("/page/magic.js", get(files::sdk))
        .route("/page/overview", get(overview::overview))
        .route("/page/demo-token", post(demo_user::token))
        .route("/v1/challenge", post(sign_in::challenge))
        .route("/v1/user/sign-in", post(sign_in::sign_in))
        .route("/v1/live", get(live::live))
}
