//! The hooks of the logout router: a closure with two arguments, and closures that are not wrapped.

use axum::Router;
use magic_admin::{Issuer, Magic};
use magic_admin_axum::{after_logout_fn, load_user_fn, logout_router};

fn two_arguments(magic: Magic) -> Router {
    let users = load_user_fn(|(), ()| async { Ok::<Option<Issuer>, ()>(None) });
    logout_router(magic, users).into()
}

fn two_arguments_afterwards() {
    let _ = after_logout_fn(|(), ()| async {});
}

fn not_wrapped(magic: Magic) -> Router {
    logout_router(magic, |()| async { Ok::<Option<Issuer>, ()>(None) }).into_router()
}

fn not_wrapped_afterwards(magic: Magic) -> Router {
    let users = load_user_fn(|()| async { Ok::<Option<Issuer>, ()>(None) });
    logout_router(magic, users).after_logout(|()| async {}).into_router()
}

fn main() {}
