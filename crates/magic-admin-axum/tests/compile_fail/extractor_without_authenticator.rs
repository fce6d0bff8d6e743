//! An application that extracts a user needs an `Authenticator` in its state.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use magic_admin_axum::{Authenticated, DidToken, SingleUse};

#[derive(Clone)]
struct AppState;

fn extracts<S, T: FromRequestParts<S>>() {}
fn extracts_optionally<S, T: OptionalFromRequestParts<S>>() {}

fn main() {
    extracts::<AppState, Authenticated>();
    extracts_optionally::<AppState, Authenticated>();
    extracts::<AppState, DidToken>();
    extracts::<AppState, SingleUse>();
}
