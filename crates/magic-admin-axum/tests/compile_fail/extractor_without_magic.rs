//! An application that extracts a user has a `Magic` in its state.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use magic_admin_axum::Authenticated;

#[derive(Clone)]
struct StateWithoutMagic;

fn extracts<S, T: FromRequestParts<S>>() {}
fn extracts_optionally<S, T: OptionalFromRequestParts<S>>() {}

fn main() {
    extracts::<StateWithoutMagic, Authenticated>();
    extracts_optionally::<StateWithoutMagic, Authenticated>();
}
